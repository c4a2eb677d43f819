/*
 * cost_feed: series made for a rule's selectors, to be fed to an engine that
 * has the rule alone.
 *
 *   a rule without parameters   all in one record, of no device
 *   one that reads parameters   a record for each device of a city model (made,
 *                               too) in which each device has all of them
 */
#ifndef GONG_RULES_TOOL_COST_FEED_H
#define GONG_RULES_TOOL_COST_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/engine/city.h"
#include "rules/engine/engine.h"

/* Plain data; all zero: none. */
struct gong_cost_feed {
    /* The lines of all series as far as they are always the same, one after
     * another: "a,cost=17 value=". */
    char *heads;
    size_t *ends;           /* of each */
    size_t distinct;        /* series in all, without parameters */
    size_t count;           /* of each selector */
    struct gong_city *city; /* NULL: the rule reads no parameters */
};

/* gong_cost_feed_make: count series of each of the rule's selectors, those
 * alike once. Borrows the rule. fini after a failure, too. */
enum gong_err gong_cost_feed_make(const struct gong_rule *rule, bool foreign,
                                  uint32_t count,
                                  struct gong_cost_feed *out) GONG_MUST_CHECK;
void gong_cost_feed_fini(struct gong_cost_feed *feed);

/* gong_cost_feed_params: what parameters are in a run with value: 1, that value
 * where the rule reads nothing else. */
void gong_cost_feed_params(const struct gong_cost_feed *feed, double value);

/* gong_cost_feed_all: a sample of value for every series. */
enum gong_err gong_cost_feed_all(struct gong_engine *engine,
                                 const struct gong_cost_feed *feed,
                                 double value, int64_t ms) GONG_MUST_CHECK;

/* gong_cost_feed_series: how many series the rule has. */
static inline size_t
gong_cost_feed_series(const struct gong_cost_feed *feed)
{
    return feed->distinct > 0   ? feed->distinct
           : feed->city != NULL ? feed->city->device_count
                                : 0;
}

#endif
