/* What was kept comes back, in any order; desk_reload.c puts it together. */
#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_hold.h"
#include "rules/desk/desk_state.h"
#include "rules/desk/desk_private.h"

enum gong_err
gong_desk_restore(struct gong_desk *desk, uint64_t next_incident,
                  uint64_t next_silence)
{
    if (desk->settled || next_incident == 0 || next_silence == 0) {
        return GONG_ERR_INVALID;
    }
    if (next_incident > desk->next_incident) {
        desk->next_incident = next_incident;
    }
    if (next_silence > desk->next_silence) {
        desk->next_silence = next_silence;
    }
    return GONG_OK;
}

static bool
is_valid(const struct gong_desk_incident *is)
{
    bool over =
        is->state == GONG_INCIDENT_ENDED || is->state == GONG_INCIDENT_CLOSED;

    return is->number > 0 && is->number < UINT64_MAX &&
           (over || is->state == GONG_INCIDENT_OPEN ||
            is->state == GONG_INCIDENT_ACKNOWLEDGED) &&
           over == (is->ended_ms != 0) &&
           gong_alert_state_valid((unsigned)is->alert) &&
           is->severity <= GONG_SEVERITY_CRITICAL &&
           is->level <= UINT32_MAX >> 3 && is->escalate_ms >= 0 &&
           is->ack_until_ms >= 0 && is->ack_due_ms >= 0 &&
           is->resolve_due_ms >= 0;
}

static void
take_words(struct gong_desk *desk, struct gong_desk_entry *entry,
           const struct gong_desk_incident *from)
{
    struct gong_desk_incident *is = &entry->is;

    *is = *from;
    is->owner = is->acked_by = is->ack_comment = is->cause =
        gong_str_from("", 0);
    gong_desk_entry_word(desk, &entry->owner, &is->owner, from->owner);
    gong_desk_entry_word(desk, &entry->acked_by, &is->acked_by, from->acked_by);
    gong_desk_entry_word(desk, &entry->ack_comment, &is->ack_comment,
                         from->ack_comment);
    gong_desk_entry_word(desk, &entry->cause, &is->cause, from->cause);
    (void)gong_desk_entry_text(
        desk, entry,
        &(struct gong_desk_texts){from->rule_id, from->labels,
                                  from->label_count, from->annotations,
                                  from->annotation_count});
}

enum gong_err
gong_desk_restore_incident(struct gong_desk *desk,
                           const struct gong_desk_incident *incident)
{
    struct gong_desk_entry *entry = NULL;

    if (desk->err != GONG_OK) {
        return desk->err;
    }
    if (!is_valid(incident) || (desk->settled && incident->ended_ms == 0)) {
        return GONG_ERR_INVALID;
    }
    if (gong_desk_entry_find(desk, incident->number) != NULL) {
        return desk->settled ? GONG_OK : GONG_ERR_INVALID;
    }
    if (desk->entry_list.count > GONG_DESK_INCIDENTS_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    entry = gong_desk_entry_new(desk, incident->number, incident->rule,
                                incident->fingerprint);
    if (entry == NULL) {
        return desk->err;
    }
    take_words(desk, entry, incident);
    if (desk->settled) {
        gong_desk_entry_detach(desk, entry);
        if (desk->recalled != NULL) {
            gong_desk_entry_drop(desk, desk->recalled);
        }
        desk->recalled = entry;
    } else if (incident->number >= desk->next_incident) {
        desk->next_incident = incident->number + 1;
    }
    return desk->err;
}

enum gong_err
gong_desk_restore_silence(struct gong_desk *desk,
                          const struct gong_desk_silence *silence)
{
    struct gong_expr_error error = {0};

    if (desk->err != GONG_OK) {
        return desk->err;
    }
    if (desk->settled || silence->number == 0 ||
        silence->number == UINT64_MAX ||
        gong_desk_silence_find(desk, silence->number) != NULL ||
        desk->hush_list.count >= GONG_DESK_SILENCES_MAX) {
        return GONG_ERR_INVALID;
    }
    if (silence->number >= desk->next_silence) {
        desk->next_silence = silence->number + 1;
    }
    if (silence->ended) {
        return GONG_OK;
    }
    if (gong_desk_silence_add(desk, silence, &error) == NULL) {
        return desk->err != GONG_OK ? desk->err : GONG_ERR_INVALID;
    }
    return GONG_OK;
}

enum gong_err
gong_desk_restore_group(struct gong_desk *desk, struct gong_str key,
                        struct gong_str state)
{
    enum gong_err err = desk->settled ? GONG_ERR_INVALID : desk->err;
    struct gong_desk_raw *raw = NULL;

    if (err != GONG_OK) {
        return err;
    }
    raw = gong_desk_raw_read(key, state, &err);
    if (raw == NULL) {
        return err;
    }
    if (!gong_desk_list_add(desk, &desk->raws, raw)) {
        gong_desk_raw_free(raw);
    }
    return desk->err;
}
