/*
 * desk_mailbox: what other threads ask of the desk's thread: a person's act,
 * or other routes. Whoever asks waits until it is durable, or gives up; then
 * the letter is the desk's alone, which frees it.
 *
 *   any thread: send -> [ letter, letter ] -> desk's thread: take, answer
 */
#ifndef GONG_AGENT_DESK_DESK_MAILBOX_H
#define GONG_AGENT_DESK_DESK_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/monitor.h"
#include "rules/desk/desk.h"

#define GONG_DESK_WHY_SIZE    512
#define GONG_DESK_LETTERS_MAX 1000 /* that wait; one more gets AGAIN */

struct gong_desk_letter {
    struct gong_desk_letter *next;
    /* Either an act, its texts behind the letter, or: */
    struct gong_desk_act act;
    bool renews;
    bool renewed; /* the desk's thread uses the next two */
    const struct gong_desk_config *config;
    const struct gong_model *model;
    /* The answer. */
    uint64_t number;
    char why[GONG_DESK_WHY_SIZE];
    enum gong_err err;
    bool answered;  /* under the monitor, as are: */
    bool forgotten; /* nobody waits any more */
};

/* Transparent: a member of the desk's thread. */
struct gong_desk_mailbox {
    struct gong_monitor monitor;
    struct gong_desk_letter *first;
    struct gong_desk_letter *last;
    size_t count;
    bool closed;
    atomic_bool waiting; /* something is in it */
};

enum gong_err
gong_desk_mailbox_init(struct gong_desk_mailbox *box) GONG_MUST_CHECK;
void gong_desk_mailbox_fini(struct gong_desk_mailbox *box);

/* gong_desk_letter_new: a copy of the act; NULL without memory. */
struct gong_desk_letter *gong_desk_letter_new(const struct gong_desk_act *act);

/* gong_desk_mailbox_send: takes letter; CLOSED, AGAIN (full), then it is freed.
 * Whoever sends wakes the desk's thread, and then waits. */
enum gong_err
gong_desk_mailbox_send(struct gong_desk_mailbox *box,
                       struct gong_desk_letter *letter) GONG_MUST_CHECK;
/* gong_desk_mailbox_wait: the answer; frees the letter, or leaves it to the
 * desk after timeout (0: none). number and why may be NULL. */
enum gong_err gong_desk_mailbox_wait(struct gong_desk_mailbox *box,
                                     struct gong_desk_letter *letter,
                                     gong_dur_t timeout, uint64_t *number,
                                     char *why,
                                     size_t why_size) GONG_MUST_CHECK;

/* The desk's thread. take: all that wait, as a list. answer: one of them; it
 * may be gone afterwards. close: those that come get CLOSED. */
struct gong_desk_letter *gong_desk_mailbox_take(struct gong_desk_mailbox *box);
void gong_desk_mailbox_answer(struct gong_desk_mailbox *box,
                              struct gong_desk_letter *letter,
                              enum gong_err err);
void gong_desk_mailbox_close(struct gong_desk_mailbox *box);

#endif
