/*
 * desk_config_file: what the agent's configuration says of the desk:
 *
 *   desk = {
 *       routes = "/etc/gong/routes.cfg";
 *       link = "https://gong.example.vn";
 *       expire = "24h";  retention = "400d";  proof = "60s";
 *   };
 *   channels = (
 *     { name = "hook"; type = "webhook"; url = "http://127.0.0.1:9000/"; },
 *     { name = "sms"; type = "exec"; rate = 0.2; command = ("/usr/bin/sms"); }
 *   );
 */
#ifndef GONG_AGENT_DESK_DESK_CONFIG_FILE_H
#define GONG_AGENT_DESK_DESK_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "agent/tell/outbox.h"
#include "common/conf.h"

/* The group `desk`. */
struct gong_desk_file {
    char *routes; /* "": every alert at once to all channels */
    char *link;
    gong_dur_t expire;
    gong_dur_t retention;
    gong_dur_t proof; /* 0: off */
};
extern const struct gong_option_table gong_desk_file_table;

/* What every channel has, before the options of its kind. */
extern const struct gong_option_table gong_desk_channel_head_table;

/* The list `channels`. */
struct gong_desk_channels {
    struct gong_outbox_channel *channels; /* for gong_outbox_start */
    size_t count;
    struct gong_desk_channel_read *read; /* what they point to */
};

/* gong_desk_channels_read: of the list's node, NULL for none. Mistakes are in
 * errors, and false returned; free in any case. */
bool gong_desk_channels_read(const struct gong_conf_node *list,
                             struct gong_desk_channels *out,
                             struct gong_conf_errors *errors);
void gong_desk_channels_free(struct gong_desk_channels *channels);

/* gong_desk_channels_dump: as `channels = ( { ... } );`, to be read back.
 * gong_desk_channels_manual: the tables of all kinds, for docs/CONFIG.md. */
void gong_desk_channels_dump(const struct gong_desk_channels *channels,
                             FILE *out);
void gong_desk_channels_manual(FILE *out);

#endif
