/*
 * ack_queue: who is owed an ack: one list for "now", one for "later", whose due
 * times only grow from head to tail because the interval is the same for all.
 * A link is in at most one of them. Plain lists; the owner locks.
 */
#ifndef GONG_AGENT_RECEIVE_ACK_QUEUE_H
#define GONG_AGENT_RECEIVE_ACK_QUEUE_H

#include "common/clock.h"

enum gong_ack_place {
    GONG_ACK_NOWHERE,
    GONG_ACK_NOW,
    GONG_ACK_LATER,
};

/* Transparent: members of their owners; zeros are an empty queue and a link
 * that is nowhere. */
struct gong_ack_link {
    struct gong_ack_link *next, *previous;
    enum gong_ack_place place;
    gong_mono_t due;
};

struct gong_ack_list {
    struct gong_ack_link *head, *tail;
};

struct gong_ack_queue {
    struct gong_ack_list now;
    struct gong_ack_list later;
};

/* gong_ack_queue_now also takes a link out of "later"; gong_ack_queue_later
 * leaves a link that waits already where it is. */
void gong_ack_queue_now(struct gong_ack_queue *queue,
                        struct gong_ack_link *link);
void gong_ack_queue_later(struct gong_ack_queue *queue,
                          struct gong_ack_link *link, gong_mono_t due);
void gong_ack_queue_remove(struct gong_ack_queue *queue,
                           struct gong_ack_link *link);

/* gong_ack_queue_take: removes the next link that is due; NULL if none. */
struct gong_ack_link *gong_ack_queue_take(struct gong_ack_queue *queue,
                                          gong_mono_t now);

#endif
