/* matchers: unit="22015", severity=~"info|warning", ... as the API takes them.
 */
#ifndef GONG_CTL_MATCHERS_H
#define GONG_CTL_MATCHERS_H

#include <stdbool.h>

#include <jansson.h>

/* gong_ctl_matcher_add: one, quotes around its value or not; false: it is
 * none. */
bool gong_ctl_matcher_add(json_t *list, const char *text);

#endif
