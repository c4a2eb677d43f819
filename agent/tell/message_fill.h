/*
 * message_fill: what a rule's annotation cannot know when it is rendered and a
 * message does: how far above its device's own limit the value is, its level,
 * its trend. A section of an annotation,
 *
 *   {{ $value | printf "%.2f" }} m[[, trên báo động {level:roman}
 *   {value-param_level#:2} m]][[, {trend:+2} m/giờ]]
 *
 * is written with its numbers filled in, or left out whole where one of them is
 * not known. Between braces stand names and numbers with + - * / from left to
 * right, then how to write the result:
 *
 *   {name}         at most six digits
 *   {name:2}       two decimals
 *   {name:+2}      a change: "tăng 0,42", "giảm 0,42"; where it rounds to
 *                  nothing the section is left out
 *   {name:roman}   I, II, III ...
 *
 * # in a name is the level's number. Names: value, level and the message's
 * facts (param_NAME of the device, trend per hour). Pure.
 */
#ifndef GONG_AGENT_TELL_MESSAGE_FILL_H
#define GONG_AGENT_TELL_MESSAGE_FILL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

enum gong_message_language {
    GONG_MESSAGE_VIETNAMESE,
    GONG_MESSAGE_ENGLISH,
};

#define GONG_MESSAGE_NAME_MAX                                                  \
    64 /* bytes of a name; longer ones are unknown                             \
        */

/* Where numbers come from. */
struct gong_message_facts {
    /* false: not known. name is NUL-terminated. */
    bool (*find)(void *ctx, const char *name, double *out);
    void *ctx;
    unsigned level; /* 0: none */
};

/* gong_message_fill: text with its sections filled, into out, NUL-terminated
 * and cut on a UTF-8 boundary to fit size. Returns the length. */
size_t gong_message_fill(struct gong_str text,
                         const struct gong_message_facts *facts,
                         enum gong_message_language language, char *out,
                         size_t size);

/* gong_message_roman: I to X; "" for 0, digits above. */
const char *gong_message_roman(unsigned number);

#endif
