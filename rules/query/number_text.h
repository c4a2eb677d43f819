/* number_text: doubles as Prometheus' tools write them. What is written reads
 * back to the same value. Pure. */
#ifndef GONG_RULES_QUERY_NUMBER_TEXT_H
#define GONG_RULES_QUERY_NUMBER_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GONG_NUMBER_PLAIN_SIZE 400

/* gong_number_plain: the shortest digits, never with an exponent: 0.000001,
 * 100000000000000000000000, NaN, +Inf. Returns the length. */
size_t gong_number_plain(double value, char out[static GONG_NUMBER_PLAIN_SIZE]);

/* gong_number_put: what gong_number_plain makes of it. */
void gong_number_put(FILE *out, double value);

/* gong_number_api: the same, but with an exponent below 1e-06 and from 1e+21
 * on, as the HTTP API has values. */
size_t gong_number_api(double value, char out[static GONG_NUMBER_PLAIN_SIZE]);

/* gong_number_seconds: milliseconds as seconds: 1.5, 1760000000, -0.001. */
size_t gong_number_seconds(int64_t ms, char out[static GONG_NUMBER_PLAIN_SIZE]);

/* gong_plural: what a noun ends in behind a count. */
const char *gong_plural(uint64_t count);

#endif
