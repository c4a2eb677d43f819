/*
 * Rules that aggregate against the same rules evaluated as a whole: on random
 * streams both must tell the same of alerts. A rule is made one of the general
 * class by an aggregation inside of it that changes nothing, because no two
 * series agree in these labels:
 *
 *   sum by (site) (m_a)  =  sum by (site) (sum by (site, device, t) (m_a))
 *
 * The general class may run a second after its last time at the earliest, so
 * everything happens at whole seconds. A twin of the first engine is saved and
 * read back again and again: it says the same byte for byte.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "rules/engine/engine_state.h"
#include "snapshot_bytes.h"

#define STREAMS 150
#define RECORDS 120
#define START   INT64_C(1000000)

/* %s: the members. */
static const struct {
    const char *before;
    const char *members;
    const char *after;
    int64_t for_s;
    int64_t keep_s;
    int64_t lookback_s; /* less one millisecond */
} rules[] = {
    {"sum by (site) (", "m_a", ") > 11.3", 0, 0, 20},
    {"avg by (site) (", "m_a", ") > 4.37", 7, 0, 30},
    {"min without (device) (", "m_a", ") < 2.1", 0, 9, 15},
    {"max by (t) (", "m_a", ") >= 6.01", 5, 5, 40},
    {"count(", "m_a > 3", ") > 1", 3, 0, 20},
    {"count by (site, t) (", "m_a", ") < 3", 0, 4, 12},
    {"group by (device) (", "m_b < 2", ")", 4, 0, 25},
    {"10 - sum by (site) (", "m_a * 2 - 1", ") < bool 3", 0, 0, 20},
    {"sum without (t) (", "1 / m_b", ") > 2.2", 0, 0, 18},
    {"avg(", "m_b % m_b", ") != 0", 0, 3, 18},
    {"-min by (site) (", "-m_a", ") > 5.2", 11, 2, 60},
};
#define RULES (sizeof rules / sizeof rules[0])

struct side {
    struct gong_ruleset *set;
    struct gong_engine *engine;
    struct text effects;
};

struct stream {
    struct side quick;
    struct side whole;
    struct gong_engine *twin;
    struct text bytes;
    struct text twin_bytes;
    struct text payload;
    int64_t interval_ms;
    int64_t now;
    bool blind;
    uint64_t random;
    uint64_t told;
    bool forgets; /* what has been silent for long, at once */
    uint64_t expired;
};

static uint64_t
any(struct stream *s, uint64_t below)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random % below;
}

/* Without the reason: as a whole nothing is missing. */
static void
tell(struct text *out, const struct gong_effect *effect)
{
    text_add(out, "%s{", effect->rule->alert);
    for (size_t i = 0; i < effect->label_count; i++) {
        text_add(out, "%.*s=%.*s,", (int)effect->labels[i].name.len,
                 effect->labels[i].name.data, (int)effect->labels[i].value.len,
                 effect->labels[i].value.data);
    }
    text_add(out, "} %s->%s at %" PRId64 " since %" PRId64 " value %.11g\n",
             gong_alert_state_text(effect->from),
             gong_alert_state_text(effect->to), effect->at_ms, effect->since_ms,
             isnan(effect->value) ? 0.5 : effect->value);
}

static void
on_quick(void *ctx, const struct gong_effect *effect)
{
    struct stream *s = ctx;

    tell(&s->quick.effects, effect);
    effect_bytes(&s->bytes, effect);
}

static void
on_whole(void *ctx, const struct gong_effect *effect)
{
    struct stream *s = ctx;

    tell(&s->whole.effects, effect);
}

static void
on_twin(void *ctx, const struct gong_effect *effect)
{
    struct stream *s = ctx;

    effect_bytes(&s->twin_bytes, effect);
}

static struct gong_ruleset *
rules_of(const struct stream *s, bool whole)
{
    static char names[RULES][16];
    static char texts[RULES][200];
    struct rule_spec specs[RULES];

    for (size_t i = 0; i < RULES; i++) {
        snprintf(names[i], sizeof names[i], "rule%zu", i);
        snprintf(texts[i], sizeof texts[i], "%s%s%s%s%s", rules[i].before,
                 whole ? "sum by (site, device, t) (" : "", rules[i].members,
                 whole ? ")" : "", rules[i].after);
        specs[i] = (struct rule_spec){
            .alert = names[i],
            .expr = texts[i],
            .for_ms = rules[i].for_s * 1000,
            .keep_ms = rules[i].keep_s * 1000,
            .interval_ms = s->interval_ms,
            .lookback_ms = rules[i].lookback_s * 1000 - 1,
        };
    }
    return make_rules(specs, RULES);
}

static void
set_rules(struct stream *s, struct side *side, bool whole)
{
    struct gong_ruleset *set = rules_of(s, whole);
    struct gong_rules_report report;

    assert_int_equal(
        gong_engine_set_rules(side->engine, set, 0, s->now, &report), GONG_OK);
    assert_int_equal(report.kept, side->set == NULL ? 0 : RULES);
    if (!whole && s->twin != NULL) {
        assert_int_equal(gong_engine_set_rules(s->twin, set, 0, s->now, NULL),
                         GONG_OK);
    }
    gong_ruleset_free(side->set);
    side->set = set;
}

static void
apply(struct stream *s, const struct gong_record *record)
{
    assert_int_equal(gong_engine_apply(s->quick.engine, record), GONG_OK);
    assert_int_equal(gong_engine_apply(s->whole.engine, record), GONG_OK);
    if (s->twin != NULL) {
        assert_int_equal(gong_engine_apply(s->twin, record), GONG_OK);
        assert_true(gong_engine_deadline(s->quick.engine) ==
                    gong_engine_deadline(s->twin));
    }
}

static void
send_samples(struct stream *s)
{
    static const char *const sites[] = {"s0", "s1"};
    static const char *const devices[] = {"d0", "d1", "d2"};
    static const char *const tags[] = {"", ",t=x", ",t=y"};
    struct text points = {0};
    struct gong_record record;
    int64_t stamp = s->now;

    if (any(s, 8) == 0) {
        stamp += 1000 * ((int64_t)any(s, 40) - 37);
    }
    text_clear(&points);
    for (uint64_t i = 0; i <= any(s, 3); i++) {
        text_add(&points, "m%s a=%.10g,b=%.10g %" PRId64 "\n", tags[any(s, 3)],
                 (double)any(s, 32) / 4, (double)any(s, 9) - 4, stamp);
    }
    record = data_record(&s->payload, s->now, sites[any(s, 2)],
                         devices[any(s, 3)], points.data);
    apply(s, &record);
    text_free(&points);
}

/* On an instant of the grid, where those of an interval look anyway. */
static void
resume(struct stream *s)
{
    int64_t blind = 1000 * (int64_t)any(s, 25);
    int64_t settle = any(s, 5) == 0 ? 0 : 1000 * (int64_t)any(s, 30);
    struct gong_record record;

    settle += settle == 0 ? 0 : 5000 - (s->now + settle) % 5000;
    record = resume_record(&s->payload, s->now, blind, settle);
    apply(s, &record);
    s->blind = false;
}

static void
step(struct stream *s)
{
    struct gong_record record;
    uint64_t what = any(s, 60);

    if (s->forgets && any(s, 30) == 0) {
        s->now += 1000 * (100 + (int64_t)any(s, 300));
    }
    s->now += 1000 * (any(s, 25) == 0 ? 1 + (int64_t)any(s, 50)
                                      : 1 + (int64_t)any(s, 3));
    if (s->quick.engine->settle_ms == s->now) {
        /* As a whole a sample just then would move what it does not touch. */
        record = clock_record(s->now);
        apply(s, &record);
        return;
    }
    if (what == 0 && !s->blind) {
        record = resume_record(&s->payload, s->now, -1, 0);
        apply(s, &record);
        s->blind = true;
    } else if (what == 1 || s->blind) {
        /* As a whole a sample would also move what it does not touch. */
        resume(s);
    } else if (what == 2) {
        set_rules(s, &s->quick, false);
        set_rules(s, &s->whole, true);
    } else if (what < 15) {
        record = clock_record(s->now);
        apply(s, &record);
    } else {
        send_samples(s);
    }
    /* What is due just now: as a whole it is looked at with any sample. */
    record = clock_record(s->now);
    apply(s, &record);
}

static void
renew_twin(struct stream *s)
{
    struct gong_snapshot_place place = {.position = 7};
    struct bytes bytes = {0};
    struct gong_snapshot_start start = {
        .emit = on_twin, .ctx = s, .set = s->quick.set};
    const struct gong_engine *from =
        any(s, 2) == 0 && s->twin != NULL ? s->twin : s->quick.engine;
    const char *why = "";

    assert_true(bytes_save(&bytes, from, &place));
    assert_int_equal(bytes.len, gong_engine_save_size(from));
    gong_engine_free(s->twin);
    if (bytes_restore(&bytes, &start, &s->twin, &why) != GONG_OK) {
        fail_msg("not restored: %s", why);
    }
    bytes_free(&bytes);
    if (s->forgets) {
        forget_soon(s->twin);
    }
}

static void
begin(struct stream *s, uint64_t seed)
{
    s->random = seed * 0x9e3779b97f4a7c15u + 1;
    s->interval_ms = seed % 2 == 0 ? 5000 : 0;
    s->now = START;
    text_clear(&s->quick.effects);
    text_clear(&s->whole.effects);
    text_clear(&s->bytes);
    text_clear(&s->twin_bytes);
    s->quick.engine = gong_engine_new(NULL, on_quick, s);
    s->whole.engine = gong_engine_new(NULL, on_whole, s);
    assert_non_null(s->quick.engine);
    assert_non_null(s->whole.engine);
    s->forgets = seed % 3 == 0;
    if (s->forgets) {
        forget_soon(s->quick.engine);
    }
    set_rules(s, &s->quick, false);
    set_rules(s, &s->whole, true);
    for (size_t i = 0; i < RULES; i++) {
        assert_int_equal(s->whole.engine->live->book.rules[i].form,
                         GONG_FORM_GENERAL);
        assert_int_equal(s->quick.engine->live->book.rules[i].form,
                         GONG_FORM_AGGREGATE);
    }
}

static void
end(struct stream *s)
{
    gong_engine_free(s->quick.engine);
    gong_engine_free(s->whole.engine);
    gong_engine_free(s->twin);
    gong_ruleset_free(s->quick.set);
    gong_ruleset_free(s->whole.set);
    text_free(&s->quick.effects);
    text_free(&s->whole.effects);
    text_free(&s->bytes);
    text_free(&s->twin_bytes);
    text_free(&s->payload);
}

static void
play(struct stream *s, uint64_t seed)
{
    begin(s, seed);
    if (seed % 6 == 0) {
        forget_soon(s->whole.engine);
    }
    for (int i = 0; i < RECORDS; i++) {
        step(s);
        text_sort_lines(&s->quick.effects);
        text_sort_lines(&s->whole.effects);
        if (strcmp(s->quick.effects.data, s->whole.effects.data) != 0) {
            (void)fprintf(stderr,
                          "stream %" PRIu64 " record %d at %" PRId64
                          "\naggregates:\n%swhole:\n%s",
                          seed, i, s->now, s->quick.effects.data,
                          s->whole.effects.data);
            fail_msg("stream %" PRIu64 " record %d", seed, i);
        }
        if (s->twin != NULL) {
            assert_string_equal(s->bytes.data, s->twin_bytes.data);
        }
        s->told += s->bytes.len != 0;
        text_clear(&s->quick.effects);
        text_clear(&s->whole.effects);
        text_clear(&s->bytes);
        text_clear(&s->twin_bytes);
        if (any(s, 9) == 0) {
            renew_twin(s);
        }
    }
    s->expired += engine_expired(s->quick.engine);
    end(s);
}

static void
test_random_streams(void **state)
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
    }
    assert_true(expired > streams);
    assert_true(told > streams * RECORDS / 4);
}

static void
ignore(void *ctx, const struct gong_effect *effect)
{
    (void)ctx;
    (void)effect;
}

/* Labels that come and go leave no groups behind. */
static void
test_churn(void **state)
{
    static const struct rule_spec spec = {
        .alert = "Sum", .expr = "sum by (t) (m_a) > 1", .lookback_ms = 10000};
    struct gong_ruleset *set = make_rules(&spec, 1);
    struct gong_engine *engine = gong_engine_new(NULL, ignore, NULL);
    struct text payload = {0};
    const struct gong_groups *groups = NULL;

    (void)state;
    assert_non_null(engine);
    assert_int_equal(gong_engine_set_rules(engine, set, 0, 0, NULL), GONG_OK);
    for (int i = 0; i < 500; i++) {
        char point[64];
        struct gong_record record;
        int64_t now = START + i * 1000;

        snprintf(point, sizeof point, "m,t=x%d a=5 %" PRId64, i, now);
        record = data_record(&payload, now, "s", "d", point);
        assert_int_equal(gong_engine_apply(engine, &record), GONG_OK);
    }
    groups = &engine->live->binds.groups;
    assert_true(groups->groups.count < 20);
    assert_true(groups->slots.count < 20);
    assert_true(engine->live->binds.instances.count < 20);
    gong_engine_free(engine);
    gong_ruleset_free(set);
    text_free(&payload);
}

/* Past the limit of instances there is no group: counted, and no harm. */
static void
test_limit(void **state)
{
    static const struct rule_spec spec = {.alert = "Sum",
                                          .expr = "sum by (t) (m_a) > 1"};
    struct gong_engine_limits limits = {.instances = 3};
    struct gong_ruleset *set = make_rules(&spec, 1);
    struct gong_engine *engine = gong_engine_new(&limits, ignore, NULL);
    struct gong_engine_stats stats;
    struct text payload = {0};

    (void)state;
    assert_non_null(engine);
    assert_int_equal(gong_engine_set_rules(engine, set, 0, 0, NULL), GONG_OK);
    for (int i = 0; i < 5; i++) {
        char point[64];
        struct gong_record record;

        snprintf(point, sizeof point, "m,t=x%d a=5 %d", i, i + 100000);
        record = data_record(&payload, i + 100000, "s", "d", point);
        assert_int_equal(gong_engine_apply(engine, &record), GONG_OK);
    }
    gong_engine_stats(engine, &stats);
    assert_int_equal(stats.over_limit, 2);
    assert_int_equal(stats.firing, 3);
    gong_engine_free(engine);
    gong_ruleset_free(set);
    text_free(&payload);
}

/* A series that aggregates read beside a rule whose label says something else
 * of it: members are no instances, though both are numbers, and there are three
 * times as many. */
static void
test_members_are_no_twins(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "Sum", .expr = "sum by (site) (m_a) > 100000"},
        {.alert = "Avg", .expr = "avg by (site) (m_a) > 100000"},
        {.alert = "Max", .expr = "max by (site) (m_a) > 100000"},
        {.alert = "Hot", .expr = "m_a > 80", .label = "sensor=x"},
    };
    struct gong_engine_limits limits = {0};
    struct gong_ruleset *set = make_rules(specs, 4);
    struct gong_engine *engine = gong_engine_new(&limits, ignore, NULL);
    struct gong_engine_stats stats;
    struct text payload = {0};

    (void)state;
    assert_non_null(engine);
    assert_int_equal(gong_engine_set_rules(engine, set, 0, 0, NULL), GONG_OK);
    for (int i = 0; i < 400; i++) {
        int64_t now = START + i;
        char device[16];
        char points[160];
        struct gong_record record;

        snprintf(device, sizeof device, "d%d", i / 8);
        snprintf(points, sizeof points,
                 "m,sensor=%d a=90 %" PRId64 "\nm,sensor=%d,t=%d a=90 %" PRId64,
                 i, now, i, i, now);
        record = data_record(&payload, now, "s", device, points);
        assert_int_equal(gong_engine_apply(engine, &record), GONG_OK);
    }
    gong_engine_stats(engine, &stats);
    /* Without t all of a device's say the same. */
    assert_int_equal(stats.firing, 400 + 50);
    assert_int_equal(stats.rule_faults, 350);
    gong_engine_free(engine);
    gong_ruleset_free(set);
    text_free(&payload);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_are_no_twins),
        cmocka_unit_test(test_random_streams),
        cmocka_unit_test(test_churn),
        cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests_name("engine_aggregate", tests, NULL, NULL);
}
