/*
 * The engine's windows against their model (window_model.h). Random streams,
 * with late and equal samples, gaps, skewed clocks and reloads, must give the
 * same effects. Beside the engine runs a twin that is saved and read back again
 * and again.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snapshot_bytes.h"
#include "window_model.h"

#define STREAMS 150
#define RECORDS 120

/* xorshift: the same streams on every machine. */
static uint64_t random_state;

static uint64_t
any(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

struct stream {
    struct model model;
    struct gong_engine *engine;
    struct gong_engine *twin; /* read back from a snapshot of the engine */
    struct gong_ruleset *set;
    struct text effects;
    struct text bytes;
    struct text twin_bytes;
    struct text payload;
    struct text points;
    int64_t now;
    int64_t skews[DEVICES];
    uint64_t told[WINDOW_RULES];
    bool forgets; /* what has been silent for long, at once */
    uint64_t expired;
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct stream *s = ctx;

    effect_line(&s->effects, effect);
    text_add(&s->effects, " journal %" PRId64 " captured %" PRId64 "\n",
             effect->journal_ms, effect->captured_ms);
    effect_bytes(&s->bytes, effect);
    s->told[strtoul(effect->rule->alert + 1, NULL, 10)]++;
}

static void
on_twin_effect(void *ctx, const struct gong_effect *effect)
{
    struct stream *s = ctx;

    effect_bytes(&s->twin_bytes, effect);
}

static void
renew_twin(struct stream *s)
{
    struct gong_snapshot_place place = {.position = 7};
    struct bytes bytes = {0};
    struct gong_snapshot_start start = {
        .emit = on_twin_effect, .ctx = s, .set = s->set};
    const char *why = "";

    assert_true(bytes_save(
        &bytes, s->twin != NULL && any(2) == 0 ? s->twin : s->engine, &place));
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
apply(struct stream *s, const struct gong_record *record)
{
    assert_int_equal(gong_engine_apply(s->engine, record), GONG_OK);
    if (s->twin != NULL) {
        assert_int_equal(gong_engine_apply(s->twin, record), GONG_OK);
        assert_true(gong_engine_deadline(s->engine) ==
                    gong_engine_deadline(s->twin));
    }
}

/* The same rules again: their windows go on. */
static void
reload(struct stream *s)
{
    struct rule_spec specs[WINDOW_RULES];
    struct gong_ruleset *set = NULL;
    struct gong_rules_report report;

    for (size_t r = 0; r < WINDOW_RULES; r++) {
        specs[r] = window_rules[r].spec;
    }
    set = make_rules(specs, WINDOW_RULES);
    assert_int_equal(gong_engine_set_rules(s->engine, set, 0, s->now, &report),
                     GONG_OK);
    assert_int_equal(report.kept, s->set == NULL ? 0 : WINDOW_RULES);
    if (s->twin != NULL) {
        assert_int_equal(
            gong_engine_set_rules(s->twin, set, 0, s->now, &report), GONG_OK);
    }
    gong_ruleset_free(s->set);
    s->set = set;
    model_run_until(&s->model, s->now);
    s->model.journal = s->now;
    model_forget_looks(&s->model);
}

static void
tick(struct stream *s)
{
    struct gong_record record = clock_record(s->now);

    apply(s, &record);
    model_run_until(&s->model, s->now + 1);
    s->model.journal = s->now;
}

static void
data(struct stream *s)
{
    static const char *const keys[] = {"m,k=x", "m"};
    static const char *const fields[] = {"a", "b"};
    static const char *const names[] = {"d0", "d1"};
    int device = (int)any(DEVICES);
    struct point points[8];
    size_t count = 1 + any(8);
    int64_t stamp = s->now + s->skews[device] - (int64_t)any(4) * 500;
    struct gong_record record;

    text_clear(&s->points);
    for (size_t i = 0; i < count; i++) {
        if (any(3) == 0) {
            stamp = s->now + s->skews[device] - (int64_t)any(30) * 500;
        }
        points[i] = (struct point){stamp, (int)any(LABELS), (int)any(METRICS),
                                   (double)any(22) / 2, false};
        text_add(&s->points, "%s %s=%g %" PRId64 "\n", keys[points[i].label],
                 fields[points[i].metric], points[i].value, stamp);
    }
    record =
        data_record(&s->payload, s->now, "s", names[device], s->points.data);
    apply(s, &record);
    model_data(&s->model, s->now, device, points, count);
}

/* The lines of text that other has not. */
static void
print_others(const char *who, const struct text *text, const struct text *other)
{
    char *lines = strdup(text->data);
    char *rest = NULL;

    assert_non_null(lines);
    for (char *line = strtok_r(lines, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strstr(other->data, line) == NULL) {
            print_error("%s: %s\n", who, line);
        }
    }
    free(lines);
}

static void
check(struct stream *s, unsigned round, unsigned step)
{
    text_sort_lines(&s->effects);
    text_sort_lines(&s->model.effects);
    if (strcmp(s->effects.data, s->model.effects.data) != 0) {
        print_others("engine", &s->effects, &s->model.effects);
        print_others("model", &s->model.effects, &s->effects);
        fail_msg("stream %u, record %u at %" PRId64, round, step, s->now);
    }
    if (s->twin != NULL) {
        assert_string_equal(s->bytes.data, s->twin_bytes.data);
    }
    text_clear(&s->effects);
    text_clear(&s->bytes);
    text_clear(&s->twin_bytes);
    text_clear(&s->model.effects);
}

static void
run_stream(struct stream *s, unsigned round)
{
    random_state = 0x9e3779b97f4a7c15u * (round + 1);
    model_init(&s->model);
    s->engine = gong_engine_new(NULL, on_effect, s);
    assert_non_null(s->engine);
    s->forgets = round % 3 == 0;
    if (s->forgets) {
        forget_soon(s->engine);
    }
    s->now = START;
    s->model.journal = START;
    for (int d = 0; d < DEVICES; d++) {
        s->skews[d] = -(int64_t)any(5) * 700;
    }
    text_clear(&s->effects);
    text_clear(&s->bytes);
    text_clear(&s->twin_bytes);
    reload(s);
    for (unsigned step = 0; step < RECORDS; step++) {
        s->now += (int64_t)any(4) * 500 + (any(25) == 0 ? 20000 : 0);
        if (s->forgets && any(30) == 0) {
            s->now += 600000 + (int64_t)any(2400) * 500;
        }
        if (any(30) == 0) {
            reload(s);
        } else if (any(5) == 0) {
            tick(s);
        } else {
            data(s);
        }
        check(s, round, step);
        if (any(15) == 0) {
            renew_twin(s);
        }
    }
    s->expired += engine_expired(s->engine);
    gong_engine_free(s->engine);
    gong_engine_free(s->twin);
    gong_ruleset_free(s->set);
    s->engine = NULL;
    s->twin = NULL;
    s->set = NULL;
}

static void
test_random_streams(void **state)
{
    static struct stream s;
    const char *few = getenv("GONG_MODEL_STREAMS");
    unsigned streams = few == NULL ? STREAMS : (unsigned)strtoul(few, NULL, 10);

    (void)state;
    for (unsigned round = 0; round < streams; round++) {
        run_stream(&s, round);
    }
    for (size_t r = 0; r < WINDOW_RULES && few == NULL; r++) {
        if (s.told[r] < streams) {
            fail_msg("%s says too little: %" PRIu64, window_rules[r].spec.expr,
                     s.told[r]);
        }
    }
    /* Most of them hold on to an alert that is unknown. */
    assert_true(few != NULL || s.expired > 0);
    text_free(&s.effects);
    text_free(&s.bytes);
    text_free(&s.twin_bytes);
    text_free(&s.payload);
    text_free(&s.points);
    text_free(&s.model.effects);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_streams),
    };

    return cmocka_run_group_tests_name("engine_window", tests, NULL, NULL);
}
