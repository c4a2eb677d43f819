/*
 * receive_epoch: what the parts of receive share: the state of one device, and
 * of each spool (epoch) that it has had. Nobody else's. Under receive's lock.
 *
 * Bytes: 420 an epoch; 32 ranges and 32 gaps of 16 each and 16 told losses of
 * 40, where there are any: 2.1 KiB with all of them, 8.4 KiB for a device with
 * four such epochs, 0.6 KiB for an ordinary one: 200,000 of these take 120 MiB.
 */
#ifndef GONG_AGENT_RECEIVE_RECEIVE_EPOCH_H
#define GONG_AGENT_RECEIVE_RECEIVE_EPOCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "agent/receive/ack_queue.h"
#include "agent/receive/ledger.h"
#include "agent/receive/receive.h"

#define GONG_RECEIVE_EPOCHS_MAX 4
#define GONG_RECEIVE_DAMAGED    4 /* numbers whose tries are counted */

struct gong_receive_damaged {
    uint64_t seq;
    unsigned tries;
};

struct gong_receive_epoch {
    struct gong_ack_link link; /* first: the queue leads back here */
    const struct gong_device *device;
    struct gong_receive_epoch *next; /* of the same device, newest first */
    uint64_t epoch;
    uint64_t low;
    uint64_t position; /* of its newest batch in the journal */
    struct gong_ranges settled;
    struct gong_ranges shown; /* to the engine, while the disk failed */
    struct gong_ledger ledger;
    struct gong_receive_damaged damaged[GONG_RECEIVE_DAMAGED];
    unsigned damaged_next;
    uint64_t acked_in; /* the connection its last ack went out in */
    uint64_t untold;   /* settled since that ack */
    uint32_t birth;    /* CRC of the newest one; 0: none, or offline since */
    bool changed;      /* since its device was last told of */
};

struct gong_receive {
    struct gong_receive_options options;
    _Atomic uint64_t appending;  /* UINT64_MAX: nothing is */
    pthread_mutex_t lock;        /* guards all below */
    struct gong_devices devices; /* a device's state is its first epoch */
    uint64_t connection;         /* counts gong_receive_connected, from 1 */
    struct gong_ack_queue queue;
    struct gong_lp_reader *reader;       /* for reports; made when one comes */
    struct gong_ledger_counts forgotten; /* of epochs that were given up */
};

/* gong_receive_get_device: NEW with the device, or CROWDED or MEMORY. */
enum gong_receive_verdict gong_receive_get_device(struct gong_receive *receive,
                                                  struct gong_device_name name,
                                                  gong_mono_t now,
                                                  struct gong_device **out);

/* gong_receive_get_epoch: finds or makes the epoch and moves it to the front of
 * its device's. A new one closes the others. NULL without memory. */
struct gong_receive_epoch *gong_receive_get_epoch(struct gong_receive *receive,
                                                  struct gong_device *device,
                                                  uint64_t id);

/* gong_receive_append_epoch: for gong_receive_file: a new one behind the
 * others; NULL where it is there already or without memory. */
struct gong_receive_epoch *gong_receive_append_epoch(struct gong_device *device,
                                                     uint64_t id);

/* gong_receive_forget: for gong_devices: ctx is the gong_receive. */
void gong_receive_forget(void *ctx, struct gong_device *device);

/* The device's names, each with its end. */
void gong_receive_names(const struct gong_device *device,
                        char site[GONG_TOPIC_NAME_MAX + 1],
                        char name[GONG_TOPIC_NAME_MAX + 1]);

/* gong_receive_visit: every device once, some at a time, the lock held for
 * each lot only: those that come or go meanwhile may be left out. place starts
 * at 0; false when all were visited. */
bool gong_receive_visit(struct gong_receive *receive, size_t *place,
                        void (*visit)(void *ctx, struct gong_device *device),
                        void *ctx);

#endif
