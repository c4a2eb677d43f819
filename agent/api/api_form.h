/*
 * api_form: a body of type application/x-www-form-urlencoded as pairs, as the
 * arguments of a query are.
 *
 *   name=value&name=value      + is a space, %XX a byte
 *
 * Pure but for memory.
 */
#ifndef GONG_AGENT_API_API_FORM_H
#define GONG_AGENT_API_API_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/api/api_request.h"
#include "common/err.h"
#include "common/str.h"

/* Transparent; {0} is an empty one. */
struct gong_api_form {
    struct gong_api_pair pairs[GONG_API_QUERY_MAX];
    size_t count;
    char *bytes; /* what the pairs point into */
};

/* gong_api_form_read: INVALID: a % without two hexadecimal digits, or a NUL;
 * TOO_LARGE: more than GONG_API_QUERY_MAX pairs. Fini in any case. */
enum gong_err gong_api_form_read(struct gong_str body,
                                 struct gong_api_form *out) GONG_MUST_CHECK;
void gong_api_form_fini(struct gong_api_form *form);

/* gong_api_form_is: whether a content type names one. */
bool gong_api_form_is(const char *content_type);

#endif
