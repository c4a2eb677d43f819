#include "sink_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/decide/effect_json.h"
#include "agent/decide/incidents.h"
#include "common/batch.h"
#include "common/le.h"

#define SEGMENT_SIZE 65536
#define MEMORY_MAX   ((uint64_t)1 << 20)

void
sinks_open(struct sinks *sinks)
{
    char journal_dir[96];
    char effects_dir[96];
    char why[256] = "";
    struct gong_journal_options journal = {
        .spool = {.dir = journal_dir,
                  .segment_size = SEGMENT_SIZE,
                  .segments_max = 64,
                  .policy = GONG_SPOOL_DROP_OLDEST,
                  .memory_max =
                      sinks->memory_max > 0 ? sinks->memory_max : MEMORY_MAX},
        .commit_interval = gong_dur_ms(1),
        .written = sinks->written,
        .ctx = sinks->ctx,
    };
    struct gong_spool_options effects = {.dir = effects_dir,
                                         .segment_size = SEGMENT_SIZE,
                                         .segments_max = 64,
                                         .policy = GONG_SPOOL_DROP_OLDEST,
                                         .memory_max = MEMORY_MAX};

    (void)snprintf(journal_dir, sizeof journal_dir, "%s/journal", sinks->dir);
    (void)snprintf(effects_dir, sizeof effects_dir, "%s/effects", sinks->dir);
    sinks->counters = gong_counters_new();
    assert_non_null(sinks->counters);
    assert_int_equal(gong_journal_open(&journal, sinks->counters,
                                       &sinks->journal, why, sizeof why),
                     GONG_OK);
    assert_int_equal(gong_journal_start(sinks->journal), GONG_OK);
    assert_int_equal(gong_effects_open(&effects, sinks->counters,
                                       &sinks->effects, why, sizeof why),
                     GONG_OK);
}

void
sinks_close(struct sinks *sinks)
{
    gong_effects_stop(sinks->effects);
    gong_journal_stop(sinks->journal);
    gong_effects_close(sinks->effects);
    gong_journal_close(sinks->journal);
    gong_counters_free(sinks->counters);
}

int
sinks_setup(void **state)
{
    struct sinks *sinks = calloc(1, sizeof *sinks);

    assert_non_null(sinks);
    (void)strcpy(sinks->dir, "/tmp/gong-sinks-XXXXXX");
    assert_non_null(mkdtemp(sinks->dir));
    sinks_open(sinks);
    *state = sinks;
    return 0;
}

static void
remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char below[512];

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        (void)snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (unlink(below) != 0) {
            remove_tree(below);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    (void)rmdir(path);
}

int
sinks_teardown(void **state)
{
    struct sinks *sinks = *state;

    sinks_close(sinks);
    remove_tree(sinks->dir);
    free(sinks);
    return 0;
}

void
sinks_reopen(struct sinks *sinks)
{
    sinks_close(sinks);
    sinks_open(sinks);
}

static void
wait_durable(struct sinks *sinks)
{
    struct gong_spool_stats stats;

    do {
        gong_spool_stats(gong_journal_spool(sinks->journal), &stats);
    } while (
        stats.durable < stats.end &&
        gong_journal_wait(sinks->journal, stats.durable, true, gong_dur_s(5)));
}

uint64_t
sinks_put_data(struct sinks *sinks, const char *site, const char *device,
               const char *lines)
{
    char prefix[GONG_BATCH_PREFIX_SIZE];
    char *body = strdup(lines);
    struct iovec parts[2];
    uint64_t position = 0;

    assert_non_null(body);
    parts[0].iov_base = prefix;
    parts[0].iov_len =
        gong_batch_prefix(gong_str_of(site), gong_str_of(device), prefix);
    parts[1].iov_base = body;
    parts[1].iov_len = strlen(body);
    assert_int_equal(gong_journal_append(sinks->journal, GONG_RECORD_DATA,
                                         parts, 2, SINK_ARRIVAL_NS, &position),
                     GONG_OK);
    free(body);
    wait_durable(sinks);
    return position;
}

static struct gong_label_view
view(const char *name, const char *value)
{
    return (struct gong_label_view){gong_str_of(name), gong_str_of(value)};
}

char *
sinks_alert_json(const struct sink_alert *alert)
{
    char id[] = "lamps/hot";
    char group[] = "lamps";
    char name[64];
    struct gong_rule rule = {.id = id, .group = group, .alert = name};
    struct gong_label_view labels[] = {
        view("alertname", alert->name), view("device", alert->device),
        view("severity", "critical"), view("site", "22015")};
    struct gong_label_view annotations[] = {
        view("summary", "Đèn quá nhiệt"), view("summary_en", "Lamp is hot"),
        view("action", "Cắt nguồn"), view("action_en", "Cut the power")};
    struct gong_effect effect = {
        .position = alert->position,
        .ordinal = alert->ordinal,
        .rule = &rule,
        .from = (enum gong_alert_state)alert->from,
        .to = (enum gong_alert_state)alert->to,
        .at_ms = alert->at_ms,
        .since_ms = SINK_ARRIVAL_MS,
        .value = alert->value,
        .labels = labels,
        .label_count = 4,
        .annotations = annotations,
        .annotation_count = 4,
        .fingerprint = UINT64_C(0x00c0ffee12345678),
    };
    char *text;

    (void)snprintf(name, sizeof name, "%s", alert->name);
    text = gong_effect_to_json(&effect, SINK_ARRIVAL_MS + 9);
    assert_non_null(text);
    return text;
}

json_t *
sinks_alert(const struct sink_alert *alert)
{
    char *text = sinks_alert_json(alert);
    json_t *effect = gong_effect_from_json(gong_str_of(text));

    free(text);
    assert_non_null(effect);
    return effect;
}

void
sinks_put_alert(struct sinks *sinks, const struct sink_alert *alert)
{
    char *text = sinks_alert_json(alert);
    uint8_t prefix[GONG_EFFECTS_PREFIX] = {0};
    struct iovec parts[2] = {{prefix, sizeof prefix}, {text, strlen(text)}};
    struct gong_record_meta meta = {.type = GONG_RECORD_EFFECT};

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

uint64_t
sinks_count(struct sinks *sinks, const char *name, const char *labels)
{
    gong_counter_t *counter =
        gong_counter_add(sinks->counters, GONG_COUNTER, name, "", labels);

    assert_non_null(counter);
    return gong_counter_get(counter);
}

char *
sinks_read(const struct sinks *sinks, const char *name)
{
    char path[256];
    FILE *file;
    char *text = calloc(1, 1 << 20);

    assert_non_null(text);
    (void)snprintf(path, sizeof path, "%s/%s", sinks->dir, name);
    file = fopen(path, "r");
    if (file != NULL) {
        (void)fread(text, 1, (1 << 20) - 1, file);
        (void)fclose(file);
    }
    return text;
}

uint64_t
sinks_cursor(struct gong_spool *spool, const char *name)
{
    struct gong_spool_cursor *cursor = NULL;
    uint64_t offset;

    assert_int_equal(gong_spool_cursor_open(spool, name, &cursor), GONG_OK);
    offset = gong_spool_cursor_offset(cursor);
    gong_spool_cursor_close(cursor);
    return offset;
}
