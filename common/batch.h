/*
 * batch: one MQTT data message, as it is journaled and as everybody reads it.
 *
 *   #gong v=1 epoch=<16 hex> seq=1042 low=1001 lane=live off=-120 \
 *       sent=1760000000123 n=50 s=250 at=1760000000100 lost=7 clock=placed \
 *       crc=9a3c11f0                                (one line, only ours)
 *   streetlight,lamp=17 temp=41.2 1760000000000000000
 *
 * crc is CRC-32C of all bytes after the header line's newline. off is the
 * clock that stamped the points minus the agent's, in ms; sent is the
 * collector's wall clock, ms; at is what the stamping clock said when the batch
 * was accepted. docs/WIRE.md says more.
 *
 * Journal payload of a data record (GONG_RECORD_DATA):
 *   u8 site length, u8 device length, site, device, the message unchanged
 * The record's wall time is the arrival. Both names are empty in records made
 * of a line-protocol file, which no topic named.
 *
 * The engine and the stores must agree on labels and stamps, so both read
 * points through gong_batch_next. Pure; no allocation per point.
 */
#ifndef GONG_COMMON_BATCH_H
#define GONG_COMMON_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/lp_decode.h"
#include "common/str.h"

enum gong_lane {
    GONG_LANE_LIVE,
    GONG_LANE_BACK, /* after an outage: to stores, never to the live engine */
};

/* Transparent: the parsed header line. */
struct gong_batch_header {
    uint64_t epoch; /* identifies the spool */
    uint64_t seq;   /* of this batch, from 1, +1 each */
    uint64_t low;   /* oldest seq still in the spool */
    enum gong_lane lane;
    int64_t off_ms;  /* 0 until measured */
    int64_t sent_ms; /* 0 if absent */
    uint32_t points; /* n */
    uint32_t crc;
    /* Left out of the line where zero. */
    uint32_t samples;     /* numeric fields */
    int64_t at_ms;        /* accepted into the spool */
    uint64_t lost_points; /* of this epoch, dropped unsettled, as it knows */
    bool placed;          /* off is a guess: recorded before time was known */
};

/* No spool comes near it, and every double and every store can hold it. */
#define GONG_BATCH_SEQ_MAX (UINT64_C(1) << 53)

#define GONG_BATCH_HEADER_SIZE 320

/* gong_batch_header_format: the line with its newline; returns its length. */
size_t gong_batch_header_format(const struct gong_batch_header *header,
                                char out[GONG_BATCH_HEADER_SIZE]);

/* What a message turned out to be. */
enum gong_batch_kind {
    GONG_BATCH_PLAIN,   /* no header: whatever the broker gives */
    GONG_BATCH_HEADED,  /* header fits and the CRC is right */
    GONG_BATCH_DAMAGED, /* header there, but body or CRC is not: ask again */
};

/* gong_batch_header_parse: splits message into header (filled only when not
 * PLAIN) and body. A line that starts with "#gong " but is malformed or of
 * another version is DAMAGED. */
enum gong_batch_kind gong_batch_header_parse(struct gong_str message,
                                             struct gong_batch_header *header,
                                             struct gong_str *body);

/* A data record taken apart; views into the payload. */
struct gong_batch {
    struct gong_str site;
    struct gong_str device;
    bool has_header;
    struct gong_batch_header header;
    struct gong_str body;
    int64_t arrival_ns;
    int64_t shift_ns; /* added to every stamp; see gong_batch_open */
};

/* gong_batch_prefix: the bytes before the message in a data record; names must
 * be valid topic names. Returns the length written. */
#define GONG_BATCH_PREFIX_SIZE 130
size_t gong_batch_prefix(struct gong_str site, struct gong_str device,
                         char out[GONG_BATCH_PREFIX_SIZE]);

/*
 * gong_batch_open: takes a data record's payload apart and starts reader on
 * its body, after one pass that finds the shift (design 3, "Time"):
 *   header and |off| > 2 s: every stamp is moved by -off;
 *   then, if the newest stamp lies after arrival (with a header: by more than
 *   2 s), all stamps move together so that this point falls on arrival.
 * Stamps are shifted, never clamped. GONG_ERR_CORRUPT if payload is no batch.
 */
enum gong_err gong_batch_open(struct gong_batch *batch,
                              struct gong_lp_reader *reader,
                              struct gong_str payload,
                              int64_t arrival_ns) GONG_MUST_CHECK;

/*
 * gong_batch_next: as gong_lp_reader_next; *time_ns gets the point's shifted
 * stamp, arrival for a point without one. A stamp that overflows int64 after
 * the shift or lies before 1970 is refused with reason "time".
 */
enum gong_lp_result gong_batch_next(struct gong_batch *batch,
                                    struct gong_lp_reader *reader,
                                    const struct gong_lp_point **point,
                                    const struct gong_lp_error **error,
                                    int64_t *time_ns);

/*
 * gong_batch_labels: the point's tags with site and device from the topic set
 * and tags of those names renamed exported_site / exported_device. out must
 * hold GONG_LP_TAGS_MAX + 2; returns the count. Not sorted. Without names from
 * a topic the tags stay as they stand (semantics rule 25).
 */
size_t gong_batch_labels(const struct gong_batch *batch,
                         const struct gong_lp_point *point,
                         struct gong_lp_tag out[GONG_LP_TAGS_MAX + 2]);

#endif
