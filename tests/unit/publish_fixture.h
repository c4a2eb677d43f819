/*
 * publish_fixture: collector/publish.c over a real spool and a link of our own:
 * the test answers, loses and acknowledges by hand, and time is what it says.
 * The programs are linked with --wrap=gong_clock_boot_id.
 */
#ifndef GONG_TESTS_PUBLISH_FIXTURE_H
#define GONG_TESTS_PUBLISH_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/publish.h"
#include "common/batch.h"

#define SENT_MAX 4096

/* Which boot it is; 0: the kernel offers no id, so clocks tell nothing. */
extern uint8_t publish_boot;

struct sent {
    struct gong_batch_header header;
    uint64_t tag;
    bool status; /* on the status topic */
    bool answered;
    char text[512]; /* of a status message, or the body's start */
};

struct world {
    char dir[64];
    struct gong_spooler_options spool;
    struct gong_publish_options options;
    struct gong_spooler *spooler;
    struct gong_cadence *cadence;
    struct gong_publish *publish;
    struct gong_mqtt_handlers handlers;
    gong_mono_t mono;
    gong_wall_t wall;
    bool refuse; /* the link takes nothing */
    struct sent sent[SENT_MAX];
    size_t count;
    size_t seen; /* by the test */
};

extern struct world world;

/* cmocka's. */
int publish_setup(void **state);
int publish_teardown(void **state);
/* All of it, over the folder as it is. */
void publish_open_world(void);
void publish_close_world(void);

enum gong_err publish_append_one(void);
void publish_append(int count);
void publish_step_after(gong_dur_t length);
void publish_step(void);
void publish_connect_link(void);
/* All that is in flight fails. */
void publish_lose_link(void);
/* Answers all that is in flight. */
void publish_answer_all(bool ok);
/* Sends and answers until nothing more goes out. */
void publish_pump(void);

/* The next message must be data with this number. */
const struct gong_batch_header *publish_expect_data(uint64_t seq);
void publish_expect_range(uint64_t first, uint64_t last);
const char *publish_expect_status(void);
void publish_expect_nothing(void);
size_t publish_count_status(void);

void publish_ack(uint64_t cum, const char *ranges);
void publish_ack_at(uint64_t epoch, uint64_t cum, const char *ranges,
                    int64_t now_ms);
/* An ack that also says which birth the agent has. */
void publish_ack_birth(uint32_t birth);

#endif
