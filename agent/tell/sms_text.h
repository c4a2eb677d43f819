/*
 * sms_text: a message as a text message (SMS), and how many parts it is sent
 * in, as networks count them (3GPP TS 23.038, 23.040):
 *
 *                  alone   in each of several parts
 *   GSM alphabet     160   153 septets; ^ { } \ [ ~ ] | and the euro sign: 2
 *   UCS-2             70   67 UTF-16 units
 *
 * One letter beyond the GSM alphabet, such as most of Vietnamese, makes the
 * whole text UCS-2. No character is split between two parts. Pure but for
 * memory.
 */
#ifndef GONG_AGENT_TELL_SMS_TEXT_H
#define GONG_AGENT_TELL_SMS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/tell/message_text.h"

/* The fewest in which a link has room beside what it is about. */
#define GONG_SMS_PARTS_MIN 4
#define GONG_SMS_PARTS_MAX 20

struct gong_sms_size {
    bool gsm;     /* of the GSM alphabet alone */
    size_t units; /* septets or UTF-16 units */
    size_t parts; /* 1 of an empty text */
};

struct gong_sms_size gong_sms_size(struct gong_str text);

/* gong_sms_text: the block "sms" of the first language in at most so many
 * parts, as gong_message_text makes it; the caller frees; NULL without memory.
 */
char *gong_sms_text(const struct gong_message_texts *texts,
                    const struct gong_message_view *view, size_t parts_max);

#endif
