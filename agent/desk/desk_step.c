#include "agent/desk/desk_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/desk/desk_alert_json.h"
#include "common/log.h"

#define BATCH_MAX     1000
#define PLACE_MS      1000 /* a position without anything else is kept so late */
#define REFUSED_TRIES 3    /* of an input that the desk does not take */

/* What one transaction is made of. */
struct batch {
    struct gong_desk_letter *letters;
    uint64_t offset; /* behind the last record taken */
    size_t count;
    uint64_t failing; /* the record that failed, or UINT64_MAX */
    bool compared;    /* with the census */
    bool refreshed;
    int64_t decided_ms[BATCH_MAX]; /* of alerts stored for the first time */
    size_t timed;
};

/* An input that the desk never takes is passed over in the end: the log keeps
 * it, and the others must go on. */
static bool
is_hopeless(const struct gong_desk_thread *desk, uint64_t offset)
{
    return desk->bad_count >= REFUSED_TRIES && desk->bad_offset == offset;
}

/* A probe is no incident. */
static enum gong_err
apply_alert(struct gong_desk_thread *desk,
            const struct gong_desk_alert_read *read)
{
    enum gong_err err;

    if (gong_probe_of(read->alert.rule_id) != GONG_PROBE_NONE) {
        return gong_desk_probe_tell(desk, &read->alert);
    }
    gong_desk_db_decide(desk->db, &read->decision);
    err = gong_desk_alert(desk->desk, &read->alert, gong_desk_clock(desk));
    gong_desk_db_decide(desk->db, NULL);
    return err;
}

static enum gong_err
apply_record(struct gong_desk_thread *desk, struct batch *batch,
             const struct gong_record *record)
{
    struct gong_desk_alert_read read;
    size_t written = gong_desk_db_written(desk->db);
    enum gong_err err;

    if (is_hopeless(desk, record->offset)) {
        gong_counter_increase(desk->refused, 1);
        gong_log(GONG_LOG_ERROR, "desk_input_refused", "offset=%" PRIu64,
                 record->offset);
        return GONG_OK;
    }
    err = gong_desk_alert_read(record, &read);
    if (err == GONG_OK) {
        err = apply_alert(desk, &read);
        desk->place.position = read.alert.position;
        desk->place.ordinal = read.alert.ordinal;
        if (err == GONG_OK && record->offset >= desk->timed &&
            gong_desk_db_written(desk->db) > written &&
            gong_probe_of(read.alert.rule_id) == GONG_PROBE_NONE) {
            batch->decided_ms[batch->timed++] = read.alert.stamps.decided_ms;
        }
        gong_counter_increase(desk->alerts, 1);
        if (err == GONG_ERR_TOO_LARGE) { /* more open than can be held */
            gong_counter_increase(desk->refused, 1);
            err = GONG_OK;
        }
    } else if (err == GONG_ERR_CORRUPT) {
        gong_counter_increase(desk->damaged, 1);
        err = GONG_OK;
    } else if (err == GONG_ERR_AGAIN) {
        err = GONG_OK;
    }
    gong_desk_alert_fini(&read);
    return err;
}

/* When everything before its end has been applied, and nothing behind it: what
 * fires there is open as well, and the census does not know it. */
static enum gong_err
compare_census(struct gong_desk_thread *desk, struct batch *batch,
               uint64_t offset)
{
    struct gong_desk_catch_up catch_up = gong_desk_catch_up_of(desk);
    size_t count = 0;
    enum gong_err err;

    if (desk->census == NULL || batch->compared || offset < desk->census->end) {
        return GONG_OK;
    }
    batch->compared = true;
    err = gong_desk_catch_up_census(&catch_up, desk->census, &count);
    gong_counter_increase(desk->lost, count);
    return err;
}

static enum gong_err
apply_records(struct gong_desk_thread *desk, struct batch *batch)
{
    struct gong_record record;
    enum gong_err err;

    while (batch->count < BATCH_MAX) {
        err = gong_spool_cursor_next(desk->cursor, UINT64_MAX, &record);
        if (err != GONG_OK) {
            return err == GONG_ERR_AGAIN ? GONG_OK : err;
        }
        err = compare_census(desk, batch, record.offset);
        if (err != GONG_OK) {
            return err;
        }
        err = apply_record(desk, batch, &record);
        if (err != GONG_OK) {
            batch->failing = record.offset;
            return err;
        }
        batch->offset = record.next;
        batch->count++;
    }
    return GONG_OK;
}

static enum gong_err
restore_incident(void *ctx, const struct gong_desk_incident *incident)
{
    return gong_desk_restore_incident(ctx, incident);
}

static enum gong_err
renew(struct gong_desk_thread *desk, struct gong_desk_letter *letter)
{
    letter->renewed = true;
    letter->err = GONG_OK;
    desk->config = letter->config;
    desk->model = letter->model;
    if (desk->desk == NULL) {
        return GONG_OK;
    }
    gong_desk_db_tell(desk->db, desk->model, desk->options.link);
    return gong_desk_reload(desk->desk, desk->config, desk->model,
                            gong_desk_clock(desk));
}

/* INVALID is an answer, anything else but OK a failure. */
static enum gong_err
apply_letter(struct gong_desk_thread *desk, struct gong_desk_letter *letter)
{
    enum gong_err err = GONG_OK;

    if (letter->renews) {
        return renew(desk, letter);
    }
    /* Long over: its outcome may still be said. */
    if (letter->act.incident != 0 &&
        gong_desk_find(desk->desk, letter->act.incident) == NULL) {
        err = gong_desk_db_numbered(desk->db, letter->act.incident,
                                    restore_incident, desk->desk);
    }
    if (err == GONG_OK || err == GONG_ERR_NOT_FOUND) {
        err = gong_desk_act(desk->desk, &letter->act, gong_desk_clock(desk),
                            &letter->number, letter->why, sizeof letter->why);
    }
    gong_counter_increase(desk->acts, 1);
    letter->err = err;
    return err == GONG_ERR_INVALID ? GONG_OK : err;
}

static enum gong_err
apply_letters(struct gong_desk_thread *desk, struct batch *batch)
{
    enum gong_err err = GONG_OK;

    for (struct gong_desk_letter *letter = batch->letters;
         letter != NULL && err == GONG_OK; letter = letter->next) {
        err = apply_letter(desk, letter);
        batch->count++;
    }
    return err;
}

static enum gong_err
keep_place(struct gong_desk_thread *desk, const struct batch *batch)
{
    int64_t now_ms = gong_desk_clock(desk);

    if (desk->place.offset != batch->offset) {
        gong_desk_set_offset(desk, batch->offset);
    }
    if (gong_desk_db_written(desk->db) == 0 &&
        (!desk->moved || now_ms - desk->kept_ms < PLACE_MS)) {
        return GONG_OK;
    }
    desk->kept_ms = now_ms;
    desk->moved = false;
    return gong_desk_db_put_place(desk->db, &desk->place);
}

/* A clock that goes on from another time refreshes once too often. */
static enum gong_err
refresh(struct gong_desk_thread *desk, struct batch *batch)
{
    int64_t now_ms = gong_desk_clock(desk);

    if (desk->options.retained_count == 0 || now_ms < desk->refresh_ms) {
        return GONG_OK;
    }
    batch->refreshed = true;
    return gong_desk_db_refresh(desk->db, desk->desk, now_ms);
}

static enum gong_err
fill(struct gong_desk_thread *desk, struct batch *batch)
{
    enum gong_err err = gong_desk_db_begin(desk->db);

    /* Also so that what was restored is settled before anything is recalled. */
    if (err == GONG_OK) {
        err = gong_desk_run(desk->desk, gong_desk_clock(desk));
    }
    if (err == GONG_OK) {
        err = apply_letters(desk, batch);
    }
    if (err == GONG_OK) {
        err = apply_records(desk, batch);
    }
    if (err == GONG_OK) {
        err = compare_census(desk, batch, batch->offset);
    }
    if (err == GONG_OK) {
        err = gong_desk_run(desk->desk, gong_desk_clock(desk));
    }
    if (err == GONG_OK) {
        err = refresh(desk, batch);
    }
    if (err == GONG_OK) {
        batch->offset = gong_spool_cursor_offset(desk->cursor);
        err = keep_place(desk, batch);
    }
    return err == GONG_OK ? gong_desk_db_commit(desk->db) : err;
}

/* Whoever is told that other routes hold frees the ones before: also those that
 * a failure came before are taken over, by a desk that was thrown away. */
static void
renew_rest(struct gong_desk_thread *desk, struct gong_desk_letter *letters)
{
    for (struct gong_desk_letter *letter = letters; letter != NULL;
         letter = letter->next) {
        if (letter->renews && !letter->renewed) {
            letter->err = renew(desk, letter);
        }
    }
}

static void
answer_letters(struct gong_desk_thread *desk, struct gong_desk_letter *letters,
               enum gong_err err)
{
    renew_rest(desk, letters);
    while (letters != NULL) {
        struct gong_desk_letter *next = letters->next;

        /* Other routes were taken over, whatever became of the rest. */
        gong_desk_mailbox_answer(
            &desk->mailbox, letters,
            err == GONG_OK || letters->renews ? letters->err : err);
        letters = next;
    }
}

static void
count(struct gong_desk_thread *desk)
{
    struct gong_desk_stats stats = gong_desk_stats(desk->desk);

    gong_counter_set(desk->incidents, (int64_t)stats.incidents);
    gong_counter_set(desk->groups, (int64_t)stats.groups);
    gong_counter_set(desk->silences, (int64_t)stats.silences);
}

/* From the decision to the disk, while both ran: what was decided before the
 * start, and what a restore applies again, says nothing of that. */
static void
note_stored(struct gong_desk_thread *desk, const struct batch *batch)
{
    int64_t now_ms = gong_floor_ms(gong_wall_now().ns);

    for (size_t i = 0; i < batch->timed; i++) {
        gong_timing_note(desk->stored, now_ms - batch->decided_ms[i]);
    }
}

static void
after_commit(struct gong_desk_thread *desk, const struct batch *batch)
{
    if (batch->compared) {
        gong_census_free(desk->census);
        desk->census = NULL;
    }
    if (batch->refreshed) {
        desk->refresh_ms =
            gong_desk_clock(desk) + desk->options.refresh.ns / GONG_NS_PER_MS;
    }
    desk->bad_count = 0;
    count(desk);
    if (gong_desk_db_messages(desk->db) > 0 && desk->options.outbox != NULL) {
        gong_outbox_wake(desk->options.outbox);
    }
    note_stored(desk, batch);
    if (batch->offset > desk->timed) {
        desk->timed = batch->offset;
    }
    if (!desk->moved &&
        gong_spool_cursor_commit(desk->cursor, desk->place.offset) != GONG_OK) {
        desk->moved = true; /* tried again; failing only costs disk */
    }
    gong_desk_note_well(desk);
}

static void
after_failure(struct gong_desk_thread *desk, const struct batch *batch,
              enum gong_err err)
{
    if (batch->failing != UINT64_MAX) {
        desk->bad_count =
            desk->bad_offset == batch->failing &&
                    (err == GONG_ERR_INVALID || err == GONG_ERR_TOO_LARGE)
                ? desk->bad_count + 1
                : 1;
        desk->bad_offset = batch->failing;
    }
    gong_desk_db_rollback(desk->db);
    gong_desk_unload(desk);
    gong_desk_note_failed(desk, err, "a transaction failed");
}

/* One transaction with what is there; false where there was nothing. */
bool
gong_desk_step(struct gong_desk_thread *desk)
{
    struct batch batch = {
        .letters = gong_desk_mailbox_take(&desk->mailbox),
        .offset = gong_spool_cursor_offset(desk->cursor),
        .failing = UINT64_MAX,
    };
    enum gong_err err = fill(desk, &batch);

    if (err == GONG_OK) {
        after_commit(desk, &batch);
    } else {
        after_failure(desk, &batch, err);
    }
    gong_desk_probe_kept(desk, err == GONG_OK);
    answer_letters(desk, batch.letters, gong_desk_cause(desk, err));
    if (err == GONG_OK) {
        gong_desk_tell_changes(desk);
    }
    return batch.count > 0;
}

/* While the database cannot be used nobody waits for it. */
void
gong_desk_fail_letters(struct gong_desk_thread *desk, enum gong_err err)
{
    struct gong_desk_letter *letters = gong_desk_mailbox_take(&desk->mailbox);

    for (struct gong_desk_letter *letter = letters; letter != NULL;
         letter = letter->next) {
        letter->why[0] = '\0';
    }
    answer_letters(desk, letters, err == GONG_OK ? GONG_ERR_IO : err);
}
