/*
 * notify_number: an effect's value as people write it: with a decimal comma in
 * Vietnamese, with a point in English.
 */
#ifndef GONG_AGENT_TELL_NOTIFY_NUMBER_H
#define GONG_AGENT_TELL_NOTIFY_NUMBER_H

#include <stddef.h>

#include <jansson.h>

#include "agent/tell/number_text.h"

#define GONG_NOTIFY_NUMBER_SIZE GONG_NUMBER_TEXT_SIZE

/* gong_notify_number: at most six significant digits. */
void gong_notify_number(const json_t *effect, char decimal_point,
                        char out[GONG_NOTIFY_NUMBER_SIZE]);

/* gong_notify_put_commas: in len bytes of text, which a template made of the
 * effect, the value gets a decimal comma, however it was rounded. Other numbers
 * with points (addresses, versions) stay. */
void gong_notify_put_commas(const json_t *effect, char *text, size_t len);

#endif
