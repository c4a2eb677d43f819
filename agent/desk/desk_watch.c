/* Who is told of incidents, once what became of them is durable. */
#include "agent/desk/desk_private.h"

static enum gong_err
tell(void *ctx, const struct gong_desk_incident *incident)
{
    const struct gong_desk_thread *desk = ctx;

    desk->watch.fn(desk->watch.ctx, incident);
    return GONG_OK;
}

/* As it is now: what the desk does not need any more is in the database. */
static enum gong_err
tell_numbered(struct gong_desk_thread *desk, uint64_t number)
{
    const struct gong_desk_incident *incident =
        gong_desk_find(desk->desk, number);

    return incident != NULL
               ? tell(desk, incident)
               : gong_desk_db_numbered(desk->db, number, tell, desk);
}

void
gong_desk_tell_changes(struct gong_desk_thread *desk)
{
    struct gong_desk_changes *changes = gong_desk_db_changes(desk->db);
    enum gong_err err = GONG_OK;

    (void)pthread_mutex_lock(&desk->watch.lock);
    if (desk->watch.fn != NULL) {
        gong_desk_changes_settle(changes);
        for (size_t i = 0; i < changes->count && err == GONG_OK; i++) {
            err = tell_numbered(desk, changes->numbers[i]);
        }
        if (changes->too_many || err != GONG_OK) {
            desk->watch.fn(desk->watch.ctx, NULL);
        }
    }
    (void)pthread_mutex_unlock(&desk->watch.lock);
}

void
gong_desk_tell_all_changed(struct gong_desk_thread *desk)
{
    (void)pthread_mutex_lock(&desk->watch.lock);
    if (desk->watch.fn != NULL) {
        desk->watch.fn(desk->watch.ctx, NULL);
    }
    (void)pthread_mutex_unlock(&desk->watch.lock);
}

void
gong_desk_watch(struct gong_desk_thread *desk, gong_desk_changed_fn fn,
                void *ctx)
{
    (void)pthread_mutex_lock(&desk->watch.lock);
    desk->watch.fn = fn;
    desk->watch.ctx = ctx;
    (void)pthread_mutex_unlock(&desk->watch.lock);
    gong_desk_tell_all_changed(desk);
}
