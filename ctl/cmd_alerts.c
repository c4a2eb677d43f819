#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/table.h"
#include "ctl/words.h"

#define INCIDENTS "/api/gong/v1/incidents"
#define MAX_SHOWN 100000

/* --- the list --- */

static const char *
label_of(const json_t *incident, const char *name)
{
    return gong_ctl_text(json_object_get(incident, "labels"), name);
}

static const char *
note_of(const json_t *incident, const char *name)
{
    return gong_ctl_text(json_object_get(incident, "annotations"), name);
}

static const char *
title_of(const json_t *incident)
{
    const char *summary = note_of(incident, "summary");

    return summary[0] != '\0' ? summary : gong_ctl_text(incident, "rule");
}

/* What holds messages back, or what is late, in one word. */
static const char *
mark_of(const json_t *incident)
{
    if (json_is_true(json_object_get(incident, "ack_overdue")) ||
        json_is_true(json_object_get(incident, "resolve_overdue"))) {
        return "quá hạn";
    }
    if (json_is_true(json_object_get(incident, "in_maintenance"))) {
        return "bảo trì";
    }
    if (json_is_true(json_object_get(incident, "silenced"))) {
        return "tạm ngừng";
    }
    if (json_is_true(json_object_get(incident, "trial"))) {
        return "thử nghiệm";
    }
    return "";
}

static void
add_row(struct gong_ctl_table *table, const json_t *incident)
{
    const char *unit = note_of(incident, "unit_name");
    char number[32], since[GONG_CTL_TIME_SIZE];

    (void)snprintf(number, sizeof number, "#%lld",
                   (long long)gong_ctl_int(incident, "number"));
    gong_ctl_table_add(table, number);
    gong_ctl_table_add(table,
                       gong_ctl_word(gong_ctl_text(incident, "severity")));
    gong_ctl_table_add(table, gong_ctl_word(gong_ctl_text(incident, "state")));
    gong_ctl_table_add(table, mark_of(incident));
    gong_ctl_table_add(
        table, gong_ctl_instant(gong_ctl_int(incident, "since"), since));
    gong_ctl_table_add(
        table, unit[0] != '\0' ? unit : gong_ctl_text(incident, "unit"));
    gong_ctl_table_add(table, gong_ctl_text(incident, "owner"));
    gong_ctl_table_add(table, title_of(incident));
}

/* Adds &name=value where the option was given. */
static bool
add_filter(struct gong_ctl *ctl, char *path, size_t size, const char *name)
{
    const char *value = gong_ctl_option(&ctl->arguments, name);
    size_t len = strlen(path);
    char *escaped;

    if (value == NULL) {
        return true;
    }
    escaped = gong_ctl_escape(ctl->client, value);
    if (escaped == NULL || len + strlen(escaped) + 32 > size) {
        free(escaped);
        return false;
    }
    (void)snprintf(path + len, size - len, "&%s=%s", name, escaped);
    free(escaped);
    return true;
}

static int
name_list(struct gong_ctl *ctl, char *path, size_t size)
{
    const char *since = gong_ctl_option(&ctl->arguments, "since");
    int64_t length;

    (void)snprintf(path, size, INCIDENTS "?open=%s",
                   gong_ctl_flag(&ctl->arguments, "all") ? "false" : "true");
    if (!add_filter(ctl, path, size, "unit") ||
        !add_filter(ctl, path, size, "severity") ||
        !add_filter(ctl, path, size, "owner")) {
        return gong_ctl_wrong(ctl, "bộ lọc quá dài | a filter is too long");
    }
    if (since != NULL) {
        size_t len = strlen(path);

        if (!gong_ctl_read_length(since, &length)) {
            return gong_ctl_wrong(ctl, "--since: 24h, 7d ...");
        }
        (void)snprintf(path + len, size - len, "&since=%lld",
                       (long long)(ctl->now_ms - length));
    }
    return GONG_CTL_OK;
}

int
gong_ctl_alerts(struct gong_ctl *ctl)
{
    static const char *const headings[] = {
        "SỐ", "MỨC ĐỘ", "TÌNH TRẠNG",  "",
        "TỪ", "ĐƠN VỊ", "NGƯỜI XỬ LÝ", "CẢNH BÁO"};
    const char *limit = gong_ctl_option(&ctl->arguments, "limit");
    uint64_t max = limit == NULL ? MAX_SHOWN : gong_ctl_number(limit);
    struct gong_ctl_table *table;
    char path[1024];
    json_t *items;
    int code = name_list(ctl, path, sizeof path);

    if (max == 0) {
        return gong_ctl_wrong(ctl, "--limit: N");
    }
    if (code == GONG_CTL_OK) {
        code = gong_ctl_pages(ctl, path, "incidents", (size_t)max, &items);
    }
    if (code != GONG_CTL_OK || ctl->json) {
        return code != GONG_CTL_OK ? code : gong_ctl_print_json(ctl, items);
    }
    table = gong_ctl_table_new(headings, 8);
    for (size_t i = 0; i < json_array_size(items); i++) {
        add_row(table, json_array_get(items, i));
    }
    if (json_array_size(items) == 0) {
        (void)fputs("Không có cảnh báo nào.\n", ctl->out);
    } else {
        gong_ctl_table_print(table, gong_ctl_width(ctl->out), ctl->out);
    }
    gong_ctl_table_free(table);
    json_decref(items);
    return GONG_CTL_OK;
}

/* --- one --- */

static void
put_row(FILE *out, const char *name, const char *text)
{
    if (text[0] == '\0') {
        return;
    }
    (void)fprintf(out, "%s%*s", name, (int)(22 - gong_ctl_text_width(name)),
                  "");
    gong_ctl_put(out, text);
    (void)fputc('\n', out);
}

static void
put_time(FILE *out, const char *name, int64_t ms)
{
    char text[GONG_CTL_TIME_SIZE];

    put_row(out, name, gong_ctl_day(ms, text));
}

/* "1.500.000 đồng" */
static void
put_cost(FILE *out, int64_t cost)
{
    char digits[24], text[40];
    size_t len, at = 0;

    (void)snprintf(digits, sizeof digits, "%lld", (long long)cost);
    len = strlen(digits);
    for (size_t i = 0; i < len; i++) {
        text[at++] = digits[i];
        if ((len - i) % 3 == 1 && i + 1 < len && digits[i] != '-') {
            text[at++] = '.';
        }
    }
    (void)snprintf(text + at, sizeof text - at, " đồng");
    put_row(out, "Chi phí", cost == 0 ? "" : text);
}

static void
put_incident(FILE *out, const json_t *incident)
{
    const json_t *annotations = json_object_get(incident, "annotations");

    (void)fprintf(out, "#%lld ", (long long)gong_ctl_int(incident, "number"));
    gong_ctl_put(out, title_of(incident));
    (void)fputs("\n\n", out);
    put_row(out, "Mức độ", gong_ctl_word(gong_ctl_text(incident, "severity")));
    put_row(out, "Tình trạng", gong_ctl_word(gong_ctl_text(incident, "state")));
    put_row(out, "Cảnh báo", gong_ctl_word(gong_ctl_text(incident, "alert")));
    put_row(out, "Ghi chú hệ thống", mark_of(incident));
    put_row(out, "Đơn vị", note_of(incident, "unit_name"));
    put_row(out, "Mã đơn vị", gong_ctl_text(incident, "unit"));
    put_row(out, "Thiết bị", label_of(incident, "device"));
    put_row(out, "Giá trị", gong_ctl_text(incident, "value"));
    put_row(out, "Quy tắc", gong_ctl_text(incident, "rule"));
    put_time(out, "Bắt đầu", gong_ctl_int(incident, "since"));
    put_time(out, "Mở", gong_ctl_int(incident, "opened"));
    put_time(out, "Kết thúc", gong_ctl_int(incident, "ended"));
    put_time(out, "Hạn tiếp nhận", gong_ctl_int(incident, "ack_due"));
    put_time(out, "Hạn xử lý", gong_ctl_int(incident, "resolve_due"));
    put_row(out, "Người xử lý", gong_ctl_text(incident, "owner"));
    put_time(out, "Tiếp nhận lúc", gong_ctl_int(incident, "acked"));
    put_row(out, "Người tiếp nhận", gong_ctl_text(incident, "acked_by"));
    put_row(out, "Nguyên nhân", gong_ctl_text(incident, "cause"));
    put_row(out, "Kết luận", gong_ctl_word(gong_ctl_text(incident, "verdict")));
    put_cost(out, gong_ctl_int(incident, "cost"));
    put_row(out, "Việc cần làm ngay", gong_ctl_text(annotations, "action"));
}

static void
put_history(struct gong_ctl *ctl, const json_t *history)
{
    static const char *const headings[] = {"LÚC", "DIỄN BIẾN", "AI",
                                           "NỘI DUNG"};
    struct gong_ctl_table *table = gong_ctl_table_new(headings, 4);

    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *event = json_array_get(history, i);
        char at[GONG_CTL_TIME_SIZE];

        gong_ctl_table_add(table, gong_ctl_day(gong_ctl_int(event, "at"), at));
        gong_ctl_table_add(table, gong_ctl_word(gong_ctl_text(event, "event")));
        gong_ctl_table_add(table, gong_ctl_text(event, "by"));
        gong_ctl_table_add(table, gong_ctl_text(event, "text"));
    }
    (void)fputc('\n', ctl->out);
    gong_ctl_table_print(table, gong_ctl_width(ctl->out), ctl->out);
    gong_ctl_table_free(table);
}

/* What else the agent knows: why, stamps, who was told. */
static void
put_more(FILE *out, json_t *more)
{
    const char *name;
    json_t *value;

    json_object_foreach(more, name, value)
    {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_INDENT(2));

        (void)fputc('\n', out);
        gong_ctl_put(out, name);
        (void)fputs(":\n", out);
        for (char *line = text; line != NULL && *line != '\0';) {
            size_t len = strcspn(line, "\n");
            bool last = line[len] == '\0';

            line[len] = '\0';
            (void)fputs("  ", out);
            gong_ctl_put(out, line);
            (void)fputc('\n', out);
            line += len + (last ? 0 : 1);
        }
        free(text);
    }
}

int
gong_ctl_show(struct gong_ctl *ctl)
{
    uint64_t number = gong_ctl_number(gong_ctl_arg(ctl, 0));
    char path[128];
    json_t *answer;
    int code;

    if (number == 0) {
        return gong_ctl_wrong(ctl, "show N");
    }
    (void)snprintf(path, sizeof path, INCIDENTS "/%llu",
                   (unsigned long long)number);
    code = gong_ctl_do(ctl, "GET", path, NULL, &answer);
    if (code != GONG_CTL_OK || ctl->json) {
        return code != GONG_CTL_OK ? code : gong_ctl_print_json(ctl, answer);
    }
    put_incident(ctl->out, json_object_get(answer, "incident"));
    put_history(ctl, json_object_get(answer, "history"));
    put_more(ctl->out, json_object_get(answer, "more"));
    json_decref(answer);
    return GONG_CTL_OK;
}
