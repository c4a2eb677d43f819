#include "agent_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/decide/effect_json.h"

void
agent_write(const char *dir, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

struct gong_strings
agent_rules(const char *dir, const char *name, const char *text)
{
    struct gong_strings paths = {calloc(1, sizeof(char *)), 1};
    size_t size = strlen(dir) + strlen(name) + 2;

    assert_non_null(paths.items);
    paths.items[0] = malloc(size);
    assert_non_null(paths.items[0]);
    (void)snprintf(paths.items[0], size, "%s/%s", dir, name);
    agent_write(dir, name, text);
    return paths;
}

void
agent_rules_free(struct gong_strings *paths)
{
    free(paths->items[0]);
    free(paths->items);
}

const char *
agent_last_config(struct gong_journal *journal)
{
    static char sha[GONG_RULE_SHA_SIZE];
    struct gong_spool_cursor *cursor;
    struct gong_record record;

    sha[0] = '\0';
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(journal), NULL, &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        if (record.meta.type == GONG_RECORD_CONFIG) {
            assert_true(gong_rule_sha_valid(record.payload));
            memcpy(sha, record.payload.data, sizeof sha - 1);
        }
    }
    gong_spool_cursor_close(cursor);
    return sha;
}

void
agent_rule_source_is(const char *dir, const char *sha)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = gong_rule_store_get(dir, sha, &errors);

    assert_non_null(source);
    gong_rule_source_free(source);
}

static struct gong_engine_thread *
start_engine(struct sinks *sinks, gong_dur_t min, gong_dur_t max)
{
    struct gong_spool *journal = gong_journal_spool(sinks->journal);
    struct gong_engine_thread_options options = {.journal = sinks->journal,
                                                 .effects = sinks->effects,
                                                 .counters = sinks->counters,
                                                 .state_dir = sinks->dir,
                                                 .segment_size = 65536,
                                                 .snapshot_min = min,
                                                 .snapshot_max = max};
    struct gong_engine_thread *thread;
    struct gong_spool_stats stats;
    uint8_t id[16];

    gong_spool_id(journal, id);
    gong_spool_stats(journal, &stats);
    assert_int_equal(gong_effects_bind(sinks->effects, id, stats.end), GONG_OK);
    assert_int_equal(gong_engine_thread_start(&options, &thread), GONG_OK);
    return thread;
}

struct gong_engine_thread *
agent_engine(struct sinks *sinks)
{
    return start_engine(sinks, gong_dur_ms(0), gong_dur_ms(0));
}

struct gong_engine_thread *
agent_engine_snapshots(struct sinks *sinks)
{
    return start_engine(sinks, gong_dur_ms(1), gong_dur_ms(1));
}

struct gong_engine_report
agent_engine_settled(struct sinks *sinks, struct gong_engine_thread *t)
{
    struct gong_engine_report report;
    struct gong_spool_stats stats;

    gong_spool_stats(gong_journal_spool(sinks->journal), &stats);
    for (;;) {
        gong_engine_thread_report(t, &report);
        if (report.live && report.position >= stats.end) {
            return report;
        }
        gong_clock_sleep(gong_dur_ms(1));
    }
}

const char *
agent_effects(struct sinks *sinks)
{
    static char text[4096];
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    size_t len = 0;

    text[0] = '\0';
    assert_int_equal(gong_spool_cursor_open(gong_effects_spool(sinks->effects),
                                            NULL, &cursor),
                     GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        json_t *effect;

        if (record.meta.type != GONG_RECORD_EFFECT) {
            continue;
        }
        effect = gong_effect_from_json(
            gong_str_from(record.payload.data + GONG_EFFECTS_PREFIX,
                          record.payload.len - GONG_EFFECTS_PREFIX));
        assert_non_null(effect);
        len += (size_t)snprintf(
            text + len, sizeof text - len, "%s %s %s>%s; ",
            json_string_value(json_object_get(effect, "alertname")),
            json_string_value(
                json_object_get(json_object_get(effect, "labels"), "device")),
            json_string_value(json_object_get(effect, "from")),
            json_string_value(json_object_get(effect, "to")));
        json_decref(effect);
    }
    gong_spool_cursor_close(cursor);
    return text;
}
