/* desk_state: what is kept of groups and recipients, as text. Private to the
 * desk. */
#ifndef GONG_RULES_DESK_DESK_STATE_H
#define GONG_RULES_DESK_DESK_STATE_H

#include "rules/desk/desk_private.h"

/* NULL without memory; the caller frees. */
char *gong_desk_state_group(const struct gong_desk_group *group,
                            const struct gong_desk *desk, size_t *len);
char *gong_desk_state_recipient(const struct gong_desk_recipient *recipient,
                                const struct gong_desk *desk, size_t *len);
/* A state that was read. Texts point into it, but for labels. */
struct gong_desk_raw_told {
    uint64_t incident;
    uint64_t told; /* a recipient's: the step */
    int64_t flags; /* a recipient's: since when */
};
struct gong_desk_raw {
    char *key;
    char *text;
    bool group; /* else a recipient */
    struct gong_str receiver;
    struct gong_str unit;
    struct gong_str identity; /* empty: of no route any more */
    struct gong_str name;
    uint64_t twin;
    int64_t base;
    int64_t due; /* a recipient's: quiet until */
    int64_t told_ms;
    struct gong_label_view *labels;
    size_t label_count;
    struct gong_desk_raw_told *told;
    size_t told_count;
};
#define GONG_DESK_FLAG_FELL  1
#define GONG_DESK_FLAG_LEFT  2
#define GONG_DESK_FLAG_LATE  4
#define GONG_DESK_FLAG_PAGED 8
/* NULL with err set: INVALID or MEMORY. */
struct gong_desk_raw *gong_desk_raw_read(struct gong_str key,
                                         struct gong_str state,
                                         enum gong_err *err);
void gong_desk_raw_free(struct gong_desk_raw *raw);

/* desk_reload.c: puts together what was restored, or renewed. */
void gong_desk_settle(struct gong_desk *desk);

#endif
