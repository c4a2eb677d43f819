#include "rules/engine/range_fn.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WINDOW_MAX 8

struct window {
    const char *name;
    int64_t start_ms;
    int64_t end_ms;
    double params[2];
    size_t count;
    struct gong_sample samples[WINDOW_MAX];
    bool present;
    double want;
};

/* What Prometheus 2.42 answered at time 0. */
static const struct window windows[] = {
    {"avg_over_time",
     -77777,
     0,
     {0.0, 0.0},
     2,
     {{-69543, 999999999.9996656}, {-49543, 1000000000.0001452}},
     true,
     999999999.9999053},
    {"avg_over_time",
     -77777,
     0,
     {0.0, 0.0},
     4,
     {{-74248, -2}, {-21413, -2}, {-11443, -2}, {-1473, 0.0}},
     true,
     -1.5},
    {"avg_over_time",
     -77777,
     0,
     {0.0, 0.0},
     5,
     {{-64561, INFINITY},
      {-49561, INFINITY},
      {-43577, INFINITY},
      {-28577, INFINITY},
      {-13577, INFINITY}},
     true,
     INFINITY},
    {"changes",
     -45000,
     0,
     {0.0, 0.0},
     1,
     {{-34323, 1000000000.0003388}},
     true,
     0},
    {"changes",
     -45000,
     0,
     {0.0, 0.0},
     3,
     {{-43106, INFINITY}, {-33136, 1.3305846555758518}, {-23166, INFINITY}},
     true,
     2},
    {"count_over_time",
     -105000,
     -60000,
     {0.0, 0.0},
     2,
     {{-91249, 1000000000.001627}, {-71249, 1000000000.0004172}},
     true,
     2},
    {"count_over_time",
     -105000,
     -60000,
     {0.0, 0.0},
     2,
     {{-103663, -INFINITY}, {-93693, -0.10870168268023526}},
     true,
     2},
    {"delta",
     -120000,
     -60000,
     {0.0, 0.0},
     2,
     {{-113837, 1000000000.0004772}, {-93837, 999999999.9987673}},
     true,
     -0.00309182448387146},
    {"delta",
     -120000,
     -60000,
     {0.0, 0.0},
     5,
     {{-97783, 1.1479392473722463},
      {-84560, 1.1479392473722463},
      {-74324, 1.1479392473722463},
      {-70279, 1.1489392473722462},
      {-60309, 1.149939247372246}},
     true,
     0.002266491434060699},
    {"delta",
     -120000,
     -60000,
     {0.0, 0.0},
     3,
     {{-105605, -2}, {-95635, INFINITY}, {-85665, 1.5}},
     true,
     5.25},
    {"deriv",
     -77777,
     0,
     {0.0, 0.0},
     3,
     {{-63832, 999999999.9976115},
      {-40855, 1000000000.0016861},
      {-20855, 1000000000.0003388}},
     true,
     0.00006626521889422203},
    {"deriv",
     -77777,
     0,
     {0.0, 0.0},
     2,
     {{-68505, 6.0387250193182656}, {-48505, 0.0}},
     true,
     -0.30193625096591326},
    {"deriv", -77777, 0, {0.0, 0.0}, 1, {{-54345, INFINITY}}, false, 0},
    {"holt_winters",
     -60000,
     0,
     {0.6261511667337539, 0.4043352900306246},
     2,
     {{-32300, 999999999.999003}, {-12300, 1000000000.0011173}},
     true,
     1000000000.0011173},
    {"holt_winters",
     -60000,
     0,
     {0.6261511667337539, 0.4043352900306246},
     5,
     {{-47447, 1.5},
      {-45968, -INFINITY},
      {-35998, NAN},
      {-21973, -0.0},
      {-12003, 1.5}},
     true,
     NAN},
    {"idelta",
     -137777,
     -60000,
     {0.0, 0.0},
     4,
     {{-116189, 999999999.9984533},
      {-114023, 999999999.9999502},
      {-108545, 999999999.9983666},
      {-72300, 999999999.999003}},
     true,
     0.0006364583969116211},
    {"idelta",
     -137777,
     -60000,
     {0.0, 0.0},
     5,
     {{-129843, 0.24770401811337106},
      {-87447, 1.5},
      {-85968, -INFINITY},
      {-75998, NAN},
      {-61973, -0.0}},
     true,
     NAN},
    {"increase",
     -60000,
     0,
     {0.0, 0.0},
     2,
     {{-57531, 1000000000.0016861}, {-37531, 1000000000.0003388}},
     true,
     1623450000.00055},
    {"increase",
     -60000,
     0,
     {0.0, 0.0},
     3,
     {{-58311, 1726270347.560273},
      {-43444, 2067002767.131482},
      {-40765, 2490100198.8657928}},
     true,
     1028314535.0856797},
    {"increase",
     -60000,
     0,
     {0.0, 0.0},
     4,
     {{-56284, 0.0},
      {-46314, INFINITY},
      {-36344, 1.3305846555758518},
      {-26374, INFINITY}},
     true,
     INFINITY},
    {"irate",
     -45000,
     0,
     {0.0, 0.0},
     1,
     {{-43837, 999999999.9987673}},
     false,
     0},
    {"irate",
     -45000,
     0,
     {0.0, 0.0},
     2,
     {{-25814, -1e+308}, {-5814, 1e+308}},
     true,
     INFINITY},
    {"last_over_time",
     -60000,
     0,
     {0.0, 0.0},
     1,
     {{-41837, 999999999.9987673}},
     true,
     999999999.9987673},
    {"last_over_time",
     -60000,
     0,
     {0.0, 0.0},
     3,
     {{-53605, -2}, {-43635, INFINITY}, {-33665, 1.5}},
     true,
     1.5},
    {"max_over_time",
     -79277,
     -1500,
     {0.0, 0.0},
     4,
     {{-72249, 1000000000.0011053},
      {-52249, 999999999.9992721},
      {-32249, 1000000000.0005534},
      {-12249, 1000000000.0001359}},
     true,
     1000000000.0011053},
    {"max_over_time",
     -79277,
     -1500,
     {0.0, 0.0},
     4,
     {{-31046, INFINITY}, {-21076, -0.0}, {-11106, 1.5}, {-4663, -INFINITY}},
     true,
     INFINITY},
    {"min_over_time",
     -77777,
     0,
     {0.0, 0.0},
     3,
     {{-75300, 999999999.9976115},
      {-52323, 1000000000.0016861},
      {-32323, 1000000000.0003388}},
     true,
     999999999.9976115},
    {"min_over_time",
     -77777,
     0,
     {0.0, 0.0},
     1,
     {{-65813, INFINITY}},
     true,
     INFINITY},
    {"predict_linear",
     -77777,
     0,
     {-60, 0.0},
     2,
     {{-12808, -2}, {-204, 1.5}},
     true,
     -15.104728657569028},
    {"predict_linear",
     -77777,
     0,
     {-60, 0.0},
     2,
     {{-19675, 0.0}, {-9705, 1.1574894050667228}},
     true,
     -4.681620888597355},
    {"predict_linear",
     -77777,
     0,
     {-60, 0.0},
     2,
     {{-16971, NAN}, {-1971, INFINITY}},
     true,
     NAN},
    {"present_over_time",
     -77777,
     0,
     {0.0, 0.0},
     4,
     {{-72837, 1000000000.0000478},
      {-52837, 999999999.9984654},
      {-32837, 1000000000.0004772},
      {-12837, 999999999.9987673}},
     true,
     1},
    {"present_over_time",
     -77777,
     0,
     {0.0, 0.0},
     1,
     {{-77222, INFINITY}},
     true,
     1},
    {"quantile_over_time",
     -61500,
     -1500,
     {0, 0.0},
     3,
     {{-46300, 999999999.999003},
      {-26300, 1000000000.0011173},
      {-6300, 999999999.9976115}},
     true,
     999999999.9976115},
    {"quantile_over_time",
     -61500,
     -1500,
     {0, 0.0},
     2,
     {{-51495, 1.0}, {-31495, 1e+308}},
     true,
     1},
    {"quantile_over_time",
     -61500,
     -1500,
     {0, 0.0},
     4,
     {{-60384, INFINITY},
      {-49759, INFINITY},
      {-29759, INFINITY},
      {-20135, -0.5296161017726102}},
     true,
     NAN},
    {"rate",
     -60000,
     0,
     {0.0, 0.0},
     2,
     {{-52768, 1000000000.0011811}, {-16837, 1000000000.0000478}},
     true,
     27831120.759234305},
    {"rate",
     -60000,
     0,
     {0.0, 0.0},
     5,
     {{-46636, 80.75498225438463},
      {-36666, 81.75498225438463},
      {-26696, 0.0},
      {-16726, 0.0},
      {-6756, 0.14793924737224629}},
     true,
     0.024765033387079114},
    {"rate",
     -60000,
     0,
     {0.0, 0.0},
     3,
     {{-51222, INFINITY}, {-36222, INFINITY}, {-21222, INFINITY}},
     true,
     NAN},
    {"resets",
     -72777,
     5000,
     {0.0, 0.0},
     3,
     {{-44249, 1000000000.0011053},
      {-24249, 999999999.9992721},
      {-4249, 1000000000.0005534}},
     true,
     1},
    {"resets", -72777, 5000, {0.0, 0.0}, 1, {{-3046, INFINITY}}, true, 0},
    {"stddev_over_time",
     -55000,
     5000,
     {0.0, 0.0},
     3,
     {{-48394, 1e+16}, {-33685, -1e+16}, {-13685, 1e+308}},
     true,
     NAN},
    {"stddev_over_time",
     -55000,
     5000,
     {0.0, 0.0},
     1,
     {{-52302, 926226741.4341146}},
     true,
     0},
    {"stdvar_over_time",
     -79277,
     -1500,
     {0.0, 0.0},
     4,
     {{-74300, 1000000000.0011173},
      {-54300, 999999999.9976115},
      {-31323, 1000000000.0016861},
      {-11323, 1000000000.0003388}},
     true,
     0.0000024422324500505965},
    {"stdvar_over_time",
     -79277,
     -1500,
     {0.0, 0.0},
     1,
     {{-44813, INFINITY}},
     true,
     NAN},
    {"sum_over_time",
     -55000,
     5000,
     {0.0, 0.0},
     3,
     {{-53249, 1000000000.0005534},
      {-33249, 1000000000.0001359},
      {-13249, 1000000000.001627}},
     true,
     3000000000.0023165},
    {"sum_over_time",
     -55000,
     5000,
     {0.0, 0.0},
     5,
     {{-52046, INFINITY},
      {-42076, -0.0},
      {-32106, 1.5},
      {-25663, -INFINITY},
      {-15693, -0.10870168268023526}},
     true,
     NAN},
};

static bool
same(double a, double b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

static void
test_as_prometheus(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        const struct window *w = &windows[i];
        struct gong_range_call call = {.start_ms = w->start_ms,
                                       .end_ms = w->end_ms};
        double scratch[WINDOW_MAX];
        double value = 0;
        bool present = false;

        memcpy(call.params, w->params, sizeof call.params);
        assert_true(gong_range_fn_find(gong_str_of(w->name), &call.fn));
        assert_string_equal(gong_range_fn_name(call.fn), w->name);
        present =
            gong_range_fn_run(&call, w->samples, w->count, scratch, &value);
        if (present != w->present || (present && !same(value, w->want))) {
            fail_msg("window %zu: %s() is %d %.17g, not %d %.17g", i, w->name,
                     (int)present, value, (int)w->present, w->want);
        }
    }
}

/* Nothing comes of nothing, and the functions of steps need two samples. */
static void
test_too_few(void **state)
{
    static const char *const pairs[] = {
        "delta", "deriv",    "holt_winters",   "idelta",
        "irate", "increase", "predict_linear", "rate",
    };
    const struct gong_sample one = {-1000, 7};
    double value = 0;

    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        struct gong_range_call call = {.start_ms = -60000};

        assert_true(gong_range_fn_find(gong_str_of(windows[i].name), &call.fn));
        assert_false(gong_range_fn_run(&call, &one, 0, &value, &value));
    }
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct gong_range_call call = {.start_ms = -60000};

        assert_true(gong_range_fn_find(gong_str_of(pairs[i]), &call.fn));
        assert_false(gong_range_fn_run(&call, &one, 1, NULL, &value));
    }
}

static void
test_names(void **state)
{
    enum gong_range_fn fn = GONG_RANGE_SUM;

    (void)state;
    assert_false(gong_range_fn_find(gong_str_of("absent_over_time"), &fn));
    assert_false(gong_range_fn_find(gong_str_of("rat"), &fn));
    assert_false(gong_range_fn_find(gong_str_of(""), &fn));
    for (fn = GONG_RANGE_AVG; fn <= GONG_RANGE_SUM; fn++) {
        enum gong_range_fn found = GONG_RANGE_AVG;
        size_t params = fn == GONG_RANGE_HOLT_WINTERS     ? 2
                        : fn == GONG_RANGE_PREDICT_LINEAR ? 1
                        : fn == GONG_RANGE_QUANTILE       ? 1
                                                          : 0;

        assert_true(
            gong_range_fn_find(gong_str_of(gong_range_fn_name(fn)), &found));
        assert_int_equal(found, fn);
        assert_int_equal(gong_range_fn_params(fn), params);
        assert_int_equal(gong_range_fn_keeps_name(fn), fn == GONG_RANGE_LAST);
        assert_int_equal(gong_range_fn_sorts(fn), fn == GONG_RANGE_QUANTILE);
    }
}

static void
test_faults(void **state)
{
    static const double wrong[] = {0, 1, -0.1, 1.5, INFINITY};
    struct gong_range_call call = {.fn = GONG_RANGE_HOLT_WINTERS,
                                   .params = {0.5, 0.5}};

    (void)state;
    assert_null(gong_range_fn_fault(&call));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        call.params[0] = wrong[i];
        call.params[1] = 0.5;
        assert_non_null(strstr(gong_range_fn_fault(&call), "smoothing factor"));
        call.params[0] = 0.5;
        call.params[1] = wrong[i];
        assert_non_null(strstr(gong_range_fn_fault(&call), "trend factor"));
    }
    call.fn = GONG_RANGE_QUANTILE;
    assert_null(gong_range_fn_fault(&call));
}

static void
test_quantile(void **state)
{
    double values[] = {3, NAN, 1, 2};

    (void)state;
    assert_true(isnan(gong_quantile(0.5, values, 0)));
    assert_true(isnan(gong_quantile(NAN, values, 4)));
    assert_true(gong_quantile(-1, values, 4) == -INFINITY);
    assert_true(gong_quantile(1.1, values, 4) == INFINITY);
    assert_true(isnan(gong_quantile(0, values, 4)));
    assert_true(gong_quantile(0.5, values, 4) == 1.5);
    assert_true(gong_quantile(1, values, 4) == 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_prometheus), cmocka_unit_test(test_too_few),
        cmocka_unit_test(test_names),         cmocka_unit_test(test_faults),
        cmocka_unit_test(test_quantile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
