#include "agent/receive.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ack_queue.h"
#include "agent/devices.h"

#define EPOCHS_MAX   4
#define DAMAGED_MAX  4 /* sequence numbers whose tries are counted */
#define UNKNOWN_MANY 8 /* settled here, unknown to the sender: ack at once */

struct damaged {
    uint64_t seq;
    unsigned tries;
};

struct epoch {
    struct gong_ack_link link; /* first: the queue leads back here */
    const struct gong_device *device;
    struct epoch *next; /* of the same device, newest first */
    uint64_t epoch;
    uint64_t low;
    uint64_t position; /* of its newest batch in the journal */
    struct gong_ranges settled;
    struct gong_ranges shown; /* to the engine, while the disk failed */
    struct damaged damaged[DAMAGED_MAX];
    unsigned damaged_next;
    uint64_t acked_in; /* the connection its last ack went out in */
};

struct gong_receive {
    struct gong_receive_options options;
    pthread_mutex_t lock;        /* guards all below */
    struct gong_devices devices; /* a device's state is its first epoch */
    uint64_t connection;         /* counts gong_receive_connected, from 1 */
    struct gong_ack_queue queue;
};

static void
free_epoch(struct gong_receive *receive, struct epoch *epoch)
{
    gong_ack_queue_remove(&receive->queue, &epoch->link);
    gong_ranges_fini(&epoch->settled);
    gong_ranges_fini(&epoch->shown);
    free(epoch);
}

static void
forget_device(void *ctx, struct gong_device *device)
{
    struct epoch *epoch = device->state;

    while (epoch != NULL) {
        struct epoch *next = epoch->next;

        free_epoch(ctx, epoch);
        epoch = next;
    }
}

struct gong_receive *
gong_receive_new(const struct gong_receive_options *options)
{
    struct gong_receive *receive = calloc(1, sizeof *receive);

    if (receive == NULL) {
        return NULL;
    }
    receive->options = *options;
    receive->connection = 1;
    receive->devices.max = options->devices_max;
    receive->devices.tokens = options->burst;
    receive->devices.forget = forget_device;
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
    (void)pthread_mutex_destroy(&receive->lock);
    free(receive);
}

/* --- devices --- */

static enum gong_receive_verdict
get_device(struct gong_receive *receive, struct gong_device_name name,
           gong_mono_t now, struct gong_device **out)
{
    enum gong_err err = gong_devices_get(&receive->devices, name, now, out);

    if (err == GONG_OK) {
        return GONG_RECEIVE_NEW;
    }
    return err == GONG_ERR_NO_SPACE ? GONG_RECEIVE_CROWDED
                                    : GONG_RECEIVE_MEMORY;
}

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
    verdict = get_device(receive, name, now, &device);
    if (verdict == GONG_RECEIVE_NEW) {
        if (!take_token(&receive->options, device, now)) {
            verdict = GONG_RECEIVE_FLOOD;
        }
        gong_devices_touch(&receive->devices, device, now);
    }
    (void)pthread_mutex_unlock(&receive->lock);
    return verdict;
}

/* --- epochs --- */

static void
forget_last_epoch(struct gong_receive *receive, struct gong_device *device)
{
    struct epoch *before = device->state;
    unsigned count = 2;

    if (before == NULL || before->next == NULL) {
        return;
    }
    while (before->next->next != NULL) {
        before = before->next;
        count++;
    }
    if (count >= EPOCHS_MAX) {
        free_epoch(receive, before->next);
        before->next = NULL;
    }
}

/* Takes the epoch out of its device's list; NULL if it is not there. */
static struct epoch *
take_epoch(struct gong_device *device, uint64_t id)
{
    struct epoch *before = NULL;
    struct epoch *epoch = device->state;

    while (epoch != NULL && epoch->epoch != id) {
        before = epoch;
        epoch = epoch->next;
    }
    if (epoch != NULL && before != NULL) {
        before->next = epoch->next;
    } else if (epoch != NULL) {
        device->state = epoch->next;
    }
    return epoch;
}

/* Finds or makes the epoch and moves it to the front of its device's. */
static struct epoch *
get_epoch(struct gong_receive *receive, struct gong_device *device, uint64_t id)
{
    struct epoch *epoch = take_epoch(device, id);

    if (epoch == NULL) {
        epoch = calloc(1, sizeof *epoch);
        if (epoch == NULL) {
            return NULL;
        }
        forget_last_epoch(receive, device);
        epoch->epoch = id;
        epoch->device = device;
    }
    epoch->next = device->state;
    device->state = epoch;
    return epoch;
}

/* What is below low has left the sender's spool: nobody will send it again. */
static void
note_low(struct epoch *epoch, const struct gong_batch_header *header)
{
    if (header->low > epoch->low) {
        epoch->low = header->low;
    }
    if (header->low > 0 && header->low <= header->seq) {
        gong_ranges_raise(&epoch->settled, header->low - 1);
    }
}

/* NULL with the verdict in *verdict; else the epoch. Under the lock. */
static struct epoch *
open_epoch(struct gong_receive *receive, struct gong_device_name name,
           const struct gong_batch_header *header, gong_mono_t now,
           enum gong_receive_verdict *verdict)
{
    struct epoch *epoch = NULL;
    struct gong_device *device;

    *verdict = get_device(receive, name, now, &device);
    if (*verdict == GONG_RECEIVE_NEW) {
        epoch = get_epoch(receive, device, header->epoch);
        *verdict = epoch == NULL ? GONG_RECEIVE_MEMORY : GONG_RECEIVE_NEW;
    }
    return epoch;
}

/* Acks at once where the sender waits for one: it has just connected, or it
 * does not know of many that are settled. */
static void
queue_ack(struct gong_receive *receive, struct epoch *epoch, bool at_once,
          gong_mono_t now)
{
    bool behind = epoch->settled.cum + 1 > epoch->low + UNKNOWN_MANY;

    if (at_once || behind || epoch->acked_in != receive->connection) {
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
    struct epoch *epoch;

    (void)pthread_mutex_lock(&receive->lock);
    epoch = open_epoch(receive, name, header, now, &verdict);
    if (epoch != NULL) {
        note_low(epoch, header);
        if (gong_ranges_has(&epoch->settled, header->seq)) {
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
count_try(struct epoch *epoch, uint64_t seq)
{
    struct damaged *slot;

    for (unsigned i = 0; i < DAMAGED_MAX; i++) {
        if (epoch->damaged[i].seq == seq) {
            return ++epoch->damaged[i].tries;
        }
    }
    slot = &epoch->damaged[epoch->damaged_next++ % DAMAGED_MAX];
    *slot = (struct damaged){seq, 1};
    return 1;
}

enum gong_receive_verdict
gong_receive_damaged(struct gong_receive *receive, struct gong_device_name name,
                     const struct gong_batch_header *header, gong_mono_t now)
{
    enum gong_receive_verdict verdict;
    struct epoch *epoch;

    (void)pthread_mutex_lock(&receive->lock);
    epoch = open_epoch(receive, name, header, now, &verdict);
    if (epoch != NULL) {
        if (gong_ranges_has(&epoch->settled, header->seq)) {
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
settle(struct epoch *epoch, const struct gong_batch_header *header,
       uint64_t position)
{
    note_low(epoch, header);
    if (gong_ranges_add(&epoch->settled, header->seq) == GONG_OK &&
        position > epoch->position) {
        epoch->position = position;
    }
}

void
gong_receive_settle(struct gong_receive *receive, struct gong_device_name name,
                    const struct gong_batch_header *header, uint64_t position,
                    gong_mono_t now)
{
    enum gong_receive_verdict verdict;
    struct epoch *epoch;

    (void)pthread_mutex_lock(&receive->lock);
    epoch = open_epoch(receive, name, header, now, &verdict);
    if (epoch != NULL) {
        settle(epoch, header, position);
        queue_ack(receive, epoch, false, now);
    }
    (void)pthread_mutex_unlock(&receive->lock);
}

/* u8 site length, u8 device length, site, device, message (common/batch.h) */
static bool
split(struct gong_str payload, struct gong_device_name *name,
      struct gong_str *message)
{
    size_t site_len, device_len, names;

    if (payload.len < 2) {
        return false;
    }
    site_len = (unsigned char)payload.data[0];
    device_len = (unsigned char)payload.data[1];
    names = 2 + site_len + device_len;
    if (payload.len < names) {
        return false;
    }
    name->site = gong_str_from(payload.data + 2, site_len);
    name->device = gong_str_from(payload.data + 2 + site_len, device_len);
    *message = gong_str_from(payload.data + names, payload.len - names);
    return gong_topic_name_valid(name->site) &&
           gong_topic_name_valid(name->device);
}

void
gong_receive_show(struct gong_receive *receive, struct gong_device_name name,
                  const struct gong_batch_header *header, gong_mono_t now)
{
    enum gong_receive_verdict verdict;
    struct epoch *epoch;

    (void)pthread_mutex_lock(&receive->lock);
    epoch = open_epoch(receive, name, header, now, &verdict);
    if (epoch != NULL) {
        /* What is settled is looked at first: saying it here saves ranges. */
        gong_ranges_raise(&epoch->shown, epoch->settled.cum);
        (void)!gong_ranges_add(&epoch->shown, header->seq);
    }
    (void)pthread_mutex_unlock(&receive->lock);
}

static void
learn(struct gong_receive *receive, const struct gong_record *record,
      bool ack_due)
{
    enum gong_receive_verdict verdict;
    struct gong_batch_header header;
    struct gong_device_name name;
    struct gong_str body;
    struct epoch *epoch;

    if (record->meta.type != GONG_RECORD_DATA ||
        !split(record->payload, &name, &body) ||
        gong_batch_header_parse(body, &header, &body) != GONG_BATCH_HEADED) {
        return;
    }
    (void)pthread_mutex_lock(&receive->lock);
    epoch = open_epoch(receive, name, &header, gong_mono_now(), &verdict);
    if (epoch != NULL) {
        settle(epoch, &header, record->offset);
        if (ack_due) {
            queue_ack(receive, epoch, true, gong_mono_now());
        }
    }
    (void)pthread_mutex_unlock(&receive->lock);
}

void
gong_receive_learn(void *ctx, const struct gong_record *record)
{
    learn(ctx, record, false);
}

void
gong_receive_written(void *ctx, const struct gong_record *record)
{
    learn(ctx, record, true);
}

/* --- acks --- */

void
gong_receive_born(struct gong_receive *receive, struct gong_device_name name)
{
    struct gong_device *device;

    (void)pthread_mutex_lock(&receive->lock);
    device = gong_devices_find(&receive->devices, name);
    for (struct epoch *epoch = device == NULL ? NULL : device->state;
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
fill_ack(const struct epoch *epoch, struct gong_receive_ack *out)
{
    const struct gong_device *device = epoch->device;

    memcpy(out->site, device->names, device->site_len);
    out->site[device->site_len] = '\0';
    memcpy(out->device, device->names + device->site_len, device->device_len);
    out->device[device->device_len] = '\0';
    out->epoch = epoch->epoch;
    out->cum = epoch->settled.cum;
    out->range_count = epoch->settled.count;
    if (out->range_count > 0) {
        memcpy(out->ranges, epoch->settled.items,
               out->range_count * sizeof out->ranges[0]);
    }
    out->position = epoch->position;
}

bool
gong_receive_take_ack(struct gong_receive *receive, gong_mono_t now,
                      struct gong_receive_ack *out)
{
    struct epoch *epoch;

    (void)pthread_mutex_lock(&receive->lock);
    epoch = (struct epoch *)(void *)gong_ack_queue_take(&receive->queue, now);
    if (epoch != NULL) {
        fill_ack(epoch, out);
        epoch->acked_in = receive->connection;
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
