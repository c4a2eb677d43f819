#include "engine_model_stream.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

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

static struct gong_ruleset *
new_rules(void)
{
    struct rule_spec specs[MODEL_RULES];

    for (size_t r = 0; r < MODEL_RULES; r++) {
        specs[r] = model_rules[r].spec;
    }
    return make_rules(specs, MODEL_RULES);
}

/* The same rules again: nothing may be forgotten. */
static void
reload(struct stream *s)
{
    struct gong_ruleset *set = new_rules();
    struct gong_rules_report report;

    assert_int_equal(gong_engine_set_rules(s->engine, set, 0, s->now, &report),
                     GONG_OK);
    assert_int_equal(report.kept, s->set == NULL ? 0 : MODEL_RULES);
    if (s->twin != NULL) {
        assert_int_equal(
            gong_engine_set_rules(s->twin, set, 0, s->now, &report), GONG_OK);
        assert_int_equal(report.kept, MODEL_RULES);
    }
    gong_ruleset_free(s->set);
    s->set = set;
    model_advance(&s->model, s->now, false);
    model_reload(&s->model);
}

static void
tick(struct stream *s)
{
    struct gong_record record = clock_record(s->now);

    apply(s, &record);
    model_advance(&s->model, s->now, true);
}

/* Blind from here on, or for some time until now. */
static void
blind(struct stream *s)
{
    bool begins = s->model.blind_from == NEVER && any(3) == 0;
    int64_t ms = begins ? -1 : (int64_t)any(80) * 500;
    int64_t settle = (int64_t)any(4) * 4500;
    struct gong_record record;

    if (ms > 0) {
        s->now += ms + (int64_t)any(3) * 500 - 500;
    }
    record = resume_record(&s->payload, s->now, ms, settle);
    apply(s, &record);
    if (ms >= 0) {
        model_resume(&s->model, s->now, ms, settle);
        return;
    }
    model_advance(&s->model, s->now, false);
    model_blind(&s->model);
}

/* The whole unit says goodbye, in whatever order. */
static void
blackout(struct stream *s)
{
    for (int device = 0; device < DEVICES; device++) {
        char name[8];
        struct gong_record record;

        (void)snprintf(name, sizeof name, "d%d", device);
        record = status_record(&s->payload, s->now, "s", name,
                               "{\"state\":\"offline\"}");
        apply(s, &record);
        model_advance(&s->model, s->now, false);
        model_gone(&s->model, device, 0);
        s->now += (int64_t)any(4) * 1000;
    }
}

static int
any_device(struct stream *s)
{
    int device = (int)any(DEVICES);

    return device == s->mute ? (device + 1) % DEVICES : device;
}

/* A birth, a will, a cleared one, or one that means nothing. */
static void
status(struct stream *s)
{
    static const int64_t everies[] = {0, 4000, 16000, 8000, 150000, 240000};
    int device = any_device(s);
    int conn = (int)any(3);
    uint64_t what = any(10);
    int64_t every = everies[any(6)];
    char name[8];
    char conns[32] = "";
    char text[128] = "";
    struct gong_record record;

    (void)snprintf(name, sizeof name, "d%d", device);
    if (conn != 0) {
        (void)snprintf(conns, sizeof conns, ",\"conn\":\"%x\"", conn);
    }
    if (what < 4) {
        (void)snprintf(text, sizeof text,
                       "{\"state\":\"online\"%s,\"every\":{%s%" PRId64 "%s}}",
                       conns, every == 0 ? "" : "\"m\":", every / 1000, "");
        if (every == 0) {
            (void)snprintf(text, sizeof text, "{\"state\":\"online\"%s}",
                           conns);
        }
    } else if (what < 9) {
        (void)snprintf(text, sizeof text, "{\"state\":\"offline\"%s}", conns);
    } else if (conn != 0) {
        (void)snprintf(text, sizeof text, "{\"state\":\"offline\"");
    }
    record = status_record(&s->payload, s->now, "s", name, text);
    apply(s, &record);
    model_advance(&s->model, s->now, false);
    if (what < 4) {
        model_born(&s->model, device, conn, every);
    } else if (what < 9) {
        model_gone(&s->model, device, conn);
    }
    s->mute = (int)any(UINT64_C(2) * DEVICES) - DEVICES;
}

static void
data(struct stream *s)
{
    static const char *const keys[] = {"m,k=x", "m,k=y", "m"};
    static const char *const fields[] = {"a", "b", "c", "d"};
    static const char *const names[] = {"d0", "d1", "d2"};
    int device = any_device(s);
    struct sample samples[8];
    size_t count = 1 + any(8);
    int64_t stamp = s->now + s->skews[device] - (int64_t)any(4) * 500;
    struct gong_record record;

    text_clear(&s->points);
    for (size_t i = 0; i < count; i++) {
        if (any(3) == 0) {
            stamp = s->now + s->skews[device] - (int64_t)any(16) * 500;
        }
        samples[i] = (struct sample){stamp, (int)any(LABELS), (int)any(SAMPLED),
                                     (double)any(11)};
        text_add(&s->points, "%s %s=%g %" PRId64 "\n", keys[samples[i].label],
                 fields[samples[i].metric], samples[i].value, stamp);
    }
    record =
        data_record(&s->payload, s->now, "s", names[device], s->points.data);
    record.meta.wall_ns = INT64_MAX / 2; /* far: nothing is shifted */
    apply(s, &record);
    model_data(&s->model, s->now, device, samples, count);
}

void
stream_step(struct stream *s)
{
    int64_t deadline = gong_engine_deadline(s->engine);
    uint64_t what = any(100);

    s->now += (int64_t)any(8) * 500;
    if (any(20) == 0) {
        s->now += (int64_t)any(60) * 500;
    }
    if (s->slow && any(12) == 0) { /* beyond the usual look-back */
        s->now += (int64_t)any(500) * 1000;
    }
    if (s->forgets && any(20) == 0) {
        s->now += 100000 + (int64_t)any(2000) * 1000;
    }
    if (what < 10 && deadline != INT64_MAX && deadline >= s->now) {
        s->now = deadline;
    }
    if (what < 15) {
        tick(s);
    } else if (what < 18) {
        reload(s);
    } else if (what < 21 && s->blinks) {
        blind(s);
    } else if (what < 31) {
        status(s);
    } else if (what < 33) {
        blackout(s);
    } else {
        data(s);
    }
}

void
stream_begin(struct stream *s, uint64_t seed, gong_effect_fn emit)
{
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    model_init(&s->model);
    s->engine = gong_engine_new(NULL, emit, s);
    assert_non_null(s->engine);
    s->now = START;
    s->blinks = seed % 2 == 0;
    s->slow = seed % 7 == 1;
    s->forgets = seed % 3 == 1;
    if (s->forgets) {
        forget_soon(s->engine);
    }
    s->mute = -1;
    s->skews[0] = 0;
    s->skews[1] = -120000;
    s->skews[2] = (int64_t)any(5) * 500 - 1000;
    text_clear(&s->effects);
    text_clear(&s->bytes);
    text_clear(&s->twin_bytes);
    reload(s);
}

void
stream_end(struct stream *s)
{
    gong_engine_free(s->engine);
    gong_engine_free(s->twin);
    gong_ruleset_free(s->set);
    text_free(&s->effects);
    text_free(&s->bytes);
    text_free(&s->twin_bytes);
    text_free(&s->payload);
    text_free(&s->points);
    text_free(&s->model.effects);
}
