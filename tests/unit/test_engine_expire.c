/*
 * What the engine forgets (engine_expire.h): nobody sees it but the memory.
 *
 * On random streams, in which devices and label values come and go, an engine
 * that forgets after each record tells the same as one that never does; a twin
 * of the first, saved and read back again and again, the same byte for byte. So
 * the one that never forgets is the model. Then a thousand devices in waves of
 * changing labels for simulated days: bytes stay flat.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "rules/engine/engine_expire.h"
#include "rules/engine/hash.h"
#include "rules/engine/sample.h"
#include "snapshot_bytes.h"

#define STREAMS 60
#define RECORDS 250
#define START   INT64_C(10000000)

#define RESOLVE .on_missing = GONG_ON_MISSING_RESOLVE

/* The second set has neither the first rule nor the first recording. */
static const struct rule_spec specs[] = {
    {.alert = "A0", .expr = "m_a > 5", .lookback_ms = 20000},
    {.alert = "rec_a", .record = true, .expr = "m_a * 2", .interval_ms = 5000},
    {.alert = "A1",
     .expr = "m_a > 5",
     .for_ms = 7000,
     .keep_ms = 5000,
     .lookback_ms = 20000},
    {.alert = "A2", .expr = "m_a > m_b", .lookback_ms = 15000},
    {.alert = "A3", .expr = "m_a > 4 unless m_b > 3", .lookback_ms = 25000},
    {.alert = "A4", .expr = "avg_over_time(m_a[30s]) > 4"},
    {.alert = "A5", .expr = "m_b offset 10s > 5", .lookback_ms = 9000},
    {.alert = "A6", .expr = "rate(m_b[40s]) > 0.5", .for_ms = 3000},
    {.alert = "A7", .expr = "sum by (site) (m_a) > 12", .lookback_ms = 20000},
    {.alert = "A8", .expr = "count without (t) (m_b) > 1", .keep_ms = 9000},
    {.alert = "A9",
     .expr = "count_values(\"v\", m_a) > 1",
     .interval_ms = 2000,
     .lookback_ms = 20000},
    {.alert = "A10",
     .expr = "label_replace(m_a, \"copy\", \"$1-$1\", \"t\", \"(.*)\") > 6",
     .for_ms = 2000,
     .interval_ms = 1000,
     .lookback_ms = 30000},
    {.alert = "A11", .expr = "rec_a > 12", .interval_ms = 5000},
    {.alert = "A12",
     .expr = "absent(m_a{t=\"x1\"})",
     .interval_ms = 5000,
     .lookback_ms = 30000},
    {.alert = "A13", .expr = "topk(2, m_a) > 3", .interval_ms = 3000},
    {.alert = "A14",
     .expr = "count(ALERTS{alertname=\"A1\",alertstate=\"firing\"}) > 1",
     .interval_ms = 2000},
    {.alert = "A15",
     .expr = "max_over_time(rec_sum[1m]) > 10",
     .interval_ms = 5000},
    {.alert = "A16",
     .expr = "m_d{t!=\"x1\"} > 8",
     .on_missing = GONG_ON_MISSING_UNKNOWN,
     .lookback_ms = 10000},
    {.alert = "A17",
     .expr = "m_d{t=\"x1\"} > 9",
     .on_missing = GONG_ON_MISSING_FIRE,
     .keep_ms = 3000,
     .lookback_ms = 10000},
    {.alert = "A18",
     .expr = "avg_over_time(m_a[1m:10s]) > 4",
     .interval_ms = 10000},
    {.alert = "A19", .expr = "changes(m_b[50s]) > 2", .interval_ms = 4000},
    {.alert = "A20",
     .expr = "topk(3, rec_slow) > 5",
     .interval_ms = 5000,
     .lookback_ms = 9000},
    {.alert = "rec_slow", /* so slow that its readers lose it each time */
     .record = true,
     .expr = "max by (t) (m_a)",
     .interval_ms = 60000},
    {.alert = "rec_sum",
     .record = true,
     .expr = "sum by (t) (m_a)",
     .interval_ms = 5000},
    {.alert = "rec_values",
     .record = true,
     .expr = "count_values(\"v\", m_b)",
     .interval_ms = 5000},
};
#define RULES (sizeof specs / sizeof specs[0])

struct side {
    struct gong_engine *engine;
    struct text effects;
    struct text bytes;
};

struct stream {
    struct side forgets;
    struct side never;
    struct side twin; /* of the first */
    struct gong_ruleset *set;
    struct text payload;
    struct text points;
    int64_t now;
    uint64_t random;
    /* It settles after blind time. Then what is held stays so for want of any
     * sample that a selector of `unless` ever had, so there is none of it. */
    bool settles;
    uint64_t told;
    uint64_t expired;
    uint64_t instances; /* that the first had less at most */
};

static uint64_t
any(struct stream *s, uint64_t below)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random % below;
}

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct side *side = ctx;

    effect_line(&side->effects, effect);
    text_add(&side->effects, " journal %" PRId64 "\n", effect->journal_ms);
    effect_bytes(&side->bytes, effect);
}

static void
on_recorded(void *ctx, const struct gong_recorded *recorded)
{
    struct side *side = ctx;
    struct text line = {0};

    text_add(&line, "%s", recorded->rule->record);
    for (size_t i = 0; i < recorded->label_count; i++) {
        text_add(&line, ",%.*s=%.*s", (int)recorded->labels[i].name.len,
                 recorded->labels[i].name.data,
                 (int)recorded->labels[i].value.len,
                 recorded->labels[i].value.data);
    }
    text_add(&line, " %s%g at %" PRId64 "\n",
             gong_is_stale(recorded->value) ? "ends " : "",
             gong_is_stale(recorded->value) ? 0 : recorded->value,
             recorded->at_ms);
    text_add(&side->effects, "%s", line.data);
    text_add(&side->bytes, "%" PRIu32 " %s", recorded->ordinal, line.data);
    text_free(&line);
}

static int
compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Within a record the order among instances is each engine's own. */
static void
sort_lines(struct text *text)
{
    char *lines[4096];
    struct text sorted = {0};
    size_t count = 0;
    char *rest = NULL;

    for (char *line = strtok_r(text->data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_true(count < 4096);
        lines[count++] = line;
    }
    qsort(lines, count, sizeof lines[0], compare_lines);
    text_clear(&sorted);
    for (size_t i = 0; i < count; i++) {
        text_add(&sorted, "%s\n", lines[i]);
    }
    text_free(text);
    *text = sorted;
}

static void
clear(struct side *side)
{
    text_clear(&side->effects);
    text_clear(&side->bytes);
}

static void
open_side(struct side *side)
{
    clear(side);
    side->engine = gong_engine_new(NULL, on_effect, side);
    assert_non_null(side->engine);
    gong_engine_on_recorded(side->engine, on_recorded, side);
}

static void
close_side(struct side *side)
{
    gong_engine_free(side->engine);
    text_free(&side->effects);
    text_free(&side->bytes);
}

static void
apply_to(struct side *side, const struct gong_record *record)
{
    if (side->engine != NULL) {
        assert_int_equal(gong_engine_apply(side->engine, record), GONG_OK);
    }
}

static void
apply(struct stream *s, const struct gong_record *record)
{
    apply_to(&s->forgets, record);
    apply_to(&s->never, record);
    apply_to(&s->twin, record);
    assert_true(s->twin.engine == NULL ||
                gong_engine_deadline(s->forgets.engine) ==
                    gong_engine_deadline(s->twin.engine));
}

static void
set_rules(struct stream *s, size_t first)
{
    struct rule_spec rules[RULES];
    struct gong_ruleset *set = NULL;
    struct side *const sides[] = {&s->forgets, &s->never, &s->twin};

    memcpy(rules, specs, sizeof rules);
    for (size_t i = 0; i < RULES && s->settles; i++) {
        if (strstr(rules[i].expr, " unless ") != NULL) {
            rules[i].expr = "m_a > 4 and m_b > 3";
        }
    }
    set = make_rules(rules + first, RULES - first);

    for (size_t i = 0; i < 3; i++) {
        if (sides[i]->engine != NULL) {
            assert_int_equal(
                gong_engine_set_rules(sides[i]->engine, set, 0, s->now, NULL),
                GONG_OK);
        }
    }
    gong_ruleset_free(s->set);
    s->set = set;
}

static void
renew_twin(struct stream *s)
{
    struct gong_snapshot_place place = {.position = 7};
    struct bytes bytes = {0};
    struct gong_snapshot_start start = {
        .emit = on_effect, .ctx = &s->twin, .set = s->set};
    const struct gong_engine *from = any(s, 2) == 0 && s->twin.engine != NULL
                                         ? s->twin.engine
                                         : s->forgets.engine;
    const char *why = "";

    assert_true(bytes_save(&bytes, from, &place));
    assert_int_equal(bytes.len, gong_engine_save_size(from));
    gong_engine_free(s->twin.engine);
    if (bytes_restore(&bytes, &start, &s->twin.engine, &why) != GONG_OK) {
        fail_msg("not restored: %s", why);
    }
    gong_engine_on_recorded(s->twin.engine, on_recorded, &s->twin);
    forget_soon(s->twin.engine);
    bytes_free(&bytes);
}

/* Samples of a device, whose labels change as time goes by. */
static void
send_samples(struct stream *s)
{
    static const char *const sites[] = {"s0", "s1"};
    static const char *const devices[] = {"d0", "d1", "d2"};
    struct gong_record record;
    uint64_t count = 1 + any(s, 4);
    int64_t stamp = s->now - (any(s, 6) == 0 ? (int64_t)any(s, 20) * 1000 : 0);

    text_clear(&s->points);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t t = any(s, 3) == 0
                         ? any(s, 3)
                         : (uint64_t)(s->now / 400000) * 2 + any(s, 2);

        text_add(&s->points, "m,t=x%" PRIu64 " %c=%g", t, "abd"[any(s, 8) % 3],
                 (double)any(s, 11));
        text_add(&s->points, "%s %" PRId64 "\n", any(s, 5) == 0 ? ",n=1" : "",
                 stamp);
    }
    record = data_record(&s->payload, s->now, sites[any(s, 2)],
                         devices[any(s, 3)], s->points.data);
    apply(s, &record);
}

static void
step(struct stream *s)
{
    uint64_t what = any(s, 100);
    struct gong_record record;

    s->now += 500 * (1 + (int64_t)any(s, 6));
    s->now += any(s, 25) == 0 ? 1000 * (int64_t)any(s, 90) : 0;
    s->now += any(s, 50) == 0 ? 1000 * (60 + (int64_t)any(s, 1200)) : 0;
    if (what < 3) {
        set_rules(s, any(s, 2) == 0 ? 0 : 2);
    } else if (what < 6) {
        record = resume_record(&s->payload, s->now, 1000 * (int64_t)any(s, 60),
                               s->settles ? 1000 * (int64_t)any(s, 30) : 0);
        apply(s, &record);
    } else if (what < 20) {
        record = clock_record(s->now);
        apply(s, &record);
    } else {
        send_samples(s);
    }
}

static void
check(struct stream *s, uint64_t seed, int record)
{
    struct gong_engine_stats with;
    struct gong_engine_stats without;

    sort_lines(&s->forgets.effects);
    sort_lines(&s->never.effects);
    if (strcmp(s->forgets.effects.data, s->never.effects.data) != 0) {
        (void)fprintf(stderr,
                      "stream %" PRIu64 " record %d at %" PRId64
                      "\nforgets:\n%snever:\n%s",
                      seed, record, s->now, s->forgets.effects.data,
                      s->never.effects.data);
        fail_msg("stream %" PRIu64 " record %d", seed, record);
    }
    gong_engine_stats(s->forgets.engine, &with);
    if (s->twin.engine != NULL) {
        struct gong_engine_stats restored;

        assert_string_equal(s->forgets.bytes.data, s->twin.bytes.data);
        gong_engine_stats(s->twin.engine, &restored);
        assert_int_equal(with.bytes_state, restored.bytes_state);
        assert_int_equal(with.series_expired, restored.series_expired);
    }
    gong_engine_stats(s->never.engine, &without);
    assert_int_equal(with.pending, without.pending);
    assert_int_equal(with.firing, without.firing);
    assert_int_equal(with.unknown, without.unknown);
    assert_true(with.instances <= without.instances);
    if (without.instances - with.instances > s->instances) {
        s->instances = without.instances - with.instances;
    }
}

static void
play(struct stream *s, uint64_t seed)
{
    s->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    s->now = START;
    s->settles = seed % 2 == 0;
    open_side(&s->forgets);
    open_side(&s->never);
    clear(&s->twin);
    forget_soon(s->forgets.engine);
    s->never.engine->expire.soon_ms = INT64_MAX;
    set_rules(s, 0);
    for (int i = 0; i < RECORDS; i++) {
        step(s);
        check(s, seed, i);
        s->told += s->forgets.effects.len != 0;
        clear(&s->forgets);
        clear(&s->never);
        clear(&s->twin);
        if ((seed + (uint64_t)i) % 7 == 0) {
            renew_twin(s);
        }
    }
    s->expired += engine_expired(s->forgets.engine);
    assert_int_equal(engine_expired(s->never.engine), 0);
    close_side(&s->forgets);
    close_side(&s->never);
    close_side(&s->twin);
    gong_ruleset_free(s->set);
    text_free(&s->payload);
    text_free(&s->points);
}

static void
test_nobody_sees_it(void **state)
{
    const char *asked = getenv("GONG_MODEL_STREAMS");
    uint64_t streams = asked == NULL ? STREAMS : strtoull(asked, NULL, 10);
    uint64_t told = 0;
    uint64_t expired = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= streams; seed++) {
        struct stream s = {0};

        play(&s, seed);
        told += s.told;
        expired += s.expired;
        assert_true(s.instances > 20);
    }
    assert_true(told > streams * RECORDS / 4);
    assert_true(expired > streams * 10);
}

/* An engine whose effects are only summed, in any order. */
struct counted {
    struct gong_engine *engine;
    uint64_t sum;
    uint64_t hot; /* changes of the rule with this name */
    uint64_t bytes;
    uint64_t rows;
};

static void
count_effect(void *ctx, const struct gong_effect *effect)
{
    struct counted *c = ctx;
    struct text line = {0};

    effect_line(&line, effect);
    c->sum += gong_fnv1a(GONG_FNV1A_START, line.data, line.len);
    c->hot += strcmp(effect->rule->alert, "Hot") == 0;
    text_free(&line);
}

static void
count_recorded(void *ctx, const struct gong_recorded *recorded)
{
    struct counted *c = ctx;
    uint64_t hash = gong_fnv1a(GONG_FNV1A_START, &recorded->at_ms, 8);

    for (size_t i = 0; i < recorded->label_count; i++) {
        hash = gong_fnv1a(hash, recorded->labels[i].value.data,
                          recorded->labels[i].value.len);
    }
    c->sum += gong_is_stale(recorded->value) ? ~hash : hash;
}

#define MINUTE   INT64_C(60000)
#define DEVICES  1000
#define WAVES    24
#define WAVE_MS  (180 * MINUTE)
#define EVERY_MS (10 * MINUTE)
#define HOTS     10 /* of a wave */

static const struct rule_spec churned[] = {
    {.alert = "Hot",
     .expr = "m_a > 8",
     .for_ms = 20 * MINUTE,
     .lookback_ms = 15 * MINUTE},
    {.alert = "Mean", .expr = "avg_over_time(m_a[30m]) > 6.5"},
    {.alert = "Joint", .expr = "m_a > m_b", .keep_ms = 30 * MINUTE},
    {.alert = "Sum", .expr = "sum by (t) (m_a) > 2000"},
    {.alert = "Values",
     .expr = "count_values(\"v\", m_a + time() / 1e4) > 0",
     .interval_ms = 30 * MINUTE},
    {.alert = "Named",
     .expr = "label_replace(m_b, \"copy\", \"c-$1\", \"t\", \"(.*)\") > 6",
     .interval_ms = 30 * MINUTE},
    {.alert = "rec",
     .record = true,
     .expr = "sum by (t, site) (m_b)",
     .interval_ms = 10 * MINUTE},
    {.alert = "Recorded",
     .expr = "max_over_time(rec[1h]) > 260",
     .interval_ms = 10 * MINUTE},
    {.alert = "Alerts",
     .expr = "count by (t) (ALERTS{alertname=\"Hot\"}) > 4",
     .interval_ms = 10 * MINUTE},
};
#define CHURNED (sizeof churned / sizeof churned[0])

/* One device of a wave at one time: every second device is there, and what it
 * says depends on nothing but that. */
static void
send_one(struct counted *sides, struct text *payload, int wave, int device,
         int64_t now)
{
    char point[128];
    char site[8];
    char name[16];
    struct gong_record record;
    int a = device % 100 == wave % 2 ? 9 : (device + wave) % 8;

    (void)snprintf(point, sizeof point, "m,t=w%d-%d a=%d,b=%d %" PRId64, wave,
                   device % 40, a, (device * 7 + wave) % 9, now);
    (void)snprintf(site, sizeof site, "s%d", device % 10);
    (void)snprintf(name, sizeof name, "d%d", device);
    record = data_record(payload, now, site, name, point);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gong_engine_apply(sides[i].engine, &record), GONG_OK);
    }
}

static void
note_size(struct counted *c)
{
    struct gong_engine_stats stats;

    gong_engine_stats(c->engine, &stats);
    c->bytes = stats.bytes > c->bytes ? stats.bytes : c->bytes;
    c->rows = stats.rows > c->rows ? stats.rows : c->rows;
}

static void
restore_counted(struct counted *c, const struct gong_ruleset *set)
{
    struct gong_snapshot_place place = {.position = 7};
    struct gong_snapshot_start start = {
        .emit = count_effect, .ctx = c, .set = set};
    struct bytes bytes = {0};
    const char *why = "";

    assert_true(bytes_save(&bytes, c->engine, &place));
    gong_engine_free(c->engine);
    assert_int_equal(bytes_restore(&bytes, &start, &c->engine, &why), GONG_OK);
    gong_engine_on_recorded(c->engine, count_recorded, c);
    bytes_free(&bytes);
}

/* Three days: each wave brings 500 devices with labels never seen before. */
static void
test_devices_in_waves(void **state)
{
    struct gong_ruleset *set = make_rules(churned, CHURNED);
    struct counted sides[2] = {{0}, {0}}; /* the second one never forgets */
    struct text payload = {0};
    uint64_t first_day = 0;
    uint64_t expired = 0;

    (void)state;
    for (int i = 0; i < 2; i++) {
        sides[i].engine = gong_engine_new(NULL, count_effect, &sides[i]);
        assert_non_null(sides[i].engine);
        gong_engine_on_recorded(sides[i].engine, count_recorded, &sides[i]);
        assert_int_equal(
            gong_engine_set_rules(sides[i].engine, set, 0, START, NULL),
            GONG_OK);
    }
    sides[1].engine->expire.soon_ms = INT64_MAX;
    for (int64_t t = 0; t < WAVES * WAVE_MS; t += EVERY_MS) {
        int wave = (int)(t / WAVE_MS);

        for (int device = wave % 2; device < DEVICES; device += 2) {
            send_one(sides, &payload, wave, device, START + t + device);
        }
        assert_true(sides[0].sum == sides[1].sum);
        note_size(&sides[0]);
        note_size(&sides[1]);
        if (wave == WAVES / 3) {
            first_day = sides[0].bytes;
        }
        if (t / EVERY_MS % 7 == 0) {
            restore_counted(&sides[0], set);
        }
    }
    expired = engine_expired(sides[0].engine);
    print_message("bytes %" PRIu64 " on the first day, %" PRIu64
                  " at most; %" PRIu64 " without forgetting\n",
                  first_day, sides[0].bytes, sides[1].bytes);
    /* Flat to the byte, but for the odd table that grows by one step. */
    assert_true(sides[0].bytes <= first_day + first_day / 16);
    assert_true(sides[1].bytes > 3 * sides[0].bytes);
    assert_true(sides[0].rows <= 1500);
    assert_true(sides[1].rows == WAVES * DEVICES / 2);
    assert_true(expired > (WAVES - 3) * UINT64_C(1000));
    /* Pending, firing, and resolved but for the last wave's. */
    assert_int_equal(sides[0].hot, 3 * HOTS * WAVES - HOTS);
    gong_engine_free(sides[0].engine);
    gong_engine_free(sides[1].engine);
    gong_ruleset_free(set);
    text_free(&payload);
}

/* A limit of memory is met at the same record, whenever it was restarted. */
static void
test_restored_limit(void **state)
{
    struct gong_ruleset *set = make_rules(churned, CHURNED);
    struct text payload = {0};

    (void)state;
    for (uint64_t bytes = 60000; bytes < 400000; bytes += 7919) {
        struct gong_engine_limits limits = {.bytes = bytes};
        struct counted c[2] = {{0}, {0}};
        enum gong_err err = GONG_OK;

        for (int i = 0; i < 2; i++) {
            c[i].engine = gong_engine_new(&limits, count_effect, &c[i]);
            assert_non_null(c[i].engine);
            assert_int_equal(
                gong_engine_set_rules(c[i].engine, set, 0, START, NULL),
                GONG_OK);
            c[i].engine->expire.soon_ms = 0;
        }
        for (int n = 0; err == GONG_OK; n++) {
            int64_t now = START + n * MINUTE / 4;
            char point[128];
            struct gong_record record;

            (void)snprintf(point, sizeof point,
                           "m,t=w%d a=%d,b=%d,c%d=3 %" PRId64, n, n % 11, n % 7,
                           n % 300, now);
            record = data_record(&payload, now, "s", "d", point);
            err = gong_engine_apply(c[0].engine, &record);
            assert_int_equal(gong_engine_apply(c[1].engine, &record), err);
            assert_true(err == GONG_OK || err == GONG_ERR_MEMORY);
            if (err == GONG_OK && n % 37 == 0) {
                struct gong_snapshot_place place = {.position = 7};
                struct gong_snapshot_start start = {.limits = &limits,
                                                    .emit = count_effect,
                                                    .ctx = &c[1],
                                                    .set = set};
                struct bytes saved = {0};
                const char *why = "";

                assert_true(bytes_save(&saved, c[n % 2].engine, &place));
                gong_engine_free(c[1].engine);
                assert_int_equal(
                    bytes_restore(&saved, &start, &c[1].engine, &why), GONG_OK);
                c[1].engine->expire.soon_ms = 0;
                bytes_free(&saved);
            }
            if (n > 2000) {
                break; /* what it forgets is enough */
            }
        }
        gong_engine_free(c[0].engine);
        gong_engine_free(c[1].engine);
    }
    gong_ruleset_free(set);
    text_free(&payload);
}

/* A recording, its reader, and what the reader's alert said last. */
struct recording {
    struct side side;
    struct gong_ruleset *set;
    struct text payload;
    int64_t now;
};

static void
load(struct recording *r, const struct rule_spec *rules, size_t count)
{
    struct gong_ruleset *set = make_rules(rules, count);

    assert_int_equal(
        gong_engine_set_rules(r->side.engine, set, 0, r->now, NULL), GONG_OK);
    gong_ruleset_free(r->set);
    r->set = set;
}

static void
say(struct recording *r, int64_t seconds, const char *points)
{
    struct gong_record record;

    r->now += seconds * 1000;
    record = points == NULL
                 ? clock_record(r->now)
                 : data_record(&r->payload, r->now, "s", "d", points);
    assert_int_equal(gong_engine_apply(r->side.engine, &record), GONG_OK);
}

static void
expect(struct recording *r, const char *effects)
{
    sort_lines(&r->side.effects);
    assert_string_equal(r->side.effects.data, effects);
    clear(&r->side);
}

static const struct rule_spec reading[] = {
    {.alert = "High", .expr = "topk(2, rec) > 5", .interval_ms = 1000},
    {.alert = "rec", .record = true, .expr = "m_a * 2", .interval_ms = 1000},
};

static void
begin_recording(struct recording *r)
{
    *r = (struct recording){.now = START};
    open_side(&r->side);
    load(r, reading, 2);
    say(r, 0, "m a=4 10000000\nm,t=x a=5 10000000\n");
    say(r, 1, NULL);
    say(r, 1, NULL);
    clear(&r->side);
}

static void
end_recording(struct recording *r)
{
    close_side(&r->side);
    gong_ruleset_free(r->set);
    text_free(&r->payload);
}

/* Its series end with it: readers do not see its last value for a look-back. */
static void
test_recording_removed(void **state)
{
    struct recording r;

    (void)state;
    begin_recording(&r);
    load(&r, reading, 1);
    expect(&r, "rec,device=d,site=s ends 0 at 10002000\n"
               "rec,device=d,site=s,t=x ends 0 at 10002000\n");
    say(&r, 1, NULL);
    expect(
        &r,
        "High{device=\"d\",site=\"s\",t=\"x\"} firing->inactive condition at "
        "10002000 since 10000000 value 10 journal 10002000\n"
        "High{device=\"d\",site=\"s\"} firing->inactive condition at "
        "10002000 since 10000000 value 8 journal 10002000\n");
    end_recording(&r);
}

/* One with another expression goes on with what it feeds, and ends the rest. */
static void
test_recording_changed(void **state)
{
    static const struct rule_spec changed[] = {
        {.alert = "High", .expr = "topk(2, rec) > 5", .interval_ms = 1000},
        {.alert = "rec",
         .record = true,
         .expr = "m_a{t=\"x\"} * 3",
         .interval_ms = 1000},
    };
    struct recording r;

    (void)state;
    begin_recording(&r);
    load(&r, changed, 2);
    expect(&r, "");
    say(&r, 1, NULL);
    expect(&r, "High{device=\"d\",site=\"s\"} firing->inactive condition at "
               "10002000 since 10000000 value 8 journal 10002000\n"
               "rec,device=d,site=s ends 0 at 10002000\n"
               "rec,device=d,site=s,t=x 15 at 10002000\n"
               "rec,device=d,site=s,t=x 15 at 10003000\n");
    end_recording(&r);
}

/* A number that is used again has the labels of the new series, also for a rule
 * that is evaluated as a whole and knows labels by number. */
static void
test_number_used_again(void **state)
{
    static const struct rule_spec top = {.alert = "Top",
                                         .expr = "topk(1, m_a) > 5",
                                         .interval_ms = 1000,
                                         .lookback_ms = 5000};
    struct recording r = {.now = START};
    struct gong_engine_stats stats;

    (void)state;
    open_side(&r.side);
    forget_soon(r.side.engine);
    load(&r, &top, 1);
    say(&r, 0, "m,t=a a=9 10000000\n");
    say(&r, 1, NULL);
    expect(&r,
           "Top{device=\"d\",site=\"s\",t=\"a\"} inactive->firing condition "
           "at 10000000 since 10000000 value 9 journal 10000000\n");
    say(&r, 600, NULL);
    say(&r, 1, NULL);
    expect(&r,
           "Top{device=\"d\",site=\"s\",t=\"a\"} firing->inactive condition "
           "at 10006000 since 10000000 value 9 journal 10006000\n");
    gong_engine_stats(r.side.engine, &stats);
    assert_int_equal(stats.series, 0);
    assert_int_equal(stats.series_expired, 1);
    say(&r, 0, "m,t=b a=8 10602000\n");
    say(&r, 2, NULL);
    expect(&r,
           "Top{device=\"d\",site=\"s\",t=\"b\"} inactive->firing condition "
           "at 10603000 since 10603000 value 8 journal 10603000\n");
    assert_int_equal(r.side.engine->live->binds.series.count, 2);
    end_recording(&r);
}

/* What it leaves behind is used again. */
static void
test_recordings_come_and_go(void **state)
{
    struct gong_engine_stats stats;
    struct recording r;
    uint64_t bytes = 0;

    (void)state;
    begin_recording(&r);
    r.side.engine->expire.soon_ms = 0;
    for (int i = 0; i < 2000; i++) {
        char name[16];
        char point[64];
        struct rule_spec rules[2] = {reading[0], reading[1]};

        (void)snprintf(name, sizeof name, "rec%d", i);
        rules[1].alert = name;
        rules[0].expr = i % 2 == 0 ? name : "m_a > 100";
        load(&r, rules, 2);
        r.now += 300000;
        (void)snprintf(point, sizeof point, "m a=4 %" PRId64, r.now);
        say(&r, 0, point);
        clear(&r.side);
        gong_engine_stats(r.side.engine, &stats);
        bytes = i == 100 ? stats.bytes : bytes;
        assert_true(i < 100 || stats.bytes <= bytes * 2);
    }
    assert_true(r.side.engine->live->outputs.arena.count < 10);
    assert_true(stats.series < 40);
    end_recording(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_sees_it),
        cmocka_unit_test(test_devices_in_waves),
        cmocka_unit_test(test_restored_limit),
        cmocka_unit_test(test_recording_removed),
        cmocka_unit_test(test_recording_changed),
        cmocka_unit_test(test_recordings_come_and_go),
        cmocka_unit_test(test_number_used_again),
    };

    return cmocka_run_group_tests_name("engine_expire", tests, NULL, NULL);
}
