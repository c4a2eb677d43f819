/* What tries came to, on its way to the disk. */
#include "agent/tell/outbox_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"

#define COUNT_S 2    /* between two counts of who was not reached */
#define SYNC_MS 1000 /* from what was kept to the disk having it */

void
gong_outbox_note_try(struct gong_outbox *outbox,
                     struct gong_outbox_recipient *recipient,
                     const struct gong_outbox_delivery *delivery)
{
    struct gong_outbox_note *note = calloc(1, sizeof *note);
    const char *channel = delivery->channel;

    if (note == NULL) {
        return; /* only the record suffers */
    }
    note->recipient = recipient;
    note->delivery = *delivery;
    (void)snprintf(note->why, sizeof note->why, "%s", delivery->why);
    note->delivery.why = note->why;
    /* A way's name, or the row's chain: both outlive the note. */
    note->delivery.channel = channel;
    note->next = outbox->notes;
    outbox->notes = note;
}

void
gong_outbox_note_changed(struct gong_outbox *outbox,
                         struct gong_outbox_recipient *recipient)
{
    recipient->busy = true;
    if (!recipient->changed) {
        recipient->changed = true;
        outbox->changed++;
    }
}

void
gong_outbox_free_notes(struct gong_outbox *outbox)
{
    while (outbox->notes != NULL) {
        struct gong_outbox_note *note = outbox->notes;

        outbox->notes = note->next;
        free(note);
    }
}

/* They are listed newest first. */
static void
reverse_notes(struct gong_outbox *outbox)
{
    struct gong_outbox_note *list = outbox->notes;

    outbox->notes = NULL;
    while (list != NULL) {
        struct gong_outbox_note *next = list->next;

        list->next = outbox->notes;
        outbox->notes = list;
        list = next;
    }
}

static enum gong_err
write_all(struct gong_outbox *outbox, bool durable)
{
    enum gong_err err = gong_outbox_db_begin(outbox->db, durable);

    for (size_t i = 0; i < outbox->recipient_count && err == GONG_OK; i++) {
        if (outbox->recipients[i]->changed) {
            err =
                gong_outbox_db_put_row(outbox->db, outbox->recipients[i]->head);
        }
    }
    for (const struct gong_outbox_note *note = outbox->notes;
         note != NULL && err == GONG_OK; note = note->next) {
        err = gong_outbox_db_put_delivery(outbox->db, &note->delivery);
    }
    if (err == GONG_OK) {
        err = gong_outbox_db_commit(outbox->db);
    }
    if (err != GONG_OK) {
        gong_outbox_db_rollback(outbox->db);
    }
    return err;
}

static void
release(struct gong_outbox *outbox, struct gong_outbox_recipient *recipient)
{
    recipient->changed = false;
    recipient->busy = false;
    if (recipient->head->state == GONG_OUTBOX_WAITING) {
        return;
    }
    gong_outbox_row_free(recipient->head);
    recipient->head = NULL;
    recipient->due.ns = 0;
    recipient->waiting--;
    gong_counter_increase(outbox->waiting, -UINT64_C(1));
}

enum gong_err
gong_outbox_keep(struct gong_outbox *outbox, bool durable)
{
    enum gong_err err;

    if (outbox->changed == 0) {
        return GONG_OK;
    }
    reverse_notes(outbox);
    err = write_all(outbox, durable);
    if (err != GONG_OK) {
        reverse_notes(outbox);
        return err;
    }
    if (!durable && !outbox->unsynced) {
        outbox->sync_due = gong_mono_add(gong_mono_now(), gong_dur_ms(SYNC_MS));
    }
    outbox->unsynced = !durable;
    gong_outbox_free_notes(outbox);
    for (size_t i = 0; i < outbox->recipient_count; i++) {
        if (outbox->recipients[i]->changed) {
            release(outbox, outbox->recipients[i]);
        }
    }
    outbox->changed = 0;
    return GONG_OK;
}

enum gong_err
gong_outbox_sync(struct gong_outbox *outbox, gong_mono_t now)
{
    enum gong_err err = GONG_OK;

    if (outbox->unsynced && now.ns >= outbox->sync_due.ns) {
        err = gong_outbox_db_sync(outbox->db);
        outbox->unsynced = err != GONG_OK;
    }
    return err;
}

static void
add_unreached(void *ctx, int64_t incident)
{
    gong_unreached_add(ctx, incident);
}

void
gong_outbox_count_unreached(struct gong_outbox *outbox, gong_mono_t now)
{
    gong_dur_t since = gong_mono_since(now, outbox->counted_at);

    if (since.ns < gong_dur_s(COUNT_S).ns && !outbox->count_unreached) {
        return;
    }
    outbox->counted_at = now;
    gong_unreached_begin(&outbox->unreached);
    if (gong_outbox_db_unreached(outbox->db, add_unreached,
                                 &outbox->unreached) == GONG_OK) {
        outbox->count_unreached = false;
        gong_unreached_end(&outbox->unreached, now);
    }
}
