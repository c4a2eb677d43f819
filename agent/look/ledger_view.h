/*
 * ledger_view: the delivery ledger as JSON, a page at a time:
 *
 *   {"devices":[{"site":"22015","device":"gw","epochs":[{
 *       "epoch":"5f1c09e2a7b4d310","state":"gaps","received":1042,...,
 *       "complete_until":1760000000123,"missing_ranges":[[5,8]],
 *       "lost_ranges":[{"reason":"drop_oldest","first":9,"last":12,
 *                       "points":200,"samples":800}]}]}],
 *    "next":"22015/gw"}
 *
 * Devices by name; next is what to say as `after` for the following page, or
 * null. A device without epochs sends no headers: nothing is known of it.
 */
#ifndef GONG_AGENT_LOOK_LEDGER_VIEW_H
#define GONG_AGENT_LOOK_LEDGER_VIEW_H

#include <stddef.h>

#include "agent/receive/receive.h"

#define GONG_LEDGER_PAGE     100 /* devices, where limit is 0 */
#define GONG_LEDGER_PAGE_MAX 500

/* All strings are borrowed; "" for none; anything from outside is fine. */
struct gong_ledger_query {
    const char *site; /* exactly */
    const char *device;
    const char *prefix; /* of "site/device" */
    const char *after;  /* "site/device": only those behind it */
    size_t limit;
};

/* gong_ledger_view_json: heap text with its length; NULL without memory. Any
 * thread. */
char *gong_ledger_view_json(struct gong_receive *receive,
                            const struct gong_ledger_query *query, size_t *len);

#endif
