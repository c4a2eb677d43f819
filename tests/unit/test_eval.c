#include "rules/engine/eval.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_new(void **state)
{
    (void)state;
    gong_eval_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
