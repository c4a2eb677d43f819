/* Who is next: recipients, their rows, and where these go from an outcome. */
#include "agent/tell/outbox_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define NEVER INT64_MAX

static int64_t
wall_ms(void)
{
    return gong_floor_ms(gong_wall_now().ns);
}

static uint64_t
hash_of(struct gong_str text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(1099511628211);
    }
    return hash == 0 ? 1 : hash;
}

static struct gong_outbox_recipient *
find(const struct gong_outbox *outbox, struct gong_str name, uint64_t hash)
{
    for (size_t i = 0; i < outbox->recipient_count; i++) {
        struct gong_outbox_recipient *recipient = outbox->recipients[i];

        if (recipient->hash == hash && gong_str_is(name, recipient->name)) {
            return recipient;
        }
    }
    return NULL;
}

static bool
make_room(struct gong_outbox *outbox)
{
    size_t capacity = outbox->recipient_capacity * 2 + 16;
    struct gong_outbox_recipient **larger;

    if (outbox->recipient_count < outbox->recipient_capacity) {
        return true;
    }
    larger = realloc(outbox->recipients, capacity * sizeof(void *));
    if (larger == NULL) {
        return false;
    }
    outbox->recipients = larger;
    outbox->recipient_capacity = capacity;
    return true;
}

static struct gong_outbox_recipient *
add(struct gong_outbox *outbox, struct gong_str name, uint64_t hash)
{
    struct gong_outbox_recipient *recipient;

    if (!make_room(outbox)) {
        return NULL;
    }
    recipient = calloc(1, sizeof *recipient);
    if (recipient == NULL) {
        return NULL;
    }
    recipient->name = gong_str_copy(name);
    if (recipient->name == NULL) {
        free(recipient);
        return NULL;
    }
    recipient->hash = hash;
    recipient->person = strncmp(recipient->name, "channel:", 8) != 0;
    gong_backoff_init(&recipient->backoff, outbox->options.retry_min,
                      outbox->options.retry_max, gong_random_u64());
    outbox->recipients[outbox->recipient_count++] = recipient;
    return recipient;
}

static enum gong_err
note_row(void *ctx, struct gong_str name)
{
    struct gong_outbox *outbox = ctx;
    uint64_t hash = hash_of(name);
    struct gong_outbox_recipient *recipient = find(outbox, name, hash);

    if (recipient == NULL) {
        recipient = add(outbox, name, hash);
    }
    if (recipient == NULL) {
        return GONG_ERR_MEMORY;
    }
    recipient->waiting++;
    gong_counter_increase(outbox->waiting, 1);
    return GONG_OK;
}

enum gong_err
gong_outbox_take_rows(struct gong_outbox *outbox)
{
    enum gong_err err =
        gong_outbox_db_waiting(outbox->db, &outbox->seen, note_row, outbox);

    gong_stored_marks_note(&outbox->stored, outbox->seen,
                           outbox->looked ? wall_ms() : 0);
    outbox->looked = true;
    return err;
}

void
gong_outbox_free_recipients(struct gong_outbox *outbox)
{
    for (size_t i = 0; i < outbox->recipient_count; i++) {
        gong_outbox_row_free(outbox->recipients[i]->head);
        free(outbox->recipients[i]->name);
        free(outbox->recipients[i]);
    }
    free(outbox->recipients);
    outbox->recipients = NULL;
    outbox->recipient_count = 0;
    outbox->recipient_capacity = 0;
    outbox->changed = 0;
    outbox->seen = 0;
    outbox->looked = false;
    memset(&outbox->stored, 0, sizeof outbox->stored);
    gong_counter_set(outbox->waiting, 0);
}

/* --- where a row goes --- */

static void
note_unreached(struct gong_outbox *outbox,
               struct gong_outbox_recipient *recipient)
{
    struct gong_outbox_row *row = recipient->head;
    char name[256];

    if (row->unreached_ms != 0) {
        return;
    }
    row->unreached_ms = wall_ms();
    outbox->count_unreached = true;
    gong_counter_increase(outbox->unreached_total, 1);
    gong_log(GONG_LOG_ERROR, "message_unreached",
             "recipient=%s message=%lld effect=\"nobody got it\"",
             gong_log_quote(gong_str_of(recipient->name), name, sizeof name),
             (long long)row->message);
}

static void
finish(struct gong_outbox_row *row, enum gong_outbox_state state)
{
    row->state = state;
    row->done_ms = wall_ms();
}

static void
give_up(struct gong_outbox *outbox, struct gong_outbox_recipient *recipient)
{
    finish(recipient->head,
           recipient->person ? GONG_OUTBOX_UNREACHED : GONG_OUTBOX_REFUSED);
    note_unreached(outbox, recipient);
}

static void
wait_before(struct gong_outbox_recipient *recipient, gong_mono_t now)
{
    gong_dur_t wait = gong_backoff_next(&recipient->backoff);

    recipient->due = gong_mono_add(now, wait);
    recipient->head->next_ms = wall_ms() + wait.ns / GONG_NS_PER_MS;
}

/* The next reach of the chain; behind the last one the next round. */
static void
go_on(struct gong_outbox *outbox, struct gong_outbox_recipient *recipient,
      gong_mono_t now)
{
    struct gong_outbox_row *row = recipient->head;
    bool away = row->away;

    row->tries = 0;
    if (++row->place < json_array_size(row->chain)) {
        return;
    }
    row->place = 0;
    row->rounds++;
    row->away = false;
    if (!away &&
        (!recipient->person || row->rounds >= GONG_OUTBOX_ROUNDS_MAX)) {
        give_up(outbox, recipient);
        return;
    }
    if (row->rounds >= GONG_OUTBOX_ROUNDS_MAX) {
        note_unreached(outbox, recipient);
    }
    wait_before(recipient, now);
}

static void
note_away(struct gong_outbox *outbox, struct gong_outbox_recipient *recipient,
          gong_mono_t now)
{
    struct gong_outbox_row *row = recipient->head;
    bool alone = json_array_size(row->chain) == 1;

    row->away = true;
    row->tries++;
    if (alone && row->tries >= GONG_OUTBOX_UNREACHED_TRIES) {
        note_unreached(outbox, recipient);
    }
    if (alone || row->tries < GONG_OUTBOX_CHAIN_TRIES) {
        wait_before(recipient, now);
        return;
    }
    go_on(outbox, recipient, now);
}

void
gong_outbox_note_outcome(struct gong_outbox *outbox,
                         struct gong_outbox_recipient *recipient,
                         enum gong_channel_outcome outcome, gong_mono_t now)
{
    switch (outcome) {
    case GONG_CHANNEL_SENT:
        finish(recipient->head, GONG_OUTBOX_SENT);
        gong_backoff_reset(&recipient->backoff);
        outbox->count_unreached = true;
        break;
    case GONG_CHANNEL_RETRY:
        note_away(outbox, recipient, now);
        break;
    case GONG_CHANNEL_REFUSE:
        go_on(outbox, recipient, now);
        break;
    case GONG_CHANNEL_EXHAUSTED:
        /* It will come back: nothing is given up because of it. */
        recipient->head->away = true;
        go_on(outbox, recipient, now);
        break;
    }
    gong_outbox_note_changed(outbox, recipient);
}

/* --- what can be begun --- */

static const char *
reach_text(const struct gong_outbox_row *row, size_t place, size_t part)
{
    const char *text = json_string_value(
        json_array_get(json_array_get(row->chain, place), part));

    return text == NULL ? "" : text;
}

static struct gong_outbox_way *
find_way(const struct gong_outbox *outbox, const char *name)
{
    for (size_t i = 0; i < outbox->way_count; i++) {
        if (strcmp(outbox->ways[i].name, name) == 0) {
            return &outbox->ways[i];
        }
    }
    return NULL;
}

static bool
any_way(const struct gong_outbox *outbox, const struct gong_outbox_row *row)
{
    for (size_t i = 0; i < json_array_size(row->chain); i++) {
        if (find_way(outbox, reach_text(row, i, 0)) != NULL) {
            return true;
        }
    }
    return false;
}

/* A channel that the configuration does not have is passed by, and that is
 * told. */
static void
pass_unknown(struct gong_outbox *outbox,
             struct gong_outbox_recipient *recipient, gong_mono_t now)
{
    const struct gong_outbox_row *row = recipient->head;
    const struct gong_outbox_delivery delivery = {
        .row = row->id,
        .at_ms = wall_ms(),
        .channel = reach_text(row, row->place, 0),
        .outcome = GONG_CHANNEL_REFUSE,
        .why = "no channel of this name is configured",
    };

    gong_outbox_note_try(outbox, recipient, &delivery);
    gong_outbox_note_outcome(outbox, recipient, GONG_CHANNEL_REFUSE, now);
}

static bool
has_next(const struct gong_outbox_row *row)
{
    return row->place + 1 < json_array_size(row->chain);
}

/* Without memory for a try: this one waits, the others go on. */
static void
put_off(struct gong_outbox *outbox, struct gong_outbox_recipient *recipient,
        const struct gong_outbox_way *way, gong_mono_t now)
{
    const struct gong_outbox_delivery delivery = {
        .row = recipient->head->id,
        .at_ms = wall_ms(),
        .channel = way->name,
        .outcome = GONG_CHANNEL_RETRY,
        .why = gong_err_text(GONG_ERR_MEMORY),
    };

    gong_outbox_note_try(outbox, recipient, &delivery);
    gong_outbox_note_outcome(outbox, recipient, GONG_CHANNEL_RETRY, now);
}

/* The reach whose turn it is: its way when it can be tried now, else NULL;
 * *when: from when on it can, or the row has changed instead. */
static struct gong_outbox_way *
next_way(struct gong_outbox *outbox, struct gong_outbox_recipient *recipient,
         gong_mono_t now, gong_mono_t *when)
{
    struct gong_outbox_row *row = recipient->head;

    when->ns = NEVER;
    while (!recipient->changed) {
        struct gong_outbox_way *way =
            find_way(outbox, reach_text(row, row->place, 0));

        if (way == NULL) {
            pass_unknown(outbox, recipient, now);
        } else if (gong_outbox_way_may(way, now, when)) {
            return way;
        } else if (way->open && has_next(row)) {
            row->away = true;
            go_on(outbox, recipient, now);
        } else {
            return NULL;
        }
    }
    return NULL;
}

/* Too old, and about what is over. */
static enum gong_err
is_stale(struct gong_outbox *outbox, const struct gong_outbox_row *row,
         bool *stale)
{
    *stale = false;
    if (outbox->options.expire.ns <= 0 ||
        wall_ms() - row->created_ms <
            outbox->options.expire.ns / GONG_NS_PER_MS) {
        return GONG_OK;
    }
    return gong_outbox_db_over(outbox->db, row->message, stale);
}

static enum gong_err
consider(struct gong_outbox *outbox, struct gong_outbox_recipient *recipient,
         gong_mono_t now, gong_mono_t *when)
{
    struct gong_outbox_row *row = recipient->head;
    struct gong_outbox_way *way;
    bool stale;
    enum gong_err err = is_stale(outbox, row, &stale);

    if (err != GONG_OK) {
        return err;
    }
    if (stale) {
        finish(row, GONG_OUTBOX_EXPIRED);
        gong_counter_increase(outbox->expired, 1);
        gong_outbox_note_changed(outbox, recipient);
        return GONG_OK;
    }
    if (!any_way(outbox, row)) {
        give_up(outbox, recipient);
        gong_outbox_note_changed(outbox, recipient);
        return GONG_OK;
    }
    way = next_way(outbox, recipient, now, when);
    if (way == NULL) {
        return GONG_OK;
    }
    err = gong_outbox_try_begin(outbox, recipient, way,
                                reach_text(row, row->place, 1));
    if (err == GONG_ERR_CORRUPT || err == GONG_ERR_NOT_FOUND) {
        /* Its message cannot be read; the others go on. */
        give_up(outbox, recipient);
        gong_outbox_note_changed(outbox, recipient);
        return GONG_OK;
    }
    if (err == GONG_ERR_MEMORY) {
        put_off(outbox, recipient, way, now);
        return GONG_OK;
    }
    return err;
}

static enum gong_err
load_head(struct gong_outbox *outbox, struct gong_outbox_recipient *recipient)
{
    enum gong_err err;

    if (recipient->head != NULL) {
        return GONG_OK;
    }
    err = gong_outbox_db_head(outbox->db, recipient->name, &recipient->head);
    if (err == GONG_ERR_NOT_FOUND) {
        /* Pruned meanwhile. */
        gong_counter_increase(outbox->waiting, -(uint64_t)recipient->waiting);
        recipient->waiting = 0;
        return GONG_OK;
    }
    return err;
}

enum gong_err
gong_outbox_begin_due(struct gong_outbox *outbox, gong_mono_t now,
                      gong_mono_t *when)
{
    when->ns = NEVER;
    for (size_t i = 0; i < outbox->recipient_count; i++) {
        struct gong_outbox_recipient *recipient = outbox->recipients[i];
        gong_mono_t again = recipient->due;
        enum gong_err err;

        if (recipient->waiting == 0 || recipient->busy) {
            continue;
        }
        if (recipient->due.ns <= now.ns) {
            err = load_head(outbox, recipient);
            if (err == GONG_OK && recipient->head != NULL) {
                err = consider(outbox, recipient, now, &again);
            }
            if (err != GONG_OK) {
                return err;
            }
        }
        when->ns = again.ns < when->ns ? again.ns : when->ns;
    }
    return GONG_OK;
}
