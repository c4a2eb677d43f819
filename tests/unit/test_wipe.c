/* Unit tests of common/wipe.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/wipe.h"

static void
only_what_is_named_is_gone(void **state)
{
    char bytes[6] = {'a', 'b', 'c', 'd', 'e', 'f'};

    (void)state;
    gong_wipe(bytes + 1, 4);
    assert_memory_equal(bytes, "a\0\0\0\0f", 6);
    gong_wipe(bytes, 0);
    assert_int_equal(bytes[0], 'a');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_named_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
