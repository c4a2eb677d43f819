/* effects_private: what the files of effects share. */
#ifndef GONG_AGENT_DECIDE_EFFECTS_PRIVATE_H
#define GONG_AGENT_DECIDE_EFFECTS_PRIVATE_H

#include "agent/decide/effects.h"
#include "common/monitor.h"

#define GONG_EFFECTS_ID_SIZE 16

struct gong_effects {
    struct gong_spool *spool;
    uint8_t boot_id[16];
    gong_counter_t *kept;
    gong_counter_t *suppressed;
    gong_counter_t *reconciled;
    gong_counter_t *failed;
    gong_counter_t *dropped;

    /* Engine thread, and the opener before it starts. */
    bool any; /* position and ordinal say something */
    uint64_t position;
    uint32_t ordinal;
    bool bound; /* a mark was found */
    uint8_t journal_id[GONG_EFFECTS_ID_SIZE];
    struct gong_incidents incidents;
    bool whole;       /* no effect ever left the log: what it does not name is
                         at rest */
    bool damaged;     /* some effect cannot be read any more */
    bool reconciling; /* from the start until gong_effects_reconciled */
    bool behind;      /* some effect could not be kept */
    gong_mono_t behind_at; /* when that was last found */
    atomic_bool asked;     /* to be reconciled once more */
    uint32_t extra; /* ordinals given out from GONG_EFFECTS_RECONCILED on */

    struct gong_monitor monitor; /* guards what follows */
    uint64_t end;
    bool stopping;
    _Atomic uint64_t settled;   /* of the journal, see gong_effects_applied */
    struct gong_census *census; /* not yet taken */
};

struct gong_incident_key gong_effects_key(const struct gong_effect *effect);
/* The state and the level in which an alert was left. */
enum gong_err gong_effects_set_incident(struct gong_effects *effects,
                                        struct gong_incident_key key,
                                        enum gong_alert_state to,
                                        unsigned level,
                                        uint64_t offset) GONG_MUST_CHECK;
/* One more link of the alert's chain. */
enum gong_err gong_effects_keep(struct gong_effects *effects,
                                const struct gong_effect *effect,
                                struct gong_incident_key key,
                                int64_t decided_ms) GONG_MUST_CHECK;
enum gong_err gong_effects_keep_text(struct gong_effects *effects,
                                     const struct gong_effect *effect,
                                     struct gong_incident_key key,
                                     const char *json) GONG_MUST_CHECK;
void gong_effects_note_behind(struct gong_effects *effects);

#endif
