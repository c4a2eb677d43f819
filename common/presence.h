/*
 * presence: what a device says of itself on .../status, as everybody reads it.
 *
 *   {"state":"online","conn":"<hex>","every":{"cpu":10.0}, ...}       a birth
 *   {"state":"offline","conn":"<hex>"}                    will, and goodbye
 *   both also: "epoch":"<16 hex>","next":1043   its spool, the number to come
 *   (no bytes)                                  the retained one was cleared
 *
 * conn names one CONNECT, 1 to 16 hex digits: an offline of an older one is
 * known by it. every: for each measurement the seconds between two samples.
 * All of these may be missing; an epoch or next of another shape is; keys of
 * other names are passed over, whatever they hold.
 *
 * Journal payload of GONG_RECORD_PRESENCE: as that of a data record
 * (common/batch.h), with this text for the message. Pure; allocates nothing.
 */
#ifndef GONG_COMMON_PRESENCE_H
#define GONG_COMMON_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define GONG_PRESENCE_MAX ((size_t)64 << 10) /* bytes of a status */
#define GONG_PRESENCE_EVERY                                                    \
    (INT64_C(365) * 86400 * 1000) /* ms; more is this                          \
                                   */

enum gong_presence_kind {
    GONG_PRESENCE_CLEARED,
    GONG_PRESENCE_ONLINE,
    GONG_PRESENCE_OFFLINE,
};

/* Transparent: plain data. */
struct gong_presence_message {
    enum gong_presence_kind kind;
    bool has_conn;
    uint64_t conn;
    int64_t every_ms;      /* the shortest one; 0: none declared */
    struct gong_str every; /* what was declared, for gong_presence_every; a view
                              into the text */
    bool has_epoch;
    uint64_t epoch;
    uint64_t next; /* up to INT64_MAX; 0: not told */
    uint32_t crc;  /* CRC-32C of the text: names this very message */
};

/* gong_presence_parse: GONG_ERR_CORRUPT where text is no such JSON object: of
 * another shape, without a known state, over GONG_PRESENCE_MAX or nested more
 * than 32 deep. Hostile bytes are safe. */
enum gong_err
gong_presence_parse(struct gong_str text,
                    struct gong_presence_message *out) GONG_MUST_CHECK;

/* gong_presence_every: takes the next measurement off `every` and how far apart
 * its samples lie, 1 ms to GONG_PRESENCE_EVERY; false at the end. The name is
 * as it stands in the text: one that needs an escape names nothing. */
bool gong_presence_every(struct gong_str *every, struct gong_str *measurement,
                         int64_t *ms);

/* A presence record taken apart; views into the payload. */
struct gong_presence_record {
    struct gong_str site;
    struct gong_str device;
    struct gong_presence_message message;
};

/* gong_presence_open: GONG_ERR_CORRUPT if payload is none. */
enum gong_err
gong_presence_open(struct gong_str payload,
                   struct gong_presence_record *out) GONG_MUST_CHECK;

#endif
