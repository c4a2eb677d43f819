/*
 * config: gong-collector's file, read through tables of options. The tables
 * feed the reader, --dump and the manual.
 *
 *   site = "22015";  device = "gateway-1";
 *   broker = { url = "mqtt://127.0.0.1:1883"; };
 *   spool = { path = "/var/lib/gong-collector"; };
 *   inputs = ( { type = "cpu"; interval = "10s"; }, ... );
 */
#ifndef GONG_COLLECTOR_CONFIG_H
#define GONG_COLLECTOR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "collector/input.h"
#include "common/clock.h"
#include "common/conf.h"
#include "common/err.h"

/* Transparent: filled by gong_config_read; texts are owned. */
struct gong_config_spool {
    char *path;
    uint64_t size;
    uint64_t segment_size;
    int policy; /* enum gong_spool_policy */
    gong_dur_t sync;
    uint64_t memory;
};

struct gong_config_broker {
    char *url;
    char *client_id; /* "" : <site>-<device> */
    char *username;  /* "" : <site>/<device> where there is a password */
    char *password_file;
    char *ca_file;
    char *cert_file;
    char *key_file;
    gong_dur_t keepalive;
    gong_dur_t retry_max;
};

struct gong_config_socket {
    char *path; /* "" : none */
    int64_t clients;
    gong_dur_t idle;
};

struct gong_config_publish {
    int64_t window;
    gong_dur_t ack_timeout;
    gong_dur_t backlog_after;
    int64_t backlog_rate;
};

struct gong_config_input {
    const struct gong_input_kind *kind;
    gong_dur_t interval; /* never 0 once read */
    gong_dur_t timeout;
    void *own; /* the kind's options; owned */
};

struct gong_config {
    char *site;
    char *device;
    gong_dur_t interval;
    char *manifest; /* "" : none */
    struct gong_config_spool spool;
    struct gong_config_broker broker;
    struct gong_config_socket socket;
    struct gong_config_publish publish;
    struct gong_config_input *inputs;
    size_t input_count;
};

/* gong_config_read: NULL after problems, which are all in errors. */
struct gong_config *gong_config_read(const char *path,
                                     struct gong_conf_errors *errors);
/* The same from text; name stands for the file in messages. */
struct gong_config *gong_config_read_text(const char *name,
                                          struct gong_str text,
                                          struct gong_conf_errors *errors);
void gong_config_free(struct gong_config *config);

/* gong_config_dump: everything in force, as a file that reads back alike. */
void gong_config_dump(const struct gong_config *config, FILE *out);
/* gong_config_manual: every table as Markdown. */
void gong_config_manual(FILE *out);

#endif
