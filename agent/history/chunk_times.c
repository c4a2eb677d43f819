#include "agent/history/chunk_times.h"

#include "agent/history/chunk_values.h"
#include "agent/history/history_time.h"

#define HOW_STEPS 0
#define HOW_LINE  1

/* The straight line through the first and the last of count times, walked from
 * the first on: what a division would give, without one for each. */
struct line {
    uint64_t at;
    uint64_t step;
    uint64_t rest; /* of count - 1 */
    uint64_t have;
    uint64_t parts;
};

static struct line
line_of(uint64_t first, uint64_t span, size_t count)
{
    uint64_t parts = count - 1;

    return (struct line){first, span / parts, span % parts, 0, parts};
}

static uint64_t
line_next(struct line *line)
{
    line->at += line->step;
    line->have += line->rest;
    if (line->have >= line->parts) {
        line->have -= line->parts;
        line->at++;
    }
    return line->at;
}

static unsigned
bits_of(uint64_t number)
{
    return number == 0 ? 0 : 64 - (unsigned)__builtin_clzll(number);
}

/* The column of steps into out; bits in all. */
static uint64_t
make_steps(const uint64_t *times, size_t count, uint64_t *out)
{
    uint64_t bits = 0;

    for (size_t i = 2; i < count; i++) {
        int64_t now = (int64_t)(times[i] - times[i - 1]);
        int64_t before = (int64_t)(times[i - 1] - times[i - 2]);

        out[i - 2] = gong_zigzag(now - before);
        bits += bits_of(out[i - 2]);
    }
    return bits;
}

static uint64_t
bits_of_line(const uint64_t *times, size_t count)
{
    struct line line = line_of(times[0], times[count - 1] - times[0], count);
    uint64_t bits = 0;

    for (size_t i = 1; i + 1 < count; i++) {
        bits += bits_of(gong_zigzag((int64_t)(times[i] - line_next(&line))));
    }
    return bits;
}

/* In place, from times[1] on. */
static void
make_line(uint64_t *times, size_t count)
{
    struct line line = line_of(times[0], times[count - 1] - times[0], count);

    for (size_t i = 1; i + 1 < count; i++) {
        times[i] = gong_zigzag((int64_t)(times[i] - line_next(&line)));
    }
}

static enum gong_err
put_head(struct gong_frame *frame, uint64_t first, uint64_t how,
         uint64_t distance)
{
    enum gong_err err = gong_frame_put(frame, first);

    if (err == GONG_OK) {
        err = gong_frame_put(frame, how);
    }
    return err == GONG_OK ? gong_frame_put(frame, distance) : err;
}

enum gong_err
gong_times_put(struct gong_frame *frame, uint64_t *times, uint64_t *scratch,
               size_t count)
{
    uint64_t steps = 0;
    bool line = false;
    enum gong_err err;

    if (count == 1) {
        return gong_frame_put(frame, times[0]);
    }
    steps = make_steps(times, count, scratch);
    line = steps > 0 && bits_of_line(times, count) < steps;
    err = put_head(frame, times[0], line ? HOW_LINE : HOW_STEPS,
                   times[line ? count - 1 : 1] - times[0]);
    if (err != GONG_OK || count == 2) {
        return err;
    }
    if (line) {
        make_line(times, count);
    }
    return gong_frame_put_column(frame, line ? times + 1 : scratch, count - 2);
}

static bool
get_steps(uint64_t *times, size_t count, uint64_t step)
{
    for (size_t i = 1; i < count; i++) {
        step += i > 1 ? (uint64_t)gong_unzigzag(times[i]) : 0;
        if (step == 0 || step > GONG_HISTORY_MS_MAX - times[i - 1]) {
            return false;
        }
        times[i] = times[i - 1] + step;
    }
    return true;
}

static bool
get_line(uint64_t *times, size_t count, uint64_t span)
{
    struct line line = line_of(times[0], span, count);

    if (span > GONG_HISTORY_MS_MAX - times[0]) {
        return false;
    }
    for (size_t i = 1; i < count; i++) {
        uint64_t at = line_next(&line);

        if (i + 1 < count) {
            at += (uint64_t)gong_unzigzag(times[i]);
        }
        if (at <= times[i - 1] || at > GONG_HISTORY_MS_MAX) {
            return false;
        }
        times[i] = at;
    }
    return true;
}

bool
gong_times_get(struct gong_frame *frame, uint64_t *times, size_t count)
{
    uint64_t distance = 0;
    uint64_t how = 0;

    if (!gong_frame_get(frame, &times[0]) || times[0] > GONG_HISTORY_MS_MAX) {
        return false;
    }
    if (count == 1) {
        return true;
    }
    if (!gong_frame_get(frame, &how) || how > HOW_LINE ||
        !gong_frame_get(frame, &distance)) {
        return false;
    }
    if (count > 2 && !gong_frame_get_column(
                         frame, times + (how == HOW_LINE ? 1 : 2), count - 2)) {
        return false;
    }
    return how == HOW_LINE ? get_line(times, count, distance)
                           : get_steps(times, count, distance);
}
