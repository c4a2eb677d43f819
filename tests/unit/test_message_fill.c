/* Unit tests of agent/tell/message_fill.c and agent/tell/number_text.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/tell/message_fill.h"
#include "agent/tell/number_text.h"

static bool
find(void *ctx, const char *name, double *out)
{
    static const struct {
        const char *name;
        double value;
    } facts[] = {{"value", 40.31},    {"param_level3", 34.5}, {"trend", 0.42},
                 {"falling", -0.128}, {"still", 0.004},       {"nothing", 0},
                 {"odd", NAN},        {"huge", 1e300}};

    (void)ctx;
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (strcmp(facts[i].name, name) == 0) {
            *out = facts[i].value;
            return true;
        }
    }
    return false;
}

static const struct {
    const char *text;
    const char *vietnamese;
    const char *english; /* NULL: the same */
} cases[] = {
    {"", "", NULL},
    {"plain", "plain", NULL},
    {"a[[ {value} ]]b", "a 40,31 b", "a 40.31 b"},
    {"a[[{value:1}]]", "a40,3", "a40.3"},
    {"a[[{value-param_level#:2} m]]", "a5,81 m", "a5.81 m"},
    {"[[{value-param_level3*2:2}]]", "11,62", "11.62"},
    {"[[{value/2+1:3}]]", "21,155", "21.155"},
    {"[[BĐ {level:roman}]]", "BĐ III", NULL},
    {"[[{level}]]", "3", NULL},
    {"x[[, {trend:+2} m]]", "x, tăng 0,42 m", "x, rising 0.42 m"},
    {"x[[, {falling:+2} m]]", "x, giảm 0,13 m", "x, falling 0.13 m"},
    {"x[[, {still:+2} m]]", "x", NULL},
    /* What is not known takes its section along, and no other. */
    {"x[[ {unheard} m]][[ {level:roman}]]", "x III", NULL},
    {"x[[ {value-unheard:2} m]]", "x", NULL},
    {"x[[ {odd} m]]", "x", NULL},
    {"x[[ {value/nothing} m]]", "x", NULL},
    {"x[[ {} m]]", "x", NULL},
    {"x[[ {value:zz} m]]", "x", NULL},
    {"x[[ {value:22} m]]", "x", NULL},
    {"x[[ {value-} m]]", "x", NULL},
    {"x[[ {VALUE} m]]", "x", NULL},
    {"x[[ {huge:2}]]", "x 1e+300", NULL},
    /* What is no section stays. */
    {"x[[ {value", "x[[ {value", NULL},
    {"x[1] {value}", "x[1] {value}", NULL},
    {"x[[plain {value]]y", "xplain {valuey", NULL},
};

static void
sections_are_filled(void **state)
{
    const struct gong_message_facts facts = {find, NULL, 3};
    char out[256];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_str text = gong_str_of(cases[i].text);
        size_t len = gong_message_fill(text, &facts, GONG_MESSAGE_VIETNAMESE,
                                       out, sizeof out);

        assert_string_equal(out, cases[i].vietnamese);
        assert_int_equal(len, strlen(out));
        (void)gong_message_fill(text, &facts, GONG_MESSAGE_ENGLISH, out,
                                sizeof out);
        assert_string_equal(out, cases[i].english == NULL ? cases[i].vietnamese
                                                          : cases[i].english);
    }
}

static void
without_a_level_there_is_none(void **state)
{
    const struct gong_message_facts facts = {find, NULL, 0};
    char out[64];

    (void)state;
    (void)gong_message_fill(gong_str_of("x[[ {level:roman}]]"), &facts,
                            GONG_MESSAGE_VIETNAMESE, out, sizeof out);
    assert_string_equal(out, "x");
}

static void
a_cut_leaves_whole_characters(void **state)
{
    const struct gong_message_facts facts = {find, NULL, 3};
    char out[6];

    (void)state;
    (void)gong_message_fill(gong_str_of("ếếế"), &facts, GONG_MESSAGE_VIETNAMESE,
                            out, sizeof out);
    assert_string_equal(out, "ế");
}

static void
numbers(void **state)
{
    char out[GONG_NUMBER_TEXT_SIZE];

    (void)state;
    gong_number_grouped(0, '.', out);
    assert_string_equal(out, "0");
    gong_number_grouped(999, '.', out);
    assert_string_equal(out, "999");
    gong_number_grouped(9900, '.', out);
    assert_string_equal(out, "9.900");
    gong_number_grouped(UINT64_MAX, ',', out);
    assert_string_equal(out, "18,446,744,073,709,551,615");
    gong_number_fixed(40.305, 1, ',', out);
    assert_string_equal(out, "40,3");
    gong_number_fixed(1e300, 9, ',', out);
    assert_string_equal(out, "1e+300");
    gong_number_short(71.5, ',', out);
    assert_string_equal(out, "71,5");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_filled),
        cmocka_unit_test(without_a_level_there_is_none),
        cmocka_unit_test(a_cut_leaves_whole_characters),
        cmocka_unit_test(numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
