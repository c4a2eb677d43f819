#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/lp_decode.h"
#include "common/lp_encode.h"

static const struct gong_lp_dialect everything = {true, true, true, false};
static const struct gong_lp_dialect influx_1 = {false, true, true, false};
static const struct gong_lp_dialect victoria = {false, false, false, false};
static const struct gong_lp_dialect one_line = {false, true, false, false};

static struct gong_lp_field
number(const char *key, double value)
{
    return (struct gong_lp_field){.key = gong_str_of(key),
                                  .value = {GONG_LP_FLOAT, {.number = value}}};
}

static struct gong_lp_field
string(const char *key, const char *text)
{
    return (struct gong_lp_field){
        .key = gong_str_of(key),
        .value = {GONG_LP_STRING, {.string = gong_str_of(text)}}};
}

static struct gong_lp_field
integer(const char *key, int64_t value)
{
    return (struct gong_lp_field){.key = gong_str_of(key),
                                  .value = {GONG_LP_INT, {.integer = value}}};
}

static struct gong_lp_field
counter(const char *key, uint64_t value)
{
    return (struct gong_lp_field){
        .key = gong_str_of(key),
        .value = {GONG_LP_UINT, {.unsigned_integer = value}}};
}

/* Encodes one line and compares; buffer and losses start empty. */
static void
expect(const struct gong_lp_line *line, const struct gong_lp_dialect *dialect,
       const char *expected)
{
    struct gong_buffer buffer = {0};
    struct gong_lp_losses losses = {0};

    assert_int_equal(gong_lp_encode(&buffer, line, dialect, &losses), GONG_OK);
    if (!gong_str_is(gong_str_from(buffer.data, buffer.len), expected)) {
        fail_msg("%.*s, not %s", (int)buffer.len, buffer.data, expected);
    }
    gong_buffer_fini(&buffer);
}

static void
names_and_tags(void **state)
{
    struct gong_lp_field field = number("f", 1);
    static const struct {
        const char *name;
        const char *as_measurement; /* NULL: the point is left out */
        const char *as_value;       /* NULL: the tag is */
    } rows[] = {
        {"abc", "abc", "abc"},
        {"Ph\xc6\xb0\xe1\xbb\x9dng 1", "Ph\xc6\xb0\xe1\xbb\x9dng\\ 1",
         "Ph\xc6\xb0\xe1\xbb\x9dng\\ 1"},
        {"a,b=c d", "a\\,b=c\\ d", "a\\,b\\=c\\ d"},
        {"say \"hi\"", "say\\ \"hi\"", "say\\ \"hi\""},
        {"C:\\tmp", "C:\\tmp", "C:\\tmp"},
        {"a\\", "a", "a"},
        {"a\\\\", "a/", "a/"},
        {"a\\,b", "a/\\,b", "a/\\,b"},
        {"a\\=b", "a/=b", "a/\\=b"},
        {"a\\ b", "a/\\ b", "a/\\ b"},
        {"a\nb\r\tc\x7f", "a\\ b\\ \\ c\\ ", "a\\ b\\ \\ c\\ "},
        {"a\\\nb", "a/\\ b", "a/\\ b"},
        {"\xff"
         "a\xc3",
         "?a?", "?a?"},
        {"#x", "_x", "#x"},
        {"\\", NULL, NULL},
        {"", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gong_lp_tag tag = {gong_str_of("t"), gong_str_of(rows[i].name)};
        struct gong_lp_line line = {.measurement = gong_str_of(rows[i].name),
                                    .fields = &field,
                                    .field_count = 1,
                                    .time_ns = 7};
        char expected[128] = "";

        if (rows[i].as_measurement != NULL) {
            (void)snprintf(expected, sizeof(expected), "%s f=1 7\n",
                           rows[i].as_measurement);
        }
        expect(&line, &everything, expected);
        line.measurement = gong_str_of("m");
        line.tags = &tag;
        line.tag_count = 1;
        (void)snprintf(expected, sizeof(expected), "m%s%s f=1 7\n",
                       rows[i].as_value == NULL ? "" : ",t=",
                       rows[i].as_value == NULL ? "" : rows[i].as_value);
        expect(&line, &everything, expected);
    }
}

static void
tags_are_sorted_once_each(void **state)
{
    struct gong_lp_field field = number("f", 1);
    struct gong_lp_tag tags[] = {
        {gong_str_of("z"), gong_str_of("1")},
        {gong_str_of("a\x01"), gong_str_of("2")},
        {gong_str_of("a "), gong_str_of("3")}, /* comes out as the one before */
        {gong_str_of("a"), gong_str_of("4")},
        {gong_str_of("B"), gong_str_of("5")},
        {gong_str_of(""), gong_str_of("6")},
        {gong_str_of("e"), gong_str_of("")},
        {gong_str_of("\xc4\x91"), gong_str_of("7")},
    };
    struct gong_lp_line line = {gong_str_of("m"), tags, 8, &field, 1, -5};

    (void)state;
    expect(&line, &everything, "m,B=5,a=4,a\\ =2,z=1,\xc4\x91=7 f=1 -5\n");
}

static void
values(void **state)
{
    struct gong_lp_field fields[] = {
        number("a", 41.2),
        number("b", -0.0),
        number("c", 1e300),
        number("d", 0.1 + 0.2),
        number("e", 123456789012345680.0),
        integer("f", INT64_MIN),
        counter("g", 5),
        counter("h", UINT64_MAX),
        {.key = {"i", 1}, .value = {GONG_LP_BOOL, {.boolean = true}}},
        {.key = {"j", 1}, .value = {GONG_LP_BOOL, {.boolean = false}}},
        string("k", "q\"b\\n\nr"),
        number("l", 0.000001),
        number("m", -1234.05),
    };
    struct gong_lp_line line = {gong_str_of("m"), NULL, 0, fields, 13, 0};

    (void)state;
    expect(&line, &everything,
           "m a=41.2,b=-0,c=1.0000000000000001e+300,d=0.30000000000000004,"
           "e=1.2345678901234568e+17,f=-9223372036854775808i,g=5u,"
           "h=18446744073709551615u,i=true,j=false,k=\"q\\\"b\\\\n\nr\","
           "l=0.000001,m=-1234.05 1\n");
    line.fields = fields + 6;
    line.field_count = 2;
    expect(&line, &influx_1, "m g=5i,h=1.8446744073709552e+19 1\n");
    line.fields = fields + 10;
    line.field_count = 1;
    expect(&line, &one_line, "m k=\"q\\\"b\\\\n r\" 1\n");
    expect(&line, &victoria, "");
}

static void
losses_are_counted(void **state)
{
    struct gong_lp_field fields[] = {
        number("nan", NAN), number("inf", INFINITY), number("-inf", -INFINITY),
        string("s", "x"),   number("", 1),           number("ok", 1),
    };
    struct gong_lp_line line = {gong_str_of("m"), NULL, 0, fields, 6, 9};
    struct gong_buffer buffer = {0};
    struct gong_lp_losses losses = {0};

    (void)state;
    assert_int_equal(gong_lp_encode(&buffer, &line, &victoria, &losses),
                     GONG_OK);
    assert_true(
        gong_str_is(gong_str_from(buffer.data, buffer.len), "m ok=1 9\n"));
    line.field_count = 4;
    assert_int_equal(gong_lp_encode(&buffer, &line, &victoria, &losses),
                     GONG_OK);
    assert_int_equal(buffer.len, strlen("m ok=1 9\n"));
    assert_int_equal(losses.not_finite, 6);
    assert_int_equal(losses.strings, 2);
    assert_int_equal(losses.points, 1);
    gong_buffer_fini(&buffer);
    assert_null(buffer.data);
    gong_buffer_fini(&buffer);
}

static void
limits(void **state)
{
    static struct gong_lp_tag tags[1000];
    struct gong_lp_field field = number("f", 1);
    struct gong_lp_line line = {gong_str_of("m"), tags, 1000, &field, 1, 9};
    struct gong_buffer buffer = {0};
    struct gong_lp_losses losses = {0};
    size_t capacity;

    (void)state;
    assert_int_equal(gong_buffer_append(&buffer, "keep\n", 5), GONG_OK);
    assert_int_equal(gong_lp_encode(&buffer, &line, &everything, &losses),
                     GONG_ERR_TOO_LARGE);
    assert_true(gong_str_is(gong_str_from(buffer.data, buffer.len), "keep\n"));
    capacity = buffer.capacity;
    assert_int_equal(gong_buffer_append(&buffer, "", SIZE_MAX / 2),
                     GONG_ERR_TOO_LARGE);
    assert_int_equal(buffer.capacity, capacity);
    assert_int_equal(buffer.len, 5);
    gong_buffer_fini(&buffer);
}

/* splitmix64: reproducible. */
static uint64_t
next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Text of a few awkward pieces; a name also never holds what a name loses. */
static struct gong_str
random_text(uint64_t *seed, char *to, size_t pieces, bool name)
{
    static const char *const stock[] = {
        "a",
        "Z9_-",
        " ",
        ",",
        "=",
        "\"",
        "#",
        "/",
        "\xc4\x90\xc3\xa8n \xc4\x91\xc6\xb0\xe1\xbb\x9dng",
        "\xe1\xba\xbf",
        "i",
        "1e5",
        ".",
        "\xf0\x9f\x94\x94",
        "\\",
        "\n",
        "\r",
        "\t",
        "\x01",
    };
    const size_t offered = sizeof(stock) / sizeof(stock[0]) - (name ? 5 : 0);
    size_t len = 0;

    if (name) {
        to[len++] = 'k'; /* never empty, never a comment */
    }
    for (size_t i = 0; i < pieces; i++) {
        struct gong_str piece = gong_str_of(stock[next_random(seed) % offered]);

        memcpy(to + len, piece.data, piece.len);
        len += piece.len;
        if (name && next_random(seed) % 5 == 0) {
            to[len++] = '\\'; /* a backslash that stays */
            to[len++] = 'x';
        }
    }
    return gong_str_from(to, len);
}

static struct gong_lp_value
random_value(uint64_t *seed, char *to)
{
    uint64_t bits = next_random(seed);
    struct gong_lp_value value;

    value.type = (enum gong_lp_type)(next_random(seed) % 5);
    switch (value.type) {
    case GONG_LP_FLOAT:
        memcpy(&value.as.number, &bits, sizeof(bits));
        if (!isfinite(value.as.number) || bits % 3 == 0) {
            value.as.number = (double)(bits >> 40) / 1000.0;
        }
        break;
    case GONG_LP_INT:
        value.as.integer = (int64_t)(bits >> (bits & 63));
        break;
    case GONG_LP_UINT:
        value.as.unsigned_integer = bits >> (bits & 63);
        break;
    case GONG_LP_BOOL:
        value.as.boolean = bits & 1;
        break;
    case GONG_LP_STRING:
        value.as.string = random_text(seed, to, bits % 6, false);
        break;
    }
    return value;
}

static uint64_t
bits_of(double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof(bits));
    return bits;
}

static bool
same_value(const struct gong_lp_value *a, const struct gong_lp_value *b)
{
    if (a->type != b->type) {
        return false;
    }
    switch (a->type) {
    case GONG_LP_FLOAT:
        return bits_of(a->as.number) == bits_of(b->as.number);
    case GONG_LP_INT:
        return a->as.integer == b->as.integer;
    case GONG_LP_UINT:
        return a->as.unsigned_integer == b->as.unsigned_integer;
    case GONG_LP_BOOL:
        return a->as.boolean == b->as.boolean;
    case GONG_LP_STRING:
        return gong_str_equal(a->as.string, b->as.string);
    }
    return false;
}

#define TEXT_MAX 256

/* A whole point of random parts, keys told apart by a last digit. */
struct sample {
    struct gong_lp_line line;
    struct gong_lp_tag tags[6];
    struct gong_lp_field fields[6];
    char texts[6 * 4 + 1][TEXT_MAX];
};

static void
make_sample(struct sample *sample, uint64_t *seed)
{
    size_t text = 0;
    struct gong_lp_line line = {
        .measurement = random_text(seed, sample->texts[text++], 3, true),
        .tags = sample->tags,
        .tag_count = next_random(seed) % 7,
        .fields = sample->fields,
        .field_count = 1 + next_random(seed) % 6,
        .time_ns = (int64_t)(next_random(seed) >> 2) + 1};

    for (size_t i = 0; i < line.tag_count; i++) {
        struct gong_str key = random_text(seed, sample->texts[text], 3, true);

        sample->texts[text++][key.len] = (char)('0' + i);
        key.len++;
        sample->tags[i].key = key;
        sample->tags[i].value =
            random_text(seed, sample->texts[text++], 3, true);
    }
    for (size_t i = 0; i < line.field_count; i++) {
        struct gong_str key = random_text(seed, sample->texts[text], 3, true);

        sample->texts[text++][key.len] = (char)('0' + i);
        key.len++;
        sample->fields[i].key = key;
        sample->fields[i].value = random_value(seed, sample->texts[text++]);
    }
    sample->line = line;
}

static void
check_sample(const struct sample *sample, const struct gong_lp_point *point)
{
    const struct gong_lp_line *line = &sample->line;

    assert_true(gong_str_equal(point->measurement, line->measurement));
    assert_true(point->has_time && point->time == line->time_ns);
    assert_int_equal(point->tag_count, line->tag_count);
    for (size_t i = 0; i < point->tag_count; i++) {
        size_t matches = 0;

        for (size_t k = 0; k < line->tag_count; k++) {
            matches +=
                gong_str_equal(point->tags[i].key, line->tags[k].key) &&
                gong_str_equal(point->tags[i].value, line->tags[k].value);
        }
        assert_int_equal(matches, 1);
        assert_true(i == 0 || gong_str_compare(point->tags[i - 1].key,
                                               point->tags[i].key) < 0);
    }
    assert_int_equal(point->field_count, line->field_count);
    for (size_t i = 0; i < point->field_count; i++) {
        assert_true(gong_str_equal(point->fields[i].key, line->fields[i].key));
        assert_true(
            same_value(&point->fields[i].value, &line->fields[i].value));
    }
}

static void
round_trip(void **state)
{
    struct gong_lp_reader *reader = gong_lp_reader_new(true);
    struct gong_buffer buffer = {0};
    uint64_t seed = 7;

    (void)state;
    assert_non_null(reader);
    for (int i = 0; i < 20000; i++) {
        static struct sample sample;
        struct gong_lp_losses losses = {0};
        const struct gong_lp_point *point;
        const struct gong_lp_error *error;

        make_sample(&sample, &seed);
        buffer.len = 0;
        assert_int_equal(
            gong_lp_encode(&buffer, &sample.line, &everything, &losses),
            GONG_OK);
        gong_lp_reader_start(reader, gong_str_from(buffer.data, buffer.len));
        if (gong_lp_reader_next(reader, &point, &error) != GONG_LP_POINT) {
            fail_msg("%s: %.*s", error->reason, (int)buffer.len, buffer.data);
        }
        check_sample(&sample, point);
        assert_int_equal(gong_lp_reader_next(reader, &point, &error),
                         GONG_LP_END);
    }
    gong_buffer_fini(&buffer);
    gong_lp_reader_free(reader);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_tags),
        cmocka_unit_test(tags_are_sorted_once_each),
        cmocka_unit_test(values),
        cmocka_unit_test(losses_are_counted),
        cmocka_unit_test(limits),
        cmocka_unit_test(round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
