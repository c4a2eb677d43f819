#include "agent/journal/config_refs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char names[32][GONG_CONFIG_NAME_SIZE + 1];

static struct gong_str
name(unsigned i)
{
    (void)snprintf(names[i], sizeof names[i], "%064x", i);
    return gong_str_of(names[i]);
}

static void
an_empty_table_names_nothing(void **state)
{
    struct gong_config_refs refs = {0};

    (void)state;
    assert_false(refs.any);
    assert_false(gong_config_refs_named(&refs, name(1), 0));
    gong_config_refs_forget(&refs, 100);
    gong_config_refs_fini(&refs);
}

static void
what_a_kept_record_names_is_named(void **state)
{
    struct gong_config_refs refs = {0};

    (void)state;
    gong_config_refs_note(&refs, name(1), 100);
    gong_config_refs_note(&refs, name(2), 200);
    gong_config_refs_note(&refs, name(1), 300); /* said again */
    gong_config_refs_note(&refs, name(3), 400);
    assert_true(gong_config_refs_named(&refs, name(1), 300));
    assert_false(gong_config_refs_named(&refs, name(1), 301));
    assert_true(gong_config_refs_named(&refs, name(2), 200));
    assert_false(gong_config_refs_named(&refs, name(2), 201));
    assert_false(gong_config_refs_named(&refs, name(4), 0));
    gong_config_refs_fini(&refs);
}

static void
the_newest_is_named_wherever_it_was(void **state)
{
    struct gong_config_refs refs = {0};

    (void)state;
    gong_config_refs_note(&refs, name(1), 100);
    gong_config_refs_note(&refs, name(2), 200);
    gong_config_refs_forget(&refs, 1000);
    assert_int_equal(refs.count, 0);
    assert_true(gong_config_refs_named(&refs, name(2), 1000));
    assert_false(gong_config_refs_named(&refs, name(1), 1000));
    gong_config_refs_fini(&refs);
}

static void
many_are_held_and_forgotten(void **state)
{
    struct gong_config_refs refs = {0};

    (void)state;
    for (unsigned i = 0; i < 32; i++) {
        gong_config_refs_note(&refs, name(i), UINT64_C(10) * i);
    }
    assert_int_equal(refs.count, 32);
    gong_config_refs_forget(&refs, 200);
    assert_int_equal(refs.count, 12);
    assert_false(gong_config_refs_named(&refs, name(19), 200));
    assert_true(gong_config_refs_named(&refs, name(20), 200));
    gong_config_refs_fini(&refs);
}

static void
a_name_of_another_size_is_no_name(void **state)
{
    struct gong_config_refs refs = {0};

    (void)state;
    gong_config_refs_note(&refs, gong_str_of("short"), 1);
    assert_false(refs.any);
    assert_false(gong_config_refs_named(&refs, gong_str_of("short"), 0));
    gong_config_refs_fini(&refs);
}

/* Better a file too many than a replay without its rules. */
static void
without_memory_everything_is_named(void **state)
{
    struct gong_config_refs refs = {.incomplete = true};

    (void)state;
    assert_true(gong_config_refs_named(&refs, name(9), UINT64_MAX));
    gong_config_refs_fini(&refs);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_names_nothing),
        cmocka_unit_test(what_a_kept_record_names_is_named),
        cmocka_unit_test(the_newest_is_named_wherever_it_was),
        cmocka_unit_test(many_are_held_and_forgotten),
        cmocka_unit_test(a_name_of_another_size_is_no_name),
        cmocka_unit_test(without_memory_everything_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
