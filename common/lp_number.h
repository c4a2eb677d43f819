/*
 * lp_number: numbers of line protocol, exactly rounded and without locale.
 *
 *   [-] digits [. digits] [e [+-] digits] [i|u]     digits on one side enough
 *
 * Cost: one pass over the digits; up to 19 significant ones become a double by
 * two integer multiplications, more go through strtod on a bounded copy.
 */
#ifndef GONG_COMMON_LP_NUMBER_H
#define GONG_COMMON_LP_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/lp_decode.h"

/* gong_lp_number_scan: reads the number at *at, before end, into value and
 * moves *at past it. NULL, or a static reason ("bad_number", "out_of_range",
 * "nan") with *at where it was found. Pure. */
const char *gong_lp_number_scan(const char **at, const char *end,
                                struct gong_lp_value *value);

/* gong_lp_number_stamp: [-] digits as int64. As above. */
const char *gong_lp_number_stamp(const char **at, const char *end,
                                 int64_t *value);

#endif
