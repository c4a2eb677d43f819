/*
 * message_view: a message of the outbox (agent/tell/desk_message_json.h), read.
 * Whatever is missing reads as empty.
 */
#ifndef GONG_AGENT_TELL_MESSAGE_VIEW_H
#define GONG_AGENT_TELL_MESSAGE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/* Borrowed from object; "" if absent. */
const char *gong_view_text(const json_t *object, const char *name);
int64_t gong_view_int(const json_t *object, const char *name);
/* A label of an item. */
const char *gong_view_label(const json_t *item, const char *name);
/* Whether an item's incident is over, for people. */
bool gong_view_over(const json_t *item);

/* gong_view_summary: one line about an item for staff, Vietnamese: "[KHẨN CẤP]
 * đang diễn ra: <summary>, việc cần làm: <action>". */
#define GONG_VIEW_SUMMARY_SIZE 2048
const char *gong_view_summary(const json_t *item,
                              char out[GONG_VIEW_SUMMARY_SIZE]);

#endif
