#include "agent/receive/ack_queue.h"

#include <stddef.h>

static struct gong_ack_list *
list_of(struct gong_ack_queue *queue, enum gong_ack_place place)
{
    switch (place) {
    case GONG_ACK_NOWHERE:
        break;
    case GONG_ACK_NOW:
        return &queue->now;
    case GONG_ACK_LATER:
        return &queue->later;
    }
    return NULL;
}

static void
append(struct gong_ack_queue *queue, struct gong_ack_link *link,
       enum gong_ack_place place)
{
    struct gong_ack_list *list = list_of(queue, place);

    link->place = place;
    link->next = NULL;
    link->previous = list->tail;
    if (list->tail != NULL) {
        list->tail->next = link;
    } else {
        list->head = link;
    }
    list->tail = link;
}

void
gong_ack_queue_remove(struct gong_ack_queue *queue, struct gong_ack_link *link)
{
    struct gong_ack_list *list = list_of(queue, link->place);

    if (list == NULL) {
        return;
    }
    if (link->previous != NULL) {
        link->previous->next = link->next;
    } else {
        list->head = link->next;
    }
    if (link->next != NULL) {
        link->next->previous = link->previous;
    } else {
        list->tail = link->previous;
    }
    link->place = GONG_ACK_NOWHERE;
}

void
gong_ack_queue_now(struct gong_ack_queue *queue, struct gong_ack_link *link)
{
    if (link->place != GONG_ACK_NOW) {
        gong_ack_queue_remove(queue, link);
        append(queue, link, GONG_ACK_NOW);
    }
}

void
gong_ack_queue_later(struct gong_ack_queue *queue, struct gong_ack_link *link,
                     gong_mono_t due)
{
    if (link->place == GONG_ACK_NOWHERE) {
        link->due = due;
        append(queue, link, GONG_ACK_LATER);
    }
}

struct gong_ack_link *
gong_ack_queue_take(struct gong_ack_queue *queue, gong_mono_t now)
{
    struct gong_ack_link *link = queue->now.head;

    if (link == NULL && queue->later.head != NULL &&
        queue->later.head->due.ns <= now.ns) {
        link = queue->later.head;
    }
    if (link != NULL) {
        gong_ack_queue_remove(queue, link);
    }
    return link;
}
