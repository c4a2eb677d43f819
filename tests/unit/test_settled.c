/* Unit tests of collector/settled.c: an ack is believed to the letter or not at
 * all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "collector/settled.h"

#define EPOCH "\"epoch\":\"5f1c09e2a7b4d310\""
#define NOW   "\"now\":1760000000123"

static enum gong_err
parse(const char *text, struct gong_settled *out)
{
    return gong_settled_parse(gong_str_of(text), out);
}

static void
reads_what_an_agent_says(void **state)
{
    struct gong_settled settled;

    (void)state;
    assert_int_equal(
        parse("{\"agent\":\"a\",\"journal\":\"j\"," EPOCH
              ",\"cum\":1041,\"ranges\":[[1043,1050],[1060,1060]]," NOW "}",
              &settled),
        GONG_OK);
    assert_int_equal(settled.epoch, UINT64_C(0x5f1c09e2a7b4d310));
    assert_int_equal(settled.cum, 1041);
    assert_int_equal(settled.range_count, 2);
    assert_int_equal(settled.now_ms, INT64_C(1760000000123));
    assert_int_equal(gong_settled_highest(&settled), 1060);
}

static void
knows_what_it_has(void **state)
{
    static const struct {
        uint64_t seq;
        bool has;
    } cases[] = {{0, true},    {1041, true},  {1042, false},
                 {1043, true}, {1050, true},  {1051, false},
                 {1060, true}, {1061, false}, {UINT64_MAX, false}};
    struct gong_settled settled;

    (void)state;
    assert_int_equal(
        parse("{" EPOCH
              ",\"cum\":1041,\"ranges\":[[1043,1050],[1060,1060]]," NOW "}",
              &settled),
        GONG_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(gong_settled_has(&settled, cases[i].seq),
                         cases[i].has);
    }
}

static void
ranges_may_be_absent(void **state)
{
    struct gong_settled settled;

    (void)state;
    assert_int_equal(parse("{" EPOCH ",\"cum\":0," NOW "}", &settled), GONG_OK);
    assert_int_equal(gong_settled_highest(&settled), 0);
    assert_false(gong_settled_has(&settled, 1));
}

static void
ranges_may_touch(void **state)
{
    struct gong_settled settled;

    (void)state;
    assert_int_equal(parse("{" EPOCH ",\"cum\":5,\"ranges\":[[6,7],[8,8]]," NOW
                           "}",
                           &settled),
                     GONG_OK);
    assert_true(gong_settled_has(&settled, 8));
    assert_false(gong_settled_has(&settled, 9));
}

static void
refuses_what_is_no_ack(void **state)
{
    static const char *const cases[] = {
        "",
        "null",
        "[]",
        "{}",
        "{" EPOCH ",\"cum\":1," NOW "} x",
        "{" EPOCH ",\"cum\":1," NOW,
        "{" EPOCH ",\"cum\":1,\"cum\":2," NOW "}",
        "{\"epoch\":\"5F1C09E2A7B4D310\",\"cum\":1," NOW "}",
        "{\"epoch\":\"5f1c09e2a7b4d31\",\"cum\":1," NOW "}",
        "{\"epoch\":\"5f1c09e2a7b4d31g\",\"cum\":1," NOW "}",
        "{\"epoch\":\"5f1c09e2a7b4d31\\u0000\",\"cum\":1," NOW "}",
        "{\"epoch\":7,\"cum\":1," NOW "}",
        "{" EPOCH "," NOW "}",
        "{" EPOCH ",\"cum\":-1," NOW "}",
        "{" EPOCH ",\"cum\":1.0," NOW "}",
        "{" EPOCH ",\"cum\":\"1\"," NOW "}",
        "{" EPOCH ",\"cum\":9223372036854775808," NOW "}",
        "{" EPOCH ",\"cum\":1}",
        "{" EPOCH ",\"cum\":1,\"now\":-1}",
        "{" EPOCH ",\"cum\":1,\"now\":9223372036855}",
        "{" EPOCH ",\"cum\":5,\"ranges\":7," NOW "}",
        "{" EPOCH ",\"cum\":5,\"ranges\":{}," NOW "}",
        "{" EPOCH ",\"cum\":5,\"ranges\":[7]," NOW "}",
        "{" EPOCH ",\"cum\":5,\"ranges\":[[7]]," NOW "}",
        "{" EPOCH ",\"cum\":5,\"ranges\":[[7,8,9]]," NOW "}",
        "{" EPOCH ",\"cum\":5,\"ranges\":[[7,-8]]," NOW "}",
        "{" EPOCH ",\"cum\":5,\"ranges\":[[8,7]]," NOW "}",
        "{" EPOCH ",\"cum\":5,\"ranges\":[[5,6]]," NOW "}",
        "{" EPOCH ",\"cum\":5,\"ranges\":[[7,9],[9,10]]," NOW "}",
        "{" EPOCH ",\"cum\":5,\"ranges\":[[17,19],[9,10]]," NOW "}",
    };
    struct gong_settled settled;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (parse(cases[i], &settled) != GONG_ERR_INVALID) {
            fail_msg("taken: %s", cases[i]);
        }
    }
}

static void
bounds_hold(void **state)
{
    char text[GONG_SETTLED_TEXT_MAX + 2];
    struct gong_settled settled;

    (void)state;
    for (int count = GONG_SETTLED_RANGES_MAX; count < 34; count++) {
        int len =
            snprintf(text, sizeof text, "{" EPOCH ",\"cum\":0,\"ranges\":[");

        for (int i = 0; i < count; i++) {
            len += snprintf(text + len, sizeof text - (size_t)len, "%s[%d,%d]",
                            i == 0 ? "" : ",", 2 * i + 2, 2 * i + 2);
        }
        (void)snprintf(text + len, sizeof text - (size_t)len, "]," NOW "}");
        assert_int_equal(parse(text, &settled), count == GONG_SETTLED_RANGES_MAX
                                                    ? GONG_OK
                                                    : GONG_ERR_INVALID);
    }
    /* Blanks behind it are JSON, too. */
    (void)snprintf(text, sizeof text, "%-*s", GONG_SETTLED_TEXT_MAX + 1,
                   "{" EPOCH ",\"cum\":0," NOW "}");
    assert_int_equal(gong_settled_parse(
                         gong_str_from(text, GONG_SETTLED_TEXT_MAX), &settled),
                     GONG_OK);
    assert_int_equal(
        gong_settled_parse(gong_str_from(text, GONG_SETTLED_TEXT_MAX + 1),
                           &settled),
        GONG_ERR_INVALID);
}

/* Deeply nested text ends in a refusal, not in the stack. */
static void
depth_is_refused(void **state)
{
    char text[GONG_SETTLED_TEXT_MAX];
    struct gong_settled settled;

    (void)state;
    memset(text, '[', sizeof text);
    assert_int_equal(
        gong_settled_parse(gong_str_from(text, sizeof text), &settled),
        GONG_ERR_INVALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_an_agent_says),
        cmocka_unit_test(knows_what_it_has),
        cmocka_unit_test(ranges_may_be_absent),
        cmocka_unit_test(ranges_may_touch),
        cmocka_unit_test(refuses_what_is_no_ack),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(depth_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
