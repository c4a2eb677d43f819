/*
 * sink_fixture: a journal and an effects log in a folder of their own, for the
 * tests of what reads them.
 */
#ifndef GONG_TESTS_SINK_FIXTURE_H
#define GONG_TESTS_SINK_FIXTURE_H

#include <stdint.h>

#include <jansson.h>

#include "agent/decide/effects.h"
#include "agent/journal/journal.h"
#include "common/counter.h"

/* 2025-10-09T08:53:20Z: arrival of everything here. */
#define SINK_ARRIVAL_NS INT64_C(1760000000000000000)
#define SINK_ARRIVAL_MS INT64_C(1760000000000)

struct sinks {
    char dir[64];
    struct gong_journal *journal;
    struct gong_effects *effects;
    struct gong_counters *counters;
    /* Set them before sinks_reopen. */
    uint64_t memory_max; /* 0: 1 MiB */
    void (*written)(void *ctx, const struct gong_record *record);
    void *ctx;
};

/* cmocka's setup and teardown; *state is a struct sinks. */
int sinks_setup(void **state);
int sinks_teardown(void **state);

/* Both logs and the counters. */
void sinks_open(struct sinks *sinks);
void sinks_close(struct sinks *sinks);
/* Closes both logs and opens them again, as a restart does. */
void sinks_reopen(struct sinks *sinks);

/* Appends a data record and returns its position; durable on return. */
uint64_t sinks_put_data(struct sinks *sinks, const char *site,
                        const char *device, const char *lines);

/* One alert's transition; from and to as enum gong_alert_state. */
struct sink_alert {
    const char *name;
    const char *device;
    int from;
    int to;
    uint64_t position;
    uint32_t ordinal;
    int64_t at_ms;
    double value;
};

/* The effect as JSON text; the caller frees. */
char *sinks_alert_json(const struct sink_alert *alert);
/* The same read back; the caller json_decref()s. */
json_t *sinks_alert(const struct sink_alert *alert);
void sinks_put_alert(struct sinks *sinks, const struct sink_alert *alert);

/* The counter's value; labels as they were added. */
uint64_t sinks_count(struct sinks *sinks, const char *name, const char *labels);

/* What a file below dir holds, NUL-terminated; "" if there is none. The caller
 * frees. */
char *sinks_read(const struct sinks *sinks, const char *name);

/* Where a named cursor of a log stands after the log was closed and opened. */
uint64_t sinks_cursor(struct gong_spool *spool, const char *name);

#endif
