/*
 * trust: whether silence may be trusted. Every `interval` a proof goes through
 * the broker and the whole chain to a receiver of its own; a drill goes the
 * same way to people, when somebody asks for one (probe.h).
 *
 *   thread -> broker -> ingest -> journal -> engine -> desk -> outbox -.
 *      ^      sent      received             decided   posted          |
 *      '------------------------- told: channel gong-proof <-----------'
 *
 * A proof that is not back when the next is due is lost; the hop that it did
 * not pass says where the chain is broken. Any thread may call in.
 */
#ifndef GONG_AGENT_TRUST_TRUST_H
#define GONG_AGENT_TRUST_TRUST_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/trust/probe.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/err.h"

struct gong_channel_kind;

struct gong_trust_options {
    const char *agent;
    gong_dur_t interval; /* 0: no proofs, drills only */
    struct gong_counters *counters;
};

struct gong_trust;

/* NULL without memory. options->agent and counters are borrowed until free. */
struct gong_trust *gong_trust_new(const struct gong_trust_options *options);
void gong_trust_free(struct gong_trust *trust);

/* How probes reach the broker; borrowed until stop. */
struct gong_trust_way {
    void *ctx;
    bool (*connected)(void *ctx);
    bool (*send)(void *ctx, const char *topic, struct gong_str payload);
};

enum gong_err
gong_trust_start(struct gong_trust *trust,
                 const struct gong_trust_way *way) GONG_MUST_CHECK;
void gong_trust_stop(struct gong_trust *trust); /* NULL: does nothing */

/* --- the hops say so; trust may be NULL --- */

/* gong_trust_expects: whether a message is the probe that was sent last, whose
 * number nobody else can know: any other one is somebody else's.
 * gong_trust_knows: the same of the number that an alert carries; one of an
 * earlier run is not told any more. False where trust is NULL. */
bool gong_trust_expects(const struct gong_trust *trust,
                        enum gong_probe_kind kind, struct gong_str message);
bool gong_trust_knows(struct gong_trust *trust, enum gong_probe_kind kind,
                      double number);
/* gong_trust_received: a message of a probe's site was journaled. */
void gong_trust_received(struct gong_trust *trust, enum gong_probe_kind kind,
                         struct gong_str message);
/* gong_trust_decided: its alert fires. */
void gong_trust_decided(struct gong_trust *trust, enum gong_probe_kind kind,
                        double number);

/* What the desk made of an alert, durably. */
struct gong_trust_posted {
    enum gong_probe_kind kind;
    double number;
    size_t messages;
    int64_t first_message;
    int64_t last_message;
    const char *why; /* literal, "" where there are messages */
};
void gong_trust_posted(struct gong_trust *trust,
                       const struct gong_trust_posted *posted);
/* gong_trust_told: a proof has come back. */
void gong_trust_told(struct gong_trust *trust, double number);

/* The receiver at the end: a channel whose config is the trust itself. */
extern const struct gong_channel_kind gong_channel_proof;

/* --- what is known --- */

struct gong_trust_report {
    gong_dur_t interval; /* 0: no proofs */
    int64_t last_ms;     /* wall clock; 0: none since the start */
    int64_t age_ms;      /* since the last one, or since the start */
    int64_t took_ms;     /* of the last one, from its begin */
    bool well;           /* no more than three intervals old */
    /* Where the last one that failed stopped; NONE where it came back. */
    enum gong_probe_hop broken;
};
/* All zero and well where trust is NULL. */
void gong_trust_report(const struct gong_trust *trust,
                       struct gong_trust_report *out);

/* gong_trust_drill: begins one. INVALID with why; AGAIN where one began less
 * than a second ago. A broker that is away is no error: the drill says so. */
enum gong_err gong_trust_drill(struct gong_trust *trust,
                               const struct gong_drill *drill, uint64_t *number,
                               const char **why) GONG_MUST_CHECK;
/* gong_trust_last_drill: number 0: there was none since the start. */
void gong_trust_last_drill(const struct gong_trust *trust,
                           struct gong_trust_probe *out);

#endif
