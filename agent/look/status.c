#include "agent/look/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/look/clock_metrics.h"
#include "agent/desk/desk_host.h"
#include "agent/look/disk_metrics.h"
#include "agent/look/history_metrics.h"
#include "agent/look/metrics.h"
#include "agent/trust/trust.h"

struct health {
    bool journal;
    bool broker;
    bool stores;
    bool desk;
    bool history;
    bool live;
    struct gong_trust_report trust;
};

static bool
store_up(const struct gong_status_store *store)
{
    return gong_counter_get(store->up) == 1;
}

static bool
history_well(const struct gong_status_source *source)
{
    struct gong_history_report report = {.failing = source->history_on};

    if (source->history != NULL) {
        gong_history_get_report(source->history, &report);
    }
    return !report.failing;
}

static struct health
look(const struct gong_status_source *source,
     const struct gong_engine_report *report)
{
    struct gong_journal_health journal;
    struct health health = {.stores = true, .live = report->live};

    gong_journal_health(source->journal, &journal);
    health.journal = journal.append_ok && journal.sync_ok;
    health.broker = source->broker_connected(source->broker);
    health.desk = gong_desk_host_well(source->desk);
    health.history = history_well(source);
    gong_trust_report(source->trust, &health.trust);
    for (size_t i = 0; i < source->store_count; i++) {
        health.stores = health.stores && store_up(&source->stores[i]);
    }
    return health;
}

static struct gong_disk_source
disk_of(const struct gong_status_source *source)
{
    return (struct gong_disk_source){.journal = source->journal,
                                     .effects = source->effects,
                                     .state_dir = source->state_dir};
}

/* Closes a memory stream; NULL where it ran short. */
static char *
finish(FILE *out, char **text)
{
    bool failed = ferror(out) != 0;

    if (fclose(out) != 0 || failed) {
        free(*text);
        return NULL;
    }
    return *text;
}

static const char *
ok(bool well)
{
    return well ? "ok" : "failed";
}

static const char *
proof_text(const struct gong_trust_report *trust)
{
    if (trust->interval.ns == 0) {
        return "off";
    }
    return trust->last_ms == 0 && trust->well ? "none yet" : ok(trust->well);
}

/* Names hold only [a-z0-9_-]: nothing to escape. */
char *
gong_status_health(const struct gong_status_source *source, bool *well,
                   size_t *len)
{
    struct gong_engine_report report;
    struct health health;
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    *well = false;
    if (out == NULL) {
        return NULL;
    }
    gong_engine_thread_report(source->engine, &report);
    health = look(source, &report);
    *well = health.journal && health.broker && health.stores && health.desk &&
            health.history && health.trust.well;
    (void)fprintf(out,
                  "{\"status\":\"%s\",\"agent\":\"%s\",\"journal\":\"%s\","
                  "\"broker\":\"%s\",\"engine\":\"%s\",\"desk\":\"%s\","
                  "\"proof\":\"%s\",\"history\":\"%s\",\"stores\":{",
                  ok(*well), source->agent, ok(health.journal),
                  ok(health.broker), health.live ? "live" : "recovering",
                  source->desk == NULL ? "off" : ok(health.desk),
                  proof_text(&health.trust),
                  source->history_on ? ok(health.history) : "off");
    for (size_t i = 0; i < source->store_count; i++) {
        (void)fprintf(out, "%s\"%s\":\"%s\"", i == 0 ? "" : ",",
                      source->stores[i].name, ok(store_up(&source->stores[i])));
    }
    (void)fputs("}}\n", out);
    return finish(out, &text);
}

char *
gong_status_metrics(const struct gong_status_source *source, size_t *len)
{
    struct gong_disk_source disk = disk_of(source);
    struct gong_engine_report report;
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (out == NULL) {
        return NULL;
    }
    gong_engine_thread_report(source->engine, &report);
    gong_counters_write_prometheus(source->counters, out);
    gong_disk_metrics_write_prometheus(&disk, out);
    gong_clock_metrics_write_prometheus(source->journal, out);
    gong_history_metrics_write_prometheus(source->history, out);
    gong_metrics_write_prometheus(&report, out);
    (void)fprintf(out,
                  "# HELP gong_agent_broker_connected Whether the link to the "
                  "broker is up.\n"
                  "# TYPE gong_agent_broker_connected gauge\n"
                  "gong_agent_broker_connected %d\n"
                  "# HELP gong_agent_info The agent's name and version.\n"
                  "# TYPE gong_agent_info gauge\n"
                  "gong_agent_info{agent=\"%s\",version=\"%s\"} 1\n",
                  source->broker_connected(source->broker) ? 1 : 0,
                  source->agent, GONG_VERSION);
    return finish(out, &text);
}

char *
gong_status_lines(const struct gong_status_source *source, size_t *len)
{
    struct gong_disk_source disk = disk_of(source);
    struct gong_engine_report report;
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (out == NULL) {
        return NULL;
    }
    gong_engine_thread_report(source->engine, &report);
    gong_counters_write_lines(source->counters, out);
    gong_disk_metrics_write_lines(&disk, out);
    gong_clock_metrics_write_lines(source->journal, out);
    gong_history_metrics_write_lines(source->history, out);
    gong_metrics_write_lines(&report, out);
    (void)fprintf(out, "gong_agent_broker_connected value=%d\n",
                  source->broker_connected(source->broker) ? 1 : 0);
    return finish(out, &text);
}

/* What staff must know while the disk fails. */
static void
write_memory_warning(const struct gong_status_source *source, FILE *out)
{
    struct gong_spool_stats stats;

    gong_spool_stats(gong_journal_spool(source->journal), &stats);
    if (stats.memory_records == 0) {
        return;
    }
    (void)fprintf(out,
                  "<p class=\"bad\">Đĩa của trạm không ghi được: %" PRIu64
                  " bản ghi chỉ còn trong bộ nhớ. Báo động vẫn chạy; các thiết "
                  "bị giữ lại số liệu và sẽ gửi lại. Kiểm tra đĩa, đừng khởi "
                  "động lại trước khi đĩa ghi được.<br><span lang=\"en\">The "
                  "disk takes nothing: that many records are only in memory. "
                  "Alerts go on; devices keep their data and send it again. "
                  "Look at the disk, do not restart before it can be "
                  "written.</span></p>\n",
                  stats.memory_records);
}

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\">"
    "<meta http-equiv=\"refresh\" content=\"5\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<title>gong</title><style>body{font:16px sans-serif;margin:2em;"
    "max-width:44em}td{padding:.2em 1em .2em 0}td+td{text-align:right;"
    "font-variant-numeric:tabular-nums}.bad{color:#b00020;font-weight:bold}"
    "</style></head><body>\n";

static void
row(FILE *out, const char *label, uint64_t value)
{
    (void)fprintf(out, "<tr><td>%s</td><td>%" PRIu64 "</td></tr>\n", label,
                  value);
}

static void
state_row(FILE *out, const char *label, bool well)
{
    (void)fprintf(out, "<tr><td>%s</td><td%s>%s</td></tr>\n", label,
                  well ? "" : " class=\"bad\"",
                  well ? "tốt / fine" : "hỏng / failed");
}

static void
write_numbers(const struct gong_engine_report *report, FILE *out)
{
    const struct gong_engine_stats *engine = &report->engine;

    row(out, "Cảnh báo đang diễn ra / alerts firing", engine->firing);
    row(out, "Cảnh báo thử nghiệm / alerts on trial", engine->trial);
    row(out, "Cảnh báo đang chờ / alerts pending", engine->pending);
    row(out, "Cảnh báo chưa rõ / alerts unknown", engine->unknown);
    row(out, "Quy tắc / rules", engine->rules);
    if (report->rules_lacking > 0) {
        row(out,
            "Quy tắc thiếu tham số của mô hình / rules whose parameter the "
            "city model lacks",
            report->rules_lacking);
    }
    row(out, "Thiết bị / devices", engine->devices);
    row(out, "Thiết bị mất liên lạc / devices dark", engine->devices_dark);
    row(out, "Chuỗi số liệu có quy tắc / series with a rule", engine->series);
    row(out, "Điểm đo đã nhận / points received", engine->points);
    row(out, "Lần tính quy tắc / evaluations", engine->evaluations);
    row(out, "Dòng bị từ chối / lines refused", engine->lines_refused);
}

char *
gong_status_page(const struct gong_status_source *source, const char *above,
                 size_t *len)
{
    struct gong_engine_report report;
    struct health health;
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (out == NULL) {
        return NULL;
    }
    gong_engine_thread_report(source->engine, &report);
    health = look(source, &report);
    (void)fputs(page_head, out);
    (void)fprintf(out,
                  "<h1>gong: %s</h1>\n"
                  "<p>Trạm trung tâm: nhận số liệu, tính quy tắc, báo động.<br>"
                  "<span lang=\"en\">The agent: receives, evaluates, "
                  "alerts.</span></p>\n",
                  source->agent);
    write_memory_warning(source, out);
    (void)fputs(above, out);
    (void)fputs("<table>\n", out);
    state_row(out, "Nhật ký / journal", health.journal);
    state_row(out, "Kết nối MQTT / broker link", health.broker);
    if (source->desk != NULL) {
        state_row(out, "Bàn trực cảnh báo / alert desk", health.desk);
    }
    if (source->history_on) {
        state_row(out, "Lịch sử / history", health.history);
    }
    if (health.trust.interval.ns != 0) {
        state_row(out, "Mẫu thử đi hết đường báo động / proof",
                  health.trust.well);
        row(out, "Mẫu thử cuối cách đây, giây / age of the last proof, s",
            (uint64_t)(health.trust.age_ms / 1000));
    }
    for (size_t i = 0; i < source->store_count; i++) {
        char label[160];

        (void)snprintf(label, sizeof label, "Kho dữ liệu / store %.64s",
                       source->stores[i].name);
        state_row(out, label, store_up(&source->stores[i]));
    }
    write_numbers(&report, out);
    (void)fprintf(
        out,
        "</table>\n<p><a href=\"/api/v1/alerts\">Danh sách cảnh báo "
        "/ alerts</a> · <a href=\"/ledger\">sổ giao nhận / "
        "delivery ledger</a> · <a href=\"/metrics\">số liệu / metrics</a> · "
        "<a href=\"/healthz\">tình trạng / health</a></p>\n"
        "<p>gong %s</p>\n</body></html>\n",
        GONG_VERSION);
    return finish(out, &text);
}
