#include <stdlib.h>
#include <string.h>

#include "ctl/chain.h"
#include "ctl/commands.h"
#include "ctl/incident.h"
#include "ctl/table.h"
#include "ctl/words.h"

#define INPUTS_SIZE 1024

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
    char marks[GONG_CTL_MARKS_SIZE], number[GONG_CTL_TIME_SIZE];

    (void)fprintf(out, "#%lld ", (long long)gong_ctl_int(incident, "number"));
    gong_ctl_put(out, gong_ctl_title(incident));
    (void)fputs("\n\n", out);
    put_row(out, "Mức độ", gong_ctl_word(gong_ctl_text(incident, "severity")));
    put_row(out, "Tình trạng", gong_ctl_word(gong_ctl_text(incident, "state")));
    put_row(out, "Cảnh báo", gong_ctl_word(gong_ctl_text(incident, "alert")));
    put_row(out, "Ghi chú hệ thống", gong_ctl_marks_text(incident, marks));
    put_row(out, "Đơn vị",
            gong_ctl_annotation(incident, "unit_name")[0] != '\0'
                ? gong_ctl_annotation(incident, "unit_name")
                : gong_ctl_text(incident, "unit_name"));
    put_row(out, "Mã đơn vị", gong_ctl_text(incident, "unit"));
    put_row(out, "Trạm", gong_ctl_text(incident, "device_name"));
    put_row(out, "Thiết bị",
            gong_ctl_text(json_object_get(incident, "labels"), "device"));
    put_row(out, "Giá trị",
            gong_ctl_decimal(gong_ctl_text(incident, "value"), number));
    put_row(out, "Quy tắc", gong_ctl_text(incident, "rule"));
    put_time(out, "Bắt đầu", gong_ctl_int(incident, "since"));
    put_time(out, "Mở", gong_ctl_int(incident, "opened"));
    put_time(out, "Kết thúc", gong_ctl_end_ms(incident));
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

/* device="lamp-1", site="22015": what the clause was looked at for. */
static const char *
inputs_of(const json_t *incident, char out[INPUTS_SIZE])
{
    json_t *labels = json_object_get(incident, "labels");
    const char *name;
    json_t *value;
    size_t len = 0;

    out[0] = '\0';
    json_object_foreach(labels, name, value)
    {
        if (strcmp(name, "alertname") != 0 && strcmp(name, "severity") != 0 &&
            len < INPUTS_SIZE) {
            len += (size_t)snprintf(out + len, INPUTS_SIZE - len, "%s%s=\"%s\"",
                                    len == 0 ? "" : ", ", name,
                                    json_string_value(value));
        }
    }
    return out;
}

static void
put_why(FILE *out, const json_t *answer)
{
    const json_t *incident = json_object_get(answer, "incident");
    const json_t *why = gong_ctl_why(answer);
    const char *reason = gong_ctl_text(why, "reason");
    char inputs[INPUTS_SIZE], place[64], number[GONG_CTL_TIME_SIZE];

    (void)fputs("\nVÌ SAO\n", out);
    if (why == NULL) {
        (void)fputs("  không còn ghi lại\n", out);
        return;
    }
    (void)snprintf(place, sizeof place, "%lld.%lld",
                   (long long)gong_ctl_int(why, "position"),
                   (long long)gong_ctl_int(why, "ordinal"));
    put_row(out, "  Điều kiện", gong_ctl_text(why, "expr"));
    put_row(out, "  Xét cho", inputs_of(incident, inputs));
    put_row(out, "  Cho giá trị",
            gong_ctl_decimal(gong_ctl_text(why, "value"), number));
    put_row(out, "  Lý do",
            strcmp(reason, "resolve") == 0 ? "điều kiện kết thúc đúng"
                                           : gong_ctl_word(reason));
    put_time(out, "  Lúc", gong_ctl_int(why, "at"));
    put_row(out, "  Vị trí trong sổ", place);
}

/* Tries that told nobody are in the chain; here only who waits. */
static void
put_waiting(FILE *out, const json_t *answer)
{
    const json_t *told =
        json_object_get(json_object_get(answer, "more"), "deliveries");

    for (size_t i = 0; i < json_array_size(told); i++) {
        const json_t *item = json_array_get(told, i);

        if (strcmp(gong_ctl_text(item, "outcome"), "waiting") == 0) {
            put_row(out,
                    json_is_true(json_object_get(item, "unreached"))
                        ? "Không báo được cho"
                        : "Đang chờ báo cho",
                    gong_ctl_text(item, "recipient"));
        }
    }
}

int
gong_ctl_show(struct gong_ctl *ctl)
{
    uint64_t number = gong_ctl_number(gong_ctl_arg(ctl, 0));
    char path[128];
    json_t *answer, *chain;
    int code;

    if (number == 0) {
        return gong_ctl_wrong(ctl, "show N");
    }
    (void)snprintf(path, sizeof path, GONG_CTL_INCIDENTS "/%llu",
                   (unsigned long long)number);
    code = gong_ctl_do(ctl, "GET", path, NULL, &answer);
    if (code != GONG_CTL_OK || ctl->json) {
        return code != GONG_CTL_OK ? code : gong_ctl_print_json(ctl, answer);
    }
    put_incident(ctl->out, json_object_get(answer, "incident"));
    put_waiting(ctl->out, answer);
    put_why(ctl->out, answer);
    chain = gong_ctl_chain(answer);
    (void)fputs("\nTỪ LÚC ĐO ĐẾN NAY\n", ctl->out);
    gong_ctl_chain_print(chain, gong_ctl_width(ctl->out), ctl->out);
    json_decref(chain);
    json_decref(answer);
    return GONG_CTL_OK;
}
