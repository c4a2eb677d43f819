#include "agent/api/api_form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
forms_are_read(void **state)
{
    static const struct {
        const char *body;
        enum gong_err err;
        const char *pairs; /* "name=value;" each */
    } cases[] = {
        {"", GONG_OK, ""},
        {"&&", GONG_OK, ""},
        {"query=1%2B1&time=4", GONG_OK, "query=1+1;time=4;"},
        {"query=sum+by+(site)+(up)", GONG_OK, "query=sum by (site) (up);"},
        {"match[]=up&match%5B%5D=%7ba%3d%22b%26c%22%7D", GONG_OK,
         "match[]=up;match[]={a=\"b&c\"};"},
        {"a=b=c", GONG_OK, "a=b=c;"},
        {"a", GONG_OK, "a=;"},
        {"=b", GONG_OK, "=b;"},
        {"a=1&", GONG_OK, "a=1;"},
        {"q=%c4%91", GONG_OK, "q=đ;"},
        {"q=%ff%0A", GONG_OK, "q=\xff\n;"},
        {"q=%", GONG_ERR_INVALID, ""},
        {"q=%4", GONG_ERR_INVALID, ""},
        {"q=%g0", GONG_ERR_INVALID, ""},
        {"q=%0g", GONG_ERR_INVALID, ""},
        {"q=%4&1=x", GONG_ERR_INVALID, ""},
        {"%q=1", GONG_ERR_INVALID, ""},
        {"q=%00", GONG_ERR_INVALID, ""},
        {"1&2&3&4&5&6&7&8&9&a&b&c&d&e&f&g", GONG_OK,
         "1=;2=;3=;4=;5=;6=;7=;8=;9=;a=;b=;c=;d=;e=;f=;g=;"},
        {"1&2&3&4&5&6&7&8&9&a&b&c&d&e&f&g&h", GONG_ERR_TOO_LARGE, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_api_form form;
        /* Nothing behind the body is looked at. */
        char *body = malloc(strlen(cases[i].body) + 1);
        char text[256] = "";
        size_t len = 0;
        enum gong_err err;

        assert_non_null(body);
        memcpy(body, cases[i].body, strlen(cases[i].body));
        err = gong_api_form_read(gong_str_from(body, strlen(cases[i].body)),
                                 &form);
        if (err != cases[i].err) {
            fail_msg("%s: %d", cases[i].body, (int)err);
        }
        for (size_t j = 0; err == GONG_OK && j < form.count; j++) {
            len += (size_t)snprintf(text + len, sizeof text - len, "%s=%s;",
                                    form.pairs[j].name, form.pairs[j].value);
        }
        assert_string_equal(text, cases[i].pairs);
        gong_api_form_fini(&form);
        free(body);
    }
}

static void
a_nul_is_refused(void **state)
{
    struct gong_api_form form;

    (void)state;
    assert_int_equal(gong_api_form_read(gong_str_from("a=b\0c", 5), &form),
                     GONG_ERR_INVALID);
    gong_api_form_fini(&form);
    assert_int_equal(gong_api_form_read(gong_str_from(NULL, 0), &form),
                     GONG_OK);
    assert_int_equal(form.count, 0);
    gong_api_form_fini(&form);
}

static void
types_are_known(void **state)
{
    (void)state;
    assert_true(gong_api_form_is("application/x-www-form-urlencoded"));
    assert_true(
        gong_api_form_is("Application/X-WWW-Form-Urlencoded; charset=UTF-8"));
    assert_false(gong_api_form_is("application/x-www-form-urlencodedx"));
    assert_false(gong_api_form_is("application/json"));
    assert_false(gong_api_form_is(""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_read),
        cmocka_unit_test(a_nul_is_refused),
        cmocka_unit_test(types_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
