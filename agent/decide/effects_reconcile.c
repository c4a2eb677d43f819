/* After a start, or a failure: the log made to agree with the engine. */
#include <inttypes.h>
#include <stdlib.h>

#include "agent/decide/effect_json.h"
#include "agent/decide/effects_private.h"
#include "common/log.h"

#define AGAIN_S 2 /* after a failure, before it is tried again */

bool
gong_effects_unreconciled(const struct gong_effects *effects)
{
    return ((effects->reconciling || atomic_load(&effects->asked)) &&
            !effects->behind) ||
           (effects->behind &&
            gong_mono_since(gong_mono_now(), effects->behind_at).ns >=
                gong_dur_s(AGAIN_S).ns);
}

void
gong_effects_reconcile(struct gong_effects *effects)
{
    effects->behind = false;
    atomic_store(&effects->asked, false);
    for (size_t i = 0; i < effects->incidents.capacity; i++) {
        effects->incidents.slots[i].held = false;
    }
}

void
gong_effects_reconcile_again(struct gong_effects *effects)
{
    atomic_store(&effects->asked, true);
}

void
gong_effects_held(struct gong_effects *effects, const struct gong_effect *alert,
                  int64_t decided_ms)
{
    struct gong_incident_key key = gong_effects_key(alert);
    struct gong_incident *incident =
        gong_incidents_find(&effects->incidents, key);
    struct gong_effect linked = *alert;

    if (effects->behind) {
        return;
    }
    if (incident == NULL && !effects->whole && !effects->damaged) {
        /* Told long ago, and since then pushed out of the log. */
        if (gong_effects_set_incident(effects, key, alert->to, alert->to_level,
                                      UINT64_MAX) != GONG_OK) {
            return;
        }
    } else if (incident == NULL || incident->state != alert->to ||
               incident->level != alert->to_level) {
        linked.from = incident == NULL ? GONG_ALERT_INACTIVE : incident->state;
        linked.from_level = incident == NULL ? 0 : incident->level;
        linked.ordinal = effects->extra++;
        gong_counter_increase(effects->reconciled, 1);
        if (gong_effects_keep(effects, &linked, key, decided_ms) != GONG_OK &&
            effects->behind) {
            return;
        }
    }
    incident = gong_incidents_find(&effects->incidents, key);
    if (incident != NULL) {
        incident->held = true;
    }
}

/* The text that put it there, changed to its end; NULL where the log no longer
 * has it. Heap. */
static char *
lost_text(struct gong_effects *effects, const struct gong_incident *incident,
          const struct gong_effect *end, int64_t decided_ms)
{
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    char *text = NULL;

    if (incident->offset == UINT64_MAX ||
        gong_spool_cursor_open(effects->spool, NULL, &cursor) != GONG_OK) {
        return NULL;
    }
    gong_spool_cursor_seek(cursor, incident->offset);
    if (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK &&
        record.offset == incident->offset &&
        record.payload.len > GONG_EFFECTS_PREFIX) {
        text = gong_effect_lost(
            gong_str_from(record.payload.data + GONG_EFFECTS_PREFIX,
                          record.payload.len - GONG_EFFECTS_PREFIX),
            end, decided_ms);
    }
    gong_spool_cursor_close(cursor);
    return text;
}

static void
end_lost(struct gong_effects *effects, struct gong_incident incident,
         const struct gong_effect *place, int64_t decided_ms)
{
    struct gong_effect end = {
        .position = place->position,
        .ordinal = effects->extra++,
        .journal_ms = place->journal_ms,
        .from = incident.state,
        .from_level = incident.level,
        .to = GONG_ALERT_INACTIVE,
        .at_ms = place->journal_ms,
    };
    char *text = lost_text(effects, &incident, &end, decided_ms);
    enum gong_err err = GONG_ERR_NOT_FOUND;

    if (text != NULL) {
        err = gong_effects_keep_text(effects, &end, incident.key, text);
    }
    free(text);
    if (err != GONG_OK && err != GONG_ERR_NOT_FOUND) {
        gong_effects_note_behind(effects);
    }
    gong_counter_increase(
        err == GONG_OK ? effects->reconciled : effects->failed, 1);
    gong_log(err == GONG_OK ? GONG_LOG_WARNING : GONG_LOG_ERROR,
             err == GONG_OK ? "incident_lost" : "incident_lost_untold",
             "fingerprint=%016" PRIx64
             " state=%s reason=\"the engine no longer "
             "knows it\"",
             incident.key.fingerprint, gong_alert_state_text(incident.state));
}

/* Without memory there is none; what then stays open ends after the next
 * start. */
static void
take_census(struct gong_effects *effects)
{
    struct gong_census *census = gong_census_take(&effects->incidents);

    gong_monitor_lock(&effects->monitor);
    gong_census_free(effects->census);
    effects->census = census;
    if (census != NULL) {
        census->end = effects->end;
    }
    gong_monitor_wake(&effects->monitor);
    gong_monitor_unlock(&effects->monitor);
}

void
gong_effects_reconciled(struct gong_effects *effects,
                        const struct gong_effect *place, int64_t decided_ms)
{
    struct gong_incident *lost = NULL;
    size_t count = 0;

    if (effects->behind) {
        return;
    }
    if (effects->incidents.count > 0) {
        lost = calloc(effects->incidents.count, sizeof *lost);
    }
    for (size_t i = 0; lost != NULL && i < effects->incidents.capacity; i++) {
        struct gong_incident *incident = &effects->incidents.slots[i];

        if (incident->state != GONG_ALERT_INACTIVE && !incident->held) {
            lost[count++] = *incident;
        }
    }
    for (size_t i = 0; i < count; i++) {
        end_lost(effects, lost[i], place, decided_ms);
    }
    effects->reconciling = lost == NULL && effects->incidents.count > 0;
    free(lost);
    if (!effects->reconciling && !effects->behind) {
        take_census(effects);
    }
}
