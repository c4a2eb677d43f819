/*
 * Every allocation of reading Prometheus' rules fails once, in turn: there are
 * no rules, the errors say why, nothing leaks, and the same call succeeds
 * afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/prom_rules.h"
#include "tests/failing_memory.h"

static const char *const texts[] = {
    "groups: [{name: &n g, rules: [&r {alert: A, expr: m > 1, labels: {a: b},\n"
    "  annotations: {c: 'd {{ $value }}'}}, *r]}, {name: h}]\n",
    "",
};

/* Whether it was read; else that is told. */
static bool
read_it(const char *text)
{
    struct gong_conf_errors errors = {0};
    struct gong_prom_file *file =
        gong_prom_file_read("f.yml", gong_str_of(text), &errors);
    bool ok = file != NULL;
    bool told = errors.no_memory;

    gong_prom_file_free(file);
    gong_conf_errors_fini(&errors);
    assert_true(ok != told);
    return ok;
}

static void
want_of_memory_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint64_t failures = 0;

        for (;; failures++) {
            bool ok = false;

            failing_memory_begin(failures);
            ok = read_it(texts[i]);
            if (failing_memory_end() <= failures) {
                assert_true(ok);
                break;
            }
            assert_false(ok);
        }
        assert_true(failures > 3);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(want_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
