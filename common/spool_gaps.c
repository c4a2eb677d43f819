/* Damage between good records: what is set aside, and named. */
#include "common/spool_private.h"

#include <inttypes.h>

#include "common/log.h"

#define GAPS_LOGGED 16

/* The one that lies furthest back: the newest ones are still asked for. */
static uint64_t
first_gap(const struct gong_spool *spool)
{
    uint64_t first = 0;

    for (uint64_t i = 1; i < GONG_SPOOL_GAPS_MAX; i++) {
        if (spool->gaps[i].from < spool->gaps[first].from) {
            first = i;
        }
    }
    return first;
}

void
gong_spool_set_aside(struct gong_spool *spool, uint64_t from, uint64_t to)
{
    uint64_t known = spool->gap_count < GONG_SPOOL_GAPS_MAX
                         ? spool->gap_count
                         : GONG_SPOOL_GAPS_MAX;

    for (uint64_t i = 0; i < known; i++) {
        if (spool->gaps[i].from == from ||
            (spool->gaps[i].from < from && spool->gaps[i].to >= to)) {
            return;
        }
    }
    spool->gaps[known < GONG_SPOOL_GAPS_MAX ? known : first_gap(spool)] =
        (struct gong_spool_gap){from, to};
    spool->gap_count++;
    spool->gap_bytes += to - from;
    if (spool->gap_count <= GAPS_LOGGED) {
        gong_log(GONG_LOG_ERROR, "spool_set_aside",
                 "dir=%s from=%" PRIu64 " to=%" PRIu64 " bytes=%" PRIu64 "%s",
                 spool->label, from, to, to - from,
                 spool->gap_count == GAPS_LOGGED ? " further=counted_only"
                                                 : "");
    }
}

uint64_t
gong_spool_gap_end(const struct gong_spool *spool, uint64_t offset)
{
    for (uint64_t i = 0; i < spool->gap_count && i < GONG_SPOOL_GAPS_MAX; i++) {
        if (spool->gaps[i].from == offset) {
            return spool->gaps[i].to;
        }
    }
    return 0;
}
