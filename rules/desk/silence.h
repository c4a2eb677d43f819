/*
 * silence: matchers that hold messages back from one instant to another, or
 * one incident until it is over. Maintenance is the same with a plan: known
 * before it begins.
 */
#ifndef GONG_RULES_DESK_SILENCE_H
#define GONG_RULES_DESK_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

/* Plain data; texts are borrowed. */
struct gong_desk_silence {
    uint64_t number;
    bool maintenance;
    uint64_t incident; /* 0: by matchers */
    struct gong_str matchers;
    struct gong_str by;
    struct gong_str comment;
    int64_t created_ms;
    int64_t from_ms;
    int64_t until_ms; /* INT64_MAX: until the incident is over */
    bool ended;       /* by a person, or by time */
};

#endif
