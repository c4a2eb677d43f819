#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/batch.h"
#include "common/clock.h"
#include "common/crc32c.h"

#define ARRIVAL INT64_C(1760000000000000000)
#define SECOND  GONG_NS_PER_S

static struct gong_lp_reader *reader;

static int
open_reader(void **state)
{
    (void)state;
    reader = gong_lp_reader_new(false);
    return reader == NULL ? -1 : 0;
}

static int
close_reader(void **state)
{
    (void)state;
    gong_lp_reader_free(reader);
    return 0;
}

/* A message with our header before body. */
static struct gong_str
headed(char *out, const char *body, int64_t off_ms)
{
    struct gong_batch_header header = {
        .epoch = UINT64_C(0x5f1c09e2a7b4d310),
        .seq = 1042,
        .low = 1001,
        .lane = GONG_LANE_LIVE,
        .off_ms = off_ms,
        .sent_ms = INT64_C(1760000000123),
        .points = 1,
        .crc = gong_crc32c(0, body, strlen(body)),
    };
    size_t len = gong_batch_header_format(&header, out);
    struct gong_str text = gong_str_of(body);

    memcpy(out + len, text.data, text.len);
    return gong_str_from(out, len + text.len);
}

static void
header_line(void **state)
{
    static const char body[] =
        "streetlight,lamp=17 temp=41.2 1760000000000000000\n";
    char text[512];
    struct gong_str message = headed(text, body, -120);
    struct gong_str rest;
    struct gong_batch_header header;
    char expected[GONG_BATCH_HEADER_SIZE];

    (void)state;
    (void)snprintf(expected, sizeof(expected),
                   "#gong v=1 epoch=5f1c09e2a7b4d310 seq=1042 low=1001 "
                   "lane=live off=-120 sent=1760000000123 n=1 crc=%08" PRIx32
                   "\n",
                   gong_crc32c(0, body, strlen(body)));
    assert_memory_equal(text, expected, strlen(expected));
    assert_int_equal(gong_batch_header_parse(message, &header, &rest),
                     GONG_BATCH_HEADED);
    assert_true(gong_str_is(rest, body));
    assert_true(header.epoch == UINT64_C(0x5f1c09e2a7b4d310));
    assert_int_equal(header.seq, 1042);
    assert_int_equal(header.low, 1001);
    assert_int_equal(header.lane, GONG_LANE_LIVE);
    assert_int_equal(header.off_ms, -120);
    assert_int_equal(header.sent_ms, INT64_C(1760000000123));
    assert_int_equal(header.points, 1);
}

static void
optional_words_come_back(void **state)
{
    const struct gong_batch_header header = {
        .epoch = 1,
        .seq = 2,
        .low = 1,
        .samples = 250,
        .at_ms = INT64_C(1760000000100),
        .lost_points = 7,
        .placed = true,
    };
    struct gong_batch_header back;
    struct gong_str rest;
    char text[GONG_BATCH_HEADER_SIZE];
    size_t len = gong_batch_header_format(&header, text);

    (void)state;
    assert_non_null(
        strstr(text, " s=250 at=1760000000100 lost=7 clock=placed crc="));
    assert_int_equal(
        gong_batch_header_parse(gong_str_from(text, len), &back, &rest),
        GONG_BATCH_HEADED);
    assert_int_equal(back.samples, 250);
    assert_int_equal(back.at_ms, INT64_C(1760000000100));
    assert_int_equal(back.lost_points, 7);
    assert_true(back.placed);
}

static void
longest_header(void **state)
{
    struct gong_batch_header header = {UINT64_MAX,     UINT64_MAX, UINT64_MAX,
                                       GONG_LANE_BACK, INT64_MIN,  INT64_MIN,
                                       UINT32_MAX,     UINT32_MAX, UINT32_MAX,
                                       INT64_MAX,      UINT64_MAX, true};
    char text[GONG_BATCH_HEADER_SIZE];
    size_t len = gong_batch_header_format(&header, text);

    (void)state;
    assert_true(len < sizeof(text));
    assert_int_equal(text[len - 1], '\n');
}

/* The crc of an empty body is 0. */
#define HEAD "#gong v=1 epoch=5f1c09e2a7b4d310 seq=2 low=1 lane=back n=0"
#define CRC0 " crc=00000000\n"

static const struct {
    const char *message;
    enum gong_batch_kind kind;
} messages[] = {
    {"", GONG_BATCH_PLAIN},
    {"m f=1\n", GONG_BATCH_PLAIN},
    {"# a comment\nm f=1\n", GONG_BATCH_PLAIN},
    {"#gong\nm f=1\n", GONG_BATCH_PLAIN},
    {"#gongs v=1\n", GONG_BATCH_PLAIN},
    {" #gong v=1\n", GONG_BATCH_PLAIN},
    {HEAD CRC0, GONG_BATCH_HEADED},
    {HEAD " off=-5 sent=7" CRC0, GONG_BATCH_HEADED},
    {HEAD " later=thing" CRC0, GONG_BATCH_HEADED}, /* not ours to know */
    {HEAD " s=9 at=7 lost=3 clock=placed" CRC0, GONG_BATCH_HEADED},
    {HEAD " clock=other" CRC0, GONG_BATCH_HEADED},
    {HEAD " s=-1" CRC0, GONG_BATCH_DAMAGED},
    {HEAD " at=-1" CRC0, GONG_BATCH_DAMAGED},
    {HEAD " lost=x" CRC0, GONG_BATCH_DAMAGED},
    {HEAD " off=-9000000000000" CRC0, GONG_BATCH_HEADED},
    {"#gong ", GONG_BATCH_DAMAGED},
    {"#gong \n", GONG_BATCH_DAMAGED},
    {HEAD " crc=00000000", GONG_BATCH_DAMAGED}, /* cut */
    {HEAD "\n", GONG_BATCH_DAMAGED},            /* no crc */
    {HEAD CRC0 "m f=1\n", GONG_BATCH_DAMAGED},  /* another body */
    {HEAD " crc=00000001\n", GONG_BATCH_DAMAGED},
    {HEAD " crc=0000000\n", GONG_BATCH_DAMAGED},
    {HEAD " crc=0000000g\n", GONG_BATCH_DAMAGED},
    {HEAD " crc=00000000\r\n", GONG_BATCH_DAMAGED},
    {HEAD "  crc=00000000\n", GONG_BATCH_DAMAGED},
    {HEAD " seq=2" CRC0, GONG_BATCH_DAMAGED}, /* twice */
    {HEAD " enc=zstd" CRC0, GONG_BATCH_DAMAGED},
    {HEAD " word" CRC0, GONG_BATCH_DAMAGED},
    {HEAD " off=" CRC0, GONG_BATCH_DAMAGED},
    {HEAD " off=-" CRC0, GONG_BATCH_DAMAGED},
    {HEAD " off=9000000000001" CRC0, GONG_BATCH_DAMAGED},
    {HEAD " sent=-1" CRC0, GONG_BATCH_DAMAGED},
    {"#gong v=2 epoch=5f1c09e2a7b4d310 seq=2 low=1 lane=back n=0" CRC0,
     GONG_BATCH_DAMAGED},
    {"#gong v=1 epoch=5F1C09E2A7B4D310 seq=2 low=1 lane=back n=0" CRC0,
     GONG_BATCH_DAMAGED},
    {"#gong v=1 epoch=5f1c09e2a7b4d310 seq=0 low=1 lane=back n=0" CRC0,
     GONG_BATCH_DAMAGED},
    {"#gong v=1 epoch=5f1c09e2a7b4d310 seq=18446744073709551616 low=1 "
     "lane=back n=0" CRC0,
     GONG_BATCH_DAMAGED},
    {"#gong v=1 epoch=5f1c09e2a7b4d310 seq=2 low=1 lane=fast n=0" CRC0,
     GONG_BATCH_DAMAGED},
    {"#gong v=1 epoch=5f1c09e2a7b4d310 seq=2 low=1 lane=back "
     "n=4294967296" CRC0,
     GONG_BATCH_DAMAGED},
    {"#gong v=1 epoch=5f1c09e2a7b4d310 seq=2 lane=back n=0" CRC0,
     GONG_BATCH_DAMAGED},
};

static void
kinds_of_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        struct gong_batch_header header;
        struct gong_str body;
        enum gong_batch_kind kind = gong_batch_header_parse(
            gong_str_of(messages[i].message), &header, &body);

        if (kind != messages[i].kind) {
            fail_msg("%s: %d", messages[i].message, (int)kind);
        }
        if (kind == GONG_BATCH_PLAIN) {
            assert_true(gong_str_is(body, messages[i].message));
        }
    }
}

/* Opens a data record of message and writes every stamp, or the reason, and a
 * bar to shown. */
static void
stamps(struct gong_str message, int64_t arrival, char *shown)
{
    char payload[2048];
    size_t len =
        gong_batch_prefix(gong_str_of("22015"), gong_str_of("lamp-1"), payload);
    struct gong_batch batch;
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;
    enum gong_lp_result result;
    int64_t time;

    assert_true(len + message.len <= sizeof(payload));
    memcpy(payload + len, message.data, message.len);
    assert_int_equal(gong_batch_open(&batch, reader,
                                     gong_str_from(payload, len + message.len),
                                     arrival),
                     GONG_OK);
    assert_true(gong_str_is(batch.site, "22015"));
    assert_true(gong_str_is(batch.device, "lamp-1"));
    *shown = '\0';
    while ((result = gong_batch_next(&batch, reader, &point, &error, &time)) !=
           GONG_LP_END) {
        shown += result == GONG_LP_REFUSED
                     ? sprintf(shown, "!%s:%zu|", error->reason, error->line)
                     : sprintf(shown, "%" PRId64 "|", time);
    }
}

/* Stamps in seconds before (-) or after arrival; ABSENT: the point has none. */
#define ABSENT     99999
#define ROW_POINTS 3

static void
body_of(const int *seconds, char *out)
{
    for (int i = 0; i < ROW_POINTS; i++) {
        if (seconds[i] == ABSENT) {
            out += sprintf(out, "m f=1\n");
        } else {
            out += sprintf(out, "m f=1 %" PRId64 "\n",
                           ARRIVAL + seconds[i] * SECOND);
        }
    }
}

static void
shifting(void **state)
{
    static const struct {
        bool header;
        int off_ms;
        int written[ROW_POINTS];
        int read[ROW_POINTS];
    } rows[] = {
        /* no header: only the future moves, and the whole batch with it */
        {false, 0, {-9, -5, 0}, {-9, -5, 0}},
        {false, 0, {-9, 1, -5}, {-10, 0, -6}},
        {false, 0, {3600, 3590, ABSENT}, {0, -10, 0}},
        {false, 0, {ABSENT, ABSENT, -7}, {0, 0, -7}},
        /* header: a small offset is left alone */
        {true, 0, {-9, -5, 0}, {-9, -5, 0}},
        {true, 2000, {-9, 1, 2}, {-9, 1, 2}},
        {true, -2000, {-9, -5, -2}, {-9, -5, -2}},
        /* a large one is taken off */
        {true, 2001000, {2001, 1999, 1991}, {0, -2, -10}},
        {true, -60000, {-60, -65, ABSENT}, {0, -5, 0}},
        {true, 60000, {61, 60, 59}, {1, 0, -1}},
        /* and what is still more than 2 s ahead falls on arrival */
        {true, 0, {-9, 3, 1}, {-12, 0, -2}},
        {true, 60000, {63, 60, ABSENT}, {0, -3, 0}},
        {true, -60000, {-57, -60, -63}, {0, -3, -6}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char body[512], message[1024], seen[512], expected[512];
        char *to = expected;

        body_of(rows[i].written, body);
        stamps(rows[i].header ? headed(message, body, rows[i].off_ms)
                              : gong_str_of(body),
               ARRIVAL, seen);
        for (int k = 0; k < ROW_POINTS; k++) {
            to +=
                sprintf(to, "%" PRId64 "|", ARRIVAL + rows[i].read[k] * SECOND);
        }
        if (strcmp(seen, expected) != 0) {
            fail_msg("row %zu: %s, not %s", i, seen, expected);
        }
    }
}

static void
just_past_the_tolerance(void **state)
{
    char message[512], seen[256];

    (void)state;
    stamps(gong_str_of("m f=1 1760000000000000001\n"), ARRIVAL, seen);
    assert_string_equal(seen, "1760000000000000000|");
    stamps(headed(message, "m f=1 1760000002000000000", 0), ARRIVAL, seen);
    assert_string_equal(seen, "1760000002000000000|");
    stamps(headed(message, "m f=1 1760000002000000001", 0), ARRIVAL, seen);
    assert_string_equal(seen, "1760000000000000000|");
    stamps(headed(message, "m f=1 1760000000000000000", 2001), ARRIVAL, seen);
    assert_string_equal(seen, "1759999997999000000|");
}

static void
odd_stamps(void **state)
{
    static const struct {
        const char *body;
        int64_t arrival;
        const char *seen;
    } rows[] = {
        /* a string's text is no stamp */
        {"m s=\"a 1860000000000000000\nb\" 1750000000000000000\n", ARRIVAL,
         "1750000000000000000|"},
        /* nor is a refused line's */
        {"m f=x 1860000000000000000\nm f=1 5\n", ARRIVAL, "!bad_number:1|5|"},
        {"m f=1 1860000000000000000  \r\nm f=1 1859999999999999999", ARRIVAL,
         "1760000000000000000|1759999999999999999|"},
        {"m f=1 0000001860000000000000000000", ARRIVAL, "!time:1|"},
        {"m f=1 0000001860000000000000000", ARRIVAL, "1760000000000000000|"},
        /* before 1970 */
        {"m f=1 -1\nm f=1 0\n", ARRIVAL, "!time:1|0|"},
        {"m f=1 9223372036854775807\nm f=1 5\nm f=1\n", ARRIVAL,
         "1760000000000000000|!time:2|1760000000000000000|"},
        {"m f=1 -9223372036854775808\n", ARRIVAL, "!time:1|"},
        /* clocks that no machine should have */
        {"m f=1 9223372036854775807\n", INT64_MIN, "0|"},
        {"m f=1 -9223372036854775808\n", INT64_MIN, "!time:1|"},
        {"m f=1 9223372036854775807\n", INT64_MAX, "9223372036854775807|"},
        {"", ARRIVAL, ""},
    };
    char message[512], seen[512];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        stamps(gong_str_of(rows[i].body), rows[i].arrival, seen);
        if (strcmp(seen, rows[i].seen) != 0) {
            fail_msg("row %zu: %s, not %s", i, seen, rows[i].seen);
        }
    }
    /* An offset that moves the newest stamp past what int64 holds. */
    stamps(headed(message, "m f=1 9223372036854775807\nm f=1 5\n",
                  -INT64_C(9000000000000)),
           ARRIVAL, seen);
    assert_string_equal(seen, "1760000000000000000|!time:2|");
    /* And one that moves a negative stamp into the future. */
    stamps(headed(message, "m f=1 -1\n", -INT64_C(9000000000000)), ARRIVAL,
           seen);
    assert_string_equal(seen, "1760000000000000000|");
    stamps(headed(message, "m f=1 5\n", INT64_C(9000000000000)), ARRIVAL, seen);
    assert_string_equal(seen, "!time:1|");
}

static void
no_batch(void **state)
{
    static const struct {
        const char *payload;
        size_t len;
    } rows[] = {
        {"", 0},
        {"\x01", 1},
        {"\x01\x01"
         "a",
         3},
        {"\x00\x01"
         "ab",
         4},
        {"\x01\x01"
         "A"
         "bm f=1",
         8},
        {"\x01\x01"
         "a/m f=1",
         9},
        {"\xff\x01"
         "abm f=1",
         9},
        {"\x01\x01"
         "ab#gong v=9\n",
         14},
        {"\x01\x01"
         "ab" HEAD CRC0 "m f=1",
         4 + sizeof(HEAD CRC0) - 1 + 5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gong_batch batch;

        if (gong_batch_open(&batch, reader,
                            gong_str_from(rows[i].payload, rows[i].len),
                            ARRIVAL) != GONG_ERR_CORRUPT) {
            fail_msg("row %zu", i);
        }
    }
}

static void
labels(void **state)
{
    static const struct {
        const char *line;
        const char *labels;
    } rows[] = {
        {"m f=1", "site=S device=D "},
        {"m,lamp=17 f=1", "site=S device=D lamp=17 "},
        {"m,site=x,lamp=1,device=y f=1",
         "site=S device=D exported_site=x lamp=1 exported_device=y "},
        {"m,exported_site=x f=1", "site=S device=D exported_site=x "},
        {"m,exported_site=x,site=y f=1", "site=S device=D exported_site=y "},
        {"m,device=y,exported_device=x,sites=z f=1",
         "site=S device=D exported_device=y sites=z "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gong_batch batch = {.site = gong_str_of("S"),
                                   .device = gong_str_of("D")};
        struct gong_lp_tag tags[GONG_LP_TAGS_MAX + 2];
        const struct gong_lp_point *point;
        const struct gong_lp_error *error;
        char seen[512] = "";
        char *to = seen;
        size_t count;

        gong_lp_reader_start(reader, gong_str_of(rows[i].line));
        assert_int_equal(gong_lp_reader_next(reader, &point, &error),
                         GONG_LP_POINT);
        count = gong_batch_labels(&batch, point, tags);
        for (size_t k = 0; k < count; k++) {
            to += sprintf(to, "%.*s=%.*s ", (int)tags[k].key.len,
                          tags[k].key.data, (int)tags[k].value.len,
                          tags[k].value.data);
        }
        assert_string_equal(seen, rows[i].labels);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_line),
        cmocka_unit_test(optional_words_come_back),
        cmocka_unit_test(longest_header),
        cmocka_unit_test(kinds_of_message),
        cmocka_unit_test(shifting),
        cmocka_unit_test(just_past_the_tolerance),
        cmocka_unit_test(odd_stamps),
        cmocka_unit_test(no_batch),
        cmocka_unit_test(labels),
    };

    return cmocka_run_group_tests(tests, open_reader, close_reader);
}
