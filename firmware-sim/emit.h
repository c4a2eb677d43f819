/*
 * emit: one simulated device's way out: a bounded outbox in front of its own
 * MQTT connection. A line leaves the outbox when the broker has acknowledged
 * it; what a broken connection left unanswered is sent again.
 */
#ifndef GONG_SIM_EMIT_H
#define GONG_SIM_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/mqtt_link.h"
#include "common/str.h"

#define GONG_EMIT_OUTBOX 4096 /* lines; past that a new one is refused */

struct gong_emit_options {
    const char *broker;        /* URL; borrowed */
    const char *username;      /* NULL or "": site/device */
    const char *password_file; /* NULL: no login */
    const char *site;
    const char *device;
};

struct gong_emit;

enum gong_err gong_emit_new(const struct gong_emit_options *options,
                            struct gong_emit **out, char *why,
                            size_t why_size) GONG_MUST_CHECK;
enum gong_err gong_emit_start(struct gong_emit *emit) GONG_MUST_CHECK;
/* Disconnects; what is still in the outbox is lost with it. */
void gong_emit_stop(struct gong_emit *emit);
void gong_emit_free(struct gong_emit *emit);

/* gong_emit_put: copies the line into the outbox and sends when it can. Any
 * one thread. GONG_ERR_NO_SPACE when the outbox is full. */
enum gong_err gong_emit_put(struct gong_emit *emit,
                            struct gong_str line) GONG_MUST_CHECK;

/* Lines not yet acknowledged. */
size_t gong_emit_waiting(struct gong_emit *emit);

#endif
