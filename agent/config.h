/*
 * config: the agent's configuration file (libconfig), all of it in tables:
 *
 *   agent = "agent-1";  state = "/var/lib/gong-agent";  rules = ( "..." );
 *   broker = { url = "mqtt://127.0.0.1:1883"; };
 *   store = ( { type = "victoriametrics"; url = "..."; } );
 *   channels = ( { type = "log"; }, { type = "webhook"; url = "..."; } );
 *   desk = { routes = "..."; };
 *   http, journal, effects, ingest, engine, history: groups
 *
 * deploy/gong-agent.cfg is a commented example.
 */
#ifndef GONG_AGENT_CONFIG_H
#define GONG_AGENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "agent/desk/desk_config_file.h"
#include "agent/history/history.h"
#include "agent/tell/notify.h"
#include "agent/store/store_influx.h"
#include "common/conf.h"

struct gong_agent_broker {
    char *url;
    char *username;
    char *password_file;
    char *ca_file;
    char *cert_file;
    char *key_file;
    gong_dur_t keepalive;
    gong_dur_t retry_max;
};

/* A log of records on disk: the journal and the effects. */
struct gong_agent_log {
    uint64_t size; /* bytes of disk, taken at start */
    uint64_t segment_size;
    uint64_t memory;            /* bytes, while the disk fails */
    int policy;                 /* enum gong_spool_policy; journal only */
    gong_dur_t commit_interval; /* journal only */
};

struct gong_agent_ingest {
    uint64_t message_max;
    int64_t devices_max;
    double device_rate;
    double device_burst;
    gong_dur_t ack_interval;
    gong_dur_t ledger_interval;
    int64_t ledger_points;
};

struct gong_agent_engine {
    int64_t devices;
    int64_t rows_per_device;
    int64_t instances;
    gong_dur_t settle;
    gong_dur_t snapshot_min;
    gong_dur_t snapshot_max;
};

struct gong_agent_http {
    char *listen; /* "" is off */
    char *socket; /* "" is STATE/gong.sock */
    char *tls_cert;
    char *tls_key;
    int64_t connections;
    int64_t per_address;
};

/* One receiver: its kind's own config lies behind the two common options. */
struct gong_agent_notifier {
    const struct gong_notify_kind *kind;
    void *filled;                /* common options, then the kind's */
    const char *name;            /* in filled */
    const void *config;          /* in filled */
    struct gong_option *options; /* the joined table's */
    struct gong_option_table table;
};

struct gong_agent_config {
    char *agent;
    char *state;
    struct gong_strings rules;
    struct gong_strings model; /* of the city */
    gong_dur_t self_metrics;   /* 0 is off */
    int log_level;             /* enum gong_log_level */
    struct gong_agent_broker broker;
    struct gong_agent_http http;
    struct gong_agent_log journal;
    struct gong_agent_log effects;
    struct gong_agent_ingest ingest;
    struct gong_agent_engine engine;
    struct gong_history_config history;
    struct gong_store_config *stores;
    size_t store_count;
    struct gong_agent_notifier *notifiers;
    size_t notifier_count;
    bool notifies; /* the file has notify, though perhaps empty */
    bool desk_on;  /* false: the file has notify, and nothing of a desk */
    struct gong_desk_file desk;
    struct gong_desk_channels channels;
};

/* gong_agent_config_load: NULL after problems, all of which are in errors. */
struct gong_agent_config *
gong_agent_config_load(const char *path, struct gong_conf_errors *errors);
/* gong_agent_config_read: the same from an open file. */
struct gong_agent_config *
gong_agent_config_read(const struct gong_conf *conf,
                       struct gong_conf_errors *errors);
/* gong_agent_config_root: of a file that is no good configuration, what stands
 * outside of its groups and can be read, so that more of what is wrong can be
 * told; gong_agent_config_free. NULL without memory. */
struct gong_agent_config *gong_agent_config_root(const char *path);
void gong_agent_config_free(struct gong_agent_config *config);

/* gong_agent_config_warn: what should be written otherwise, as text; returns
 * how many such things there are. */
size_t gong_agent_config_warn(const struct gong_agent_config *config,
                              const char *path, FILE *out);
/* gong_agent_config_dump: a file that reads back to the same. */
void gong_agent_config_dump(const struct gong_agent_config *config, FILE *out);
/* gong_agent_config_manual: every option as Markdown. */
void gong_agent_config_manual(FILE *out);

#endif
