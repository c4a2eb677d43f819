/* Each command of gongctl and each of its options is in the manual page and in
 * --help. */
#include "ctl/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANUAL GONG_SOURCE_DIR "/docs/man/gongctl.1"

/* The page with "\-" read as "-". */
static char *
read_manual(void)
{
    FILE *file = fopen(MANUAL, "r");
    char *text = calloc(1, 1 << 18);
    size_t len, kept = 0;

    assert_non_null(file);
    assert_non_null(text);
    len = fread(text, 1, (1 << 18) - 1, file);
    (void)fclose(file);
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\\' || text[i + 1] != '-') {
            text[kept++] = text[i];
        }
    }
    text[kept] = '\0';
    return text;
}

/* Whether [at, end) has "<before><name>" as a whole word. */
static bool
has(const char *at, const char *end, const char *before, const char *name)
{
    char word[128];
    size_t len = (size_t)snprintf(word, sizeof word, "%s%s", before, name);

    while ((at = strstr(at, word)) != NULL && (end == NULL || at < end)) {
        if (strchr(" \n[", at[len]) != NULL) {
            return true;
        }
        at += len;
    }
    return false;
}

/* ".B name" with its words, up to the next command or section. */
static const char *
section_of(const char *manual, const char *name, const char **end)
{
    char head[64];
    const char *at = manual;
    size_t len = (size_t)snprintf(head, sizeof head, "\n.TP\n.B %s", name);

    while ((at = strstr(at, head)) != NULL && at[len] != '\n' &&
           at[len] != ' ') {
        at += len;
    }
    *end = NULL;
    if (at != NULL) {
        for (const char *next = at + len; (next = strstr(next, "\n.TP\n.B "));
             next++) {
            if (next[8] != '-') {
                *end = next;
                break;
            }
        }
    }
    return at;
}

static void
check_section(const char *manual, const char *name,
              const struct gong_ctl_option *options)
{
    const char *end, *at = section_of(manual, name, &end);

    if (at == NULL) {
        fail_msg("%s: no `%s`", MANUAL, name);
    }
    for (; options != NULL && options->name != NULL; options++) {
        if (!has(at, end, ".B --", options->name)) {
            fail_msg("%s: `%s` without --%s", MANUAL, name, options->name);
        }
    }
}

static void
the_manual_has_everything(void **state)
{
    char *manual = read_manual();

    (void)state;
    for (size_t i = 0; i < gong_ctl_command_count; i++) {
        check_section(manual, gong_ctl_commands[i].name,
                      gong_ctl_commands[i].options);
    }
    for (const struct gong_ctl_option *option = gong_ctl_common_options;
         option->name != NULL; option++) {
        if (!has(manual, NULL, ".B --", option->name)) {
            fail_msg("%s: no --%s", MANUAL, option->name);
        }
    }
    free(manual);
}

static char *
help_of(const char *command)
{
    char name[] = "gongctl", word[64], help[] = "--help";
    char *argv[] = {name, word, help, NULL};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    int code;

    assert_non_null(out);
    (void)snprintf(word, sizeof word, "%s", command);
    code = command[0] == '\0'
               ? gong_ctl_run(2, (char *[]){name, help, NULL}, out, out)
               : gong_ctl_run(3, argv, out, out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(code, GONG_CTL_OK);
    return text;
}

static void
help_has_everything(void **state)
{
    char *all = help_of("");

    (void)state;
    for (size_t i = 0; i < gong_ctl_command_count; i++) {
        const struct gong_ctl_command *command = &gong_ctl_commands[i];
        const struct gong_ctl_option *option = command->options;
        char *text = help_of(command->name);

        if (!has(all, NULL, "\n  ", command->name)) {
            fail_msg("--help: no %s", command->name);
        }
        for (; option != NULL && option->name != NULL; option++) {
            if (!has(text, NULL, "--", option->name)) {
                fail_msg("%s --help: no --%s", command->name, option->name);
            }
        }
        for (option = gong_ctl_common_options; option->name != NULL; option++) {
            if (!has(text, NULL, "--", option->name)) {
                fail_msg("%s --help: no --%s", command->name, option->name);
            }
        }
        free(text);
    }
    free(all);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_everything),
        cmocka_unit_test(help_has_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
