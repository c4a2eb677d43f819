#include "collector/schedule.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/points.h"
#include "collector/stats.h"
#include "collector/thread.h"
#include "common/log.h"
#include "common/monitor.h"

/* Virtual; only what is touched counts. A resolver or a TLS handshake needs
 * most of it. */
#define STACK_SIZE (256u << 10)
#define WHY_SIZE   256

struct run {
    const struct gong_config_input *input;
    void *state;
    bool open;
    bool failing; /* the last gathering failed, and that was logged */
    gong_mono_t due;
};

/* One thread with the inputs it runs. */
struct lane {
    struct gong_schedule *schedule;
    struct run *runs;
    size_t count;
    struct gong_points points;
    pthread_t thread;
    bool started;
};

struct gong_schedule {
    struct gong_schedule_sink sink;
    struct gong_cadence *cadence;
    struct gong_monitor monitor; /* guards stopping */
    bool stopping;
    struct run *runs; /* the fast ones first */
    size_t run_count;
    struct lane *lanes;
    size_t lane_count;
};

gong_mono_t
gong_schedule_next(gong_mono_t now, gong_dur_t interval)
{
    return (gong_mono_t){(now.ns / interval.ns + 1) * interval.ns};
}

static void
report(struct run *run, enum gong_err err, const char *why)
{
    char quoted[WHY_SIZE + 64];

    if (err == GONG_OK) {
        if (run->failing) {
            gong_log(GONG_LOG_INFO, "input_back", "input=%s",
                     run->input->kind->type);
        }
        run->failing = false;
        return;
    }
    gong_counter_increase(&gong_stats()->gather_errors, 1);
    if (!run->failing) {
        gong_log(GONG_LOG_WARNING, "input_failed", "input=%s reason=%s",
                 run->input->kind->type,
                 gong_log_quote(
                     gong_str_of(why[0] != '\0' ? why : gong_err_text(err)),
                     quoted, sizeof quoted));
    }
    run->failing = true;
}

/* Whole lines stay even if the gathering failed half-way: they are true. */
static void
gather(struct lane *lane, struct run *run)
{
    struct gong_points *points = &lane->points;
    const struct gong_config_input *input = run->input;
    size_t before = points->lines.len;
    char why[WHY_SIZE] = "";
    enum gong_err err;

    points->err = GONG_OK;
    err = input->kind->gather(run->state, points, input->timeout, why,
                              sizeof why);
    if (err == GONG_OK) {
        err = points->err;
    }
    report(run, err, why);
    if (lane->schedule->cadence != NULL && points->lines.len > before) {
        gong_cadence_note(lane->schedule->cadence,
                          gong_str_from(points->lines.data + before,
                                        points->lines.len - before),
                          input->interval);
    }
}

static void
deliver(struct lane *lane)
{
    const struct gong_points *points = &lane->points;
    const struct gong_schedule_sink *sink = &lane->schedule->sink;

    if (points->lines.len == 0) {
        return;
    }
    /* What is refused is counted and logged where it was refused. */
    if (sink->take(sink->ctx,
                   gong_str_from(points->lines.data, points->lines.len),
                   points->count) == GONG_OK) {
        gong_counter_increase(&gong_stats()->points_gathered, points->count);
    }
}

static void
advance(struct run *run, gong_mono_t tick)
{
    gong_mono_t now = gong_mono_now();
    int64_t passed = gong_mono_since(now, tick).ns / run->input->interval.ns;

    run->due = gong_schedule_next(now, run->input->interval);
    if (passed > 0) {
        gong_counter_increase(&gong_stats()->gathers_missed, (uint64_t)passed);
    }
}

static gong_mono_t
earliest(const struct lane *lane)
{
    gong_mono_t due = lane->runs[0].due;

    for (size_t i = 1; i < lane->count; i++) {
        if (lane->runs[i].due.ns < due.ns) {
            due = lane->runs[i].due;
        }
    }
    return due;
}

/* False when the schedule is stopping. */
static bool
wait_until(struct gong_schedule *schedule, gong_mono_t instant)
{
    gong_dur_t left = gong_mono_since(instant, gong_mono_now());
    bool stopping;

    gong_monitor_lock(&schedule->monitor);
    while (!schedule->stopping && left.ns > 0) {
        (void)gong_monitor_wait(&schedule->monitor, left);
        left = gong_mono_since(instant, gong_mono_now());
    }
    stopping = schedule->stopping;
    gong_monitor_unlock(&schedule->monitor);
    return !stopping;
}

static int64_t
stamp(void)
{
    int64_t now = gong_wall_now().ns;

    return now - now % GONG_NS_PER_MS;
}

static void *
run_lane(void *ctx)
{
    struct lane *lane = ctx;
    gong_mono_t tick = earliest(lane);

    while (wait_until(lane->schedule, tick)) {
        gong_points_reset(&lane->points, stamp());
        for (size_t i = 0; i < lane->count; i++) {
            if (lane->runs[i].due.ns <= tick.ns) {
                gather(lane, &lane->runs[i]);
                advance(&lane->runs[i], tick);
            }
        }
        deliver(lane);
        tick = earliest(lane);
    }
    return NULL;
}

static enum gong_err
open_input(struct run *run, const char *proc_root, char *why, size_t why_size)
{
    const struct gong_input_kind *kind = run->input->kind;
    char reason[WHY_SIZE] = "";
    enum gong_err err = kind->open(run->input->own, proc_root, &run->state,
                                   reason, sizeof reason);

    run->open = err == GONG_OK;
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "input %s: %s", kind->type,
                       reason[0] != '\0' ? reason : gong_err_text(err));
    }
    return err;
}

/* All inputs of one sort, behind those that are there. */
static enum gong_err
open_inputs(struct gong_schedule *schedule,
            const struct gong_schedule_options *options, bool slow, char *why,
            size_t why_size)
{
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < options->count && err == GONG_OK; i++) {
        if (options->inputs[i].kind->slow == slow) {
            struct run *run = &schedule->runs[schedule->run_count++];

            run->input = &options->inputs[i];
            err = open_input(run, options->proc_root, why, why_size);
        }
    }
    return err;
}

static void
add_lane(struct gong_schedule *schedule, size_t first, size_t count)
{
    struct lane *lane = &schedule->lanes[schedule->lane_count++];

    lane->schedule = schedule;
    lane->runs = schedule->runs + first;
    lane->count = count;
    gong_points_init(&lane->points, 0);
}

static enum gong_err
make_lanes(struct gong_schedule *schedule,
           const struct gong_schedule_options *options, char *why,
           size_t why_size)
{
    enum gong_err err = open_inputs(schedule, options, false, why, why_size);
    size_t fast = schedule->run_count;

    if (err == GONG_OK) {
        err = open_inputs(schedule, options, true, why, why_size);
    }
    if (fast > 0) {
        add_lane(schedule, 0, fast);
    }
    for (size_t i = fast; i < schedule->run_count; i++) {
        add_lane(schedule, i, 1);
    }
    return err;
}

enum gong_err
gong_schedule_new(const struct gong_schedule_options *options,
                  struct gong_schedule **out, char *why, size_t why_size)
{
    struct gong_schedule *schedule = calloc(1, sizeof *schedule);
    enum gong_err err = GONG_ERR_MEMORY;

    *out = NULL;
    (void)snprintf(why, why_size, "%s", gong_err_text(err));
    if (schedule == NULL || gong_monitor_init(&schedule->monitor) != GONG_OK) {
        free(schedule);
        return err;
    }
    schedule->sink = options->sink;
    schedule->cadence = options->cadence;
    schedule->runs = calloc(options->count + 1, sizeof schedule->runs[0]);
    schedule->lanes = calloc(options->count + 1, sizeof schedule->lanes[0]);
    if (schedule->runs != NULL && schedule->lanes != NULL) {
        err = make_lanes(schedule, options, why, why_size);
    }
    if (err != GONG_OK) {
        gong_schedule_free(schedule);
        return err;
    }
    *out = schedule;
    return GONG_OK;
}

enum gong_err
gong_schedule_start(struct gong_schedule *schedule)
{
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < schedule->run_count; i++) {
        schedule->runs[i].due = gong_schedule_next(
            gong_mono_now(), schedule->runs[i].input->interval);
    }
    for (size_t i = 0; i < schedule->lane_count && err == GONG_OK; i++) {
        struct lane *lane = &schedule->lanes[i];

        err = gong_thread_start(&lane->thread, STACK_SIZE, run_lane, lane);
        lane->started = err == GONG_OK;
    }
    return err;
}

void
gong_schedule_stop(struct gong_schedule *schedule)
{
    if (schedule == NULL) {
        return;
    }
    gong_monitor_lock(&schedule->monitor);
    schedule->stopping = true;
    gong_monitor_wake(&schedule->monitor);
    gong_monitor_unlock(&schedule->monitor);
    for (size_t i = 0; i < schedule->lane_count; i++) {
        if (schedule->lanes[i].started) {
            (void)pthread_join(schedule->lanes[i].thread, NULL);
            schedule->lanes[i].started = false;
        }
    }
}

void
gong_schedule_free(struct gong_schedule *schedule)
{
    if (schedule == NULL) {
        return;
    }
    gong_schedule_stop(schedule);
    for (size_t i = 0; i < schedule->lane_count; i++) {
        gong_points_fini(&schedule->lanes[i].points);
    }
    for (size_t i = 0; i < schedule->run_count; i++) {
        if (schedule->runs[i].open) {
            schedule->runs[i].input->kind->close(schedule->runs[i].state);
        }
    }
    free(schedule->runs);
    free(schedule->lanes);
    gong_monitor_fini(&schedule->monitor);
    free(schedule);
}
