/* Unit tests of collector/clock_offset.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/clock_offset.h"

#define NOTHING 0
#define NOW     INT64_C(1760000000000)

struct ack {
    int64_t sent; /* before or after the agent's now, ms; INT64_MIN: nothing */
    int64_t heard;
};

static void
table(void **state)
{
    static const struct {
        const char *what;
        struct ack acks[3];
        size_t count;
        int64_t offset;
    } cases[] = {
        {"nothing heard", {{0}}, 0, 0},
        {"the least delay", {{INT64_MIN, 900}, {INT64_MIN, 500}}, 2, 500},
        {"behind", {{INT64_MIN, -7000}}, 1, -7000},
        {"one late ack says nothing", {{INT64_MIN, 9000}}, 1, 0},
        {"late, of what was sent early", {{-50, 9000}}, 1, 0},
        {"late, and perhaps a little ahead", {{100, 9000}}, 1, 100},
        {"ahead for sure", {{4990, 5020}}, 1, 5020},
        {"ahead for sure, by two acks",
         {{INT64_MIN, 5020}, {4990, 9000}},
         2,
         5020},
        {"late, then prompt", {{-50, 9000}, {-30, 20}}, 2, 20},
        {"the clock was set back", {{-10, 10}, {-60010, -59990}}, 2, -59990},
        {"the clock was set forward", {{-10, 10}, {59990, 60010}}, 2, 60010},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_clock_offset offset = {0};

        for (size_t k = 0; k < cases[i].count; k++) {
            const struct ack *ack = &cases[i].acks[k];
            int64_t sent = ack->sent == INT64_MIN ? NOTHING : NOW + ack->sent;

            gong_clock_offset_add(&offset, sent, NOW + ack->heard, NOW);
        }
        if (gong_clock_offset_ms(&offset) != cases[i].offset) {
            fail_msg("%s: %lld", cases[i].what,
                     (long long)gong_clock_offset_ms(&offset));
        }
    }
}

static void
old_acks_are_forgotten(void **state)
{
    struct gong_clock_offset offset = {0};

    (void)state;
    gong_clock_offset_add(&offset, NOTHING, NOW - 50, NOW);
    for (int i = 0; i < GONG_CLOCK_OFFSETS; i++) {
        assert_int_equal(gong_clock_offset_ms(&offset), -50);
        gong_clock_offset_add(&offset, NOTHING, NOW + 300, NOW);
    }
    assert_int_equal(gong_clock_offset_ms(&offset), 300);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(old_acks_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
