/*
 * Any journal records, met by rules of every form: equal records must give
 * equal effects, whatever the engine's tables are keyed with, and whether it
 * went on from a snapshot of itself in between or not.
 *
 *   input: records, each ended by 0x1e
 *     u8 kind 'd' DATA, 'p' PRESENCE, 'c' CLOCK, 'r' RESUME, 'n' RECORDED,
 *             's' a snapshot, 'l' all rules, 'o' some of them
 *     u8 time since the one before: 50 ms each, from 200 on 5 s each
 *     payload; of 'r' two letters stand for blind and settling seconds
 */
#include <string.h>

#include "common/le.h"
#include "rules/engine/engine.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/every_rule.h"
#include "tests/unit/snapshot_bytes.h"

#define RECORDS_MAX 64
#define DAY_MS      INT64_C(86400000)

struct heard {
    uint64_t count;
    uint64_t sum;
    uint64_t faults;
};

static struct gong_rule_source *source;
static struct gong_ruleset some; /* the first of them */
static struct gong_ruleset none;
static struct gong_ruleset foreign; /* as rules of a Prometheus */
static struct gong_rule limited[EVERY_RULE_FOREIGN];

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct heard *heard = ctx;

    FUZZ_CHECK(effect->from != effect->to ||
               effect->from_level != effect->to_level);
    FUZZ_CHECK(effect->label_count >= 1);
    for (size_t i = 1; i < effect->label_count; i++) {
        FUZZ_CHECK(gong_str_compare(effect->labels[i - 1].name,
                                    effect->labels[i].name) < 0);
    }
    heard->count++;
    heard->sum = heard->sum * 31 + effect->fingerprint +
                 (uint64_t)effect->at_ms * 7 + (uint64_t)effect->to +
                 effect->to_level * 5 + effect->ordinal;
}

static void
on_recorded(void *ctx, const struct gong_recorded *recorded)
{
    struct heard *heard = ctx;

    FUZZ_CHECK(recorded->rule->record != NULL);
    heard->sum = heard->sum * 31 + (uint64_t)recorded->at_ms +
                 recorded->label_count + recorded->ordinal;
}

/* Told again after a snapshot: they are reports, not state. */
static void
on_fault(void *ctx, const struct gong_rule_fault *fault)
{
    struct heard *heard = ctx;

    FUZZ_CHECK(fault->rule != NULL);
    heard->faults++;
}

static void
on_open(void *ctx, const struct gong_effect *effect)
{
    uint64_t *open = ctx;

    FUZZ_CHECK(effect->to != GONG_ALERT_INACTIVE);
    ++*open;
}

/* One run of the records. */
struct run {
    const struct gong_ruleset *set;
    struct gong_engine *engine;
    struct gong_engine_limits limits;
    struct heard heard;
    int64_t ms;
    uint64_t position;
    bool snapshots;
};

static void
listen(struct run *run)
{
    gong_engine_on_recorded(run->engine, on_recorded, &run->heard);
    gong_engine_on_fault(run->engine, on_fault, &run->heard);
}

static void
through_snapshot(struct run *run)
{
    struct gong_snapshot_place place = {.position = run->position};
    struct gong_snapshot_start start = {
        .limits = &run->limits,
        .emit = on_effect,
        .ctx = &run->heard,
        .set = run->set,
    };
    struct bytes bytes = {0};
    const char *why = "";

    if (!run->snapshots) {
        return;
    }
    FUZZ_CHECK(bytes_save(&bytes, run->engine, &place));
    gong_engine_free(run->engine);
    run->engine = NULL;
    if (bytes_restore(&bytes, &start, &run->engine, &why) != GONG_OK) {
        (void)fprintf(stderr, "%s\n", why);
        FUZZ_CHECK(false);
    }
    listen(run);
    bytes_free(&bytes);
}

static void
apply(struct run *run, enum gong_record_type type, struct gong_str payload)
{
    struct gong_record record = {
        .meta = {.type = (uint8_t)type,
                 .journal_ms = run->ms,
                 .wall_ns = run->ms * 1000000},
        .offset = run->position++,
        .payload = payload,
    };

    FUZZ_CHECK(gong_engine_apply(run->engine, &record) == GONG_OK);
}

static void
resume(struct run *run, struct gong_str text)
{
    uint8_t payload[16];
    int64_t blind = text.len > 0 ? (int64_t)(uint8_t)text.data[0] - 'a' : 0;
    int64_t settle = text.len > 1 ? (int64_t)(uint8_t)text.data[1] - 'a' : 0;

    gong_le_put64(payload, (uint64_t)(blind < 0 ? -1 : blind * 1000));
    gong_le_put64(payload + 8, (uint64_t)(settle * 1000));
    apply(run, GONG_RECORD_RESUME,
          gong_str_from((const char *)payload, sizeof payload));
}

static void
reload(struct run *run, const struct gong_ruleset *set)
{
    struct gong_rules_report report;
    bool same = set == run->set;

    FUZZ_CHECK(gong_engine_set_rules(run->engine, set, run->position++, run->ms,
                                     &report) == GONG_OK);
    FUZZ_CHECK(!same || (report.kept == set->count && report.added == 0));
    run->set = set;
}

static void
take(struct run *run, struct gong_str text)
{
    struct gong_str payload = {"", 0};
    uint8_t step;

    if (text.len < 2) {
        return;
    }
    step = (uint8_t)text.data[1];
    run->ms += step < 200 ? step * INT64_C(50) : (step - 199) * INT64_C(5000);
    payload = gong_str_from(text.data + 2, text.len - 2);
    switch (text.data[0]) {
    case 'd':
        apply(run, GONG_RECORD_DATA, payload);
        break;
    case 'p':
        apply(run, GONG_RECORD_PRESENCE, payload);
        break;
    case 'c':
        apply(run, GONG_RECORD_CLOCK, payload);
        break;
    case 'r':
        resume(run, payload);
        break;
    case 'n':
        apply(run, GONG_RECORD_RECORDED, payload);
        break;
    case 's':
        through_snapshot(run);
        break;
    case 'l':
        reload(run, run->set->foreign ? &foreign : source->set);
        break;
    case 'o':
        reload(run, run->set->foreign ? &foreign : &some);
        break;
    default: /* a RESUME with bytes of any length */
        apply(run, GONG_RECORD_RESUME, payload);
        break;
    }
}

/* Without rules nothing is left of any alert. */
static void
finish(struct run *run)
{
    struct gong_engine_stats stats;
    uint64_t position = 0;
    uint64_t open = 0;
    int64_t ms = 0;

    gong_engine_place(run->engine, &position, &ms);
    FUZZ_CHECK(position < run->position && ms <= run->ms);
    (void)gong_engine_settling(run->engine);
    gong_engine_stats(run->engine, &stats);
    gong_engine_alerts(run->engine, on_open, &open);
    FUZZ_CHECK(open >= stats.pending + stats.firing + stats.unknown);
    run->ms += 60000;
    apply(run, GONG_RECORD_CLOCK, (struct gong_str){"", 0});
    FUZZ_CHECK(gong_engine_deadline(run->engine) > run->ms);
    gong_engine_stats(run->engine, &stats);
    FUZZ_CHECK(stats.instances <= run->limits.instances);
    FUZZ_CHECK(gong_engine_set_rules(run->engine, &none, run->position++,
                                     run->ms, NULL) == GONG_OK);
    gong_engine_stats(run->engine, &stats);
    FUZZ_CHECK(stats.pending == 0 && stats.firing == 0 && stats.unknown == 0);
    FUZZ_CHECK(stats.trial == 0 && stats.instances == 0);
    gong_engine_free(run->engine);
}

static struct heard
live(struct gong_str input, const struct gong_ruleset *set, uint64_t key,
     bool snapshots)
{
    struct run run = {
        .set = set,
        .limits = {.rows_per_device = 50,
                   .instances = 500,
                   .hash_key = {key, 1}},
        .ms = 10 * DAY_MS,
        .snapshots = snapshots,
    };

    run.engine = gong_engine_new(&run.limits, on_effect, &run.heard);
    FUZZ_CHECK(run.engine != NULL);
    listen(&run);
    FUZZ_CHECK(gong_engine_set_rules(run.engine, set, run.position++, run.ms,
                                     NULL) == GONG_OK);
    for (int i = 0; i < RECORDS_MAX && input.len > 0; i++) {
        const char *end = memchr(input.data, 0x1e, input.len);
        size_t len = end == NULL ? input.len : (size_t)(end - input.data);

        take(&run, gong_str_from(input.data, len));
        len += end == NULL ? 0 : 1;
        input = gong_str_from(input.data + len, input.len - len);
    }
    finish(&run);
    return run.heard;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str input = gong_str_from((const char *)data, size);
    const struct gong_ruleset *sets[] = {NULL, &foreign};

    if (source == NULL) {
        source = every_rule_load();
        some = *source->set;
        some.count /= 2;
        foreign = *source->set;
        foreign.count = EVERY_RULE_FOREIGN;
        foreign.rules = limited;
        memcpy(limited, source->set->rules, sizeof limited);
        for (size_t i = 0; i < EVERY_RULE_FOREIGN; i++) {
            limited[i].limit = i % 3 == 0 ? 1 : 0;
        }
        foreign.foreign = true;
    }
    sets[0] = source->set;
    for (size_t i = 0; i < 2; i++) {
        struct heard first = live(input, sets[i], 1, false);
        struct heard second = live(input, sets[i], 2, true);

        FUZZ_CHECK(first.count == second.count && first.sum == second.sum);
    }
    return 0;
}
