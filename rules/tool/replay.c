#include "rules/tool/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/journal_tool.h"
#include "common/clock.h"
#include "common/record.h"
#include "rules/tool/input.h"
#include "rules/tool/line_order.h"
#include "rules/tool/number_text.h"

/* Between two looks at the clock. */
#define LOOK_BYTES (8u << 20)

struct run {
    struct gong_replay *replay;
    struct gong_engine *engine;
    struct gong_input *input; /* NULL for a journal */
    enum gong_err err;        /* the first, for a walk that cannot stop */
    bool begun;
    uint64_t position;
    uint64_t bytes; /* since the clock was read */
    gong_mono_t start;
    gong_mono_t told;
};

static void
put_progress(struct run *run)
{
    gong_mono_t now = gong_mono_now();
    double seconds = (double)gong_mono_since(now, run->start).ns / 1e9;
    struct gong_engine_stats stats;
    uint64_t size = run->input == NULL ? 0 : gong_input_size(run->input);

    if (gong_mono_since(now, run->told).ns < GONG_NS_PER_S / 4) {
        return;
    }
    run->told = now;
    gong_engine_stats(run->engine, &stats);
    (void)fprintf(run->replay->err, "\r%" PRIu64 " point%s, %.2f M points/s",
                  stats.points, gong_plural(stats.points),
                  (double)stats.points / seconds / 1e6);
    if (size > 0) {
        (void)fprintf(run->replay->err, ", %" PRIu64 " %%",
                      gong_input_done(run->input) * 100 / size);
    }
    (void)fputs("   ", run->replay->err);
}

/* The rules begin with the first record. */
static enum gong_err
begin(struct run *run, int64_t ms)
{
    enum gong_err err = GONG_OK;

    if (!run->begun) {
        run->begun = true;
        run->replay->from_ms = ms;
        run->replay->to_ms = ms;
        err = gong_engine_set_rules(run->engine, run->replay->set,
                                    run->position++, ms, NULL);
    }
    if (ms > run->replay->to_ms) {
        run->replay->to_ms = ms;
    }
    return err;
}

static enum gong_err
apply(struct run *run, const struct gong_record *record)
{
    enum gong_err err = begin(run, record->meta.journal_ms);

    if (err == GONG_OK) {
        err = gong_engine_apply(run->engine, record);
    }
    run->bytes += record->payload.len;
    if (run->replay->progress && run->bytes >= LOOK_BYTES) {
        run->bytes = 0;
        put_progress(run);
    }
    return err;
}

/* In ns; of a millisecond that int64 holds in part, what it holds. */
static int64_t
end_of(int64_t ms)
{
    if (ms >= INT64_MAX / GONG_NS_PER_MS) {
        return INT64_MAX;
    }
    return ms < INT64_MIN / GONG_NS_PER_MS
               ? INT64_MIN
               : ms * GONG_NS_PER_MS + GONG_NS_PER_MS - 1;
}

/* Lines of one millisecond are a record that arrived at its end. */
static enum gong_err
take_run(void *ctx, const struct gong_line_run *lines)
{
    struct run *run = ctx;
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_DATA,
                 .journal_ms = lines->ms,
                 .wall_ns = end_of(lines->ms)},
        .offset = run->position,
        .payload = gong_str_from(lines->payload, lines->len),
    };

    if (lines->ms == INT64_MIN) {
        (void)fprintf(run->replay->err,
                      "%s: found no line with a stamp, expected line protocol "
                      "with stamps in ns\n",
                      run->replay->path);
        return GONG_ERR_INVALID;
    }
    if (run->replay->has_until && lines->ms > run->replay->until_ms) {
        return GONG_OK;
    }
    run->position++;
    return apply(run, &record);
}

static void
take_record(void *ctx, const struct gong_record *record)
{
    struct run *run = ctx;

    if (run->replay->has_until &&
        record->meta.journal_ms > run->replay->until_ms) {
        return;
    }
    if (run->err == GONG_OK && record->meta.type != GONG_RECORD_CONFIG) {
        run->err = apply(run, record);
    }
}

static enum gong_err
read_file(struct run *run)
{
    struct gong_replay *replay = run->replay;
    struct gong_line_order *order =
        gong_line_order_new(replay->tolerance_ms, take_run, run);
    enum gong_err err = GONG_ERR_MEMORY;
    int64_t late_ms = 0;
    uint64_t line;

    if (order != NULL) {
        err = gong_input_open(replay->path, &run->input);
    }
    if (err == GONG_OK) {
        err = gong_line_runs_read(run->input, gong_line_order_put, order);
    }
    if (err == GONG_OK) {
        err = gong_line_order_end(order);
    }
    line = order == NULL ? 0 : gong_line_order_late(order, &late_ms);
    if (line > 0) {
        (void)fprintf(replay->err,
                      "%s:%" PRIu64 ": found a stamp %" PRId64 ".%03" PRId64
                      " s older than one before it, expected "
                      "rising stamps or a larger --tolerance\n",
                      replay->path, line, late_ms / 1000, late_ms % 1000);
    } else if (err != GONG_OK && err != GONG_ERR_INVALID) {
        (void)fprintf(replay->err, "%s: cannot be replayed: %s\n", replay->path,
                      err == GONG_ERR_IO ? strerror(errno)
                                         : gong_err_text(err));
    }
    gong_input_close(run->input);
    run->input = NULL;
    gong_line_order_free(order);
    return err;
}

static enum gong_err
read_journal(struct run *run)
{
    enum gong_err err = gong_journal_walk(run->replay->path, take_record, run,
                                          run->replay->err);

    if (err == GONG_ERR_NOT_FOUND) {
        (void)fprintf(run->replay->err,
                      "%s: found a folder without a journal, expected an "
                      "agent's\n",
                      run->replay->path);
    }
    return err == GONG_OK ? run->err : err;
}

static bool
is_folder(const char *path)
{
    struct stat stat_;

    return stat(path, &stat_) == 0 && S_ISDIR(stat_.st_mode);
}

/* What falls due at the last instant still runs. */
static enum gong_err
end(struct run *run)
{
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_CLOCK,
                 .journal_ms = run->replay->to_ms,
                 .wall_ns = run->replay->to_ms * GONG_NS_PER_MS},
        .offset = run->position,
    };

    if (run->replay->has_until) {
        record.meta.journal_ms = run->replay->until_ms;
        record.meta.wall_ns = run->replay->until_ms * GONG_NS_PER_MS;
    }
    return run->begun ? gong_engine_apply(run->engine, &record) : GONG_OK;
}

enum gong_err
gong_replay_run(struct gong_replay *replay)
{
    struct run run = {.replay = replay, .start = gong_mono_now()};
    bool folder = false;
    enum gong_err err;

    run.engine = gong_engine_new(NULL, replay->emit, replay->ctx);
    if (run.engine == NULL) {
        return GONG_ERR_MEMORY;
    }
    gong_engine_on_recorded(run.engine, replay->recorded, replay->ctx);
    folder = is_folder(replay->path);
    err = folder ? read_journal(&run) : read_file(&run);
    if (err == GONG_OK) {
        err = end(&run);
    }
    if (err == GONG_OK && replay->at_end != NULL) {
        gong_engine_alerts(run.engine, replay->at_end, replay->ctx);
    }
    gong_engine_stats(run.engine, &replay->stats);
    replay->refused = folder ? 0 : replay->stats.lines_refused;
    if (replay->progress) {
        run.told = (gong_mono_t){0};
        put_progress(&run);
        (void)fputc('\n', replay->err);
    }
    gong_engine_free(run.engine);
    return err;
}
