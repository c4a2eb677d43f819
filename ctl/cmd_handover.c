#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ctl/commands.h"
#include "ctl/incident.h"
#include "ctl/output.h"
#include "ctl/words.h"

/* Giao ca: the shift log, as text to print and sign: what is still open, what
 * was opened and what ended in the shift, what people wrote, which silences
 * are in force, which maintenance is planned. That it was written, by whom, and
 * its SHA-256 are kept in the agent's audit log: `sha256sum FILE` tells whether
 * a file is that log. */

#define OURS      "/api/gong/v1"
#define INCIDENTS OURS "/incidents"
#define MAX_TOLD  10000
#define SHIFT_MS  INT64_C(43200000)

struct shift {
    struct gong_ctl *ctl;
    FILE *out;
    int64_t from;
    json_t *open;   /* incidents */
    json_t *recent; /* changed in the shift, open or not */
    json_t *silences;
    json_t *maintenance;
    json_t *session; /* whose login it is */
    const char *by;  /* who hands over; of the session, or an option */
    const char *to;
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
                      gong_ctl_instant(gong_ctl_end_ms(incident), ended));
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
put_silence(struct shift *shift, const json_t *item)
{
    int64_t incident = gong_ctl_int(item, "incident");
    char from[GONG_CTL_TIME_SIZE], until[GONG_CTL_TIME_SIZE];

    (void)fprintf(shift->out, "  %lld  ",
                  (long long)gong_ctl_int(item, "number"));
    if (incident != 0) {
        (void)fprintf(shift->out, "cảnh báo #%lld", (long long)incident);
    } else {
        gong_ctl_put(shift->out, gong_ctl_text(item, "matchers"));
    }
    if (gong_ctl_int(item, "from") > shift->ctl->now_ms) {
        (void)fprintf(shift->out, ", từ %s",
                      gong_ctl_instant(gong_ctl_int(item, "from"), from));
    }
    (void)fprintf(shift->out, ", đến %s, ",
                  json_is_null(json_object_get(item, "until"))
                      ? "khi kết thúc"
                      : gong_ctl_instant(gong_ctl_int(item, "until"), until));
    gong_ctl_put(shift->out, gong_ctl_text(item, "by"));
    (void)fputs(": ", shift->out);
    gong_ctl_put(shift->out, gong_ctl_text(item, "comment"));
    (void)fputc('\n', shift->out);
}

static void
put_silences(struct shift *shift, const char *heading, const json_t *items)
{
    (void)fprintf(shift->out, "\n%s\n", heading);
    for (size_t i = 0; i < json_array_size(items); i++) {
        put_silence(shift, json_array_get(items, i));
    }
    if (json_array_size(items) == 0) {
        (void)fputs("  (không có)\n", shift->out);
    }
}

static void
put_name(struct shift *shift, const char *before, const char *name)
{
    (void)fputs(before, shift->out);
    gong_ctl_put(shift->out, name);
}

static int
write_log(struct shift *shift)
{
    const struct gong_ctl *ctl = shift->ctl;
    const char *comment = gong_ctl_option(&ctl->arguments, "comment");
    char from[GONG_CTL_TIME_SIZE], until[GONG_CTL_TIME_SIZE];
    int code;

    (void)fprintf(shift->out, "SỔ TRỰC: %s đến %s\n",
                  gong_ctl_day(shift->from, from),
                  gong_ctl_day(ctl->now_ms, until));
    (void)fprintf(shift->out,
                  "Trong ca: %zu cảnh báo mới; còn mở lúc giao ca: %zu\n",
                  count_opened(shift), json_array_size(shift->open));
    put_name(shift, "Người giao ca: ", shift->by);
    put_name(shift, "\nNgười nhận ca: ", shift->to);
    (void)fprintf(shift->out, "\nViết lúc: %s\n",
                  gong_ctl_day(ctl->now_ms, until));
    if (comment != NULL) {
        (void)fputs("Ghi chú: ", shift->out);
        gong_ctl_put(shift->out, comment);
        (void)fputc('\n', shift->out);
    }
    code = put_list(shift, "CÒN ĐANG DIỄN RA", shift->open, false);
    if (code == GONG_CTL_OK) {
        code = put_list(shift, "ĐÃ KẾT THÚC TRONG CA", shift->recent, true);
    }
    put_silences(shift, "TẠM NGỪNG BÁO ĐANG CÓ HIỆU LỰC", shift->silences);
    put_silences(shift, "BẢO TRÌ", shift->maintenance);
    put_name(shift, "\nNgười giao ca: ", shift->by);
    put_name(shift, " ....................    Người nhận ca: ", shift->to);
    (void)fputs(" ....................\n", shift->out);
    return code;
}

static int
read_list(struct gong_ctl *ctl, const char *path, const char *name,
          json_t **out)
{
    json_t *answer;
    int code = gong_ctl_do(ctl, "GET", path, NULL, &answer);

    if (code == GONG_CTL_OK) {
        *out = json_incref(json_object_get(answer, name));
        json_decref(answer);
    }
    return code;
}

static int
read_shift(struct shift *shift)
{
    struct gong_ctl *ctl = shift->ctl;
    char path[128];
    int code = gong_ctl_pages(ctl, INCIDENTS "?open=true", "incidents",
                              MAX_TOLD, &shift->open);

    if (code == GONG_CTL_OK) {
        (void)snprintf(path, sizeof path, INCIDENTS "?changed=%lld",
                       (long long)shift->from);
        code = gong_ctl_pages(ctl, path, "incidents", MAX_TOLD, &shift->recent);
    }
    if (code == GONG_CTL_OK) {
        code = read_list(ctl, OURS "/silences", "silences", &shift->silences);
    }
    if (code == GONG_CTL_OK) {
        code = read_list(ctl, OURS "/maintenance", "silences",
                         &shift->maintenance);
    }
    if (code == GONG_CTL_OK) {
        code = gong_ctl_do(ctl, "GET", OURS "/session", NULL, &shift->session);
    }
    return code;
}

/* --- written, kept, put out --- */

static int
write_all(struct shift *shift)
{
    const char *comment = gong_ctl_option(&shift->ctl->arguments, "comment");
    json_t *all;
    int code = GONG_CTL_OK;

    if (!shift->ctl->json) {
        return write_log(shift);
    }
    all = json_pack("{s:s,s:s,s:s,s:I,s:I,s:O,s:O,s:O,s:O}", "by", shift->by,
                    "to", shift->to, "comment", comment == NULL ? "" : comment,
                    "from", (json_int_t)shift->from, "until",
                    (json_int_t)shift->ctl->now_ms, "open", shift->open,
                    "recent", shift->recent, "silences", shift->silences,
                    "maintenance", shift->maintenance);
    if (all == NULL || json_dumpf(all, shift->out, JSON_INDENT(2)) != 0) {
        code = GONG_CTL_UNAVAILABLE;
    }
    (void)fputc('\n', shift->out);
    json_decref(all);
    return code;
}

/* Who hands over and SHA-256 of these bytes go into the agent's audit log. */
static int
keep(const struct shift *shift, const char *text, size_t len)
{
    struct gong_ctl *ctl = shift->ctl;
    const char *comment = gong_ctl_option(&ctl->arguments, "comment");
    unsigned char digest[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof digest + 1];
    int code;

    (void)crypto_hash_sha256(digest, (const unsigned char *)text, len);
    (void)sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    code = gong_ctl_do(
        ctl, "POST", OURS "/handovers",
        json_pack("{s:s,s:s,s:I,s:I,s:I,s:s,s:s}", "by", shift->by, "to",
                  shift->to, "from", (json_int_t)shift->from, "until",
                  (json_int_t)ctl->now_ms, "open",
                  (json_int_t)json_array_size(shift->open), "sha256", hex,
                  "comment", comment == NULL ? "" : comment),
        NULL);
    if (code == GONG_CTL_OK) {
        (void)fprintf(ctl->err,
                      "Nhật ký kiểm toán đã ghi | kept in the audit log: "
                      "sha256=%s\n",
                      hex);
    }
    return code;
}

static int
put_out(const struct shift *shift, const char *text, size_t len)
{
    FILE *out = gong_ctl_output_open(shift->ctl);

    if (out == NULL) {
        return GONG_CTL_IO;
    }
    (void)fwrite(text, 1, len, out);
    return gong_ctl_output_close(shift->ctl, out);
}

static int
hand_over(struct shift *shift)
{
    char *text = NULL;
    size_t len = 0;
    int code;

    shift->out = open_memstream(&text, &len);
    if (shift->out == NULL) {
        return GONG_CTL_UNAVAILABLE;
    }
    code = write_all(shift);
    if (fclose(shift->out) != 0) {
        code = GONG_CTL_UNAVAILABLE;
    }
    code = code == GONG_CTL_OK ? put_out(shift, text, len) : code;
    code = code == GONG_CTL_OK ? keep(shift, text, len) : code;
    free(text);
    return code;
}

int
gong_ctl_handover(struct gong_ctl *ctl)
{
    const char *since = gong_ctl_option(&ctl->arguments, "since");
    struct shift shift = {
        .ctl = ctl,
        .by = gong_ctl_option(&ctl->arguments, "by"),
        .to = gong_ctl_option(&ctl->arguments, "to"),
    };
    int64_t length = SHIFT_MS;
    int code;

    if (since != NULL && !gong_ctl_read_length(since, &length)) {
        return gong_ctl_wrong(ctl, "--since: 8h, 12h");
    }
    if (shift.to == NULL || shift.to[0] == '\0') {
        return gong_ctl_wrong(ctl, "--to: người nhận ca | who takes over");
    }
    shift.from = ctl->now_ms - length;
    code = read_shift(&shift);
    if (code == GONG_CTL_OK && shift.by == NULL) {
        shift.by = gong_ctl_text(shift.session, "full_name");
        shift.by = shift.by[0] != '\0' ? shift.by
                                       : gong_ctl_text(shift.session, "user");
    }
    code = code == GONG_CTL_OK ? hand_over(&shift) : code;
    json_decref(shift.open);
    json_decref(shift.recent);
    json_decref(shift.silences);
    json_decref(shift.maintenance);
    json_decref(shift.session);
    return code;
}
