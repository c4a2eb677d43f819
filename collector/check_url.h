/* check_url: the address that an HTTP check is pointed at. */
#ifndef GONG_COLLECTOR_CHECK_URL_H
#define GONG_COLLECTOR_CHECK_URL_H

#include <stdbool.h>
#include <stddef.h>

/* The longest host and the longest port with brackets and a colon. */
#define GONG_INSTANCE_SIZE 272

/*
 * gong_check_url: whether url is http:// or https:// with a host, no login
 * (it would become a tag that everybody reads) and no blanks or control
 * characters; instance gets "host:port". False with what was expected in why.
 */
bool gong_check_url(const char *url, char instance[GONG_INSTANCE_SIZE],
                    char *why, size_t why_size);

#endif
