/* publish_private: what publish.c and publish_send.c share. Nobody else's. */
#ifndef GONG_COLLECTOR_PUBLISH_PRIVATE_H
#define GONG_COLLECTOR_PUBLISH_PRIVATE_H

#include <pthread.h>

#include "collector/clock_offset.h"
#include "collector/presence.h"
#include "collector/publish.h"
#include "collector/settled.h"
#include "collector/window.h"
#include "common/lp_encode.h"
#include "common/monitor.h"
#include "common/topic.h"

/* So many acks in a row that speak of numbers never given out, and the spool
 * is taken for an older copy of itself. */
#define GONG_PUBLISH_OVERTAKEN 3

struct gong_publish {
    struct gong_publish_options options;
    struct gong_publish_link link;
    struct gong_spooler *spooler;
    struct gong_cadence *cadence;
    char data_topic[GONG_TOPIC_SIZE];
    char status_topic[GONG_TOPIC_SIZE];
    char ack_topic[GONG_TOPIC_SIZE];
    const char *ack_topics[1];

    struct gong_monitor monitor; /* guards all down to woken */
    /* Written by the stepping thread alone, which reads them without. */
    uint64_t epoch;
    uint64_t first_seq; /* the newest that an agent may have of this epoch from
                           before this process */
    unsigned overtaken; /* acks in a row past what was ever sent */
    uint32_t birth_crc; /* of the birth told last */
    gong_mono_t birth_told;
    struct gong_window window;
    struct gong_settled settled; /* the last ack of our epoch */
    uint64_t conn;
    struct gong_clock_offset clock_offset;
    uint64_t highest_sent;
    int64_t wall_base_ns; /* wall less mono when last looked; 0: never */
    char will[GONG_PRESENCE_WILL_SIZE];
    bool renewed; /* the epoch: once in a process */
    bool connected;
    bool birth_due;
    bool stopping;
    bool woken;

    /* The stepping thread only. */
    struct gong_lanes lanes;
    struct gong_dating dating;
    bool held; /* sends nothing, for want of the time */
    gong_mono_t held_since;
    struct gong_buffer message;
    gong_mono_t committed_at;
    gong_mono_t born_at;
    uint64_t born_version;
    bool born_writable; /* what the last birth said of the spool */
    double tokens;      /* for the backlog */
    gong_mono_t tokens_at;

    bool started;
    pthread_t thread;
};

/* gong_publish_commit: releases the spool up to the oldest batch that is not
 * settled; without at_once at most once a second. Stepping thread. */
void gong_publish_commit(struct gong_publish *publish, gong_mono_t now,
                         bool at_once);
/* gong_publish_look: notices that the wall clock was set. Monitor held. */
void gong_publish_look(struct gong_publish *publish, gong_mono_t now,
                       gong_wall_t wall);
/* gong_publish_say: text on the status topic, retained. */
bool gong_publish_say(struct gong_publish *publish, const char *text);

#endif
