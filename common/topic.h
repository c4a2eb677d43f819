/*
 * topic: gong/v1/<site>/<device>/<kind> (design 3).
 *
 * <site> and <device> are 1 to 64 of [a-z0-9_-]: no dots, spaces or '$', so
 * that RabbitMQ and NATS are valid brokers.
 */
#ifndef GONG_COMMON_TOPIC_H
#define GONG_COMMON_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/str.h"

#define GONG_TOPIC_NAME_MAX 64  /* bytes of a site or device name */
#define GONG_TOPIC_SIZE     160 /* any topic of ours with its NUL */

enum gong_topic_kind {
    GONG_TOPIC_DATA,
    GONG_TOPIC_STATUS,
    GONG_TOPIC_ACK,
};

/* Transparent: views into the parsed topic. */
struct gong_topic {
    struct gong_str site;
    struct gong_str device;
    enum gong_topic_kind kind;
};

/* gong_topic_name_valid: whether name may be a site or device. Pure. */
bool gong_topic_name_valid(struct gong_str name);

/* gong_topic_names_split: takes the payload of a record apart: u8 length of the
 * site's name, u8 of the device's, both names, the rest. False where it is
 * shorter; names are not checked. Pure; all borrow from payload. */
bool gong_topic_names_split(struct gong_str payload, struct gong_str *site,
                            struct gong_str *device, struct gong_str *rest);

/* gong_topic_parse: GONG_ERR_INVALID where text is not such a topic. Pure; out
 * borrows from text. */
enum gong_err gong_topic_parse(struct gong_str text,
                               struct gong_topic *out) GONG_MUST_CHECK;

/* gong_topic_format: writes the NUL-terminated topic; names must be valid
 * (GONG_ERR_INVALID otherwise). */
enum gong_err gong_topic_format(const struct gong_topic *topic,
                                char out[GONG_TOPIC_SIZE]) GONG_MUST_CHECK;

#endif
