/*
 * message_annotation: an annotation of an incident in a message
 * (agent/tell/desk_message_json.h) as people read it: in their language where
 * the rule has it, else in Vietnamese; its sections filled (message_fill.h), a
 * decimal comma in the value of a Vietnamese text. Pure.
 */
#ifndef GONG_AGENT_TELL_MESSAGE_ANNOTATION_H
#define GONG_AGENT_TELL_MESSAGE_ANNOTATION_H

#include <stddef.h>

#include <jansson.h>

#include "agent/tell/message_fill.h"

#define GONG_MESSAGE_ANNOTATION_SIZE 8192

/* gong_message_annotation_raw: as the rule's template made it; "" if there is
 * none. Borrowed from item. */
const char *gong_message_annotation_raw(const json_t *item, const char *name,
                                        enum gong_message_language language);

/* gong_message_annotation: filled, otherwise where there is none; into out,
 * NUL-terminated, cut on a UTF-8 boundary. Returns the length. */
size_t gong_message_annotation(const json_t *item, const char *name,
                               const char *otherwise,
                               enum gong_message_language language, char *out,
                               size_t size);

/* gong_message_annotations: all of them, each in its own language (English
 * names end in _en), sections filled, all else as the rule's template made it:
 * for programs. The caller json_decref()s; NULL without memory. */
json_t *gong_message_annotations(const json_t *item);

#endif
