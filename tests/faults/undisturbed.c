/*
 * What one device's samples give in a run that nothing disturbs: each is
 * applied as it was taken, in the order in which they stand, by a new engine.
 *
 *   undisturbed SITE DEVICE RULEFILE... < LINES
 *
 * LINES are line protocol, a point each. Prints each alert transition as
 * effect_line.h says; its position is the number of the line that caused it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/decide/effect_json.h"
#include "common/batch.h"
#include "common/clock.h"
#include "rules/engine/engine.h"
#include "rules/rule_file.h"
#include "tests/faults/effect_line.h"

#define LINE_SIZE    4096
#define PAYLOAD_SIZE (GONG_BATCH_PREFIX_SIZE + LINE_SIZE)

struct run {
    struct gong_engine *engine;
    const char *site;
    const char *device;
    uint64_t lines;
    bool failed;
};

static void
emit(void *ctx, const struct gong_effect *effect)
{
    struct run *run = ctx;
    char *text = gong_effect_to_json(effect, 0);
    json_t *json =
        text == NULL ? NULL : gong_effect_from_json(gong_str_of(text));

    if (json == NULL || !effect_line_print(json)) {
        run->failed = true;
    }
    json_decref(json);
    free(text);
}

/* A record of its own: it comes when it is taken, so that the device's clock
 * never runs ahead of its samples. */
static bool
apply(struct run *run, const char *line, size_t len)
{
    static char payload[PAYLOAD_SIZE];
    const char *stamp = strrchr(line, ' ');
    int64_t ns = stamp == NULL ? 0 : strtoll(stamp + 1, NULL, 10);
    size_t prefix = gong_batch_prefix(gong_str_of(run->site),
                                      gong_str_of(run->device), payload);
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_DATA,
                 .journal_ms = gong_floor_ms(ns),
                 .wall_ns = ns},
        .offset = run->lines,
        .next = run->lines + 1,
    };

    memcpy(payload + prefix, line, len);
    record.payload = gong_str_from(payload, prefix + len);
    run->lines++;
    return ns > 0 && gong_engine_apply(run->engine, &record) == GONG_OK;
}

static bool
all_applied(const struct run *run)
{
    struct gong_engine_stats stats;

    gong_engine_stats(run->engine, &stats);
    if (stats.points == run->lines) {
        return true;
    }
    (void)fprintf(stderr, "%llu lines gave %llu points\n",
                  (unsigned long long)run->lines,
                  (unsigned long long)stats.points);
    return false;
}

static struct gong_rule_source *
load(char **files, int count)
{
    struct gong_conf_errors errors = {0};
    struct gong_strings paths = {files, (size_t)count};
    struct gong_rule_source *source = gong_rule_files_load(&paths, &errors);

    if (source == NULL) {
        (void)fprintf(stderr, "the rules cannot be read\n");
    }
    gong_conf_errors_fini(&errors);
    return source;
}

static bool
apply_all(struct run *run)
{
    static char line[LINE_SIZE];

    while (fgets(line, sizeof line, stdin) != NULL) {
        if (!apply(run, line, strlen(line))) {
            (void)fprintf(stderr, "line %llu cannot be applied: %s",
                          (unsigned long long)run->lines, line);
            return false;
        }
    }
    return !run->failed && all_applied(run);
}

int
main(int argc, char **argv)
{
    const struct gong_engine_limits limits = {0};
    struct run run = {0};
    struct gong_rule_source *rules;
    bool done = false;

    if (argc < 4) {
        (void)fprintf(stderr, "usage: undisturbed SITE DEVICE RULEFILE...\n");
        return EXIT_FAILURE;
    }
    run.site = argv[1];
    run.device = argv[2];
    rules = load(argv + 3, argc - 3);
    run.engine = gong_engine_new(&limits, emit, &run);
    if (rules != NULL && run.engine != NULL &&
        gong_engine_set_rules(run.engine, rules->set, 0, 0, NULL) == GONG_OK) {
        done = apply_all(&run);
    }
    gong_engine_free(run.engine);
    gong_rule_source_free(rules);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
