/* engine_fixture: rules, records and effects in few words, for the tests of
 * the engine. */
#ifndef GONG_TESTS_ENGINE_FIXTURE_H
#define GONG_TESTS_ENGINE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/record.h"
#include "rules/engine/engine.h"

/* A rule; zeros are defaults: no for, no keep, interval 0, look-back 5 m. */
struct rule_spec {
    const char *alert; /* also the id */
    bool record;       /* alert is the metric that it feeds */
    const char *expr;
    int64_t for_ms;
    int64_t keep_ms;
    int64_t interval_ms;
    int64_t lookback_ms;
    const char *label;      /* "name=value" or NULL */
    const char *annotation; /* "name=template" or NULL */
    enum gong_on_missing on_missing;
    const char *resolve; /* or NULL */
    /* A second level, "critical" after "warning", or NULL. */
    const char *worse;
    const char *worse_resolve;
    int64_t worse_for_ms;
};

/* make_rules: heap; gong_ruleset_free. Fails the test on a bad rule. */
struct gong_ruleset *make_rules(const struct rule_spec *specs, size_t count);

/* Text that grows. */
struct text {
    char *data;
    size_t len;
    size_t size;
};

void text_add(struct text *text, const char *format, ...) GONG_PRINTF(2, 3);
void text_clear(struct text *text);
void text_free(struct text *text);

/* text_sort_lines: for effects of one record, whose order among instances is
 * each engine's own. text has been cleared or added to. */
#define TEXT_LINES_MAX 2048
void text_sort_lines(struct text *text);

/* effect_line: one line without position and ordinal:
 *   Hot{device="d",site="s"} inactive->firing condition at 5 since 5 value 1
 * and " level 0->1" of a rule with levels, " trial" of one on trial. */
void effect_line(struct text *out, const struct gong_effect *effect);

/* effect_bytes: everything an effect says, one line. */
void effect_bytes(struct text *out, const struct gong_effect *effect);

/* A data record of journal time ms; its payload lives in *payload. points have
 * stamps in ms, which become ns. */
struct gong_record data_record(struct text *payload, int64_t ms,
                               const char *site, const char *device,
                               const char *points);
/* A presence record; its payload lives in *payload. */
struct gong_record status_record(struct text *payload, int64_t ms,
                                 const char *site, const char *device,
                                 const char *status);
struct gong_record clock_record(int64_t ms);
/* Its payload lives in *payload. blind -1: from here on. */
struct gong_record resume_record(struct text *payload, int64_t ms,
                                 int64_t blind, int64_t settle);

/* forget_soon: from here on an engine forgets whatever nothing can see any more
 * after each record. To be asked of a restored one again. engine_expired: how
 * many series it has forgotten. */
void forget_soon(struct gong_engine *engine);
uint64_t engine_expired(const struct gong_engine *engine);

#endif
