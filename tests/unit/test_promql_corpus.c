/*
 * Every published alert rule at hand must parse, and its canonical text must
 * parse back. Skipped where the rules are not at hand.
 *
 * The reader takes "expr:" lines of YAML with a plain, 'single' or "double"
 * quoted value, or a block (| or >) of lines that are indented deeper.
 */
#include "rules/engine/promql.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/plan.h"

#define CORPUS GONG_SHARED_DIR "/corpus/prometheus-alerts/dist/rules"
#define LINE   8192

struct tally {
    size_t read;
    size_t parsed;
    size_t planned;
};

static size_t
indent_of(const char *line)
{
    return strspn(line, " ");
}

/* A quoted YAML value to its text, in place. */
static void
unquote(char *text)
{
    char quote = text[0];
    char *to = text;

    for (const char *from = text + 1; *from != '\0'; from++) {
        if (quote == '\'' && from[0] == '\'') {
            if (from[1] != '\'') {
                break;
            }
            from++;
        } else if (quote == '"' && from[0] == '"') {
            break;
        } else if (quote == '"' && from[0] == '\\' && from[1] != '\0') {
            from++;
            *to++ = *from == 'n' ? '\n' : *from;
            continue;
        }
        *to++ = *from;
    }
    *to = '\0';
}

static void
check(const char *path, const char *text, struct tally *tally)
{
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of(text), &error);
    struct gong_expr *again = NULL;
    struct gong_plan *plan = NULL;
    char *first = NULL;
    char *second = NULL;

    tally->read++;
    if (expr == NULL) {
        print_error("%s: %s\n  at %zu: %s\n", path, text, error.at,
                    error.message);
        return;
    }
    tally->parsed++;
    first = gong_expr_print(expr);
    again = gong_expr_parse(gong_str_of(first), &error);
    assert_non_null(again);
    second = gong_expr_print(again);
    assert_string_equal(first, second);
    plan = gong_plan_new(expr, &error);
    tally->planned += plan != NULL ? 1 : 0;
    gong_plan_free(plan);
    free(first);
    free(second);
    gong_expr_free(again);
    gong_expr_free(expr);
}

/* The lines of a block; the first line that is not its own stays in line. */
static bool
read_block(FILE *file, size_t indent, char *line, char *text)
{
    bool more = false;

    text[0] = '\0';
    while ((more = fgets(line, LINE, file) != NULL) &&
           (line[0] == '\n' || indent_of(line) > indent)) {
        assert_true(strlen(text) + strlen(line) < LINE);
        memcpy(text + strlen(text), line, strlen(line) + 1);
    }
    return more;
}

static void
read_rules(const char *path, struct tally *tally)
{
    FILE *file = fopen(path, "r");
    char line[LINE];
    char text[LINE];
    bool more = false;

    assert_non_null(file);
    more = fgets(line, LINE, file) != NULL;
    while (more) {
        size_t indent = indent_of(line);
        const char *key = line + indent;

        if (strncmp(key, "- ", 2) == 0) {
            indent += 2;
            key += 2;
        }
        if (strncmp(key, "expr: ", 6) != 0) {
            more = fgets(line, LINE, file) != NULL;
            continue;
        }
        key += 6;
        if (*key == '|' || *key == '>') {
            more = read_block(file, indent, line, text);
        } else {
            memcpy(text, key, strlen(key) + 1);
            text[strcspn(text, "\n")] = '\0';
            if (*key == '\'' || *key == '"') {
                unquote(text);
            }
            more = fgets(line, LINE, file) != NULL;
        }
        check(path, text, tally);
    }
    (void)fclose(file);
}

static void
read_folder(const char *path, struct tally *tally)
{
    DIR *folder = opendir(path);
    const struct dirent *entry = NULL;

    if (folder == NULL) {
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        size_t len = strlen(entry->d_name);
        char below[1024];

        if (entry->d_name[0] == '.') {
            continue;
        }
        assert_true(snprintf(below, sizeof(below), "%s/%s", path,
                             entry->d_name) < (int)sizeof(below));
        if (len > 4 && strcmp(entry->d_name + len - 4, ".yml") == 0) {
            read_rules(below, tally);
        } else {
            read_folder(below, tally);
        }
    }
    (void)closedir(folder);
}

static void
test_published_rules(void **state)
{
    struct tally tally = {0, 0, 0};

    (void)state;
    read_folder(CORPUS, &tally);
    if (tally.read == 0) {
        print_message("no published rules in %s: skipped\n", CORPUS);
        skip();
    }
    print_message("%zu expressions read, %zu parsed, %zu evaluated today\n",
                  tally.read, tally.parsed, tally.planned);
    assert_int_equal(tally.parsed, tally.read);
    assert_true(tally.read >= 954);
    assert_true(tally.planned >= 386);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
