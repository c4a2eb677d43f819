/* Unit tests of common/conf*.c: what is written: dumps, the manual, hints. */
#include "common/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "conf_fixture.h"

#define HOST "host = \"h\";"

static char *
dump(const struct conf_sample *sample, int depth)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    gong_conf_dump(&conf_table, sample, depth, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void
a_dump_has_this_form(void **state)
{
    char host[] = "a\"b\\c\nd\te";
    char tag[] = "\xc4\x90\xc3\xa8n";
    char *tags[] = {tag, host};
    struct conf_sample sample = {.enabled = true,
                                 .port = 80,
                                 .wide = INT64_C(2147483648),
                                 .ratio = 1e20,
                                 .interval = gong_dur_ms(90500),
                                 .size = UINT64_C(1572864),
                                 .host = host,
                                 .tags = {tags, 2},
                                 .mode = 2};
    char *text = dump(&sample, 1);

    (void)state;
    assert_string_equal(text, "    enabled = true;\n"
                              "    port = 80;\n"
                              "    wide = 2147483648L;\n"
                              "    ratio = 1.0e+20;\n"
                              "    interval = \"1m30s500ms\";\n"
                              "    size = \"1536KiB\";\n"
                              "    host = \"a\\\"b\\\\c\\nd\\te\";\n"
                              "    tags = [\"\xc4\x90\xc3\xa8n\", "
                              "\"a\\\"b\\\\c\\nd\\te\"];\n"
                              "    mode = \"off\";\n");
    free(text);
}

/* A fixed generator: the same cases in every run. */
static uint64_t
next_random(uint64_t *seed)
{
    *seed =
        *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 11;
}

static char *
random_text(uint64_t *seed)
{
    static const char *const parts[] = {
        "\"",    "\\",       "\n", "\t",         "\xc4\x90", "\xf0\x9f\x9a\xa8",
        " ",     "#",        "//", "/*",         "*/",       "@include \"x\"",
        "\\x41", "\\n",      "'",  ";",          "}",        "a",
        "%s",    "\xc2\xa0", "=",  "\n@include", "\"\"",     "0",
    };
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    for (uint64_t i = next_random(seed) % 12; i > 0; i--) {
        (void)fputs(parts[next_random(seed) % (sizeof parts / sizeof parts[0])],
                    out);
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

static double
random_number(uint64_t *seed)
{
    static const double special[] = {0.0,  -0.0,     1.0,     -1.0,   0.1,
                                     1e20, 1e-300,   -1e300,  5e-324, 1e16,
                                     1e17, 123456.0, 1.0 / 3, 2.5e-5};
    double value;
    uint64_t bits;

    if (next_random(seed) % 2 == 0) {
        return special[next_random(seed) %
                       (sizeof special / sizeof special[0])];
    }
    do {
        bits = next_random(seed) << 20 ^ next_random(seed);
        memcpy(&value, &bits, sizeof value);
    } while (!(value > -1e300 && value < 1e300));
    return value;
}

static struct conf_sample
random_sample(uint64_t *seed)
{
    struct conf_sample sample = {
        .enabled = next_random(seed) % 2 == 0,
        .port = (int64_t)(next_random(seed) % 65535) + 1,
        .wide = (int64_t)((next_random(seed) << 20 ^ next_random(seed)) >>
                          next_random(seed) % 64),
        .ratio = random_number(seed),
        .interval = gong_dur_ms(1000 + (int64_t)(next_random(seed) % 3599000)),
        .size = 4096 + (next_random(seed) << next_random(seed) % 11),
        .host = random_text(seed),
        .note = random_text(seed),
        .mode = (int)(next_random(seed) % 3),
    };

    sample.tags.count = next_random(seed) % 4;
    sample.tags.items = calloc(4, sizeof *sample.tags.items);
    assert_non_null(sample.tags.items);
    for (size_t i = 0; i < sample.tags.count; i++) {
        sample.tags.items[i] = random_text(seed);
    }
    return sample;
}

static void
a_dump_parses_back_to_itself(void **state)
{
    uint64_t seed = 42;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct gong_conf_errors errors = {0};
        struct conf_sample first = random_sample(&seed);
        struct conf_sample second = {0};
        char *text = dump(&first, 0);
        struct gong_conf *conf =
            gong_conf_open_text("f", gong_str_of(text), &errors);
        char *again;

        gong_conf_errors_print(&errors, stderr);
        assert_non_null(conf);
        assert_true(gong_conf_read(gong_conf_root(conf), &conf_table, &second,
                                   &errors));
        again = dump(&second, 0);
        assert_string_equal(again, text);
        assert_memory_equal(&first.ratio, &second.ratio, sizeof first.ratio);
        assert_true(first.wide == second.wide);
        assert_true(first.size == second.size);
        assert_string_equal(first.host, second.host);
        assert_string_equal(first.note, second.note);
        free(again);
        free(text);
        gong_conf_free(&conf_table, &first);
        gong_conf_free(&conf_table, &second);
        gong_conf_close(conf);
    }
}

static void
sizes_are_read_in_all_units(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {
        {"\"4096\"", 4096},
        {"4096", 4096},
        {"5000000000L", UINT64_C(5000000000)},
        {"\"8192B\"", 8192},
        {"\"5kB\"", 5000},
        {"\"5KB\"", 5000},
        {"\"5KiB\"", 5120},
        {"\"10MB\"", 10000000},
        {"\"64MiB\"", 67108864},
        {"\"2GB\"", UINT64_C(2000000000)},
        {"\"2GiB\"", UINT64_C(2147483648)},
        {"\"3TB\"", UINT64_C(3000000000000)},
        {"\"1TiB\"", UINT64_C(1099511627776)},
        {"\"18446744073709551615\"", UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_conf_errors errors = {0};
        struct conf_sample sample = {0};
        struct gong_conf *conf;
        char text[80];

        (void)snprintf(text, sizeof text, HOST "size = %s;", cases[i].text);
        conf = gong_conf_open_text("f", gong_str_of(text), &errors);
        assert_non_null(conf);
        assert_true(gong_conf_read(gong_conf_root(conf), &conf_table, &sample,
                                   &errors));
        assert_true(sample.size == cases[i].bytes);
        gong_conf_free(&conf_table, &sample);
        gong_conf_close(conf);
    }
}

static void
the_manual_has_a_row_for_each_option(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(out);
    gong_conf_manual(&conf_table, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(
        text,
        "| key | type | unit | default | range | meaning |\n"
        "|---|---|---|---|---|---|\n"
        "| `enabled` | true or false |  | `true` |  | Whether it runs. |\n"
        "| `port` | integer |  | `1883` | 1 to 65535 | TCP port. |\n"
        "| `wide` | integer |  | `0` |  | Any integer. |\n"
        "| `ratio` | number | percent | `0.5` | -1e+300 to 1e+300 | A \\| "
        "share. |\n"
        "| `interval` | duration |  | `10s` | 1s to 1h | Time between two. |\n"
        "| `size` | size | bytes | `64MiB` | at least 4KiB | Room on disk. |\n"
        "| `host` | text |  | required |  | Name of the host. |\n"
        "| `note` | text |  | none |  | Free text. |\n"
        "| `tags` | texts |  | `a, b` |  | Tags to keep. |\n"
        "| `mode` | choice |  | `careful` | one of \"fast\", \"careful\", "
        "\"off\" | How it works. |\n");
    free(text);
}

static void
the_nearest_name_is_found(void **state)
{
    static const char *const known[] = {"interval", "keep_firing_for", "for",
                                        "expr", "id"};
    static const struct {
        const char *name;
        const char *nearest; /* NULL: none is near */
    } cases[] = {
        {"intervall", "interval"},
        {"intreval", "interval"},
        {"Interval", "interval"},
        {"keepFiringFor", "keep_firing_for"},
        {"keep-firing-for", "keep_firing_for"},
        {"fro", "for"},
        {"fo", "for"},
        {"f", NULL},
        {"exp", "expr"},
        {"EXPR", "expr"},
        {"xd", "id"},
        {"labels", NULL},
        {"", NULL},
        {"interval_of_the_group_as_it_was_meant_to_be_written_by_the_author_",
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *nearest = gong_conf_nearest(cases[i].name, known,
                                                sizeof known / sizeof known[0]);

        if (cases[i].nearest == NULL) {
            assert_null(nearest);
        } else {
            assert_non_null(nearest);
            assert_string_equal(nearest, cases[i].nearest);
        }
    }
    assert_null(gong_conf_nearest("x", known, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dump_has_this_form),
        cmocka_unit_test(a_dump_parses_back_to_itself),
        cmocka_unit_test(sizes_are_read_in_all_units),
        cmocka_unit_test(the_manual_has_a_row_for_each_option),
        cmocka_unit_test(the_nearest_name_is_found),
    };

    return cmocka_run_group_tests_name("conf_dump", tests, NULL, NULL);
}
