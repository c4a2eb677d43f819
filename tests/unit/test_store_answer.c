/* Unit tests of agent/store/store_answer.c: every row of the table, for each
 * type of store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/store/store_answer.h"

#define PARSE "{\"error\":\"unable to parse 'm v=abc 2': invalid boolean\"}"
#define PARTLY                                                                 \
    "{\"error\":\"partial write: unable to parse 'm v=abc 2': invalid "        \
    "boolean dropped=0\"}"
#define TYPE                                                                   \
    "{\"error\":\"partial write: field type conflict: input field \\\"v\\\" "  \
    "on measurement \\\"m\\\" is type integer, already exists as type float "  \
    "dropped=12\"}"
#define OLD                                                                    \
    "{\"error\":\"partial write: points beyond retention policy "              \
    "dropped=3\"}"
#define NO_DB "{\"error\":\"database not found: \\\"x\\\"\"}"
#define NO_RP "{\"error\":\"retention policy not found: x\"}"
#define V2_TYPE                                                                \
    "{\"code\":\"unprocessable entity\",\"message\":\"failure writing points " \
    "to database: partial write: field type conflict dropped=2\"}"
#define V2_PARSE                                                               \
    "{\"code\":\"invalid\",\"message\":\"unable to parse 'm v=': missing "     \
    "field value\"}"

enum {
    V1 = 1 << GONG_STORE_INFLUXDB1,
    V2 = 1 << GONG_STORE_INFLUXDB2,
    VM = 1 << GONG_STORE_VICTORIAMETRICS,
    ALL = V1 | V2 | VM,
};

static const struct row {
    long types;
    long status;
    const char *body;
    int64_t retry_after_s;
    enum gong_store_outcome outcome;
    const char *reason;
    int64_t wait_s;
    int64_t dropped;
} rows[] = {
    {ALL, 0, "", 0, GONG_STORE_RETRY, "unreachable", 0, 0},
    {ALL, 200, "", 0, GONG_STORE_STORED, "stored", 0, 0},
    {ALL, 204, "", 0, GONG_STORE_STORED, "stored", 0, 0},
    {ALL, 301, "", 0, GONG_STORE_HOLD, "unexpected_status", 0, 0},
    {ALL, 401, "", 0, GONG_STORE_HOLD, "unauthorized", 0, 0},
    {ALL, 403, "", 0, GONG_STORE_HOLD, "forbidden", 0, 0},
    {ALL, 404, NO_DB, 0, GONG_STORE_HOLD, "not_found", 0, 0},
    {ALL, 405, "", 0, GONG_STORE_HOLD, "unexpected_status", 0, 0},
    {ALL, 408, "", 0, GONG_STORE_RETRY, "request_timeout", 0, 0},
    {ALL, 413, "", 0, GONG_STORE_HALVE, "too_large", 0, 0},
    {ALL, 429, "", 0, GONG_STORE_RETRY, "too_many_requests", 0, 0},
    {ALL, 429, "", 7, GONG_STORE_RETRY, "too_many_requests", 7, 0},
    {ALL, 429, "", 86400, GONG_STORE_RETRY, "too_many_requests", 600, 0},
    {ALL, 429, "", -5, GONG_STORE_RETRY, "too_many_requests", 0, 0},
    {ALL, 500, "timeout", 0, GONG_STORE_RETRY, "server_error", 0, 0},
    {ALL, 500, NO_RP, 0, GONG_STORE_HOLD, "no_retention_policy", 0, 0},
    {ALL, 502, "", 0, GONG_STORE_RETRY, "server_error", 0, 0},
    {ALL, 503, "", 30, GONG_STORE_RETRY, "server_error", 30, 0},
    {ALL, 504, "", 0, GONG_STORE_RETRY, "server_error", 0, 0},
    {V1, 400, PARTLY, 0, GONG_STORE_PARTIAL, "unparsable", 0, 0},
    {V1 | V2, 400, TYPE, 0, GONG_STORE_PARTIAL, "type_conflict", 0, 12},
    {V1, 400, OLD, 0, GONG_STORE_PARTIAL, "retention", 0, 3},
    {V1, 400, PARSE, 0, GONG_STORE_REFUSED, "unparsable", 0, 0},
    {V1, 400, "database name required", 0, GONG_STORE_HOLD, "database_required",
     0, 0},
    {V1, 400, "gzip: invalid header", 0, GONG_STORE_BISECT, "bad_request", 0,
     0},
    {V2, 400, V2_PARSE, 0, GONG_STORE_BISECT, "unparsable", 0, 0},
    {VM, 400, "too long line", 0, GONG_STORE_REFUSED, "bad_request", 0, 0},
    {VM, 400, TYPE, 0, GONG_STORE_REFUSED, "bad_request", 0, 0},
    {ALL, 422, V2_TYPE, 0, GONG_STORE_PARTIAL, "type_conflict", 0, 2},
    {ALL, 422, "", 0, GONG_STORE_PARTIAL, "partial_write", 0, 0},
    {ALL, 422, "dropped=99999999999999999999", 0, GONG_STORE_PARTIAL,
     "partial_write", 0, INT64_C(9999999999)},
    {ALL, 100, "", 0, GONG_STORE_HOLD, "unexpected_status", 0, 0},
    {ALL, 999, "", 0, GONG_STORE_HOLD, "unexpected_status", 0, 0},
};

static void
every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int type = 0; type <= GONG_STORE_VICTORIAMETRICS; type++) {
            struct gong_store_verdict verdict;

            if ((rows[i].types & 1 << type) == 0) {
                continue;
            }
            verdict = gong_store_judge(
                (enum gong_store_type)type, rows[i].status,
                gong_str_of(rows[i].body), rows[i].retry_after_s);
            if (verdict.outcome != rows[i].outcome) {
                fail_msg("row %zu type %d: %s", i, type,
                         gong_store_outcome_text(verdict.outcome));
            }
            assert_string_equal(verdict.reason, rows[i].reason);
            assert_int_equal(verdict.wait_s, rows[i].wait_s);
            assert_int_equal(verdict.dropped, rows[i].dropped);
            assert_int_equal(verdict.todo != NULL,
                             verdict.outcome == GONG_STORE_HOLD);
        }
    }
}

/* No status whatever loses lines silently: only 2xx is stored. */
static void
only_2xx_is_stored(void **state)
{
    (void)state;
    for (long status = 0; status < 700; status++) {
        for (int type = 0; type <= GONG_STORE_VICTORIAMETRICS; type++) {
            struct gong_store_verdict verdict =
                gong_store_judge((enum gong_store_type)type, status,
                                 gong_str_of("partial write"), 0);

            assert_int_equal(verdict.outcome == GONG_STORE_STORED,
                             status >= 200 && status <= 299);
        }
    }
}

static void
outcomes_have_distinct_texts(void **state)
{
    (void)state;
    for (int a = 0; a <= GONG_STORE_REFUSED; a++) {
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(
                gong_store_outcome_text((enum gong_store_outcome)a),
                gong_store_outcome_text((enum gong_store_outcome)b));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),
        cmocka_unit_test(only_2xx_is_stored),
        cmocka_unit_test(outcomes_have_distinct_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
