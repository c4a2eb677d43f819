#include "agent/history/history_query.h"

#include <stdio.h>

#define TIMEOUT_S  120
#define SERIES_MAX 200000

struct run {
    const struct gong_history_question *question;
    struct gong_history_query_limits limits;
    gong_mono_t deadline;
    struct gong_history_reader *reader;
    struct gong_history_source *source;
};

static bool
is_cancelled(const struct run *run)
{
    return run->question->cancelled != NULL &&
           atomic_load_explicit(run->question->cancelled, memory_order_relaxed);
}

static bool
has_time(void *ctx)
{
    const struct run *run = ctx;

    return !is_cancelled(run) && gong_mono_now().ns < run->deadline.ns;
}

/* Between steps, and on the way in one. */
static enum gong_err
goes_on(void *ctx)
{
    const struct run *run = ctx;
    enum gong_err err = gong_history_source_failed(run->source, NULL);

    return err == GONG_OK && !has_time(ctx) ? GONG_ERR_TIMEOUT : err;
}

static struct gong_history_query_limits
limits_of(const struct gong_history_question *question)
{
    struct gong_history_query_limits limits = {0};

    if (question->limits != NULL) {
        limits = *question->limits;
    }
    if (limits.timeout.ns <= 0) {
        limits.timeout.ns = TIMEOUT_S * GONG_NS_PER_S;
    }
    if (limits.series == 0) {
        limits.series = SERIES_MAX;
    }
    if (limits.samples == 0) {
        limits.samples = GONG_EVAL_SAMPLES_MAX;
    }
    if (limits.bytes == 0) {
        limits.bytes = GONG_EVAL_BYTES_MAX;
    }
    return limits;
}

static void
say(struct gong_query_error *error, const char *type, const char *fault,
    const char *text)
{
    *error = (struct gong_query_error){type, fault, {0}};
    (void)snprintf(error->detail.message, sizeof error->detail.message, "%s",
                   text);
}

/* What the source, or time, is to blame for; the rest was said. */
static void
explain(const struct run *run, enum gong_err err,
        struct gong_query_error *error)
{
    const char *text = "";

    if (is_cancelled(run)) {
        say(error, "canceled", "stopped",
            "query was canceled in expression evaluation");
        return;
    }
    if (err == GONG_ERR_TIMEOUT) {
        say(error, "timeout", "stopped",
            "query timed out in expression evaluation");
        return;
    }
    if (run->source == NULL ||
        gong_history_source_failed(run->source, &text) == GONG_OK) {
        return;
    }
    if (err == GONG_ERR_TOO_LARGE) {
        say(error, "execution", gong_eval_fault_text(GONG_EVAL_MEMORY), text);
    } else if (err == GONG_ERR_INVALID) {
        say(error, "execution", gong_eval_fault_text(GONG_EVAL_PATTERN),
            "found a label or a pattern that cannot be matched within limits");
    } else {
        say(error, "internal", gong_eval_fault_text(GONG_EVAL_SOURCE), text);
    }
}

static enum gong_err
make_source(struct run *run, const struct gong_expr *expr)
{
    const struct gong_history_question *question = run->question;
    const struct gong_query *query = &question->query;
    struct gong_history_source_options options = {
        .reader = run->reader,
        .recent = question->recent,
        .expr = expr,
        .start_ms = query->from_ms,
        .end_ms = query->range ? query->to_ms : query->from_ms,
        .step_ms = query->range ? query->step_ms : 0,
        .lookback_ms = query->lookback_ms,
        .subquery_step_ms = query->subquery_step_ms,
        .rollups = question->rollups,
        .series_max = run->limits.series,
        .bytes_max = run->limits.bytes,
        .goes_on = has_time,
        .goes_on_ctx = run,
        .visible = question->visible,
        .visible_ctx = question->visible_ctx,
    };

    return gong_history_source_new(&options, &run->source);
}

static enum gong_err
run_expr(struct run *run, const struct gong_expr *expr,
         struct gong_answer *answer, struct gong_query_error *error)
{
    struct gong_query_limits limits = {.samples_max = run->limits.samples,
                                       .bytes_max = run->limits.bytes,
                                       .goes_on = goes_on,
                                       .ctx = run};
    struct gong_query query = run->question->query;
    enum gong_err err = make_source(run, expr);

    query.limits = &limits;
    if (err == GONG_OK) {
        struct gong_eval_source view = gong_history_source_view(run->source);

        err = gong_query_run(&query, expr, &view, answer, error);
    } else {
        say(error, "internal", gong_eval_fault_text(GONG_EVAL_SOURCE),
            gong_err_text(err));
    }
    if (err != GONG_OK) {
        explain(run, err, error);
    }
    return err;
}

static enum gong_err
run_question(struct run *run, const struct gong_expr *expr,
             struct gong_answer *answer, struct gong_history_remarks *remarks,
             struct gong_query_error *error)
{
    char why[256] = "";
    enum gong_err err = gong_history_reader_open(run->question->path,
                                                 &run->reader, why, sizeof why);

    if (err != GONG_OK) {
        say(error, "internal", gong_eval_fault_text(GONG_EVAL_SOURCE),
            why[0] != '\0' ? why : gong_err_text(err));
        return err;
    }
    err = run_expr(run, expr, answer, error);
    if (run->source != NULL) {
        remarks->used = gong_history_source_used(run->source);
        remarks->coarse = gong_history_source_coarse(run->source);
        remarks->damaged = gong_history_source_damaged(run->source);
    }
    gong_history_source_free(run->source);
    gong_history_reader_close(run->reader);
    return err;
}

enum gong_err
gong_history_query(const struct gong_history_question *question,
                   struct gong_answer *answer,
                   struct gong_history_remarks *remarks,
                   struct gong_query_error *error)
{
    struct run run = {.question = question, .limits = limits_of(question)};
    struct gong_expr *expr = NULL;
    enum gong_err err = gong_query_parse(&question->query, &expr, error);

    *answer = (struct gong_answer){0};
    *remarks = (struct gong_history_remarks){0};
    run.deadline.ns = gong_mono_now().ns + run.limits.timeout.ns;
    if (err == GONG_OK) {
        err = run_question(&run, expr, answer, remarks, error);
    }
    gong_expr_free(expr);
    return err;
}
