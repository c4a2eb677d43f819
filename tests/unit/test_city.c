/* The simulated city: signals, faults, devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/topic.h"
#include "firmware-sim/city.h"

static void
the_same_seed_reads_the_same(void **state)
{
    size_t differing = 0;

    (void)state;
    for (uint64_t step = 0; step < 500; step++) {
        const struct gong_signal *signal = &gong_city_kinds[0].signals[0];
        double one = gong_signal_read(signal, 7, 3, step);

        assert_true(one == gong_signal_read(signal, 7, 3, step));
        differing += one != gong_signal_read(signal, 8, 3, step);
        differing += one != gong_signal_read(signal, 7, 4, step);
        assert_true(one >= signal->min && one <= signal->max);
        assert_true(one >= signal->base - signal->swing - signal->noise);
        assert_true(one <= signal->base + signal->swing + signal->noise);
    }
    assert_true(differing > 900);
}

static void
a_signal_stays_in_its_range(void **state)
{
    const struct gong_signal narrow = {5, 100, 10, 3, 2, 8};

    (void)state;
    for (uint64_t step = 0; step < 100; step++) {
        double value = gong_signal_read(&narrow, 1, 1, step);

        assert_true(value >= 2 && value <= 8);
    }
}

static void
faults_begin_end_and_repeat(void **state)
{
    static const struct gong_fault faults[] = {
        {0, GONG_FAULT_SET, 2, 10, 3, 20, 99},
        {1, GONG_FAULT_RAMP, 2, 4, 5, 0, 8},
        {2, GONG_FAULT_SILENT, 2, 1, 2, 0, 0},
    };
    double value;

    (void)state;
    for (uint64_t step = 0; step < 60; step++) {
        bool on = step >= 10 && (step - 10) % 20 < 3;

        value = 1;
        assert_true(gong_fault_apply(faults, 3, 2, 0, step, &value));
        assert_true(value == (on ? 99 : 1));
        assert_true(gong_fault_apply(faults, 3, 3, 0, step, &value));
    }
    value = 1;
    assert_true(gong_fault_apply(faults, 3, 2, 1, 6, &value));
    assert_true(value == 9); /* the middle of the ramp */
    value = 1;
    assert_true(gong_fault_apply(faults, 3, 2, 1, 4, &value));
    assert_true(value == 1);
    assert_false(gong_fault_apply(faults, 3, 2, 2, 1, &value));
    assert_true(gong_fault_apply(faults, 3, 2, 2, 3, &value));
}

static void
every_fault_hits_a_device_that_exists(void **state)
{
    (void)state;
    for (size_t k = 0; k < gong_city_kind_count; k++) {
        const struct gong_city_kind *kind = &gong_city_kinds[k];

        assert_true(kind->device.sensor_count <= GONG_DEVICE_SENSORS_MAX);
        for (size_t f = 0; f < kind->fault_count; f++) {
            assert_true(kind->faults[f].device < kind->default_count);
            assert_true(kind->faults[f].sensor < kind->device.sensor_count);
            assert_true(kind->faults[f].length < kind->faults[f].repeat);
        }
    }
}

static void
sites_and_names_fit_topics(void **state)
{
    (void)state;
    for (size_t i = 0; i < gong_city_site_count; i++) {
        assert_true(gong_topic_name_valid(gong_str_of(gong_city_sites[i])));
    }
    for (size_t k = 0; k < gong_city_kind_count; k++) {
        assert_true(
            gong_topic_name_valid(gong_str_of(gong_city_kinds[k].name)));
    }
}

static void
the_river_climbs_over_level_three_and_falls(void **state)
{
    bool above = false;
    bool below_again = false;

    (void)state;
    for (size_t k = 0; k < gong_city_kind_count; k++) {
        if (strcmp(gong_city_kinds[k].name, "cung-son") != 0) {
            continue;
        }
        for (uint64_t step = 0; step < 60; step++) {
            double level;

            assert_true(
                gong_city_read(&gong_city_kinds[k], 0, 0, 1, step, &level));
            above = above || level > 34.5;
            below_again = above && level < 31;
        }
    }
    assert_true(above);
    assert_true(below_again);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_reads_the_same),
        cmocka_unit_test(a_signal_stays_in_its_range),
        cmocka_unit_test(faults_begin_end_and_repeat),
        cmocka_unit_test(every_fault_hits_a_device_that_exists),
        cmocka_unit_test(sites_and_names_fit_topics),
        cmocka_unit_test(the_river_climbs_over_level_three_and_falls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
