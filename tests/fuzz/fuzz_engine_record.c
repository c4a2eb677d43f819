/* Any bytes as the payload of a journal's data and presence records, met by
 * rules of every form, twice: equal records must give equal effects. */
#include <string.h>

#include "rules/engine/engine.h"
#include "tests/fuzz/fuzz.h"

#define RULES 8

struct heard {
    uint64_t count;
    uint64_t sum;
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct heard *heard = ctx;

    FUZZ_CHECK(effect->from != effect->to);
    FUZZ_CHECK(effect->label_count >= 1);
    for (size_t i = 1; i < effect->label_count; i++) {
        FUZZ_CHECK(gong_str_compare(effect->labels[i - 1].name,
                                    effect->labels[i].name) < 0);
    }
    heard->count++;
    heard->sum = heard->sum * 31 + effect->fingerprint +
                 (uint64_t)effect->at_ms * 7 + (uint64_t)effect->to;
}

static struct gong_ruleset *
make_rules(struct gong_rule rules[RULES], struct gong_ruleset *set)
{
    static const char *const exprs[RULES] = {"m_a > 1",
                                             "m_a{k!=\"x\"} * 2 >= 1",
                                             "m_a > m_b",
                                             "m_a > 0 unless m_b > 0",
                                             "m < 5",
                                             "avg_over_time(m_a[3s]) > 1",
                                             "rate(m_b[4s]) > m_a offset 1s",
                                             "changes(m_b[2s]) > 1"};
    static char names[RULES][2] = {"0", "1", "2", "3", "4", "5", "6", "7"};

    for (size_t i = 0; i < RULES; i++) {
        struct gong_expr_error error;

        rules[i] = (struct gong_rule){
            .id = names[i],
            .alert = names[i],
            .expr = gong_expr_parse(gong_str_of(exprs[i]), &error),
            .lookback_ms = 5000,
            .for_ms = i % 2 == 0 ? 0 : 1000,
            .keep_firing_for_ms = i == 3 ? 500 : 0,
            .interval_ms = i == 4 ? 1000 : 0,
        };
        FUZZ_CHECK(rules[i].expr != NULL);
    }
    *set = (struct gong_ruleset){.rules = rules, .count = RULES};
    return set;
}

static struct heard
live(struct gong_str payload, const struct gong_ruleset *set, uint64_t key)
{
    struct gong_engine_limits limits = {
        .rows_per_device = 50, .instances = 500, .hash_key = {key, 1}};
    struct heard heard = {0, 0};
    struct gong_engine *engine = gong_engine_new(&limits, on_effect, &heard);
    struct gong_record record = {.meta = {.type = GONG_RECORD_DATA},
                                 .payload = payload};
    struct gong_engine_stats stats;

    FUZZ_CHECK(engine != NULL);
    FUZZ_CHECK(gong_engine_set_rules(engine, set, 0, 0, NULL) == GONG_OK);
    for (int64_t ms = 1000; ms <= 5000; ms += 2000) {
        record.meta.journal_ms = ms;
        record.meta.wall_ns = ms * 1000000;
        FUZZ_CHECK(gong_engine_apply(engine, &record) == GONG_OK);
    }
    record.meta.type = GONG_RECORD_PRESENCE;
    FUZZ_CHECK(gong_engine_apply(engine, &record) == GONG_OK);
    record.meta.type = GONG_RECORD_CLOCK;
    record.meta.journal_ms = INT64_MAX;
    FUZZ_CHECK(gong_engine_apply(engine, &record) == GONG_OK);
    gong_engine_stats(engine, &stats);
    FUZZ_CHECK(stats.instances <= 500);
    FUZZ_CHECK(stats.pending == 0 && stats.firing == 0);
    FUZZ_CHECK(gong_engine_deadline(engine) == INT64_MAX);
    gong_engine_free(engine);
    return heard;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_rule rules[RULES];
    struct gong_ruleset set;
    struct gong_str payload = gong_str_from((const char *)data, size);
    struct heard first;
    struct heard second;

    make_rules(rules, &set);
    first = live(payload, &set, 1);
    second = live(payload, &set, 2);
    FUZZ_CHECK(first.count == second.count && first.sum == second.sum);
    for (size_t i = 0; i < RULES; i++) {
        gong_expr_free(rules[i].expr);
    }
    return 0;
}
