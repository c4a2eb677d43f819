#include "agent/history/history_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "history_made.h"
#include "rules/query/answer_text.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
/* A Monday, 00:00; blocks of all lengths begin there or before. */
#define START (INT64_C(20000) * DAY)

/* Samples of `days` days: on a grid that meets every fifth minute, beside it,
 * with gaps, stale markers, NaN, and a counter that falls back. */
static void
fill(struct gong_eval_memory *memory, unsigned kind, int64_t days)
{
    static const int64_t steps[] = {30000, 30000, 47000, 60000, 300000};
    char digit[2] = {(char)('0' + kind), '\0'};
    struct gong_label_view labels[] = {
        {gong_str_of("__name__"), gong_str_of(kind < 5 ? "temp" : "req_total")},
        {gong_str_of("i"), gong_str_of(digit)},
        {gong_str_of("odd"), gong_str_of(kind % 2 == 1 ? "yes" : "no")}};
    uint64_t state = kind;
    int64_t step = steps[kind % 5];
    double value = 0;
    uint32_t series = 0;

    assert_int_equal(gong_eval_memory_series(memory, labels, 3, &series),
                     GONG_OK);
    for (int64_t ms = START + (kind == 2 ? 1234 : 0); ms < START + days * DAY;
         ms += step) {
        uint64_t random = history_random(&state);
        double said;

        value += kind < 5 ? (double)(int64_t)(random % 21) / 10 - 1
                          : (double)(random % 7);
        value = random % 5000 == 1 ? 0 : value;
        said = value;
        if (random % 997 == 0) {
            said = gong_stale_nan();
        } else if (kind == 3 && random % 61 == 0) {
            said = 0.0 / (double)(random == 1);
        }
        assert_int_equal(gong_eval_memory_append(memory, series, ms, said),
                         GONG_OK);
        if (random % 499 == 0) {
            ms += (int64_t)(random >> 40) % (3 * HOUR) / step * step;
        }
    }
}

static struct gong_eval_memory *
make_memory(int64_t days)
{
    struct gong_eval_memory *memory = gong_eval_memory_new();

    assert_non_null(memory);
    for (unsigned kind = 0; kind < 8; kind++) {
        fill(memory, kind, days);
    }
    return memory;
}

static char *
text_of(enum gong_err err, struct gong_answer *answer,
        const struct gong_query_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    if (err == GONG_OK) {
        gong_answer_put_api(out, answer);
    } else {
        gong_answer_put_api_error(out, error);
    }
    assert_int_equal(fclose(out), 0);
    gong_answer_fini(answer);
    return text;
}

static char *
ask_memory(struct gong_eval_memory *memory, const struct gong_query *query)
{
    struct gong_eval_source source = gong_eval_memory_source(memory);
    struct gong_query_error error;
    struct gong_answer answer;
    enum gong_err err = gong_query_answer(query, &source, &answer, &error);

    return text_of(err, &answer, &error);
}

static char *
ask_history(struct history_made *made, const struct gong_query *query,
            bool rollups, struct gong_history_remarks *remarks)
{
    struct gong_history_recent recent = history_recent(made);
    struct gong_history_question question = {.path = made->path,
                                             .recent = &recent,
                                             .query = *query,
                                             .rollups = rollups};
    struct gong_query_error error;
    struct gong_answer answer;
    enum gong_err err = gong_history_query(&question, &answer, remarks, &error);

    return text_of(err, &answer, &error);
}

/* Where two texts differ, and what stands there. */
static void
assert_same(const char *want, const char *got, const struct gong_query *query)
{
    size_t at = 0;

    while (want[at] != '\0' && want[at] == got[at]) {
        at++;
    }
    if (want[at] != got[at]) {
        size_t from = at > 60 ? at - 60 : 0;

        print_error("%s from %lld to %lld by %lld, at %zu:\n%.200s\n%.200s\n",
                    query->expr, (long long)(query->from_ms - START),
                    (long long)(query->to_ms - START),
                    (long long)query->step_ms, at, want + from, got + from);
        fail();
    }
}

static const char *const expressions[] = {
    "temp",
    "temp{odd=\"yes\"}",
    "{__name__=~\"temp|req_total\",i=~\"[0-5]\",odd!=\"no\"}",
    "timestamp(temp)",
    "count(temp)",
    "sum by (odd) (temp)",
    "temp offset 1h",
    "temp offset -10m",
    "temp - temp offset 1d",
    "rate(req_total[5m])",
    "sum(rate(req_total[1h])) by (odd)",
    "increase(req_total[1d])",
    "max_over_time(temp[1h])",
    "min_over_time(temp[15m])",
    "min_over_time(temp[1h] offset 5m)",
    "max_over_time(temp[7m])",
    "present_over_time(temp[10m])",
    "absent_over_time(temp{i=\"4\"}[10m])",
    "last_over_time(temp[1h])",
    "count_over_time(temp[1h])",
    "avg_over_time(temp[1h])",
    "quantile_over_time(0.9, temp[2h])",
    "max_over_time(rate(req_total[5m])[2h:1m])",
    "max_over_time(temp[6h:5m])",
    "min_over_time(max_over_time(temp[10m])[1h:10m] offset 10m)",
    "temp @ end()",
    "temp @ 1728086400",
    "rate(req_total[1h] @ start())",
    "max_over_time((temp @ 1728086400)[1h:5m])",
    "topk(2, temp)",
    "absent(temp{i=\"9\"})",
    "nothing_here",
    "temp > on (i) group_left temp offset 1d",
    "temp[20m]",
    "temp[20m:3m]",
    "time()",
    "vector(1)",
};

struct times {
    int64_t from;
    int64_t to;
    int64_t step; /* 0: an instant */
};

static const struct times ranges[] = {
    {2 * DAY, 0, 0},
    {2 * DAY + 12345, 0, 0},
    {0, 3 * DAY, HOUR},
    {0, 3 * DAY, 5 * MINUTE},
    {DAY + 5 * MINUTE, 3 * DAY, 15 * MINUTE},
    {DAY + 12345, 2 * DAY + 12 * HOUR, 5 * MINUTE},
    {6 * HOUR, 2 * DAY, 7 * MINUTE},
    {2 * DAY + 20 * HOUR, 3 * DAY + HOUR, 30000},
    {-400 * DAY, 400 * DAY, DAY},
};

#define EXPRESSIONS (sizeof expressions / sizeof expressions[0])
#define RANGES      (sizeof ranges / sizeof ranges[0])

/* What all tests share: three days in memory, and what it says. */
static struct {
    struct gong_eval_memory *memory;
    char *answers[EXPRESSIONS][RANGES];
} world;

static struct gong_query
query_of(size_t expression, size_t range)
{
    return (struct gong_query){.expr = expressions[expression],
                               .range = ranges[range].step > 0,
                               .from_ms = START + ranges[range].from,
                               .to_ms = START + ranges[range].to,
                               .step_ms = ranges[range].step};
}

static int
set_up(void **state)
{
    (void)state;
    world.memory = make_memory(3);
    for (size_t i = 0; i < EXPRESSIONS; i++) {
        for (size_t j = 0; j < RANGES; j++) {
            struct gong_query query = query_of(i, j);

            world.answers[i][j] = ask_memory(world.memory, &query);
        }
    }
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXPRESSIONS; i++) {
        for (size_t j = 0; j < RANGES; j++) {
            free(world.answers[i][j]);
        }
    }
    gong_eval_memory_free(world.memory);
    return 0;
}

/* Each expression at each of the times is what memory says, to the letter;
 * returns which resolutions said so. */
static unsigned
compare_all(struct history_made *made, bool rollups)
{
    unsigned used = 0;

    for (size_t i = 0; i < EXPRESSIONS; i++) {
        for (size_t j = 0; j < RANGES; j++) {
            struct gong_query query = query_of(i, j);
            struct gong_history_remarks remarks;
            char *got = ask_history(made, &query, rollups, &remarks);

            assert_same(world.answers[i][j], got, &query);
            assert_int_equal(remarks.damaged, 0);
            assert_int_equal(remarks.coarse, 0);
            used |= remarks.used;
            free(got);
        }
    }
    return used;
}

#define RAW    (1U << GONG_RESOLUTION_RAW)
#define FIVE   (1U << GONG_RESOLUTION_5M)
#define HOURLY (1U << GONG_RESOLUTION_1H)

static void
compare_layout(const struct history_layout *layout, unsigned want)
{
    struct history_made made;

    assert_int_equal(history_make(&made, world.memory, layout), GONG_OK);
    assert_int_equal(compare_all(&made, true), want);
    if (layout->seed % 2 == 0) {
        assert_int_equal(compare_all(&made, false), RAW);
    }
    history_unmake(&made);
}

static void
test_equals_memory_in_one_part(void **state)
{
    (void)state;
    compare_layout(&(struct history_layout){.seed = 1, .commits = 1}, RAW);
}

static void
test_equals_memory_in_many_parts_some_late_some_recent(void **state)
{
    (void)state;
    compare_layout(
        &(struct history_layout){
            .seed = 2, .commits = 40, .late_percent = 5, .kept_percent = 3},
        RAW);
}

static void
test_equals_memory_made_one_and_rolled_up(void **state)
{
    (void)state;
    compare_layout(
        &(struct history_layout){
            .seed = 3, .commits = 40, .tidy = true, .kept_percent = 1},
        RAW | FIVE | HOURLY);
    compare_layout(
        &(struct history_layout){
            .seed = 4, .commits = 20, .tidy = true, .rest_ms = 60 * DAY},
        RAW | FIVE | HOURLY);
}

static void
test_equals_memory_rolled_up_again_for_late_samples(void **state)
{
    (void)state;
    compare_layout(&(struct history_layout){.seed = 5,
                                            .commits = 30,
                                            .late_percent = 10,
                                            .kept_percent = 20,
                                            .tidy = true},
                   RAW | FIVE | HOURLY);
    compare_layout(&(struct history_layout){.seed = 6,
                                            .commits = 9,
                                            .late_percent = 40,
                                            .tidy = true,
                                            .rest_ms = DAY},
                   RAW | FIVE | HOURLY);
}

/* A week of one series, settled; then what is asked in whole intervals needs no
 * raw sample, but for the edge. */
static void
test_whole_intervals_need_no_raw_samples(void **state)
{
    static const struct {
        const char *expr;
        int64_t step;
        int64_t from;
        unsigned used;
    } cases[] = {
        {"temp{i=\"0\"}", 5 * MINUTE, DAY, FIVE},
        {"temp{i=\"0\"}", HOUR, DAY, HOURLY},
        {"temp{i=\"0\"} offset 5m", HOUR, DAY, FIVE},
        {"temp{i=\"0\"}", 7 * MINUTE, DAY, RAW},
        {"temp{i=\"0\"}", HOUR, DAY + 1, RAW},
        {"temp{i=\"0\"} offset 1m", HOUR, DAY, RAW},
        {"max_over_time(temp{i=\"0\"}[3h])", HOUR, DAY, HOURLY},
        {"max_over_time(temp{i=\"0\"}[10m])", HOUR, DAY, FIVE},
        {"max_over_time(temp{i=\"0\"}[11m])", HOUR, DAY, RAW},
        {"avg_over_time(temp{i=\"0\"}[1h])", HOUR, DAY, RAW},
        {"max_over_time(temp{i=\"0\"}[1h:1h])", HOUR, DAY, HOURLY},
        {"max_over_time(temp{i=\"0\"}[1h:1m])", HOUR, DAY, RAW},
    };
    struct history_layout layout = {
        .seed = 8, .commits = 3, .tidy = true, .rest_ms = 60 * DAY};
    struct history_made made;

    (void)state;
    assert_int_equal(history_make(&made, world.memory, &layout), GONG_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_query query = {.expr = cases[i].expr,
                                   .range = true,
                                   .from_ms = START + cases[i].from,
                                   .to_ms = START + 3 * DAY,
                                   .step_ms = cases[i].step};
        struct gong_history_remarks remarks;
        char *want = ask_memory(world.memory, &query);
        char *got = ask_history(&made, &query, true, &remarks);

        assert_same(want, got, &query);
        assert_int_equal(remarks.used & ~(cases[i].used == RAW ? 0 : RAW),
                         cases[i].used);
        free(want);
        free(got);
    }
    history_unmake(&made);
}

/* One sample, on the first millisecond of a day: the window that begins there
 * includes it, though its interval is one of the day before. */
static void
compare_left_ends(const struct history_layout *layout)
{
    static const char *const asked[] = {
        "edge", "max_over_time(edge[2h])", "min_over_time(edge[2h])",
        "present_over_time(edge[10m])", "timestamp(edge)"};
    struct gong_label_view name = {gong_str_of("__name__"),
                                   gong_str_of("edge")};
    struct gong_eval_memory *memory = make_memory(3);
    struct history_made made;
    uint32_t series = 0;

    assert_int_equal(gong_eval_memory_series(memory, &name, 1, &series),
                     GONG_OK);
    for (int64_t hour = 24; hour < 72; hour += 4) {
        assert_int_equal(gong_eval_memory_append(
                             memory, series, START + hour * HOUR, (double)hour),
                         GONG_OK);
    }
    assert_int_equal(history_make(&made, memory, layout), GONG_OK);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        for (int64_t minute = 0; minute <= 120; minute += 5) {
            struct gong_query query = {.expr = asked[i],
                                       .range = true,
                                       .from_ms = START + DAY + minute * MINUTE,
                                       .to_ms = START + 3 * DAY,
                                       .step_ms = 4 * HOUR};
            struct gong_history_remarks remarks;
            char *want = ask_memory(memory, &query);
            char *got = ask_history(&made, &query, true, &remarks);

            assert_same(want, got, &query);
            free(want);
            free(got);
        }
    }
    history_unmake(&made);
    gong_eval_memory_free(memory);
}

static void
test_the_left_end_of_a_window_is_included(void **state)
{
    static const struct gong_history_limits gone = {.age_ms = {DAY}};
    struct history_layout layout = {
        .seed = 1, .commits = 1, .tidy = true, .rest_ms = 60 * DAY};

    (void)state;
    compare_left_ends(&layout);
    layout.limits = &gone;
    compare_left_ends(&layout);
}

/* Raw samples older than two days went: exact where roll-ups say the same, and
 * coarser, with a remark, elsewhere. */
static void
test_samples_that_are_gone_are_answered_coarser(void **state)
{
    static const struct gong_history_limits limits = {.age_ms = {2 * DAY}};
    struct history_layout layout = {.seed = 9,
                                    .commits = 3,
                                    .tidy = true,
                                    .rest_ms = 25 * HOUR,
                                    .limits = &limits};
    struct gong_query query = {.expr = "temp",
                               .range = true,
                               .from_ms = START,
                               .to_ms = START + DAY,
                               .step_ms = 5 * MINUTE};
    struct gong_history_remarks remarks;
    struct history_made made;
    char *want;
    char *got;

    (void)state;
    assert_int_equal(history_make(&made, world.memory, &layout), GONG_OK);
    want = ask_memory(world.memory, &query);
    got = ask_history(&made, &query, true, &remarks);
    assert_same(want, got, &query);
    assert_int_equal(remarks.used, FIVE);
    assert_int_equal(remarks.coarse, 0);
    free(want);
    free(got);
    query.expr = "count(temp{i=\"1\"})";
    query.from_ms += 9 * HOUR + 17000;
    query.to_ms = query.from_ms + HOUR;
    query.step_ms = 60000;
    want = ask_memory(world.memory, &query);
    got = ask_history(&made, &query, true, &remarks);
    assert_same(want, got, &query); /* no step without a value */
    assert_int_equal(remarks.coarse, FIVE);
    free(got);
    got = ask_history(&made, &query, false, &remarks);
    assert_non_null(strstr(got, "\"result\":[]"));
    assert_int_equal(remarks.used, 0);
    free(want);
    free(got);
    history_unmake(&made);
}

static enum gong_err
ask_limited(struct history_made *made, const char *expr,
            const struct gong_history_query_limits *limits,
            const atomic_bool *cancelled, struct gong_query_error *error)
{
    struct gong_history_recent recent = history_recent(made);
    struct gong_history_question question = {.path = made->path,
                                             .recent = &recent,
                                             .query = {.expr = expr,
                                                       .range = true,
                                                       .from_ms = START,
                                                       .to_ms = START + 3 * DAY,
                                                       .step_ms = 30000},
                                             .limits = limits,
                                             .cancelled = cancelled};
    struct gong_history_remarks remarks;
    struct gong_answer answer;
    enum gong_err err = gong_history_query(&question, &answer, &remarks, error);

    gong_answer_fini(&answer);
    return err;
}

static void
test_limits_end_a_question_and_say_which(void **state)
{
    static const struct {
        struct gong_history_query_limits limits;
        const char *expr;
        enum gong_err err;
        const char *type;
        const char *fault;
        const char *says;
    } cases[] = {
        {{.series = 7},
         "{__name__=~\".+\"}",
         GONG_ERR_TOO_LARGE,
         "execution",
         "memory",
         "more than 7 series"},
        {{.series = 5}, "temp", GONG_OK, NULL, NULL, NULL},
        {{.series = 5}, "temp - temp", GONG_OK, NULL, NULL, NULL},
        {{.series = 9},
         "temp - temp offset 1h",
         GONG_ERR_TOO_LARGE,
         "execution",
         "memory",
         "more than 9 series"},
        {{.samples = 4},
         "temp",
         GONG_ERR_TOO_LARGE,
         "execution",
         "samples",
         "more than 4 samples"},
        {{.bytes = 64 << 10},
         "count_over_time(temp{i=\"0\"}[2d])",
         GONG_ERR_TOO_LARGE,
         "execution",
         "memory",
         "samples to hold"},
        {{.bytes = 1 << 20},
         "count(count_over_time(temp{i=\"0\"}[2d]))",
         GONG_OK,
         NULL,
         NULL,
         NULL},
        {{.bytes = 400 << 10},
         "temp",
         GONG_ERR_TOO_LARGE,
         "execution",
         "memory",
         "an answer"},
        {{.timeout = {1}},
         "sum(temp)",
         GONG_ERR_TIMEOUT,
         "timeout",
         "stopped",
         "timed out"},
        {{.series = 0}, "temp +", GONG_ERR_INVALID, "bad_data", "", "expected"},
        {{.series = 0},
         "temp[5m]",
         GONG_ERR_INVALID,
         "bad_data",
         "",
         "range vector"},
    };
    struct history_layout layout = {.seed = 10, .commits = 2};
    struct history_made made;

    (void)state;
    assert_int_equal(history_make(&made, world.memory, &layout), GONG_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_query_error error;

        assert_int_equal(
            ask_limited(&made, cases[i].expr, &cases[i].limits, NULL, &error),
            cases[i].err);
        if (cases[i].err != GONG_OK) {
            assert_string_equal(error.type, cases[i].type);
            assert_string_equal(error.fault, cases[i].fault);
            assert_non_null(strstr(error.detail.message, cases[i].says));
        }
    }
    history_unmake(&made);
}

static void
test_cancelled_is_told_from_late(void **state)
{
    struct history_layout layout = {.seed = 11, .commits = 2};
    atomic_bool cancelled = true;
    struct gong_query_error error;
    struct history_made made;

    (void)state;
    assert_int_equal(history_make(&made, world.memory, &layout), GONG_OK);
    assert_int_equal(ask_limited(&made, "temp", NULL, &cancelled, &error),
                     GONG_ERR_TIMEOUT);
    assert_string_equal(error.type, "canceled");
    history_unmake(&made);
    assert_int_equal(ask_limited(&made, "temp", NULL, NULL, &error),
                     GONG_ERR_NOT_FOUND);
    assert_string_equal(error.type, "internal");
}

static void
damage(struct history_made *made, const char *sql)
{
    sqlite3 *handle = NULL;

    assert_int_equal(sqlite3_open(made->path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_changes(handle), 1);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void
test_a_damaged_chunk_is_left_out_and_counted(void **state)
{
    struct history_layout layout = {.seed = 12, .commits = 1};
    struct gong_query query = {.expr = "count_over_time(temp{i=\"0\"}[3d])",
                               .from_ms = START + 3 * DAY};
    struct gong_history_remarks remarks;
    struct history_made made;
    char *whole;
    char *got;

    (void)state;
    assert_int_equal(history_make(&made, world.memory, &layout), GONG_OK);
    whole = ask_history(&made, &query, false, &remarks);
    assert_int_equal(remarks.damaged, 0);
    damage(&made, "UPDATE chunks SET chunk = x'0100ff' WHERE id ="
                  " (SELECT min(id) FROM chunks WHERE (id & 4294967295) = 1)");
    got = ask_history(&made, &query, false, &remarks);
    assert_int_equal(remarks.damaged, 1);
    assert_string_not_equal(got, whole);
    assert_non_null(strstr(got, "\"status\":\"success\""));
    free(whole);
    free(got);
    history_unmake(&made);
}

static bool
is_odd(void *ctx, const struct gong_label_view *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (gong_str_equal(labels[i].name, gong_str_of("odd"))) {
            return gong_str_equal(labels[i].value, gong_str_of(ctx));
        }
    }
    return false;
}

static void
test_what_one_may_not_see_is_not_there(void **state)
{
    struct history_layout layout = {.seed = 13, .commits = 2};
    struct history_made made;
    struct gong_history_question question = {
        .query = {.expr = "count(temp)", .from_ms = START + 2 * DAY},
        .visible = is_odd,
        .visible_ctx = (char[]){"yes"}};
    struct gong_history_remarks remarks;
    struct gong_query_error error;
    struct gong_answer answer;
    struct gong_query query;
    char *want;
    char *got;

    (void)state;
    assert_int_equal(history_make(&made, world.memory, &layout), GONG_OK);
    question.path = made.path;
    got = text_of(gong_history_query(&question, &answer, &remarks, &error),
                  &answer, &error);
    query = question.query;
    query.expr = "count(temp{odd=\"yes\"})";
    want = ask_memory(world.memory, &query);
    assert_same(want, got, &query);
    assert_string_not_equal(want, world.answers[4][0]);
    free(want);
    free(got);
    history_unmake(&made);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_memory_in_one_part),
        cmocka_unit_test(
            test_equals_memory_in_many_parts_some_late_some_recent),
        cmocka_unit_test(test_equals_memory_made_one_and_rolled_up),
        cmocka_unit_test(test_equals_memory_rolled_up_again_for_late_samples),
        cmocka_unit_test(test_whole_intervals_need_no_raw_samples),
        cmocka_unit_test(test_the_left_end_of_a_window_is_included),
        cmocka_unit_test(test_samples_that_are_gone_are_answered_coarser),
        cmocka_unit_test(test_limits_end_a_question_and_say_which),
        cmocka_unit_test(test_cancelled_is_told_from_late),
        cmocka_unit_test(test_a_damaged_chunk_is_left_out_and_counted),
        cmocka_unit_test(test_what_one_may_not_see_is_not_there),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
