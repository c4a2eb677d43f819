#include "agent/store_recent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

#define SAFE_AFTER_S 10 /* twice what VictoriaMetrics keeps in memory */
#define APART_MS     500
#define MARKS        (2 * SAFE_AFTER_S + 2)
#define PATH_SIZE    4096
#define TEXT_SIZE    24

struct mark {
    gong_mono_t at;
    struct gong_store_place place;
};

struct gong_store_recent {
    struct gong_spool_cursor *journal; /* safe: only ever committed */
    struct gong_spool_cursor *effects;
    struct mark marks[MARKS]; /* oldest first */
    size_t count;
    uint64_t started; /* of the store that has all before until; 0: unknown */
    uint64_t next;    /* of the one that is sent it again; 0: none */
    struct gong_store_place until;
    bool failing; /* logged that the file cannot be written */
    char path[PATH_SIZE];
};

/* --- the file --- */

static uint64_t
read_started(const char *path)
{
    char text[TEXT_SIZE + 1] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? 0 : read(fd, text, TEXT_SIZE);

    if (fd >= 0) {
        (void)close(fd);
    }
    return len <= 0 ? 0 : strtoull(text, NULL, 10);
}

/* Torn or lost, it costs that the lines are sent once more, or not. */
static void
write_started(struct gong_store_recent *recent)
{
    char text[TEXT_SIZE + 1];
    int len = snprintf(text, sizeof text, "%" PRIu64 "\n", recent->started);
    int fd = open(recent->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && pwrite(fd, text, (size_t)len, 0) == len &&
              ftruncate(fd, len) == 0;

    if (fd >= 0 && close(fd) != 0) {
        ok = false;
    }
    if (ok == recent->failing) {
        recent->failing = !ok;
        gong_log(ok ? GONG_LOG_INFO : GONG_LOG_ERROR,
                 ok ? "store_start_kept" : "store_start_not_kept", "errno=%d",
                 ok ? 0 : errno);
    }
}

/* --- open and close --- */

enum gong_err
gong_store_recent_open(struct gong_spool *journal, struct gong_spool *effects,
                       const char *name, const char *state_dir,
                       struct gong_store_recent **out)
{
    struct gong_store_recent *recent = calloc(1, sizeof *recent);
    char cursor[GONG_SPOOL_CURSOR_NAME_MAX + 8];
    enum gong_err err;
    int len;

    *out = NULL;
    if (recent == NULL) {
        return GONG_ERR_MEMORY;
    }
    len = snprintf(recent->path, sizeof recent->path, "%s/store-%s.start",
                   state_dir, name);
    if (len <= 0 || (size_t)len >= sizeof recent->path) {
        free(recent);
        return GONG_ERR_TOO_LARGE;
    }
    /* A name too long for a cursor is refused by open. */
    (void)snprintf(cursor, sizeof cursor, "safe-%s", name);
    err = gong_spool_cursor_open(journal, cursor, &recent->journal);
    if (err == GONG_OK) {
        err = gong_spool_cursor_open(effects, cursor, &recent->effects);
    }
    if (err != GONG_OK) {
        gong_store_recent_close(recent);
        return err;
    }
    recent->started = read_started(recent->path);
    *out = recent;
    return GONG_OK;
}

void
gong_store_recent_close(struct gong_store_recent *recent)
{
    if (recent == NULL) {
        return;
    }
    gong_spool_cursor_close(recent->journal);
    gong_spool_cursor_close(recent->effects);
    free(recent);
}

/* --- while it answers --- */

static void
commit(struct gong_store_recent *recent, size_t marks)
{
    struct gong_store_place place = recent->marks[marks - 1].place;

    /* The spool's own log says when this begins to fail; the store's cursor
     * has the same trouble and tells it. */
    if (gong_spool_cursor_commit(recent->journal, place.journal) == GONG_OK &&
        gong_spool_cursor_commit(recent->effects, place.effects) == GONG_OK) {
        recent->count -= marks;
        memmove(recent->marks, recent->marks + marks,
                recent->count * sizeof recent->marks[0]);
    }
}

static bool
reached(struct gong_store_place place, struct gong_store_place until)
{
    return place.journal >= until.journal && place.effects >= until.effects;
}

void
gong_store_recent_answered(struct gong_store_recent *recent,
                           struct gong_store_place place, gong_mono_t now)
{
    int64_t safe_ns = now.ns - gong_dur_s(SAFE_AFTER_S).ns;
    size_t safe = 0;

    if (recent->next != 0 && reached(place, recent->until)) {
        recent->started = recent->next;
        recent->next = 0;
        write_started(recent);
    }
    while (safe < recent->count && recent->marks[safe].at.ns <= safe_ns) {
        safe++;
    }
    if (safe > 0) {
        commit(recent, safe);
    }
    if (recent->count < MARKS &&
        (recent->count == 0 ||
         gong_mono_since(now, recent->marks[recent->count - 1].at).ns >=
             gong_dur_ms(APART_MS).ns)) {
        recent->marks[recent->count++] = (struct mark){now, place};
    }
}

bool
gong_store_recent_started(struct gong_store_recent *recent, uint64_t started,
                          struct gong_store_place answered,
                          struct gong_store_place *from)
{
    bool resending = recent->next != 0;

    if (started == 0 ||
        started == (resending ? recent->next : recent->started)) {
        return false;
    }
    if (recent->started == 0) {
        recent->started = started;
        write_started(recent);
        return false;
    }
    if (!resending || reached(answered, recent->until)) {
        recent->until = answered;
    }
    recent->next = started;
    recent->count = 0;
    from->journal = gong_spool_cursor_committed(recent->journal);
    from->effects = gong_spool_cursor_committed(recent->effects);
    return true;
}
