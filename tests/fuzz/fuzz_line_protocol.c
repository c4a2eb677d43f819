/* Any bytes as line protocol, liberal and strict; whatever is accepted must
 * survive encoding and strict decoding with the same values. */
#include <stdbool.h>
#include <string.h>

#include "common/lp_encode.h"
#include "tests/fuzz/fuzz.h"

static const struct gong_lp_dialect everything = {true, true, true, false};

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
        /* Bytes that are no UTF-8 become '?', one for one. */
        return a->as.string.len == b->as.string.len;
    }
    return false;
}

static void
encode(const struct gong_lp_point *point, struct gong_buffer *buffer)
{
    struct gong_lp_losses losses = {0};
    struct gong_lp_line line = {point->measurement, point->tags,
                                point->tag_count,   point->fields,
                                point->field_count, point->time};

    buffer->len = 0;
    if (gong_lp_encode(buffer, &line, &everything, &losses) != GONG_OK) {
        buffer->len = 0;
    }
    FUZZ_CHECK(losses.strings == 0 && losses.not_finite == 0);
}

/* Names may lose bytes, so fields may fall together; values never change. */
static void
check_round_trip(const struct gong_lp_point *point)
{
    struct gong_lp_reader *again = gong_lp_reader_new(true);
    struct gong_buffer first = {0}, second = {0};
    const struct gong_lp_point *back;
    const struct gong_lp_error *error;

    FUZZ_CHECK(again != NULL);
    encode(point, &first);
    if (first.len > 0 && first.len < GONG_LP_LINE_MAX) {
        gong_lp_reader_start(again, gong_str_from(first.data, first.len));
        FUZZ_CHECK(gong_lp_reader_next(again, &back, &error) == GONG_LP_POINT);
        FUZZ_CHECK(back->time == (point->time == 0 ? 1 : point->time));
        if (back->field_count == point->field_count) {
            for (size_t i = 0; i < back->field_count; i++) {
                FUZZ_CHECK(same_value(&back->fields[i].value,
                                      &point->fields[i].value));
            }
            encode(back, &second);
            FUZZ_CHECK(second.len == first.len &&
                       memcmp(second.data, first.data, first.len) == 0);
        }
        FUZZ_CHECK(gong_lp_reader_next(again, &back, &error) == GONG_LP_END);
    }
    gong_buffer_fini(&first);
    gong_buffer_fini(&second);
    gong_lp_reader_free(again);
}

static void
run(struct gong_str body, bool strict)
{
    struct gong_lp_reader *reader = gong_lp_reader_new(strict);
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;
    enum gong_lp_result result;
    size_t line = 0;

    FUZZ_CHECK(reader != NULL);
    gong_lp_reader_start(reader, body);
    while ((result = gong_lp_reader_next(reader, &point, &error)) !=
           GONG_LP_END) {
        if (result == GONG_LP_REFUSED) {
            FUZZ_CHECK(error->reason != NULL && error->column > 0);
            FUZZ_CHECK(error->line > line);
            line = error->line;
            continue;
        }
        FUZZ_CHECK(point->line > line && point->field_count > 0);
        FUZZ_CHECK(point->measurement.len > 0);
        line = point->line;
        check_round_trip(point);
    }
    gong_lp_reader_free(reader);
}

/* Both views of a line: what was expected changes nothing but the names that
 * are left out. */
static void
check_same(const struct gong_lp_point *a, const struct gong_lp_point *b,
           const struct gong_lp_expected *expected)
{
    FUZZ_CHECK(gong_str_equal(a->series_key, b->series_key));
    FUZZ_CHECK(a->has_time == b->has_time && a->time == b->time);
    FUZZ_CHECK(a->field_count == b->field_count && a->line == b->line);
    FUZZ_CHECK(!b->expected ||
               gong_str_equal(b->series_key, expected->series_key));
    FUZZ_CHECK(b->expected || gong_str_equal(a->measurement, b->measurement));
    FUZZ_CHECK(b->expected_fields <= expected->field_count);
    for (size_t i = 0; i < a->field_count; i++) {
        FUZZ_CHECK(gong_str_equal(a->fields[i].raw_key, b->fields[i].raw_key));
        FUZZ_CHECK(same_value(&a->fields[i].value, &b->fields[i].value));
        FUZZ_CHECK(
            i >= b->expected_fields ||
            gong_str_equal(a->fields[i].raw_key, expected->field_keys[i]));
        FUZZ_CHECK(i < b->expected_fields ||
                   gong_str_equal(a->fields[i].key, b->fields[i].key));
    }
}

/* Each line with the names of the point before it expected. */
static void
run_expecting(struct gong_str body, bool strict)
{
    struct gong_lp_reader *plain = gong_lp_reader_new(strict);
    struct gong_lp_reader *expecting = gong_lp_reader_new(strict);
    struct gong_str keys[GONG_LP_FIELDS_MAX];
    struct gong_lp_expected expected = {.field_keys = keys};
    enum gong_lp_result result;

    FUZZ_CHECK(plain != NULL && expecting != NULL);
    gong_lp_reader_start(plain, body);
    gong_lp_reader_start(expecting, body);
    do {
        const struct gong_lp_point *a, *b;
        const struct gong_lp_error *wrong, *also;

        gong_lp_reader_expect(expecting, &expected);
        result = gong_lp_reader_next(plain, &a, &wrong);
        FUZZ_CHECK(gong_lp_reader_next(expecting, &b, &also) == result);
        if (result == GONG_LP_REFUSED) {
            FUZZ_CHECK(wrong->reason == also->reason);
            FUZZ_CHECK(wrong->column == also->column);
            FUZZ_CHECK(gong_str_equal(wrong->text, also->text));
        } else if (result == GONG_LP_POINT) {
            check_same(a, b, &expected);
            expected.series_key = a->series_key;
            expected.field_count = a->field_count;
            for (size_t i = 0; i < a->field_count; i++) {
                keys[i] = a->fields[i].raw_key;
            }
        }
    } while (result != GONG_LP_END);
    gong_lp_reader_free(plain);
    gong_lp_reader_free(expecting);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str body = gong_str_from((const char *)data, size);

    run(body, false);
    run(body, true);
    run_expecting(body, false);
    run_expecting(body, true);
    return 0;
}
