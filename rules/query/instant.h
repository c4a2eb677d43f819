/* instant: times and lengths of time as people write them. Pure. */
#ifndef GONG_RULES_QUERY_INSTANT_H
#define GONG_RULES_QUERY_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/str.h"

#define GONG_INSTANT_SIZE 40

/* gong_instant_read: 2026-01-31T08:00:00.5+07:00 (RFC 3339), or seconds since
 * 1970 as a decimal number; milliseconds out, what is finer is cut off. False:
 * neither, or outside the years 1 to 9999. */
bool gong_instant_read(struct gong_str text, int64_t *ms);

/* gong_instant_text: RFC 3339 in UTC, with milliseconds where there are any. A
 * time outside the years 0 to 9999 comes out as seconds. */
size_t gong_instant_text(int64_t ms, char out[static GONG_INSTANT_SIZE]);

/* gong_instant_put: what gong_instant_text makes of it. */
void gong_instant_put(FILE *out, int64_t ms);

/* gong_length_read: 1h30m as Prometheus has it, or seconds as a decimal number;
 * at least 0, at most 100 years. */
bool gong_length_read(struct gong_str text, int64_t *ms);

/* gong_length_put: 1h30m; less than none as none. */
void gong_length_put(FILE *out, int64_t ms);

#endif
