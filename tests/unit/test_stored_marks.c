/* Unit tests of agent/tell/stored_marks.c: against a table of all rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/tell/stored_marks.h"

#define TIMES (3 * GONG_STORED_MARKS)
#define STEP  3 /* rows at a time, at most */

static void
says_when_each_row_was_seen(void **state)
{
    static struct gong_stored_marks marks;
    static int64_t seen[STEP * TIMES + 1];
    static int64_t first[TIMES]; /* row of each time */
    int64_t rows = 0;

    (void)state;
    assert_int_equal(gong_stored_marks_find(&marks, 1), 0);
    for (int64_t time = 0; time < TIMES; time++) {
        first[time] = rows + 1;
        for (int64_t i = 0; i <= time % STEP; i++) {
            seen[++rows] = 1000 + time;
        }
        gong_stored_marks_note(&marks, rows, 1000 + time);
        gong_stored_marks_note(&marks, rows, 5); /* nothing new */
        assert_int_equal(gong_stored_marks_find(&marks, rows), 1000 + time);
        assert_int_equal(gong_stored_marks_find(&marks, rows + 1), 0);
    }
    for (int64_t row = 1; row <= rows; row++) {
        int64_t found = gong_stored_marks_find(&marks, row);

        if (row >= first[TIMES - GONG_STORED_MARKS + 1]) {
            assert_int_equal(found, seen[row]);
        } else {
            assert_int_equal(found, 0);
        }
    }
}

/* Those that were there before the start. */
static void
does_not_know_when_nobody_saw(void **state)
{
    struct gong_stored_marks marks = {0};

    (void)state;
    gong_stored_marks_note(&marks, 7, 0);
    gong_stored_marks_note(&marks, 9, 50);
    assert_int_equal(gong_stored_marks_find(&marks, 1), 0);
    assert_int_equal(gong_stored_marks_find(&marks, 7), 0);
    assert_int_equal(gong_stored_marks_find(&marks, 8), 50);
    assert_int_equal(gong_stored_marks_find(&marks, 9), 50);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_when_each_row_was_seen),
        cmocka_unit_test(does_not_know_when_nobody_saw),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
