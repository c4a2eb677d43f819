/*
 * The engine against its model (engine_model.h), which evaluates by
 * hand-written C what the engine evaluates from PromQL: hundreds of random
 * streams (engine_model_stream.h) must give the same effects at the same
 * instants. Beside the engine runs a twin that is saved and read back again and
 * again: it must say the same, byte for byte. In a third of the streams both
 * forget whatever has been silent for long after each record: the model, which
 * forgets nothing, does not see it.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_model_stream.h"
#include "snapshot_bytes.h"

#define STREAMS 200
#define SUMMED  20 /* fewer streams need not show everything */
#define RECORDS 80

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct stream *s = ctx;

    effect_line(&s->effects, effect);
    text_add(&s->effects,
             " journal %" PRId64 " captured %" PRId64 " hidden %" PRIu32 "\n",
             effect->journal_ms, effect->captured_ms, effect->hidden);
    effect_bytes(&s->bytes, effect);
}

static void
on_twin_effect(void *ctx, const struct gong_effect *effect)
{
    struct stream *s = ctx;

    effect_bytes(&s->twin_bytes, effect);
}

/* The twin is left for one that is read back from it: or from the engine. */
static void
renew_twin(struct stream *s, bool from_twin)
{
    struct gong_snapshot_place place = {.position = 7};
    struct bytes bytes = {0};
    struct gong_snapshot_start start = {
        .emit = on_twin_effect, .ctx = s, .set = s->set};
    const struct gong_engine *from =
        from_twin && s->twin != NULL ? s->twin : s->engine;
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
check_states(struct stream *s)
{
    struct gong_engine_stats stats;
    uint64_t pending = 0;
    uint64_t firing = 0;
    uint64_t unknown = 0;
    uint64_t dark = 0;

    for (int d = 0; d < DEVICES; d++) {
        dark += s->model.lives[d].dark;
    }
    for (size_t r = 0; r < MODEL_RULES; r++) {
        for (int d = 0; d < DEVICES; d++) {
            for (int l = 0; l < LABELS; l++) {
                enum gong_alert_state state = s->model.instances[r][d][l].state;

                pending += state == GONG_ALERT_PENDING;
                firing +=
                    state == GONG_ALERT_FIRING || state == GONG_ALERT_KEEPING;
                unknown += state == GONG_ALERT_UNKNOWN;
            }
        }
    }
    gong_engine_stats(s->engine, &stats);
    assert_int_equal(stats.pending, pending);
    assert_int_equal(stats.firing, firing);
    assert_int_equal(stats.unknown, unknown);
    assert_int_equal(stats.devices_dark, dark);
}

static uint64_t
play(struct stream *s, uint64_t seed)
{
    uint64_t expired = 0;

    stream_begin(s, seed, on_effect);
    for (int i = 0; i < RECORDS; i++) {
        stream_step(s);
        text_sort_lines(&s->effects);
        text_sort_lines(&s->model.effects);
        if (strcmp(s->effects.data, s->model.effects.data) != 0) {
            /* A message of the test library is cut. */
            (void)fprintf(stderr, "engine:\n%smodel:\n%s", s->effects.data,
                          s->model.effects.data);
            fail_msg("stream %" PRIu64 " record %d journal %" PRId64
                     "\n%s\nengine:\n%smodel:\n%s",
                     seed, i, s->now, s->points.data, s->effects.data,
                     s->model.effects.data);
        }
        if (s->twin != NULL) {
            assert_string_equal(s->bytes.data, s->twin_bytes.data);
        }
        if ((seed + (uint64_t)i) % 7 == 0) {
            renew_twin(s, i % 2 == 0);
        }
        s->told += s->effects.len != 0;
        s->unknown += strstr(s->effects.data, "->unknown dark") != NULL;
        s->hid += strstr(s->effects.data, " hidden 0\n") == NULL &&
                  s->effects.len != 0;
        text_clear(&s->effects);
        text_clear(&s->bytes);
        text_clear(&s->twin_bytes);
        text_clear(&s->model.effects);
    }
    check_states(s);
    expired = engine_expired(s->engine);
    stream_end(s);
    return expired;
}

/* GONG_MODEL_STREAMS asks for more in long runs, for fewer where a sanitizer
 * makes each one slow; GONG_MODEL_FIRST for others than the first ones. */
static uint64_t
number_of(const char *variable, uint64_t usual)
{
    const char *text = getenv(variable);
    uint64_t number = text == NULL ? usual : strtoull(text, NULL, 10);

    assert_true(number > 0);
    return number;
}

static void
test_random_streams(void **state)
{
    const uint64_t streams = number_of("GONG_MODEL_STREAMS", STREAMS);
    const uint64_t first = number_of("GONG_MODEL_FIRST", 1);
    uint64_t told = 0;
    uint64_t unknown = 0;
    uint64_t hid = 0;
    uint64_t unit_dark = 0;
    uint64_t relooked = 0;
    uint64_t expired = 0;

    (void)state;
    for (uint64_t seed = first; seed < first + streams; seed++) {
        struct stream s = {0};

        expired += play(&s, seed);
        told += s.told;
        unknown += s.unknown;
        hid += s.hid;
        unit_dark += (uint64_t)s.model.unit_dark;
        relooked += (uint64_t)s.model.relooked;
    }
    if (streams < SUMMED) {
        return;
    }
    /* Most records change something, or the comparison proves little. */
    assert_true(told > streams * RECORDS / 3);
    assert_true(unknown > streams);
    assert_true(hid > 0);
    assert_true(unit_dark > streams / 2);
    assert_true(relooked > streams / 10);
    assert_true(expired > streams);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_streams),
    };

    return cmocka_run_group_tests_name("engine_model", tests, NULL, NULL);
}
