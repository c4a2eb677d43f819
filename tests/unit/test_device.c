#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware-sim/firmware/device.h"

/* Hardware of which everything can be scripted. */
struct bench {
    double readings[GONG_DEVICE_SENSORS_MAX];
    bool gives[GONG_DEVICE_SENSORS_MAX];
    int64_t now_ns;
    bool carries;
    char line[512];
};

static bool
read_sensor(void *ctx, uint8_t sensor, double *value)
{
    struct bench *bench = ctx;

    *value = bench->readings[sensor];
    return bench->gives[sensor];
}

static int64_t
now_ns(void *ctx)
{
    return ((struct bench *)ctx)->now_ns;
}

static bool
carry(void *ctx, const char *line, size_t len)
{
    struct bench *bench = ctx;

    memcpy(bench->line, line, len);
    bench->line[len] = '\0';
    return bench->carries;
}

static const struct gong_sensor sensors[] = {
    {"temp", GONG_SENSOR_DECIMAL, 1},
    {"count", GONG_SENSOR_COUNT, 0},
    {"on", GONG_SENSOR_FLAG, 0},
};
static const struct gong_device_kind kind = {"lamp", "lamp", sensors, 3};

static bool
report(struct bench *bench, const char *tag)
{
    struct gong_device device = {
        .kind = &kind,
        .tag_value = tag,
        .hal = {bench, read_sensor, now_ns, carry},
    };

    bench->line[0] = '\0';
    return gong_device_report(&device);
}

static struct bench
working(void)
{
    return (struct bench){.readings = {41.25, 7, 1},
                          .gives = {true, true, true},
                          .now_ns = INT64_C(1760000000000000000),
                          .carries = true};
}

static void
a_report_is_one_line(void **state)
{
    struct bench bench = working();

    (void)state;
    assert_true(report(&bench, "17"));
    assert_string_equal(bench.line, "lamp,lamp=17 temp=41.3,count=7i,on=true "
                                    "1760000000000000000");
}

static void
numbers_print_without_a_library(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "temp=0.0"},        {-0.04, "temp=-0.0"},       {9.95, "temp=10.0"},
        {-12.34, "temp=-12.3"}, {1e9, "temp=1000000000.0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench bench = working();

        bench.readings[0] = cases[i].value;
        assert_true(report(&bench, "1"));
        assert_non_null(strstr(bench.line, cases[i].text));
    }
}

static void
a_sensor_without_reading_is_left_out(void **state)
{
    struct bench bench = working();

    (void)state;
    bench.gives[0] = false;
    bench.readings[1] = NAN;
    assert_true(report(&bench, "17"));
    assert_string_equal(bench.line, "lamp,lamp=17 on=true 1760000000000000000");
    bench.gives[2] = false;
    assert_false(report(&bench, "17"));
    assert_string_equal(bench.line, "");
}

static void
a_device_without_clock_sends_no_stamp(void **state)
{
    struct bench bench = working();

    (void)state;
    bench.now_ns = 0;
    assert_true(report(&bench, "17"));
    assert_string_equal(bench.line, "lamp,lamp=17 temp=41.3,count=7i,on=true");
}

static void
a_line_that_does_not_fit_is_not_carried(void **state)
{
    struct bench bench = working();
    char tag[GONG_DEVICE_LINE_SIZE + 1];

    (void)state;
    memset(tag, 'x', sizeof tag - 1);
    tag[sizeof tag - 1] = '\0';
    assert_false(report(&bench, tag));
    assert_string_equal(bench.line, "");
    bench.carries = false;
    assert_false(report(&bench, "17"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_one_line),
        cmocka_unit_test(numbers_print_without_a_library),
        cmocka_unit_test(a_sensor_without_reading_is_left_out),
        cmocka_unit_test(a_device_without_clock_sends_no_stamp),
        cmocka_unit_test(a_line_that_does_not_fit_is_not_carried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
