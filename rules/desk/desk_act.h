/* desk_act: what people do. */
#ifndef GONG_RULES_DESK_DESK_ACT_H
#define GONG_RULES_DESK_DESK_ACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"
#include "rules/desk/desk_view.h"

/* A silence or maintenance that is planned further ahead or lasts longer is a
 * mistake: refused. */
#define GONG_DESK_SILENCE_MS_MAX (INT64_C(366) * 24 * 3600 * 1000)

enum gong_act_kind {
    GONG_ACT_ACKNOWLEDGE,
    GONG_ACT_UNACKNOWLEDGE,
    GONG_ACT_ASSIGN,
    GONG_ACT_COMMENT,
    GONG_ACT_RESOLVE,
    GONG_ACT_OUTCOME,
    GONG_ACT_SILENCE,     /* matchers, or one incident until it is over */
    GONG_ACT_UNSILENCE,   /* by the silence's number */
    GONG_ACT_MAINTENANCE, /* from..until for matchers */
};

/* What a person does. Texts are borrowed, may be empty. */
struct gong_desk_act {
    enum gong_act_kind kind;
    struct gong_str by;      /* who; never empty */
    uint64_t incident;       /* its number; 0: none (silence by matchers) */
    uint64_t silence;        /* UNSILENCE */
    struct gong_str owner;   /* ASSIGN; ACKNOWLEDGE: by, if empty */
    struct gong_str comment; /* of all kinds */
    int64_t from_ms;         /* SILENCE, MAINTENANCE; 0: now */
    int64_t until_ms; /* ACKNOWLEDGE, SILENCE, MAINTENANCE; 0: until resolved */
    bool sticky;      /* ACKNOWLEDGE */
    struct gong_str matchers; /* SILENCE, MAINTENANCE: as in routes, joined by
                                 commas: severity="info",unit=~"24.*" */
    struct gong_str cause;    /* OUTCOME */
    enum gong_verdict verdict;
    int64_t cost; /* OUTCOME: in dong */
};

/* gong_desk_act_text: the act in a line, as its event keeps it: the comment,
 * then what else it sets:
 *
 *   đang đi [owner="lan" until=2026-11-22T08:15:00+07:00 sticky]
 *   [verdict=real cost=1500000 cause="mưa lớn"]
 *
 * zone_ms: east of UTC; of a longer comment only comment_max bytes. The caller
 * frees; NULL without memory. */
char *gong_desk_act_text(const struct gong_desk_act *act, int64_t zone_ms,
                         size_t comment_max);
#endif
