/*
 * message_annotation: annotations of a message's item
 * (agent/tell/desk_message_json.h) with their sections filled (message_fill.h)
 * from its value, its level and its facts. Pure.
 */
#ifndef GONG_AGENT_TELL_MESSAGE_ANNOTATION_H
#define GONG_AGENT_TELL_MESSAGE_ANNOTATION_H

#include <stddef.h>

#include <jansson.h>

#include "agent/tell/message_fill.h"

/* gong_message_annotation: text as people read it in the language: filled, and
 * in Vietnamese the item's value with a decimal comma. NUL-terminated; returns
 * the length. */
size_t gong_message_annotation(const json_t *item, const char *text,
                               enum gong_message_language language, char *out,
                               size_t size);

/* gong_message_annotations: all of the item's for programs, in English where
 * the name ends in _en: those without sections are as the rule made them. The
 * caller json_decref()s; NULL without memory. */
json_t *gong_message_annotations(const json_t *item);

#endif
