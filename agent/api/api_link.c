#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api/api_handlers.h"
#include "agent/api/api_private.h"
#include "common/html.h"

/* The page of a signed link: for one person, one incident, until a time. GET
 * only shows: whatever looks at links in messages (previews, scanners) does
 * not acknowledge. */

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<meta name=\"robots\" content=\"noindex\">"
    "<title>Cảnh báo</title><style>body{font:18px sans-serif;margin:1.2em;"
    "max-width:34em}h1{font-size:1.3em}button{font:inherit;padding:.8em 1.4em;"
    "width:100%;background:#0a5;color:#fff;border:0;border-radius:.4em}"
    "dt{color:#666;font-size:.85em;margin-top:.7em}dd{margin:0}"
    ".en{color:#666;font-size:.85em}</style></head><body>\n";

static struct gong_str
text_of(const json_t *texts, const char *name)
{
    const char *text = json_string_value(json_object_get(texts, name));

    return text == NULL ? gong_str_from(NULL, 0) : gong_str_of(text);
}

static void
write_row(FILE *out, const char *label, struct gong_str text)
{
    if (text.len == 0) {
        return;
    }
    (void)fprintf(out, "<dt>%s</dt><dd>", label);
    gong_html_put(out, text);
    (void)fputs("</dd>\n", out);
}

struct page {
    struct gong_api_call *call;
    const struct gong_api_link_claims *claims;
    FILE *out;
    bool found;
};

static const char *
state_of(const struct gong_desk_incident *incident)
{
    switch (incident->state) {
    case GONG_INCIDENT_OPEN:
        return "đang diễn ra, chưa ai tiếp nhận | firing, nobody sees to it";
    case GONG_INCIDENT_ACKNOWLEDGED:
        return "đã tiếp nhận | acknowledged";
    case GONG_INCIDENT_NONE:
    case GONG_INCIDENT_ENDED:
    case GONG_INCIDENT_CLOSED:
        break;
    }
    return "đã kết thúc | over";
}

static void
write_incident(void *arg, const struct gong_desk_incident *incident)
{
    struct page *page = arg;
    FILE *out = page->out;
    json_t *shown =
        gong_api_incident_json(&page->call->api->options.city, incident);
    const json_t *texts = json_object_get(shown, "annotations");
    struct gong_str title = text_of(shown, "summary");
    char when[64];

    page->found = true;
    (void)fprintf(out, "<h1>#%llu ", (unsigned long long)incident->number);
    gong_html_put(out, title.len > 0 ? title : incident->rule_id);
    (void)fputs("</h1>\n<dl>\n", out);
    write_row(out, "Đơn vị / unit", text_of(texts, "unit_name"));
    write_row(out, "Tình trạng / state", gong_str_of(state_of(incident)));
    write_row(out, "Từ / since",
              gong_api_instant(incident->since_ms, when, sizeof when));
    write_row(out, "Việc cần làm ngay / what to do", text_of(texts, "action"));
    write_row(out, "Người xử lý / owner", incident->owner);
    (void)fputs("</dl>\n", out);
    if (incident->state == GONG_INCIDENT_OPEN) {
        (void)fputs("<form method=\"post\"><p><button>Tiếp nhận cảnh báo này "
                    "/ acknowledge</button></p><p class=\"en\">",
                    out);
        gong_html_put(out, gong_str_of(page->claims->person));
        (void)fputs("</p></form>\n", out);
    }
    json_decref(shown);
}

static void
answer_page(struct gong_api_call *call,
            const struct gong_api_link_claims *claims, const char *said)
{
    const struct gong_api_desk *desk = &call->api->options.desk;
    char *text = NULL;
    size_t len = 0;
    struct page page = {.call = call, .claims = claims};
    enum gong_err err;

    page.out = open_memstream(&text, &len);
    if (page.out == NULL) {
        gong_api_no_memory(call->answer);
        return;
    }
    (void)fputs(head, page.out);
    if (said != NULL) {
        (void)fprintf(page.out, "<p><strong>%s</strong></p>\n", said);
    }
    err = desk->incident == NULL ? GONG_ERR_UNSUPPORTED
                                 : desk->incident(desk->ctx, claims->incident,
                                                  write_incident, NULL, &page);
    (void)fputs("</body></html>\n", page.out);
    if (fclose(page.out) != 0 || err != GONG_OK) {
        free(text);
        gong_api_failed(call->answer, err == GONG_OK ? GONG_ERR_MEMORY : err,
                        NULL);
        return;
    }
    gong_api_text(call->answer, 200, call->route->type, text, len);
}

/* Whoever had the link may hear more than a stranger. */
static void
answer_expired(struct gong_api_call *call)
{
    static const char text[] =
        "<h1>Liên kết đã hết hạn</h1>\n<p>Đăng nhập vào hệ thống để xem và "
        "tiếp nhận cảnh báo, hoặc gọi cho trực ban.</p>\n<p class=\"en\">The "
        "link has expired. Log in to see and acknowledge the alert, or call "
        "the officer on duty.</p>\n</body></html>\n";
    size_t len = sizeof head + sizeof text - 2;
    char *page = malloc(len + 1);

    if (page != NULL) {
        memcpy(page, head, sizeof head - 1);
        memcpy(page + sizeof head - 1, text, sizeof text);
    }
    gong_api_text(call->answer, 410, call->route->type, page, len);
}

/* Who guesses has to wait longer and longer, for links apart from logins. */
static void
refuse(struct gong_api_call *call)
{
    struct gong_login_limit *limit = call->api->limit;
    char name[GONG_API_ADDRESS_MAX + 8];
    struct gong_str address;
    int64_t wait;

    (void)snprintf(name, sizeof name, "link %s", call->request->network);
    address = gong_str_of(name);
    (void)pthread_mutex_lock(&call->api->lock);
    wait = gong_login_limit_wait(limit, address, address, call->now_ms);
    if (wait == 0) {
        gong_login_limit_failed(limit, address, address, call->now_ms);
    }
    (void)pthread_mutex_unlock(&call->api->lock);
    gong_api_problem(call->answer, wait > 0 ? 429 : 404, "Liên kết không đúng",
                     "The link is wrong", NULL);
}

/* False with the answer filled. The link is looked at before the wait: whoever
 * has a genuine one is never held up by those of their network who guess, and
 * who guesses learns no more from it, for a wrong one is as wrong after it. */
static bool
verify(struct gong_api_call *call, struct gong_api_link_claims *claims)
{
    const struct gong_api_link *link = &call->api->options.link;
    enum gong_err err;

    if (link->verify == NULL) {
        gong_api_not_offered(call);
        return false;
    }
    err = link->verify(link->ctx, call->param, call->now_ms, claims);
    if (err == GONG_ERR_TIMEOUT) {
        answer_expired(call);
        return false;
    }
    if (err == GONG_OK) {
        (void)snprintf(call->who.name, sizeof call->who.name, "%.64s",
                       claims->person);
        return true;
    }
    refuse(call);
    return false;
}

void
gong_api_link_show(struct gong_api_call *call)
{
    struct gong_api_link_claims claims = {0};

    if (verify(call, &claims)) {
        answer_page(call, &claims, NULL);
    }
}

void
gong_api_link_acknowledge(struct gong_api_call *call)
{
    const struct gong_api_desk *desk = &call->api->options.desk;
    struct gong_api_link_claims claims = {0};
    struct gong_desk_act what = {.kind = GONG_ACT_ACKNOWLEDGE};
    char why[256] = "", object[64];
    enum gong_err err;

    if (!verify(call, &claims)) {
        return;
    }
    if (desk->act == NULL) {
        gong_api_not_offered(call);
        return;
    }
    what.incident = claims.incident;
    what.by = gong_str_of(claims.person);
    err = desk->act(desk->ctx, &what, NULL, why, sizeof why);
    (void)snprintf(object, sizeof object, "incident %llu",
                   (unsigned long long)claims.incident);
    gong_api_audit(call, "acknowledge", object,
                   err == GONG_OK   ? "ok"
                   : why[0] != '\0' ? why
                                    : gong_err_text(err),
                   "link");
    if (err != GONG_OK && err != GONG_ERR_INVALID) {
        gong_api_failed(call->answer, err, why);
        return;
    }
    answer_page(call, &claims,
                err == GONG_OK
                    ? "Đã ghi nhận. Cảm ơn! / Noted. Thank you!"
                    : "Không còn tiếp nhận được nữa / It can no longer be "
                      "acknowledged");
}
