#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/arena.h"

static uint32_t *
at(const struct gong_arena *arena, uint32_t index)
{
    return gong_arena_at(arena, index);
}

static void
test_elements_keep_index_and_are_zeroed(void **state)
{
    struct gong_budget budget = {0};
    struct gong_arena arena;

    (void)state;
    gong_arena_init(&arena, &budget, sizeof(uint32_t));
    for (uint32_t i = 1; i <= 5000; i++) {
        assert_int_equal(gong_arena_add(&arena, 1), i);
        assert_int_equal(*at(&arena, i), 0);
        *at(&arena, i) = i * 3;
    }
    for (uint32_t i = 1; i <= 5000; i++) {
        assert_int_equal(*at(&arena, i), i * 3);
    }
    assert_int_equal(*at(&arena, 0), 0);
    assert_int_equal(budget.used, arena.capacity * sizeof(uint32_t));

    gong_arena_clear(&arena);
    assert_int_equal(gong_arena_add(&arena, 3), 1);
    assert_int_equal(*at(&arena, 3), 0);
    gong_arena_fini(&arena);
    assert_int_equal(budget.used, 0);
}

static void
test_nothing_may_be_added(void **state)
{
    struct gong_budget budget = {0};
    struct gong_arena arena;

    (void)state;
    gong_arena_init(&arena, &budget, 8);
    assert_int_equal(gong_arena_add(&arena, 0), 1);
    assert_int_equal(gong_arena_add(&arena, 0), 1);
    assert_int_equal(gong_arena_add(&arena, 2), 1);
    assert_int_equal(gong_arena_add(&arena, 0), 3);
    gong_arena_fini(&arena);
}

static void
test_budget_refuses_and_keeps(void **state)
{
    struct gong_budget budget = {.limit = 100};
    struct gong_arena arena;
    uint32_t added = 0;

    (void)state;
    gong_arena_init(&arena, &budget, 4);
    while (gong_arena_add(&arena, 1) != 0) {
        added++;
        *at(&arena, added) = added;
    }
    assert_true(added > 0 && added < 25);
    assert_true(budget.used <= 100);
    assert_int_equal(*at(&arena, added), added);
    assert_int_equal(gong_arena_add(&arena, UINT32_MAX), 0);
    assert_int_equal(gong_arena_add(&arena, UINT32_MAX - 1), 0);
    gong_arena_fini(&arena);
}

static void
test_copy(void **state)
{
    struct gong_budget budget = {0};
    struct gong_arena from;
    struct gong_arena to;

    (void)state;
    gong_arena_init(&from, &budget, 4);
    gong_arena_init(&to, &budget, 4);
    assert_true(gong_arena_copy(&to, &from));
    assert_int_equal(to.count, 0);
    *at(&from, gong_arena_add(&from, 2)) = 7;
    assert_int_equal(*at(&from, 1), 7);
    assert_true(gong_arena_copy(&to, &from));
    *at(&from, 1) = 8;
    assert_int_equal(to.count, 3);
    assert_int_equal(*at(&to, 1), 7);
    budget.limit = budget.used;
    gong_arena_add(&from, from.capacity - from.count);
    gong_arena_fini(&to);
    budget.limit = budget.used;
    assert_false(gong_arena_copy(&to, &from));
    gong_arena_fini(&from);
    gong_arena_fini(&to);
}

static void
test_bytes(void **state)
{
    struct gong_budget budget = {0};
    struct gong_arena arena;
    char text[100];
    uint32_t places[100];

    (void)state;
    memset(text, 'x', sizeof text);
    gong_bytes_init(&arena, &budget);
    for (uint32_t len = 0; len < 100; len++) {
        text[0] = (char)len;
        places[len] = gong_bytes_add(&arena, gong_str_from(text, len));
        assert_true(places[len] != 0);
    }
    for (uint32_t len = 0; len < 100; len++) {
        text[0] = (char)len;
        assert_true(gong_str_equal(gong_bytes_at(&arena, places[len], len),
                                   gong_str_from(text, len)));
    }
    gong_arena_fini(&arena);
}

/* Every element with a hash is found under it, collisions among them. */
static void
test_index(void **state)
{
    struct gong_budget budget = {0};
    struct gong_index index;
    struct gong_probe probe;

    (void)state;
    gong_index_init(&index, &budget);
    probe = gong_probe_start(&index, 1);
    assert_int_equal(gong_probe_next(&index, &probe), 0);
    for (uint32_t i = 1; i <= 3000; i++) {
        assert_true(gong_index_put(&index, UINT64_C(16) * (i % 500), i));
    }
    for (uint32_t hash = 0; hash < 500; hash++) {
        uint32_t found = 0;
        uint32_t element = 0;

        probe = gong_probe_start(&index, UINT64_C(16) * hash);
        while ((element = gong_probe_next(&index, &probe)) != 0) {
            assert_int_equal(element % 500, hash);
            found++;
        }
        assert_int_equal(found, 6);
    }
    probe = gong_probe_start(&index, 7);
    assert_int_equal(gong_probe_next(&index, &probe), 0);
    gong_index_fini(&index);
    assert_int_equal(budget.used, 0);
}

static void
test_index_without_memory(void **state)
{
    struct gong_budget budget = {.limit = 16 * sizeof(struct gong_slot)};
    struct gong_index index;
    uint32_t added = 0;

    (void)state;
    gong_index_init(&index, &budget);
    while (added < 100 && gong_index_put(&index, added, added + 1)) {
        added++;
    }
    assert_in_range(added, 8, 15);
    for (uint32_t i = 0; i < added; i++) {
        struct gong_probe probe = gong_probe_start(&index, i);

        assert_int_equal(gong_probe_next(&index, &probe), i + 1);
    }
    gong_index_fini(&index);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements_keep_index_and_are_zeroed),
        cmocka_unit_test(test_nothing_may_be_added),
        cmocka_unit_test(test_budget_refuses_and_keeps),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_index_without_memory),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
