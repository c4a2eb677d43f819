#include "collector/lanes.h"

#include <inttypes.h>
#include <string.h>

#include "collector/stats.h"
#include "common/log.h"

enum gong_err
gong_lanes_open(struct gong_lanes *lanes, struct gong_spool *spool,
                const struct gong_lanes_options *options)
{
    enum gong_err err;

    memset(lanes, 0, sizeof *lanes);
    lanes->options = *options;
    err = gong_spool_cursor_open(spool, "publish", &lanes->cursor);
    if (err == GONG_OK) {
        lanes->live = gong_spool_cursor_offset(lanes->cursor);
        lanes->committed = lanes->live;
        lanes->seen = lanes->live;
        lanes->live_seq = 1;
    }
    return err;
}

void
gong_lanes_close(struct gong_lanes *lanes)
{
    if (lanes->cursor != NULL) {
        gong_spool_cursor_close(lanes->cursor);
        lanes->cursor = NULL;
    }
}

/* What is read for the first time comes in order and without holes, but for the
 * numbers that were skipped where memory had to do. */
static void
note_seen(struct gong_lanes *lanes, uint64_t from,
          const struct gong_spooled *batch, uint64_t next)
{
    if (from != lanes->seen && batch->offset < lanes->seen) {
        return;
    }
    if (from == lanes->seen && lanes->seen_seq != 0 &&
        batch->seq > lanes->seen_seq + 1 &&
        batch->generation == lanes->seen_generation && !batch->held &&
        !lanes->seen_held && lanes->options.hole != NULL) {
        lanes->options.hole(lanes->options.hole_ctx, lanes->seen_seq + 1,
                            batch->seq - 1);
    }
    lanes->seen = next;
    lanes->seen_seq = batch->seq;
    lanes->seen_generation = batch->generation;
    lanes->seen_held = batch->held;
}

/* The first batch at or after from and before limit; *next is what follows. */
static enum gong_err
read_from(struct gong_lanes *lanes, uint64_t from, uint64_t limit,
          struct gong_spooled *out, uint64_t *next)
{
    struct gong_record record;
    enum gong_err err;

    if (gong_spool_cursor_offset(lanes->cursor) != from) {
        gong_spool_cursor_seek(lanes->cursor, from);
    }
    for (;;) {
        err = gong_spool_cursor_next(lanes->cursor, limit, &record);
        if (err != GONG_OK) {
            return err;
        }
        *next = record.next;
        if (gong_spooled_parse(&record, out) == GONG_OK) {
            note_seen(lanes, from, out, *next);
            return GONG_OK;
        }
        gong_counter_increase(&gong_stats()->batches_damaged, 1);
    }
}

static int64_t
age_ns(const struct gong_lanes *lanes, const struct gong_spooled *batch,
       gong_wall_t now)
{
    bool placed;

    if (lanes->dating == NULL) {
        return now.ns - batch->wall_ns;
    }
    return now.ns - gong_dating_wall(lanes->dating, batch, &placed).ns;
}

static bool
is_backlog(const struct gong_lanes *lanes, const struct gong_spooled *batch,
           uint64_t last_seq, gong_wall_t now)
{
    return age_ns(lanes, batch, now) > lanes->options.backlog_after.ns &&
           last_seq > batch->seq &&
           last_seq - batch->seq >
               lanes->options.backlog_rate * GONG_LANES_IN_ORDER_S;
}

/* Leaves what is older than backlog_after, from first on, to a gap. On error
 * nothing has moved: what live_seq passes over is told to be lost. */
static enum gong_err
split(struct gong_lanes *lanes, const struct gong_spooled *first,
      gong_wall_t now)
{
    struct gong_lanes_gap gap = {first->offset, first->offset, first->seq};
    struct gong_spooled batch = *first;
    uint64_t next = first->offset;
    uint64_t live_seq = first->seq;
    enum gong_err err = GONG_OK;

    while (age_ns(lanes, &batch, now) > lanes->options.backlog_after.ns) {
        err = read_from(lanes, next, UINT64_MAX, &batch, &next);
        if (err != GONG_OK) {
            break;
        }
        gap.end = batch.offset;
        live_seq = batch.seq;
    }
    if (err == GONG_ERR_AGAIN) {
        /* All of it is old. */
        gap.end = next;
        live_seq = batch.seq + 1;
    } else if (err != GONG_OK) {
        return err;
    }
    lanes->live = gap.end;
    lanes->live_seq = live_seq;
    if (lanes->gap_count < GONG_LANES_GAPS_MAX) {
        lanes->gaps[lanes->gap_count++] = gap;
    } else {
        lanes->gaps[lanes->gap_count - 1].end = gap.end;
    }
    gong_log(GONG_LOG_INFO, "backlog_begins",
             "first=%" PRIu64 " before=%" PRIu64, gap.seq, lanes->live_seq);
    return GONG_OK;
}

static enum gong_err
next_live(struct gong_lanes *lanes, uint64_t last_seq, gong_wall_t now,
          struct gong_spooled *out)
{
    uint64_t next = lanes->live;
    enum gong_err err = read_from(lanes, lanes->live, UINT64_MAX, out, &next);

    if (err == GONG_OK && is_backlog(lanes, out, last_seq, now)) {
        err = split(lanes, out, now);
        if (err == GONG_OK) {
            next = lanes->live;
            err = read_from(lanes, lanes->live, UINT64_MAX, out, &next);
        }
    }
    if (err == GONG_OK) {
        lanes->live = next;
        lanes->live_seq = out->seq + 1;
    }
    return err;
}

static void
close_gap(struct gong_lanes *lanes)
{
    lanes->gap_count--;
    memmove(lanes->gaps, lanes->gaps + 1,
            lanes->gap_count * sizeof lanes->gaps[0]);
    if (lanes->gap_count == 0) {
        gong_log(GONG_LOG_INFO, "backlog_ends", "live=%" PRIu64,
                 lanes->live_seq);
    }
}

static enum gong_err
next_back(struct gong_lanes *lanes, struct gong_spooled *out)
{
    while (lanes->gap_count > 0) {
        struct gong_lanes_gap *gap = &lanes->gaps[0];
        uint64_t next = gap->pos;
        enum gong_err err = read_from(lanes, gap->pos, gap->end, out, &next);

        if (err != GONG_OK && err != GONG_ERR_AGAIN) {
            return err;
        }
        if (err == GONG_OK && out->offset < gap->end) {
            gap->pos = next;
            gap->seq = out->seq + 1;
            if (next >= gap->end) {
                close_gap(lanes);
            }
            return GONG_OK;
        }
        close_gap(lanes);
    }
    return GONG_ERR_AGAIN;
}

enum gong_err
gong_lanes_next(struct gong_lanes *lanes, enum gong_lane lane,
                uint64_t last_seq, gong_wall_t now, struct gong_spooled *out)
{
    return lane == GONG_LANE_LIVE ? next_live(lanes, last_seq, now, out)
                                  : next_back(lanes, out);
}

enum gong_err
gong_lanes_again(struct gong_lanes *lanes, uint64_t offset, uint64_t seq,
                 struct gong_spooled *out)
{
    uint64_t next = offset;
    enum gong_err err = read_from(lanes, offset, UINT64_MAX, out, &next);

    if (err == GONG_ERR_AGAIN || (err == GONG_OK && out->seq != seq)) {
        return GONG_ERR_NOT_FOUND;
    }
    return err;
}

uint64_t
gong_lanes_unread(const struct gong_lanes *lanes, uint64_t *seq)
{
    if (lanes->gap_count > 0) {
        *seq = lanes->gaps[0].seq;
        return lanes->gaps[0].pos;
    }
    *seq = lanes->live_seq;
    return lanes->live;
}

enum gong_err
gong_lanes_commit(struct gong_lanes *lanes, uint64_t offset)
{
    enum gong_err err;

    if (offset <= lanes->committed) {
        return GONG_OK;
    }
    err = gong_spool_cursor_commit(lanes->cursor, offset);
    if (err == GONG_OK) {
        lanes->committed = offset;
    }
    return err;
}
