#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/words.h"

/* The month by unit: how many, how fast, how often too late, what it cost, and
 * beside it how much of the unit's data came: without data there are no
 * alerts. */

#define INCIDENTS "/api/gong/v1/incidents"
#define MAX_TOLD  1000000

struct times {
    int64_t *items;
    size_t count, room;
};

struct row {
    char *code;
    char *name;
    size_t alerts, critical, acknowledged, ended, false_ones;
    size_t ack_breaches, resolve_breaches;
    int64_t cost;
    struct times to_ack, to_end;
    int64_t received, missing; /* batches, as the ledger knows them */
    bool counted;              /* a device there counts its batches */
};

struct report {
    struct row *rows; /* the last is the sum of all */
    size_t count, room;
    bool failed; /* out of memory */
    int64_t from, until;
};

/* --- rows --- */

static void
report_free(struct report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free(report->rows[i].code);
        free(report->rows[i].name);
        free(report->rows[i].to_ack.items);
        free(report->rows[i].to_end.items);
    }
    free(report->rows);
}

static struct row *
row_of(struct report *report, const char *code)
{
    struct row *row;

    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->rows[i].code, code) == 0) {
            return &report->rows[i];
        }
    }
    if (report->count == report->room) {
        size_t room = report->room == 0 ? 128 : report->room * 2;
        struct row *grown = realloc(report->rows, room * sizeof *grown);

        if (grown == NULL) {
            report->failed = true;
            return NULL;
        }
        report->rows = grown;
        report->room = room;
    }
    row = &report->rows[report->count];
    *row = (struct row){.code = strdup(code)};
    if (row->code == NULL) {
        report->failed = true;
        return NULL;
    }
    report->count++;
    return row;
}

static bool
add_time(struct times *times, int64_t ms)
{
    if (times->count == times->room) {
        size_t room = times->room == 0 ? 16 : times->room * 2;
        int64_t *grown = realloc(times->items, room * sizeof *grown);

        if (grown == NULL) {
            return false;
        }
        times->items = grown;
        times->room = room;
    }
    times->items[times->count++] = ms < 0 ? 0 : ms;
    return true;
}

static int
compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* -1: there is none. */
static int64_t
quantile(struct times *times, size_t percent)
{
    if (times->count == 0) {
        return -1;
    }
    qsort(times->items, times->count, sizeof *times->items, compare_times);
    return times->items[(times->count - 1) * percent / 100];
}

/* Past the most it stays there. */
static int64_t
add_cost(int64_t sum, int64_t cost)
{
    if (cost <= 0) {
        return sum;
    }
    return sum > INT64_MAX - cost ? INT64_MAX : sum + cost;
}

static void
count_incident(struct report *report, struct row *row, const json_t *incident)
{
    int64_t opened = gong_ctl_int(incident, "opened");
    int64_t acked = gong_ctl_int(incident, "acked");
    int64_t ended = gong_ctl_int(incident, "ended");
    bool kept = true;

    row->alerts++;
    row->critical +=
        strcmp(gong_ctl_text(incident, "severity"), "critical") == 0;
    row->false_ones += strcmp(gong_ctl_text(incident, "verdict"), "false") == 0;
    row->ack_breaches += json_is_true(json_object_get(incident, "ack_overdue"));
    row->resolve_breaches +=
        json_is_true(json_object_get(incident, "resolve_overdue"));
    row->cost = add_cost(row->cost, gong_ctl_int(incident, "cost"));
    if (acked != 0) {
        row->acknowledged++;
        kept = add_time(&row->to_ack, acked - opened);
    }
    if (ended != 0) {
        row->ended++;
        kept = add_time(&row->to_end, ended - opened) && kept;
    }
    report->failed = report->failed || !kept;
}

static void
take_incident(struct report *report, const json_t *incident)
{
    int64_t opened = gong_ctl_int(incident, "opened");
    const char *name =
        gong_ctl_text(json_object_get(incident, "annotations"), "unit_name");
    struct row *row;

    /* Drills, rules on trial and tests are no work of the month. */
    if (opened < report->from || opened >= report->until ||
        json_is_true(json_object_get(incident, "trial")) ||
        strcmp(gong_ctl_text(incident, "verdict"), "test") == 0) {
        return;
    }
    row = row_of(report, gong_ctl_text(incident, "unit"));
    if (row != NULL) {
        if (row->name == NULL && name[0] != '\0') {
            row->name = strdup(name);
        }
        count_incident(report, row, incident);
    }
}

/* --- completeness --- */

static void
take_device(struct report *report, const json_t *device)
{
    const json_t *epochs = json_object_get(device, "epochs");
    struct row *row = NULL;

    for (size_t i = 0; i < json_array_size(epochs); i++) {
        const json_t *epoch = json_array_get(epochs, i);

        row = row != NULL ? row : row_of(report, gong_ctl_text(device, "site"));
        if (row == NULL) {
            return;
        }
        row->counted = true;
        row->received += gong_ctl_int(epoch, "received");
        row->missing +=
            gong_ctl_int(epoch, "missing") + gong_ctl_int(epoch, "dropped");
    }
}

static int
read_ledger(struct gong_ctl *ctl, struct report *report)
{
    char *after = NULL;
    int code = GONG_CTL_OK;

    do {
        char path[1024];
        json_t *answer, *devices;

        (void)snprintf(path, sizeof path,
                       "/api/gong/v1/ledger?limit=500&after=%s",
                       after == NULL ? "" : after);
        free(after);
        after = NULL;
        code = gong_ctl_do(ctl, "GET", path, NULL, &answer);
        if (code == GONG_CTL_OK) {
            const char *next = gong_ctl_text(answer, "next");

            devices = json_object_get(answer, "devices");
            for (size_t i = 0; i < json_array_size(devices); i++) {
                take_device(report, json_array_get(devices, i));
            }
            after = next[0] == '\0' ? NULL : gong_ctl_escape(ctl->client, next);
            json_decref(answer);
        }
    } while (code == GONG_CTL_OK && after != NULL);
    free(after);
    return code;
}

/* Names of units that had no alert. */
static void
read_names(struct gong_ctl *ctl, struct report *report)
{
    struct gong_ctl_answer answer;
    const json_t *units;

    gong_ctl_ask(ctl->client, "GET", "/api/gong/v1/units", NULL, &answer);
    units = json_object_get(answer.json, "units");
    for (size_t i = 0; i < json_array_size(units); i++) {
        const json_t *unit = json_array_get(units, i);

        for (size_t j = 0; j < report->count; j++) {
            if (report->rows[j].name == NULL &&
                strcmp(report->rows[j].code, gong_ctl_text(unit, "code")) ==
                    0) {
                report->rows[j].name = strdup(gong_ctl_text(unit, "name"));
            }
        }
    }
    gong_ctl_answer_fini(&answer);
}

static int
compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    if (x->alerts != y->alerts) {
        return x->alerts < y->alerts ? 1 : -1;
    }
    return strcmp(x->code, y->code);
}

/* --- writing --- */

static void
put_csv(FILE *out, const char *text)
{
    /* A cell that begins like a formula is none. */
    (void)fputs(
        strchr("=+-@", text[0]) != NULL && text[0] != '\0' ? "\"'" : "\"", out);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            (void)fputc('"', out);
        }
        (void)fputc((unsigned char)*text < 0x20 ? '?' : *text, out);
    }
    (void)fputc('"', out);
}

/* Per cent with two digits; -1: the ledger knows of nothing there. */
static double
completeness(const struct row *row)
{
    return row->counted && row->received + row->missing > 0
               ? 100.0 * (double)row->received /
                     (double)(row->received + row->missing)
               : -1;
}

static void
write_csv(struct report *report, FILE *out)
{
    (void)fputs("\xef\xbb\xbf" /* for spreadsheets */
                "don_vi,ten,canh_bao,khan_cap,da_tiep_nhan,da_ket_thuc,"
                "bao_nham,qua_han_tiep_nhan,qua_han_xu_ly,"
                "tiep_nhan_trung_vi_s,tiep_nhan_p90_s,xu_ly_trung_vi_s,"
                "xu_ly_p90_s,chi_phi_dong,do_day_du_phan_tram\n",
                out);
    for (size_t i = 0; i < report->count; i++) {
        struct row *row = &report->rows[i];
        int64_t times[4] = {
            quantile(&row->to_ack, 50), quantile(&row->to_ack, 90),
            quantile(&row->to_end, 50), quantile(&row->to_end, 90)};

        put_csv(out, row->code);
        (void)fputc(',', out);
        put_csv(out, row->name == NULL ? "" : row->name);
        (void)fprintf(out, ",%zu,%zu,%zu,%zu,%zu,%zu,%zu", row->alerts,
                      row->critical, row->acknowledged, row->ended,
                      row->false_ones, row->ack_breaches,
                      row->resolve_breaches);
        for (size_t j = 0; j < 4; j++) {
            if (times[j] < 0) {
                (void)fputc(',', out);
            } else {
                (void)fprintf(out, ",%lld", (long long)(times[j] / 1000));
            }
        }
        (void)fprintf(out, ",%lld,", (long long)row->cost);
        if (completeness(row) >= 0) {
            (void)fprintf(out, "%.2f", completeness(row));
        }
        (void)fputc('\n', out);
    }
}

static void
put_html(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        default:
            (void)fputc((unsigned char)*text < 0x20 ? '?' : *text, out);
        }
    }
}

static void
put_time(FILE *out, int64_t ms)
{
    char text[GONG_CTL_TIME_SIZE];

    (void)fprintf(out, "<td>%s</td>", ms < 0 ? "" : gong_ctl_length(ms, text));
}

/* Decimal comma. */
static void
put_percent(FILE *out, double percent)
{
    char text[32] = "không rõ";
    char *point;

    if (percent >= 0) {
        (void)snprintf(text, sizeof text, "%.2f %%", percent);
        point = strchr(text, '.');
        if (point != NULL) {
            *point = ',';
        }
    }
    (void)fprintf(out, "<td>%s</td>", text);
}

static void
write_html_row(struct row *row, FILE *out)
{
    (void)fputs("<tr><th>", out);
    put_html(out, row->name == NULL ? row->code : row->name);
    (void)fputs("</th><td>", out);
    put_html(out, row->code);
    (void)fprintf(out,
                  "</td><td>%zu</td><td>%zu</td><td>%zu</td><td>%zu</td>"
                  "<td%s>%zu</td><td%s>%zu</td><td>%zu</td>",
                  row->alerts, row->critical, row->acknowledged, row->ended,
                  row->ack_breaches > 0 ? " class=\"bad\"" : "",
                  row->ack_breaches,
                  row->resolve_breaches > 0 ? " class=\"bad\"" : "",
                  row->resolve_breaches, row->false_ones);
    put_time(out, quantile(&row->to_ack, 50));
    put_time(out, quantile(&row->to_ack, 90));
    put_time(out, quantile(&row->to_end, 50));
    put_time(out, quantile(&row->to_end, 90));
    (void)fprintf(out, "<td>%lld</td>", (long long)row->cost);
    put_percent(out, completeness(row));
    (void)fputs("</tr>\n", out);
}

static void
write_html(struct report *report, const char *month, FILE *out)
{
    size_t alerts = 0, late = 0;

    for (size_t i = 0; i < report->count; i++) {
        alerts += report->rows[i].alerts;
        late += report->rows[i].ack_breaches + report->rows[i].resolve_breaches;
    }
    (void)fprintf(out,
                  "<!DOCTYPE html>\n<html lang=\"vi\"><head>"
                  "<meta charset=\"utf-8\"><title>Báo cáo tháng %s</title>"
                  "<style>body{font:14px sans-serif;margin:2em}table{"
                  "border-collapse:collapse}th,td{border:1px solid #ccc;"
                  "padding:.3em .6em;text-align:right}th{text-align:left}"
                  ".bad{color:#b00020;font-weight:bold}</style></head><body>\n"
                  "<h1>Báo cáo cảnh báo tháng %s</h1>\n"
                  "<p>%zu cảnh báo, %zu lần quá hạn. Không tính diễn tập, thử "
                  "nghiệm.</p>\n<table>\n<tr><th>Đơn vị</th><th>Mã</th>"
                  "<th>Cảnh báo</th><th>Khẩn cấp</th><th>Đã tiếp nhận</th>"
                  "<th>Đã kết thúc</th><th>Quá hạn tiếp nhận</th>"
                  "<th>Quá hạn xử lý</th><th>Báo nhầm</th>"
                  "<th>Tiếp nhận (trung vị)</th><th>Tiếp nhận (90 %%)</th>"
                  "<th>Xử lý (trung vị)</th><th>Xử lý (90 %%)</th>"
                  "<th>Chi phí (đồng)</th>"
                  "<th>Độ đầy đủ dữ liệu (đến nay)</th></tr>\n",
                  month, month, alerts, late);
    for (size_t i = 0; i < report->count; i++) {
        write_html_row(&report->rows[i], out);
    }
    (void)fputs("</table>\n</body></html>\n", out);
}

static json_t *
to_json(struct report *report)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < report->count; i++) {
        struct row *row = &report->rows[i];
        double whole = completeness(row);

        (void)json_array_append_new(
            rows,
            json_pack(
                "{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "unit",
                row->code, "name", row->name == NULL ? "" : row->name, "alerts",
                (json_int_t)row->alerts, "critical", (json_int_t)row->critical,
                "acknowledged", (json_int_t)row->acknowledged, "ended",
                (json_int_t)row->ended, "false", (json_int_t)row->false_ones,
                "ack_overdue", (json_int_t)row->ack_breaches, "resolve_overdue",
                (json_int_t)row->resolve_breaches, "ack_median_ms",
                (json_int_t)quantile(&row->to_ack, 50), "resolve_median_ms",
                (json_int_t)quantile(&row->to_end, 50), "cost",
                (json_int_t)row->cost, "completeness",
                whole < 0 ? json_null() : json_real(whole)));
    }
    return rows;
}

/* --- the command --- */

static int
collect(struct gong_ctl *ctl, struct report *report)
{
    char path[128];
    json_t *items;
    int code;

    (void)snprintf(path, sizeof path, INCIDENTS "?since=%lld",
                   (long long)report->from);
    code = gong_ctl_pages(ctl, path, "incidents", MAX_TOLD, &items);
    if (code != GONG_CTL_OK) {
        return code;
    }
    for (size_t i = 0; i < json_array_size(items); i++) {
        take_incident(report, json_array_get(items, i));
    }
    json_decref(items);
    code = read_ledger(ctl, report);
    if (code != GONG_CTL_OK) {
        return code;
    }
    read_names(ctl, report);
    if (report->failed) {
        (void)fputs("gongctl: hết bộ nhớ | out of memory\n", ctl->err);
        return GONG_CTL_SOFTWARE;
    }
    if (report->count > 0) {
        qsort(report->rows, report->count, sizeof *report->rows, compare_rows);
    }
    return GONG_CTL_OK;
}

static int
write_report(struct gong_ctl *ctl, struct report *report, const char *month)
{
    const char *path = gong_ctl_option(&ctl->arguments, "output");
    const char *as = gong_ctl_option(&ctl->arguments, "as");
    FILE *out = path == NULL ? ctl->out : fopen(path, "w");

    if (out == NULL) {
        (void)fprintf(ctl->err, "gongctl: %s\n", strerror(errno));
        return GONG_CTL_UNAVAILABLE;
    }
    if (as != NULL && strcmp(as, "csv") == 0) {
        write_csv(report, out);
    } else {
        write_html(report, month, out);
    }
    return path != NULL && fclose(out) != 0 ? GONG_CTL_UNAVAILABLE
                                            : GONG_CTL_OK;
}

int
gong_ctl_report(struct gong_ctl *ctl)
{
    const char *month = gong_ctl_option(&ctl->arguments, "month");
    const char *as = gong_ctl_option(&ctl->arguments, "as");
    struct report report = {0};
    int code;

    if (month == NULL ||
        !gong_ctl_read_month(month, &report.from, &report.until)) {
        return gong_ctl_wrong(ctl, "report --month 2026-11");
    }
    if (as != NULL && strcmp(as, "csv") != 0 && strcmp(as, "html") != 0) {
        return gong_ctl_wrong(ctl, "--as html | csv");
    }
    code = collect(ctl, &report);
    if (code == GONG_CTL_OK) {
        code = ctl->json ? gong_ctl_print_json(ctl, to_json(&report))
                         : write_report(ctl, &report, month);
    }
    report_free(&report);
    return code;
}
