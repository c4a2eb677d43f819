/*
 * receive_fixture: a receive ledger with the ingest in front of it and the
 * journal behind it, saved beside that, for the tests of what is kept of it.
 */
#ifndef GONG_TESTS_RECEIVE_FIXTURE_H
#define GONG_TESTS_RECEIVE_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/receive/ingest.h"
#include "agent/receive/receive_file.h"
#include "agent/receive/receive_keeper.h"
#include "sink_fixture.h"

struct received {
    struct sinks *sinks;
    struct gong_receive *receive;
    struct gong_ingest *ingest;
    char path[128];
    char aside[128];
};

/* cmocka's; *state is a struct received. */
int received_setup(void **state);
int received_teardown(void **state);

struct gong_receive *received_new(size_t devices_max);

/* A batch of lamp-<device> of 22015, accepted at seq seconds. */
void received_send_body(const struct received *world, unsigned device,
                        uint64_t epoch, uint64_t seq, uint64_t low,
                        const char *body);
void received_send(const struct received *world, unsigned device,
                   uint64_t epoch, uint64_t seq, uint64_t low);
/* 40 lamps with gaps, duplicates, two epochs and reports; one plain device. */
void received_send_some(const struct received *world);

/* Where the journal stands. */
struct gong_receive_place received_place(const struct received *world);
void received_save_at(const struct received *world,
                      const struct gong_receive_place *place);
void received_save(const struct received *world);
/* The caller frees both. */
struct gong_receive *received_load(const struct received *world,
                                   uint64_t *from);
struct gong_receive_keeper *received_keeper(const struct received *world,
                                            size_t points);

/* Learns the journal's records from there on. */
void received_learn(const struct received *world, struct gong_receive *receive,
                    uint64_t from);
/* Fails unless both know the same. */
void received_same(struct gong_receive *a, struct gong_receive *b);

#endif
