#include "common/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void
strangers_write_no_markup(void **state)
{
    static const struct {
        const char *text, *html;
    } rows[] = {
        {"", ""},
        {"Củng Sơn", "Củng Sơn"},
        {"<script>a&b</script>", "&lt;script&gt;a&amp;b&lt;/script&gt;"},
        {"\" onload='x'", "&#34; onload=&#39;x&#39;"},
        {"a\x1b[31m\r\nb\tc\x7f", "a?[31m?\nb\tc?"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *html = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&html, &size);

        assert_non_null(out);
        gong_html_put(out, gong_str_of(rows[i].text));
        assert_int_equal(fclose(out), 0);
        assert_string_equal(html, rows[i].html);
        free(html);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_write_no_markup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
