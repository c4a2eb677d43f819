/*
 * flood_world: one run of the flood: engine, desk and texts, the shipped city
 * model, rules and routes of tests/flood. What it was told is in list, what
 * became of incidents beside it.
 */
#ifndef GONG_TESTS_FLOOD_WORLD_H
#define GONG_TESTS_FLOOD_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "agent/tell/message_text.h"
#include "engine_fixture.h"
#include "rules/desk/desk.h"
#include "rules/rule_file.h"

#define FLOOD_FOLDER        GONG_SOURCE_DIR "/tests/flood/"
#define FLOOD_INCIDENTS_MAX 32
#define FLOOD_TOLD_MAX      1000
#define FLOOD_STEPS         2
#define FLOOD_NEVER         INT64_MAX

/* What became of an incident, for the promises beside the golden list. */
struct flood_watched {
    char alert[32];
    char unit[16];
    int64_t critical_ms; /* FLOOD_NEVER: never */
    int64_t acked_ms;    /* the first time since then */
    int64_t ended_ms;
    int64_t escalated_ms[FLOOD_STEPS];
};

struct flood_told {
    uint64_t number;
    char receiver[32];
    char unit[16];
    enum gong_message_news news;
    unsigned level;
};

struct flood {
    struct gong_rule_source *source;
    struct gong_desk_config *config;
    struct gong_message_texts *texts;
    struct gong_engine *engine;
    struct gong_desk *desk;
    int64_t now;
    uint64_t offset;
    size_t incidents;
    struct flood_watched watched[FLOOD_INCIDENTS_MAX]; /* by number - 1 */
    size_t told_count;
    struct flood_told told[FLOOD_TOLD_MAX];
    struct text list;
};

/* flood_run: all 14 hours. */
struct flood *flood_run(void);
void flood_free(struct flood *flood);

#endif
