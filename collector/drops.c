#include "collector/drops.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/drops_event.h"
#include "collector/lines.h"
#include "collector/stats.h"
#include "common/clock.h"
#include "common/crc32c.h"
#include "common/le.h"
#include "common/log.h"
#include "common/spool_file.h"

/*
 * DIR/dropped, little endian:
 *    0 u32 magic "GDRP"     16 u64 through: every lower number is counted
 *    4 u32 version 1        24 u64 hole through: the same for damaged ones
 *    8 u64 epoch            32 u64[4] sums
 *                           64 u32 events, 68 u32 CRC-32C of 0..67 and events
 *   72 events (collector/drops_event.h)
 */
#define MAGIC     0x50524447u
#define VERSION   1u
#define HEAD_SIZE 72
#define FILE_MAX  (1 << 20)
#define NAME      "dropped"
#define REPORT    "gong_dropped,"
/* A number that no batch has: given out by report, not told yet. */
#define IN_REPORT UINT64_MAX

struct gong_drops {
    int dir_fd;
    uint64_t epoch;
    bool failing; /* appending thread: saving is, logged already */

    pthread_mutex_t lock; /* guards all below */
    struct gong_settled settled;
    struct gong_drops_sums sums;
    uint64_t through;
    uint64_t hole_through;
    int64_t stamp_ns; /* of the newest event: each has its own */
    struct gong_drops_event events[GONG_DROPS_EVENTS_MAX]; /* by number */
    size_t count;
    bool forgetting;   /* logged already */
    uint64_t last_seq; /* of the records so far in the segment that goes */
    uint8_t last_generation;
};

/* ---- the file ---- */

static enum gong_err
encode(struct gong_drops *drops, struct gong_buffer *out)
{
    uint8_t head[HEAD_SIZE] = {0};
    enum gong_err err;

    (void)pthread_mutex_lock(&drops->lock);
    gong_le_put32(head, MAGIC);
    gong_le_put32(head + 4, VERSION);
    gong_le_put64(head + 8, drops->epoch);
    gong_le_put64(head + 16, drops->through);
    gong_le_put64(head + 24, drops->hole_through);
    gong_le_put64(head + 32, drops->sums.batches);
    gong_le_put64(head + 40, drops->sums.points);
    gong_le_put64(head + 48, drops->sums.samples);
    gong_le_put64(head + 56, drops->sums.damaged);
    gong_le_put32(head + 64, (uint32_t)drops->count);
    err = gong_buffer_append(out, head, sizeof head);
    for (size_t i = 0; i < drops->count && err == GONG_OK; i++) {
        err = gong_drops_event_encode(&drops->events[i], out);
    }
    (void)pthread_mutex_unlock(&drops->lock);
    if (err == GONG_OK) {
        uint8_t crc[4];

        gong_le_put32(crc,
                      gong_crc32c(gong_crc32c(0, out->data, 68),
                                  out->data + HEAD_SIZE, out->len - HEAD_SIZE));
        memcpy(out->data + 68, crc, sizeof crc);
    }
    return err;
}

/* What cannot be saved is still told, unless the collector dies before. */
static void
save(struct gong_drops *drops)
{
    struct gong_buffer bytes = {0};
    enum gong_err err = encode(drops, &bytes);

    if (err == GONG_OK) {
        err =
            gong_spool_file_replace(drops->dir_fd, NAME, bytes.data, bytes.len);
    }
    gong_buffer_fini(&bytes);
    if ((err != GONG_OK) != drops->failing) {
        drops->failing = err != GONG_OK;
        gong_log(err != GONG_OK ? GONG_LOG_ERROR : GONG_LOG_INFO, "drops_save",
                 "state=\"%s\"", gong_err_text(err));
    }
}

static void
forget_events(struct gong_drops *drops)
{
    for (size_t i = 0; i < drops->count; i++) {
        gong_drops_event_fini(&drops->events[i]);
    }
    drops->count = 0;
}

static bool
decode(struct gong_drops *drops, struct gong_str bytes)
{
    const uint8_t *head = (const uint8_t *)bytes.data;
    uint32_t count;

    if (bytes.len < HEAD_SIZE || gong_le_get32(head) != MAGIC ||
        gong_le_get32(head + 4) != VERSION ||
        gong_le_get32(head + 68) != gong_crc32c(gong_crc32c(0, bytes.data, 68),
                                                bytes.data + HEAD_SIZE,
                                                bytes.len - HEAD_SIZE)) {
        return false;
    }
    count = gong_le_get32(head + 64);
    if (gong_le_get64(head + 8) != drops->epoch ||
        count > GONG_DROPS_EVENTS_MAX) {
        return false;
    }
    bytes = gong_str_from(bytes.data + HEAD_SIZE, bytes.len - HEAD_SIZE);
    while (drops->count < count) {
        struct gong_drops_event *event = &drops->events[drops->count++];

        if (gong_drops_event_decode(&bytes, event) != GONG_OK) {
            forget_events(drops);
            return false;
        }
        event->logged = true;
        event->told_seq = event->told_seq == IN_REPORT ? 0 : event->told_seq;
        drops->stamp_ns = event->stamp_ns > drops->stamp_ns ? event->stamp_ns
                                                            : drops->stamp_ns;
    }
    drops->through = gong_le_get64(head + 16);
    drops->hole_through = gong_le_get64(head + 24);
    drops->sums = (struct gong_drops_sums){
        gong_le_get64(head + 32), gong_le_get64(head + 40),
        gong_le_get64(head + 48), gong_le_get64(head + 56)};
    return true;
}

static void
publish_sums(const struct gong_drops_sums *sums)
{
    gong_counter_set(&gong_stats()->dropped_batches, (int64_t)sums->batches);
    gong_counter_set(&gong_stats()->dropped_points, (int64_t)sums->points);
    gong_counter_set(&gong_stats()->dropped_samples, (int64_t)sums->samples);
    gong_counter_set(&gong_stats()->damaged_batches, (int64_t)sums->damaged);
}

static void
load(struct gong_drops *drops)
{
    int fd = openat(drops->dir_fd, NAME, O_RDONLY | O_CLOEXEC);
    struct stat st = {0};
    char *bytes = NULL;
    size_t len = 0;

    if (fd < 0) {
        return;
    }
    if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= FILE_MAX) {
        len = (size_t)st.st_size;
        bytes = malloc(len);
    }
    if (bytes != NULL) {
        gong_spool_file_read(fd, 0, bytes, len);
    }
    if (bytes == NULL || !decode(drops, gong_str_from(bytes, len))) {
        gong_log(GONG_LOG_ERROR, "drops_refused",
                 "reason=\"damaged, or of another spool\" instead=\"counted "
                 "from zero\"");
    }
    free(bytes);
    (void)close(fd);
}

enum gong_err
gong_drops_open(const char *dir, uint64_t epoch, struct gong_drops **out)
{
    struct gong_drops *drops = calloc(1, sizeof *drops);

    *out = NULL;
    if (drops == NULL) {
        return GONG_ERR_MEMORY;
    }
    drops->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (drops->dir_fd < 0) {
        free(drops);
        return gong_err_from_errno(errno);
    }
    drops->epoch = epoch;
    (void)pthread_mutex_init(&drops->lock, NULL);
    load(drops);
    publish_sums(&drops->sums);
    *out = drops;
    return GONG_OK;
}

void
gong_drops_close(struct gong_drops *drops)
{
    if (drops == NULL) {
        return;
    }
    forget_events(drops);
    (void)close(drops->dir_fd);
    (void)pthread_mutex_destroy(&drops->lock);
    free(drops);
}

/* ---- events: by number, those not told never touching ---- */

static void
remove_event(struct gong_drops *drops, size_t at)
{
    gong_drops_event_fini(&drops->events[at]);
    drops->count--;
    memmove(drops->events + at, drops->events + at + 1,
            (drops->count - at) * sizeof drops->events[0]);
}

static void
join_next(struct gong_drops *drops, size_t at)
{
    gong_drops_event_join(&drops->events[at], &drops->events[at + 1]);
    drops->count--;
    memmove(drops->events + at + 1, drops->events + at + 2,
            (drops->count - at - 1) * sizeof drops->events[0]);
}

static bool
may_join(const struct gong_drops_event *a, const struct gong_drops_event *b,
         bool told)
{
    return (told || (a->told_seq == 0 && b->told_seq == 0)) &&
           a->reason == b->reason && a->last + 1 == b->first;
}

/* Neighbours become one; told ones too if told, which are then told again. */
static void
join_touching(struct gong_drops *drops, bool told)
{
    for (size_t i = 0; i + 1 < drops->count;) {
        if (may_join(&drops->events[i], &drops->events[i + 1], told)) {
            join_next(drops, i);
        } else {
            i++;
        }
    }
}

/* The oldest that was told, whose batch most likely arrives, or else the
 * oldest: its numbers are missing at the agent then, never explained wrongly.
 */
static void
forget_one(struct gong_drops *drops)
{
    const struct gong_drops_event *event;
    size_t at = 0;

    while (at < drops->count && (drops->events[at].told_seq == 0 ||
                                 drops->events[at].told_seq == IN_REPORT)) {
        at++;
    }
    at = at < drops->count ? at : 0;
    event = &drops->events[at];
    if (!drops->forgetting) {
        drops->forgetting = true;
        gong_log(GONG_LOG_WARNING, "drops_forgotten",
                 "first=%" PRIu64 " last=%" PRIu64
                 " reason=\"more than %d losses are not settled\" "
                 "instead=\"the oldest are missing at the agent\"",
                 event->first, event->last, GONG_DROPS_EVENTS_MAX);
    }
    remove_event(drops, at);
}

static void
make_room(struct gong_drops *drops)
{
    join_touching(drops, false);
    if (drops->count == GONG_DROPS_EVENTS_MAX) {
        join_touching(drops, true);
    }
    if (drops->count == GONG_DROPS_EVENTS_MAX) {
        forget_one(drops);
    }
}

/* A new event, in its place by number. */
static struct gong_drops_event *
begin_event(struct gong_drops *drops, enum gong_drop_reason reason,
            uint64_t first, uint64_t last)
{
    int64_t now = gong_wall_now().ns;
    size_t at;

    make_room(drops);
    at = drops->count;
    while (at > 0 && drops->events[at - 1].first > first) {
        at--;
    }
    memmove(drops->events + at + 1, drops->events + at,
            (drops->count - at) * sizeof drops->events[0]);
    drops->count++;
    drops->stamp_ns = now > drops->stamp_ns ? now : drops->stamp_ns + 1;
    drops->events[at] = (struct gong_drops_event){
        .reason = reason,
        .first = first,
        .last = last,
        .stamp_ns = drops->stamp_ns,
    };
    return &drops->events[at];
}

/* ---- what is lost ---- */

/* Under the lock. */
static void
note_hole(struct gong_drops *drops, uint64_t first, uint64_t last)
{
    struct gong_drops_event *event;

    if (last <= drops->hole_through) {
        return;
    }
    first = first > drops->hole_through ? first : drops->hole_through + 1;
    drops->hole_through = last;
    event = begin_event(drops, GONG_DROP_DAMAGED, first, last);
    event->batches = last - first + 1;
    event->no_sizes = true;
    drops->sums.damaged += event->batches;
}

/* Whether batch is told of in some event; then that has to be told again. */
static bool
is_report(struct gong_drops *drops, const struct gong_spooled *batch)
{
    const size_t len = sizeof REPORT - 1;

    if (batch->body.len < len || memcmp(batch->body.data, REPORT, len) != 0) {
        return false;
    }
    for (size_t i = 0; i < drops->count; i++) {
        if (drops->events[i].told_seq == batch->seq) {
            drops->events[i].told_seq = 0;
        }
    }
    return true;
}

/* The event that seq goes on with. */
static struct gong_drops_event *
find_before(struct gong_drops *drops, uint64_t seq)
{
    for (size_t i = drops->count; i > 0; i--) {
        struct gong_drops_event *event = &drops->events[i - 1];

        if (event->last + 1 == seq && event->told_seq == 0 &&
            event->reason == GONG_DROP_OLDEST) {
            return event;
        }
    }
    return NULL;
}

static void
take_batch(struct gong_drops *drops, const struct gong_spooled *batch)
{
    struct gong_drops_run run = {batch->points, 0, 1};
    struct gong_drops_event *event;

    if (is_report(drops, batch)) {
        run.points = 0; /* nobody measured them */
    } else {
        run.samples = (uint32_t)gong_lines_samples(batch->body);
    }
    event = find_before(drops, batch->seq);
    if (event == NULL) {
        event = begin_event(drops, GONG_DROP_OLDEST, batch->seq, batch->seq);
    }
    gong_drops_event_extend(event, &run, batch->seq,
                            gong_floor_ms(batch->wall_ns));
    drops->sums.batches++;
    drops->sums.points += run.points;
    drops->sums.samples += run.samples;
}

static void
take_record(struct gong_drops *drops, const struct gong_record *record)
{
    struct gong_spooled batch;

    if (gong_spooled_parse(record, &batch) != GONG_OK) {
        return;
    }
    if (drops->last_seq != 0 && batch.seq > drops->last_seq + 1 &&
        batch.generation == drops->last_generation) {
        note_hole(drops, drops->last_seq + 1, batch.seq - 1);
    }
    drops->last_seq = batch.seq;
    /* Who reads on behind it finds these gone, not damaged. */
    if (batch.seq > drops->hole_through) {
        drops->hole_through = batch.seq;
    }
    drops->last_generation = batch.generation;
    if (batch.seq <= drops->through ||
        gong_settled_has(&drops->settled, batch.seq)) {
        return;
    }
    take_batch(drops, &batch);
    drops->through = batch.seq;
}

void
gong_drops_dropping(void *ctx, const struct gong_record *record)
{
    struct gong_drops *drops = ctx;
    bool done = record == NULL;

    (void)pthread_mutex_lock(&drops->lock);
    if (!done) {
        take_record(drops, record);
    } else {
        drops->last_seq = 0;
        join_touching(drops, false);
        publish_sums(&drops->sums);
    }
    (void)pthread_mutex_unlock(&drops->lock);
    if (done) {
        save(drops);
    }
}

void
gong_drops_hole(void *ctx, uint64_t first, uint64_t last)
{
    struct gong_drops *drops = ctx;

    (void)pthread_mutex_lock(&drops->lock);
    note_hole(drops, first, last);
    publish_sums(&drops->sums);
    (void)pthread_mutex_unlock(&drops->lock);
}

void
gong_drops_torn(struct gong_drops *drops, uint64_t first, uint64_t last)
{
    struct gong_drops_event *event;

    (void)pthread_mutex_lock(&drops->lock);
    event = begin_event(drops, GONG_DROP_TORN, first, last);
    event->no_sizes = true;
    (void)pthread_mutex_unlock(&drops->lock);
}

void
gong_drops_settled(struct gong_drops *drops, const struct gong_settled *settled)
{
    (void)pthread_mutex_lock(&drops->lock);
    drops->settled = *settled;
    for (size_t i = drops->count; i > 0; i--) {
        uint64_t told = drops->events[i - 1].told_seq;

        if (told != 0 && gong_settled_has(settled, told)) {
            remove_event(drops, i - 1);
        }
    }
    drops->forgetting =
        drops->forgetting && drops->count > GONG_DROPS_EVENTS_MAX / 2;
    (void)pthread_mutex_unlock(&drops->lock);
}

/* ---- telling ---- */

static void
log_event(struct gong_drops_event *event)
{
    if (event->logged) {
        return;
    }
    event->logged = true;
    gong_log(GONG_LOG_WARNING, "batches_lost",
             "reason=%s first=%" PRIu64 " last=%" PRIu64 " batches=%" PRIu64
             " points=%" PRIu64 " samples=%" PRIu64,
             gong_drops_event_reason(event), event->first, event->last,
             event->batches, event->points, event->samples);
}

size_t
gong_drops_report(struct gong_drops *drops, size_t max, struct gong_buffer *out)
{
    size_t count = 0;

    (void)pthread_mutex_lock(&drops->lock);
    join_touching(drops, false);
    for (size_t i = 0; i < drops->count; i++) {
        struct gong_drops_event *event = &drops->events[i];
        size_t before = out->len;

        if (event->told_seq != 0) {
            continue;
        }
        if (gong_drops_event_line(event, drops->epoch, out) != GONG_OK ||
            (out->len > max && count > 0)) {
            out->len = before;
            break;
        }
        event->told_seq = IN_REPORT;
        count++;
    }
    (void)pthread_mutex_unlock(&drops->lock);
    return count;
}

void
gong_drops_told(struct gong_drops *drops, uint64_t seq)
{
    (void)pthread_mutex_lock(&drops->lock);
    for (size_t i = 0; i < drops->count; i++) {
        if (drops->events[i].told_seq == IN_REPORT) {
            drops->events[i].told_seq = seq;
            if (seq != 0) {
                log_event(&drops->events[i]);
            }
        }
    }
    publish_sums(&drops->sums);
    (void)pthread_mutex_unlock(&drops->lock);
    if (seq != 0) {
        save(drops);
    }
}

void
gong_drops_sums(struct gong_drops *drops, struct gong_drops_sums *out)
{
    (void)pthread_mutex_lock(&drops->lock);
    *out = drops->sums;
    (void)pthread_mutex_unlock(&drops->lock);
}
