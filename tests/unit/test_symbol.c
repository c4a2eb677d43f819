#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/engine/symbol.h"

static const struct gong_hash_key key = {{1, 2}};

static void
test_equal_texts_are_one_symbol(void **state)
{
    struct gong_budget budget = {0};
    struct gong_symbols symbols;
    uint32_t numbers[2000];
    char text[32];

    (void)state;
    gong_symbols_init(&symbols, &budget, &key);
    assert_int_equal(gong_symbol_find(&symbols, gong_str_of("x")), 0);
    for (int i = 0; i < 2000; i++) {
        snprintf(text, sizeof text, "symbol-%d", i);
        numbers[i] = gong_symbol_intern(&symbols, gong_str_of(text));
        assert_true(numbers[i] != 0);
    }
    for (int i = 0; i < 2000; i++) {
        snprintf(text, sizeof text, "symbol-%d", i);
        assert_int_equal(gong_symbol_intern(&symbols, gong_str_of(text)),
                         numbers[i]);
        assert_int_equal(gong_symbol_find(&symbols, gong_str_of(text)),
                         numbers[i]);
        assert_true(gong_str_is(gong_symbol_text(&symbols, numbers[i]), text));
    }
    gong_symbols_fini(&symbols);
    assert_int_equal(budget.used, 0);
}

static void
test_any_bytes(void **state)
{
    struct gong_budget budget = {0};
    struct gong_symbols symbols;
    uint32_t empty = 0;
    uint32_t zero = 0;

    (void)state;
    gong_symbols_init(&symbols, &budget, &key);
    empty = gong_symbol_intern(&symbols, (struct gong_str){NULL, 0});
    zero = gong_symbol_intern(&symbols, gong_str_from("\0", 1));
    assert_true(empty != 0 && zero != 0 && empty != zero);
    assert_int_equal(gong_symbol_text(&symbols, empty).len, 0);
    assert_int_equal(
        gong_symbol_intern(&symbols, gong_str_from("\0\0", 2)) == zero, 0);
    gong_symbols_fini(&symbols);
}

/* At every point where memory can run out. */
static void
test_without_memory(void **state)
{
    (void)state;
    for (size_t limit = 1; limit < 2000; limit += 8) {
        struct gong_budget budget = {.limit = limit};
        struct gong_symbols symbols;
        char text[32];
        int i = 0;

        gong_symbols_init(&symbols, &budget, &key);
        do {
            snprintf(text, sizeof text, "symbol-%d", i++);
        } while (i < 1000 &&
                 gong_symbol_intern(&symbols, gong_str_of(text)) != 0);
        assert_true(i < 1000);
        assert_true(budget.used <= limit);
        gong_symbols_fini(&symbols);
    }
}

/* What is freed gives its bytes back, and its number, the lowest first; also
 * after a table was read back, which knows free ones by their texts. */
static void
test_numbers_are_used_again(void **state)
{
    struct gong_budget budget = {0};
    struct gong_symbols symbols;
    uint8_t marks[1001];
    char text[32];
    uint32_t bytes = 0;

    (void)state;
    gong_symbols_init(&symbols, &budget, &key);
    for (int round = 0; round < 20; round++) {
        for (uint32_t i = 1; i <= 1000; i++) {
            uint32_t number = 0;

            snprintf(text, sizeof text, "symbol-%u",
                     i % 5 == 0 ? i : i + 1000u * (unsigned)round);
            number = gong_symbol_intern(&symbols, gong_str_of(text));
            assert_int_equal(number, i);
            if (i == 500) {
                gong_symbols_count_unused(&symbols);
            }
        }
        bytes = round == 0 ? symbols.bytes.count : bytes;
        assert_int_equal(symbols.bytes.count, bytes);
        for (uint32_t i = 1; i <= 1000; i++) {
            marks[i] = i % 5 == 0;
        }
        assert_true(gong_symbols_keep(&symbols, marks));
        assert_int_equal(symbols.unused, 800);
        assert_true(gong_str_is(gong_symbol_text(&symbols, 5), "symbol-5"));
        assert_int_equal(gong_symbol_find(&symbols, gong_str_of("symbol-5")),
                         5);
        assert_int_equal(gong_symbol_find(&symbols, gong_str_of("symbol-1")),
                         0);
    }
    gong_symbols_fini(&symbols);
    assert_int_equal(budget.used, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_texts_are_one_symbol),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_numbers_are_used_again),
    };

    return cmocka_run_group_tests_name("symbol", tests, NULL, NULL);
}
