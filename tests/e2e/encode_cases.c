/*
 * Prints points that are hard to write, encoded for each kind of store, with
 * what must be read back from the real store, as one JSON array. Driven by
 * test_roundtrip.py.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "common/lp_encode.h"

#define TIME_NS INT64_C(1760000000123000000)

struct round_case {
    const char *measurement;
    const char *tag;
    const char *text; /* string field; "" for none */
    double number;
    int64_t integer;
    /* What a store must say. */
    const char *read_measurement;
    const char *read_tag;
    const char *read_text;
};

static const struct round_case cases[] = {
    {"plain", "a", "text", 1.5, 1, "plain", "a", "text"},
    {"Đắk Lắk", "xã Ea H'Leo", "Củng Sơn: trên báo động III", 40.31, -7,
     "Đắk Lắk", "xã Ea H'Leo", "Củng Sơn: trên báo động III"},
    {"with space", "a b", "a b", 0.1, 2, "with space", "a b", "a b"},
    {"with,comma", "a,b", "a,b", 1e300, 3, "with,comma", "a,b", "a,b"},
    {"equals=sign", "a=b", "a=b", -1e-300, 4, "equals=sign", "a=b", "a=b"},
    {"quote\"d", "a\"b", "say \"gong\"", 123456789.125, 5, "quote\"d", "a\"b",
     "say \"gong\""},
    {"back\\slash", "a\\b", "a\\b", 5e-324, 6, "back\\slash", "a\\b", "a\\b"},
    {"trailing\\", "tail\\", "tail\\", 1, 7, "trailing", "tail", "tail\\"},
    {"reserved\\,", "a\\,b", "a\\,b", 2, 8, "reserved/,", "a/,b", "a\\,b"},
    {"new\nline", "a\nb", "a\nb", 3, 9, "new line", "a b", "a\nb"},
    {"tab\tand\rreturn", "a\tb", "a\tb", 4, 10, "tab and return", "a b",
     "a\tb"},
    {"limits", "max", "", 1.7976931348623157e308, INT64_MAX, "limits", "max",
     ""},
    {"limits", "min", "", 2.2250738585072014e-308, INT64_MIN, "limits", "min",
     ""},
    {"seventeen", "digits", "", 0.30000000000000004, 9007199254740993,
     "seventeen", "digits", ""},
};

static char *
encode(const struct round_case *c, bool influxdb)
{
    const struct gong_lp_dialect dialect = {
        .strings = influxdb,
        .newlines_in_strings = influxdb,
    };
    const struct gong_lp_tag tag = {gong_str_of("tag"), gong_str_of(c->tag)};
    struct gong_lp_field fields[3] = {
        {.key = gong_str_of("number"),
         .value = {.type = GONG_LP_FLOAT, .as.number = c->number}},
        {.key = gong_str_of("integer"),
         .value = {.type = GONG_LP_INT, .as.integer = c->integer}},
        {.key = gong_str_of("text"),
         .value = {.type = GONG_LP_STRING, .as.string = gong_str_of(c->text)}},
    };
    const struct gong_lp_line line = {
        .measurement = gong_str_of(c->measurement),
        .tags = &tag,
        .tag_count = 1,
        .fields = fields,
        .field_count = c->text[0] == '\0' ? 2 : 3,
        .time_ns = TIME_NS,
    };
    struct gong_buffer buffer = {0};
    struct gong_lp_losses losses = {0};

    if (gong_lp_encode(&buffer, &line, &dialect, &losses) != GONG_OK ||
        gong_buffer_append(&buffer, "", 1) != GONG_OK) {
        gong_buffer_fini(&buffer);
        return NULL;
    }
    return buffer.data;
}

int
main(void)
{
    json_t *all = json_array();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct round_case *c = &cases[i];
        char *influxdb = encode(c, true);
        char *victoriametrics = encode(c, false);
        char number[40];
        char integer[24];

        if (influxdb == NULL || victoriametrics == NULL) {
            return EXIT_FAILURE;
        }
        (void)snprintf(number, sizeof number, "%.17g", c->number);
        (void)snprintf(integer, sizeof integer, "%" PRId64, c->integer);
        (void)json_array_append_new(
            all,
            json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "influxdb", influxdb,
                      "victoriametrics", victoriametrics, "measurement",
                      c->read_measurement, "tag", c->read_tag, "text",
                      c->read_text, "number", number, "integer", integer));
        free(influxdb);
        free(victoriametrics);
    }
    (void)json_dumpf(all, stdout, 0);
    json_decref(all);
    return EXIT_SUCCESS;
}
