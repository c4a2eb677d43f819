/*
 * engine_presence: what the engine's own files share about presence. Nobody
 * else includes it.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_PRESENCE_H
#define GONG_RULES_ENGINE_ENGINE_PRESENCE_H

#include "rules/engine/engine_state.h"

/* engine_presence.c */

/* gong_engine_heard: a record of samples of a device with a name came, which
 * has room among the presences. */
enum gong_err gong_engine_heard(struct gong_engine *engine,
                                uint32_t device) GONG_MUST_CHECK;

enum gong_err
gong_engine_apply_presence(struct gong_engine *engine,
                           const struct gong_record *record) GONG_MUST_CHECK;

/* gong_engine_silent: the timer of a device's silence came. */
enum gong_err gong_engine_silent(struct gong_engine *engine,
                                 uint32_t device) GONG_MUST_CHECK;

/* gong_engine_end_held: what was held while nothing could turn dark. */
enum gong_err gong_engine_end_held(struct gong_engine *engine) GONG_MUST_CHECK;

/* gong_engine_is_dark: whether an instance's device is, and it matters to the
 * rule. */
static inline bool
gong_engine_is_dark(const struct gong_engine *engine,
                    const struct gong_instance *instance)
{
    const struct gong_live *live = engine->live;
    const struct gong_book_rule *rule = &live->book.rules[instance->rule];

    return engine->presences.dark != 0 &&
           (rule->terms.unknown || rule->terms.fire) && !rule->presence &&
           gong_presence_is_dark(
               &engine->presences,
               gong_series_at(&live->binds,
                              gong_bind_home(&live->binds, instance))
                   ->device);
}

/* engine_declare.c */

/* gong_engine_declare: what a birth says of how far apart samples lie. */
enum gong_err gong_engine_declare(struct gong_engine *engine, uint32_t device,
                                  struct gong_str every) GONG_MUST_CHECK;

/* gong_engine_set_lookback: of a series that a row feeds. */
void gong_engine_set_lookback(const struct gong_engine *engine,
                              const struct gong_binds *binds,
                              const struct gong_row *row, uint32_t series);

/* engine_facts.c */

/* gong_engine_name_presence: makes the symbols of presence's series; payloads
 * cannot feed these. */
enum gong_err
gong_engine_name_presence(struct gong_engine *engine) GONG_MUST_CHECK;
bool gong_engine_is_reserved(const struct gong_engine *engine,
                             const struct gong_book *book, uint32_t metric);

/* gong_engine_is_own: whether only the engine feeds a metric: those, and what
 * recordings of the book feed. */
bool gong_engine_is_own(const struct gong_engine *engine,
                        const struct gong_book *book, uint32_t metric);

/* gong_engine_tell_presence: feeds what became of a device that turned or
 * became known; the others say what its unit was before. */
enum gong_err gong_engine_tell_presence(struct gong_engine *engine,
                                        uint32_t device, bool unit_was_dark,
                                        uint32_t known_before) GONG_MUST_CHECK;

/* gong_engine_move_presence: after a change of rules: tells those whose labels
 * are others than by the city before. */
enum gong_err
gong_engine_move_presence(struct gong_engine *engine,
                          const struct gong_city *old) GONG_MUST_CHECK;

/* engine_city.c */

/* gong_engine_city_labels: the labels of a site, or of a device of it (names;
 * 0: of the site), with its unit's; 0 without memory. */
uint32_t gong_engine_city_labels(struct gong_engine *engine,
                                 const struct gong_city *city, uint32_t site,
                                 uint32_t device);

/* gong_engine_bind_params: gives live the series of its city's parameters. */
enum gong_err gong_engine_bind_params(struct gong_engine *engine,
                                      struct gong_live *live) GONG_MUST_CHECK;

/* gong_engine_look_at_params: after a change of rules from old: a parameter
 * that changed counts at once for what has samples. Nobody looks while it is
 * blind: the next sample does. */
enum gong_err
gong_engine_look_at_params(struct gong_engine *engine,
                           const struct gong_book *old) GONG_MUST_CHECK;

/* gong_engine_is_stated: whether an old book's metric is one that is bound anew
 * with each rule set: it is not carried over. */
bool gong_engine_is_stated(const struct gong_engine *engine,
                           const struct gong_book *book, uint32_t metric);

/* gong_engine_relabel: the label sets of all rows, by their numbers, as the
 * registry's city makes them; NULL without memory. gong_engine_swap_labels:
 * gives them to the rows, which leave theirs in their place. */
uint32_t *gong_engine_relabel(struct gong_engine *engine);
void gong_engine_swap_labels(struct gong_engine *engine, uint32_t *labelsets);

/* gong_engine_bind_presence: gives live the series of presence as they are. */
enum gong_err gong_engine_bind_presence(struct gong_engine *engine,
                                        struct gong_live *live) GONG_MUST_CHECK;

/* gong_engine_judge: what an alert of a presence rule that begins to fire
 * hides. */
void gong_engine_judge(const struct gong_engine *engine,
                       struct gong_alert *alert);

#endif
