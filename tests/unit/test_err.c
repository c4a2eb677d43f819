#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"

static void
every_error_has_its_own_text(void **state)
{
    (void)state;
    for (int a = GONG_OK; a <= GONG_ERR_UNSUPPORTED; a++) {
        assert_string_not_equal(gong_err_text((enum gong_err)a),
                                "unknown error");
        for (int b = GONG_OK; b < a; b++) {
            assert_string_not_equal(gong_err_text((enum gong_err)a),
                                    gong_err_text((enum gong_err)b));
        }
    }
    assert_string_equal(gong_err_text((enum gong_err)999), "unknown error");
}

/* For whoever reads why something did not start. */
static void
every_error_says_what_to_do(void **state)
{
    (void)state;
    for (int err = GONG_ERR_MEMORY; err <= GONG_ERR_UNSUPPORTED; err++) {
        assert_true(strlen(gong_err_todo((enum gong_err)err)) > 10);
    }
    assert_string_equal(gong_err_todo(GONG_OK), "nothing");
    assert_string_not_equal(gong_err_todo(GONG_ERR_NO_SPACE),
                            gong_err_todo(GONG_ERR_READ_ONLY));
}

static void
errno_becomes_the_projects_word(void **state)
{
    (void)state;
    assert_int_equal(gong_err_from_errno(0), GONG_OK);
    assert_int_equal(gong_err_from_errno(ENOMEM), GONG_ERR_MEMORY);
    assert_int_equal(gong_err_from_errno(ENOSPC), GONG_ERR_NO_SPACE);
    assert_int_equal(gong_err_from_errno(EDQUOT), GONG_ERR_NO_SPACE);
    assert_int_equal(gong_err_from_errno(EROFS), GONG_ERR_READ_ONLY);
    assert_int_equal(gong_err_from_errno(ENOENT), GONG_ERR_NOT_FOUND);
    assert_int_equal(gong_err_from_errno(EIO), GONG_ERR_IO);
    assert_int_equal(gong_err_from_errno(EPIPE), GONG_ERR_CLOSED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_own_text),
        cmocka_unit_test(every_error_says_what_to_do),
        cmocka_unit_test(errno_becomes_the_projects_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
