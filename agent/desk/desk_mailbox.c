#include "agent/desk/desk_mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum gong_err
gong_desk_mailbox_init(struct gong_desk_mailbox *box)
{
    memset(box, 0, sizeof *box);
    atomic_init(&box->waiting, false);
    return gong_monitor_init(&box->monitor);
}

void
gong_desk_mailbox_fini(struct gong_desk_mailbox *box)
{
    gong_monitor_fini(&box->monitor);
}

static struct gong_str
copy_text(char **at, struct gong_str text)
{
    struct gong_str copy = {*at, text.len};

    if (text.len > 0) {
        memcpy(*at, text.data, text.len);
    }
    *at += text.len;
    return copy;
}

struct gong_desk_letter *
gong_desk_letter_new(const struct gong_desk_act *act)
{
    size_t size = act->by.len + act->owner.len + act->comment.len +
                  act->matchers.len + act->cause.len;
    struct gong_desk_letter *letter = calloc(1, sizeof *letter + size + 1);
    char *at;

    if (letter == NULL) {
        return NULL;
    }
    at = (char *)(letter + 1);
    letter->act = *act;
    letter->act.by = copy_text(&at, act->by);
    letter->act.owner = copy_text(&at, act->owner);
    letter->act.comment = copy_text(&at, act->comment);
    letter->act.matchers = copy_text(&at, act->matchers);
    letter->act.cause = copy_text(&at, act->cause);
    return letter;
}

enum gong_err
gong_desk_mailbox_send(struct gong_desk_mailbox *box,
                       struct gong_desk_letter *letter)
{
    enum gong_err err = GONG_OK;

    gong_monitor_lock(&box->monitor);
    if (box->closed) {
        err = GONG_ERR_CLOSED;
    } else if (box->count >= GONG_DESK_LETTERS_MAX) {
        err = GONG_ERR_AGAIN;
    } else {
        if (box->last == NULL) {
            box->first = letter;
        } else {
            box->last->next = letter;
        }
        box->last = letter;
        box->count++;
        atomic_store(&box->waiting, true);
    }
    gong_monitor_unlock(&box->monitor);
    if (err != GONG_OK) {
        free(letter);
    }
    return err;
}

enum gong_err
gong_desk_mailbox_wait(struct gong_desk_mailbox *box,
                       struct gong_desk_letter *letter, gong_dur_t timeout,
                       uint64_t *number, char *why, size_t why_size)
{
    gong_mono_t until = gong_mono_add(gong_mono_now(), timeout);
    gong_dur_t left = timeout.ns > 0 ? timeout : gong_dur_s(1);
    enum gong_err err = GONG_ERR_TIMEOUT;

    gong_monitor_lock(&box->monitor);
    while (!letter->answered && left.ns > 0) {
        (void)gong_monitor_wait(&box->monitor, left);
        if (timeout.ns > 0) {
            left = gong_mono_since(until, gong_mono_now());
        }
    }
    letter->forgotten = true;
    if (letter->answered) {
        err = letter->err;
        if (number != NULL) {
            *number = letter->number;
        }
        if (why != NULL) {
            (void)snprintf(why, why_size, "%s", letter->why);
        }
        gong_monitor_unlock(&box->monitor);
        free(letter);
        return err;
    }
    gong_monitor_unlock(&box->monitor);
    return err;
}

struct gong_desk_letter *
gong_desk_mailbox_take(struct gong_desk_mailbox *box)
{
    struct gong_desk_letter *first;

    gong_monitor_lock(&box->monitor);
    first = box->first;
    box->first = NULL;
    box->last = NULL;
    box->count = 0;
    atomic_store(&box->waiting, false);
    gong_monitor_unlock(&box->monitor);
    return first;
}

void
gong_desk_mailbox_answer(struct gong_desk_mailbox *box,
                         struct gong_desk_letter *letter, enum gong_err err)
{
    bool forgotten;

    gong_monitor_lock(&box->monitor);
    letter->err = err;
    letter->answered = true;
    forgotten = letter->forgotten;
    gong_monitor_wake(&box->monitor);
    gong_monitor_unlock(&box->monitor);
    if (forgotten) {
        free(letter);
    }
}

void
gong_desk_mailbox_close(struct gong_desk_mailbox *box)
{
    struct gong_desk_letter *letter;

    gong_monitor_lock(&box->monitor);
    box->closed = true;
    gong_monitor_unlock(&box->monitor);
    letter = gong_desk_mailbox_take(box);
    while (letter != NULL) {
        struct gong_desk_letter *next = letter->next;

        gong_desk_mailbox_answer(box, letter, GONG_ERR_CLOSED);
        letter = next;
    }
}
