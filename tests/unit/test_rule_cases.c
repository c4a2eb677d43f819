/* Files of cases against small rules: what passes, what fails and what is said
 * of it. */
#include "rules/tool/rule_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rule_fixture.h"

static const char rules[] =
    "group = \"g\"; rules = (\n"
    "  { record = \"sum_f\"; expr = \"sum(m_f)\"; },\n"
    "  { alert = \"A\"; id = \"a\"; expr = \"m_f > 5\";\n"
    "    annotations = { summary = \"{{ $value }} of {{ $labels.t }}\"; }; },\n"
    "  { alert = \"B\"; id = \"b\"; expr = \"m_g > 5\";\n"
    "    annotations = { summary = \"well\";\n"
    "      action = \"{{ if gt $value 7.0 }}{{ gt $value \\\"x\\\" }}{{ end }}"
    "\"; }; }\n"
    ");\n";

#define QUIET "a quiet 0 0 1 m,t=x f=5\nb quiet 0 0 1 m g=5\n"
#define BOTH  QUIET "a fires 0 0 1 m,t=x f=6\nb fires 0 0 1 m g=6\n"
#define LACKS " alerts lack a case that fires, or one that is quiet\n"

struct row {
    const char *cases;
    bool passes;
    size_t lacking;
    const char *says; /* FILE stands for the file's path */
};

static const struct row rows[] = {
    {BOTH, true, 0, ""},
    {"# none\n\n \t\n" BOTH, true, 0, ""},
    {"# none\n", false, 2,
     "  FILE:1: found no case at all, expected RULE fires|quiet FROM TO STEP "
     "LINE\n"
     "  NOTE: a has no case\n  NOTE: b has no case\n"
     "  NOTE: 2 of 2" LACKS},
    {BOTH "a fires 0 40 10 m,t=x f={1..6} & m,t=y f={1|2}\n", true, 0, ""},
    {BOTH "a quiet 0 40 10 m,t=x f={1..5} & m,t=y f={4|5}\n", true, 0, ""},
    {QUIET, true, 2,
     "  NOTE: a has no case that fires\n  NOTE: b has no case that fires\n"
     "  NOTE: 2 of 2" LACKS},
    {"a fires 0 0 1 m,t=x f=6\n", true, 2,
     "  NOTE: a has no case that is quiet\n  NOTE: b has no case\n"
     "  NOTE: 2 of 2" LACKS},
    {BOTH "a quiet 0 20 10 m,t=x f={5|6}\n", false, 0,
     "  FILE:5: a: expected quiet, got fires: m,t=x f={5|6}\n"},
    {BOTH "\na fires 0 0 1 m,t=\033 f=5\n", false, 0,
     "  FILE:6: a: expected fires, got quiet: m,t=? f=5\n"},
    /* A label's braces, and a template that fails at some values only. */
    {BOTH "a fires 0 0 1 m,t={{x f=6\n", false, 0,
     "  FILE:5: a: an annotation is not rendered: \"6 of {{x\"\n"},
    {BOTH "b fires 0 0 1 m g=8\n", false, 0,
     "  FILE:5: b: an annotation is not rendered: \"<error expanding template: "
     "1:26: error calling gt: incompatible types for comparison>\"\n"},
    /* A line that nobody reads is quiet about everything. */
    {BOTH "a quiet 0 0 1 m,t=x\n", false, 0,
     "  FILE:5: a: the engine refuses: m,t=x\n"},
    {BOTH "a quiet 0 0 1 status d x\n", false, 0,
     "  FILE:5: a: the engine refuses: status d x\n"},
    /* By the alert's name, and by a name that two have. */
    {QUIET "A fires 0 0 1 m,t=x f=6\nB fires 0 0 1 m g=6\n", true, 0, ""},
    {QUIET "A quiet 0 0 1 m,t=x f=6\n", false, 2,
     "  FILE:3: A: expected quiet, got fires: m,t=x f=6\n"
     "  NOTE: a has no case that fires\n  NOTE: b has no case that fires\n"
     "  NOTE: 2 of 2" LACKS},
    {BOTH "c\033 fires 0 0 1 m f=6\n", false, 0,
     "  FILE:5: c?: found no such rule\n"},
    {BOTH "a fire 0 0 1 m f=6\na fires 5 4 1 m f=6\na fires 0 0 0 m f=6\n"
          "a fires 0 0 1\n",
     false, 0,
     "  FILE:5: found no case, expected RULE fires|quiet FROM TO STEP LINE\n"
     "  FILE:6: found no case, expected RULE fires|quiet FROM TO STEP LINE\n"
     "  FILE:7: found no case, expected RULE fires|quiet FROM TO STEP LINE\n"
     "  FILE:8: found no case, expected RULE fires|quiet FROM TO STEP LINE\n"},
};

static struct gong_rule_source *
load_rules(void)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source =
        rule_load("f", gong_str_of(rules), &errors);

    conf_expect(&errors, "");
    return source;
}

static void
write_text(int file, const char *text)
{
    size_t len = strlen(text);

    assert_int_equal(ftruncate(file, 0), 0);
    assert_int_equal(pwrite(file, text, len, 0), (ssize_t)len);
}

/* The text that is said, with the path cut to FILE; heap. */
static char *
run(const char *path, const struct gong_ruleset *set, bool *passes,
    size_t *lacking)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    size_t len = strlen(path);

    assert_non_null(out);
    *passes = gong_rule_cases_run(path, set, out, lacking);
    assert_int_equal(fclose(out), 0);
    for (char *at = strstr(text, path); at != NULL; at = strstr(at, path)) {
        memcpy(at, "FILE", 4);
        memmove(at + 4, at + len, strlen(at + len) + 1);
    }
    return text;
}

static void
what_is_wrong_is_told(void **state)
{
    struct gong_rule_source *source = load_rules();
    char path[] = "/tmp/gong-cases-XXXXXX";
    int file = mkstemp(path);

    (void)state;
    assert_true(file >= 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t lacking = 77;
        bool passes = false;
        char *text;

        write_text(file, rows[i].cases);
        text = run(path, source->set, &passes, &lacking);
        assert_string_equal(text, rows[i].says);
        assert_int_equal(passes, rows[i].passes);
        assert_int_equal(lacking, rows[i].lacking);
        free(text);
    }
    (void)close(file);
    assert_int_equal(unlink(path), 0);
    gong_rule_source_free(source);
}

static void
a_file_that_cannot_be_read_fails(void **state)
{
    struct gong_rule_source *source = load_rules();
    size_t lacking = 77;
    bool passes = true;
    char *text = run("/proc/no-such.cases", source->set, &passes, &lacking);

    (void)state;
    assert_string_equal(text,
                        "  FILE: cannot be read: No such file or directory\n");
    assert_false(passes);
    assert_int_equal(lacking, 0);
    free(text);
    gong_rule_source_free(source);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(a_file_that_cannot_be_read_fails),
    };

    return cmocka_run_group_tests_name("rule_cases", tests, NULL, NULL);
}
