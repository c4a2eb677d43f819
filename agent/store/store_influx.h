/*
 * store_influx: writes points, recorded series (agent/decide/recorded.h) and
 * alert transitions as line protocol over HTTP to InfluxDB 1.x, 2.x or
 * VictoriaMetrics. One thread per store, two cursors: the journal up to its
 * durable mark, and the effects log. A cursor moves only when the store has
 * answered, so what a dead store did not take is sent when it is back; nothing
 * but the journal's size bounds that.
 *
 * An alert transition is the point
 *   gong_alert,alertname=..,rule=..,severity=..,site=..,device=..,state=..,
 *     fingerprint=.. value=..,since=..i,state_code=..i  <at_ms as ns>
 * state: pending 1, firing 2, keeping 3, unknown 4, resolved 0 (it had fired),
 * inactive 0
 * (it had only been pending). It is sent when its cause is durable.
 */
#ifndef GONG_AGENT_STORE_STORE_INFLUX_H
#define GONG_AGENT_STORE_STORE_INFLUX_H

#include "agent/decide/effects.h"
#include "agent/journal/journal.h"
#include "common/conf.h"
#include "common/counter.h"

/* "store-" before it must make the name of a cursor. */
#define GONG_STORE_NAME_MAX (GONG_SPOOL_CURSOR_NAME_MAX - 6)

enum gong_store_type {
    GONG_STORE_INFLUXDB1,
    GONG_STORE_INFLUXDB2,
    GONG_STORE_VICTORIAMETRICS,
};

struct gong_store_config {
    char *name;         /* in cursors, metrics and logs: [a-z0-9_-] */
    char *url;          /* http://host:port */
    char *database;     /* 1.x */
    char *organization; /* 2.x */
    char *bucket;       /* 2.x */
    char *username;     /* 1.x, VictoriaMetrics behind basic auth */
    char *password_file;
    char *token_file; /* 2.x */
    char *ca_file;
    char *dead_letter_file; /* default: STATE/dead-letter-NAME.lp */
    int64_t batch_lines;    /* 5000 */
    uint64_t batch_bytes;   /* 1 MiB */
    gong_dur_t batch_delay; /* 1 s */
    gong_dur_t timeout;     /* of one request: 30 s */
    gong_dur_t retry_min;   /* 1 s: first bound of the random wait */
    gong_dur_t retry_max;   /* 60 s: its last bound */
    /* Not an option: set by the caller for one store only. That one keeps the
     * lines that the decoder refuses, in STATE/dead-letter-decode.lp. */
    bool keeps_undecodable;
    bool gzip; /* not used on loopback */
    int type;  /* enum gong_store_type */
};

extern const struct gong_option_table gong_store_table;

/* gong_store_config_check: what the table cannot say: a valid name and url,
 * and what the type needs. On false, why says what to mend. Pure. */
bool gong_store_config_check(const struct gong_store_config *config, char *why,
                             size_t why_size);

struct gong_store;

/* config is borrowed until stop. state_dir for the default dead-letter file. */
enum gong_err gong_store_start(const struct gong_store_config *config,
                               const char *state_dir,
                               struct gong_journal *journal,
                               struct gong_effects *effects,
                               struct gong_counters *counters,
                               struct gong_store **out) GONG_MUST_CHECK;
/* Tries to flush for at most 2 s, joins, frees. */
void gong_store_stop(struct gong_store *store);

#endif
