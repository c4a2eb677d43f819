/*
 * ledger_report: a collector's own word on batches that it lost: points of the
 * measurement gong_dropped, in a batch of their own.
 *
 *   gong_dropped,reason=drop_oldest epoch="5f1c09e2a7b4d310",first_seq=5i,
 *     last_seq=9i,batches=5i,points=240i,samples=960i,from_ms=...i,to_ms=...i,
 *     sizes="50/200x4,40/160" 1760000000000000000
 *
 * sizes: points/samples of each batch in order, xN for N alike, so that those
 * which came after all can be taken off. batches: all from first to last, but
 * for torn ones; a report of fewer or more is none. Comes from the network:
 * everything is checked. Pure but for memory.
 */
#ifndef GONG_AGENT_RECEIVE_LEDGER_REPORT_H
#define GONG_AGENT_RECEIVE_LEDGER_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/lp_decode.h"
#include "common/str.h"

enum gong_lost_reason {
    GONG_LOST_DROPPED, /* "drop_oldest" */
    GONG_LOST_DAMAGED, /* "damaged": bytes of its spool were bad */
    GONG_LOST_TORN,    /* "torn": numbers that were never used */
};

/* Transparent plain values; sizes is a view. */
struct gong_ledger_report {
    enum gong_lost_reason reason;
    uint64_t epoch;
    uint64_t first, last;
    uint64_t batches, points, samples;
    struct gong_str sizes;
};

const char *gong_lost_reason_name(enum gong_lost_reason reason);

/* gong_ledger_report_is: whether a batch's body is reports. */
bool gong_ledger_report_is(struct gong_str body);

/* gong_ledger_report_next: the next report of what reader was started on; false
 * at the end. Lines that are none are passed over. */
bool gong_ledger_report_next(struct gong_lp_reader *reader,
                             struct gong_ledger_report *out);

/* gong_ledger_report_weigh: points and samples of first..last, which must lie
 * within the report; false, with the whole's share, where sizes does not say.
 */
bool gong_ledger_report_weigh(const struct gong_ledger_report *report,
                              uint64_t first, uint64_t last, uint64_t *points,
                              uint64_t *samples);

#endif
