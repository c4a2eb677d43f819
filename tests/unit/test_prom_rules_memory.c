/*
 * Every allocation of reading Prometheus' rules fails once, in turn: there are
 * no rules, the errors say why, nothing leaks, and the same call succeeds
 * afterwards. The linker sends malloc, calloc, realloc and strdup here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/prom_rules.h"

/* The names are the linker's. NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);

static long until_failure = -1; /* -1: never */

static bool
fails_now(void)
{
    return until_failure >= 0 && until_failure-- == 0;
}

void *
__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *block, size_t size)
{
    return fails_now() ? NULL : __real_realloc(block, size);
}

char *
__wrap_strdup(const char *text)
{
    return fails_now() ? NULL : __real_strdup(text);
}
/* NOLINTEND(bugprone-reserved-identifier) */

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
    bool told = errors.count > 0;

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
        long failures = 0;

        for (;; failures++) {
            bool ok = false;

            until_failure = failures;
            ok = read_it(texts[i]);
            if (until_failure >= 0) {
                until_failure = -1;
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
