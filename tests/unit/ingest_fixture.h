/* ingest_fixture: messages come in, to sink_fixture's journal. */
#ifndef GONG_TESTS_INGEST_FIXTURE_H
#define GONG_TESTS_INGEST_FIXTURE_H

#include "agent/receive/ingest.h"
#include "sink_fixture.h"

#define EPOCH 0xaaULL

struct ingest_world {
    struct sinks *sinks;
    struct gong_receive *receive;
    struct gong_ingest *ingest;
    char aside[96];
    size_t message_max;       /* 0: 4096 */
    struct gong_trust *trust; /* the test's; NULL: none */
};

/* cmocka's setup and teardown; *state is a struct ingest_world of 100 devices
 * and a burst of 10000. */
int ingest_setup(void **state);
int ingest_teardown(void **state);

/* Once more over the same logs, after a close. */
void ingest_open(struct ingest_world *world, size_t devices_max, double burst);
void ingest_close(struct ingest_world *world);

/* How many messages had this result. */
uint64_t ingest_results(const struct ingest_world *world, const char *result);

void ingest_text(const struct ingest_world *world, const char *topic,
                 const char *message);

/* A batch of one line; flip damages its body. */
void ingest_batch(const struct ingest_world *world, uint64_t seq, uint64_t low,
                  bool flip);

/* How many records of this type the journal holds. */
int ingest_journaled(const struct ingest_world *world,
                     enum gong_record_type type);

#endif
