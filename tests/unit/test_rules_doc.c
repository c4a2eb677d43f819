/*
 * Every example in docs/RULES.md, by the words after its fence:
 *
 *   cfg              a rule file that loads
 *   cfg refused      one that does not; the next text block is what is said
 *   promql           one expression a line, each evaluated
 *   promql refused   an expression, then, indented, how its message begins
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf.h"
#include "rules/engine/book.h"
#include "rules/engine/promql.h"
#include "rules/rule_file.h"

#define PAGE       GONG_SOURCE_DIR "/docs/RULES.md"
#define FENCE      "```"
#define INDENT     "    "
#define BLOCKS_MAX 64

struct block {
    struct gong_str kind; /* what follows the opening fence */
    struct gong_str text;
    size_t line; /* of the fence */
};

static char *page;
static struct block blocks[BLOCKS_MAX];
static size_t block_count;

/* The line at *at without its newline; *at moves behind it. */
static struct gong_str
next_line(const char **at)
{
    const char *start = *at;
    const char *end = strchr(start, '\n');

    if (end == NULL) {
        *at = start + strlen(start);
        return gong_str_of(start);
    }
    *at = end + 1;
    return gong_str_from(start, (size_t)(end - start));
}

static bool
begins(struct gong_str text, const char *with)
{
    size_t len = strlen(with);

    return text.len >= len && memcmp(text.data, with, len) == 0;
}

static int
find_blocks(void **state)
{
    struct gong_conf_errors errors = {0};
    struct block *open = NULL;
    size_t len = 0;
    size_t line = 0;
    const char *at;

    (void)state;
    page = gong_conf_load_bytes(PAGE, &len, &errors);
    assert_non_null(page);
    at = page;
    while (*at != '\0') {
        struct gong_str text = next_line(&at);

        line++;
        if (!begins(text, FENCE)) {
            continue;
        }
        if (open != NULL) {
            open->text.len = (size_t)(text.data - open->text.data);
            open = NULL;
            continue;
        }
        assert_true(block_count < BLOCKS_MAX);
        open = &blocks[block_count++];
        open->kind = gong_str_from(text.data + 3, text.len - 3);
        open->text.data = at;
        open->line = line;
    }
    assert_null(open);
    return 0;
}

static int
free_page(void **state)
{
    (void)state;
    free(page);
    return 0;
}

/* The file as a bundle of one; its messages in *said, the caller's. */
static bool
load(const struct block *block, char **said)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source;
    char *bundle = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bundle, &size);
    bool loaded;

    assert_non_null(out);
    (void)fprintf(out, "== rules.cfg %zu\n%.*s", block->text.len,
                  (int)block->text.len, block->text.data);
    assert_int_equal(fclose(out), 0);
    source = gong_rule_bundle_load(gong_str_of(bundle), &errors);
    loaded = source != NULL;
    free(bundle);
    gong_rule_source_free(source);

    out = open_memstream(said, &size);
    assert_non_null(out);
    gong_conf_errors_print(&errors, out);
    assert_int_equal(fclose(out), 0);
    gong_conf_errors_fini(&errors);
    return loaded;
}

static void
rule_files_load(void **state)
{
    size_t loaded = 0;

    (void)state;
    for (size_t i = 0; i < block_count; i++) {
        char *said = NULL;

        if (!gong_str_is(blocks[i].kind, "cfg")) {
            continue;
        }
        if (!load(&blocks[i], &said)) {
            fail_msg("%s:%zu does not load:\n%s", PAGE, blocks[i].line, said);
        }
        free(said);
        loaded++;
    }
    assert_true(loaded >= 1);
}

static void
refused_files_say_what_the_page_says(void **state)
{
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i + 1 < block_count; i++) {
        const struct block *next = &blocks[i + 1];
        char *said = NULL;

        if (!gong_str_is(blocks[i].kind, "cfg refused")) {
            continue;
        }
        assert_true(gong_str_is(next->kind, "text"));
        assert_false(load(&blocks[i], &said));
        if (!gong_str_is(next->text, said)) {
            fail_msg("%s:%zu is said as:\n%s", PAGE, blocks[i].line, said);
        }
        free(said);
        refused++;
    }
    assert_true(refused >= 1);
}

/* Whether expression is evaluated today; error where it is not. */
static bool
is_evaluated(struct gong_str text, struct gong_expr_error *error)
{
    struct gong_expr *expr = gong_expr_parse(text, error);
    bool taken = expr != NULL && gong_book_check(expr, false, error);

    gong_expr_free(expr);
    return taken;
}

static void
check_evaluated(const struct block *block)
{
    const char *at = block->text.data;

    while (at < block->text.data + block->text.len) {
        struct gong_str line = next_line(&at);
        struct gong_expr_error error = {0};

        if (!is_evaluated(line, &error)) {
            fail_msg("%.*s\nis refused: %s", (int)line.len, line.data,
                     error.message);
        }
    }
}

static void
check_refused(const struct block *block)
{
    const char *at = block->text.data;

    while (at < block->text.data + block->text.len) {
        struct gong_str line = next_line(&at);
        struct gong_str said = next_line(&at);
        struct gong_expr_error error = {0};

        assert_true(begins(said, INDENT));
        said = gong_str_from(said.data + 4, said.len - 4);
        if (is_evaluated(line, &error)) {
            fail_msg("%.*s\nis evaluated", (int)line.len, line.data);
        }
        if (!gong_str_is(said, error.message)) {
            fail_msg("%.*s\nis refused as: %s", (int)line.len, line.data,
                     error.message);
        }
    }
}

static void
expressions_are_taken_and_refused_as_the_page_says(void **state)
{
    size_t evaluated = 0;
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i < block_count; i++) {
        if (gong_str_is(blocks[i].kind, "promql")) {
            check_evaluated(&blocks[i]);
            evaluated++;
        } else if (gong_str_is(blocks[i].kind, "promql refused")) {
            check_refused(&blocks[i]);
            refused++;
        }
    }
    assert_true(evaluated >= 1);
    assert_true(refused >= 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_files_load),
        cmocka_unit_test(refused_files_say_what_the_page_says),
        cmocka_unit_test(expressions_are_taken_and_refused_as_the_page_says),
    };

    return cmocka_run_group_tests_name("rules_doc", tests, find_blocks,
                                       free_page);
}
