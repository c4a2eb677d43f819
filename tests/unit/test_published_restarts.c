/*
 * What others' users reported of restarts and reloads: state, timers and
 * windows that begin again from nothing. Each course is run undisturbed, and
 * then with one disturbance after each of its samples; all must tell the same.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "snapshot_bytes.h"

enum way {
    REREAD,   /* a restart that has only the journal */
    SNAPSHOT, /* a restart from a snapshot */
    RELOAD,   /* the rules are read again, and there are more of them */
    WAYS
};

/* What a lamp says, one word a second: a number is its temperature, l3 its
 * light, . a second in which it says nothing. */
struct course {
    struct rule_spec rule;
    const char *words;
    const char *told; /* the states in order */
};

struct life {
    struct gong_engine *engine;
    struct text told;  /* each effect once, whoever says it again */
    uint64_t position; /* of the last effect told */
    uint32_t ordinal;
    bool any;
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct life *life = ctx;

    if (life->any && (effect->position < life->position ||
                      (effect->position == life->position &&
                       effect->ordinal <= life->ordinal))) {
        return;
    }
    life->any = true;
    life->position = effect->position;
    life->ordinal = effect->ordinal;
    effect_line(&life->told, effect);
    text_add(&life->told, "\n");
}

static int64_t
second_ms(int number)
{
    return 1000000 + 1000 * (int64_t)number;
}

static void
begin(struct life *life, const struct gong_ruleset *set)
{
    gong_engine_free(life->engine);
    life->engine = gong_engine_new(NULL, on_effect, life);
    assert_non_null(life->engine);
    assert_int_equal(gong_engine_set_rules(life->engine, set, 0, 0, NULL),
                     GONG_OK);
}

static void
say(struct life *life, int number, const char *word)
{
    struct text payload = {0};
    struct gong_record record = clock_record(second_ms(number));
    char line[64];

    if (word[0] != '.') {
        bool light = word[0] == 'l';

        (void)snprintf(line, sizeof line, "lamp %s=%d %" PRId64,
                       light ? "lux" : "temp", atoi(word + light),
                       second_ms(number));
        record =
            data_record(&payload, second_ms(number), "22015", "lamp-1", line);
    }
    record.offset = (uint64_t)number * 100;
    assert_int_equal(gong_engine_apply(life->engine, &record), GONG_OK);
    text_free(&payload);
}

/* The words from number first to last, from 1; how many there were. */
static int
feed(struct life *life, const char *words, int first, int last)
{
    int number = 0;

    while (*words != '\0' && number < last) {
        if (++number >= first) {
            say(life, number, words);
        }
        words += strcspn(words, " ");
        words += *words == ' ';
    }
    return number;
}

static void
from_snapshot(struct life *life, const struct gong_ruleset *set)
{
    static const struct gong_snapshot_place place = {.rules = "same"};
    struct gong_snapshot_start start = {
        .emit = on_effect, .ctx = life, .set = set};
    struct gong_engine *engine = NULL;
    struct bytes bytes = {0};
    const char *why = "";

    assert_true(bytes_save(&bytes, life->engine, &place));
    assert_int_equal(bytes_restore(&bytes, &start, &engine, &why), GONG_OK);
    bytes_free(&bytes);
    gong_engine_free(life->engine);
    life->engine = engine;
}

static void
disturb(struct life *life, const struct course *course, enum way way, int after,
        const struct gong_ruleset *const sets[2])
{
    struct gong_rules_report report;

    switch (way) {
    case REREAD:
        begin(life, sets[0]);
        (void)feed(life, course->words, 1, after);
        break;
    case SNAPSHOT:
        from_snapshot(life, sets[0]);
        break;
    case RELOAD:
        assert_int_equal(gong_engine_set_rules(life->engine, sets[1],
                                               (uint64_t)after * 100 + 50,
                                               second_ms(after), &report),
                         GONG_OK);
        assert_int_equal(report.kept, 1);
        assert_int_equal(report.added, 1);
        break;
    case WAYS:
        break;
    }
}

/* "firing, inactive missing": what stands between -> and at. */
static void
states_of(const char *told, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (const char *at = told; (at = strstr(at, "->")) != NULL;) {
        const char *end = strstr(at, " at ");

        assert_non_null(end);
        len +=
            (size_t)snprintf(out + len, size - len, "%s%.*s",
                             len == 0 ? "" : ", ", (int)(end - at - 2), at + 2);
        assert_true(len < size);
        at = end;
    }
}

static void
run(const struct course *course)
{
    struct rule_spec specs[2] = {course->rule,
                                 {.alert = "Another", .expr = "lamp_v > 1e9"}};
    struct gong_ruleset *one = make_rules(specs, 1);
    struct gong_ruleset *two = make_rules(specs, 2);
    const struct gong_ruleset *const sets[2] = {one, two};
    struct life once = {0};
    char states[256];
    int count;

    begin(&once, one);
    count = feed(&once, course->words, 1, INT32_MAX);
    assert_non_null(once.told.data);
    states_of(once.told.data, states, sizeof states);
    assert_string_equal(states, course->told);
    for (int i = 0; i < WAYS * (count - 1); i++) {
        struct life twice = {0};
        int after = 1 + i / WAYS;

        begin(&twice, one);
        (void)feed(&twice, course->words, 1, after);
        disturb(&twice, course, (enum way)(i % WAYS), after, sets);
        (void)feed(&twice, course->words, after + 1, INT32_MAX);
        assert_non_null(twice.told.data);
        if (strcmp(once.told.data, twice.told.data) != 0) {
            fail_msg("%s, way %d after second %d:\n%s\nnot\n%s",
                     course->rule.alert, i % WAYS, after, twice.told.data,
                     once.told.data);
        }
        gong_engine_free(twice.engine);
        text_free(&twice.told);
    }
    gong_engine_free(once.engine);
    text_free(&once.told);
    gong_ruleset_free(one);
    gong_ruleset_free(two);
}

/* prometheus#15175: firing goes back to pending. */
static void
firing_stays_firing(void **state)
{
    static const struct course course = {
        {.alert = "ForKept", .expr = "lamp_temp > 70", .for_ms = 3000},
        "80 80 80 80 80 80 80 80",
        "pending condition, firing for"};

    (void)state;
    run(&course);
}

/* prometheus#13957, VictoriaMetrics PR #11371: keep_firing_for is lost. */
static void
keep_firing_for_goes_on(void **state)
{
    static const struct course courses[] = {
        {{.alert = "Kept", .expr = "lamp_temp > 70", .keep_ms = 10000},
         "80 20 20 20 20",
         "firing condition, keeping condition"},
        {{.alert = "Ends", .expr = "lamp_temp > 70", .keep_ms = 3000},
         "80 20 20 20 20 20",
         "firing condition, keeping condition, inactive keep_firing_for"},
    };

    (void)state;
    run(&courses[0]);
    run(&courses[1]);
}

/* kapacitor#908, #744, #1898, #2336: an update of a task or a restart resets
 * state, tells all again or loses the OK. */
static void
a_start_is_counted_from_where_it_was(void **state)
{
    static const struct course courses[] = {
        {{.alert = "For", .expr = "lamp_temp > 70", .for_ms = 5000},
         "80 80 80 80 80 80 80",
         "pending condition, firing for"},
        {{.alert = "Ok", .expr = "lamp_temp > 70"},
         "80 80 20 20 80 80 20",
         "firing condition, inactive condition, firing condition, inactive "
         "condition"},
    };

    (void)state;
    run(&courses[0]);
    run(&courses[1]);
}

/* Kapacitor's handbook: the data of a window "will be lost"; ekuiper#3847: a
 * state window starts from zero. The window of a rule here is its look-back,
 * its grid, and what it saw last of each selector. */
static void
windows_keep_what_is_in_them(void **state)
{
    static const struct course courses[] = {
        /* The light of second 1 counts up to second 5, in both lives. */
        {{.alert = "Both",
          .expr = "lamp_temp > 70 and lamp_lux < 5",
          .lookback_ms = 4000},
         "l3 . . . 80 80 80 80",
         "firing condition, inactive missing"},
        {{.alert = "Unknown",
          .expr = "lamp_temp > 70",
          .lookback_ms = 3000,
          .on_missing = GONG_ON_MISSING_UNKNOWN},
         "80 . . . . . 80 20",
         "firing condition, unknown missing, firing condition, inactive "
         "condition"},
        {{.alert = "Grid",
          .expr = "lamp_temp > 70",
          .interval_ms = 3000,
          .for_ms = 3000,
          .lookback_ms = 5000},
         "80 80 . . . . 80 . . . . . . .",
         "pending condition, firing for, inactive missing"},
        {{.alert = "Sum",
          .expr = "lamp_temp + lamp_lux > 90",
          .lookback_ms = 6000},
         "80 . l20 . 60 . 90 . . . . .",
         "firing condition, inactive condition, firing condition, inactive "
         "missing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof courses / sizeof courses[0]; i++) {
        run(&courses[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(firing_stays_firing),
        cmocka_unit_test(keep_firing_for_goes_on),
        cmocka_unit_test(a_start_is_counted_from_where_it_was),
        cmocka_unit_test(windows_keep_what_is_in_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
