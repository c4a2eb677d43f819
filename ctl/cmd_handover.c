#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/words.h"

/* Giao ca: the shift log, as text to print and sign: what is still open, what
 * was opened and what ended in the shift, what people wrote, which silences
 * are in force. */

#define INCIDENTS "/api/gong/v1/incidents"
#define MAX_TOLD  10000
#define SHIFT_MS  INT64_C(43200000)
#define LOOK_MS   INT64_C(2592000000) /* what may have ended in the shift */

struct shift {
    struct gong_ctl *ctl;
    FILE *out;
    int64_t from;
    json_t *open;   /* incidents */
    json_t *recent; /* opened lately, open or not */
    json_t *silences;
    json_t *session; /* who writes it */
};

static void
put_incident(struct shift *shift, const json_t *incident)
{
    const json_t *notes = json_object_get(incident, "annotations");
    const char *unit = gong_ctl_text(notes, "unit_name");
    const char *summary = gong_ctl_text(notes, "summary");
    const char *owner = gong_ctl_text(incident, "owner");
    char since[GONG_CTL_TIME_SIZE], ended[GONG_CTL_TIME_SIZE];

    (void)fprintf(shift->out, "  #%lld [%s] %s  ",
                  (long long)gong_ctl_int(incident, "number"),
                  gong_ctl_word(gong_ctl_text(incident, "severity")),
                  gong_ctl_instant(gong_ctl_int(incident, "since"), since));
    gong_ctl_put(shift->out, unit);
    (void)fputs(unit[0] == '\0' ? "" : ": ", shift->out);
    gong_ctl_put(shift->out, summary[0] != '\0'
                                 ? summary
                                 : gong_ctl_text(incident, "rule"));
    (void)fprintf(shift->out, "\n      %s",
                  gong_ctl_word(gong_ctl_text(incident, "state")));
    if (owner[0] != '\0') {
        (void)fputs(", người xử lý: ", shift->out);
        gong_ctl_put(shift->out, owner);
    }
    if (gong_ctl_int(incident, "ended") != 0) {
        (void)fprintf(shift->out, ", kết thúc %s",
                      gong_ctl_instant(gong_ctl_int(incident, "ended"), ended));
    }
    if (json_is_true(json_object_get(incident, "ack_overdue"))) {
        (void)fputs(", QUÁ HẠN TIẾP NHẬN", shift->out);
    }
    if (json_is_true(json_object_get(incident, "resolve_overdue"))) {
        (void)fputs(", QUÁ HẠN XỬ LÝ", shift->out);
    }
    (void)fputc('\n', shift->out);
}

/* What people wrote in the shift. */
static int
put_remarks(struct shift *shift, const json_t *incident)
{
    char path[128];
    json_t *answer, *history;
    int code;

    (void)snprintf(path, sizeof path, INCIDENTS "/%lld",
                   (long long)gong_ctl_int(incident, "number"));
    code = gong_ctl_do(shift->ctl, "GET", path, NULL, &answer);
    if (code != GONG_CTL_OK) {
        return code;
    }
    history = json_object_get(answer, "history");
    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *event = json_array_get(history, i);
        char at[GONG_CTL_TIME_SIZE];

        if (gong_ctl_int(event, "at") < shift->from ||
            gong_ctl_text(event, "by")[0] == '\0') {
            continue;
        }
        (void)fprintf(shift->out, "      %s ",
                      gong_ctl_instant(gong_ctl_int(event, "at"), at));
        gong_ctl_put(shift->out, gong_ctl_text(event, "by"));
        (void)fprintf(shift->out,
                      " %s: ", gong_ctl_word(gong_ctl_text(event, "event")));
        gong_ctl_put(shift->out, gong_ctl_text(event, "text"));
        (void)fputc('\n', shift->out);
    }
    json_decref(answer);
    return GONG_CTL_OK;
}

static bool
ended_in(const struct shift *shift, const json_t *incident)
{
    return gong_ctl_int(incident, "ended") >= shift->from;
}

static size_t
count_opened(const struct shift *shift)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(shift->recent); i++) {
        count += gong_ctl_int(json_array_get(shift->recent, i), "opened") >=
                 shift->from;
    }
    return count;
}

static int
put_list(struct shift *shift, const char *heading, const json_t *items,
         bool only_ended)
{
    size_t told = 0;
    int code = GONG_CTL_OK;

    (void)fprintf(shift->out, "\n%s\n", heading);
    for (size_t i = 0; i < json_array_size(items) && code == GONG_CTL_OK; i++) {
        const json_t *incident = json_array_get(items, i);

        if (!only_ended || ended_in(shift, incident)) {
            put_incident(shift, incident);
            code = put_remarks(shift, incident);
            told++;
        }
    }
    if (told == 0) {
        (void)fputs("  (không có)\n", shift->out);
    }
    return code;
}

static void
put_silences(struct shift *shift)
{
    (void)fputs("\nTẠM NGỪNG BÁO ĐANG CÓ HIỆU LỰC\n", shift->out);
    for (size_t i = 0; i < json_array_size(shift->silences); i++) {
        const json_t *item = json_array_get(shift->silences, i);
        int64_t incident = gong_ctl_int(item, "incident");
        char until[GONG_CTL_TIME_SIZE];

        (void)fprintf(shift->out, "  %lld  ",
                      (long long)gong_ctl_int(item, "number"));
        if (incident != 0) {
            (void)fprintf(shift->out, "cảnh báo #%lld", (long long)incident);
        } else {
            gong_ctl_put(shift->out, gong_ctl_text(item, "matchers"));
        }
        (void)fprintf(
            shift->out, ", đến %s, ",
            json_is_null(json_object_get(item, "until"))
                ? "khi kết thúc"
                : gong_ctl_instant(gong_ctl_int(item, "until"), until));
        gong_ctl_put(shift->out, gong_ctl_text(item, "by"));
        (void)fputs(": ", shift->out);
        gong_ctl_put(shift->out, gong_ctl_text(item, "comment"));
        (void)fputc('\n', shift->out);
    }
    if (json_array_size(shift->silences) == 0) {
        (void)fputs("  (không có)\n", shift->out);
    }
}

/* Their name for people, else the one they log in by. */
static const char *
writer_of(const struct shift *shift)
{
    const char *name = gong_ctl_text(shift->session, "full_name");

    return name[0] != '\0' ? name : gong_ctl_text(shift->session, "user");
}

static int
write_log(struct shift *shift)
{
    const struct gong_ctl *ctl = shift->ctl;
    const char *to = gong_ctl_option(&ctl->arguments, "to");
    const char *comment = gong_ctl_option(&ctl->arguments, "comment");
    char from[GONG_CTL_TIME_SIZE], until[GONG_CTL_TIME_SIZE];
    int code;

    (void)fprintf(shift->out, "SỔ TRỰC: %s đến %s\n",
                  gong_ctl_day(shift->from, from),
                  gong_ctl_day(ctl->now_ms, until));
    (void)fprintf(shift->out,
                  "Trong ca: %zu cảnh báo mới; còn mở lúc giao ca: %zu\n",
                  count_opened(shift), json_array_size(shift->open));
    (void)fputs("Người giao ca: ", shift->out);
    gong_ctl_put(shift->out, writer_of(shift));
    (void)fprintf(shift->out, "\nViết lúc: %s\n",
                  gong_ctl_day(ctl->now_ms, until));
    if (to != NULL) {
        (void)fputs("Người nhận ca: ", shift->out);
        gong_ctl_put(shift->out, to);
        (void)fputc('\n', shift->out);
    }
    if (comment != NULL) {
        (void)fputs("Ghi chú: ", shift->out);
        gong_ctl_put(shift->out, comment);
        (void)fputc('\n', shift->out);
    }
    code = put_list(shift, "CÒN ĐANG DIỄN RA", shift->open, false);
    if (code == GONG_CTL_OK) {
        code = put_list(shift, "ĐÃ KẾT THÚC TRONG CA", shift->recent, true);
    }
    put_silences(shift);
    (void)fputs("\nNgười giao ca: ....................    Người nhận ca: "
                "....................\n",
                shift->out);
    return code;
}

static int
read_shift(struct shift *shift)
{
    struct gong_ctl *ctl = shift->ctl;
    char path[128];
    json_t *answer;
    int code = gong_ctl_pages(ctl, INCIDENTS "?open=true", "incidents",
                              MAX_TOLD, &shift->open);

    if (code == GONG_CTL_OK) {
        (void)snprintf(path, sizeof path, INCIDENTS "?since=%lld",
                       (long long)(shift->from - LOOK_MS));
        code = gong_ctl_pages(ctl, path, "incidents", MAX_TOLD, &shift->recent);
    }
    if (code == GONG_CTL_OK) {
        code = gong_ctl_do(ctl, "GET", "/api/gong/v1/session", NULL,
                           &shift->session);
    }
    if (code == GONG_CTL_OK) {
        code = gong_ctl_do(ctl, "GET", "/api/gong/v1/silences", NULL, &answer);
    }
    if (code == GONG_CTL_OK) {
        shift->silences = json_incref(json_object_get(answer, "silences"));
        json_decref(answer);
    }
    return code;
}

int
gong_ctl_handover(struct gong_ctl *ctl)
{
    const char *since = gong_ctl_option(&ctl->arguments, "since");
    const char *path = gong_ctl_option(&ctl->arguments, "output");
    const char *to = gong_ctl_option(&ctl->arguments, "to");
    const char *comment = gong_ctl_option(&ctl->arguments, "comment");
    struct shift shift = {.ctl = ctl, .out = ctl->out};
    int64_t length = SHIFT_MS;
    int code;

    if (since != NULL && !gong_ctl_read_length(since, &length)) {
        return gong_ctl_wrong(ctl, "--since: 8h, 12h");
    }
    shift.from = ctl->now_ms - length;
    code = read_shift(&shift);
    if (code == GONG_CTL_OK && ctl->json) {
        code = gong_ctl_print_json(
            ctl, json_pack("{s:s,s:s,s:s,s:I,s:I,s:O,s:O,s:O}", "by",
                           gong_ctl_text(shift.session, "user"), "to",
                           to == NULL ? "" : to, "comment",
                           comment == NULL ? "" : comment, "from",
                           (json_int_t)shift.from, "until",
                           (json_int_t)ctl->now_ms, "open", shift.open,
                           "recent", shift.recent, "silences", shift.silences));
    } else if (code == GONG_CTL_OK) {
        shift.out = path == NULL ? ctl->out : fopen(path, "w");
        if (shift.out == NULL) {
            (void)fprintf(ctl->err, "gongctl: %s\n", strerror(errno));
            code = GONG_CTL_UNAVAILABLE;
        } else {
            code = write_log(&shift);
        }
        if (shift.out != NULL && path != NULL && fclose(shift.out) != 0) {
            code = GONG_CTL_UNAVAILABLE;
        }
    }
    json_decref(shift.open);
    json_decref(shift.recent);
    json_decref(shift.silences);
    json_decref(shift.session);
    return code;
}
