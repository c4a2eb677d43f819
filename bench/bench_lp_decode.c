/*
 * Decodes 1.02 million points of five fields from memory, and beside it does
 * the least that any reader must: find the newlines (memchr), and look at every
 * byte once and split tokens (a bare scalar tokenizer, which undoes no escape,
 * checks nothing and reads no number).
 *
 *   bench_lp_decode [rounds]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/lp_decode.h"
#include "common/lp_encode.h"

#define POINTS 1020000

/* What a collector sends: short decimals, an integer, a boolean. */
static enum gong_err
make_body(struct gong_buffer *body, bool long_floats)
{
    static const struct gong_lp_dialect dialect = {true, true, true, false};
    struct gong_lp_losses losses = {0};
    uint64_t random = 1;

    for (uint64_t i = 0; i < POINTS; i++) {
        char lamp[16];
        struct gong_lp_tag tags[2];
        struct gong_lp_field fields[5] = {0};
        struct gong_lp_line line = {
            gong_str_of("streetlight"), tags, 2, fields, 5, 0};
        const double spread = long_floats ? 1.0 / 3.0 : 1.0;
        enum gong_err err;

        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        (void)snprintf(lamp, sizeof(lamp), "lamp-%05" PRIu64, i % 100000);
        tags[0] = (struct gong_lp_tag){gong_str_of("lamp"), gong_str_of(lamp)};
        tags[1] =
            (struct gong_lp_tag){gong_str_of("ward"), gong_str_of("22015")};
        fields[0].key = gong_str_of("temp");
        fields[0].value.as.number = (double)(random >> 54) / 10.0 * spread;
        fields[1].key = gong_str_of("volt");
        fields[1].value.as.number =
            (double)(200 + (random >> 40 & 63)) / 2.0 * spread;
        fields[2].key = gong_str_of("power");
        fields[2].value.as.number =
            (double)(random >> 30 & 0xffff) / 100.0 * spread;
        fields[3].key = gong_str_of("uptime");
        fields[3].value.type = GONG_LP_INT;
        fields[3].value.as.integer = (int64_t)(random >> 44);
        fields[4].key = gong_str_of("on");
        fields[4].value.type = GONG_LP_BOOL;
        fields[4].value.as.boolean = random >> 63 != 0;
        line.time_ns =
            INT64_C(1760000000000000000) + (int64_t)i * 10 * GONG_NS_PER_MS;
        err = gong_lp_encode(body, &line, &dialect, &losses);
        if (err != GONG_OK) {
            return err;
        }
    }
    return GONG_OK;
}

/* Each returns a number that depends on all it read. */
static uint64_t
decode(struct gong_str body, struct gong_lp_reader *reader)
{
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;
    uint64_t fields = 0;

    gong_lp_reader_start(reader, body);
    while (gong_lp_reader_next(reader, &point, &error) == GONG_LP_POINT) {
        fields += point->field_count;
    }
    return fields;
}

static uint64_t
scan_newlines(struct gong_str body, struct gong_lp_reader *reader)
{
    const char *p = body.data;
    const char *end = body.data + body.len;
    uint64_t lines = 0;

    (void)reader;
    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        lines++;
        p++;
    }
    return lines;
}

static uint64_t
split_tokens(struct gong_str body, struct gong_lp_reader *reader)
{
    static const char *tokens[64];
    const char *p = body.data;
    const char *end = body.data + body.len;
    uint64_t count = 0;

    (void)reader;
    for (; p < end; p++) {
        if (*p == ',' || *p == '=' || *p == ' ' || *p == '\n') {
            tokens[count & 63] = p;
            count++;
        }
    }
    return count + (tokens[0] == end ? 1 : 0);
}

static double
best_seconds(uint64_t (*work)(struct gong_str, struct gong_lp_reader *),
             struct gong_str body, struct gong_lp_reader *reader, int rounds)
{
    double best = 1e9;

    for (int i = 0; i < rounds; i++) {
        gong_mono_t start = gong_mono_now();
        uint64_t result = work(body, reader);
        double seconds = (double)gong_mono_since(gong_mono_now(), start).ns /
                         (double)GONG_NS_PER_S;

        if (result < POINTS) {
            (void)fprintf(stderr, "only %" PRIu64 " read\n", result);
            exit(EXIT_FAILURE);
        }
        best = seconds < best ? seconds : best;
    }
    return best;
}

static void
report(const char *what, struct gong_str body, double seconds, double decoder)
{
    printf("%-22s %8.2f M points/s %9.1f MB/s  %6.2f of the decoder's time\n",
           what, POINTS / seconds / 1e6, (double)body.len / seconds / 1e6,
           seconds / decoder);
}

static bool
measure(bool long_floats, int rounds)
{
    struct gong_buffer buffer = {0};
    struct gong_lp_reader *reader = gong_lp_reader_new(false);
    struct gong_lp_reader *strict = gong_lp_reader_new(true);
    struct gong_str body;
    bool ok = reader != NULL && strict != NULL &&
              make_body(&buffer, long_floats) == GONG_OK;

    if (ok) {
        double seconds;

        body = gong_str_from(buffer.data, buffer.len);
        seconds = best_seconds(decode, body, reader, rounds);
        printf("%d points of 5 fields, %s floats, %.1f MB\n", POINTS,
               long_floats ? "17-digit" : "short", (double)body.len / 1e6);
        report("decode", body, seconds, seconds);
        report("decode, strict", body,
               best_seconds(decode, body, strict, rounds), seconds);
        report("tokenizer, scalar", body,
               best_seconds(split_tokens, body, reader, rounds), seconds);
        report("memchr newlines", body,
               best_seconds(scan_newlines, body, reader, rounds), seconds);
    }
    gong_buffer_fini(&buffer);
    gong_lp_reader_free(reader);
    gong_lp_reader_free(strict);
    return ok;
}

int
main(int argc, char **argv)
{
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 5;

    if (rounds < 1 || rounds > 1000) {
        (void)fprintf(stderr, "usage: bench_lp_decode [rounds]\n");
        return EXIT_FAILURE;
    }
    return measure(false, (int)rounds) && measure(true, (int)rounds)
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
