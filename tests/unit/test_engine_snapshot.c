/*
 * Snapshots that are damaged, forged or of something else. That a good one goes
 * on with the same effects is shown by test_engine_model.c on random streams,
 * and here across a change of rules.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/le.h"
#include "engine_fixture.h"
#include "rules/engine/bind.h"
#include "rules/engine/presence.h"
#include "rules/engine/series.h"
#include "snapshot_bytes.h"

/* Numbers of sections. */
enum {
    SYMBOLS = 2,
    SYMBOL_INDEX = 3,
    LABELSETS = 4,
    PAIRS = 5,
    DEVICES = 7,
    ROWS = 8,
    COLUMNS = 9,
    SERIES = 13,
    SITES = 26,
};

static const struct rule_spec specs[] = {
    {.alert = "Hot", .expr = "m_a > 5", .for_ms = 2000},
    {.alert = "Both", .expr = "m_a > 5 and m_b > 5", .keep_ms = 3000},
    {.alert = "Alone", .expr = "m_a > 5 unless m_b > 7", .lookback_ms = 4000},
    {.alert = "Grid", .expr = "m_b > 1", .interval_ms = 1000},
    {.alert = "Calc",
     .expr = "m_a * 2 > 3",
     .for_ms = 500,
     .on_missing = GONG_ON_MISSING_UNKNOWN},
    {.alert = "Up", .expr = "up == 0", .for_ms = 700},
    {.alert = "Unit", .expr = "unit_up == 0 or unit_up > 1"},
    {.alert = "Dev",
     .expr = "device_dark == 1",
     .interval_ms = 1500,
     .on_missing = GONG_ON_MISSING_UNKNOWN,
     .label = "severity=info"},
};
#define SPECS (sizeof specs / sizeof specs[0])

struct world {
    struct gong_ruleset *set;
    struct gong_engine *engine;
    struct text effects;
    struct text payload;
    struct bytes bytes;
};

static const struct gong_snapshot_place place = {
    .journal_id = {1, 2, 3},
    .generation = 4,
    .position = 5,
    .rules = "name",
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    effect_bytes(ctx, effect);
}

static void
feed(struct world *world, struct gong_engine *engine, int64_t ms, int value)
{
    char points[256];
    struct gong_record record;

    snprintf(points, sizeof points,
             "m,k=x a=%d,b=%d,c=1 %" PRId64 "\nm a=%d %" PRId64 "\n", value,
             value / 2, ms, 9 - value, ms);
    for (int device = 0; device < 4; device++) {
        char name[8];

        snprintf(name, sizeof name, "d%d", device);
        record = data_record(&world->payload, ms + device, "s", name, points);
        record.offset = (uint64_t)ms;
        assert_int_equal(gong_engine_apply(engine, &record), GONG_OK);
    }
}

/* d3 of another unit tells of itself; d0 and d1 go. */
static void
presence(struct world *world, struct gong_engine *engine, int64_t ms)
{
    static const struct {
        const char *site;
        const char *device;
        const char *text;
    } words[] = {
        {"s", "d0", "{\"state\":\"online\",\"conn\":\"a\"}"},
        {"s", "d1", "{\"state\":\"offline\"}"},
        {"s", "d2", "{\"state\":\"online\",\"every\":{\"m\":600}}"},
        {"s", "d2", "{\"state\":\"online\",\"every\":{\"m\":900,\"x\":600}}"},
        {"t", "d3", "{\"state\":\"online\",\"every\":{\"m\":10}}"},
        {"t", "d4", "{\"state\":\"online\",\"every\":{\"m\":20}}"},
        {"t", "d4", "{\"state\":\"offline\"}"},
        {"s", "d0", "{\"state\":\"offline\",\"conn\":\"a\"}"},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct gong_record record =
            status_record(&world->payload, ms + (int64_t)i, words[i].site,
                          words[i].device, words[i].text);

        record.offset = (uint64_t)ms + i;
        assert_int_equal(gong_engine_apply(engine, &record), GONG_OK);
    }
}

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    world->set = make_rules(specs, SPECS);
    text_clear(&world->effects);
    world->engine = gong_engine_new(NULL, on_effect, &world->effects);
    assert_non_null(world->engine);
    assert_int_equal(
        gong_engine_set_rules(world->engine, world->set, 0, 0, NULL), GONG_OK);
    for (int i = 0; i < 12; i++) {
        feed(world, world->engine, 100000 + i * 700, i * 5 % 11);
    }
    presence(world, world->engine, 107990);
    assert_true(bytes_save(&world->bytes, world->engine, &place));
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;

    gong_engine_free(world->engine);
    gong_ruleset_free(world->set);
    text_free(&world->effects);
    text_free(&world->payload);
    bytes_free(&world->bytes);
    free(world);
    return 0;
}

static enum gong_err
restore(struct world *world, struct gong_engine **out, const char **why)
{
    struct gong_snapshot_start start = {
        .emit = on_effect, .ctx = &world->effects, .set = world->set};

    return bytes_restore(&world->bytes, &start, out, why);
}

static void
refused(struct world *world, const char *reason)
{
    struct gong_engine *engine = NULL;
    const char *why = "";

    assert_int_not_equal(restore(world, &engine, &why), GONG_OK);
    assert_null(engine);
    assert_string_equal(why, reason);
}

static void
the_header_says_where(void **state)
{
    struct world *world = *state;
    struct gong_snapshot_place found;
    const char *why = NULL;

    assert_int_equal(gong_snapshot_place(world->bytes.data, &found, &why),
                     GONG_OK);
    assert_memory_equal(found.journal_id, place.journal_id, 16);
    assert_int_equal(found.generation, 4);
    assert_int_equal(found.position, 5);
    assert_string_equal(found.rules, "name");
    world->bytes.data[40] ^= 1;
    assert_int_equal(gong_snapshot_place(world->bytes.data, &found, &why),
                     GONG_ERR_CORRUPT);
    gong_le_put32(world->bytes.data + 4, 1);
    bytes_seal(&world->bytes);
    assert_int_equal(gong_snapshot_place(world->bytes.data, &found, &why),
                     GONG_ERR_INVALID);
}

/* Saved again, a restored engine gives the same bytes but for what is made
 * anew: the links of timers. */
static void
numbers_are_the_same(void **state)
{
    struct world *world = *state;
    struct gong_engine *engine = NULL;
    struct gong_engine_stats a;
    struct gong_engine_stats b;
    const char *why = "";

    assert_int_equal(restore(world, &engine, &why), GONG_OK);
    gong_engine_stats(world->engine, &a);
    gong_engine_stats(engine, &b);
    assert_true(a.pending > 0 && a.firing > 0 && a.unknown > 0);
    assert_int_equal(a.devices_up, 3);
    assert_int_equal(a.devices_dark, 3);
    b.bytes = a.bytes; /* room to grow is not kept */
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(gong_engine_deadline(engine) ==
                gong_engine_deadline(world->engine));
    gong_engine_free(engine);
}

static void
rules_can_change_after_it(void **state)
{
    struct world *world = *state;
    struct rule_spec other[SPECS];
    struct gong_ruleset *set = NULL;
    struct gong_engine *engines[2] = {world->engine, NULL};
    struct text told[2] = {{0}, {0}};
    const char *why = "";

    memcpy(other, specs, sizeof specs);
    other[0].for_ms = 1000;  /* changed */
    other[3].alert = "Else"; /* another in its place */
    set = make_rules(other, SPECS);
    assert_int_equal(restore(world, &engines[1], &why), GONG_OK);
    for (int n = 0; n < 2; n++) {
        struct gong_rules_report report;
        struct gong_record clock = clock_record(200000);

        text_clear(&world->effects);
        assert_int_equal(
            gong_engine_set_rules(engines[n], set, 6, 109000, &report),
            GONG_OK);
        assert_int_equal(report.kept, 6);
        assert_int_equal(report.changed, 1);
        assert_int_equal(report.added, 1);
        assert_int_equal(report.removed, 1);
        for (int i = 0; i < 8; i++) {
            feed(world, engines[n], 109500 + i * 900, i * 7 % 11);
        }
        assert_int_equal(gong_engine_apply(engines[n], &clock), GONG_OK);
        text_add(&told[n], "%s", "");
        for (size_t at = 0; at < world->effects.len; at += 4000) {
            text_add(&told[n], "%.4000s", world->effects.data + at);
        }
    }
    assert_non_null(strstr(told[0].data, "rule_removed"));
    assert_string_equal(told[0].data, told[1].data);
    text_free(&told[0]);
    text_free(&told[1]);
    gong_engine_free(engines[1]);
    gong_engine_free(world->engine);
    world->engine = NULL;
    gong_ruleset_free(set);
}

/* Every bit matters: a byte that is another one is always found. */
static void
damage_is_found(void **state)
{
    struct world *world = *state;

    for (size_t at = 0; at < world->bytes.len; at++) {
        struct gong_engine *engine = NULL;
        const char *why = NULL;

        world->bytes.data[at] ^= 0x10;
        assert_int_not_equal(restore(world, &engine, &why), GONG_OK);
        assert_non_null(why);
        world->bytes.data[at] ^= 0x10;
    }
}

static void
a_short_one_is_refused(void **state)
{
    struct world *world = *state;
    size_t len = world->bytes.len;

    for (world->bytes.len = 0; world->bytes.len < len; world->bytes.len++) {
        struct gong_engine *engine = NULL;
        const char *why = NULL;

        assert_int_not_equal(restore(world, &engine, &why), GONG_OK);
        assert_non_null(why);
    }
    world->bytes.data = realloc(world->bytes.data, len + 1);
    assert_non_null(world->bytes.data);
    world->bytes.data[len] = 0;
    world->bytes.len = len + 1;
    refused(world, "something follows its end");
}

static void
go_on(struct world *world, struct gong_engine *engine)
{
    struct gong_record clock = clock_record(INT64_MAX);

    feed(world, engine, 109000, 9);
    feed(world, engine, 110000, 1);
    presence(world, engine, 110500);
    assert_int_equal(gong_engine_set_rules(engine, world->set, 6, 111000, NULL),
                     GONG_OK);
    feed(world, engine, 112000, 9);
    assert_int_equal(gong_engine_apply(engine, &clock), GONG_OK);
    text_clear(&world->effects);
}

/* Words that would be indices, counts or times become others, and every CRC is
 * right: refused, or an engine that goes on (the sanitizers look at how). */
static void
forgeries_do_no_harm(void **state)
{
    static const uint32_t values[] = {0, 1, 2, 0x7fffffff, UINT32_MAX};
    struct world *world = *state;
    struct bytes good = {.data = malloc(world->bytes.len),
                         .len = world->bytes.len};
    size_t taken = 0;
    size_t refusals = 0;

    assert_non_null(good.data);
    memcpy(good.data, world->bytes.data, good.len);
    for (size_t at = 0; at + 4 <= good.len; at += 4) {
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            struct gong_engine *engine = NULL;
            const char *why = NULL;

            memcpy(world->bytes.data, good.data, good.len);
            gong_le_put32(world->bytes.data + at, values[v]);
            bytes_seal(&world->bytes);
            if (restore(world, &engine, &why) == GONG_OK) {
                taken++;
                go_on(world, engine);
                gong_engine_free(engine);
            } else {
                refusals++;
                assert_non_null(why);
            }
        }
    }
    bytes_free(&good);
    assert_true(taken > 0 && refusals > 1000);
}

static void
of_something_else_is_refused(void **state)
{
    struct world *world = *state;
    struct gong_engine_limits limits = {.devices = 3};
    struct gong_snapshot_start start = {
        .limits = &limits, .emit = on_effect, .ctx = NULL, .set = world->set};
    struct gong_engine *engine = NULL;
    struct rule_spec other[SPECS];
    const char *why = "";

    assert_int_equal(bytes_restore(&world->bytes, &start, &engine, &why),
                     GONG_ERR_INVALID);
    assert_string_equal(why, "its limits were others");
    limits = (struct gong_engine_limits){.hash_key = {1, 2}};
    assert_int_equal(bytes_restore(&world->bytes, &start, &engine, &why),
                     GONG_ERR_INVALID);
    assert_string_equal(why, "its hash key was another");
    start.limits = NULL;
    memcpy(other, specs, sizeof specs);
    other[4].for_ms++;
    start.set = make_rules(other, SPECS);
    assert_int_equal(bytes_restore(&world->bytes, &start, &engine, &why),
                     GONG_ERR_INVALID);
    assert_string_equal(why, "its rules were others");
    gong_ruleset_free((struct gong_ruleset *)(uintptr_t)start.set);
    gong_le_put32(world->bytes.data + 8, 1);
    bytes_seal(&world->bytes);
    refused(world, "another program or machine wrote it");
}

static void
memory_runs_out(void **state)
{
    struct world *world = *state;
    struct gong_engine_limits limits = {0};
    struct gong_snapshot_start start = {.limits = &limits,
                                        .emit = on_effect,
                                        .ctx = &world->effects,
                                        .set = world->set};
    enum gong_err err = GONG_ERR_MEMORY;

    for (limits.bytes = 512; err != GONG_OK; limits.bytes += 512) {
        struct gong_engine *engine = NULL;
        const char *why = "";

        assert_true(limits.bytes < (UINT64_C(1) << 22));
        err = bytes_restore(&world->bytes, &start, &engine, &why);
        gong_engine_free(engine);
    }
    assert_true(limits.bytes > 4096);
}

static void
a_failing_write_ends_it(void **state)
{
    struct world *world = *state;
    size_t whole = world->bytes.len;

    for (world->bytes.limit = 1; world->bytes.limit < whole;
         world->bytes.limit += 97) {
        assert_false(bytes_save(&world->bytes, world->engine, &place));
    }
    world->bytes.limit = whole;
    assert_true(bytes_save(&world->bytes, world->engine, &place));
}

/* The elements of a section, by its number. */
static uint8_t *
section(const struct bytes *bytes, uint32_t number, uint64_t *count)
{
    uint8_t *at = bytes->data + GONG_SNAPSHOT_HEADER;

    for (;; at += 32 + gong_le_get32(at + 4) * gong_le_get64(at + 8)) {
        assert_true(at < bytes->data + bytes->len);
        if (gong_le_get32(at) == number) {
            *count = gong_le_get64(at + 8);
            return at + 24;
        }
    }
}

/* An instance of a recording names an output as others do an alert. */
static void
outputs_are_looked_at(void **state)
{
    static const struct rule_spec recording[] = {
        {.alert = "sums",
         .record = true,
         .expr = "sum by (device) (m_a)",
         .interval_ms = 1000},
    };
    const uint32_t instances = 14;
    const size_t stride = 16;
    struct world *world = *state;
    struct gong_ruleset *set = make_rules(recording, 1);
    struct gong_snapshot_start start = {
        .emit = on_effect, .ctx = &world->effects, .set = set};
    struct gong_engine *engine = NULL;
    const char *why = NULL;
    uint64_t count = 0;
    uint8_t *at = NULL;

    assert_int_equal(gong_engine_set_rules(world->engine, set, 1, 109000, NULL),
                     GONG_OK);
    feed(world, world->engine, 111000, 3);
    world->bytes.len = 0;
    assert_true(bytes_save(&world->bytes, world->engine, &place));
    at = section(&world->bytes, instances, &count);
    assert_true(count > 2);
    gong_le_put32(at + (count - 1) * stride + 4, 1000000);
    bytes_seal(&world->bytes);
    assert_int_equal(bytes_restore(&world->bytes, &start, &engine, &why),
                     GONG_ERR_CORRUPT);
    assert_string_equal(why, "an instance has another's output");
    assert_int_equal(
        gong_engine_set_rules(world->engine, world->set, 2, 112000, NULL),
        GONG_OK);
    gong_ruleset_free(set);
}

/* One more symbol, which is free; returns its number. */
static uint32_t
add_free_symbol(struct bytes *bytes)
{
    const size_t stride = sizeof(struct gong_symbol);
    uint64_t count = 0;
    size_t at = (size_t)(section(bytes, SYMBOLS, &count) - bytes->data);
    size_t end = at + (size_t)count * stride;
    uint8_t *data = realloc(bytes->data, bytes->len + stride);

    assert_non_null(data);
    memmove(data + end + stride, data + end, bytes->len - end);
    memset(data + end, 0, stride);
    gong_le_put64(data + at - 16, count + 1);
    if (gong_le_get32(data + at - 8) <= count) {
        gong_le_put32(data + at - 8, (uint32_t)count + 1);
    }
    bytes->data = data;
    bytes->len += stride;
    return (uint32_t)count;
}

/* The next text would become that of whatever names a free symbol. */
static void
nothing_names_a_free_symbol(void **state)
{
    static const struct {
        uint32_t section;
        size_t at;
        const char *reason;
    } cases[] = {
        {PAIRS, offsetof(struct gong_label_pair, name), "a label is no symbol"},
        {PAIRS, offsetof(struct gong_label_pair, value),
         "a label is no symbol"},
        {DEVICES, offsetof(struct gong_device, site), "a device is wrong"},
        {DEVICES, offsetof(struct gong_device, name), "a device is wrong"},
        {ROWS, offsetof(struct gong_row, measurement), "a row is wrong"},
        {COLUMNS, offsetof(struct gong_column, raw), "a column is wrong"},
        {COLUMNS, offsetof(struct gong_column, metric), "a column is wrong"},
        {SERIES, offsetof(struct gong_series, metric), "a series is wrong"},
        {SITES, offsetof(struct gong_site, name), "a site is wrong"},
    };
    struct world *world = *state;
    uint32_t symbol = add_free_symbol(&world->bytes);
    struct gong_engine *engine = NULL;
    const char *why = NULL;
    uint64_t count = 0;
    uint8_t *slot = NULL;

    bytes_seal(&world->bytes);
    assert_int_equal(restore(world, &engine, &why), GONG_OK);
    gong_engine_free(engine);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t *at = section(&world->bytes, cases[i].section, &count);
        uint32_t was = 0;

        at += gong_le_get32(at - 20) + cases[i].at; /* of the first element */
        was = gong_le_get32(at);
        gong_le_put32(at, symbol);
        bytes_seal(&world->bytes);
        refused(world, cases[i].reason);
        gong_le_put32(at, was);
    }
    slot = section(&world->bytes, SYMBOL_INDEX, &count);
    gong_le_put32(slot - 8, gong_le_get32(slot - 8) + 1);
    while (gong_le_get32(slot + 4) != 0) {
        slot += sizeof(struct gong_slot);
    }
    gong_le_put32(slot + 4, symbol);
    bytes_seal(&world->bytes);
    refused(world, "a symbol is not found by its text");
}

/* A sample of as many labels as there may be, its name among them. */
static void
feed_largest(struct gong_engine *engine)
{
    static char names[GONG_LABELSET_MAX][8];
    struct gong_label_view labels[GONG_LABELSET_MAX];
    struct gong_engine_sample sample = {labels, GONG_LABELSET_MAX, 6};

    labels[0].name = gong_str_of("__name__");
    labels[0].value = gong_str_of("m");
    for (int i = 1; i < GONG_LABELSET_MAX; i++) {
        snprintf(names[i], sizeof names[i], "k%d", i);
        labels[i].name = gong_str_of(names[i]);
        labels[i].value = gong_str_of("v");
    }
    assert_int_equal(gong_engine_apply_foreign(engine, 1, 5000, &sample),
                     GONG_OK);
}

/* What an alert's templates see has the metric's name beside the labels of the
 * largest series; no series has such a set. */
static void
the_largest_label_set_is_kept(void **state)
{
    static const struct rule_spec spec = {
        .alert = "Large", .expr = "m > 5 or abs(m) > 9", .interval_ms = 1000};
    struct world *world = *state;
    struct gong_ruleset *set = make_rules(&spec, 1);
    struct gong_engine *engine =
        gong_engine_new(NULL, on_effect, &world->effects);
    struct gong_engine *again = NULL;
    struct gong_snapshot_start start = {
        .emit = on_effect, .ctx = &world->effects, .set = set};
    struct gong_record clock = clock_record(6000);
    struct gong_engine_stats stats;
    const char *why = "";
    uint64_t count = 0;
    uint32_t largest = 1;
    uint8_t *at = NULL;

    set->foreign = true;
    assert_non_null(engine);
    assert_int_equal(gong_engine_set_rules(engine, set, 0, 0, NULL), GONG_OK);
    feed_largest(engine);
    clock.offset = 2;
    assert_int_equal(gong_engine_apply(engine, &clock), GONG_OK);
    gong_engine_stats(engine, &stats);
    assert_int_equal(stats.firing, 1);
    assert_int_equal(stats.over_limit, 0);
    assert_true(bytes_save(&world->bytes, engine, &place));
    assert_int_equal(bytes_restore(&world->bytes, &start, &again, &why),
                     GONG_OK);
    gong_engine_free(again);
    at = section(&world->bytes, LABELSETS, &count);
    while (gong_le_get32(at + largest * sizeof(struct gong_labelset) +
                         offsetof(struct gong_labelset, count)) !=
           GONG_LABELSET_MAX) {
        largest++;
        assert_true(largest < count);
    }
    at = section(&world->bytes, SERIES, &count);
    gong_le_put32(at + sizeof(struct gong_series) +
                      offsetof(struct gong_series, labelset),
                  largest);
    bytes_seal(&world->bytes);
    assert_int_equal(bytes_restore(&world->bytes, &start, &again, &why),
                     GONG_ERR_CORRUPT);
    assert_string_equal(why, "a series is wrong");
    gong_engine_free(engine);
    gong_ruleset_free(set);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_header_says_where),        T(numbers_are_the_same),
        T(rules_can_change_after_it),    T(damage_is_found),
        T(a_short_one_is_refused),       T(forgeries_do_no_harm),
        T(of_something_else_is_refused), T(memory_runs_out),
        T(a_failing_write_ends_it),      T(outputs_are_looked_at),
        T(nothing_names_a_free_symbol),  T(the_largest_label_set_is_kept),
    };

    return cmocka_run_group_tests_name("engine_snapshot", tests, NULL, NULL);
}
