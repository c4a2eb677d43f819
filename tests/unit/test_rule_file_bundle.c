/* Rules from several files and folders, and as the bundle of the journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rule_fixture.h"

/* More than 10,000 rules, in files of 2,500. */
static void
a_set_has_a_limit(void **state)
{
    struct gong_conf_errors errors = {0};
    char *bundle = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bundle, &size);

    (void)state;
    assert_non_null(out);
    for (int file = 0; file < 5; file++) {
        char *text = NULL;
        size_t len = 0;
        FILE *rules = open_memstream(&text, &len);
        int count = file < 4 ? 2500 : 1;

        assert_non_null(rules);
        (void)fprintf(rules, "group = \"%d\"; rules = (", file);
        for (int i = 0; i < count; i++) {
            (void)fprintf(rules, "%s{ alert = \"%d\"; expr = \"up\"; }",
                          i == 0 ? "" : ",\n", i);
        }
        (void)fputs(");", rules);
        assert_int_equal(fclose(rules), 0);
        (void)fprintf(out, "== f%d %zu\n%s", file, len, text);
        free(text);
    }
    assert_int_equal(fclose(out), 0);
    assert_null(gong_rule_bundle_load(gong_str_from(bundle, size), &errors));
    free(bundle);
    conf_expect(&errors, "f4:1:23: found more than 10000 rules in all "
                         "files, expected fewer\n");
}

static void
bundles_that_are_none_are_refused(void **state)
{
    static const struct conf_golden cases[] = {
        {"x", "bundle: found other bytes at offset 0, expected == name "
              "length\n"},
        {"== f 5\n", "bundle: found other bytes at offset 0, expected == name "
                     "length\n"},
        {"== f x\n", "bundle: found other bytes at offset 0, expected == name "
                     "length\n"},
        {"== f 99999999999999999999999\n",
         "bundle: found other bytes at offset 0, expected == name length\n"},
        {"==  1\nx", "bundle: found other bytes at offset 0, expected == name "
                     "length\n"},
        {"== f\x1b 1\nx", "bundle: found other bytes at offset 0, expected == "
                          "name length\n"},
        {"== f 0\nx", "bundle: found other bytes at offset 7, expected == name "
                      "length\n"},
        {"== g 0\n== f 0\n", "bundle: found f at offset 7, expected names in "
                             "ascending order\n"},
        {"== f 0\n== f 0\n", "bundle: found f at offset 7, expected names in "
                             "ascending order\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_conf_errors errors = {0};

        assert_null(gong_rule_bundle_load(gong_str_of(cases[i].text), &errors));
        conf_expect(&errors, cases[i].messages);
    }
}

struct folder {
    char path[32];
    char file[3][64];
    struct gong_strings paths; /* of the folder alone */
    char *items[1];
};

static void
write_text(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    (void)fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static int
make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);

    assert_non_null(folder);
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/gong-rules-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    (void)snprintf(folder->file[0], sizeof folder->file[0], "%s/b.cfg",
                   folder->path);
    (void)snprintf(folder->file[1], sizeof folder->file[1], "%s/a b.cfg",
                   folder->path);
    (void)snprintf(folder->file[2], sizeof folder->file[2], "%s/.a.cfg",
                   folder->path);
    folder->items[0] = folder->path;
    folder->paths = (struct gong_strings){folder->items, 1};
    *state = folder;
    return 0;
}

static int
remove_folder(void **state)
{
    struct folder *folder = *state;

    for (size_t i = 0; i < 3; i++) {
        (void)unlink(folder->file[i]);
    }
    assert_int_equal(rmdir(folder->path), 0);
    free(folder);
    return 0;
}

static void
a_folder_is_read_in_order_of_names(void **state)
{
    struct folder *folder = *state;
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source;
    struct gong_rule_source *again;
    char expected[800];

    write_text(folder->file[0],
               "group = \"b\"; rules = ( { alert = \"B\"; expr = \"up\"; } );");
    write_text(folder->file[1], "group = \"a\"; rules = ( );");
    write_text(folder->file[2], "not a rule file, not even read");
    source = gong_rule_files_load(&folder->paths, &errors);
    conf_expect(&errors, "");
    assert_non_null(source);
    assert_int_equal(source->set->count, 1);
    assert_string_equal(source->set->rules[0].file, folder->file[0]);
    (void)snprintf(expected, sizeof expected,
                   "== %s 25\ngroup = \"a\"; rules = ( );== %s 55\ngroup = "
                   "\"b\"; rules = ( { alert = \"B\"; expr = \"up\"; } );",
                   folder->file[1], folder->file[0]);
    assert_int_equal(source->bundle_len, strlen(expected));
    assert_string_equal(source->bundle, expected);

    again = gong_rule_bundle_load(
        gong_str_from(source->bundle, source->bundle_len), &errors);
    assert_non_null(again);
    assert_int_equal(again->set->count, 1);
    assert_string_equal(again->set->rules[0].id, source->set->rules[0].id);
    assert_string_equal(again->bundle, source->bundle);
    gong_rule_source_free(again);
    gong_rule_source_free(source);
}

/* Semantics rule 18, across files. */
static void
rule_18_a_second_equal_id_is_refused(void **state)
{
    struct folder *folder = *state;
    struct gong_conf_errors errors = {0};
    char expected[800];

    write_text(folder->file[0],
               "group = \"g\"; rules = (\n { alert = \"A\"; id = \"x\"; expr = "
               "\"up\"; },\n { alert = \"A\"; expr = \"up\"; } );");
    write_text(folder->file[1],
               "group = \"g\"; rules = (\n { alert = \"C\"; id = \"x\"; expr = "
               "\"up\"; },\n\n { alert = \"A\"; expr = \"down\"; } );");
    assert_null(gong_rule_files_load(&folder->paths, &errors));
    (void)snprintf(expected, sizeof expected,
                   "%s:2:2: found a second rule with the id \"x\", expected "
                   "each id once (also at %s:2)\n"
                   "%s:3:2: found a second rule with the id \"g/A\", expected "
                   "each id once (also at %s:4)\n",
                   folder->file[0], folder->file[1], folder->file[0],
                   folder->file[1]);
    conf_expect(&errors, expected);
}

static void
one_bad_file_spoils_the_set(void **state)
{
    struct folder *folder = *state;
    struct gong_conf_errors errors = {0};
    char *items[] = {folder->file[0], folder->file[1]};
    struct gong_strings both = {items, 2};
    char expected[800];

    write_text(folder->file[0], "group = \"g\"; rules = ( ) );");
    assert_null(gong_rule_files_load(&both, &errors));
    (void)snprintf(expected, sizeof expected,
                   "%s: cannot be read: No such file or directory\n"
                   "%s:1:26: found \")\", expected a name, as in name = "
                   "value;\n",
                   folder->file[1], folder->file[0]);
    conf_expect(&errors, expected);
}

static void
a_folder_without_rule_files_is_an_error(void **state)
{
    struct folder *folder = *state;
    struct gong_conf_errors errors = {0};
    char expected[800];

    write_text(folder->file[2], "");
    assert_null(gong_rule_files_load(&folder->paths, &errors));
    (void)snprintf(expected, sizeof expected,
                   "%s: found no *.cfg in the folder, expected at least one "
                   "rule file\n",
                   folder->path);
    conf_expect(&errors, expected);
}

static void
a_file_given_twice_is_an_error(void **state)
{
    struct folder *folder = *state;
    struct gong_conf_errors errors = {0};
    char *items[] = {folder->path, folder->file[0]};
    struct gong_strings both = {items, 2};
    char expected[800];

    write_text(folder->file[0], "group = \"g\"; rules = ( );");
    assert_null(gong_rule_files_load(&both, &errors));
    (void)snprintf(expected, sizeof expected,
                   "%s: found the file twice, expected it once\n",
                   folder->file[0]);
    conf_expect(&errors, expected);
}

static void
a_folder_may_hold_rules_and_a_model(void **state)
{
    struct folder *folder = *state;
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = NULL;
    struct gong_rule_source *again = NULL;
    char *item[] = {folder->file[1]};
    struct gong_strings model = {item, 1};
    struct gong_strings none = {0};

    write_text(folder->file[0],
               "group = \"b\"; rules = ( { alert = \"B\"; expr = \"up\"; } );");
    write_text(folder->file[1], "model = \"m\"; units = ( { code = \"6\"; "
                                "name = \"T\"; kind = \"province\"; } );");
    /* Rules alone: the model is passed over. */
    source = gong_rule_files_load(&folder->paths, &errors);
    conf_expect(&errors, "");
    assert_non_null(source);
    assert_int_equal(source->set->count, 1);
    assert_null(source->set->city);
    assert_int_equal(gong_model_unit_count(source->model), 0);
    assert_null(strstr(source->bundle, "province"));
    gong_rule_source_free(source);
    /* Both; what is read back from the bundle is the same. */
    source = gong_rule_files_load_city(&folder->paths, &model, &errors);
    conf_expect(&errors, "");
    assert_non_null(source);
    assert_int_equal(source->set->count, 1);
    assert_int_equal(gong_model_unit_count(source->model), 1);
    assert_non_null(gong_city_unit(source->set->city, gong_str_of("6")));
    again = gong_rule_bundle_load(
        gong_str_from(source->bundle, source->bundle_len), &errors);
    assert_non_null(again);
    assert_int_equal(gong_model_unit_count(again->model), 1);
    assert_int_equal(gong_city_identity(again->set->city),
                     gong_city_identity(source->set->city));
    gong_rule_source_free(again);
    gong_rule_source_free(source);
    /* A folder of models passes rules over. */
    source = gong_rule_files_load_city(&none, &folder->paths, &errors);
    conf_expect(&errors, "");
    assert_non_null(source);
    assert_int_equal(source->set->count, 0);
    assert_int_equal(gong_model_unit_count(source->model), 1);
    gong_rule_source_free(source);
}

static void
what_is_no_model_is_named(void **state)
{
    struct folder *folder = *state;
    struct gong_conf_errors errors = {0};
    char *item[] = {folder->file[0]};
    struct gong_strings file = {item, 1};
    struct gong_strings none = {0};
    char expected[800];

    write_text(folder->file[0], "group = \"b\"; rules = ( );");
    assert_null(gong_rule_files_load_city(&none, &file, &errors));
    (void)snprintf(expected, sizeof expected,
                   "%s: found no model, expected a file with model = "
                   "\"name\";\n",
                   folder->file[0]);
    conf_expect(&errors, expected);
    assert_null(gong_rule_files_load_city(&none, &folder->paths, &errors));
    (void)snprintf(expected, sizeof expected,
                   "%s: found no *.cfg in the folder, expected at least one "
                   "model file\n",
                   folder->path);
    conf_expect(&errors, expected);
}

static void
no_paths_give_an_empty_set(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_strings none = {0};
    struct gong_rule_source *source = gong_rule_files_load(&none, &errors);

    (void)state;
    assert_non_null(source);
    assert_int_equal(source->set->count, 0);
    assert_int_equal(source->bundle_len, 0);
    gong_rule_source_free(source);
}

static void
the_shipped_packs_load(void **state)
{
    struct gong_conf_errors errors = {0};
    char folder[] = GONG_SOURCE_DIR "/rules/city";
    char *items[] = {folder};
    struct gong_strings paths = {items, 1};
    struct gong_rule_source *source = gong_rule_files_load(&paths, &errors);

    (void)state;
    conf_expect(&errors, "");
    assert_non_null(source);
    assert_true(source->set->count > 0);
    gong_rule_source_free(source);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_has_a_limit),
        cmocka_unit_test(bundles_that_are_none_are_refused),
        cmocka_unit_test_setup_teardown(a_folder_is_read_in_order_of_names,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(rule_18_a_second_equal_id_is_refused,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(one_bad_file_spoils_the_set,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_folder_without_rule_files_is_an_error,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_given_twice_is_an_error,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_folder_may_hold_rules_and_a_model,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_is_no_model_is_named, make_folder,
                                        remove_folder),
        cmocka_unit_test(no_paths_give_an_empty_set),
        cmocka_unit_test(the_shipped_packs_load),
    };

    return cmocka_run_group_tests_name("rule_file_bundle", tests, NULL, NULL);
}
