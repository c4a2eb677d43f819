#include "agent/journal/journal_tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/le.h"
#include "common/log.h"
#include "common/spool_file.h"
#include "common/spool_format.h"
#include "common/spool_reader.h"
#include "common/topic.h"

#define SUFFIX     ".segment"
#define DIGITS     16
#define QUOTE_SIZE 160

struct walk {
    FILE *out;
    bool dump;
    uint64_t from;
    void (*take)(void *ctx, const struct gong_record *record); /* or NULL */
    void *ctx;
    uint64_t records;
    uint64_t bytes;
    uint64_t damaged; /* ranges */
    uint64_t damaged_bytes;
    uint64_t begin;
    uint64_t end;
    /* Bad bytes at the end of what was read so far: a tail, or damage. */
    uint64_t bad_from;
    uint64_t bad_to;
    /* Where the next segment's records would go on, were none missing. */
    uint64_t expected;
};

static const char *
type_name(uint8_t type)
{
    static const char *const names[] = {"?",      "DATA",    "PRESENCE",
                                        "CONFIG", "CLOCK",   "RESUME",
                                        "EFFECT", "SPOOLED", "RECORDED"};

    return type < sizeof names / sizeof names[0] ? names[type] : names[0];
}

static void
print_names(const struct gong_record *record, FILE *out)
{
    struct gong_str names[2];
    struct gong_str rest;
    char site[QUOTE_SIZE];
    char device[QUOTE_SIZE];

    if (!gong_topic_names_split(record->payload, &names[0], &names[1], &rest)) {
        (void)fputs(" names=damaged", out);
        return;
    }
    (void)fprintf(out, " site=%s device=%s",
                  gong_log_quote(names[0], site, sizeof site),
                  gong_log_quote(names[1], device, sizeof device));
}

static void
print_record(const struct gong_record *record, FILE *out)
{
    const struct gong_record_meta *meta = &record->meta;

    (void)fprintf(out,
                  "%" PRIu64 " %s journal_ms=%" PRId64 " wall_ns=%" PRId64
                  " len=%zu",
                  record->offset, type_name(meta->type), meta->journal_ms,
                  meta->wall_ns, record->payload.len);
    if (meta->type == GONG_RECORD_DATA || meta->type == GONG_RECORD_PRESENCE) {
        print_names(record, out);
    } else if (meta->type == GONG_RECORD_RESUME && record->payload.len >= 8) {
        (void)fprintf(
            out, " blind_ms=%" PRId64,
            (int64_t)gong_le_get64((const uint8_t *)record->payload.data));
    } else if (meta->type == GONG_RECORD_CONFIG) {
        char name[QUOTE_SIZE];

        (void)fprintf(out, " rules=%s",
                      gong_log_quote(record->payload, name, sizeof name));
    }
    (void)fputc('\n', out);
}

/* Bad bytes that something good follows are damage. */
static void
settle_bad(struct walk *walk)
{
    if (walk->bad_to == walk->bad_from) {
        return;
    }
    walk->damaged++;
    walk->damaged_bytes += walk->bad_to - walk->bad_from;
    if (walk->out != NULL) {
        (void)fprintf(walk->out, "%" PRIu64 " damaged bytes=%" PRIu64 "\n",
                      walk->bad_from, walk->bad_to - walk->bad_from);
    }
    walk->bad_from = walk->bad_to;
}

/* Segments that are gone, or hold nothing, before one that does. */
static void
note_hole(struct walk *walk, const struct gong_record *record, uint64_t size)
{
    uint64_t start = record->offset - record->offset % size;

    if (walk->records > 0 && start > walk->expected) {
        settle_bad(walk);
        walk->bad_from = walk->expected;
        walk->bad_to = start;
    }
    walk->expected = start + size;
}

static void
take_record(struct walk *walk, const struct gong_record *record, uint64_t size)
{
    note_hole(walk, record, size);
    settle_bad(walk);
    walk->begin = walk->records == 0 ? record->offset : walk->begin;
    walk->end = record->next;
    walk->records++;
    walk->bytes += record->next - record->offset;
    if (walk->take != NULL) {
        walk->take(walk->ctx, record);
    }
    if (walk->dump && record->offset >= walk->from) {
        print_record(record, walk->out);
    }
}

static enum gong_err
walk_segment(struct walk *walk, struct gong_spool_reader *reader,
             uint64_t number)
{
    uint64_t at = number * reader->segment_size + GONG_SPOOL_HEADER_SIZE;
    uint64_t limit = (number + 1) * reader->segment_size;
    struct gong_record record;

    while (at < limit) {
        enum gong_err err =
            gong_spool_reader_record(reader, at, limit, &record);
        uint64_t found = limit;

        if (err == GONG_OK) {
            take_record(walk, &record, reader->segment_size);
            at = record.next;
            continue;
        }
        if (err == GONG_ERR_MEMORY || err == GONG_ERR_IO) {
            return err;
        }
        err = gong_spool_reader_find(reader, at + 1, limit, &found);
        if (err == GONG_ERR_MEMORY || err == GONG_ERR_IO) {
            return err;
        }
        if (err != GONG_OK) {
            found = limit;
        }
        if (err == GONG_OK || !gong_spool_reader_is_end(reader, at, limit)) {
            walk->bad_from = at;
            walk->bad_to = found;
        }
        at = found;
    }
    return GONG_OK;
}

/* A segment's number from its file's name; false for other files. */
static bool
number_of(const char *name, uint64_t *number)
{
    char *end = NULL;

    if (strlen(name) != DIGITS + strlen(SUFFIX) ||
        strspn(name, "0123456789abcdef") != DIGITS ||
        strcmp(name + DIGITS, SUFFIX) != 0) {
        return false;
    }
    *number = strtoull(name, &end, 16);
    return true;
}

static int
compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static enum gong_err
list_segments(const char *dir, uint64_t **numbers, size_t *count)
{
    DIR *folder = opendir(dir);
    const struct dirent *entry;
    uint64_t number = 0;

    *count = 0;
    *numbers = NULL;
    if (folder == NULL) {
        return gong_err_from_errno(errno);
    }
    while ((entry = readdir(folder)) != NULL) {
        uint64_t *more = NULL;

        if (!number_of(entry->d_name, &number)) {
            continue;
        }
        more = realloc(*numbers, (*count + 1) * sizeof **numbers);
        if (more == NULL) {
            (void)closedir(folder);
            return GONG_ERR_MEMORY;
        }
        *numbers = more;
        more[(*count)++] = number;
    }
    (void)closedir(folder);
    if (*count > 0) {
        qsort(*numbers, *count, sizeof **numbers, compare);
    }
    return GONG_OK;
}

static enum gong_err
read_meta(int dir_fd, struct gong_spool_meta *meta)
{
    uint8_t bytes[GONG_SPOOL_META_SIZE];
    int fd = openat(dir_fd, "log.meta", O_RDONLY | O_CLOEXEC);
    ssize_t len;

    if (fd < 0) {
        return gong_err_from_errno(errno);
    }
    len = read(fd, bytes, sizeof bytes);
    (void)close(fd);
    return len < 0 ? GONG_ERR_IO
                   : gong_spool_meta_decode(bytes, (size_t)len, meta);
}

static enum gong_err
walk_all(struct walk *walk, int dir_fd, const char *dir)
{
    struct gong_spool_meta meta = {0};
    struct gong_spool_reader reader;
    uint64_t *numbers = NULL;
    size_t count = 0;
    enum gong_err err = read_meta(dir_fd, &meta);

    if (err == GONG_OK &&
        (meta.segment_size == 0 || !gong_spool_size_valid(meta.segment_size))) {
        err = GONG_ERR_CORRUPT;
    }
    if (err == GONG_OK) {
        err = list_segments(dir, &numbers, &count);
    }
    if (err == GONG_OK) {
        gong_spool_reader_init(&reader, dir_fd, meta.segment_size, meta.log_id);
        for (size_t i = 0; i < count && err == GONG_OK; i++) {
            if (numbers[i] < UINT64_MAX / meta.segment_size - 1) {
                err = walk_segment(walk, &reader, numbers[i]);
            }
        }
        gong_spool_reader_fini(&reader);
    }
    free(numbers);
    return err;
}

static void
explain(enum gong_err err, const char *dir, FILE *errors)
{
    char quoted[QUOTE_SIZE];

    if (err != GONG_OK) {
        (void)fprintf(errors, "%s: %s\n",
                      gong_log_quote(gong_str_of(dir), quoted, sizeof quoted),
                      gong_err_text(err));
    }
}

static enum gong_err
run(struct walk *walk, const char *dir, FILE *errors)
{
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum gong_err err =
        dir_fd < 0 ? gong_err_from_errno(errno) : walk_all(walk, dir_fd, dir);

    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    explain(err, dir, errors);
    return err;
}

enum gong_err
gong_journal_look(const char *dir, struct gong_spool_meta *out, FILE *errors)
{
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum gong_err err =
        dir_fd < 0 ? gong_err_from_errno(errno) : read_meta(dir_fd, out);

    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    explain(err, dir, errors);
    return err;
}

enum gong_err
gong_journal_dump(const char *dir, uint64_t from, FILE *out, FILE *errors)
{
    struct walk walk = {.out = out, .dump = true, .from = from};

    return run(&walk, dir, errors);
}

enum gong_err
gong_journal_walk(const char *dir,
                  void (*take)(void *ctx, const struct gong_record *record),
                  void *ctx, FILE *errors)
{
    struct walk walk = {.take = take, .ctx = ctx};

    return run(&walk, dir, errors);
}

enum gong_err
gong_journal_check(const char *dir, FILE *out, FILE *errors)
{
    struct walk walk = {.out = out};
    enum gong_err err = run(&walk, dir, errors);

    if (err != GONG_OK) {
        return err;
    }
    (void)fprintf(out,
                  "records=%" PRIu64 " bytes=%" PRIu64 " begin=%" PRIu64
                  " end=%" PRIu64 " damaged=%" PRIu64 " damaged_bytes=%" PRIu64
                  " torn_tail_bytes=%" PRIu64 "\n",
                  walk.records, walk.bytes, walk.begin, walk.end, walk.damaged,
                  walk.damaged_bytes, walk.bad_to - walk.bad_from);
    return walk.damaged == 0 ? GONG_OK : GONG_ERR_CORRUPT;
}
