/* desk_entry: incidents and their memory. Private to the desk. */
#ifndef GONG_RULES_DESK_DESK_ENTRY_H
#define GONG_RULES_DESK_DESK_ENTRY_H

#include "rules/desk/desk_private.h"

struct gong_desk_entry *gong_desk_entry_new(struct gong_desk *desk,
                                            uint64_t number, uint64_t rule,
                                            uint64_t fingerprint);
void gong_desk_entry_free(struct gong_desk_entry *entry);
struct gong_desk_entry *gong_desk_entry_find(const struct gong_desk *desk,
                                             uint64_t number);
struct gong_desk_entry *gong_desk_entry_of(const struct gong_desk *desk,
                                           uint64_t rule, uint64_t fingerprint);
struct gong_desk_texts {
    struct gong_str rule_id;
    const struct gong_label_view *labels;
    size_t label_count;
    const struct gong_label_view *annotations;
    size_t annotation_count;
};
/* gong_desk_entry_text: whether the labels are others than before. */
bool gong_desk_entry_text(struct gong_desk *desk, struct gong_desk_entry *entry,
                          const struct gong_desk_texts *texts);
/* gong_desk_entry_word: one of a person's texts, copied. */
void gong_desk_entry_word(struct gong_desk *desk, char **own,
                          struct gong_str *field, struct gong_str text);
struct gong_str gong_desk_entry_label(const struct gong_desk_entry *entry,
                                      const char *name);
static inline bool
gong_desk_entry_open(const struct gong_desk_entry *entry)
{
    return entry->is.state == GONG_INCIDENT_OPEN ||
           entry->is.state == GONG_INCIDENT_ACKNOWLEDGED;
}
static inline bool
gong_desk_entry_held(const struct gong_desk_entry *entry)
{
    return entry->is.silenced || entry->is.in_maintenance ||
           entry->is.inhibited;
}
/* A level counts before a severity. */
static inline unsigned
gong_desk_rank(unsigned level, enum gong_severity severity)
{
    return level << 2 | (unsigned)severity;
}
static inline enum gong_severity
gong_desk_rank_severity(unsigned rank)
{
    return (enum gong_severity)(rank & 3);
}
void gong_desk_entry_dirty(struct gong_desk *desk,
                           struct gong_desk_entry *entry);
/* gong_desk_entry_detach: its alert may have another one. */
void gong_desk_entry_detach(struct gong_desk *desk,
                            struct gong_desk_entry *entry);
/* gong_desk_entry_rekey: its alert has another fingerprint from here on, of
 * which no incident is held. */
void gong_desk_entry_rekey(struct gong_desk *desk,
                           struct gong_desk_entry *entry, uint64_t fingerprint);
/* gong_desk_entry_release: forgets one that has ended if nothing waits. */
void gong_desk_entry_release(struct gong_desk *desk,
                             struct gong_desk_entry *entry);
/* gong_desk_entry_drop: forgets it without a word. */
void gong_desk_entry_drop(struct gong_desk *desk,
                          struct gong_desk_entry *entry);

#endif
