/*
 * exec_given: what a program gets that a message runs: the text or the message
 * as JSON on its standard input, and its environment (docs/CHANNELS.md lists
 * it), which holds nothing of the agent's own. Nothing of a message ever stands
 * among its arguments.
 */
#ifndef GONG_AGENT_TELL_EXEC_GIVEN_H
#define GONG_AGENT_TELL_EXEC_GIVEN_H

#include <stdbool.h>

#include "agent/tell/channel.h"
#include "agent/tell/message_text.h"

#define GONG_EXEC_VARIABLES 24

struct gong_exec_given {
    char *environment[GONG_EXEC_VARIABLES + 1]; /* NULL-terminated */
    /* What of the link lets its holder acknowledge; "" for none. */
    char *secret;
    int input; /* a file in memory, at its beginning; -1: errno says why */
};

struct gong_exec_wanted {
    const struct gong_message_texts *texts;
    enum gong_message_language language; /* of texts, the first */
    size_t parts;                        /* of a text message */
    bool json;                           /* on standard input */
};

/* gong_exec_given_make: MEMORY; fini in any case. */
enum gong_err
gong_exec_given_make(struct gong_exec_given *given,
                     const struct gong_exec_wanted *wanted,
                     const struct gong_channel_send *send) GONG_MUST_CHECK;
void gong_exec_given_fini(struct gong_exec_given *given);

#endif
