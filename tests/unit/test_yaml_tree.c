/* YAML documents as trees: what is read, what is refused and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/yaml_tree.h"

/* The tree as one line: {a: [b, c]}. */
static void
describe(const struct gong_yaml *yaml, uint32_t child, FILE *out)
{
    const struct gong_yaml_node *node = gong_yaml_at(yaml, child);
    bool mapping = node->kind == GONG_YAML_MAPPING;
    size_t i = 0;

    if (node->kind == GONG_YAML_SCALAR) {
        (void)fprintf(out, gong_yaml_is_null(node) ? "null" : "%s", node->text);
        return;
    }
    (void)fputc(mapping ? '{' : '[', out);
    for (uint32_t c = node->first; c != 0; c = gong_yaml_next(yaml, c)) {
        if (i > 0) {
            (void)fputs(mapping && i % 2 == 1 ? ": " : ", ", out);
        }
        describe(yaml, c, out);
        i++;
    }
    assert_int_equal(node->count, mapping ? i / 2 : i);
    (void)fputc(mapping ? '}' : ']', out);
}

static char *
described(const char *text)
{
    struct gong_conf_errors errors = {0};
    struct gong_yaml *yaml =
        gong_yaml_read("f.yml", gong_str_of(text), &errors);
    char *said = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&said, &len);

    assert_non_null(out);
    if (yaml == NULL) {
        assert_true(errors.count > 0);
        (void)fputs(errors.items[0], out);
    } else {
        const struct gong_yaml_node *root = gong_yaml_root(yaml);

        if (root->kind == GONG_YAML_SCALAR) {
            (void)fputs(gong_yaml_is_null(root) ? "null" : root->text, out);
        } else {
            /* The root is the first node that is made. */
            describe(yaml, 1, out);
        }
    }
    assert_int_equal(fclose(out), 0);
    gong_yaml_free(yaml);
    gong_conf_errors_fini(&errors);
    return said;
}

struct yaml_case {
    const char *text;
    const char *said;
};

static const struct yaml_case cases[] = {
    {"", "null"},
    {"~", "null"},
    {"a", "a"},
    {"\xef\xbb\xbf"
     "a: 1",
     "{a: 1}"},
    {"a: 1\nb: [x, \"y z\"]\n", "{a: 1, b: [x, y z]}"},
    {"- a\n- b: c\n  d: ~\n-\n", "[a, {b: c, d: null}, null]"},
    {"a: &x {b: c}\nd: *x\n", "{a: {b: c}, d: {b: c}}"},
    {"a: |\n  one\n  two\n", "{a: one\ntwo\n}"},
    {"a: \"null\"\n", "{a: null}"},
    {"a: 1\na: 2\n", "f.yml:2:1: found a key twice, expected each once"},
    {"? [a]\n: b\n", "f.yml:1:3: found a key that is no text, expected a name"},
    {"a: *b\n", "f.yml:1:4: found an alias without an anchor before it"},
    {"a: &x\n  b: *x\n",
     "f.yml:2:6: found an alias inside its own anchor, expected one behind it"},
    {"a\n---\nb\n",
     "f.yml:2:1: found a second document, expected one in a file"},
    {"a: \"x\\0y\"\n", "f.yml:1:4: found a NUL in text, expected none"},
    {"a: [b\n",
     "f.yml:2:1: found what is no YAML: did not find expected ',' or ']'"},
    {"\t- a", "f.yml:1:1: found what is no YAML: found character that cannot "
              "start any token"},
};

static void
documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *said = described(cases[i].text);

        assert_string_equal(said, cases[i].said);
        free(said);
    }
}

static void
levels_keys_and_anchors_have_bounds(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out;
    char *said;

    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        out = open_memstream(&text, &len);
        assert_non_null(out);
        for (int i = 0; i < (kind == 0 ? 33 : kind == 1 ? 513 : 1001); i++) {
            (void)(kind == 0   ? fputs("[", out)
                   : kind == 1 ? fprintf(out, "k%d: 1\n", i)
                               : fprintf(out, "- &a%d x\n", i));
        }
        if (kind == 3) {
            /* Nine levels of nine aliases each: as large as it is written. */
            (void)fseek(out, 0, SEEK_SET);
            (void)fputs("a0: &a0 [x,x,x,x,x,x,x,x,x]\n", out);
            for (int i = 1; i < 9; i++) {
                (void)fprintf(out, "a%d: &a%d [", i, i);
                for (int k = 0; k < 9; k++) {
                    (void)fprintf(out, "%s*a%d", k == 0 ? "" : ",", i - 1);
                }
                (void)fputs("]\n", out);
            }
        }
        assert_int_equal(fclose(out), 0);
        if (kind == 3) {
            struct gong_conf_errors errors = {0};
            struct gong_yaml *yaml =
                gong_yaml_read("f.yml", gong_str_of(text), &errors);

            assert_non_null(yaml);
            assert_int_equal(
                gong_yaml_get(yaml, gong_yaml_root(yaml), "a8")->count, 9);
            gong_yaml_free(yaml);
        } else {
            said = described(text);
            assert_non_null(strstr(said, "found more than "));
            free(said);
        }
        free(text);
    }
}

struct place_case {
    const char *text;
    size_t at;
    const char *said;
};

/* Byte `at` of the value of e. */
static const struct place_case places[] = {
    {"e: abc\n", 2, "f.yml:1:6: x"},
    {"e: \"a\\\"c\"\n", 2, "f.yml:1:8: x"},
    {"e: 'abc'\n", 1, "f.yml:1:6: x"},
    {"e: |\n  ab\n  cd\n", 4, "f.yml:3:4: x"},
    {"e: >-\n    ab\n    cd\n", 4, "f.yml:3:6: x"},
    {"e: ab\n   cd\n", 4, "f.yml:2:5: x"},
    {"e: [a]\n", 4, "f.yml:1:4: x"},
};

static void
places_lie_inside_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct gong_conf_errors errors = {0};
        struct gong_yaml *yaml =
            gong_yaml_read("f.yml", gong_str_of(places[i].text), &errors);

        assert_non_null(yaml);
        gong_yaml_error_in(yaml, gong_yaml_get(yaml, gong_yaml_root(yaml), "e"),
                           places[i].at, &errors, "x");
        assert_int_equal(errors.count, 1);
        assert_string_equal(errors.items[0], places[i].said);
        gong_yaml_free(yaml);
        gong_conf_errors_fini(&errors);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents),
        cmocka_unit_test(levels_keys_and_anchors_have_bounds),
        cmocka_unit_test(places_lie_inside_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
