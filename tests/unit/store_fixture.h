/*
 * store_fixture: a store of the agent and the scripted server that it writes
 * to.
 */
#ifndef GONG_TESTS_STORE_FIXTURE_H
#define GONG_TESTS_STORE_FIXTURE_H

#include <stdbool.h>

#include "agent/store/store_influx.h"
#include "http_script.h"
#include "script_store.h"
#include "sink_fixture.h"

struct store_fixture {
    struct server server;
    struct script *script;
    struct gong_store *store;
    struct gong_store_config config;
    struct sinks *sinks; /* of the last start */
    int64_t unheard;     /* what the server had accepted before that start */
    char url[64];
    char stored[1 << 16];
};

/* The server answers by plan; the store is not started. end stops both. */
struct store_fixture *store_fixture_begin(int type, const char *plan);
void store_fixture_end(struct store_fixture *f);

void store_fixture_start(struct store_fixture *f, struct sinks *sinks);

/* Ten lines, numbered; the fourth and the eighth are bad where asked for. */
void store_fixture_put_ten(struct sinks *sinks, bool with_bad);

/* What the server has stored so far; good until the next call. */
const char *store_fixture_stored(struct store_fixture *f);

/* Until the store knows of what the server has accepted. What it did not hear
 * of before a start it never will. */
void store_fixture_wait_heard(struct store_fixture *f);

/* How often line n of put_ten occurs in text. */
int store_fixture_occurrences(const char *text, int n);

#endif
