/*
 * The published line-protocol corpus, in strict mode: every decode case by
 * outcome and values, every encode case by one of four judgements, which the
 * encode test prints. Lies beside the project; skipped visibly without it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/lp_decode.h"
#include "common/lp_encode.h"

#define CORPUS GONG_SHARED_DIR "/corpus/line-protocol/cases.json"

struct corpus {
    json_t *root;
    struct gong_lp_reader *reader;
};

static char *
read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *text;
    long size;

    if (file == NULL) {
        return NULL;
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    assert_true(size > 0);
    rewind(file);
    text = malloc((size_t)size + 1);
    assert_non_null(text);
    *len = fread(text, 1, (size_t)size, file);
    assert_int_equal(*len, size);
    (void)fclose(file);
    return text;
}

/* jansson has no integers beyond int64: "uint": 18446744073709551615 becomes a
 * string. Returns a block with room for the quotes. */
static char *
quote_unsigned(const char *text, size_t len, size_t *out_len)
{
    static const char key[] = "\"uint\": ";
    const size_t key_len = sizeof(key) - 1;
    char *out = malloc(2 * len);
    size_t to = 0;
    bool open = false;

    assert_non_null(out);
    for (size_t i = 0; i < len; i++) {
        if (open && (text[i] < '0' || text[i] > '9')) {
            out[to++] = '"';
            open = false;
        }
        out[to++] = text[i];
        if (i + 1 >= key_len &&
            memcmp(text + i + 1 - key_len, key, key_len) == 0) {
            out[to++] = '"';
            open = true;
        }
    }
    *out_len = to;
    return out;
}

static int
load(void **state)
{
    static struct corpus corpus;
    json_error_t error;
    size_t len, quoted_len;
    char *text = read_file(CORPUS, &len);

    corpus.root = NULL;
    corpus.reader = gong_lp_reader_new(true);
    assert_non_null(corpus.reader);
    if (text != NULL) {
        char *quoted = quote_unsigned(text, len, &quoted_len);

        corpus.root = json_loadb(quoted, quoted_len, JSON_ALLOW_NUL, &error);
        free(quoted);
        free(text);
        if (corpus.root == NULL) {
            print_error("%s: %s\n", CORPUS, error.text);
            return -1;
        }
    }
    *state = &corpus;
    return 0;
}

static int
unload(void **state)
{
    struct corpus *corpus = *state;

    gong_lp_reader_free(corpus->reader);
    json_decref(corpus->root);
    return 0;
}

static int
base64_digit(char byte)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = byte == '\0' ? NULL : strchr(digits, byte);

    return found == NULL ? -1 : (int)(found - digits);
}

/* The caller frees the result. */
static struct gong_str
base64_decode(const char *text)
{
    char *out = malloc(strlen(text) + 1);
    size_t len = 0;
    unsigned bits = 0;
    int held = 0;

    assert_non_null(out);
    for (; *text != '\0' && *text != '='; text++) {
        int digit = base64_digit(*text);

        assert_true(digit >= 0);
        bits = (bits << 6 | (unsigned)digit) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[len++] = (char)(bits >> held & 0xff);
        }
    }
    return gong_str_from(out, len);
}

/* A text of the corpus: plain, or {binary: base64}; a copy to be freed. */
static struct gong_str
text_of(const json_t *value)
{
    const json_t *binary = json_object_get(value, "binary");
    size_t len;
    char *copy;

    if (binary != NULL) {
        return base64_decode(json_string_value(binary));
    }
    assert_true(json_is_string(value));
    len = json_string_length(value);
    copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, json_string_value(value), len + 1);
    return gong_str_from(copy, len);
}

static bool
text_is(const json_t *value, struct gong_str text)
{
    struct gong_str expected = text_of(value);
    bool same = gong_str_equal(expected, text);
    char *owned;

    memcpy(&owned, &expected.data, sizeof(owned));
    free(owned);
    return same;
}

static int64_t
unit_ns(const json_t *input)
{
    const char *precision =
        json_string_value(json_object_get(input, "precision"));

    if (strcmp(precision, "1ns") == 0) {
        return 1;
    }
    if (strcmp(precision, "1\xc2\xb5s") == 0) {
        return 1000;
    }
    if (strcmp(precision, "1ms") == 0) {
        return 1000000;
    }
    assert_string_equal(precision, "1s");
    return 1000000000;
}

static bool
value_is(const json_t *expected, const struct gong_lp_value *value)
{
    const json_t *as;

    switch (value->type) {
    case GONG_LP_FLOAT:
        as = json_object_get(expected, "float");
        return as != NULL && json_number_value(as) == value->as.number;
    case GONG_LP_INT:
        as = json_object_get(expected, "int");
        return as != NULL && json_integer_value(as) == value->as.integer;
    case GONG_LP_UINT:
        as = json_object_get(expected, "uint");
        return as != NULL && strtoull(json_string_value(as), NULL, 10) ==
                                 value->as.unsigned_integer;
    case GONG_LP_BOOL:
        as = json_object_get(expected, "bool");
        return as != NULL && json_is_true(as) == value->as.boolean;
    case GONG_LP_STRING:
        as = json_object_get(expected, "string");
        return as != NULL && text_is(as, value->as.string);
    }
    return false;
}

/* The corpus sorts tags; the reader keeps them as written. */
static bool
tags_are(const json_t *expected, const struct gong_lp_point *point)
{
    size_t index;
    json_t *tag;

    if (json_array_size(expected) != point->tag_count) {
        return false;
    }
    json_array_foreach(expected, index, tag)
    {
        bool found = false;

        for (size_t i = 0; i < point->tag_count; i++) {
            found =
                found ||
                (text_is(json_object_get(tag, "key"), point->tags[i].key) &&
                 text_is(json_object_get(tag, "value"), point->tags[i].value));
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static bool
fields_are(const json_t *expected, const struct gong_lp_point *point)
{
    size_t index;
    json_t *field;

    if (json_array_size(expected) != point->field_count) {
        return false;
    }
    json_array_foreach(expected, index, field)
    {
        if (!text_is(json_object_get(field, "key"), point->fields[index].key) ||
            !value_is(json_object_get(field, "value"),
                      &point->fields[index].value)) {
            return false;
        }
    }
    return true;
}

static bool
point_is(const json_t *expected, const struct gong_lp_point *point,
         int64_t time)
{
    return json_integer_value(json_object_get(expected, "time")) == time &&
           text_is(json_object_get(expected, "name"), point->measurement) &&
           tags_are(json_object_get(expected, "tags"), point) &&
           fields_are(json_object_get(expected, "fields"), point);
}

/* What came out of one body, against the corpus. */
static bool
decode_case(struct gong_lp_reader *reader, const json_t *test)
{
    const json_t *input = json_object_get(test, "input");
    const json_t *output = json_object_get(test, "output");
    const json_t *points = json_object_get(output, "result");
    struct gong_str text = text_of(json_object_get(input, "text"));
    const int64_t unit = unit_ns(input);
    const int64_t now =
        json_integer_value(json_object_get(input, "defaultTime"));
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;
    enum gong_lp_result result;
    size_t count = 0;
    bool refused = false, same = true;
    char *owned;

    gong_lp_reader_start(reader, text);
    while ((result = gong_lp_reader_next(reader, &point, &error)) !=
           GONG_LP_END) {
        if (result == GONG_LP_REFUSED) {
            assert_non_null(error->reason);
            refused = true;
            continue;
        }
        same =
            same && points != NULL && count < json_array_size(points) &&
            point_is(json_array_get(points, count), point,
                     point->has_time ? point->time * unit : now - now % unit);
        count++;
    }
    memcpy(&owned, &text.data, sizeof(owned));
    free(owned);
    if (points == NULL) {
        assert_non_null(json_object_get(output, "error"));
        return refused;
    }
    return !refused && same && count == json_array_size(points);
}

static void
test_decode(void **state)
{
    struct corpus *corpus = *state;
    json_t *cases = json_object_get(corpus->root, "decode");
    const char *key;
    json_t *test;
    size_t run = 0, wrong = 0;

    if (corpus->root == NULL) {
        print_message("skipped: no %s\n", CORPUS);
        skip();
    }
    json_object_foreach(cases, key, test)
    {
        run++;
        if (!decode_case(corpus->reader, test)) {
            char *shown = json_dumps(test, JSON_ENCODE_ANY);

            wrong++;
            print_error("%s: %s\n", key, shown == NULL ? "?" : shown);
            free(shown);
        }
    }
    print_message("%zu decode cases, %zu wrong\n", run, wrong);
    assert_int_equal(run, json_object_size(cases));
    assert_true(run > 3000);
    assert_int_equal(wrong, 0);
}

/* Cases whose text differs because the safe subset is narrower. */
static const struct {
    const char *input_text; /* what the corpus writes */
    const char *ours;
    const char *why;
} narrower[] = {
    {"cpu,regions=east\\\\  value=1 0", "cpu,regions=east/\\  value=1 1",
     "a backslash before a space"},
    {"cpu,regions=\\\\ east value=1 0", "cpu,regions=/\\ east value=1 1",
     "a backslash before a space"},
};

enum judgement {
    SAME_TEXT,   /* byte for byte */
    SAME_VALUES, /* decodes to the same point; floats are spelt otherwise */
    NARROWER,    /* in the table above */
    LEFT_OUT,    /* the corpus demands an error; ours leaves the bad part out */
    WRONG,
    JUDGEMENTS,
};

static void
fill_value(const json_t *json, struct gong_lp_value *value)
{
    const json_t *as;

    if ((as = json_object_get(json, "float")) != NULL) {
        value->type = GONG_LP_FLOAT;
        value->as.number = json_number_value(as);
    } else if ((as = json_object_get(json, "int")) != NULL) {
        value->type = GONG_LP_INT;
        value->as.integer = json_integer_value(as);
    } else if ((as = json_object_get(json, "uint")) != NULL) {
        value->type = GONG_LP_UINT;
        value->as.unsigned_integer = strtoull(json_string_value(as), NULL, 10);
    } else if ((as = json_object_get(json, "bool")) != NULL) {
        value->type = GONG_LP_BOOL;
        value->as.boolean = json_is_true(as);
    } else {
        as = json_object_get(json, "string");
        assert_non_null(as);
        value->type = GONG_LP_STRING;
        value->as.string =
            gong_str_from(json_string_value(as), json_string_length(as));
    }
}

static struct gong_str
string_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    assert_true(json_is_string(value));
    return gong_str_from(json_string_value(value), json_string_length(value));
}

/* The line that ours makes of the case's point, without its newline. */
static struct gong_str
encode_point(const json_t *json, int64_t time, struct gong_buffer *buffer)
{
    static const struct gong_lp_dialect all = {true, true, true, false};
    struct gong_lp_tag tags[16];
    struct gong_lp_field fields[16];
    struct gong_lp_losses losses = {0};
    struct gong_lp_line line = {.measurement = string_at(json, "name"),
                                .tags = tags,
                                .fields = fields,
                                .time_ns = time};
    size_t index;
    json_t *part;

    json_array_foreach(json_object_get(json, "tags"), index, part)
    {
        assert_true(index < 16);
        tags[line.tag_count++] = (struct gong_lp_tag){string_at(part, "key"),
                                                      string_at(part, "value")};
    }
    json_array_foreach(json_object_get(json, "fields"), index, part)
    {
        assert_true(index < 16);
        fields[index].key = string_at(part, "key");
        fill_value(json_object_get(part, "value"), &fields[index].value);
        line.field_count++;
    }
    buffer->len = 0;
    assert_int_equal(gong_lp_encode(buffer, &line, &all, &losses), GONG_OK);
    return gong_str_from(buffer->data, buffer->len == 0 ? 0 : buffer->len - 1);
}

/* Whether text is one point that strict decoding accepts, and the given one. */
static bool
decodes_to(struct gong_lp_reader *reader, struct gong_str text,
           const json_t *expected, int64_t time)
{
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;

    gong_lp_reader_start(reader, text);
    return gong_lp_reader_next(reader, &point, &error) == GONG_LP_POINT &&
           point->has_time && point->time == time &&
           text_is(json_object_get(expected, "name"), point->measurement) &&
           tags_are(json_object_get(expected, "tags"), point) &&
           fields_are(json_object_get(expected, "fields"), point) &&
           gong_lp_reader_next(reader, &point, &error) == GONG_LP_END;
}

static bool
one_strict_line(struct gong_lp_reader *reader, struct gong_str text)
{
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;

    size_t points = 0;
    enum gong_lp_result result;

    gong_lp_reader_start(reader, text);
    while ((result = gong_lp_reader_next(reader, &point, &error)) ==
           GONG_LP_POINT) {
        points++;
    }
    return result == GONG_LP_END && points == (text.len == 0 ? 0 : 1);
}

static enum judgement
encode_case(struct gong_lp_reader *reader, const json_t *test,
            struct gong_buffer *buffer, struct gong_str *ours)
{
    const json_t *input = json_object_get(test, "input");
    const json_t *point = json_object_get(input, "point");
    const json_t *result =
        json_object_get(json_object_get(test, "output"), "result");
    int64_t time = json_integer_value(json_object_get(point, "time"));
    struct gong_str expected;

    *ours = encode_point(point, time, buffer);
    if (result == NULL) {
        return one_strict_line(reader, *ours) ? LEFT_OUT : WRONG;
    }
    expected =
        gong_str_from(json_string_value(result), json_string_length(result));
    for (size_t i = 0; i < sizeof(narrower) / sizeof(narrower[0]); i++) {
        if (gong_str_is(expected, narrower[i].input_text)) {
            return gong_str_is(*ours, narrower[i].ours) ? NARROWER : WRONG;
        }
    }
    if (time == 0) {
        /* Never written as 0, which stores read as "now". */
        if (expected.len == ours->len && expected.len > 2 &&
            memcmp(expected.data, ours->data, expected.len - 1) == 0 &&
            ours->data[ours->len - 1] == '1') {
            return NARROWER;
        }
        time = 1;
    }
    if (gong_str_equal(expected, *ours)) {
        return SAME_TEXT;
    }
    return decodes_to(reader, *ours, point, time) ? SAME_VALUES : WRONG;
}

static void
test_encode(void **state)
{
    struct corpus *corpus = *state;
    json_t *cases = json_object_get(corpus->root, "encode");
    struct gong_buffer buffer = {0};
    size_t counts[JUDGEMENTS] = {0};
    const char *key;
    json_t *test;

    if (corpus->root == NULL) {
        print_message("skipped: no %s\n", CORPUS);
        skip();
    }
    json_object_foreach(cases, key, test)
    {
        struct gong_str ours;
        enum judgement judgement =
            encode_case(corpus->reader, test, &buffer, &ours);

        counts[judgement]++;
        if (judgement == WRONG) {
            char *shown = json_dumps(test, JSON_ENCODE_ANY);

            print_error("%s: %s\nours: %.*s\n", key,
                        shown == NULL ? "?" : shown, (int)ours.len, ours.data);
            free(shown);
        }
    }
    print_message("%zu encode cases: %zu same text, %zu same values, "
                  "%zu narrower by rule, %zu bad parts left out, %zu wrong\n",
                  json_object_size(cases), counts[SAME_TEXT],
                  counts[SAME_VALUES], counts[NARROWER], counts[LEFT_OUT],
                  counts[WRONG]);
    gong_buffer_fini(&buffer);
    assert_true(json_object_size(cases) > 50);
    assert_int_equal(counts[WRONG], 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_encode),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
