/*
 * message_view: a message of the outbox (agent/tell/desk_message_json.h), read.
 * Whatever is missing reads as empty.
 */
#ifndef GONG_AGENT_TELL_MESSAGE_VIEW_H
#define GONG_AGENT_TELL_MESSAGE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "agent/tell/message_fill.h"

/* Borrowed from object; "" if absent. */
const char *gong_view_text(const json_t *object, const char *name);
int64_t gong_view_int(const json_t *object, const char *name);
/* A label of an item. */
const char *gong_view_label(const json_t *item, const char *name);
/* Whether an item's incident is over, for people. */
bool gong_view_over(const json_t *item);

/* gong_view_summary: one line about an item for staff: "[KHẨN CẤP] đang diễn
 * ra: <summary> | việc cần làm: <action>", or the same in English; with their
 * sections filled, as in every other text (message_annotation.h). */
#define GONG_VIEW_SUMMARY_SIZE 2048
const char *gong_view_summary(const json_t *item,
                              enum gong_message_language language,
                              char out[GONG_VIEW_SUMMARY_SIZE]);

#endif
