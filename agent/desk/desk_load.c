#include "agent/desk/desk_private.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "common/log.h"

#define WHY_SIZE   512
#define BLOCKS_MIN 16 /* fewer are a full disk: SQLite needs some at a time */

/* The wall clock; where it is behind what was kept, what was kept goes on at
 * nine tenths of the pace, until the wall has caught up. */
int64_t
gong_desk_clock(struct gong_desk_thread *desk)
{
    int64_t wall = gong_floor_ms(gong_wall_now().ns);
    gong_mono_t mono = gong_mono_now();
    int64_t slow = desk->place.now_ms + gong_mono_since(mono, desk->now_at).ns /
                                            10 * 9 / GONG_NS_PER_MS;

    if (wall >= desk->place.now_ms) {
        desk->place.now_ms = wall;
        desk->now_at = mono;
    } else if (slow > desk->place.now_ms) {
        desk->place.now_ms = slow;
        desk->now_at = mono;
    }
    return desk->place.now_ms;
}

/* --- a failure, and how to go on --- */

void
gong_desk_unload(struct gong_desk_thread *desk)
{
    gong_desk_free(desk->desk);
    desk->desk = NULL;
    gong_desk_db_close(desk->db);
    desk->db = NULL;
}

enum gong_err
gong_desk_cause(const struct gong_desk_thread *desk, enum gong_err err)
{
    struct statvfs disk;

    return err == GONG_ERR_IO && statvfs(desk->options.path, &disk) == 0 &&
                   disk.f_bavail < BLOCKS_MIN
               ? GONG_ERR_NO_SPACE
               : err;
}

void
gong_desk_note_failed(struct gong_desk_thread *desk, enum gong_err err,
                      const char *why)
{
    char shown[WHY_SIZE];

    err = gong_desk_cause(desk, err);
    atomic_store(&desk->failing, (int)err);
    gong_counter_increase(desk->failed, 1);
    if (!atomic_exchange(&desk->well, false)) {
        return;
    }
    gong_counter_set(desk->up, 0);
    gong_log(GONG_LOG_ERROR, "desk_failing",
             "file=%s error=\"%s\" reason=%s effect=\"alerts wait in the log "
             "of effects, nobody is told\" todo=\"%s\"",
             desk->options.path, gong_err_text(err),
             gong_log_quote(gong_str_of(why), shown, sizeof shown),
             gong_err_todo(err));
}

void
gong_desk_note_well(struct gong_desk_thread *desk)
{
    gong_backoff_reset(&desk->backoff);
    if (atomic_exchange(&desk->well, true)) {
        return;
    }
    gong_counter_set(desk->up, 1);
    gong_log(GONG_LOG_INFO, "desk_back", "file=%s", desk->options.path);
}

struct gong_desk_catch_up
gong_desk_catch_up_of(struct gong_desk_thread *desk)
{
    return (struct gong_desk_catch_up){
        .spool = desk->spool,
        .db = desk->db,
        .desk = desk->desk,
        .now_ms = gong_desk_clock(desk),
    };
}

/* Whether the log still has everything from the kept position on. */
static bool
place_holds(const struct gong_desk_thread *desk)
{
    const struct gong_desk_place *place = &desk->place;
    struct gong_spool_stats stats;
    uint8_t id[16];

    gong_spool_id(desk->spool, id);
    gong_spool_stats(desk->spool, &stats);
    return place->known && memcmp(id, place->log_id, sizeof id) == 0 &&
           place->offset >= stats.begin && place->offset <= stats.end &&
           gong_spool_position_holds(desk->spool, place->generation,
                                     place->offset);
}

/* Memory alone holds what is not written: after a restart its offsets are given
 * out again. */
void
gong_desk_set_offset(struct gong_desk_thread *desk, uint64_t offset)
{
    uint64_t written = gong_spool_written(desk->spool);

    desk->place.offset = offset < written ? offset : written;
    desk->moved = true;
}

static enum gong_err
catch_up_log(struct gong_desk_thread *desk)
{
    struct gong_desk_catch_up catch_up = gong_desk_catch_up_of(desk);
    uint64_t end = 0;
    enum gong_err err = gong_desk_db_begin(desk->db);

    if (err == GONG_OK) {
        err = gong_desk_catch_up_log(&catch_up, &end);
    }
    if (err == GONG_OK) {
        gong_desk_set_offset(desk, end);
        gong_spool_cursor_seek(desk->cursor, end);
        err = gong_desk_db_put_place(desk->db, &desk->place);
    }
    if (err == GONG_OK) {
        err = gong_desk_db_commit(desk->db);
    }
    if (err != GONG_OK) {
        gong_desk_db_rollback(desk->db);
        return err;
    }
    desk->moved = false;
    if (desk->options.outbox != NULL) {
        gong_outbox_wake(desk->options.outbox);
    }
    return GONG_OK;
}

static enum gong_err
find_place(struct gong_desk_thread *desk)
{
    struct gong_spool_stats stats;
    bool holds = place_holds(desk);
    bool known = desk->place.known;

    gong_spool_stats(desk->spool, &stats);
    gong_spool_id(desk->spool, desk->place.log_id);
    desk->place.generation = stats.generation;
    desk->place.known = true;
    if (holds) {
        gong_spool_cursor_seek(desk->cursor, desk->place.offset);
        return GONG_OK;
    }
    if (known) {
        gong_log(GONG_LOG_WARNING, "desk_caught_up",
                 "reason=\"the log of effects lost what was not applied yet, "
                 "or was replaced\" effect=\"it goes on from the newest state "
                 "of each alert\"");
    }
    return catch_up_log(desk);
}

static enum gong_err
restore(struct gong_desk_thread *desk, char *why, size_t why_size)
{
    enum gong_err err;

    gong_desk_db_tell(desk->db, desk->model, desk->options.link);
    gong_desk_db_retain(desk->db, desk->options.retained,
                        desk->options.retained_count);
    desk->sink = gong_desk_db_sink(desk->db);
    err = gong_desk_db_place(desk->db, &desk->place);
    if (err == GONG_OK) {
        desk->now_at = gong_mono_now();
        desk->desk = gong_desk_new(desk->config, desk->model, &desk->sink,
                                   gong_desk_clock(desk));
        err = desk->desk == NULL ? GONG_ERR_MEMORY : GONG_OK;
    }
    if (err == GONG_OK) {
        err = gong_desk_db_restore(desk->db, desk->desk);
    }
    if (err == GONG_OK) {
        err = find_place(desk);
    }
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s: cannot be restored: %s",
                       desk->options.path, gong_err_text(err));
        gong_desk_unload(desk);
    }
    return err;
}

enum gong_err
gong_desk_load(struct gong_desk_thread *desk, char *why, size_t why_size)
{
    enum gong_err err;

    if (desk->halved) {
        (void)snprintf(why, why_size, "a restore could not be undone");
        return GONG_ERR_IO;
    }
    err = gong_desk_db_open(desk->options.path, &desk->db, why, why_size);
    return err == GONG_OK ? restore(desk, why, why_size) : err;
}

enum gong_err
gong_desk_load_sound(struct gong_desk_thread *desk, char *why, size_t why_size)
{
    enum gong_err err =
        gong_desk_db_open_sound(desk->options.path, &desk->db, why, why_size);

    return err == GONG_OK ? restore(desk, why, why_size) : err;
}
