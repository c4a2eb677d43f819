#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/lp_decode.h"

struct readers {
    struct gong_lp_reader *liberal;
    struct gong_lp_reader *strict;
};

static int
open_readers(void **state)
{
    static struct readers readers;

    readers.liberal = gong_lp_reader_new(false);
    readers.strict = gong_lp_reader_new(true);
    *state = &readers;
    return readers.liberal == NULL || readers.strict == NULL ? -1 : 0;
}

static int
close_readers(void **state)
{
    struct readers *readers = *state;

    gong_lp_reader_free(readers->liberal);
    gong_lp_reader_free(readers->strict);
    gong_lp_reader_free(NULL);
    return 0;
}

static void
show_value(char **to, const struct gong_lp_value *value)
{
    switch (value->type) {
    case GONG_LP_FLOAT:
        *to += sprintf(*to, "%.17g", value->as.number);
        break;
    case GONG_LP_INT:
        *to += sprintf(*to, "%" PRId64 "i", value->as.integer);
        break;
    case GONG_LP_UINT:
        *to += sprintf(*to, "%" PRIu64 "u", value->as.unsigned_integer);
        break;
    case GONG_LP_BOOL:
        *to += sprintf(*to, "%s", value->as.boolean ? "true" : "false");
        break;
    case GONG_LP_STRING:
        *to += sprintf(*to, "<%.*s>", (int)value->as.string.len,
                       value->as.string.data);
        break;
    }
}

/* All of a body as text: m[k=v]{f=1}@stamp and !reason:line:column, each ended
 * by a bar. */
static const char *
show(struct gong_lp_reader *reader, struct gong_str body)
{
    static char text[4096];
    char *to = text;
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;
    enum gong_lp_result result;

    gong_lp_reader_start(reader, body);
    *to = '\0';
    while ((result = gong_lp_reader_next(reader, &point, &error)) !=
           GONG_LP_END) {
        if (result == GONG_LP_REFUSED) {
            to += sprintf(to, "!%s:%zu:%zu|", error->reason, error->line,
                          error->column);
            continue;
        }
        to += sprintf(to, "%.*s[", (int)point->measurement.len,
                      point->measurement.data);
        for (size_t i = 0; i < point->tag_count; i++) {
            to += sprintf(to, "%s%.*s=%.*s", i == 0 ? "" : ",",
                          (int)point->tags[i].key.len, point->tags[i].key.data,
                          (int)point->tags[i].value.len,
                          point->tags[i].value.data);
        }
        to += sprintf(to, "]{");
        for (size_t i = 0; i < point->field_count; i++) {
            to += sprintf(to, "%s%.*s=", i == 0 ? "" : ",",
                          (int)point->fields[i].key.len,
                          point->fields[i].key.data);
            show_value(&to, &point->fields[i].value);
        }
        to += sprintf(to, "}");
        if (point->has_time) {
            to += sprintf(to, "@%" PRId64, point->time);
        }
        to += sprintf(to, "|");
    }
    return text;
}

/* NULL for strict: as liberal. */
static const struct {
    const char *body;
    const char *liberal;
    const char *strict;
} table[] = {
    {"", "", NULL},
    {"\n \n  \r\n\r\n", "", NULL},
    {"# a comment\n#gong v=1\n  # m f=1\n", "", NULL},
    {"m f=1", "m[]{f=1}|", NULL},
    {"m f=1\n", "m[]{f=1}|", NULL},
    {"m f=1\r\n", "m[]{f=1}|", NULL},
    {"m f=1 7\r\n", "m[]{f=1}@7|", NULL},
    {"m f=1 7\r", "m[]{f=1}@7|", NULL},
    {"m f=1 \r\nm f=2", "m[]{f=1}|m[]{f=2}|", NULL},
    {"  m   f=1   -7  \nn f=2", "m[]{f=1}@-7|n[]{f=2}|", NULL},
    {"m,a=1,b=2 x=1i,y=2u,z=t,s=\"q\" 9",
     "m[a=1,b=2]{x=1i,y=2u,z=true,s=<q>}@9|", NULL},
    {"weather,city=Tuy\\ Ho\xc3\xa0 temp=31.5",
     "weather[city=Tuy Ho\xc3\xa0]{temp=31.5}|", NULL},
    {"a\\,b\\ c,k\\=1=v\\,\\=\\  f\\ g=1", "a,b c[k=1=v,= ]{f g=1}|", NULL},
    {"m=1,a=b f=1", "m=1[a=b]{f=1}|", NULL},
    {"m,a=C:\\\\x\\ny f=1", "m[a=C:\\\\x\\ny]{f=1}|", NULL},
    /* strings */
    {"m s=\"a,b=c d#\" 5", "m[]{s=<a,b=c d#>}@5|", NULL},
    {"m s=\"\",t=\"\\\\\\\"\"", "m[]{s=<>,t=<\\\">}|", NULL},
    {"m s=\"a\nb\" 5\nn f=1 6", "m[]{s=<a\nb>}@5|n[]{f=1}@6|", NULL},
    {"m s=\"\\n\\t\\x\"", "m[]{s=<\\n\\t\\x>}|", "m[]{s=<\n\t\\x>}|"},
    {"m s=\"\xff\"", "m[]{s=<\xff>}|", NULL},
    {"m s=\"a\\\"", "!open_string:1:5|", NULL},
    {"m s=\"a\nn f=1", "!open_string:1:5|n[]{f=1}|", NULL},
    {"m s=\"a\"b", "!bad_value:1:8|", NULL},
    /* booleans */
    {"m a=t,b=T,c=true,d=True,e=TRUE,f=f,g=F,h=false,i=False,j=FALSE",
     "m[]{a=true,b=true,c=true,d=true,e=true,f=false,g=false,h=false,i=false,"
     "j=false}|",
     NULL},
    {"m a=tRUE", "!bad_value:1:5|", NULL},
    {"m a=truex", "!bad_value:1:5|", NULL},
    {"m a=Fa=1", "!bad_value:1:5|", NULL},
    /* a later field of the same name wins */
    {"m a=1,b=2,a=\"x\"", "m[]{a=<x>,b=2}|", NULL},
    {"m a\\ b=1,a\\ b=2i", "m[]{a b=2i}|", NULL},
    /* refused: series */
    {",a=b f=1", "!no_measurement:1:1|", NULL},
    {"m", "!no_fields:1:2|", NULL},
    {"m,a=b", "!no_fields:1:6|", NULL},
    {"m, f=1", "!no_tag_key:1:3|", NULL},
    {"m,=b f=1", "!no_tag_key:1:3|", NULL},
    {"m,a f=1", "!no_tag_value:1:4|", NULL},
    {"m,a= f=1", "!no_tag_value:1:5|", NULL},
    {"m,a=,b=c f=1", "!no_tag_value:1:5|", NULL},
    {"m,a=b=c f=1", "!bad_tag:1:6|", NULL},
    {"m,a=1,b=2,a=3 f=1", "!duplicate_tag:1:11|", NULL},
    {"m,a=1,\\a=2 f=1", "m[a=1,\\a=2]{f=1}|", NULL},
    {"m,a\\,=1,b=1,a\\,=2 f=1", "!duplicate_tag:1:13|", NULL},
    {"m,a=b\\ f=1", "!bad_tag:1:9|", NULL},
    /* refused: fields */
    {"m  \n", "!no_fields:1:4|", NULL},
    {"m =1", "!no_field_key:1:3|", NULL},
    {"m f", "!no_field_value:1:4|", NULL},
    {"m f=", "!no_field_value:1:5|", NULL},
    {"m f=,g=1", "!no_field_value:1:5|", NULL},
    {"m f=1,", "!no_field_key:1:7|", NULL},
    {"m f=1, g=2", "!no_field_key:1:7|", NULL},
    {"m f=1,,g=2", "!no_field_key:1:7|", NULL},
    {"m f=abc", "!bad_number:1:5|", NULL},
    {"m f=NaN", "!nan:1:5|", NULL},
    {"m f=-Inf", "!nan:1:6|", NULL},
    {"m f=+1", "!bad_number:1:5|", NULL},
    {"m f=0x10", "!bad_value:1:6|", NULL},
    {"m f=1ii", "!bad_value:1:7|", NULL},
    {"m f=1e999", "!out_of_range:1:10|", NULL},
    {"m f=9223372036854775808i", "!out_of_range:1:25|", NULL},
    /* refused: stamp */
    {"m f=1 x", "!bad_time:1:7|", NULL},
    {"m f=1 1.5", "!bad_time:1:8|", NULL},
    {"m f=1 1 2", "!bad_time:1:9|", NULL},
    {"m f=1 9223372036854775808", "!time:1:26|", NULL},
    /* bytes */
    {"m\tx f=1", "m\tx[]{f=1}|", "!control_character:1:2|"},
    {"m,a=b\x01 f=1", "m[a=b\x01]{f=1}|", "!control_character:1:6|"},
    {"m f\x7f=1", "m[]{f\x7f=1}|", "!control_character:1:4|"},
    {"m,a=\xff f=1", "m[a=\xff]{f=1}|", "!bad_utf8:1:5|"},
    {"m,a=b\rc f=1", "m[a=b\rc]{f=1}|", "!bad_tag:1:6|"},
    {"m f=1\rx", "!bad_value:1:6|", NULL},
    {"#\x01\nm f=1", "m[]{f=1}|", "!control_character:1:2|m[]{f=1}|"},
    {"#\tx", "", NULL},
    {"\tm f=1", "\tm[]{f=1}|", "!control_character:1:1|"},
    /* a bad line costs itself only, its text in quotes included */
    {"m f=1\nbad\nm f=2\n", "m[]{f=1}|!no_fields:2:4|m[]{f=2}|", NULL},
    {"m f=x,s=\"a\nn f=1\nb\" 1\nm f=2 2", "!bad_number:1:5|m[]{f=2}@2|", NULL},
    {"m,a=b=\"c f=1\nn f=\"d\"", "!bad_tag:1:6|n[]{f=<d>}|", NULL},
};

static void
every_row(void **state)
{
    struct readers *readers = *state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct gong_str body = gong_str_of(table[i].body);
        const char *strict =
            table[i].strict == NULL ? table[i].liberal : table[i].strict;
        const char *seen = show(readers->liberal, body);

        if (strcmp(seen, table[i].liberal) != 0) {
            fail_msg("row %zu <%s>: %s, not %s", i, table[i].body, seen,
                     table[i].liberal);
        }
        seen = show(readers->strict, body);
        if (strcmp(seen, strict) != 0) {
            fail_msg("row %zu strict <%s>: %s, not %s", i, table[i].body, seen,
                     strict);
        }
    }
}

static void
views_and_lines(void **state)
{
    struct readers *readers = *state;
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;
    struct gong_lp_reader *reader = readers->liberal;
    const char body[] = "\n m,a\\ b=c  f\\ g=1,s=\"x\ny\" 5 \r\nbad line \r\n"
                        "k f=1\n";

    gong_lp_reader_start(reader, gong_str_of(body));
    assert_int_equal(gong_lp_reader_next(reader, &point, &error),
                     GONG_LP_POINT);
    assert_true(gong_str_is(point->series_key, "m,a\\ b=c"));
    assert_true(gong_str_is(point->fields[0].raw_key, "f\\ g"));
    assert_true(gong_str_is(point->fields[0].key, "f g"));
    assert_int_equal(point->line, 2);
    assert_int_equal(gong_lp_reader_next(reader, &point, &error),
                     GONG_LP_REFUSED);
    assert_int_equal(error->line, 4);
    assert_true(gong_str_is(error->text, "bad line "));
    assert_int_equal(gong_lp_reader_next(reader, &point, &error),
                     GONG_LP_POINT);
    assert_int_equal(point->line, 5);
    error = gong_lp_reader_refuse(reader, "time");
    assert_string_equal(error->reason, "time");
    assert_int_equal(error->line, 5);
    assert_true(gong_str_is(error->text, "k f=1"));
    assert_int_equal(gong_lp_reader_next(reader, &point, &error), GONG_LP_END);
    assert_int_equal(gong_lp_reader_next(reader, &point, &error), GONG_LP_END);
}

/* head, then count times key and a number and value. */
static struct gong_str
many(char *to, size_t size, const char *head, const char *key,
     const char *value, int count)
{
    size_t len = (size_t)snprintf(to, size, "%s", head);

    for (int i = 0; i < count; i++) {
        len += (size_t)snprintf(to + len, size - len, "%s%d%s", key, i, value);
    }
    return gong_str_from(to, len);
}

static const char *
first_reason(struct gong_lp_reader *reader, struct gong_str body)
{
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;

    gong_lp_reader_start(reader, body);
    switch (gong_lp_reader_next(reader, &point, &error)) {
    case GONG_LP_POINT:
        return "point";
    case GONG_LP_REFUSED:
        return error->reason;
    case GONG_LP_END:
        break;
    }
    return "end";
}

static void
limits(void **state)
{
    struct readers *readers = *state;
    struct gong_lp_reader *reader = readers->liberal;
    static char text[1 << 17];
    struct gong_str body;

    body = many(text, sizeof(text), "m", ",t", "=v", GONG_LP_TAGS_MAX + 1);
    assert_string_equal(first_reason(reader, body), "too_many_tags");
    body = many(text, sizeof(text), "m", ",t", "=v", GONG_LP_TAGS_MAX);
    assert_string_equal(first_reason(reader, body), "no_fields");
    (void)snprintf(text + body.len, sizeof(text) - body.len, " f=1");
    body.len += 4;
    assert_string_equal(first_reason(reader, body), "point");
    body =
        many(text, sizeof(text), "m a=1", ",f", "=1", GONG_LP_FIELDS_MAX - 1);
    assert_string_equal(first_reason(reader, body), "point");
    body = many(text, sizeof(text), "m a=1", ",f", "=1", GONG_LP_FIELDS_MAX);
    assert_string_equal(first_reason(reader, body), "too_many_fields");
}

/* head, then filler up to len in all, then tail and another line. */
static struct gong_str
long_line(char *to, const char *head, char filler, size_t len, const char *tail)
{
    const struct gong_str first = gong_str_of(head), last = gong_str_of(tail);
    const struct gong_str next = gong_str_of("\nm f=1\n");

    memcpy(to, first.data, first.len);
    memset(to + first.len, filler, len - first.len - last.len);
    memcpy(to + len - last.len, last.data, last.len);
    memcpy(to + len, next.data, next.len);
    return gong_str_from(to, len + next.len);
}

static void
line_length(void **state)
{
    struct readers *readers = *state;
    static char text[(1 << 18) + 16];
    static const struct {
        const char *head;
        char filler;
        const char *tail;
    } rows[] = {
        {"m s=\"", 'x', "\""},    {"m s=\"", '\n', "\""},
        {"m,a=", 'x', " f=1"},    {"m,a=b f=1", ' ', "7"},
        {"", ' ', "m f=1"},       {"m f=0.", '1', ""},
        {"m,a=\\ ", 'x', " f=1"}, {"m s=\"\\\"", 'x', "\""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t len = GONG_LP_LINE_MAX - 1;
             len<1 << 18; len += len> GONG_LP_LINE_MAX ? 100000 : 1) {
            struct gong_str body = long_line(text, rows[i].head, rows[i].filler,
                                             len, rows[i].tail);
            const char *first = len < GONG_LP_LINE_MAX ? "point" : "too_long";
            const struct gong_lp_point *point;
            const struct gong_lp_error *error;

            if (len == GONG_LP_LINE_MAX) {
                continue; /* at the limit itself either may be */
            }
            if (strcmp(first_reason(readers->strict, body), first) != 0) {
                fail_msg("row %zu, %zu bytes", i, len);
            }
            assert_int_equal(
                gong_lp_reader_next(readers->strict, &point, &error),
                GONG_LP_POINT);
            assert_true(gong_str_is(point->measurement, "m"));
            assert_int_equal(point->field_count, 1);
        }
    }
}

/* What is said of a line that may be the one expected: the same as else, but
 * for the names that are left out. */
static const struct {
    const char *before; /* its names are expected of */
    const char *line;   /* this one, and what comes of it: */
    bool expected;
    size_t fields;
} expectations[] = {
    {"m,a=1 x=1,y=2 5", "m,a=1 x=3,y=4 6", true, 2},
    {"m,a=1 x=1,y=2 5", "m,a=1 x=3,y=4 5\n", true, 2},
    {"m,a=1 x=1,y=2 5", "\n# c\n  m,a=1   x=3,y=4", true, 2},
    {"m,a=1 x=1,y=2 5", "m,a=1 x=\"a b\",y=t 6", true, 2},
    {"m,a=1 x=1,y=2 5", "m,a=1 y=4,x=3 6", true, 0},
    {"m,a=1 x=1,y=2 5", "m,a=1 x=3 6", true, 1},
    {"m,a=1 x=1,y=2 5", "m,a=1 x=3,z=1,y=2 6", true, 1},
    {"m,a=1 x=1,y=2 5", "m,a=1 x=3,x=4,y=7 6", true, 1},
    {"m,a=1 x=1,y=2 5", "m,a=1 x=3,y=4,x=5,z=6 6", true, 2},
    {"m,a=1 x=1,y=2 5", "m,a=1 xx=3,y=4 6", true, 0},
    {"m,a=1 x=1,y=2 5", "m,a=1 x\\==3 6", true, 0},
    {"m,a=1 x=1,y=2 5", "m,a=12 x=3 6", false, 0},
    {"m,a=1 x=1,y=2 5", "m,a=1,b=2 x=3 6", false, 0},
    {"m,a=1 x=1,y=2 5", "m,a=1\\ x=3 x=4 6", false, 0},
    {"m,a=1 x=1,y=2 5", "n,a=1 x=3 6", false, 0},
    {"m,a=1 x=1,y=2 5", "m x=3 6", false, 0},
    {"a\\,b,k\\==v f\\ g=1,h=2", "a\\,b,k\\==v f\\ g=2,f\\ g=3 6", true, 1},
    /* refused */
    {"m,a=1 x=1,y=2 5", "m,a=1", false, 0},
    {"m,a=1 x=1,y=2 5", "m,a=1 ", false, 0},
    {"m,a=1 x=1,y=2 5", "m,a=1 x", false, 0},
    {"m,a=1 x=1,y=2 5", "m,a=1 x=", false, 0},
    {"m,a=1 x=1,y=2 5", "m,a=1 x=3,", false, 0},
    {"m,a=1 x=1,y=2 5", "m,a=1 x=3,y=nan 6", false, 0},
    {"m,a=1 x=1,y=2 5", "m,a=1 x=3,y=4 6 7", false, 0},
};

static void
same_values(const struct gong_lp_point *a, const struct gong_lp_point *b)
{
    assert_true(gong_str_equal(a->series_key, b->series_key));
    assert_int_equal(a->has_time, b->has_time);
    assert_true(a->time == b->time);
    assert_int_equal(a->field_count, b->field_count);
    for (size_t i = 0; i < a->field_count; i++) {
        char texts[2][256];
        char *ends[2] = {texts[0], texts[1]};

        assert_true(gong_str_equal(a->fields[i].raw_key, b->fields[i].raw_key));
        show_value(&ends[0], &a->fields[i].value);
        show_value(&ends[1], &b->fields[i].value);
        assert_string_equal(texts[0], texts[1]);
    }
}

static void
expect_of(struct gong_lp_reader *plain, struct gong_lp_reader *expecting,
          size_t row)
{
    const struct gong_lp_point *point = NULL;
    const struct gong_lp_point *same = NULL;
    const struct gong_lp_error *error = NULL;
    const struct gong_lp_error *other = NULL;
    struct gong_str keys[4];
    struct gong_lp_expected expected = {.field_keys = keys};

    gong_lp_reader_start(plain, gong_str_of(expectations[row].before));
    assert_int_equal(gong_lp_reader_next(plain, &point, &error), GONG_LP_POINT);
    expected.series_key = point->series_key;
    for (; expected.field_count < point->field_count; expected.field_count++) {
        keys[expected.field_count] =
            point->fields[expected.field_count].raw_key;
    }
    gong_lp_reader_start(plain, gong_str_of(expectations[row].line));
    gong_lp_reader_start(expecting, gong_str_of(expectations[row].line));
    gong_lp_reader_expect(expecting, &expected);
    if (gong_lp_reader_next(plain, &same, &other) == GONG_LP_REFUSED) {
        assert_int_equal(gong_lp_reader_next(expecting, &point, &error),
                         GONG_LP_REFUSED);
        assert_string_equal(error->reason, other->reason);
        assert_int_equal(error->column, other->column);
        return;
    }
    assert_int_equal(gong_lp_reader_next(expecting, &point, &error),
                     GONG_LP_POINT);
    same_values(point, same);
    assert_int_equal(point->expected, expectations[row].expected);
    assert_int_equal(point->expected_fields, expectations[row].fields);
}

static void
expected_points(void **state)
{
    struct readers *readers = *state;
    const size_t count = sizeof(expectations) / sizeof(expectations[0]);
    struct gong_lp_reader *other = gong_lp_reader_new(false);

    assert_non_null(other);
    for (size_t i = 0; i < count; i++) {
        expect_of(other, readers->liberal, i);
    }
    gong_lp_reader_free(other);
    other = gong_lp_reader_new(true);
    assert_non_null(other);
    for (size_t i = 0; i < count; i++) {
        expect_of(other, readers->strict, i);
    }
    gong_lp_reader_free(other);
}

/* It is good for one point: the next one has all its names again. Of stamps
 * that are alike each is read. */
static void
expected_once(void **state)
{
    struct readers *readers = *state;
    const struct gong_lp_point *point = NULL;
    const struct gong_lp_error *error = NULL;
    const struct gong_lp_expected expected = {gong_str_of("m,a=1"), NULL, 0};

    gong_lp_reader_start(readers->liberal,
                         gong_str_of("m,a=1 x=1 77\nm,a=1 x=2 77\n"
                                     "m,a=1 x=3 770\nm,a=1 x=4 77 \n"
                                     "m,a=1 x=4 7\n"));
    gong_lp_reader_expect(readers->liberal, &expected);
    for (int i = 0; i < 5; i++) {
        static const int64_t times[] = {77, 77, 770, 77, 7};

        assert_int_equal(gong_lp_reader_next(readers->liberal, &point, &error),
                         GONG_LP_POINT);
        assert_int_equal(point->expected, i == 0);
        assert_int_equal(point->tag_count, i == 0 ? 0 : 1);
        assert_true(point->time == times[i]);
    }
}

static void
numbers_of_values(void **state)
{
    struct gong_lp_value value = {.type = GONG_LP_STRING};
    double number = 0;

    (void)state;
    assert_false(gong_lp_number(&value, &number));
    value = (struct gong_lp_value){GONG_LP_BOOL, {.boolean = true}};
    assert_true(gong_lp_number(&value, &number) && number == 1);
    value = (struct gong_lp_value){GONG_LP_INT, {.integer = INT64_MIN}};
    assert_true(gong_lp_number(&value, &number) && number == -0x1p63);
    value =
        (struct gong_lp_value){GONG_LP_UINT, {.unsigned_integer = UINT64_MAX}};
    assert_true(gong_lp_number(&value, &number) && number == 0x1p64);
    value = (struct gong_lp_value){GONG_LP_FLOAT, {.number = 0.5}};
    assert_true(gong_lp_number(&value, &number) && number == 0.5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),
        cmocka_unit_test(views_and_lines),
        cmocka_unit_test(limits),
        cmocka_unit_test(line_length),
        cmocka_unit_test(expected_points),
        cmocka_unit_test(expected_once),
        cmocka_unit_test(numbers_of_values),
    };

    return cmocka_run_group_tests(tests, open_readers, close_readers);
}
