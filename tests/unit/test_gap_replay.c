/*
 * Samples that come late, played again, against an engine that heard them in
 * time: random samples of one device, beside those of another one, under rules
 * of every form. The intervals must be the same.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/gap/gap_replay.h"
#include "engine_model_rules.h"

#define STREAMS 60
#define STEPS   400
#define START   INT64_C(10000000)
#define SERIES  (LABELS * SAMPLED)
#define EXTRA   14
#define RULES   (MODEL_RULES + EXTRA)
#define MARKS   20000

static uint64_t random_state;

static uint64_t
any(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static const struct rule_spec extras[EXTRA] = {
    {.alert = "w0", .expr = "avg_over_time(m_a[10s]) > 5"},
    {.alert = "w1", .expr = "max_over_time(m_b[20s]) >= 9", .for_ms = 4000},
    {.alert = "w2", .expr = "changes(m_c[15s]) > 3", .keep_ms = 3000},
    {.alert = "w3", .expr = "rate(m_d[30s]) > 0.5", .interval_ms = 5000},
    {.alert = "w4", .expr = "m_a offset 10s > 5", .lookback_ms = 20000},
    {.alert = "w5", .expr = "delta(m_a[1m]) > 4", .for_ms = 15000},
    {.alert = "m_r", .record = true, .expr = "m_a * 2"},
    {.alert = "others5", .expr = "m_r > 14"},
    /* What one device does not decide, or is evaluated as a whole. */
    {.alert = "m_s", .record = true, .expr = "sum by (site, device) (m_a)"},
    {.alert = "others0", .expr = "avg by (site, device) (m_a) > 5"},
    {.alert = "others1", .expr = "m_s > 14"},
    {.alert = "others2", .expr = "m_a > on (site) group_left m_b"},
    {.alert = "others3", .expr = "count by (site) (m_a > 3) > 1"},
    {.alert = "others4", .expr = "up == 0"},
};

struct series {
    struct gong_sample *samples;
    size_t count;
};

/* An interval as the test sees it. */
struct mark {
    char rule[16];
    uint64_t fingerprint;
    unsigned level;
    int64_t since;
    int64_t fired;
    int64_t ended;
    bool open;
    double value;
};

struct world {
    struct gong_ruleset *set;
    struct gong_engine *engine;
    struct series series[SERIES];
    struct mark *marks;
    size_t count;
    int64_t now;
    struct text payload;
    struct text points;
    size_t reads;
    enum gong_err fails; /* of the next read */
};

static const char *const label_texts[LABELS] = {"x", "y", ""};
static const char *const metric_texts[SAMPLED] = {"m_a", "m_b", "m_c", "m_d"};

static bool
is_own(const struct gong_effect *effect)
{
    for (size_t i = 0; i < effect->label_count; i++) {
        if (gong_str_equal(effect->labels[i].name, gong_str_of("device"))) {
            return gong_str_equal(effect->labels[i].value, gong_str_of("d0"));
        }
    }
    return false;
}

/* Whether the rule is one that only what the device sends decides. */
static bool
is_decided(const char *id)
{
    for (size_t r = 0; r < MODEL_RULES; r++) {
        if (strcmp(model_rules[r].spec.alert, id) == 0) {
            return !model_is_presence(r);
        }
    }
    return strncmp(id, "others", 6) != 0;
}

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct world *w = ctx;
    bool open = gong_alert_state_open(effect->to);
    bool was = gong_alert_state_open(effect->from);

    if (!is_own(effect) || !is_decided(effect->rule->id)) {
        return;
    }
    if (!was && open) {
        struct mark *mark = &w->marks[w->count++];

        assert_true(w->count < MARKS);
        *mark = (struct mark){.fingerprint = effect->fingerprint,
                              .level = effect->to_level,
                              .since = effect->since_ms,
                              .fired = effect->at_ms,
                              .open = true,
                              .value = effect->value};
        (void)snprintf(mark->rule, sizeof mark->rule, "%s", effect->rule->id);
    }
    for (size_t i = w->count; was && i > 0; i--) {
        struct mark *mark = &w->marks[i - 1];

        if (mark->open && mark->fingerprint == effect->fingerprint &&
            strcmp(mark->rule, effect->rule->id) == 0) {
            mark->open = open;
            mark->ended = open ? 0 : effect->at_ms;
            mark->value = open ? effect->value : mark->value;
            mark->level =
                effect->to_level > mark->level ? effect->to_level : mark->level;
            return;
        }
    }
}

static struct gong_ruleset *
new_rules(void)
{
    struct rule_spec specs[RULES];

    for (size_t r = 0; r < MODEL_RULES; r++) {
        specs[r] = model_rules[r].spec;
    }
    memcpy(specs + MODEL_RULES, extras, sizeof extras);
    return make_rules(specs, RULES);
}

static void
keep(struct world *w, int label, int metric, double value)
{
    struct series *series = &w->series[label * SAMPLED + metric];

    if (series->count > 0 && series->samples[series->count - 1].ms == w->now) {
        return; /* the first stands */
    }
    series->samples =
        realloc(series->samples, (series->count + 1) * sizeof *series->samples);
    assert_non_null(series->samples);
    series->samples[series->count++] = (struct gong_sample){w->now, value};
}

static void
send_points(struct world *w, const char *device)
{
    static const char *const keys[] = {"m,k=x", "m,k=y", "m"};
    static const char *const fields[] = {"a", "b", "c", "d"};
    size_t count = 1 + any(5);
    struct gong_record record;

    text_clear(&w->points);
    for (size_t i = 0; i < count; i++) {
        int label = (int)any(LABELS);
        int metric = (int)any(SAMPLED);
        double value = (double)any(11);

        text_add(&w->points, "%s %s=%g %" PRId64 "\n", keys[label],
                 fields[metric], value, w->now);
        if (device[1] == '0') {
            keep(w, label, metric, value);
        }
    }
    record = data_record(&w->payload, w->now, "s", device, w->points.data);
    assert_int_equal(gong_engine_apply(w->engine, &record), GONG_OK);
}

static void
live(struct world *w, uint64_t seed)
{
    struct gong_record end;

    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    *w = (struct world){.set = new_rules(), .now = START};
    w->marks = calloc(MARKS, sizeof *w->marks);
    assert_non_null(w->marks);
    w->engine = gong_engine_new(NULL, on_effect, w);
    assert_non_null(w->engine);
    assert_int_equal(gong_engine_set_rules(w->engine, w->set, 0, START, NULL),
                     GONG_OK);
    for (int i = 0; i < STEPS; i++) {
        /* Of records of one millisecond only a replay knows all at once. */
        w->now += 1 + (int64_t)any(8) * 500 + (int64_t)any(2) * 137;
        if (any(30) == 0) {
            w->now += (int64_t)any(60) * 1000;
        }
        send_points(w, any(4) == 0 ? "d1" : "d0");
    }
    w->now += (int64_t)any(30) * 1000;
    end = clock_record(w->now);
    assert_int_equal(gong_engine_apply(w->engine, &end), GONG_OK);
}

static void
world_end(struct world *w)
{
    gong_engine_free(w->engine);
    gong_ruleset_free(w->set);
    for (int i = 0; i < SERIES; i++) {
        free(w->series[i].samples);
    }
    free(w->marks);
    text_free(&w->payload);
    text_free(&w->points);
}

/* As the history has them: the last series first. */
static enum gong_err
read_series(void *ctx, int64_t from, int64_t to, gong_gap_series_fn visit,
            void *visit_ctx)
{
    struct world *w = ctx;

    w->reads++;
    for (int n = SERIES - 1; n >= 0; n--) {
        const struct series *series = &w->series[n];
        struct gong_label_view labels[4];
        size_t count = 0;
        size_t first = 0;
        size_t end = 0;
        enum gong_err err;

        while (first < series->count && series->samples[first].ms < from) {
            first++;
        }
        end = first;
        while (end < series->count && series->samples[end].ms <= to) {
            end++;
        }
        if (first == end) {
            continue;
        }
        labels[count++] = (struct gong_label_view){
            gong_str_of("__name__"), gong_str_of(metric_texts[n % SAMPLED])};
        labels[count++] =
            (struct gong_label_view){gong_str_of("device"), gong_str_of("d0")};
        if (n / SAMPLED < NONE) {
            labels[count++] = (struct gong_label_view){
                gong_str_of("k"), gong_str_of(label_texts[n / SAMPLED])};
        }
        labels[count++] =
            (struct gong_label_view){gong_str_of("site"), gong_str_of("s")};
        err = visit(visit_ctx, labels, count, series->samples + first,
                    end - first);
        if (err != GONG_OK) {
            return err;
        }
    }
    return w->fails;
}

static enum gong_err
replay(struct world *w, const struct gong_gap_replay *how,
       struct gong_gap_intervals *out)
{
    struct gong_gap_source source = {w, read_series};
    struct gong_gap_rules rules;
    struct gong_gap_replay all = *how;
    enum gong_err err;

    assert_int_equal(gong_gap_rules_init(&rules, w->set), GONG_OK);
    all.rules = &rules;
    all.source = &source;
    all.site = gong_str_of("s");
    all.device = gong_str_of("d0");
    err = gong_gap_replay(&all, out);
    gong_gap_rules_fini(&rules);
    return err;
}

/* Whether nothing but the last minutes decides a rule's state. */
static bool
is_short(const char *id)
{
    for (size_t r = 0; r < MODEL_RULES; r++) {
        if (strcmp(model_rules[r].spec.alert, id) == 0) {
            return model_rules[r].spec.resolve == NULL &&
                   model_rules[r].spec.worse_resolve == NULL &&
                   !model_is_unknown(r);
        }
    }
    return true;
}

static bool
is_meant(const struct mark *mark, int64_t from, bool all)
{
    return (mark->open || mark->ended >= from) && (all || is_short(mark->rule));
}

static const struct mark *
find(const struct world *w, const struct gong_gap_interval *interval,
     int64_t from)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct mark *mark = &w->marks[i];

        if (mark->fingerprint == interval->fingerprint &&
            strcmp(mark->rule, interval->rule) == 0 &&
            mark->open == interval->open && mark->ended == interval->ended_ms &&
            (mark->since == interval->since_ms ||
             (mark->since < from && interval->since_ms < from)) &&
            (mark->fired == interval->fired_ms ||
             (mark->fired < from && interval->fired_ms < from))) {
            return mark;
        }
    }
    return NULL;
}

/* The same ones, each once. Returns how many. */
static size_t
compare(const struct world *w, const struct gong_gap_intervals *list,
        int64_t from, bool all)
{
    size_t expected = 0;
    size_t found = 0;

    for (size_t i = 0; i < w->count; i++) {
        expected += is_meant(&w->marks[i], from, all);
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct gong_gap_interval *interval = &list->data[i];
        const struct mark *mark = NULL;

        if (!all && !is_short(interval->rule)) {
            continue;
        }
        mark = find(w, interval, from);
        if (mark == NULL) {
            fail_msg("%s %" PRIx64 " since %" PRId64 " fired %" PRId64
                     " ended %" PRId64 " is none",
                     interval->rule, interval->fingerprint, interval->since_ms,
                     interval->fired_ms, interval->ended_ms);
            return 0;
        }
        if (mark->value != interval->value) {
            fail_msg("%s since %" PRId64 " fired %" PRId64 " ended %" PRId64
                     ": value %g, expected %g",
                     interval->rule, interval->since_ms, interval->fired_ms,
                     interval->ended_ms, interval->value, mark->value);
        }
        assert_true(mark->fired < from || mark->level == interval->level);
        found++;
    }
    assert_int_equal(found, expected);
    return found;
}

/* From where there were no samples before: all that there was. */
static void
test_whole(void **state)
{
    size_t found = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= STREAMS; seed++) {
        struct gong_gap_intervals list = {0};
        struct gong_gap_replay how = {.from_ms = START};
        struct world w;

        live(&w, seed);
        how.to_ms = w.now;
        assert_int_equal(replay(&w, &how, &list), GONG_OK);
        found += compare(&w, &list, START, true);
        gong_gap_intervals_fini(&list);
        world_end(&w);
    }
    assert_true(found > (size_t)STREAMS * 100);
}

/* In the midst, in slices of any size: what lies before is only warmed by. */
static void
test_part(void **state)
{
    size_t found = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= STREAMS; seed++) {
        struct gong_gap_intervals list = {0};
        struct gong_gap_replay how = {0};
        struct world w;

        live(&w, seed + 1000);
        how.from_ms = START + (w.now - START) / 4 * (int64_t)(1 + any(3));
        how.to_ms = w.now;
        how.slice_ms = 1000 + (int64_t)any(100000);
        how.points_max = 20 + any(100);
        assert_int_equal(replay(&w, &how, &list), GONG_OK);
        found += compare(&w, &list, how.from_ms, false);
        gong_gap_intervals_fini(&list);
        world_end(&w);
    }
    assert_true(found > (size_t)STREAMS * 20);
}

static void
test_rules(void **state)
{
    struct gong_ruleset *set = new_rules();
    struct gong_gap_rules rules;

    (void)state;
    set->rules[0].trial = true;
    set->rules[1].own = true;
    assert_int_equal(gong_gap_rules_init(&rules, set), GONG_OK);
    for (size_t i = 0; i < rules.set.count; i++) {
        assert_null(rules.set.rules[i].record);
        assert_true(strcmp(rules.set.rules[i].id, "r0") != 0);
        assert_true(strcmp(rules.set.rules[i].id, "r1") != 0);
        assert_true(is_decided(rules.set.rules[i].id));
    }
    /* r23 to r27 read presence only; two of the first are left out. */
    assert_int_equal(rules.set.count, MODEL_RULES - 5 - 2 + EXTRA - 8);
    /* delta of a minute, look-back, for and tick. */
    assert_true(rules.warm_ms >= 60000 + 300000 + 15000);
    assert_true(rules.warm_ms < 1200000);
    gong_gap_rules_fini(&rules);
    gong_ruleset_free(set);
}

static void
test_errors(void **state)
{
    struct gong_gap_intervals list = {0};
    struct gong_gap_replay how = {.from_ms = START};
    struct world w;

    (void)state;
    live(&w, 7);
    how.to_ms = w.now;
    how.points_max = 1;
    assert_int_equal(replay(&w, &how, &list), GONG_ERR_TOO_LARGE);
    how.points_max = 0;
    w.fails = GONG_ERR_IO;
    assert_int_equal(replay(&w, &how, &list), GONG_ERR_IO);
    w.fails = GONG_OK;
    how.to_ms = START - 1;
    assert_int_equal(replay(&w, &how, &list), GONG_ERR_INVALID);
    assert_int_equal(list.count, 0);
    gong_gap_intervals_fini(&list);
    world_end(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_part),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests_name("gap_replay", tests, NULL, NULL);
}
