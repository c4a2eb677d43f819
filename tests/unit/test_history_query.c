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
    for (int64_t ms = START + (kind == 2 ? 1234 : 0);
         ms < START + days * DAY; ms += step) {
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
    enum gong_err err =
        gong_history_query(&question, &answer, remarks, &error);

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

/* Each expression at each of the times is what memory says, to the letter. */
static void
compare_all(struct gong_eval_memory *memory, struct history_made *made,
            bool rollups)
{
    for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
        for (size_t j = 0; j < sizeof ranges / sizeof ranges[0]; j++) {
            struct gong_query query = {.expr = expressions[i],
                                       .range = ranges[j].step > 0,
                                       .from_ms = START + ranges[j].from,
                                       .to_ms = START + ranges[j].to,
                                       .step_ms = ranges[j].step};
            struct gong_history_remarks remarks;
            char *want = ask_memory(memory, &query);
            char *got = ask_history(made, &query, rollups, &remarks);

            assert_same(want, got, &query);
            assert_int_equal(remarks.damaged, 0);
            assert_int_equal(remarks.coarse, 0);
            free(want);
            free(got);
        }
    }
}

static void
compare_layout(const struct history_layout *layout)
{
    struct gong_eval_memory *memory = make_memory(3);
    struct history_made made;

    assert_int_equal(history_make(&made, memory, layout), GONG_OK);
    compare_all(memory, &made, false);
    compare_all(memory, &made, true);
    history_unmake(&made);
    gong_eval_memory_free(memory);
}

static void
test_equals_memory_in_one_part(void **state)
{
    (void)state;
    compare_layout(&(struct history_layout){.seed = 1, .commits = 1});
}

static void
test_equals_memory_in_many_parts_some_late_some_recent(void **state)
{
    (void)state;
    compare_layout(&(struct history_layout){.seed = 2,
                                            .commits = 40,
                                            .late_percent = 5,
                                            .kept_percent = 3});
}

static void
test_equals_memory_made_one_and_rolled_up(void **state)
{
    (void)state;
    compare_layout(&(struct history_layout){.seed = 3,
                                            .commits = 40,
                                            .tidy = true,
                                            .kept_percent = 1});
    compare_layout(&(struct history_layout){.seed = 4,
                                            .commits = 20,
                                            .tidy = true,
                                            .rest_ms = 60 * DAY});
}

static void
test_equals_memory_rolled_up_again_for_late_samples(void **state)
{
    (void)state;
    compare_layout(&(struct history_layout){.seed = 5,
                                            .commits = 30,
                                            .late_percent = 10,
                                            .kept_percent = 20,
                                            .tidy = true});
    compare_layout(&(struct history_layout){.seed = 6,
                                            .commits = 9,
                                            .late_percent = 40,
                                            .tidy = true,
                                            .rest_ms = DAY});
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
