#include "collector/spooler.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/lines.h"
#include "collector/manifest.h"
#include "collector/spooled.h"
#include "collector/spooler_numbers.h"
#include "collector/stats.h"
#include "collector/thread.h"
#include "common/crc32c.h"
#include "common/le.h"
#include "common/log.h"
#include "common/monitor.h"

#define SYNC_STACK (64u << 10)
#define TELL_MAX   4 /* reports after one append */

struct gong_spooler {
    struct gong_spool *spool;
    struct gong_drops *drops;
    struct gong_dating dating; /* as found at start */
    struct gong_manifest *manifest;
    uint64_t epoch;
    uint8_t boot_id[16];
    uint8_t generation; /* its low byte, in each record's flags */
    size_t body_max;    /* a record must fit a segment */
    gong_dur_t sync;
    void (*heard)(void *ctx);
    void *heard_ctx;

    pthread_mutex_t append_lock; /* guards what follows, up to holding; numbers
                                    follow the order in the spool */
    struct gong_buffer reports;
    uint64_t skipped_to;   /* the last number skipped for a hold, or 0 */
    bool manifest_failing; /* logged already */
    bool holding;          /* the newest batch is in memory */

    atomic_bool writable;
    enum gong_spool_policy policy;
    _Atomic uint64_t last_seq;
    _Atomic uint64_t low_most; /* see gong_spooler_low_most */

    struct gong_monitor monitor; /* guards dirty and stopping */
    bool dirty;
    bool stopping;
    bool syncing; /* the thread runs */
    pthread_t thread;
};

static enum gong_err
resume_numbers(struct gong_spooler *spooler, uint64_t segments)
{
    struct gong_spool_stats stats;
    uint64_t last = 0;
    enum gong_err err;

    gong_spool_stats(spooler->spool, &stats);
    /* The size of an existing log's segments wins over the option. */
    spooler->body_max = (size_t)(stats.bytes_max / segments / 2);
    if (spooler->body_max > GONG_SPOOLED_BODY_MAX) {
        spooler->body_max = GONG_SPOOLED_BODY_MAX;
    }
    spooler->generation = (uint8_t)(stats.generation & 0xff);
    err = gong_spooler_last_number(spooler->spool, &spooler->dating,
                                   spooler->drops, &last);
    atomic_init(&spooler->last_seq, last);
    return err;
}

static void *
run_sync(void *context)
{
    struct gong_spooler *spooler = context;
    bool stopping = false;

    while (!stopping) {
        bool dirty;

        gong_monitor_lock(&spooler->monitor);
        if (!spooler->stopping) {
            (void)gong_monitor_wait(&spooler->monitor, spooler->sync);
        }
        dirty = spooler->dirty;
        spooler->dirty = false;
        stopping = spooler->stopping;
        gong_monitor_unlock(&spooler->monitor);
        if (dirty) {
            /* The spool logs when syncing begins to fail and when it works
             * again; the next round tries once more. */
            if (gong_spool_sync(spooler->spool) != GONG_OK && !stopping) {
                gong_monitor_lock(&spooler->monitor);
                spooler->dirty = true;
                gong_monitor_unlock(&spooler->monitor);
            }
        }
    }
    return NULL;
}

static enum gong_err
start_sync(struct gong_spooler *spooler)
{
    enum gong_err err =
        gong_thread_start(&spooler->thread, SYNC_STACK, run_sync, spooler);

    spooler->syncing = err == GONG_OK;
    return err;
}

/* The spool's id is only known once it is open, so not drops itself. */
static void
dropping(void *ctx, const struct gong_record *record)
{
    struct gong_spooler *spooler = ctx;

    gong_drops_dropping(spooler->drops, record);
}

static enum gong_err
open_parts(struct gong_spooler *spooler,
           const struct gong_spooler_options *options, char *why,
           size_t why_size)
{
    struct gong_spool_options spool = {
        .dir = options->path,
        .segment_size = options->segment_size,
        .segments_max = (uint32_t)(options->size / options->segment_size),
        .policy = options->policy,
        .dropping = dropping,
        .dropping_ctx = spooler,
        .memory_max = options->memory,
    };
    uint8_t id[16];
    enum gong_err err = gong_spool_open(&spool, &spooler->spool, why, why_size);

    if (err != GONG_OK) {
        return err;
    }
    gong_spool_id(spooler->spool, id);
    spooler->epoch = gong_le_get64(id);
    err = gong_drops_open(options->path, spooler->epoch, &spooler->drops);
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s/dropped: %s", options->path,
                       gong_err_text(err));
        return err;
    }
    gong_clock_boot_id(spooler->boot_id);
    memcpy(spooler->dating.boot, spooler->boot_id, sizeof spooler->boot_id);
    err = resume_numbers(spooler, spool.segments_max);
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "cannot read the spool %s: %s",
                       options->path, gong_err_text(err));
        return err;
    }
    if (options->manifest != NULL && options->manifest[0] != '\0') {
        err = gong_manifest_open(options->manifest, gong_str_of(options->site),
                                 gong_str_of(options->device),
                                 &spooler->manifest, why, why_size);
    }
    if (err == GONG_OK) {
        err = start_sync(spooler);
        if (err != GONG_OK) {
            (void)snprintf(why, why_size, "cannot start a thread");
        }
    }
    return err;
}

enum gong_err
gong_spooler_open(const struct gong_spooler_options *options,
                  struct gong_spooler **out, char *why, size_t why_size)
{
    struct gong_spooler *spooler = calloc(1, sizeof *spooler);
    enum gong_err err;

    *out = NULL;
    if (spooler == NULL || gong_monitor_init(&spooler->monitor) != GONG_OK) {
        free(spooler);
        (void)snprintf(why, why_size, "%s", gong_err_text(GONG_ERR_MEMORY));
        return GONG_ERR_MEMORY;
    }
    (void)pthread_mutex_init(&spooler->append_lock, NULL);
    spooler->sync = options->sync;
    spooler->policy = options->policy;
    atomic_init(&spooler->writable, true);
    atomic_init(&spooler->low_most, UINT64_MAX);
    gong_counter_set(&gong_stats()->spool_writable, 1);
    err = open_parts(spooler, options, why, why_size);
    if (err != GONG_OK) {
        gong_spooler_close(spooler);
        return err;
    }
    *out = spooler;
    return GONG_OK;
}

void
gong_spooler_close(struct gong_spooler *spooler)
{
    if (spooler == NULL) {
        return;
    }
    if (spooler->syncing) {
        gong_monitor_lock(&spooler->monitor);
        spooler->stopping = true;
        gong_monitor_wake(&spooler->monitor);
        gong_monitor_unlock(&spooler->monitor);
        (void)pthread_join(spooler->thread, NULL);
    }
    gong_manifest_close(spooler->manifest);
    gong_spool_close(spooler->spool);
    gong_drops_close(spooler->drops);
    gong_buffer_fini(&spooler->reports);
    (void)pthread_mutex_destroy(&spooler->append_lock);
    gong_monitor_fini(&spooler->monitor);
    free(spooler);
}

void
gong_spooler_listen(struct gong_spooler *spooler, void (*heard)(void *ctx),
                    void *ctx)
{
    spooler->heard = heard;
    spooler->heard_ctx = ctx;
}

static uint64_t
count_lines(struct gong_str lines)
{
    uint64_t count = 0;

    while (lines.len > 0) {
        size_t len = gong_lines_first(lines);

        count++;
        lines = gong_str_from(lines.data + len, lines.len - len);
    }
    return count;
}

/* The first batch of lines: as many whole ones as fit, or the first one where
 * that alone is longer. *points says how many. */
static struct gong_str
first_chunk(struct gong_str lines, size_t most, uint32_t *points)
{
    size_t len = gong_lines_first(lines);

    *points = 1;
    while (len < lines.len) {
        size_t more =
            gong_lines_first(gong_str_from(lines.data + len, lines.len - len));

        if (more > most || len > most - more) {
            break;
        }
        len += more;
        ++*points;
    }
    return gong_str_from(lines.data, len);
}

/* A full spool that drops its oldest only refuses where it cannot recycle. */
static bool
may_hold(const struct gong_spooler *spooler, enum gong_err err)
{
    return err == GONG_ERR_IO || err == GONG_ERR_READ_ONLY ||
           (err == GONG_ERR_NO_SPACE &&
            spooler->policy == GONG_SPOOL_DROP_OLDEST);
}

/* One batch as it is appended. */
struct draft {
    struct gong_str body;
    uint32_t points;
    uint32_t crc;
    struct gong_record_meta meta;
};

typedef enum gong_err (*put_fn)(struct gong_spool *spool,
                                const struct gong_record_meta *meta,
                                const struct iovec *parts, int part_count,
                                uint64_t *offset);

static enum gong_err
put(struct gong_spooler *spooler, put_fn put_record, const struct draft *draft,
    uint64_t seq)
{
    uint8_t head[GONG_SPOOLED_HEAD];
    /* iovec has no const; the spool only reads. */
    struct iovec parts[2] = {
        {head, sizeof head},
        {(void *)(uintptr_t)draft->body.data, draft->body.len}};
    enum gong_err err;

    gong_spooled_head(seq, draft->points, draft->crc, head);
    err = put_record(spooler->spool, &draft->meta, parts, 2, NULL);
    if (err == GONG_OK) {
        atomic_store(&spooler->last_seq, seq);
    }
    return err;
}

/* A restart goes on from the last number on the disk: those given out from
 * memory must lie where it will never come. */
static enum gong_err
hold(struct gong_spooler *spooler, const struct draft *draft)
{
    uint64_t next = atomic_load(&spooler->last_seq) + 1;
    uint64_t seq = spooler->holding ? next : next + gong_spooler_jump();
    enum gong_err err;

    if (!spooler->holding) {
        atomic_store(&spooler->low_most, next);
    }
    err = put(spooler, gong_spool_hold, draft, seq);
    if (err == GONG_OK && !spooler->holding) {
        spooler->skipped_to = seq - 1;
        spooler->holding = true;
    } else if (!spooler->holding) {
        atomic_store(&spooler->low_most, UINT64_MAX);
    }
    return err;
}

/* What was held is on the disk: no restart will use the skipped numbers. */
static void
end_holding(struct gong_spooler *spooler)
{
    uint64_t first = atomic_exchange(&spooler->low_most, UINT64_MAX);

    if (spooler->holding && first <= spooler->skipped_to) {
        gong_drops_torn(spooler->drops, first, spooler->skipped_to);
    }
    spooler->holding = false;
}

static void
note_writable(struct gong_spooler *spooler, bool writable)
{
    gong_counter_set(&gong_stats()->spool_writable, writable ? 1 : 0);
    if (atomic_exchange(&spooler->writable, writable) != writable) {
        gong_log(writable ? GONG_LOG_INFO : GONG_LOG_ERROR, "spool_writable",
                 "state=%s", writable ? "yes" : "no");
    }
}

static enum gong_err
append_batch(struct gong_spooler *spooler, struct gong_str body,
             uint32_t points, struct gong_spooler_taken *taken)
{
    struct draft draft = {
        .body = body,
        .points = points,
        .crc = gong_crc32c(0, body.data, body.len),
        .meta = {.type = GONG_RECORD_SPOOLED,
                 .flags = spooler->generation,
                 .mono_ns = gong_mono_now().ns,
                 .wall_ns = gong_wall_now().ns},
    };
    enum gong_err err;

    memcpy(draft.meta.boot_id, spooler->boot_id, sizeof draft.meta.boot_id);
    draft.meta.journal_ms = gong_floor_ms(draft.meta.wall_ns);
    err = put(spooler, gong_spool_append, &draft,
              atomic_load(&spooler->last_seq) + 1);
    if (err == GONG_OK) {
        taken->accepted += points;
        end_holding(spooler);
        note_writable(spooler, true);
        return GONG_OK;
    }
    draft.points |= GONG_SPOOLED_HELD;
    if (may_hold(spooler, err) && hold(spooler, &draft) == GONG_OK) {
        taken->held += points;
        err = GONG_OK;
    }
    note_writable(spooler, false);
    return err;
}

/* What was lost goes the way of all points. Where there is no room it stays to
 * be told; appending it may push out more, which the next append tells. Not
 * from memory: only on the disk it is told. Under append_lock. */
static bool
tell_drops_once(struct gong_spooler *spooler)
{
    struct gong_spooler_taken taken = {0};
    size_t lines;
    enum gong_err err;

    spooler->reports.len = 0;
    lines =
        gong_drops_report(spooler->drops, spooler->body_max, &spooler->reports);
    if (lines == 0) {
        return false;
    }
    err = append_batch(
        spooler, gong_str_from(spooler->reports.data, spooler->reports.len),
        (uint32_t)lines, &taken);
    gong_drops_told(spooler->drops,
                    taken.accepted > 0 ? atomic_load(&spooler->last_seq) : 0);
    return err == GONG_OK && taken.accepted > 0;
}

static void
tell_drops(struct gong_spooler *spooler)
{
    bool more = !spooler->holding;

    for (int i = 0; i < TELL_MAX && more; i++) {
        more = tell_drops_once(spooler);
    }
}

/* A manifest that cannot be written costs no point; said once. */
static void
note_in_manifest(struct gong_spooler *spooler, struct gong_str lines)
{
    enum gong_err err = gong_manifest_add(spooler->manifest, lines);

    if (err != GONG_OK && !spooler->manifest_failing) {
        gong_log(GONG_LOG_ERROR, "manifest_failed", "error=\"%s\"",
                 gong_err_text(err));
    }
    spooler->manifest_failing = err != GONG_OK;
}

enum gong_err
gong_spooler_append(struct gong_spooler *spooler, struct gong_str lines,
                    struct gong_spooler_taken *taken)
{
    struct gong_spooler_taken in = {0};
    enum gong_err err = GONG_OK;

    (void)pthread_mutex_lock(&spooler->append_lock);
    while (lines.len > 0 && err == GONG_OK) {
        uint32_t points;
        struct gong_str chunk = first_chunk(lines, spooler->body_max, &points);

        err = append_batch(spooler, chunk, points, &in);
        if (err != GONG_OK) {
            break;
        }
        lines = gong_str_from(lines.data + chunk.len, lines.len - chunk.len);
        gong_counter_increase(&gong_stats()->batches_spooled, 1);
        if (spooler->manifest != NULL) {
            note_in_manifest(spooler, chunk);
        }
    }
    if (err == GONG_OK) {
        tell_drops(spooler);
    }
    (void)pthread_mutex_unlock(&spooler->append_lock);
    if (err != GONG_OK) {
        gong_counter_increase(&gong_stats()->points_dropped,
                              count_lines(lines));
    }
    gong_counter_increase(&gong_stats()->points_held, in.held);
    if (taken != NULL) {
        *taken = in;
    }
    if (in.accepted + in.held > 0) {
        gong_monitor_lock(&spooler->monitor);
        spooler->dirty = true;
        gong_monitor_unlock(&spooler->monitor);
        if (spooler->heard != NULL) {
            spooler->heard(spooler->heard_ctx);
        }
    }
    return err;
}

void
gong_spooler_settled(struct gong_spooler *spooler,
                     const struct gong_settled *settled)
{
    gong_drops_settled(spooler->drops, settled);
}

struct gong_dating
gong_spooler_dating(const struct gong_spooler *spooler)
{
    return spooler->dating;
}

struct gong_drops *
gong_spooler_drops(struct gong_spooler *spooler)
{
    return spooler->drops;
}

bool
gong_spooler_writable(const struct gong_spooler *spooler)
{
    return atomic_load(&spooler->writable);
}

uint64_t
gong_spooler_low_most(const struct gong_spooler *spooler)
{
    return atomic_load(&spooler->low_most);
}

struct gong_spool *
gong_spooler_spool(struct gong_spooler *spooler)
{
    return spooler->spool;
}

uint64_t
gong_spooler_epoch(const struct gong_spooler *spooler)
{
    return spooler->epoch;
}

uint64_t
gong_spooler_last_seq(const struct gong_spooler *spooler)
{
    return atomic_load(&spooler->last_seq);
}
