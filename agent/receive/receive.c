#include "agent/receive/receive.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agent/receive/ingest.h"
#include "agent/receive/receive_epoch.h"
#include "common/topic.h"

#define UNKNOWN_MANY 8 /* settled here, untold to the sender: ack at once */

struct gong_receive *
gong_receive_new(const struct gong_receive_options *options)
{
    struct gong_receive *receive = calloc(1, sizeof *receive);

    if (receive == NULL) {
        return NULL;
    }
    receive->options = *options;
    atomic_init(&receive->appending, UINT64_MAX);
    receive->connection = 1;
    receive->devices.max = options->devices_max;
    receive->devices.tokens = options->burst;
    receive->devices.forget = gong_receive_forget;
    receive->devices.ctx = receive;
    if (gong_devices_init(&receive->devices) != GONG_OK) {
        free(receive);
        return NULL;
    }
    (void)pthread_mutex_init(&receive->lock, NULL);
    return receive;
}

void
gong_receive_free(struct gong_receive *receive)
{
    if (receive == NULL) {
        return;
    }
    gong_devices_fini(&receive->devices);
    gong_lp_reader_free(receive->reader);
    (void)pthread_mutex_destroy(&receive->lock);
    free(receive);
}

/* --- devices --- */

static bool
take_token(const struct gong_receive_options *options,
           struct gong_device *device, gong_mono_t now)
{
    double seconds =
        (double)gong_mono_since(now, device->seen).ns / (double)GONG_NS_PER_S;

    device->tokens += seconds * options->rate;
    if (device->tokens > options->burst) {
        device->tokens = options->burst;
    }
    if (device->tokens < 1) {
        return false;
    }
    device->tokens -= 1;
    return true;
}

enum gong_receive_verdict
gong_receive_admit(struct gong_receive *receive, struct gong_device_name name,
                   gong_mono_t now)
{
    enum gong_receive_verdict verdict;
    struct gong_device *device;

    (void)pthread_mutex_lock(&receive->lock);
    verdict = gong_receive_get_device(receive, name, now, &device);
    if (verdict == GONG_RECEIVE_NEW) {
        if (!take_token(&receive->options, device, now)) {
            verdict = GONG_RECEIVE_FLOOD;
        }
        gong_devices_touch(&receive->devices, device, now);
    }
    (void)pthread_mutex_unlock(&receive->lock);
    return verdict;
}

gong_wall_t
gong_receive_arrival(struct gong_receive *receive, struct gong_device_name name,
                     gong_wall_t now)
{
    int64_t ms = gong_floor_ms(now.ns);
    struct gong_device *device;

    (void)pthread_mutex_lock(&receive->lock);
    device = gong_devices_find(&receive->devices, name);
    if (device != NULL) {
        int64_t ahead = device->arrived_ms - ms;

        /* Farther ahead: the clock was set back. */
        if (ahead >= 0 && ahead <= GONG_RECEIVE_AHEAD_MS) {
            ms = device->arrived_ms + (ahead < GONG_RECEIVE_AHEAD_MS);
            now.ns = gong_ms_to_ns(ms);
        }
        device->arrived_ms = ms;
    }
    (void)pthread_mutex_unlock(&receive->lock);
    return now;
}

/* --- epochs --- */

/* What is below low has left the sender's spool: nobody will send it again. */
static void
note_header(struct gong_receive_epoch *epoch,
            const struct gong_batch_header *header)
{
    gong_ledger_note(&epoch->ledger, header, &epoch->settled);
    epoch->changed = true;
    if (header->low > epoch->low) {
        epoch->low = header->low;
    }
    if (header->low > 0 && header->low <= header->seq) {
        gong_ranges_raise(&epoch->settled, header->low - 1);
    }
}

/* Whether it came before. What the sender gave up and the broker brought late
 * did not. */
static bool
is_known(const struct gong_receive_epoch *epoch, uint64_t seq)
{
    return gong_ranges_has(&epoch->settled, seq) &&
           !gong_ledger_missed(&epoch->ledger, seq);
}

/* NULL with the verdict in *verdict; else the epoch. Under the lock. */
static struct gong_receive_epoch *
open_epoch(struct gong_receive *receive, struct gong_device_name name,
           const struct gong_batch_header *header, gong_mono_t now,
           enum gong_receive_verdict *verdict)
{
    struct gong_receive_epoch *epoch = NULL;
    struct gong_device *device;

    *verdict = gong_receive_get_device(receive, name, now, &device);
    if (*verdict == GONG_RECEIVE_NEW) {
        epoch = gong_receive_get_epoch(receive, device, header->epoch);
        *verdict = epoch == NULL ? GONG_RECEIVE_MEMORY : GONG_RECEIVE_NEW;
    }
    return epoch;
}

/* Acks at once where the sender waits for one: it has just connected, or it
 * does not know of many that are settled: by what it says is its oldest, or,
 * behind a gap that keeps that where it is, by what the last ack left out. */
static void
queue_ack(struct gong_receive *receive, struct gong_receive_epoch *epoch,
          bool at_once, gong_mono_t now)
{
    bool behind = epoch->settled.cum + 1 > epoch->low + UNKNOWN_MANY;

    if (at_once || behind || epoch->untold >= UNKNOWN_MANY ||
        epoch->acked_in != receive->connection) {
        gong_ack_queue_now(&receive->queue, &epoch->link);
    } else {
        gong_ack_queue_later(&receive->queue, &epoch->link,
                             gong_mono_add(now, receive->options.ack_interval));
    }
}

enum gong_receive_verdict
gong_receive_check(struct gong_receive *receive, struct gong_device_name name,
                   const struct gong_batch_header *header, gong_mono_t now)
{
    enum gong_receive_verdict verdict;
    struct gong_receive_epoch *epoch;

    (void)pthread_mutex_lock(&receive->lock);
    epoch = open_epoch(receive, name, header, now, &verdict);
    if (epoch != NULL) {
        note_header(epoch, header);
        if (is_known(epoch, header->seq)) {
            epoch->ledger.counts.duplicate++;
            queue_ack(receive, epoch, true, now);
            verdict = GONG_RECEIVE_DUPLICATE;
        } else if (!gong_ranges_fits(&epoch->settled, header->seq)) {
            queue_ack(receive, epoch, true, now);
            verdict = GONG_RECEIVE_GAPS;
        } else if (gong_ranges_has(&epoch->shown, header->seq)) {
            verdict = GONG_RECEIVE_SHOWN;
        }
    }
    (void)pthread_mutex_unlock(&receive->lock);
    return verdict;
}

static unsigned
count_try(struct gong_receive_epoch *epoch, uint64_t seq)
{
    struct gong_receive_damaged *slot;

    for (unsigned i = 0; i < GONG_RECEIVE_DAMAGED; i++) {
        if (epoch->damaged[i].seq == seq) {
            return ++epoch->damaged[i].tries;
        }
    }
    slot = &epoch->damaged[epoch->damaged_next++ % GONG_RECEIVE_DAMAGED];
    *slot = (struct gong_receive_damaged){seq, 1};
    return 1;
}

enum gong_receive_verdict
gong_receive_damaged(struct gong_receive *receive, struct gong_device_name name,
                     const struct gong_batch_header *header, gong_mono_t now)
{
    enum gong_receive_verdict verdict;
    struct gong_receive_epoch *epoch;

    (void)pthread_mutex_lock(&receive->lock);
    epoch = open_epoch(receive, name, header, now, &verdict);
    if (epoch != NULL) {
        if (is_known(epoch, header->seq)) {
            epoch->ledger.counts.duplicate++;
            queue_ack(receive, epoch, true, now);
            verdict = GONG_RECEIVE_DUPLICATE;
        } else if (count_try(epoch, header->seq) < GONG_RECEIVE_TRIES ||
                   !gong_ranges_fits(&epoch->settled, header->seq)) {
            verdict = GONG_RECEIVE_AGAIN;
        } else {
            verdict = GONG_RECEIVE_ASIDE;
        }
    }
    (void)pthread_mutex_unlock(&receive->lock);
    return verdict;
}

/* Without memory for a range the batch stays unsettled and comes again. */
static void
settle(struct gong_receive_epoch *epoch, const struct gong_batch_header *header,
       uint64_t position, int64_t arrival_ms)
{
    note_header(epoch, header);
    if (gong_ranges_add(&epoch->settled, header->seq) != GONG_OK) {
        return;
    }
    epoch->untold++;
    gong_ledger_take(&epoch->ledger, header, &epoch->settled, position == 0,
                     arrival_ms);
    if (position > epoch->position) {
        epoch->position = position;
    }
}

void
gong_receive_pass(struct gong_receive *receive, struct gong_device_name name,
                  const struct gong_batch_header *header, gong_mono_t now)
{
    enum gong_receive_verdict verdict;
    struct gong_receive_epoch *epoch;

    (void)pthread_mutex_lock(&receive->lock);
    epoch = open_epoch(receive, name, header, now, &verdict);
    if (epoch != NULL &&
        gong_ranges_add(&epoch->settled, header->seq) == GONG_OK) {
        gong_ledger_pass(&epoch->ledger, header->seq);
        epoch->changed = true;
        epoch->untold++;
        queue_ack(receive, epoch, false, now);
    }
    (void)pthread_mutex_unlock(&receive->lock);
}

void
gong_receive_appending(struct gong_receive *receive, uint64_t position)
{
    atomic_store(&receive->appending, position);
}

void
gong_receive_appended(struct gong_receive *receive)
{
    atomic_store(&receive->appending, UINT64_MAX);
}

uint64_t
gong_receive_known(struct gong_receive *receive, uint64_t durable)
{
    uint64_t appending = atomic_load(&receive->appending);

    return appending < durable ? appending : durable;
}

/* Without memory for the reader a report explains nothing: what it names stays
 * missing. */
static void
explain(struct gong_receive *receive, struct gong_receive_epoch *epoch,
        struct gong_str body)
{
    struct gong_ledger_report report;

    if (receive->reader == NULL) {
        receive->reader = gong_lp_reader_new(false);
    }
    if (receive->reader == NULL) {
        return;
    }
    gong_lp_reader_start(receive->reader, body);
    while (gong_ledger_report_next(receive->reader, &report)) {
        if (report.epoch == epoch->epoch) {
            gong_ledger_explain(&epoch->ledger, &report, &epoch->settled);
        }
    }
}

void
gong_receive_settle(struct gong_receive *receive, struct gong_device_name name,
                    const struct gong_batch_header *header, uint64_t position,
                    int64_t arrival_ms, gong_mono_t now)
{
    enum gong_receive_verdict verdict;
    struct gong_receive_epoch *epoch;

    (void)pthread_mutex_lock(&receive->lock);
    epoch = open_epoch(receive, name, header, now, &verdict);
    if (epoch != NULL) {
        settle(epoch, header, position, arrival_ms);
        queue_ack(receive, epoch, false, now);
    }
    (void)pthread_mutex_unlock(&receive->lock);
}

void
gong_receive_report(struct gong_receive *receive, struct gong_device_name name,
                    const struct gong_batch_header *header,
                    struct gong_str body, gong_mono_t now)
{
    enum gong_receive_verdict verdict;
    struct gong_receive_epoch *epoch;

    if (!gong_ledger_report_is(body)) {
        return;
    }
    (void)pthread_mutex_lock(&receive->lock);
    epoch = open_epoch(receive, name, header, now, &verdict);
    if (epoch != NULL) {
        explain(receive, epoch, body);
    }
    (void)pthread_mutex_unlock(&receive->lock);
}

static bool
split(struct gong_str payload, struct gong_device_name *name,
      struct gong_str *message)
{
    /* What the agent journals about itself was not received. */
    return gong_topic_names_split(payload, &name->site, &name->device,
                                  message) &&
           gong_topic_name_valid(name->site) &&
           gong_topic_name_valid(name->device) &&
           !gong_str_is(name->site, GONG_INGEST_OWN_SITE);
}

void
gong_receive_show(struct gong_receive *receive, struct gong_device_name name,
                  const struct gong_batch_header *header, gong_mono_t now)
{
    enum gong_receive_verdict verdict;
    struct gong_receive_epoch *epoch;

    (void)pthread_mutex_lock(&receive->lock);
    epoch = open_epoch(receive, name, header, now, &verdict);
    if (epoch != NULL) {
        /* What is settled is looked at first: saying it here saves ranges. */
        gong_ranges_raise(&epoch->shown, epoch->settled.cum);
        (void)!gong_ranges_add(&epoch->shown, header->seq);
    }
    (void)pthread_mutex_unlock(&receive->lock);
}

/* written: it was held until now, and later ones may be settled already. Else
 * a device's records only grow: what was saved knows all up to its own. */
static void
learn_batch(struct gong_receive *receive, struct gong_device_name name,
            struct gong_str message, const struct gong_record *record,
            bool written)
{
    enum gong_receive_verdict verdict;
    struct gong_batch_header header;
    struct gong_receive_epoch *epoch;
    struct gong_str body;

    if (gong_batch_header_parse(message, &header, &body) != GONG_BATCH_HEADED) {
        return;
    }
    (void)pthread_mutex_lock(&receive->lock);
    epoch = open_epoch(receive, name, &header, gong_mono_now(), &verdict);
    if (epoch != NULL && written && is_known(epoch, header.seq)) {
        /* Appended and settled after memory was empty again. */
        queue_ack(receive, epoch, true, gong_mono_now());
    } else if (epoch != NULL && (written || record->offset > epoch->position)) {
        settle(epoch, &header, record->offset,
               gong_floor_ms(record->meta.wall_ns));
        if (gong_ledger_report_is(body)) {
            explain(receive, epoch, body);
        }
        if (written) {
            queue_ack(receive, epoch, true, gong_mono_now());
        }
    }
    (void)pthread_mutex_unlock(&receive->lock);
}

void
gong_receive_learn(void *ctx, const struct gong_record *record)
{
    struct gong_device_name name;
    struct gong_presence_message status;
    struct gong_str message;

    if ((record->meta.type != GONG_RECORD_DATA &&
         record->meta.type != GONG_RECORD_PRESENCE) ||
        !split(record->payload, &name, &message)) {
        return;
    }
    if (record->meta.type == GONG_RECORD_DATA) {
        learn_batch(ctx, name, message, record, false);
    } else if (gong_presence_parse(message, &status) == GONG_OK) {
        gong_receive_learn_status(ctx, name, &status, gong_mono_now());
    }
}

void
gong_receive_written(void *ctx, const struct gong_record *record)
{
    struct gong_device_name name;
    struct gong_str message;

    if (record->meta.type == GONG_RECORD_DATA &&
        split(record->payload, &name, &message)) {
        learn_batch(ctx, name, message, record, true);
    }
}

/* --- acks --- */

void
gong_receive_born(struct gong_receive *receive, struct gong_device_name name)
{
    struct gong_device *device;

    (void)pthread_mutex_lock(&receive->lock);
    device = gong_devices_find(&receive->devices, name);
    for (struct gong_receive_epoch *epoch = device == NULL ? NULL
                                                           : device->state;
         epoch != NULL; epoch = epoch->next) {
        epoch->acked_in = 0;
    }
    (void)pthread_mutex_unlock(&receive->lock);
}

void
gong_receive_connected(struct gong_receive *receive)
{
    (void)pthread_mutex_lock(&receive->lock);
    receive->connection++;
    (void)pthread_mutex_unlock(&receive->lock);
}

static void
fill_ack(const struct gong_receive_epoch *epoch, struct gong_receive_ack *out)
{
    gong_receive_names(epoch->device, out->site, out->device);
    out->epoch = epoch->epoch;
    out->cum = epoch->settled.cum;
    out->range_count = epoch->settled.count;
    if (out->range_count > 0) {
        memcpy(out->ranges, epoch->settled.items,
               out->range_count * sizeof out->ranges[0]);
    }
    out->position = epoch->position;
    out->birth = epoch->birth;
}

bool
gong_receive_take_ack(struct gong_receive *receive, gong_mono_t now,
                      struct gong_receive_ack *out)
{
    struct gong_receive_epoch *epoch;

    (void)pthread_mutex_lock(&receive->lock);
    epoch = (struct gong_receive_epoch *)(void *)gong_ack_queue_take(
        &receive->queue, now);
    if (epoch != NULL) {
        fill_ack(epoch, out);
        epoch->acked_in = receive->connection;
        epoch->untold = 0;
    }
    (void)pthread_mutex_unlock(&receive->lock);
    return epoch != NULL;
}

size_t
gong_receive_devices(struct gong_receive *receive)
{
    size_t count;

    (void)pthread_mutex_lock(&receive->lock);
    count = receive->devices.count;
    (void)pthread_mutex_unlock(&receive->lock);
    return count;
}
