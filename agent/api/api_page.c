#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/api/api_handlers.h"
#include "agent/api/api_private.h"
#include "common/html.h"

#define ZONE_S INT64_C(25200) /* Vietnam has no summer time */

/* "/": what is open, for whoever is logged in, and how the agent is; a form to
 * log in for all others. It is where messages send people for what they do not
 * list. One plain page without scripts. */

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<title>gong</title><style>body{font:18px sans-serif;margin:1.2em;"
    "max-width:44em}input,button{font:inherit;padding:.5em;width:100%;"
    "box-sizing:border-box;margin:.2em 0 .8em}.bad{color:#b00020}"
    "</style></head><body>\n";
static const char foot[] = "</body></html>\n";

struct gong_str
gong_api_instant(int64_t ms, char *out, size_t size)
{
    time_t seconds = (time_t)(ms / 1000) + ZONE_S;
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(out, size, "%d/%m %H:%M", &parts) == 0) {
        out[0] = '\0';
    }
    return gong_str_of(out);
}

/* --- who is not logged in --- */

void
gong_api_login_form(struct gong_api_call *call, unsigned status,
                    const char *said)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    free(call->answer->body);
    call->answer->body = NULL;
    if (out == NULL) {
        gong_api_no_memory(call->answer);
        return;
    }
    (void)fprintf(out, "%s<h1>Đăng nhập / log in</h1>\n", head);
    if (said != NULL) {
        (void)fprintf(out, "<p class=\"bad\">%s</p>\n", said);
    }
    (void)fprintf(
        out,
        "<form method=\"post\" action=\"/\">\n<label>Tên người dùng / user"
        "<input name=\"user\" autocomplete=\"username\" required></label>\n"
        "<label>Mật khẩu / password<input name=\"password\" type=\"password\" "
        "autocomplete=\"current-password\" required></label>\n"
        "<button>Đăng nhập / log in</button></form>\n"
        "<p><a href=\"/\">Tôi đã đăng nhập / I am logged in</a></p>\n%s",
        foot);
    if (fclose(out) != 0) {
        free(text);
        gong_api_no_memory(call->answer);
        return;
    }
    gong_api_text(call->answer, status, "text/html; charset=utf-8", text, len);
}

/* --- the list --- */

static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

static const char *
severity_word(const char *severity)
{
    return strcmp(severity, "critical") == 0  ? "KHẨN CẤP / critical"
           : strcmp(severity, "warning") == 0 ? "CHÚ Ý / warning"
           : strcmp(severity, "info") == 0    ? "THÔNG TIN / info"
                                              : "CẢNH BÁO / alert";
}

static void
put(FILE *out, const char *before, const char *text)
{
    if (text[0] != '\0') {
        (void)fputs(before, out);
        gong_html_put(out, gong_str_of(text));
    }
}

static void
put_marks(FILE *out, const json_t *incident)
{
    static const struct {
        const char *field, *text;
    } marks[] = {
        {"ack_overdue", "quá hạn tiếp nhận / overdue"},
        {"resolve_overdue", "quá hạn xử lý / overdue"},
        {"silenced", "tạm ngừng báo / silenced"},
        {"in_maintenance", "bảo trì / in maintenance"},
        {"inhibited", "bị cảnh báo khác che / inhibited"},
        {"trial", "quy tắc thử nghiệm / on trial"},
    };
    const char *alert = text_of(incident, "alert");

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (json_is_true(json_object_get(incident, marks[i].field))) {
            (void)fprintf(out, " · <b>%s</b>", marks[i].text);
        }
    }
    if (strcmp(alert, "unknown") == 0) {
        (void)fputs(" · <b>không rõ, mất tín hiệu / unknown</b>", out);
    } else if (strcmp(alert, "keeping") == 0) {
        (void)fputs(" · <b>đã hết, đang giữ thêm / keeping</b>", out);
    }
}

static void
put_incident(FILE *out, const json_t *incident)
{
    const json_t *notes = json_object_get(incident, "annotations");
    const char *summary = text_of(incident, "summary");
    const char *unit = text_of(notes, "unit_name");
    const char *name = text_of(incident, "unit_name");
    char when[64];

    (void)fprintf(
        out, "<li>#%lld %s · %s · ",
        (long long)json_integer_value(json_object_get(incident, "number")),
        severity_word(text_of(incident, "severity")),
        strcmp(text_of(incident, "state"), "acknowledged") == 0
            ? "đã tiếp nhận / acknowledged"
            : "chưa ai tiếp nhận / nobody sees to it");
    gong_html_put(out, gong_api_instant(json_integer_value(
                                            json_object_get(incident, "since")),
                                        when, sizeof when));
    put(out, " · ",
        unit[0] != '\0'   ? unit
        : name[0] != '\0' ? name
                          : text_of(incident, "unit"));
    put(out, " · người xử lý / owner: ", text_of(incident, "owner"));
    put_marks(out, incident);
    put(out, "<br>", summary[0] != '\0' ? summary : text_of(incident, "rule"));
    (void)fputs("</li>\n", out);
}

static void
put_list(FILE *out, const json_t *items, uint64_t next, const char *warning)
{
    if (warning != NULL) {
        (void)fprintf(out, "<p class=\"bad\"><b>%s</b></p>\n", warning);
    }
    (void)fputs("<h2>Cảnh báo đang mở / open alerts</h2>\n<ul>\n", out);
    for (size_t i = 0; i < json_array_size(items); i++) {
        put_incident(out, json_array_get(items, i));
    }
    (void)fputs("</ul>\n", out);
    if (json_array_size(items) == 0) {
        (void)fputs(next == 0
                        ? "<p>Không có / none</p>\n"
                        : "<p>Chưa thấy trong số vừa xem, còn nữa / none among "
                          "those looked at, there are more</p>\n",
                    out);
    }
    if (next != 0) {
        (void)fprintf(out,
                      "<p><a href=\"/?before=%llu\">Xem tiếp / more</a></p>\n",
                      (unsigned long long)next);
    }
}

/* The list as HTML, heap; NULL with the answer filled. */
static char *
list_html(struct gong_api_call *call)
{
    char *text = NULL;
    size_t len = 0;
    json_t *items = NULL;
    uint64_t next = 0;
    enum gong_err err = gong_api_open_incidents(call, &items, &next);
    FILE *out = err == GONG_OK ? open_memstream(&text, &len) : NULL;

    if (out != NULL) {
        put_list(out, items, next, gong_api_desk_warning(call));
    }
    if (out == NULL || fclose(out) != 0) {
        free(text);
        text = NULL;
        gong_api_failed(call->answer, err == GONG_OK ? GONG_ERR_MEMORY : err,
                        NULL);
    }
    json_decref(items);
    return text;
}

/* Without an engine: only the list. */
static char *
bare_page(const char *list, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (out == NULL) {
        return NULL;
    }
    (void)fprintf(out, "%s%s%s", head, list, foot);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

void
gong_api_page(struct gong_api_call *call)
{
    const struct gong_status_source *status = call->api->options.status;
    bool desk = call->api->options.desk.incidents != NULL;
    char *list = NULL, *body;
    size_t len = 0;

    if (status == NULL && !desk) {
        gong_api_not_offered(call);
        return;
    }
    if (desk) {
        list = list_html(call);
        if (list == NULL) {
            return;
        }
    }
    body = status == NULL
               ? bare_page(list, &len)
               : gong_status_page(status, list == NULL ? "" : list, &len);
    free(list);
    gong_api_text(call->answer, 200, call->route->type, body, len);
}
