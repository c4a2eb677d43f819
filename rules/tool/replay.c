#include "rules/tool/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/journal/journal_tool.h"
#include "common/batch.h"
#include "common/clock.h"
#include "common/record.h"
#include "rules/tool/input.h"
#include "rules/tool/line_order.h"
#include "rules/query/number_text.h"
#include "rules/tool/refusals.h"
#include "rules/tool/replay_history.h"

/* Between two looks at the clock. */
#define LOOK_BYTES (8u << 20)

struct run {
    struct gong_replay *replay;
    struct gong_engine *engine;
    struct gong_input *input; /* NULL for a journal */
    struct gong_refusals refusals;
    struct gong_lp_reader
        *reader; /* for a second look; NULL: none was needed */
    bool doubted;
    enum gong_err err; /* the first, for a walk that cannot stop */
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
        if (err != GONG_OK) {
            (void)fprintf(run->replay->err,
                          "%s: cannot be replayed: the engine does not take "
                          "the rules: %s\n",
                          run->replay->path, gong_err_text(err));
        }
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

/* What the engine has just refused of a run: a second look tells why. */
static enum gong_err
name_refused(struct run *run, const struct gong_line_run *lines)
{
    struct gong_batch batch;
    enum gong_err err;

    if (run->reader == NULL) {
        run->reader = gong_lp_reader_new(false);
    }
    if (run->reader == NULL) {
        return GONG_ERR_MEMORY;
    }
    err = gong_batch_open(&batch, run->reader,
                          gong_str_from(lines->payload, lines->len),
                          end_of(lines->ms));
    while (err == GONG_OK) {
        const struct gong_lp_point *point = NULL;
        const struct gong_lp_error *error = NULL;
        int64_t time_ns;

        switch (
            gong_batch_next(&batch, run->reader, &point, &error, &time_ns)) {
        case GONG_LP_END:
            return GONG_OK;
        case GONG_LP_POINT:
            break;
        case GONG_LP_REFUSED:
            gong_refusals_add(
                &run->refusals,
                gong_line_run_number(
                    lines, (size_t)(error->text.data - lines->payload)),
                error->reason, error->text);
            break;
        }
    }
    return GONG_OK;
}

/* Applies lines, and names those that are refused. */
static enum gong_err
apply_lines(struct run *run, const struct gong_line_run *lines,
            const struct gong_record *record)
{
    enum gong_err err = apply(run, record);
    struct gong_engine_stats stats;

    gong_engine_stats(run->engine, &stats);
    if (err != GONG_OK || stats.lines_refused == run->refusals.count) {
        return err;
    }
    if (run->replay->named || run->refusals.count >= GONG_REFUSALS_NAMED) {
        run->refusals.count = stats.lines_refused;
        return GONG_OK;
    }
    return name_refused(run, lines);
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

    if (lines->ms == INT64_MIN && lines->far_line > 0) {
        (void)fprintf(run->replay->err,
                      "%s:%" PRIu64
                      ": found a stamp out of range, expected one in %s, as "
                      "--precision %s says\n",
                      run->replay->path, lines->far_line,
                      gong_precision_whole(run->replay->precision),
                      gong_precision_word(run->replay->precision));
        return GONG_ERR_INVALID;
    }
    if (lines->ms == INT64_MIN) {
        (void)fprintf(run->replay->err,
                      "%s: found no line with a stamp, expected line protocol "
                      "with stamps in %s\n",
                      run->replay->path,
                      gong_precision_word(run->replay->precision));
        return GONG_ERR_INVALID;
    }
    if (run->replay->has_until && lines->ms > run->replay->until_ms) {
        return GONG_OK;
    }
    if (!run->doubted && !run->replay->named && !run->replay->precision.given) {
        run->doubted = gong_precision_doubt(
            run->replay->path, gong_line_run_number(lines, lines->parts[0].at),
            record.meta.wall_ns, run->replay->err);
    }
    run->position++;
    return apply_lines(run, lines, &record);
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
        err = gong_line_runs_read(run->input, replay->precision,
                                  gong_line_order_put, order);
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

/* Whether a folder holds a log's head, as a journal does. */
static bool
has_log(const char *path, const char *below)
{
    char name[4096];
    struct stat stat_;
    int len = snprintf(name, sizeof name, "%s%s/log.meta", path, below);

    return len > 0 && (size_t)len < sizeof name && stat(name, &stat_) == 0;
}

static enum gong_err
read_journal(struct run *run)
{
    const char *path = run->replay->path;
    enum gong_err err;

    if (!has_log(path, "")) {
        (void)fprintf(run->replay->err,
                      "%s: found a folder that is no journal, expected an "
                      "agent's (STATE/journal, with a log.meta in it) or a "
                      "file of line protocol%s\n",
                      path,
                      has_log(path, "/journal")
                          ? "; did you mean the folder journal in it?"
                          : "");
        return GONG_ERR_NOT_FOUND;
    }
    err = gong_journal_walk(path, take_record, run, run->replay->err);
    return err == GONG_OK ? run->err : err;
}

static enum gong_err
take_history(void *ctx, const struct gong_record *record)
{
    struct run *run = ctx;
    struct gong_record placed = *record;
    enum gong_err err = begin(run, record->meta.journal_ms);

    placed.offset = run->position++;
    return err == GONG_OK ? apply(run, &placed) : err;
}

static enum gong_err
read_history(struct run *run)
{
    const struct gong_replay *replay = run->replay;
    struct gong_history_wanted wanted = {
        .data = replay->path,
        .has_from = replay->has_since,
        .from_ms = replay->since_ms,
        .has_to = replay->has_until,
        .to_ms = replay->until_ms,
        .err = replay->err,
    };

    return gong_replay_history_read(&wanted, replay->set, take_history, run);
}

/* What falls due at the last instant still runs. */
static enum gong_err
end(struct run *run)
{
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_CLOCK,
                 .journal_ms = run->replay->to_ms,
                 .wall_ns = gong_ms_to_ns(run->replay->to_ms)},
        .offset = run->position,
    };

    if (run->replay->has_until) {
        record.meta.journal_ms = run->replay->until_ms;
        record.meta.wall_ns = gong_ms_to_ns(run->replay->until_ms);
    }
    return run->begun ? gong_engine_apply(run->engine, &record) : GONG_OK;
}

enum gong_err
gong_replay_run(struct gong_replay *replay)
{
    struct run run = {
        .replay = replay,
        .refusals = {.name = replay->path, .err = replay->err},
        .start = gong_mono_now(),
    };
    bool history = gong_history_data_path(replay->path) != NULL;
    bool folder = !history && gong_input_is_folder(replay->path);
    const struct gong_engine_limits limits = {
        .rows_per_device = history ? GONG_REPLAY_HISTORY_ROWS : 0};
    enum gong_err err;

    run.engine = gong_engine_new(&limits, replay->emit, replay->ctx);
    if (run.engine == NULL) {
        return GONG_ERR_MEMORY;
    }
    gong_engine_on_recorded(run.engine, replay->recorded, replay->ctx);
    gong_engine_on_fault(run.engine, replay->fault, replay->ctx);
    err = history  ? read_history(&run)
          : folder ? read_journal(&run)
                   : read_file(&run);
    if (err == GONG_OK) {
        err = end(&run);
    }
    if (err == GONG_OK && replay->at_end != NULL) {
        gong_engine_alerts(run.engine, replay->at_end, replay->ctx);
    }
    gong_engine_stats(run.engine, &replay->stats);
    replay->refused = folder || history ? 0 : replay->stats.lines_refused;
    gong_lp_reader_free(run.reader);
    if (err == GONG_OK && !replay->named) {
        gong_refusals_end(&run.refusals);
    }
    if (replay->progress) {
        run.told = (gong_mono_t){0};
        put_progress(&run);
        (void)fputc('\n', replay->err);
    }
    gong_engine_free(run.engine);
    return err;
}
