#include "agent/desk/desk.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "agent/desk/desk_private.h"

#define IDLE_MS        1000
#define STOPPED_MS     20 /* the log of effects has stopped, the desk not yet */
#define RETRY_MIN_MS   200
#define RETRY_MAX_MS   10000
#define DO_TIMEOUT_S   10
#define PRUNE_MS       60000 /* between two looks for what is old */
#define PRUNE_AGAIN_MS 500
#define RETENTION_DAYS 400
#define WHY_SIZE       512

/* --- the thread --- */

static void
take_census(struct gong_desk_thread *desk)
{
    struct gong_census *census = gong_effects_census(desk->options.effects);

    if (census == NULL) {
        return;
    }
    if (census->end < gong_spool_cursor_offset(desk->cursor)) {
        /* What came behind it has been applied: it does not know of that. */
        gong_census_free(census);
        gong_effects_reconcile_again(desk->options.effects);
        return;
    }
    gong_census_free(desk->census);
    desk->census = census;
}

/* When nothing waits. */
static void
keep_house(struct gong_desk_thread *desk)
{
    int64_t now_ms = gong_desk_clock(desk);
    int64_t kept_ms = desk->options.retention.ns > 0
                          ? desk->options.retention.ns / GONG_NS_PER_MS
                          : RETENTION_DAYS * GONG_DESK_DAY_MS;
    bool more = false;

    gong_desk_db_tidy(desk->db);
    if (now_ms < desk->prune_ms) {
        return;
    }
    if (gong_desk_db_prune(desk->db, now_ms - kept_ms, &more) != GONG_OK) {
        more = false; /* what fails for good shows at the next input */
    }
    desk->prune_ms = now_ms + (more ? PRUNE_AGAIN_MS : PRUNE_MS);
}

static void
wait_for_input(struct gong_desk_thread *desk, uint64_t tried)
{
    int64_t next_ms = gong_desk_next(desk->desk);
    int64_t now_ms = gong_desk_clock(desk);
    int64_t wait_ms = next_ms - now_ms;

    if (next_ms <= now_ms) {
        return;
    }
    wait_ms = next_ms == INT64_MAX || wait_ms > IDLE_MS ? IDLE_MS : wait_ms;
    if (!gong_effects_wait_or(desk->options.effects, tried,
                              gong_dur_ms(wait_ms), &desk->mailbox.waiting)) {
        (void)gong_stop_latch_wait(
            &desk->stop,
            gong_dur_ms(wait_ms < STOPPED_MS ? wait_ms : STOPPED_MS));
    }
}

static void
load_again(struct gong_desk_thread *desk)
{
    char why[WHY_SIZE] = "";
    gong_mono_t until =
        gong_mono_add(gong_mono_now(), gong_backoff_next(&desk->backoff));
    enum gong_err err;

    do {
        gong_desk_fail_letters(desk,
                               (enum gong_err)atomic_load(&desk->failing));
        if (gong_stop_latch_wait(&desk->stop, gong_dur_ms(50)) ||
            atomic_load(&desk->replace.asked)) {
            return;
        }
    } while (gong_mono_since(until, gong_mono_now()).ns > 0);
    err = gong_desk_load(desk, why, sizeof why);
    if (err != GONG_OK) {
        gong_desk_note_failed(desk, err, why);
        return;
    }
    if (desk->options.outbox != NULL) {
        gong_outbox_renew(desk->options.outbox);
    }
    gong_desk_tell_all_changed(desk);
}

static void *
desk_main(void *ctx)
{
    struct gong_desk_thread *desk = ctx;
    struct gong_spool_stats stats;

    while (!gong_stop_latch_is_set(&desk->stop)) {
        gong_desk_replace_now(desk);
        if (desk->desk == NULL) {
            load_again(desk);
            continue;
        }
        take_census(desk);
        gong_spool_stats(desk->spool, &stats);
        if (!gong_desk_step(desk) && desk->desk != NULL) {
            keep_house(desk);
            wait_for_input(desk, stats.end);
        }
    }
    gong_desk_mailbox_close(&desk->mailbox);
    gong_desk_replace_close(desk);
    return NULL;
}

/* --- start and stop --- */

static bool
add_counters(struct gong_desk_thread *desk)
{
    struct gong_counters *set = desk->options.counters;
    const char *inputs = "gong_desk_inputs_total";
    const char *help = "What the desk was told of, by kind.";

    desk->alerts =
        gong_counter_add(set, GONG_COUNTER, inputs, help, "kind=\"alert\"");
    desk->acts =
        gong_counter_add(set, GONG_COUNTER, inputs, help, "kind=\"act\"");
    desk->damaged =
        gong_counter_add(set, GONG_COUNTER, inputs, help, "kind=\"damaged\"");
    desk->refused =
        gong_counter_add(set, GONG_COUNTER, inputs, help, "kind=\"refused\"");
    desk->lost = gong_counter_add(
        set, GONG_COUNTER, "gong_desk_incidents_lost_total",
        "Incidents ended because the engine does not hold their alert.", "");
    desk->failed = gong_counter_add(
        set, GONG_COUNTER, "gong_desk_failed_total",
        "Times that the desk's database could not be used.", "");
    desk->up = gong_counter_add(
        set, GONG_GAUGE, "gong_desk_up",
        "Whether the desk's database can be written: 0, and nobody is told.",
        "");
    desk->stored = gong_timing_add(
        set, "gong_desk_stored_seconds",
        "From the decision of an alert's change to its commit at the desk.",
        "");
    desk->incidents = gong_counter_add(
        set, GONG_GAUGE, "gong_desk_incidents",
        "Incidents that the desk holds: open ones, and those still needed.",
        "");
    desk->groups = gong_counter_add(set, GONG_GAUGE, "gong_desk_groups",
                                    "Groups of incidents.", "");
    desk->silences = gong_counter_add(set, GONG_GAUGE, "gong_desk_silences",
                                      "Silences and times of maintenance.", "");
    return desk->incidents != NULL && desk->groups != NULL &&
           desk->silences != NULL && desk->alerts != NULL &&
           desk->acts != NULL && desk->damaged != NULL &&
           desk->refused != NULL && desk->lost != NULL &&
           desk->failed != NULL && desk->up != NULL && desk->stored != NULL;
}

static enum gong_err
start_parts(struct gong_desk_thread *desk, char *why, size_t why_size)
{
    struct gong_spool_stats stats;
    enum gong_err err = gong_monitor_init(&desk->replace.monitor);

    if (err == GONG_OK) {
        err = gong_desk_mailbox_init(&desk->mailbox);
        if (err != GONG_OK) {
            gong_monitor_fini(&desk->replace.monitor);
        }
    }
    if (err == GONG_OK) {
        err = gong_stop_latch_init(&desk->stop);
        if (err != GONG_OK) {
            gong_monitor_fini(&desk->replace.monitor);
            gong_desk_mailbox_fini(&desk->mailbox);
        }
    }
    if (err != GONG_OK) {
        return err;
    }
    desk->running = true; /* both are there to be taken down */
    if (!add_counters(desk)) {
        return GONG_ERR_MEMORY;
    }
    gong_counter_set(desk->up, 1);
    gong_spool_stats(desk->spool, &stats);
    desk->timed = stats.end;
    err = gong_spool_cursor_open(desk->spool, "desk", &desk->cursor);
    return err == GONG_OK ? gong_desk_load(desk, why, why_size) : err;
}

static void
desk_free(struct gong_desk_thread *desk)
{
    gong_desk_unload(desk);
    if (desk->cursor != NULL) {
        gong_spool_cursor_close(desk->cursor);
    }
    gong_census_free(desk->census);
    if (desk->running) {
        gong_stop_latch_fini(&desk->stop);
        gong_desk_mailbox_fini(&desk->mailbox);
        gong_monitor_fini(&desk->replace.monitor);
    }
    (void)pthread_mutex_destroy(&desk->watch.lock);
    free(desk);
}

enum gong_err
gong_desk_start(const struct gong_desk_options *options,
                struct gong_desk_thread **out, char *why, size_t why_size)
{
    struct gong_desk_thread *desk = calloc(1, sizeof *desk);
    enum gong_err err;

    *out = NULL;
    why[0] = '\0';
    if (desk == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return GONG_ERR_MEMORY;
    }
    (void)pthread_mutex_init(&desk->watch.lock, NULL);
    desk->options = *options;
    desk->config = options->config;
    desk->model = options->model;
    desk->spool = gong_effects_spool(options->effects);
    atomic_init(&desk->well, true);
    atomic_init(&desk->failing, GONG_OK);
    gong_backoff_init(&desk->backoff, gong_dur_ms(RETRY_MIN_MS),
                      gong_dur_ms(RETRY_MAX_MS), gong_random_u64());
    err = start_parts(desk, why, why_size);
    if (err == GONG_OK &&
        pthread_create(&desk->thread, NULL, desk_main, desk) != 0) {
        (void)snprintf(why, why_size, "cannot start a thread");
        err = GONG_ERR_MEMORY;
    }
    if (err != GONG_OK) {
        if (why[0] == '\0') {
            (void)snprintf(why, why_size, "%s", gong_err_text(err));
        }
        desk_free(desk);
        return err;
    }
    *out = desk;
    return GONG_OK;
}

void
gong_desk_stop(struct gong_desk_thread *desk)
{
    if (desk == NULL) {
        return;
    }
    gong_stop_latch_set(&desk->stop);
    atomic_store(&desk->mailbox.waiting, true);
    gong_effects_wake(desk->options.effects);
    (void)pthread_join(desk->thread, NULL);
    desk_free(desk);
}

static bool
is_text(struct gong_str text)
{
    json_t *json = json_stringn(text.len == 0 ? "" : text.data, text.len);
    bool valid = json != NULL;

    json_decref(json);
    return valid;
}

static enum gong_err
post(struct gong_desk_thread *desk, struct gong_desk_letter *letter)
{
    enum gong_err err = gong_desk_mailbox_send(&desk->mailbox, letter);

    if (err == GONG_OK) {
        gong_effects_wake(desk->options.effects);
    }
    return err;
}

enum gong_err
gong_desk_do(struct gong_desk_thread *desk, const struct gong_desk_act *act,
             uint64_t *number, char *why, size_t why_size)
{
    struct gong_desk_letter *letter;
    enum gong_err err;

    why[0] = '\0';
    if (!is_text(act->by) || !is_text(act->owner) || !is_text(act->comment) ||
        !is_text(act->matchers) || !is_text(act->cause)) {
        (void)snprintf(why, why_size,
                       "chữ không phải UTF-8 | a text is not UTF-8");
        return GONG_ERR_INVALID;
    }
    letter = gong_desk_letter_new(act);
    if (letter == NULL) {
        return GONG_ERR_MEMORY;
    }
    err = post(desk, letter);
    return err == GONG_OK ? gong_desk_mailbox_wait(&desk->mailbox, letter,
                                                   gong_dur_s(DO_TIMEOUT_S),
                                                   number, why, why_size)
                          : err;
}

enum gong_err
gong_desk_renew(struct gong_desk_thread *desk,
                const struct gong_desk_config *config,
                const struct gong_model *model)
{
    static const struct gong_desk_act none = {.kind = GONG_ACT_COMMENT};
    struct gong_desk_letter *letter = gong_desk_letter_new(&none);
    enum gong_err err;

    if (letter == NULL) {
        return GONG_ERR_MEMORY;
    }
    letter->renews = true;
    letter->config = config;
    letter->model = model;
    err = post(desk, letter);
    return err == GONG_OK
               ? gong_desk_mailbox_wait(&desk->mailbox, letter, (gong_dur_t){0},
                                        NULL, NULL, 0)
               : err;
}

bool
gong_desk_well(const struct gong_desk_thread *desk)
{
    return atomic_load(&desk->well);
}

enum gong_err
gong_desk_failing(const struct gong_desk_thread *desk)
{
    return atomic_load(&desk->well)
               ? GONG_OK
               : (enum gong_err)atomic_load(&desk->failing);
}
