/*
 * desk_read: what is in the desk's database, for those who look: the API,
 * gongctl, reports. A connection of its own that only reads and that no writer
 * waits for. One thread at a time; open one for each thread. Where the file is
 * another one than before (a damaged one is set aside) that one is read; until
 * it can be, each call gives an error.
 *
 * What `each` is given is valid during its call; its error ends the reading
 * and is given back.
 */
#ifndef GONG_AGENT_DESK_DESK_READ_H
#define GONG_AGENT_DESK_DESK_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/tell/channel.h"
#include "agent/desk/desk_decision.h"
#include "agent/desk/desk_schema.h"
#include "rules/desk/desk.h"

struct gong_desk_reader;

enum gong_err gong_desk_reader_open(const char *path,
                                    struct gong_desk_reader **out, char *why,
                                    size_t why_size) GONG_MUST_CHECK;
void gong_desk_reader_close(struct gong_desk_reader *reader);
/* gong_desk_reader_shut: closes the file; the next read opens what has its name
 * then. */
void gong_desk_reader_shut(struct gong_desk_reader *reader);

#define GONG_DESK_READ_MAX 1000 /* incidents of one call */

/* All zero: the newest GONG_DESK_READ_MAX. */
struct gong_desk_filter {
    unsigned states; /* 1u << enum gong_incident_state, or-ed; 0: all */
    /* Codes of the units whose incidents may be seen; NULL: all. Taken is what
     * has one as label unit, or, without that label, as label site. */
    const char *const *units;
    size_t unit_count;
    enum gong_severity severity; /* at least; OTHER: all */
    struct gong_str text;        /* in labels or annotations; empty: all */
    int64_t since_ms;            /* changed then or later */
    int64_t until_ms;            /* opened before; 0: all */
    uint64_t after;              /* numbers above it */
    uint64_t before;             /* numbers below it; 0: all */
    bool oldest_first;
    size_t limit; /* 0, or more than that: GONG_DESK_READ_MAX */
};

enum gong_err gong_desk_read_incidents(struct gong_desk_reader *reader,
                                       const struct gong_desk_filter *filter,
                                       gong_desk_incident_fn each,
                                       void *ctx) GONG_MUST_CHECK;
/* gong_desk_read_incident: one, whatever its unit: the caller checks who may
 * see it. NOT_FOUND. */
enum gong_err gong_desk_read_incident(struct gong_desk_reader *reader,
                                      uint64_t number,
                                      gong_desk_incident_fn each,
                                      void *ctx) GONG_MUST_CHECK;

struct gong_desk_read_event {
    uint64_t id; /* grows; an event stream goes on after one */
    uint64_t incident;
    int64_t at_ms;
    enum gong_incident_event event;
    struct gong_str by;
    struct gong_str text;
};
typedef enum gong_err (*gong_desk_read_event_fn)(
    void *ctx, const struct gong_desk_read_event *event);
/* gong_desk_read_events: after an id, oldest first: of one incident the newest
 * GONG_DESK_READ_MAX; of all, where incident is 0, the oldest. */
enum gong_err gong_desk_read_events(struct gong_desk_reader *reader,
                                    uint64_t incident, uint64_t after,
                                    gong_desk_read_event_fn each,
                                    void *ctx) GONG_MUST_CHECK;

/* Why the alert went as it did. */
struct gong_desk_read_decision {
    int64_t kept_ms; /* when the desk took it */
    enum gong_incident_event event;
    struct gong_desk_decision is;
};
typedef enum gong_err (*gong_desk_read_decision_fn)(
    void *ctx, const struct gong_desk_read_decision *decision);
/* gong_desk_read_decisions: the newest GONG_DESK_READ_MAX, oldest first. What
 * is older than the table has none. */
enum gong_err gong_desk_read_decisions(struct gong_desk_reader *reader,
                                       uint64_t incident,
                                       gong_desk_read_decision_fn each,
                                       void *ctx) GONG_MUST_CHECK;

/* Who was to be told of an incident, and each try; rows without a try yet have
 * an empty channel. */
struct gong_desk_read_delivery {
    uint64_t message;
    enum gong_message_kind kind;
    struct gong_str receiver;
    struct gong_str unit;
    struct gong_str recipient; /* "contact:duty-1", "channel:hook" */
    enum gong_outbox_state state;
    int64_t created_ms;
    int64_t done_ms;
    bool unreached;
    struct gong_str channel;
    int64_t at_ms;
    enum gong_channel_outcome outcome;
    struct gong_str why;
    int64_t latency_ms;
};
typedef enum gong_err (*gong_desk_read_delivery_fn)(
    void *ctx, const struct gong_desk_read_delivery *delivery);
/* gong_desk_read_deliveries: the newest GONG_DESK_READ_MAX, oldest first. */
enum gong_err gong_desk_read_deliveries(struct gong_desk_reader *reader,
                                        uint64_t incident,
                                        gong_desk_read_delivery_fn each,
                                        void *ctx) GONG_MUST_CHECK;

/* gong_desk_read_messages: the same of messages from first to last. */
enum gong_err gong_desk_read_messages(struct gong_desk_reader *reader,
                                      int64_t first, int64_t last,
                                      gong_desk_read_delivery_fn each,
                                      void *ctx) GONG_MUST_CHECK;

typedef enum gong_err (*gong_desk_read_silence_fn)(
    void *ctx, const struct gong_desk_silence *silence);
/* ended: also those that are over. Newest first, at most GONG_DESK_READ_MAX. */
enum gong_err gong_desk_read_silences(struct gong_desk_reader *reader,
                                      bool ended,
                                      gong_desk_read_silence_fn each,
                                      void *ctx) GONG_MUST_CHECK;
/* gong_desk_read_silence: one, over or not. NOT_FOUND. */
enum gong_err gong_desk_read_silence(struct gong_desk_reader *reader,
                                     uint64_t number,
                                     gong_desk_read_silence_fn each,
                                     void *ctx) GONG_MUST_CHECK;

struct gong_desk_counts {
    uint64_t open;
    uint64_t acknowledged;
    uint64_t critical; /* of these two */
    uint64_t overdue;  /* of these two, any deadline */
    uint64_t waiting;  /* rows of the outbox */
};
enum gong_err
gong_desk_read_counts(struct gong_desk_reader *reader,
                      struct gong_desk_counts *out) GONG_MUST_CHECK;

#endif
