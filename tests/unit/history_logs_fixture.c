#include "history_logs_fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "agent/decide/incidents.h"
#include "agent/decide/recorded.h"
#include "agent/decide/rule_store.h"
#include "agent/history/history_labels.h"
#include "agent/history/history_schema.h"
#include "common/batch.h"
#include "common/le.h"
#include "history_file_fixture.h"

uint64_t
logs_put(struct sinks *sinks, enum gong_record_type type, int64_t ms,
         const void *payload, size_t len)
{
    struct gong_record_meta meta = {
        .type = (uint8_t)type, .journal_ms = ms, .wall_ns = ms * 1000000};
    char *copy = malloc(len + 1);
    struct iovec part = {copy, len};
    uint64_t offset = 0;

    assert_non_null(copy);
    memcpy(copy, payload, len);
    assert_int_equal(gong_spool_append(gong_journal_spool(sinks->journal),
                                       &meta, &part, len > 0, &offset),
                     GONG_OK);
    free(copy);
    return offset;
}

uint64_t
logs_data(struct sinks *sinks, int64_t ms, const char *site, const char *device,
          const char *lines)
{
    char payload[GONG_BATCH_PREFIX_SIZE + 4096];
    size_t len =
        gong_batch_prefix(gong_str_of(site), gong_str_of(device), payload);

    assert_true(strlen(lines) < 4096);
    memcpy(payload + len, lines, strlen(lines));
    return logs_put(sinks, GONG_RECORD_DATA, ms, payload, len + strlen(lines));
}

uint64_t
logs_recorded(struct sinks *sinks, int64_t ms, uint64_t position,
              const char *lines)
{
    uint8_t payload[GONG_RECORDED_PREFIX + 4096] = {0};

    assert_true(strlen(lines) < 4096);
    gong_le_put64(payload, position);
    gong_le_put32(payload + 12, GONG_RECORDED_FORMAT);
    memcpy(payload + GONG_RECORDED_PREFIX, lines, strlen(lines));
    return logs_put(sinks, GONG_RECORD_RECORDED, ms, payload,
                    GONG_RECORDED_PREFIX + strlen(lines));
}

uint64_t
logs_rules(struct sinks *sinks, int64_t ms, const char *rules,
           const char *model)
{
    char file[4096];
    char bundle[8192];
    char sha[GONG_RULE_SHA_SIZE];
    int len =
        snprintf(file, sizeof file, "group = \"g\"; rules = ( %s );\n", rules);

    assert_true(len > 0 && (size_t)len < sizeof file);
    len = snprintf(bundle, sizeof bundle, "== a.cfg %d\n%s", len, file);
    if (model != NULL) {
        int more = snprintf(file, sizeof file, "model = \"m\";\n%s", model);

        len += snprintf(bundle + len, sizeof bundle - (size_t)len,
                        "== b.cfg %d\n%s", more, file);
    }
    assert_true((size_t)len < sizeof bundle);
    assert_int_equal(gong_rule_sha(gong_str_from(bundle, (size_t)len), sha),
                     GONG_OK);
    for (const char *name = "ab"; *name != '\0'; name++) {
        char dir[96];

        (void)snprintf(dir, sizeof dir, "%s/%c", sinks->dir, *name);
        (void)mkdir(dir, 0700);
        assert_int_equal(
            gong_rule_store_put(dir, gong_str_from(bundle, (size_t)len), sha),
            GONG_OK);
    }
    return logs_put(sinks, GONG_RECORD_CONFIG, ms, sha, strlen(sha));
}

void
logs_alert(struct sinks *sinks, int64_t ms, const struct sink_alert *alert)
{
    char *text = sinks_alert_json(alert);
    uint8_t prefix[GONG_EFFECTS_PREFIX] = {0};
    struct iovec parts[2] = {{prefix, sizeof prefix}, {text, strlen(text)}};
    struct gong_record_meta meta = {.type = GONG_RECORD_EFFECT,
                                    .journal_ms = ms};

    gong_le_put64(prefix, alert->position);
    gong_le_put32(prefix + 8, alert->ordinal);
    prefix[12] = GONG_EFFECTS_FORMAT;
    prefix[13] = (uint8_t)alert->to;
    gong_le_put64(prefix + 16, gong_incident_rule(alert->name));
    gong_le_put64(prefix + 24, gong_incident_rule(alert->device));
    assert_int_equal(gong_spool_append(gong_effects_spool(sinks->effects),
                                       &meta, parts, 2, NULL),
                     GONG_OK);
    free(text);
}

void
logs_sync(struct sinks *sinks)
{
    struct gong_spool_stats stats;

    assert_int_equal(gong_spool_sync(gong_journal_spool(sinks->journal)),
                     GONG_OK);
    gong_spool_stats(gong_journal_spool(sinks->journal), &stats);
    assert_int_equal(stats.durable, stats.end);
    gong_effects_applied(sinks->effects, stats.end);
}

/* --- a history of them --- */

const char *
logs_path(const struct sinks *sinks, const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/%s/" GONG_HISTORY_FILE, sinks->dir,
                   name);
    return path;
}

struct gong_history_config
logs_config(void)
{
    return (struct gong_history_config){
        .on = true,
        .size = (uint64_t)1 << 30,
        .raw = {INT64_C(36500) * 86400 * 1000000000},
        .five_minutes = {INT64_C(36500) * 86400 * 1000000000},
        .one_hour = {INT64_C(36500) * 86400 * 1000000000},
        .commit_interval = gong_dur_s(3600),
        .memory = (uint64_t)64 << 20,
    };
}

struct gong_history *
logs_start(struct sinks *sinks, const char *name,
           const struct gong_history_config *config)
{
    char dir[96];
    char why[512] = "";
    struct gong_history_options options = {
        .config = config,
        .state_dir = dir,
        .journal = sinks->journal,
        .effects = sinks->effects,
        .counters = sinks->counters,
    };
    struct gong_history *history = NULL;

    /* Borrowed until stop. */
    static char kept[96];

    (void)snprintf(dir, sizeof dir, "%s/%s", sinks->dir, name);
    (void)mkdir(dir, 0700);
    (void)memcpy(kept, dir, sizeof kept);
    options.state_dir = kept;
    if (gong_history_start(&options, &history, why, sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    return history;
}

const char *
logs_run(struct sinks *sinks, const char *name)
{
    struct gong_history_config config = logs_config();
    struct gong_history *history = logs_start(sinks, name, &config);

    assert_int_equal(gong_history_commit(history, gong_dur_s(60)), GONG_OK);
    gong_history_stop(history);
    return logs_path(sinks, name);
}

/* --- what a history holds --- */

struct series {
    char name[512];
    uint32_t number;
};

static void
name_of(struct gong_str bytes, char *out, size_t size)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    char text[480] = "";
    const char *metric = "";
    int metric_len = 0;
    size_t count = 0;
    size_t len = 0;

    assert_true(gong_history_labels_get(bytes, labels, &count));
    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(labels[i].name, "__name__")) {
            metric = labels[i].value.data;
            metric_len = (int)labels[i].value.len;
            continue;
        }
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "%s%.*s=\"%.*s\"", len == 0 ? "" : ",",
                                (int)labels[i].name.len, labels[i].name.data,
                                (int)labels[i].value.len, labels[i].value.data);
        assert_true(len < sizeof text);
    }
    (void)snprintf(out, size, "%.*s{%s}", metric_len, metric, text);
}

static int
compare(const void *a, const void *b)
{
    return strcmp(((const struct series *)a)->name,
                  ((const struct series *)b)->name);
}

static struct series *
all_series(const char *path, size_t *count)
{
    struct series *all = NULL;
    sqlite3_stmt *statement;
    sqlite3 *handle;
    char why[512];

    *count = 0;
    assert_int_equal(
        gong_history_connect(path, false, &handle, why, sizeof why), GONG_OK);
    assert_int_equal(sqlite3_prepare_v2(handle, "SELECT id, labels FROM series",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        all = realloc(all, (*count + 1) * sizeof *all);
        assert_non_null(all);
        all[*count].number = (uint32_t)sqlite3_column_int64(statement, 0);
        name_of(gong_str_from(sqlite3_column_blob(statement, 1),
                              (size_t)sqlite3_column_bytes(statement, 1)),
                all[*count].name, sizeof all[*count].name);
        ++*count;
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(handle);
    if (*count > 0) {
        qsort(all, *count, sizeof *all, compare);
    }
    return all;
}

static void
print_value(FILE *out, double value)
{
    if (gong_is_stale(value)) {
        (void)fputs("ends", out);
    } else {
        (void)fprintf(out, "%.17g", value);
    }
}

char *
logs_dump(const char *path)
{
    struct gong_samples samples = {0};
    size_t count = 0;
    struct series *all = all_series(path, &count);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    for (size_t i = 0; i < count; i++) {
        history_samples(path, all[i].number, &samples);
        if (samples.count > 0) {
            (void)fprintf(out, "%s\n", all[i].name);
        }
        for (size_t s = 0; s < samples.count; s++) {
            (void)fprintf(out, "  %" PRId64 " ", samples.data[s].ms);
            print_value(out, samples.data[s].value);
            (void)fputc('\n', out);
        }
    }
    (void)fclose(out);
    gong_samples_fini(&samples);
    free(all);
    return text;
}

const char *
logs_sketch(const char *path, const char *series, int64_t from)
{
    static char text[8192];
    struct gong_samples samples = {0};
    size_t count = 0;
    struct series *all = all_series(path, &count);
    FILE *out = fmemopen(text, sizeof text, "w");

    assert_non_null(out);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, series) != 0) {
            continue;
        }
        history_samples(path, all[i].number, &samples);
        for (size_t s = 0; s < samples.count; s++) {
            (void)fprintf(out, "%s%" PRId64 "=", s == 0 ? "" : " ",
                          samples.data[s].ms - from);
            print_value(out, samples.data[s].value);
        }
    }
    (void)fclose(out);
    gong_samples_fini(&samples);
    free(all);
    return text;
}
