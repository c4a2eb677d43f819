/*
 * message_preview: how a message of the desk will look, before anybody gets it:
 * gong-agent --preview-message FILE.json [--channel CHANNEL] [--templates DIR].
 */
#ifndef GONG_AGENT_TELL_MESSAGE_PREVIEW_H
#define GONG_AGENT_TELL_MESSAGE_PREVIEW_H

#include <stdio.h>

#include "common/err.h"

struct gong_preview_options {
    const char *path;      /* JSON of agent/tell/desk_message_json.h */
    const char *channel;   /* email (default), html, chat, sms */
    const char *templates; /* folder; NULL or "": built in */
};

/* gong_message_preview: links are those of a contact "preview", under a key
 * that no agent has. What is wrong goes to err: NOT_FOUND, INVALID. */
enum gong_err gong_message_preview(const struct gong_preview_options *options,
                                   FILE *out, FILE *err) GONG_MUST_CHECK;

#endif
