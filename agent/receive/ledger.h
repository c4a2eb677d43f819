/*
 * ledger: what became of the batches of one spool (epoch) of a device.
 *
 *   numbers:  1 .. | base ............... cum | ..... expected |
 *             before this ledger            ^   not settled yet
 *                    '-- received, set aside, or lost --'
 *                        lost = gone from the sender's spool without coming:
 *                        reported (dropped, damaged, torn) or just missing
 *
 * A number is lost once the sender says so: by `low`, which is above it, or by
 * a report (agent/receive/ledger_report.h). Missing ones are named in gaps,
 * ascending; a report moves them to its reason, the batch itself makes them
 * received. Past GONG_LEDGER_GAPS_MAX the oldest gap keeps its count and loses
 * its name, and so does the oldest of what was told past GONG_LEDGER_TOLD_MAX.
 *
 * Times are the agent's clock: the header's `at` less its `off`, and never
 * later than the batch arrived, whatever it says. Everything up to `until` is
 * settled or lost by name; of what came after nothing is known, so no device is
 * ever complete, but for one that said goodbye.
 *
 * Pure but for memory, at most 32 gaps of 16 and 16 told of 40 bytes.
 */
#ifndef GONG_AGENT_RECEIVE_LEDGER_H
#define GONG_AGENT_RECEIVE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/receive/ledger_report.h"
#include "agent/receive/ranges.h"
#include "common/batch.h"

#define GONG_LEDGER_GAPS_MAX 32
#define GONG_LEDGER_TOLD_MAX 16

/* A run of lost batches that a report explained. */
struct gong_ledger_told {
    uint64_t first, last;
    enum gong_lost_reason reason;
    uint64_t points, samples;
};

/* Transparent: stored as they stand (agent/receive/receive_file.h). */
struct gong_ledger_counts {
    uint64_t batches; /* received: journaled */
    uint64_t points;
    uint64_t samples; /* of senders that tell */
    uint64_t duplicate;
    uint64_t back;   /* of the received: lane=back */
    uint64_t placed; /* of the received: clock=placed */
    uint64_t aside;
    uint64_t dropped; /* batches, by policy, reported */
    uint64_t dropped_points;
    uint64_t dropped_samples;
    uint64_t damaged; /* batches, in the sender's spool, reported */
    uint64_t torn;    /* numbers skipped after a power cut, reported */
    uint64_t missing; /* batches, gone without a word */
};

#define GONG_LEDGER_COUNTS                                                     \
    (sizeof(struct gong_ledger_counts) / sizeof(uint64_t))

/* Transparent: a member of its owner; start from {0}. */
struct gong_ledger {
    struct gong_ledger_counts counts;
    uint64_t base;     /* 0: nothing came yet */
    uint64_t highest;  /* newest that came */
    uint64_t expected; /* newest known to exist */
    uint64_t goodbye;  /* the next number when it stopped; 0: it never said */
    uint64_t lost_points; /* as the sender counts them */
    int64_t highest_ms;
    int64_t until_ms; /* 0: nothing is known */
    uint32_t gap_count, gap_capacity;
    struct gong_range *gaps;
    struct gong_ledger_told *told; /* by number; room for all, or NULL */
    uint32_t told_count;
    bool closed; /* another epoch of the device has begun */
};

void gong_ledger_fini(struct gong_ledger *ledger);

/* gong_ledger_note: what a header tells besides its batch. Before settled
 * learns of it. */
void gong_ledger_note(struct gong_ledger *ledger,
                      const struct gong_batch_header *header,
                      const struct gong_ranges *settled);

/* gong_ledger_missed: whether seq is one of the gaps, so that it is welcome
 * though settled. */
bool gong_ledger_missed(const struct gong_ledger *ledger, uint64_t seq);

/* gong_ledger_take: a batch that arrived then was journaled (or set aside).
 * After settled has learnt of it. */
void gong_ledger_take(struct gong_ledger *ledger,
                      const struct gong_batch_header *header,
                      const struct gong_ranges *settled, bool aside,
                      int64_t arrival_ms);

/* gong_ledger_pass: a batch was set aside whose header may be as wrong as its
 * body: it tells nothing else. */
void gong_ledger_pass(struct gong_ledger *ledger, uint64_t seq);

/* gong_ledger_explain: a report; what it names and never came is settled. Of
 * numbers below the first one known here the report alone is believed. */
void gong_ledger_explain(struct gong_ledger *ledger,
                         const struct gong_ledger_report *report,
                         struct gong_ranges *settled);

/* gong_ledger_expect: numbers below next exist; goodbye: and no others, for the
 * sender stopped. */
void gong_ledger_expect(struct gong_ledger *ledger, uint64_t next,
                        bool goodbye);

/* Where it stands. */
enum gong_ledger_state {                       /* from good to bad */
                         GONG_LEDGER_COMPLETE, /* all known numbers settled,
                                                  none lost */
                         GONG_LEDGER_UNKNOWN, /* nothing is lost or to come, but
                                                 up to when its samples are here
                                                 nobody can say */
                         GONG_LEDGER_OPEN,    /* some are still to come */
                         GONG_LEDGER_GAPS,    /* some are lost */
                         GONG_LEDGER_CUT, /* closed, and who knows what it still
                                             held */
};

enum gong_ledger_state gong_ledger_state(const struct gong_ledger *ledger,
                                         const struct gong_ranges *settled);
const char *gong_ledger_state_name(enum gong_ledger_state state);
/* Known numbers that are neither settled nor lost. */
uint64_t gong_ledger_outstanding(const struct gong_ledger *ledger,
                                 const struct gong_ranges *settled);
/* Batches that are lost, whatever the reason; torn numbers are none. */
uint64_t gong_ledger_lost(const struct gong_ledger *ledger);

/* gong_ledger_add_told: for gong_receive_file, likewise. */
bool gong_ledger_add_told(struct gong_ledger *ledger,
                          const struct gong_ledger_told *told);
/* gong_ledger_sound: whether stored values can be true. */
bool gong_ledger_sound(const struct gong_ledger *ledger);
/* gong_ledger_add_gap: for gong_receive_file: in order, not touching. */
bool gong_ledger_add_gap(struct gong_ledger *ledger, struct gong_range gap);

#endif
