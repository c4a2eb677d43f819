/*
 * message_status: how an alert stands, in a few words, for services that take a
 * few words only (a parameter of 30 letters), and for how long it lasted:
 *
 *   CHUYỂN CẤP TRÊN, KHẨN CẤP     KHẨN CẤP, đang diễn ra     đã kết thúc
 *   ESCALATED, CRITICAL           CRITICAL, firing           resolved
 *
 * Pure.
 */
#ifndef GONG_AGENT_TELL_MESSAGE_STATUS_H
#define GONG_AGENT_TELL_MESSAGE_STATUS_H

#include <stdint.h>

#include <jansson.h>

#include "agent/tell/message_fill.h"

#define GONG_MESSAGE_STATUS_SIZE 96
#define GONG_MESSAGE_STATUS_MAX  30 /* letters */
#define GONG_MESSAGE_LASTED_SIZE 96

/* gong_message_status: kind of the message, an item of it
 * (agent/tell/desk_message_json.h). */
void gong_message_status(const char *kind, const json_t *item,
                         enum gong_message_language language,
                         char out[GONG_MESSAGE_STATUS_SIZE]);

/* gong_message_lasted: "2 ngày 3 giờ", "45 phút"; the two largest units. */
void gong_message_lasted(int64_t ms, enum gong_message_language language,
                         char out[GONG_MESSAGE_LASTED_SIZE]);

#endif
