/* failing_disk_fixture: what an agent runs between broker and effects, on a
 * disk that fails on order. */
#ifndef GONG_TESTS_FAILING_DISK_FIXTURE_H
#define GONG_TESTS_FAILING_DISK_FIXTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/receive/ingest.h"
#include "agent/decide/rules_reload.h"
#include "agent_fixture.h"

#define EPOCH 0xaaULL /* of the batches that failing_send sends */

/* The error of every call that changes the disk; 0: it works. */
extern atomic_int failing_disk;

struct failing_world {
    struct sinks *sinks;
    struct gong_strings paths;
    struct gong_rules_reload reload;
    struct gong_receive *receive;
    struct gong_ingest *ingest;
    struct gong_engine_thread *engine;
    char aside[96];
    /* On the committer's thread, before the ledger is told of a record that was
     * held and is written; or NULL. */
    void (*before_written)(void);
};

/* cmocka's setup and teardown; *state is a struct failing_world with RULES_HOT.
 * failing_setup_with: with so many bytes for what is held; else 1 MiB. */
int failing_setup_with(void **state, uint64_t memory_max);
int failing_setup(void **state);
int failing_teardown(void **state);

void failing_load_rules(struct failing_world *world, const char *rules);

/* failing_kill_and_start: the process ends, and with it what is only in
 * memory. */
void failing_kill_and_start(struct failing_world *world);

/* failing_send: a batch of one temperature. */
void failing_send(struct failing_world *world, uint64_t seq, int temp);

/* failing_results: how many messages had this result. */
uint64_t failing_results(const struct failing_world *world, const char *result);

/* failing_settled: whether the ledger would tell the device that this is
 * settled, and the journal's durable mark stands behind it. */
bool failing_settled(struct failing_world *world, uint64_t seq);

/* failing_wait_until_back: until nothing is held and all is durable. */
void failing_wait_until_back(struct failing_world *world);

#endif
