#include "agent/store/store_recent.h"

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
#define LINE_SIZE    80 /* three numbers */

struct mark {
    gong_mono_t at;
    struct gong_store_place place;
};

struct gong_store_recent {
    struct gong_spool_cursor *journal; /* safe: only ever committed */
    struct gong_spool_cursor *effects;
    struct mark marks[MARKS]; /* oldest first */
    size_t count;
    uint64_t started; /* of the store that is written to; 0: unknown */
    bool again;       /* it is being sent what comes before until */
    struct gong_store_place until;
    struct gong_store_place done; /* by an earlier run, unchecked */
    bool failing;                 /* logged that the file cannot be written */
    char path[PATH_SIZE];
};

/* --- the file --- */

/* The number at *text, which ends at a blank or the line's end; *text is left
 * there. */
static bool
read_number(const char **text, uint64_t *out)
{
    const char *from = **text == ' ' ? *text + 1 : *text;
    char *end;

    if (*from < '0' || *from > '9') {
        return false;
    }
    errno = 0;
    *out = strtoull(from, &end, 10);
    *text = end;
    return errno == 0 && (*end == ' ' || *end == '\n');
}

/* What cannot be read is as if there was no file. */
static void
read_state(struct gong_store_recent *recent, struct gong_store_place *done)
{
    char line[LINE_SIZE] = "";
    const char *text = line;
    int fd = open(recent->path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? 0 : read(fd, line, sizeof line - 1);

    if (fd >= 0) {
        (void)close(fd);
    }
    line[len < 0 ? 0 : len] = '\0';
    if (!read_number(&text, &recent->started)) {
        recent->started = 0;
        return;
    }
    recent->again = *text == ' ';
    if (recent->again && (!read_number(&text, &done->journal) ||
                          !read_number(&text, &done->effects))) {
        *done = (struct gong_store_place){0};
    }
}

/* Torn or lost, it costs that the lines are sent once more, or not. */
static void
write_state(struct gong_store_recent *recent, struct gong_store_place done)
{
    char line[LINE_SIZE];
    int len =
        recent->again
            ? snprintf(line, sizeof line,
                       "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", recent->started,
                       done.journal, done.effects)
            : snprintf(line, sizeof line, "%" PRIu64 "\n", recent->started);
    int fd = open(recent->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && pwrite(fd, line, (size_t)len, 0) == len &&
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
    read_state(recent, &recent->done);
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

static bool
reached(struct gong_store_place place, struct gong_store_place until)
{
    return place.journal >= until.journal && place.effects >= until.effects;
}

static struct gong_store_place
safe_place(struct gong_store_recent *recent)
{
    return (struct gong_store_place){
        .journal = gong_spool_cursor_committed(recent->journal),
        .effects = gong_spool_cursor_committed(recent->effects)};
}

bool
gong_store_recent_resume(struct gong_store_recent *recent,
                         struct gong_store_place answered,
                         struct gong_store_place *from)
{
    struct gong_store_place safe = safe_place(recent);

    if (!recent->again) {
        return false;
    }
    /* Damaged, or of another log: from the beginning. */
    *from = reached(recent->done, safe) && reached(answered, recent->done)
                ? recent->done
                : safe;
    recent->until = answered;
    recent->again = !reached(*from, answered);
    return recent->again;
}

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

void
gong_store_recent_answered(struct gong_store_recent *recent,
                           struct gong_store_place place, gong_mono_t now)
{
    int64_t safe_ns = now.ns - gong_dur_s(SAFE_AFTER_S).ns;
    size_t safe = 0;

    if (recent->again) {
        recent->again = !reached(place, recent->until);
        write_state(recent, place);
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

static uint64_t
later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

bool
gong_store_recent_started(struct gong_store_recent *recent, uint64_t started,
                          struct gong_store_place answered,
                          struct gong_store_place *from)
{
    bool known = recent->started != 0;
    struct gong_store_place safe = safe_place(recent);

    if (started == 0 || started == recent->started) {
        return false;
    }
    recent->started = started;
    if (known) {
        /* What the one before was not yet sent again is due all the same. */
        if (recent->again) {
            answered.journal = later(answered.journal, recent->until.journal);
            answered.effects = later(answered.effects, recent->until.effects);
        }
        recent->until = answered;
        recent->again = !reached(safe, answered);
        recent->count = 0;
        *from = safe;
    }
    write_state(recent, safe);
    return known;
}
