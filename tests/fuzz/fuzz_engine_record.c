/*
 * Any journal records, met by rules of every form: equal records must give
 * equal effects, whatever the engine's tables are keyed with, and whether it
 * went on from a snapshot of itself in between or not; and, where nothing is
 * forgotten, whether CLOCK records came when it asked for them or not.
 *
 *   input: u8 rules 'f' as of a Prometheus, 's' slow ones, 't' these, once with
 *             more CLOCK records, 'u' all others likewise, else all others
 *          records, each ended by 0x1e
 *     u8 kind 'd' DATA, 'p' PRESENCE, 'c' CLOCK, 'r' RESUME, 'n' RECORDED,
 *             's' a snapshot, 'l' all rules, 'o' some of them, 'a' a sample of
 *             a Prometheus, 'm' only minutes pass, 'h' only hours
 *     u8 time since the one before: 50 ms each, from 200 on 1 s each; of 'm'
 *        and 'h' minutes or hours, up to 63
 *     payload; of 'r' two letters stand for blind and settling seconds; of 'a'
 *        the value is one, x the marker of an end, and labels' values follow,
 *        separated by commas
 *
 * All but slow rules have work to do each second: time stands still for them
 * once so much of it has passed.
 */
#include <string.h>

#include "common/le.h"
#include "rules/engine/engine_state.h"
#include "rules/engine/sample.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/every_rule.h"
#include "tests/unit/snapshot_bytes.h"

#define RECORDS_MAX       64
#define LEAP_MAX          64
#define SAMPLE_LABELS_MAX (GONG_LABELSET_MAX + 1)
#define MINUTE_MS         INT64_C(60000)
#define HOUR_MS           INT64_C(3600000)
#define DAY_MS            INT64_C(86400000)

struct heard {
    uint64_t count;
    uint64_t sum;
    uint64_t all; /* in any order */
    uint64_t faults;
};

/* Rules, and how much of them. */
struct world {
    struct gong_ruleset all;
    struct gong_ruleset some; /* the first of them */
    int64_t time_ms;
    int64_t end_ms; /* after the last record */
    uint32_t instances;
};

static const struct gong_rule_source *sources[2];
static struct world every;
static struct world foreign; /* the first ones, as rules of a Prometheus */
static struct world slow;
static const struct gong_ruleset none;
static struct gong_rule limited[EVERY_RULE_FOREIGN];

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct heard *heard = ctx;
    uint64_t told = 0;

    FUZZ_CHECK(effect->from != effect->to ||
               effect->from_level != effect->to_level);
    FUZZ_CHECK(effect->label_count >= 1);
    for (size_t i = 1; i < effect->label_count; i++) {
        FUZZ_CHECK(gong_str_compare(effect->labels[i - 1].name,
                                    effect->labels[i].name) < 0);
    }
    heard->count++;
    told = effect->fingerprint + (uint64_t)effect->at_ms * 7 +
           (uint64_t)effect->to + effect->to_level * 5;
    heard->sum = heard->sum * 31 + told + effect->ordinal;
    heard->all += told * told;
}

static void
on_recorded(void *ctx, const struct gong_recorded *recorded)
{
    struct heard *heard = ctx;
    uint64_t told = 0;

    FUZZ_CHECK(recorded->rule->record != NULL);
    told = (uint64_t)recorded->at_ms * 2 + recorded->label_count +
           gong_is_stale(recorded->value);
    heard->sum = heard->sum * 31 + told + recorded->ordinal;
    heard->all += told * told;
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
    const struct world *world;
    const struct gong_ruleset *set;
    struct gong_engine *engine;
    struct gong_engine_limits limits;
    struct heard heard;
    int64_t ms;
    int64_t left_ms; /* what may still pass */
    uint64_t position;
    bool snapshots;
    bool clocks;
    bool forgets;
};

static void
listen(struct run *run)
{
    gong_engine_on_recorded(run->engine, on_recorded, &run->heard);
    gong_engine_on_fault(run->engine, on_fault, &run->heard);
    if (!run->forgets) {
        run->engine->expire.soon_ms = INT64_MAX;
    }
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

static struct gong_str
next_word(struct gong_str *text)
{
    const char *end =
        text->len == 0 ? NULL : memchr(text->data, ',', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->data);
    struct gong_str word = gong_str_from(text->data, len);

    len += end == NULL ? 0 : 1;
    *text = gong_str_from(text->data + len, text->len - len);
    return word;
}

/* One label too many is refused. */
static void
sample(struct run *run, struct gong_str text)
{
    static const char *const names[] = {"__name__", "device", "k", "site"};
    char others[SAMPLE_LABELS_MAX][4];
    struct gong_label_view labels[SAMPLE_LABELS_MAX];
    struct gong_engine_sample s = {.labels = labels};
    enum gong_err err = GONG_OK;

    if (text.len > 0) {
        s.value = text.data[0] == 'x' ? gong_stale_nan() : text.data[0] - 'a';
        text = gong_str_from(text.data + 1, text.len - 1);
    }
    for (; s.label_count < SAMPLE_LABELS_MAX && text.len > 0; s.label_count++) {
        size_t i = s.label_count;

        (void)snprintf(others[i], sizeof others[i], "l%02zu", i % 100);
        labels[i].name = gong_str_of(i < 4 ? names[i] : others[i]);
        labels[i].value = next_word(&text);
    }
    err = gong_engine_apply_foreign(run->engine, run->position, run->ms, &s);
    FUZZ_CHECK(
        err == GONG_OK ||
        err == (run->set->foreign ? GONG_ERR_TOO_LARGE : GONG_ERR_UNSUPPORTED));
    FUZZ_CHECK(err != GONG_ERR_TOO_LARGE || s.label_count >= GONG_LABELSET_MAX);
    run->position += err == GONG_OK;
}

static void
pass(struct run *run, int64_t ms)
{
    ms = ms < run->left_ms ? ms : run->left_ms;
    run->ms += ms;
    run->left_ms -= ms;
}

/* When an agent has to say the time. */
static int64_t
next_clock(const struct run *run)
{
    int64_t due = gong_engine_deadline(run->engine);
    uint64_t position = 0;
    int64_t ms = 0;

    gong_engine_place(run->engine, &position, &ms);
    return due > ms ? due : ms;
}

/* As an agent does that lives through it, but for time that a RESUME says it
 * did not. */
static void
live_through(struct run *run, char kind)
{
    int64_t now = run->ms;

    while (run->clocks && memchr("dpcnlo", kind, 6) != NULL &&
           next_clock(run) < now) {
        run->ms = next_clock(run);
        apply(run, GONG_RECORD_CLOCK, (struct gong_str){"", 0});
        FUZZ_CHECK(gong_engine_deadline(run->engine) > run->ms);
    }
    run->ms = now;
}

static int64_t
time_of(char kind, uint8_t step)
{
    if (kind == 'm' || kind == 'h') {
        return step % LEAP_MAX * (kind == 'm' ? MINUTE_MS : HOUR_MS);
    }
    return step < 200 ? step * INT64_C(50) : (step - 199) * INT64_C(1000);
}

static void
take(struct run *run, struct gong_str text)
{
    struct gong_str payload = {"", 0};

    if (text.len < 2) {
        return;
    }
    pass(run, time_of(text.data[0], (uint8_t)text.data[1]));
    live_through(run, text.data[0]);
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
        reload(run, &run->world->all);
        break;
    case 'o':
        reload(run, &run->world->some);
        break;
    case 'a':
        sample(run, payload);
        break;
    case 'm':
    case 'h':
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
    run->ms += run->world->end_ms;
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
live(struct gong_str input, const struct world *world, bool clocks, bool again)
{
    struct run run = {
        .world = world,
        .set = &world->all,
        .limits = {.rows_per_device = 50,
                   .instances = world->instances,
                   .hash_key = {again ? 2 : 1, 1}},
        .ms = 10 * DAY_MS,
        .left_ms = world->time_ms,
        .snapshots = again,
        .clocks = again && clocks,
        .forgets = !clocks,
    };

    run.engine = gong_engine_new(&run.limits, on_effect, &run.heard);
    FUZZ_CHECK(run.engine != NULL);
    listen(&run);
    FUZZ_CHECK(gong_engine_set_rules(run.engine, run.set, run.position++,
                                     run.ms, NULL) == GONG_OK);
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

static struct world
world_of(const struct gong_ruleset *all, uint32_t instances, int64_t time_ms,
         int64_t end_ms)
{
    struct world world = {*all, *all, time_ms, end_ms, instances};

    world.some.count /= all->city == NULL ? 2 : 3;
    world.some.city = NULL;
    return world;
}

static void
make_worlds(void)
{
    struct gong_ruleset set;

    sources[0] = every_rule_load();
    sources[1] = every_rule_load_slow();
    set = *sources[0]->set;
    every = world_of(&set, 500, 10 * MINUTE_MS, MINUTE_MS / 6);
    memcpy(limited, set.rules, sizeof limited);
    for (size_t i = 0; i < EVERY_RULE_FOREIGN; i++) {
        limited[i].limit = i % 3 == 0 ? 1 : 0;
    }
    set.count = EVERY_RULE_FOREIGN;
    set.rules = limited;
    set.foreign = true;
    foreign = world_of(&set, 100, MINUTE_MS, MINUTE_MS / 6);
    slow = world_of(sources[1]->set, 500, INT64_MAX, DAY_MS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct world *world = &every;
    struct gong_str input;
    struct heard first;
    struct heard second;
    bool clocks = false;

    if (every.all.count == 0) {
        make_worlds();
    }
    if (size == 0) {
        return 0;
    }
    if (data[0] == 'f') {
        world = &foreign;
    } else if (data[0] == 's' || data[0] == 't') {
        world = &slow;
    }
    clocks = data[0] == 't' || data[0] == 'u';
    input = gong_str_from((const char *)data + 1, size - 1);
    first = live(input, world, clocks, false);
    second = live(input, world, clocks, true);
    if (!clocks) {
        FUZZ_CHECK(first.count == second.count && first.sum == second.sum);
    } else {
        FUZZ_CHECK(first.count == second.count && first.all == second.all);
    }
    return 0;
}
