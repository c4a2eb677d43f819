/*
 * recorded: what the engine's recordings say, on its way to the stores. The
 * samples become records of the journal, behind the ones that caused them: so
 * stores read them by the cursor that they have, and a torn tail takes samples
 * no earlier than what they rest on.
 *
 *   DATA 7 .. CLOCK 9 .. RECORDED 7 .. DATA .. RECORDED 9 ..
 *      '------- engine ------^
 *
 * Payload of a GONG_RECORD_RECORDED (little endian); a cause has one or more,
 * in order:
 *
 *    0  u64 journal position of the cause     12  u32 format, 1
 *    8  u32 ordinal of the last sample        16  line protocol: a line for
 *                                                 each sample, its name the
 *                                                 measurement, field `value`;
 *                                                 of the end of a series the
 *                                                 field `ended`, true
 *
 * After a start the engine says again what it said before. Those that the
 * journal turns out to hold, further down, are dropped; the rest is put there
 * once all of it has been read. So each is there once, whenever the agent was
 * killed.
 *
 * What is no finite number is left out: line protocol has no word for it. One
 * thread.
 */
#ifndef GONG_AGENT_DECIDE_RECORDED_H
#define GONG_AGENT_DECIDE_RECORDED_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/journal/journal.h"
#include "common/counter.h"
#include "common/record.h"
#include "rules/engine/effect.h"

#define GONG_RECORDED_PREFIX 16
#define GONG_RECORDED_FORMAT 1
#define GONG_RECORDED_END    "ended" /* the field of a series that ends */
/* Lines in one record, and in memory while the journal takes nothing or is
 * still being read; then the oldest go, counted. */
#define GONG_RECORDED_BYTES   (32u << 10)
#define GONG_RECORDED_PENDING (16u << 20)

struct gong_recorded_batch {
    uint64_t position;
    uint32_t ordinal;
    struct gong_str lines;
};

/* gong_recorded_read: views into the record; false where it is none. */
bool gong_recorded_read(const struct gong_record *record,
                        struct gong_recorded_batch *out);

struct gong_recorder;

/* journal is borrowed until free. NULL without memory. */
struct gong_recorder *gong_recorder_new(struct gong_journal *journal,
                                        struct gong_counters *counters);
void gong_recorder_free(struct gong_recorder *recorder);

/* gong_recorder_put: a sample that the engine tells. Presence of what sends
 * probes (agent/trust/probe.h) is left out. */
void gong_recorder_put(struct gong_recorder *recorder,
                       const struct gong_recorded *recorded);

/* gong_recorder_seen: the engine is about to apply this record. */
void gong_recorder_seen(struct gong_recorder *recorder,
                        const struct gong_record *record);

/* gong_recorder_flush: after each record: into the journal with what is not
 * there yet. complete: all that it held at the start has been read; before
 * that nothing goes, unless too much waits: then the rest of the journal is
 * looked through. */
void gong_recorder_flush(struct gong_recorder *recorder, bool complete);

/* gong_recorder_pending: whether some is not there yet. */
bool gong_recorder_pending(const struct gong_recorder *recorder);

/* gong_recorder_restart: the engine begins anew and says all of it again. */
void gong_recorder_restart(struct gong_recorder *recorder);

#endif
