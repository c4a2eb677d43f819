/* Unit tests of agent/store/store_batch.c: golden lines per type of store,
 * labels, refusals, parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/decide/recorded.h"
#include "agent/store/store_batch.h"
#include "sink_fixture.h"

struct refused {
    size_t count;
    char text[8][160]; /* "site device line reason text" */
};

static void
on_refusal(void *ctx, const struct gong_store_refusal *refusal)
{
    struct refused *refused = ctx;

    assert_true(refused->count < 8);
    (void)snprintf(refused->text[refused->count++], 160,
                   "%.*s %.*s %zu %s %.*s", (int)refusal->site.len,
                   refusal->site.data, (int)refusal->device.len,
                   refusal->device.data, refusal->line, refusal->reason,
                   (int)refusal->text.len, refusal->text.data);
}

static size_t
make_payload(const char *lines, char *out, size_t size)
{
    char prefix[GONG_BATCH_PREFIX_SIZE];
    size_t len =
        gong_batch_prefix(gong_str_of("22015"), gong_str_of("lamp-1"), prefix);

    assert_true(len + strlen(lines) < size);
    memcpy(out, prefix, len);
    return len + (size_t)snprintf(out + len, size - len, "%s", lines);
}

static void
add(struct gong_store_batch *batch, const char *lines, struct refused *refused)
{
    char payload[4096];
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_DATA, .wall_ns = SINK_ARRIVAL_NS}};

    record.payload =
        gong_str_from(payload, make_payload(lines, payload, sizeof payload));
    assert_int_equal(
        gong_store_batch_add_data(batch, &record, on_refusal, refused),
        GONG_OK);
}

#define SET "device=lamp-1,site=22015"

static const struct golden {
    const char *in;
    const char *influxdb1;
    const char *influxdb2;
    const char *victoriametrics;
} goldens[] = {
    /* site and device come from the topic. */
    {"lamp temp=41.5 1760000000000000000\n",
     "lamp," SET " temp=41.5 1760000000000000000\n",
     "lamp," SET " temp=41.5 1760000000000000000\n",
     "lamp," SET " temp=41.5 1760000000000000000\n"},
    /* Tags of those names are kept under another; all tags sorted. */
    {"lamp,zone=b,site=x,device=y,a=1 on=true 1760000000000000000\n",
     "lamp,a=1,device=lamp-1,exported_device=y,exported_site=x,site=22015,"
     "zone=b on=true 1760000000000000000\n",
     "lamp,a=1,device=lamp-1,exported_device=y,exported_site=x,site=22015,"
     "zone=b on=true 1760000000000000000\n",
     "lamp,a=1,device=lamp-1,exported_device=y,exported_site=x,site=22015,"
     "zone=b on=true 1760000000000000000\n"},
    /* A point without a stamp gets its arrival. */
    {"lamp n=3i\n", "lamp," SET " n=3i 1760000000000000000\n",
     "lamp," SET " n=3i 1760000000000000000\n",
     "lamp," SET " n=3i 1760000000000000000\n"},
    /* Unsigned integers: 1.x has none. */
    {"lamp n=3u 1\n", "lamp," SET " n=3i 1\n", "lamp," SET " n=3u 1\n",
     "lamp," SET " n=3u 1\n"},
    /* Strings: VictoriaMetrics would store 0. */
    {"lamp s=\"tắt\",v=1 1\n", "lamp," SET " s=\"tắt\",v=1 1\n",
     "lamp," SET " s=\"tắt\",v=1 1\n", "lamp," SET " v=1 1\n"},
    {"lamp s=\"tắt\" 1\n", "lamp," SET " s=\"tắt\" 1\n",
     "lamp," SET " s=\"tắt\" 1\n", ""},
};

static void
golden_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
        const char *const expected[] = {goldens[i].influxdb1,
                                        goldens[i].influxdb2,
                                        goldens[i].victoriametrics};

        for (int type = 0; type <= GONG_STORE_VICTORIAMETRICS; type++) {
            struct gong_store_batch batch;
            struct refused refused = {0};
            struct gong_str text;
            char shown[1024];

            assert_int_equal(
                gong_store_batch_init(&batch, (enum gong_store_type)type),
                GONG_OK);
            add(&batch, goldens[i].in, &refused);
            text = gong_store_batch_part(&batch, 0, batch.count);
            (void)snprintf(shown, sizeof shown, "%.*s", (int)text.len,
                           text.len == 0 ? "" : text.data);
            assert_string_equal(shown, expected[type]);
            assert_int_equal(refused.count, 0);
            gong_store_batch_fini(&batch);
        }
    }
}

static void
what_a_store_cannot_hold_is_counted(void **state)
{
    struct gong_store_batch batch;
    struct refused refused = {0};

    (void)state;
    assert_int_equal(gong_store_batch_init(&batch, GONG_STORE_VICTORIAMETRICS),
                     GONG_OK);
    add(&batch, "a s=\"x\" 1\na s=\"x\",v=1 2\n", &refused);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.losses.strings, 2);
    assert_int_equal(batch.losses.points, 1);
    gong_store_batch_fini(&batch);
}

static void
bad_lines_are_refused_and_others_kept(void **state)
{
    struct gong_store_batch batch;
    struct refused refused = {0};
    struct gong_str text;

    (void)state;
    assert_int_equal(gong_store_batch_init(&batch, GONG_STORE_INFLUXDB1),
                     GONG_OK);
    add(&batch, "good v=1 1\nbad v=NaN 1\n\n# a comment\nbad\ngood v=2 2\n",
        &refused);
    assert_int_equal(batch.count, 2);
    text = gong_store_batch_part(&batch, 1, 1);
    assert_memory_equal(text.data, "good," SET " v=2 2\n", text.len);
    assert_int_equal(refused.count, 2);
    assert_non_null(strstr(refused.text[0], "22015 lamp-1 2 "));
    assert_non_null(strstr(refused.text[0], " bad v=NaN 1"));
    assert_non_null(strstr(refused.text[1], "22015 lamp-1 5 "));
    gong_store_batch_fini(&batch);
}

static void
a_record_that_is_no_batch_is_refused(void **state)
{
    static const char *const payloads[] = {"", "\x05",
                                           "\xff\xff"
                                           "ab",
                                           "\x02\x02"
                                           "ab"};
    struct gong_store_batch batch;
    struct refused refused = {0};

    (void)state;
    assert_int_equal(gong_store_batch_init(&batch, GONG_STORE_INFLUXDB2),
                     GONG_OK);
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        struct gong_record record = {.payload = gong_str_of(payloads[i])};

        assert_int_equal(
            gong_store_batch_add_data(&batch, &record, on_refusal, &refused),
            GONG_OK);
        assert_int_equal(refused.count, i + 1);
        assert_non_null(strstr(refused.text[i], "damaged_record"));
    }
    assert_int_equal(batch.count, 0);
    gong_store_batch_fini(&batch);
}

static void
parts_are_whole_lines(void **state)
{
    struct gong_store_batch batch;
    struct refused refused = {0};

    (void)state;
    assert_int_equal(gong_store_batch_init(&batch, GONG_STORE_INFLUXDB1),
                     GONG_OK);
    for (int i = 0; i < 3000; i++) {
        add(&batch, "m v=1 1\n", &refused);
    }
    assert_int_equal(batch.count, 3000);
    for (size_t first = 0; first < 3000; first += 500) {
        struct gong_str part = gong_store_batch_part(&batch, first, 500);

        assert_int_equal(part.len, 500 * strlen("m," SET " v=1 1\n"));
        assert_int_equal(part.data[0], 'm');
        assert_int_equal(part.data[part.len - 1], '\n');
    }
    assert_int_equal(gong_store_batch_part(&batch, 7, 0).len, 0);
    gong_store_batch_clear(&batch);
    assert_int_equal(batch.count, 0);
    add(&batch, "m v=1 1\n", &refused);
    assert_int_equal(batch.count, 1);
    gong_store_batch_fini(&batch);
}

static void
alerts_are_lines_too(void **state)
{
    struct gong_store_batch batch;
    struct refused refused = {0};
    struct sink_alert alert = {.name = "LampHot",
                               .device = "lamp-1",
                               .from = GONG_ALERT_PENDING,
                               .to = GONG_ALERT_FIRING,
                               .at_ms = SINK_ARRIVAL_MS,
                               .value = 71.5};
    json_t *effect = sinks_alert(&alert);
    struct gong_str part;

    (void)state;
    assert_int_equal(gong_store_batch_init(&batch, GONG_STORE_INFLUXDB1),
                     GONG_OK);
    add(&batch, "m v=1 1\n", &refused);
    assert_int_equal(gong_store_batch_add_alert(&batch, effect), GONG_OK);
    assert_int_equal(batch.count, 2);
    part = gong_store_batch_part(&batch, 1, 1);
    assert_memory_equal(part.data, "gong_alert,", 11);
    json_decref(effect);
    gong_store_batch_fini(&batch);
}

/* Plain values of a recording: u64 position, u32 ordinal, u32 format. */
static struct gong_record
recorded(char *payload, size_t size, const char *lines)
{
    struct gong_record record = {.meta = {.type = GONG_RECORD_RECORDED}};

    assert_true(GONG_RECORDED_PREFIX + strlen(lines) < size);
    memset(payload, 0, GONG_RECORDED_PREFIX);
    payload[12] = GONG_RECORDED_FORMAT;
    memcpy(payload + GONG_RECORDED_PREFIX, lines, strlen(lines) + 1);
    record.payload =
        gong_str_from(payload, GONG_RECORDED_PREFIX + strlen(lines));
    return record;
}

/* Read back by name: VictoriaMetrics puts measurement and field together. */
static void
recorded_series_keep_their_names(void **state)
{
    static const char *const expected[] = {
        "site:load:avg,site=a\\ b value=1.5 7000000\n"
        "all value=-2 7000000\n",
        "site:load:avg,site=a\\ b value=1.5 7000000\n"
        "all value=-2 7000000\n",
        ",site=a\\ b site:load:avg=1.5 7000000\n all=-2 7000000\n"};
    struct refused refused = {0};
    char payload[512];
    struct gong_record record =
        recorded(payload, sizeof payload,
                 "site:load:avg,site=a\\ b value=1.5 7000000\n"
                 "gone,site=a ended=true 7000000\n"
                 "all value=-2.0 7000000\n");

    (void)state;
    for (int type = 0; type <= GONG_STORE_VICTORIAMETRICS; type++) {
        struct gong_store_batch batch;
        struct gong_str text;

        assert_int_equal(
            gong_store_batch_init(&batch, (enum gong_store_type)type), GONG_OK);
        assert_int_equal(gong_store_batch_add_recorded(&batch, &record,
                                                       on_refusal, &refused),
                         GONG_OK);
        assert_int_equal(batch.count, 2);
        text = gong_store_batch_part(&batch, 0, batch.count);
        assert_int_equal(text.len, strlen(expected[type]));
        assert_memory_equal(text.data, expected[type], text.len);
        gong_store_batch_fini(&batch);
    }
    assert_int_equal(refused.count, 0);
}

static void
a_damaged_recording_is_refused(void **state)
{
    struct gong_store_batch batch;
    struct refused refused = {0};
    char payload[512];
    struct gong_record record =
        recorded(payload, sizeof payload, "a value=1.0 7\nb value= 7\n");

    (void)state;
    assert_int_equal(gong_store_batch_init(&batch, GONG_STORE_INFLUXDB1),
                     GONG_OK);
    assert_int_equal(
        gong_store_batch_add_recorded(&batch, &record, on_refusal, &refused),
        GONG_OK);
    assert_int_equal(batch.count, 1);
    assert_int_equal(refused.count, 1);
    for (size_t len = 0; len <= GONG_RECORDED_PREFIX; len++) {
        record.payload.len = len;
        assert_int_equal(gong_store_batch_add_recorded(&batch, &record,
                                                       on_refusal, &refused),
                         GONG_OK);
        assert_non_null(strstr(refused.text[1], "damaged_record"));
        refused.count = 1;
    }
    payload[12]++;
    record.payload.len = 40;
    assert_int_equal(
        gong_store_batch_add_recorded(&batch, &record, on_refusal, &refused),
        GONG_OK);
    assert_int_equal(refused.count, 2);
    assert_int_equal(batch.count, 1);
    gong_store_batch_fini(&batch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_lines),
        cmocka_unit_test(what_a_store_cannot_hold_is_counted),
        cmocka_unit_test(bad_lines_are_refused_and_others_kept),
        cmocka_unit_test(a_record_that_is_no_batch_is_refused),
        cmocka_unit_test(parts_are_whole_lines),
        cmocka_unit_test(alerts_are_lines_too),
        cmocka_unit_test(recorded_series_keep_their_names),
        cmocka_unit_test(a_damaged_recording_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
