#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/desk/desk_private.h"
#include "agent/desk/desk_schema.h"
#include "agent/sql.h"
#include "agent/backup/sqlite_file.h"
#include "common/log.h"

/* Ids of rows are parts of idempotency keys. How many were given out since the
 * other file was written is not known where this one is gone, nor whether the
 * same file was put in place before: each time so many others are left out. */
#define AHEAD "4294967296 + abs(random() % 17592186044416)"

/* What was there, as `live`, goes on in what takes its place: no number and no
 * row's id is given twice, and what was sent is not sent again. It is read into
 * memory before any of it is written, so that it is known which of the two
 * files an error is of:
 *
 *   main.outbox -> asked    live -> was_meta, was_outbox -> main
 */
static const char ask_main[] =
    "PRAGMA temp_store = MEMORY;"
    "CREATE TEMP TABLE asked AS SELECT id, message FROM main.outbox"
    " WHERE state = 0";

static const char read_live[] =
    "CREATE TEMP TABLE was_meta AS SELECT name, value FROM live.meta"
    " WHERE name IN ('next_incident', 'next_silence', 'id');"
    "CREATE TEMP TABLE was_outbox AS SELECT l.id, l.state, l.place, l.rounds,"
    " l.tries, l.next_ms, l.unreached_ms, l.done_ms FROM temp.asked AS a"
    " JOIN live.outbox AS l ON l.id = a.id AND l.message = a.message";

static const char write_main[] =
    "BEGIN IMMEDIATE;"
    "INSERT OR REPLACE INTO main.meta"
    " SELECT l.name, max(l.value, coalesce((SELECT m.value FROM main.meta AS m"
    " WHERE m.name = l.name), 0)) FROM temp.was_meta AS l"
    " WHERE l.name IN ('next_incident', 'next_silence');"
    "UPDATE main.outbox AS o SET (state, place, rounds, tries, next_ms,"
    " unreached_ms, done_ms) = (SELECT l.state, l.place, l.rounds, l.tries,"
    " l.next_ms, l.unreached_ms, l.done_ms FROM temp.was_outbox AS l"
    " WHERE l.id = o.id)"
    " WHERE o.id IN (SELECT id FROM temp.was_outbox)"
    " AND (SELECT value FROM main.meta WHERE name = 'id') ="
    " (SELECT value FROM temp.was_meta WHERE name = 'id');"
    "COMMIT";

static const char forget[] = "DROP TABLE IF EXISTS temp.asked;"
                             "DROP TABLE IF EXISTS temp.was_meta;"
                             "DROP TABLE IF EXISTS temp.was_outbox";

static const char move_ahead[] =
    "BEGIN IMMEDIATE;"
    "CREATE TEMP TABLE ahead AS SELECT n.column1 AS name,"
    " coalesce((SELECT max(s.seq) FROM main.sqlite_sequence AS s"
    " WHERE s.name = n.column1), 0) + " AHEAD " AS seq"
    " FROM (VALUES('messages'), ('outbox')) AS n;"
    "DELETE FROM main.sqlite_sequence WHERE name IN ('messages', 'outbox');"
    "INSERT INTO main.sqlite_sequence(name, seq) SELECT name, seq FROM ahead;"
    "DROP TABLE temp.ahead;"
    "COMMIT";

static enum gong_err
read_from(sqlite3 *handle, const char *live)
{
    char *attach = sqlite3_mprintf("ATTACH %Q AS live", live);
    enum gong_err err = GONG_ERR_MEMORY;

    if (attach != NULL) {
        /* ATTACH would make one. */
        err = access(live, F_OK) != 0 ? GONG_ERR_NOT_FOUND
                                      : gong_sql_do(handle, attach);
    }
    if (err == GONG_OK) {
        err = gong_sql_do(handle, read_live);
        (void)sqlite3_exec(handle, "DETACH live", NULL, NULL, NULL);
    }
    sqlite3_free(attach);
    return err;
}

/* The live file may be damaged, that may be why: then nothing is taken over.
 * What keeps it from being written to the other one is an error. */
static enum gong_err
carry(sqlite3 *handle, const char *live)
{
    enum gong_err err = gong_sql_do(handle, ask_main);
    bool damaged;

    if (err != GONG_OK) {
        return err;
    }
    err = read_from(handle, live);
    damaged = err == GONG_ERR_CORRUPT || err == GONG_ERR_IO ||
              err == GONG_ERR_NOT_FOUND;
    if (damaged) {
        gong_log(GONG_LOG_WARNING, "desk_not_carried_over",
                 "error=\"%s\" effect=\"numbers given since the backup may be "
                 "given again, what waited in it is sent again\"",
                 gong_err_text(err));
        err = GONG_OK;
    } else if (err == GONG_OK) {
        err = gong_sql_do(handle, write_main);
        gong_sql_rollback(handle);
    }
    (void)sqlite3_exec(handle, forget, NULL, NULL, NULL);
    return err;
}

/* It alone is the database then. */
static enum gong_err
prepare(const struct gong_desk_thread *desk, const char *with, char *why,
        size_t why_size)
{
    sqlite3 *handle = NULL;
    enum gong_err err = gong_desk_schema_join(with, &handle, why, why_size);

    if (err != GONG_OK) {
        return err;
    }
    err = carry(handle, desk->options.path);
    if (err == GONG_OK) {
        err = gong_sql_do(handle, move_ahead);
    }
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s: %s", with, gong_err_text(err));
    }
    gong_sql_rollback(handle);
    gong_desk_schema_close(handle);
    return err == GONG_OK ? gong_sqlite_settle(with, why, why_size) : err;
}

/* The desk has nothing open. Where this fails it has nothing open either. */
static enum gong_err
put_in_place(struct gong_desk_thread *desk, char *why, size_t why_size)
{
    const struct gong_desk_swap *swap = desk->replace.swap;
    enum gong_err err = prepare(desk, desk->replace.with, why, why_size);
    char reason[512] = "";

    if (err != GONG_OK) {
        return err;
    }
    err = swap->put(swap->ctx, why, why_size);
    if (err == GONG_OK) {
        err = gong_desk_load_sound(desk, why, why_size);
    }
    if (err == GONG_OK) {
        err = swap->keep(swap->ctx, why, why_size);
    }
    if (err == GONG_OK) {
        return GONG_OK;
    }
    gong_desk_unload(desk);
    if (swap->undo(swap->ctx, reason, sizeof reason) != GONG_OK) {
        desk->halved = true;
        gong_log(GONG_LOG_ERROR, "restore_not_undone",
                 "reason=\"%s\" effect=\"nobody is told, nobody can log in\" "
                 "todo=\"see that the disk can be written, then start the "
                 "agent again: it undoes it\"",
                 reason);
    }
    return err;
}

static enum gong_err
replace(struct gong_desk_thread *desk, char *why, size_t why_size)
{
    char reason[512] = "";
    enum gong_err err;

    gong_desk_unload(desk);
    err = put_in_place(desk, why, why_size);
    if (err != GONG_OK) {
        if (gong_desk_load(desk, reason, sizeof reason) != GONG_OK) {
            gong_desk_note_failed(desk, err, reason);
        }
        return err;
    }
    gong_census_free(desk->census);
    desk->census = NULL;
    /* Of the file that was there before. */
    desk->proofs[0] = 0;
    desk->proofs[1] = 0;
    desk->refresh_ms = 0;
    desk->prune_ms = 0;
    gong_effects_reconcile_again(desk->options.effects);
    if (desk->options.outbox != NULL) {
        gong_outbox_renew(desk->options.outbox);
    }
    gong_desk_note_well(desk);
    gong_desk_tell_all_changed(desk);
    gong_log(GONG_LOG_WARNING, "desk_restored", "position=%" PRIu64,
             desk->place.position);
    return GONG_OK;
}

static void
answer(struct gong_desk_thread *desk, enum gong_err err)
{
    gong_monitor_lock(&desk->replace.monitor);
    desk->replace.err = err;
    desk->replace.with = NULL;
    atomic_store(&desk->replace.asked, false);
    gong_monitor_wake(&desk->replace.monitor);
    gong_monitor_unlock(&desk->replace.monitor);
}

void
gong_desk_replace_now(struct gong_desk_thread *desk)
{
    if (atomic_load(&desk->replace.asked)) {
        answer(desk, replace(desk, desk->replace.why, desk->replace.why_size));
    }
}

void
gong_desk_replace_close(struct gong_desk_thread *desk)
{
    if (atomic_load(&desk->replace.asked)) {
        (void)snprintf(desk->replace.why, desk->replace.why_size,
                       "the agent is stopping");
        answer(desk, GONG_ERR_CLOSED);
    }
}

/* Who asks waits without end: the desk's thread always comes by, also on its
 * way out, and whoever stops it stops those who ask first. */
enum gong_err
gong_desk_replace(struct gong_desk_thread *desk, const char *with,
                  const struct gong_desk_swap *swap, char *why, size_t why_size)
{
    enum gong_err err;

    why[0] = '\0';
    gong_monitor_lock(&desk->replace.monitor);
    if (desk->replace.with != NULL) {
        gong_monitor_unlock(&desk->replace.monitor);
        (void)snprintf(why, why_size, "another restore is running");
        return GONG_ERR_AGAIN;
    }
    desk->replace.with = with;
    desk->replace.swap = swap;
    desk->replace.why = why;
    desk->replace.why_size = why_size;
    atomic_store(&desk->replace.asked, true);
    atomic_store(&desk->mailbox.waiting, true);
    gong_effects_wake(desk->options.effects);
    while (desk->replace.with != NULL) {
        (void)gong_monitor_wait(&desk->replace.monitor, gong_dur_s(1));
    }
    err = desk->replace.err;
    gong_monitor_unlock(&desk->replace.monitor);
    return err;
}
