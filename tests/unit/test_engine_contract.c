/*
 * The streaming contract (semantics rule 4) on random streams. What a rule's
 * condition is at each second is said by the evaluator, over all samples in
 * memory; samples come at whole seconds, and look-backs and ranges are a
 * millisecond short of whole ones, so that nothing happens in between. Then
 *
 *   interval 0        changes at the first second at which the condition does,
 *                     so never later than any interval; with `for` it fires if
 *                     and only if the condition held all the while
 *   an interval       changes at its multiples, to what the condition is there
 *   moved by time     has the same value at instants that both modes have
 *
 * whether CLOCK records come each second or not at all.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "rules/engine/eval_memory.h"
#include "rules/engine/labelset.h"

#define STREAMS  24
#define SECONDS  240
#define START    INT64_C(1000000)
#define SERIES   3 /* of each metric */
#define METRICS  2
#define LOOKBACK 19999
#define ALIKE    64 /* label sets of one expression */
#define MODES    4

static const char *const steady[] = {
    "m_a > 5",
    "m_a * 2 - 1 > 9 < 15",
    "m_a > bool 20",
    "m_a > 5 and m_b < 5",
    "m_a > 6 unless m_b > 4",
    "m_a > 8 or m_b > 7",
    "m_a > m_b",
    "avg_over_time(m_a[12999ms]) > 5",
    "max_over_time(m_b[7999ms]) >= 8",
    "count_over_time(m_a[9999ms]) < 2",
    "changes(m_b[15999ms]) > 3",
    "m_a offset 5s > 6",
    "m_a - m_a offset 11s > 4",
    "min_over_time(m_b[5999ms] offset 4s) < 3",
    "sum by (site) (m_a) > 12",
    "max without (k, site) (m_b) > 7",
    "count(m_a > 3) > 1",
    "sum(m_a) > sum(m_b)",
    "topk by (site) (1, m_a) > 5",
    "absent(m_a{k=\"x\"})",
    "m_a > on (k, site) group_left () m_b",
    "label_replace(m_b > 6, \"of\", \"$1\", \"site\", \"(.).*\")",
};
#define STEADY (sizeof steady / sizeof steady[0])

static const char *const moving[] = {
    "rate(m_a[19999ms]) > 0.1",
    "increase(m_b[30999ms]) > 5",
    "delta(m_a[24999ms]) < 0",
    "time() - timestamp(m_a) > 8",
    "predict_linear(m_b[29999ms], 60) > 10",
    "sum by (site) (rate(m_a[19999ms])) > 0.2",
    "max_over_time(sum(m_a)[40s:5s]) > 15",
};
#define MOVING (sizeof moving / sizeof moving[0])

static const struct {
    int64_t interval_ms;
    int64_t for_ms;
} modes[MODES] = {{0, 0}, {0, 7000}, {3000, 0}, {7000, 9000}};

/* xorshift: the same streams on every machine. */
static uint64_t random_state;

static uint32_t
below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % limit;
}

/* Lines that are compared in order. */
struct lines {
    char **items;
    size_t count;
    size_t capacity;
};

static void
add_line(struct lines *lines, const struct text *text)
{
    if (lines->count == lines->capacity) {
        lines->capacity = lines->capacity * 2 + 64;
        lines->items = realloc(lines->items, lines->capacity * sizeof(char *));
        assert_non_null(lines->items);
    }
    lines->items[lines->count] = strdup(text->data);
    assert_non_null(lines->items[lines->count]);
    lines->count++;
}

static void
clear_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->items[i]);
    }
    lines->count = 0;
}

static int
compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
expect_same(struct lines *have, struct lines *want, uint64_t seed)
{
    qsort(have->items, have->count, sizeof *have->items, compare_lines);
    qsort(want->items, want->count, sizeof *want->items, compare_lines);
    for (size_t i = 0; i < have->count || i < want->count; i++) {
        const char *h = i < have->count ? have->items[i] : "nothing";
        const char *w = i < want->count ? want->items[i] : "nothing";

        if (strcmp(h, w) != 0) {
            fail_msg("stream %" PRIu64 ": the engine says\n%s\nexpected\n%s",
                     seed, h, w);
        }
    }
}

/* One sample of a stream; of a second all samples are one record of a file. */
struct sample {
    int second;
    int metric;
    int series;
    int value;
};

struct stream {
    struct sample samples[SECONDS * METRICS * SERIES];
    size_t count;
};

static const char *const tags[SERIES] = {"k=x,site=s1", "k=y,site=s1",
                                         "site=s2"};

/* Some series are dense, some fall silent for longer than the look-back. */
static void
make_stream(struct stream *stream, uint64_t seed)
{
    uint32_t chance[METRICS][SERIES];
    int silent[METRICS][SERIES] = {{0}};

    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    stream->count = 0;
    for (int i = 0; i < METRICS * SERIES; i++) {
        chance[i / SERIES][i % SERIES] = 1 + below(6);
    }
    for (int second = 0; second < SECONDS; second++) {
        for (int i = 0; i < METRICS * SERIES; i++) {
            int *until = &silent[i / SERIES][i % SERIES];

            if (below(60) == 0) {
                *until = second + (int)below(45);
            }
            if (second >= *until &&
                below(chance[i / SERIES][i % SERIES]) == 0) {
                stream->samples[stream->count++] = (struct sample){
                    second, i / SERIES, i % SERIES, (int)below(11)};
            }
        }
    }
}

static struct gong_eval_memory *
remember(const struct stream *stream)
{
    static const struct gong_label_view labels[SERIES][2] = {
        {{{"k", 1}, {"x", 1}}, {{"site", 4}, {"s1", 2}}},
        {{{"k", 1}, {"y", 1}}, {{"site", 4}, {"s1", 2}}},
        {{{"k", 1}, {"", 0}}, {{"site", 4}, {"s2", 2}}},
    };
    struct gong_eval_memory *memory = gong_eval_memory_new();

    assert_non_null(memory);
    for (size_t i = 0; i < stream->count; i++) {
        const struct sample *s = &stream->samples[i];
        struct gong_label_view all[3] = {
            labels[s->series][0],
            labels[s->series][1],
            {gong_str_of("__name__"),
             gong_str_of(s->metric == 0 ? "m_a" : "m_b")}};
        uint32_t series = 0;

        assert_int_equal(gong_eval_memory_series(memory, all, 3, &series),
                         GONG_OK);
        assert_int_equal(gong_eval_memory_append(memory, series,
                                                 START + s->second * 1000,
                                                 s->value),
                         GONG_OK);
    }
    return memory;
}

static void
put_labels(struct text *out, const struct gong_label_view *labels, size_t count)
{
    const char *comma = "";

    text_add(out, "{");
    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(labels[i].name, "__name__") ||
            gong_str_is(labels[i].name, "alertname")) {
            continue;
        }
        text_add(out, "%s%.*s=\"%.*s\"", comma, (int)labels[i].name.len,
                 labels[i].name.data, (int)labels[i].value.len,
                 labels[i].value.data);
        comma = ",";
    }
    text_add(out, "}");
}

/* What is expected of an alert of one label set, in each mode. */
struct expected {
    char labels[128];
    double value;
    bool is_true; /* at the second at hand */
    enum gong_alert_state states[MODES];
    int64_t since[MODES];
    double last[MODES];
};

struct condition {
    const char *expr;
    size_t number;
    struct gong_expr *tree;
    struct gong_eval *eval;
    struct expected alerts[ALIKE];
    size_t count;
};

static void
open_condition(struct condition *c, const char *expr, size_t number,
               struct gong_eval_memory *memory)
{
    struct gong_eval_source source = gong_eval_memory_source(memory);
    struct gong_eval_options options = {.lookback_ms = LOOKBACK};
    struct gong_expr_error error = {0};

    *c = (struct condition){.expr = expr, .number = number};
    c->tree = gong_expr_parse(gong_str_of(expr), &error);
    if (c->tree == NULL) {
        fail_msg("%s: %s", expr, error.message);
    }
    c->eval = gong_eval_new(c->tree, &source, &options, &error);
    if (c->eval == NULL) {
        fail_msg("%s: %s", expr, error.message);
    }
}

static void
close_condition(struct condition *c)
{
    gong_eval_free(c->eval);
    gong_expr_free(c->tree);
}

static struct expected *
find_expected(struct condition *c, const char *labels)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->alerts[i].labels, labels) == 0) {
            return &c->alerts[i];
        }
    }
    assert_true(c->count < ALIKE);
    assert_true(strlen(labels) < sizeof c->alerts[0].labels);
    c->alerts[c->count] = (struct expected){.value = 0};
    memcpy(c->alerts[c->count].labels, labels, strlen(labels) + 1);
    return &c->alerts[c->count++];
}

/* What the evaluator says at t. */
static void
look(struct condition *c, int64_t t)
{
    const struct gong_eval_result *result = NULL;
    struct gong_expr_error error = {0};
    struct text labels = {0};

    for (size_t i = 0; i < c->count; i++) {
        c->alerts[i].is_true = false;
    }
    if (gong_eval_at(c->eval, t, &result, &error) != GONG_OK) {
        fail_msg("%s: %s", c->expr, error.message);
    }
    for (size_t i = 0; i < result->count; i++) {
        struct gong_label_view views[GONG_LABELSET_MAX];
        struct expected *e = NULL;
        size_t count =
            result->vector[i].set == 0
                ? 0
                : gong_eval_labels(c->eval, result->vector[i].set, views);

        text_clear(&labels);
        put_labels(&labels, views, count);
        e = find_expected(c, labels.data);
        e->is_true = true;
        e->value = result->vector[i].value;
    }
    text_free(&labels);
}

static void
put_change(struct lines *out, const char *alert, const char *labels,
           enum gong_alert_state from, enum gong_alert_state to, int64_t at,
           int64_t since, double value)
{
    struct text line = {0};

    text_add(&line, "%012" PRId64 " %s%s %s->%s since %" PRId64 " value %.17g",
             at, alert, labels, gong_alert_state_text(from),
             gong_alert_state_text(to), since, value);
    add_line(out, &line);
    text_free(&line);
}

static enum gong_alert_state
next_state(const struct expected *e, size_t mode, int64_t t)
{
    if (!e->is_true) {
        return GONG_ALERT_INACTIVE;
    }
    return e->states[mode] == GONG_ALERT_FIRING ||
                   t - e->since[mode] >= modes[mode].for_ms
               ? GONG_ALERT_FIRING
               : GONG_ALERT_PENDING;
}

/* The contract: one instant of one mode. */
static void
step(const struct condition *c, struct expected *e, size_t mode, int64_t t,
     struct lines *want)
{
    enum gong_alert_state from = e->states[mode];
    enum gong_alert_state to = GONG_ALERT_INACTIVE;
    char alert[32];

    if (modes[mode].interval_ms > 0 && t % modes[mode].interval_ms != 0) {
        return;
    }
    if (from == GONG_ALERT_INACTIVE) {
        e->since[mode] = t;
    }
    to = next_state(e, mode, t);
    e->last[mode] = e->is_true ? e->value : e->last[mode];
    if (to == from) {
        return;
    }
    snprintf(alert, sizeof alert, "R%zu_%zu", c->number, mode);
    put_change(want, alert, e->labels, from, to, t, e->since[mode],
               e->last[mode]);
    e->states[mode] = to;
}

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct text labels = {0};

    put_labels(&labels, effect->labels, effect->label_count);
    put_change(ctx, effect->rule->alert, labels.data, effect->from, effect->to,
               effect->at_ms, effect->since_ms, effect->value);
    text_free(&labels);
}

/* Each expression in each mode; or moving ones at interval 0 and 15 s. */
static struct gong_ruleset *
make_modes(const char *const *exprs, size_t count, bool moves)
{
    size_t each = moves ? 2 : MODES;
    struct rule_spec *specs = calloc(count * each, sizeof *specs);
    char(*names)[32] = calloc(count * each, sizeof *names);
    struct gong_ruleset *set = NULL;

    assert_non_null(specs);
    assert_non_null(names);
    for (size_t i = 0; i < count * each; i++) {
        size_t mode = i % each;

        snprintf(names[i], sizeof names[i], "R%zu_%zu", i / each, mode);
        specs[i] = (struct rule_spec){
            .alert = names[i],
            .expr = exprs[i / each],
            .for_ms = moves ? 0 : modes[mode].for_ms,
            .interval_ms = !moves      ? modes[mode].interval_ms
                           : mode == 1 ? 15000
                                       : 0,
            .lookback_ms = LOOKBACK,
        };
    }
    set = make_rules(specs, count * each);
    free(specs);
    free(names);
    return set;
}

static void
apply(struct gong_engine *engine, const struct gong_record *record)
{
    assert_int_equal(gong_engine_apply(engine, record), GONG_OK);
}

/* All samples of a second, if there are any; *next is the first one of later
 * seconds. */
static void
send(struct gong_engine *engine, const struct stream *stream, int second,
     size_t *next)
{
    int64_t t = START + (int64_t)second * 1000;
    struct text points = {0};
    struct text payload = {0};
    struct gong_record record;

    text_clear(&points);
    while (*next < stream->count && stream->samples[*next].second == second) {
        const struct sample *s = &stream->samples[*next];

        text_add(&points, "m,%s %s=%d %" PRId64 "\n", tags[s->series],
                 s->metric == 0 ? "a" : "b", s->value, t);
        ++*next;
    }
    if (points.len > 0) {
        record = data_record(&payload, t, "", "", points.data);
        apply(engine, &record);
    }
    text_free(&points);
    text_free(&payload);
}

static struct gong_engine *
begin(const struct gong_ruleset *set, gong_effect_fn emit, void *ctx)
{
    struct gong_engine *engine = gong_engine_new(NULL, emit, ctx);

    assert_non_null(engine);
    /* What has no sample at all is looked at from here on. */
    assert_int_equal(gong_engine_set_rules(engine, set, 0, START - 1000, NULL),
                     GONG_OK);
    return engine;
}

static void
play_engine(const struct stream *stream, const struct gong_ruleset *set,
            bool clocks, struct lines *have)
{
    struct gong_engine *engine = begin(set, on_effect, have);
    struct gong_record clock = clock_record(START - 1000);
    size_t next = 0;

    apply(engine, &clock);
    for (int second = 0; second < SECONDS; second++) {
        send(engine, stream, second, &next);
        clock = clock_record(START + (int64_t)second * 1000);
        if (clocks || second + 1 == SECONDS) {
            apply(engine, &clock);
        }
    }
    gong_engine_free(engine);
}

static void
play_evaluator(const struct stream *stream, struct lines *want)
{
    struct gong_eval_memory *memory = remember(stream);
    struct condition *c = malloc(sizeof *c);

    assert_non_null(c);
    for (size_t i = 0; i < STEADY; i++) {
        open_condition(c, steady[i], i, memory);
        for (int second = -1; second < SECONDS; second++) {
            int64_t t = START + (int64_t)second * 1000;

            look(c, t);
            for (size_t n = 0; n < c->count * MODES; n++) {
                step(c, &c->alerts[n / MODES], n % MODES, t, want);
            }
        }
        close_condition(c);
    }
    free(c);
    gong_eval_memory_free(memory);
}

/* GONG_MODEL_STREAMS asks for more in long runs, for fewer where a sanitizer
 * makes each one slow. */
static uint64_t
streams(void)
{
    const char *text = getenv("GONG_MODEL_STREAMS");
    uint64_t number = text == NULL ? STREAMS : strtoull(text, NULL, 10);

    assert_true(number > 0);
    return number;
}

static void
test_changes(void **state)
{
    struct gong_ruleset *set = make_modes(steady, STEADY, false);
    struct stream *stream = malloc(sizeof *stream);
    struct lines have = {0};
    struct lines want = {0};
    size_t told = 0;

    (void)state;
    assert_non_null(stream);
    for (uint64_t seed = 1; seed <= streams(); seed++) {
        make_stream(stream, seed);
        play_evaluator(stream, &want);
        told += want.count;
        for (int clocks = 0; clocks < 2; clocks++) {
            play_engine(stream, set, clocks == 1, &have);
            expect_same(&have, &want, seed);
            clear_lines(&have);
        }
        clear_lines(&want);
    }
    /* The streams say something, of all expressions. */
    assert_true(told > streams() * STEADY * MODES);
    free(have.items);
    free(want.items);
    free(stream);
    gong_ruleset_free(set);
}

/* One of the alerts that are open, of interval 0 or of an interval. */
struct open {
    struct lines lines;
    char mode;
};

static void
put_open(void *ctx, const struct gong_effect *effect)
{
    struct open *open = ctx;
    const char *alert = effect->rule->alert;
    struct text line = {0};
    size_t len = strlen(alert);

    if (alert[len - 1] == open->mode) {
        text_add(&line, "%.*s ", (int)(len - 2), alert);
        put_labels(&line, effect->labels, effect->label_count);
        text_add(&line, " %.17g", effect->value);
        add_line(&open->lines, &line);
    }
    text_free(&line);
}

static void
ignore(void *ctx, const struct gong_effect *effect)
{
    (void)ctx;
    (void)effect;
}

/* At an instant that both modes have, they and the evaluator say the same. */
static size_t
compare_modes(struct gong_engine *engine, struct condition *conditions,
              int64_t t, uint64_t seed)
{
    struct open streaming = {.mode = '0'};
    struct open timed = {.mode = '1'};
    struct lines want = {0};
    struct text line = {0};
    size_t count = 0;

    gong_engine_alerts(engine, put_open, &streaming);
    gong_engine_alerts(engine, put_open, &timed);
    expect_same(&streaming.lines, &timed.lines, seed);
    for (size_t i = 0; i < MOVING; i++) {
        struct condition *c = &conditions[i];

        look(c, t);
        for (size_t n = 0; n < c->count; n++) {
            if (c->alerts[n].is_true) {
                text_clear(&line);
                text_add(&line, "R%zu %s %.17g", i, c->alerts[n].labels,
                         c->alerts[n].value);
                add_line(&want, &line);
            }
        }
    }
    expect_same(&streaming.lines, &want, seed);
    count = want.count;
    clear_lines(&streaming.lines);
    clear_lines(&timed.lines);
    clear_lines(&want);
    free(streaming.lines.items);
    free(timed.lines.items);
    free(want.items);
    text_free(&line);
    return count;
}

static size_t
play_moving(const struct stream *stream, const struct gong_ruleset *set,
            uint64_t seed)
{
    struct gong_eval_memory *memory = remember(stream);
    struct gong_engine *engine = begin(set, ignore, NULL);
    struct condition *conditions = calloc(MOVING, sizeof *conditions);
    size_t next = 0;
    size_t said = 0;

    assert_non_null(conditions);
    for (size_t i = 0; i < MOVING; i++) {
        open_condition(&conditions[i], moving[i], i, memory);
    }
    for (int second = 0; second < SECONDS; second++) {
        int64_t t = START + (int64_t)second * 1000;
        struct gong_record clock = clock_record(t);

        send(engine, stream, second, &next);
        if (t % 15000 == 0) {
            apply(engine, &clock);
            said += compare_modes(engine, conditions, t, seed);
        }
    }
    for (size_t i = 0; i < MOVING; i++) {
        close_condition(&conditions[i]);
    }
    free(conditions);
    gong_engine_free(engine);
    gong_eval_memory_free(memory);
    return said;
}

static void
test_values(void **state)
{
    struct gong_ruleset *set = make_modes(moving, MOVING, true);
    struct stream *stream = malloc(sizeof *stream);
    size_t said = 0;

    (void)state;
    assert_non_null(stream);
    for (uint64_t seed = 1; seed <= streams(); seed++) {
        make_stream(stream, seed);
        said += play_moving(stream, set, seed);
    }
    assert_true(said > streams() * MOVING * 4);
    free(stream);
    gong_ruleset_free(set);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
