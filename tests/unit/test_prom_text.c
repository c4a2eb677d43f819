#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/prom_text.h"

static struct gong_prom_text reader;

/* The sample as one canonical text: name{a=[v]} value [@ms]. */
static void
describe(const struct gong_prom_sample *sample, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%.*s{", (int)sample->name.len,
                                   sample->name.data);

    for (size_t i = 0; i < sample->label_count; i++) {
        const struct gong_prom_label *label = &sample->labels[i];

        used += (size_t)snprintf(out + used, size - used, "%s%.*s=[%.*s]",
                                 i == 0 ? "" : ",", (int)label->name.len,
                                 label->name.data, (int)label->value.len,
                                 label->value.data);
    }
    used += (size_t)snprintf(out + used, size - used, "} %.17g", sample->value);
    if (sample->has_time) {
        (void)snprintf(out + used, size - used, " @%lld",
                       (long long)sample->time_ms);
    }
}

struct line_case {
    const char *line;
    const char *sample; /* or the reason, with refused */
    bool refused;
};

static const struct line_case cases[] = {
    {"up 1", "up{} 1", false},
    {"up\t1 ", "up{} 1", false},
    {"  up 1", "up{} 1", false},
    {"a:b_c9 -1.5e-3", "a:b_c9{} -0.0015", false},
    {"a{} 1", "a{} 1", false},
    {"a {} 1", "a{} 1", false},
    {"a{x=\"y\"}1", "a{x=[y]} 1", false},
    {"a{x=\"y\",} 1 1395066363000", "a{x=[y]} 1 @1395066363000", false},
    {"a { x = \"y\" , z=\"\" } 1 -5", "a{x=[y],z=[]} 1 @-5", false},
    {"a{x=\"C:\\\\D \\\"q\\\" \\n.\\t\"} 1", "a{x=[C:\\D \"q\" \n.\\t]} 1",
     false},
    {"a{x=\"\\\\\",y=\"\\\"\"} 1", "a{x=[\\],y=[\"]} 1", false},
    {"a{x=\"},{=\"} 1", "a{x=[},{=]} 1", false},
    {"a{x=\"Tuy H\xc3\xb2"
     "a\"} 1",
     "a{x=[Tuy H\xc3\xb2"
     "a]} 1",
     false},
    {"a NaN", "a{} nan", false},
    {"a +Inf", "a{} inf", false},
    {"a -Inf", "a{} -inf", false},
    {"a inf", "a{} inf", false},
    {"a +3", "a{} 3", false},
    {"a .5", "a{} 0.5", false},
    {"a 9.223372036854776e+18", "a{} 9.2233720368547758e+18", false},
    {"1a 1", "name", true},
    {"a-b 1", "name", true},
    {"{\"a\"} 1", "name", true},
    {"a", "name", true},
    {"<html>", "name", true},
    {"a ", "value", true},
    {"a{} ", "value", true},
    {"a 1i", "value", true},
    {"a 1u", "value", true},
    {"a 0x1p3", "value", true},
    {"a ++1", "value", true},
    {"a -", "value", true},
    {"a infinit", "value", true},
    {"a 1e999", "value", true},
    {"a true", "value", true},
    {"a 1 x", "time", true},
    {"a 1 1.5", "time", true},
    {"a 1 99999999999999999999", "time", true},
    {"a 1 5 6", "trailing", true},
    {"a 1 # {id=\"7\"} 1", "time", true},
    {"a{x=\"y\" 1", "label", true},
    {"a{x} 1", "label", true},
    {"a{x=\"y\" z=\"w\"} 1", "label", true},
    {"a{x=y} 1", "label_value", true},
    {"a{x=\"y", "label_value", true},
    {"a{x=\"y\\\"", "label_value", true},
    {"a{,} 1", "label_name", true},
    {"a{9=\"y\"} 1", "label_name", true},
    {"a{x:y=\"y\"} 1", "label", true},
    {"a{x=\"1\",x=\"2\"} 1", "duplicate_label", true},
    {"a{", "label_name", true},
};

static void
lines_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct line_case *c = &cases[i];
        char found[256];
        enum gong_prom_result result;

        gong_prom_text_start(&reader, gong_str_of(c->line));
        result = gong_prom_text_next(&reader);
        if (result == GONG_PROM_SAMPLE) {
            describe(&reader.sample, found, sizeof found);
        } else {
            (void)snprintf(found, sizeof found, "%s",
                           reader.reason == NULL ? "-" : reader.reason);
        }
        if ((result == GONG_PROM_REFUSED) != c->refused ||
            strcmp(found, c->sample) != 0) {
            fail_msg("%s: found %s, expected %s", c->line, found, c->sample);
        }
        assert_int_equal(gong_prom_text_next(&reader), GONG_PROM_END);
    }
}

static void
a_bad_line_costs_itself(void **state)
{
    (void)state;
    gong_prom_text_start(&reader,
                         gong_str_of("# HELP a b\n\n  # TYPE a gauge\r\n"
                                     "a 1\r\nbad line\n\nb 2"));
    assert_int_equal(gong_prom_text_next(&reader), GONG_PROM_SAMPLE);
    assert_int_equal(reader.line, 4);
    assert_int_equal(gong_prom_text_next(&reader), GONG_PROM_REFUSED);
    assert_int_equal(reader.line, 5);
    assert_string_equal(reader.reason, "value");
    assert_int_equal(gong_prom_text_next(&reader), GONG_PROM_SAMPLE);
    assert_int_equal(reader.line, 7);
    assert_true(gong_str_is(reader.sample.name, "b"));
    assert_int_equal(gong_prom_text_next(&reader), GONG_PROM_END);
    gong_prom_text_start(&reader, gong_str_from(NULL, 0));
    assert_int_equal(gong_prom_text_next(&reader), GONG_PROM_END);
}

/* count labels, the values `\\`: each needs scratch space. */
static size_t
write_labels(char *out, size_t size, unsigned count)
{
    size_t used = (size_t)snprintf(out, size, "a{");

    for (unsigned i = 0; i < count; i++) {
        used += (size_t)snprintf(out + used, size - used, "l%u=\"\\\\\",", i);
    }
    return used + (size_t)snprintf(out + used, size - used, "} 1");
}

/* Without its NUL. */
static void
put(char *out, const char *text)
{
    while (*text != '\0') {
        *out++ = *text++;
    }
}

static void
limits_hold(void **state)
{
    size_t size = GONG_PROM_LINE_MAX + 64;
    char *text = malloc(size);
    size_t len;

    (void)state;
    assert_non_null(text);
    (void)write_labels(text, size, GONG_PROM_LABELS_MAX);
    gong_prom_text_start(&reader, gong_str_of(text));
    assert_int_equal(gong_prom_text_next(&reader), GONG_PROM_SAMPLE);
    assert_int_equal(reader.sample.label_count, GONG_PROM_LABELS_MAX);
    assert_true(gong_str_is(reader.sample.labels[59].value, "\\"));
    (void)write_labels(text, size, GONG_PROM_LABELS_MAX + 1);
    gong_prom_text_start(&reader, gong_str_of(text));
    assert_int_equal(gong_prom_text_next(&reader), GONG_PROM_REFUSED);
    assert_string_equal(reader.reason, "too_many_labels");

    /* One line of exactly the limit, then one longer. */
    memset(text, 'x', size);
    put(text, "a{l=\"\\\"");
    len = GONG_PROM_LINE_MAX;
    put(text + len - 4, "\"} 1");
    gong_prom_text_start(&reader, gong_str_from(text, len));
    assert_int_equal(gong_prom_text_next(&reader), GONG_PROM_SAMPLE);
    assert_int_equal(reader.sample.labels[0].value.len,
                     GONG_PROM_LINE_MAX - 10);
    put(text + len - 4, "xxxx");
    put(text + len - 3, "\"} 1");
    gong_prom_text_start(&reader, gong_str_from(text, len + 1));
    assert_int_equal(gong_prom_text_next(&reader), GONG_PROM_REFUSED);
    assert_string_equal(reader.reason, "line_too_long");
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read_or_refused),
        cmocka_unit_test(a_bad_line_costs_itself),
        cmocka_unit_test(limits_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
