/* Lines cut into runs of one millisecond, and put in order within a tolerance:
 * whatever the cuts of reading, the same lines come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <zlib.h>

#include "rules/tool/line_order.h"

static const struct gong_precision ns = {0};
static char path[] = "/tmp/gong-runs-XXXXXX";

/* Runs as text: MS:[lines]. */
static enum gong_err
describe(void *ctx, const struct gong_line_run *run)
{
    FILE *out = ctx;

    assert_true(run->len > 2 && run->payload[0] == 0 && run->payload[1] == 0);
    if (run->ms == INT64_MIN) {
        (void)fputs("none", out);
    } else {
        (void)fprintf(out, "%lld", (long long)run->ms);
    }
    for (size_t i = 0; i < run->part_count; i++) {
        size_t at = run->parts[i].at;

        assert_int_equal(gong_line_run_number(run, at), run->parts[i].line);
        (void)fprintf(out, "%c%llu", i == 0 ? '@' : '+',
                      (unsigned long long)run->parts[i].line);
    }
    (void)fprintf(out, "[%.*s]", (int)run->len - 2, run->payload + 2);
    return GONG_OK;
}

static char *
runs_of(const char *text, int64_t tolerance, struct gong_precision precision,
        enum gong_err *result)
{
    struct gong_input *input = NULL;
    char *said = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&said, &len);
    struct gong_line_order *order =
        gong_line_order_new(tolerance, describe, out);
    FILE *file = fopen(path, "w");

    assert_non_null(out);
    assert_non_null(order);
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(gong_input_open(path, &input), GONG_OK);
    *result = gong_line_runs_read(input, precision, gong_line_order_put, order);
    if (*result == GONG_OK) {
        *result = gong_line_order_end(order);
    }
    gong_input_close(input);
    gong_line_order_free(order);
    assert_int_equal(fclose(out), 0);
    return said;
}

struct runs_case {
    const char *text;
    int64_t tolerance;
    const char *runs; /* NULL: too late */
};

static const struct runs_case cases[] = {
    {"", 0, ""},
    {"m v=1 1000000\n", 0, "1@1[m v=1 1000000\n]"},
    {"m v=1 1000000", 0, "1@1[m v=1 1000000]"},
    {"m v=1 1000000\nm v=2 1999999\nm v=3 2000000\n", 0,
     "1@1[m v=1 1000000\nm v=2 1999999\n]2@3[m v=3 2000000\n]"},
    {"# c\nm v=1\nm v=1 1000000\r\nm v=2\n\nm v=3 2000000 \n", 0,
     "1@1[# c\nm v=1\nm v=1 1000000\r\nm v=2\n\n]2@6[m v=3 2000000 \n]"},
    {"m v=1\n", 0, "none@1[m v=1\n]"},
    {"m s=\"a\nb 7000000\" 1000000\nm v=1 2000000\n", 0,
     "1@1[m s=\"a\nb 7000000\" 1000000\n]2@3[m v=1 2000000\n]"},
    {"m,t=\"x v=1 1000000\nm,t=\"x v=1 2000000\n", 0,
     "1@1[m,t=\"x v=1 1000000\n]2@2[m,t=\"x v=1 2000000\n]"},
    {"m v=1 -1\n", 0, "-1@1[m v=1 -1\n]"},
    {"m v=1 2000000\nm v=2 1000000\n", 0, NULL},
    {"m v=1 2000000\nm v=2 1000000\nm v=3 2000001\n", 1,
     "1@2[m v=2 1000000\n]2@1+3[m v=1 2000000\nm v=3 2000001\n]"},
    {"m v=1 9000000\nm v=2 1000000\n", 5,
     "1@2[m v=2 1000000\n]9@1[m v=1 9000000\n]"},
    {"m v=1 1000000\nm v=1 9000000\nm v=2 500000\n", 5, NULL},
};

struct scaled_case {
    struct runs_case runs;
    unsigned zeros;
};

/* Stamps in other units come out in nanoseconds. */
static const struct scaled_case scaled_cases[] = {
    {{"m v=1 2 \r\nm v=2 2\n# c\nm v=3\nm v=4 -3", 9999,
      "-3000@5[m v=4 -3000000000\n]"
      "2000@1[m v=1 2000000000\nm v=2 2000000000\n# c\nm v=3\n]"},
     9},
    {{"m s=\"a\nb 7\" 1\nm v=1 2", 0,
      "1@1[m s=\"a\nb 7\" 1000000\n]2@3[m v=1 2000000\n]"},
     6},
    {{"m v=1 1\nm v=1 999", 0, "0@1[m v=1 1000\nm v=1 999000\n]"}, 3},
    /* Past int64: it cannot be taken for another one. */
    {{"m v=1 1\nm v=1 9300000000", 0,
      "1000@1[m v=1 1000000000\nm v=1 9300000000000000000\n]"},
     9},
    {{"m v=1 2\nm v=2 1\n", 0, NULL}, 9},
};

static void
check_runs(const struct runs_case *c, unsigned zeros)
{
    enum gong_err err = GONG_OK;
    char *said = runs_of(c->text, c->tolerance,
                         (struct gong_precision){true, zeros}, &err);

    if (c->runs == NULL) {
        assert_int_equal(err, GONG_ERR_CORRUPT);
    } else {
        assert_int_equal(err, GONG_OK);
        assert_string_equal(said, c->runs);
    }
    free(said);
}

static void
lines_are_cut_and_put_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_runs(&cases[i], 0);
    }
    for (size_t i = 0; i < sizeof scaled_cases / sizeof scaled_cases[0]; i++) {
        check_runs(&scaled_cases[i].runs, scaled_cases[i].zeros);
    }
}

struct sum {
    uint64_t bytes;
    uint64_t runs;
    int64_t last;
};

static enum gong_err
add_up(void *ctx, const struct gong_line_run *run)
{
    struct sum *sum = ctx;

    assert_true(run->ms > sum->last);
    sum->last = run->ms;
    sum->bytes += run->len - 2;
    sum->runs++;
    return GONG_OK;
}

/* More than the buffer holds at first, gzip, with runs of changing size. */
static void
a_large_packed_file_comes_out_whole(void **state)
{
    gzFile file = gzopen(path, "wb1");
    struct gong_input *input = NULL;
    struct sum sum = {.last = -1};
    uint64_t bytes = 0;

    (void)state;
    assert_non_null(file);
    for (int ms = 0; ms < 300; ms++) {
        for (int i = 0; i < (ms % 7) * 900 + 1; i++) {
            bytes +=
                (uint64_t)gzprintf(file, "m,d=%06d v=%d %d000000\n", i, i, ms);
        }
    }
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(gong_input_open(path, &input), GONG_OK);
    assert_int_equal(gong_line_runs_read(input, ns, add_up, &sum), GONG_OK);
    gong_input_close(input);
    assert_int_equal(sum.bytes, bytes);
    assert_int_equal(sum.runs, 300);

    /* Cut off: an error, never an end. */
    assert_int_equal(truncate(path, 5000), 0);
    assert_int_equal(gong_input_open(path, &input), GONG_OK);
    sum = (struct sum){.last = -1};
    assert_int_equal(gong_line_runs_read(input, ns, add_up, &sum),
                     GONG_ERR_CORRUPT);
    gong_input_close(input);
}

/* One millisecond of more than 16 MiB comes in parts, nothing missing. */
static enum gong_err
add_parts(void *ctx, const struct gong_line_run *run)
{
    struct sum *sum = ctx;

    assert_true(run->len <= (17u << 20));
    sum->bytes += run->len - 2;
    sum->runs++;
    return GONG_OK;
}

static void
an_endless_run_is_cut(void **state)
{
    FILE *file = fopen(path, "w");
    struct gong_input *input = NULL;
    struct sum sum = {0};
    uint64_t bytes = 0;

    (void)state;
    assert_non_null(file);
    while (bytes < (40u << 20)) {
        bytes += (uint64_t)fprintf(file, "m,d=%012llu v=1 1000000\n",
                                   (unsigned long long)bytes);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(gong_input_open(path, &input), GONG_OK);
    assert_int_equal(gong_line_runs_read(input, ns, add_parts, &sum), GONG_OK);
    gong_input_close(input);
    assert_int_equal(sum.bytes, bytes);
    assert_true(sum.runs > 1);
}

/* Stamps in any order, some of them several times: as many runs as there are
 * stamps, rising, and the lines of each as they came. */
struct rising {
    int64_t last;
    size_t lines;
};

static enum gong_err
look_at(void *ctx, const struct gong_line_run *run)
{
    struct rising *rising = ctx;
    const char *at = run->payload + 2;
    const char *end = run->payload + run->len;
    uint64_t line = 0;

    assert_true(run->ms > rising->last);
    rising->last = run->ms;
    for (size_t i = 0; i < run->part_count; i++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        unsigned long long number = 0;
        char text[64];

        assert_true(run->parts[i].line > line);
        line = run->parts[i].line;
        assert_ptr_equal(at, run->payload + run->parts[i].at);
        assert_non_null(newline);
        /* No NUL ends the payload. */
        (void)snprintf(text, sizeof text, "%.*s", (int)(newline - at), at);
        assert_int_equal(sscanf(text, "m v=%llu ", &number), 1);
        assert_int_equal(number, line);
        at = newline + 1;
        rising->lines++;
    }
    assert_ptr_equal(at, end);
    return GONG_OK;
}

static void
any_order_becomes_a_rising_one(void **state)
{
    static const int64_t tolerances[] = {100000, 9000, 5000};

    (void)state;
    for (size_t t = 0; t < sizeof tolerances / sizeof tolerances[0]; t++) {
        struct rising rising = {.last = -1};
        struct gong_line_order *order =
            gong_line_order_new(tolerances[t], look_at, &rising);
        uint64_t random = 1;

        assert_non_null(order);
        for (uint64_t i = 1; i <= 20000; i++) {
            char payload[64] = "\0";
            struct gong_line_part part = {2, i};
            struct gong_line_run run = {
                .payload = payload, .parts = &part, .part_count = 1};

            random = random * 6364136223846793005u + 1442695040888963407u;
            run.ms =
                (int64_t)(i / 8 * (t > 0)) + (int64_t)(random >> 33) % 4000;
            run.len =
                2 + (size_t)snprintf(payload + 2, sizeof payload - 2,
                                     "m v=%llu %lld000000\n",
                                     (unsigned long long)i, (long long)run.ms);
            assert_int_equal(gong_line_order_put(order, &run), GONG_OK);
        }
        assert_int_equal(gong_line_order_end(order), GONG_OK);
        assert_int_equal(rising.lines, 20000);
        gong_line_order_free(order);
    }
}

static int
make_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int
remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_cut_and_put_in_order),
        cmocka_unit_test(any_order_becomes_a_rising_one),
        cmocka_unit_test(a_large_packed_file_comes_out_whole),
        cmocka_unit_test(an_endless_run_is_cut),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
