#include "rules/desk/desk_refuse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* # number, @ state, & event, $ text. */
static const struct {
    const char *vi, *en;
} texts[] = {
    [GONG_REFUSE_OVER_ALREADY] = {"thời hạn tiếp nhận đã qua",
                                  "the acknowledgement would be over already"},
    [GONG_REFUSE_NO_COMMENT] = {"ghi chú đang để trống",
                                "the comment is empty"},
    [GONG_REFUSE_NOT_OPEN] = {"không có cảnh báo #, hoặc đã kết thúc",
                              "no incident # is open"},
    [GONG_REFUSE_STATE] = {"cảnh báo # @ nên không thể &",
                           "incident # is @: & means nothing"},
    [GONG_REFUSE_NO_UNTIL] = {"không nêu cảnh báo thì phải nêu đến khi nào",
                              "without an incident it must say until when"},
    [GONG_REFUSE_BACKWARDS] = {"thời điểm kết thúc trước thời điểm bắt đầu",
                               "it would end before it begins"},
    [GONG_REFUSE_TOO_LATE] = {"bắt đầu sau hơn # ngày nữa",
                              "it would begin in more than # days"},
    [GONG_REFUSE_TOO_LONG] = {"kéo dài quá # ngày",
                              "it would last longer than # days"},
    [GONG_REFUSE_OPERATOR] =
        {"giá trị của $ bắt đầu bằng dấu so sánh: cần một "
         "trong = != =~ !~, rồi đến giá trị",
         "the value of $ begins with an operator: expected "
         "one of = != =~ !~, then the value"},
    [GONG_REFUSE_NO_TARGET] = {"cần nêu một cảnh báo hoặc điều kiện lọc",
                               "it needs either an incident or matchers"},
    [GONG_REFUSE_TOO_MANY] = {"đã có # lần tạm ngừng, không thể thêm",
                              "there are # silences, no more can be made"},
    [GONG_REFUSE_MATCHERS] = {"không đọc được điều kiện lọc", "$"},
    [GONG_REFUSE_NO_SILENCE] = {"không có lần tạm ngừng #",
                                "there is no silence #"},
    [GONG_REFUSE_NOBODY] = {"không nêu ai thực hiện",
                            "it does not say who does it"},
    [GONG_REFUSE_NO_ACT] = {"không có việc này", "no such act"},
};

static const char *const states[] = {
    [GONG_INCIDENT_NONE] = "không có",
    [GONG_INCIDENT_OPEN] = "chưa ai tiếp nhận",
    [GONG_INCIDENT_ACKNOWLEDGED] = "đã được tiếp nhận",
    [GONG_INCIDENT_ENDED] = "đã kết thúc",
    [GONG_INCIDENT_CLOSED] = "đã đóng",
};

static const char *
event_vietnamese(enum gong_incident_event event)
{
    switch (event) {
    case GONG_INCIDENT_ACKNOWLEDGE:
        return "tiếp nhận";
    case GONG_INCIDENT_UNACKNOWLEDGE:
        return "thôi tiếp nhận";
    case GONG_INCIDENT_ASSIGN:
        return "giao người xử lý";
    case GONG_INCIDENT_COMMENT:
        return "ghi chú";
    case GONG_INCIDENT_RESOLVE:
        return "đóng";
    case GONG_INCIDENT_OUTCOME:
        return "ghi kết quả";
    case GONG_INCIDENT_FIRE:
    case GONG_INCIDENT_KEEP:
    case GONG_INCIDENT_CLIMB:
    case GONG_INCIDENT_FALL:
    case GONG_INCIDENT_END:
    case GONG_INCIDENT_ACK_EXPIRES:
    case GONG_INCIDENT_ACK_OVERDUE:
    case GONG_INCIDENT_RESOLVE_OVERDUE:
    case GONG_INCIDENT_ESCALATE:
        break;
    }
    return gong_incident_event_text(event);
}

static void
fill(FILE *out, const char *text, const struct gong_desk_refused *what,
     bool vietnamese)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '#':
            (void)fprintf(out, "%" PRIu64, what->number);
            break;
        case '@':
            (void)fputs(vietnamese ? states[what->state]
                                   : gong_incident_state_text(what->state),
                        out);
            break;
        case '&':
            (void)fputs(vietnamese ? event_vietnamese(what->event)
                                   : gong_incident_event_text(what->event),
                        out);
            break;
        case '$':
            (void)fputs(what->text, out);
            break;
        default:
            (void)fputc(*text, out);
        }
    }
}

/* What was cut ends with a whole character. */
static void
trim(char *text, size_t size)
{
    size_t len = strlen(text);

    if (len + 1 < size) {
        return;
    }
    while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80) {
        len--;
    }
    if (len > 0 && (unsigned char)text[len - 1] >= 0xc0) {
        len--;
    }
    text[len] = '\0';
}

void
gong_desk_refuse(enum gong_desk_refusal refusal,
                 const struct gong_desk_refused *what, char *why,
                 size_t why_size)
{
    FILE *out = why_size == 0 ? NULL : fmemopen(why, why_size, "w");

    if (out == NULL) {
        if (why_size > 0) {
            (void)snprintf(why, why_size, "%s", texts[refusal].en);
        }
        return;
    }
    fill(out, texts[refusal].vi, what, true);
    (void)fputs(" | ", out);
    fill(out, texts[refusal].en, what, false);
    (void)fclose(out);
    why[why_size - 1] = '\0';
    trim(why, why_size);
}
