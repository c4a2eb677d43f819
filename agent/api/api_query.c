/* What a request asks for, before anything is looked up: a word that means
 * nothing is refused with those that do, for an empty list would say that there
 * is nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api/api_private.h"
#include "agent/api/api_prometheus.h"
#include "agent/look/ledger_view.h"
#include "agent/receive/ingest.h"

#define DETAIL_SIZE 768

void
gong_api_refuse(struct gong_api_call *call, unsigned status, const char *vi,
                const char *en, const char *detail)
{
    static const char theirs[] = "/api/v1/";

    if (strncmp(call->request->path, theirs, sizeof theirs - 1) != 0) {
        gong_api_problem(call->answer, status, vi, en, detail);
        return;
    }
    gong_prom_error(call, "bad_data", "%s | %s%s%s", vi, en,
                    detail == NULL ? "" : ": ", detail == NULL ? "" : detail);
}

/* --- the names and words of arguments --- */

static const struct gong_api_parameter *
find_parameter(const struct gong_api_route *route, const char *name)
{
    const struct gong_api_parameter *known = route->query;

    while (known != NULL && known->name != NULL &&
           strcmp(known->name, name) != 0) {
        known++;
    }
    return known != NULL && known->name != NULL ? known : NULL;
}

static void
list_names(const struct gong_api_route *route, char *out, size_t size)
{
    const struct gong_api_parameter *known = route->query;
    size_t len = 0;

    out[0] = '\0';
    for (; known != NULL && known->name != NULL && len < size; known++) {
        len += (size_t)snprintf(out + len, size - len, "%s%s",
                                len == 0 ? "" : ", ", known->name);
    }
}

static bool
refuse_name(struct gong_api_call *call, const char *name)
{
    char names[256], detail[DETAIL_SIZE];

    list_names(call->route, names, sizeof names);
    (void)snprintf(detail, sizeof detail,
                   names[0] == '\0'
                       ? "%.128s: trang này không có tham số nào | none is "
                         "known here%s"
                       : "%.128s: chỉ dùng được | expected one of: %s",
                   name, names);
    gong_api_refuse(call, 400, "Tham số lạ", "There is no such parameter",
                    detail);
    return false;
}

static bool
refuse_value(struct gong_api_call *call, const char *name, const char *value,
             const char *vi, const char *en)
{
    char detail[DETAIL_SIZE];

    (void)snprintf(detail, sizeof detail,
                   "%s=%.64s: chỉ dùng được %s | expected %s", name, value, vi,
                   en);
    gong_api_refuse(call, 400, "Giá trị của tham số không hợp lệ",
                    "An argument means nothing", detail);
    return false;
}

static bool
is_word(const char *const *words, const char *text, size_t len)
{
    for (; *words != NULL; words++) {
        if (strlen(*words) == len && memcmp(*words, text, len) == 0) {
            return true;
        }
    }
    return false;
}

/* "a,b": each is one of the words. */
static bool
check_words(struct gong_api_call *call, const struct gong_api_parameter *known,
            const char *value)
{
    char words[128] = "";
    size_t len = 0;

    for (const char *at = value; at != NULL && value[0] != '\0';) {
        size_t part = strcspn(at, ",");

        if (!is_word(known->words, at, part)) {
            for (size_t i = 0; known->words[i] != NULL && len < sizeof words;
                 i++) {
                len += (size_t)snprintf(words + len, sizeof words - len, "%s%s",
                                        i == 0 ? "" : ", ", known->words[i]);
            }
            return refuse_value(call, known->name, value, words, words);
        }
        at = at[part] == ',' ? at + part + 1 : NULL;
    }
    return true;
}

static bool
check_value(struct gong_api_call *call, const struct gong_api_parameter *known,
            const char *value)
{
    if (known->words != NULL) {
        return check_words(call, known, value);
    }
    if (known->type == GONG_API_INTEGER && value[0] != '\0' &&
        (strspn(value, "0123456789") != strlen(value) || strlen(value) > 18)) {
        return refuse_value(call, known->name, value, "số nguyên không âm",
                            "a whole number, 0 or above");
    }
    if (known->type == GONG_API_BOOLEAN && value[0] != '\0' &&
        strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
        return refuse_value(call, known->name, value, "true, false",
                            "true or false");
    }
    return true;
}

bool
gong_api_check_query(struct gong_api_call *call)
{
    const struct gong_api_request *request = call->request;

    if (request->query_overflow) {
        gong_api_refuse(call, 400, "Quá nhiều tham số",
                        "There are too many parameters", NULL);
        return false;
    }
    for (size_t i = 0; i < request->query_count; i++) {
        const struct gong_api_pair *pair = &request->query[i];
        const struct gong_api_parameter *known =
            find_parameter(call->route, pair->name);

        if (known == NULL) {
            return refuse_name(call, pair->name);
        }
        if (!check_value(call, known, pair->value)) {
            return false;
        }
    }
    return true;
}

/* --- forms --- */

static bool
join_form(struct gong_api_call *call)
{
    struct gong_api_request *joined = &call->with_form;
    const struct gong_api_request *asked = call->request;

    *joined = *asked;
    joined->query_count = 0;
    for (size_t i = 0; i < call->form.count; i++) {
        joined->query[joined->query_count++] = call->form.pairs[i];
    }
    for (size_t i = 0; i < asked->query_count; i++) {
        if (joined->query_count == GONG_API_QUERY_MAX) {
            joined->query_overflow = true;
            break;
        }
        joined->query[joined->query_count++] = asked->query[i];
    }
    call->request = joined;
    return true;
}

bool
gong_api_take_form(struct gong_api_call *call)
{
    const struct gong_api_request *request = call->request;
    enum gong_err err;

    if (call->route->body != &gong_api_form_body || request->body.len == 0) {
        return true;
    }
    if (!gong_api_form_is(request->content_type)) {
        gong_api_refuse(
            call, 415, "Nội dung phải là application/x-www-form-urlencoded",
            "The body must be application/x-www-form-urlencoded", NULL);
        return false;
    }
    err = gong_api_form_read(request->body, &call->form);
    if (err == GONG_ERR_MEMORY) {
        gong_api_no_memory(call->answer);
    } else if (err == GONG_ERR_TOO_LARGE) {
        gong_api_refuse(call, 400, "Quá nhiều tham số",
                        "There are too many parameters", NULL);
    } else if (err != GONG_OK) {
        gong_api_refuse(call, 400, "Biểu mẫu không đọc được",
                        "The form cannot be read: found % without two "
                        "hexadecimal digits, or a NUL",
                        NULL);
    }
    return err == GONG_OK && join_form(call);
}

/* --- units and people --- */

/* Devices may report from a place that the model does not have. */
static bool
is_site(const struct gong_api_call *call, const char *text)
{
    struct gong_receive *receive = call->api->options.receive;
    const struct gong_ledger_query query = {
        .site = text, .device = "", .prefix = "", .after = "", .limit = 1};
    char *json = NULL;
    size_t len = 0;
    bool found = strcmp(text, GONG_INGEST_OWN_SITE) == 0;

    if (!found && receive != NULL) {
        json = gong_ledger_view_json(receive, &query, &len);
        found = json != NULL && strstr(json, "\"site\"") != NULL;
    }
    free(json);
    return found;
}

bool
gong_api_check_unit(struct gong_api_call *call, const char *name,
                    const char *text, char code[GONG_GRANT_UNIT_SIZE])
{
    const struct gong_api_city *city = &call->api->options.city;
    char near[384] = "", detail[DETAIL_SIZE];
    bool known;

    (void)snprintf(code, GONG_GRANT_UNIT_SIZE, "%.*s", GONG_GRANT_UNIT_SIZE - 1,
                   text);
    known = text[0] == '\0' || city->find == NULL ||
            city->find(city->ctx, gong_str_of(text), code, near, sizeof near) ||
            is_site(call, text);
    /* Only a name may be longer than a code: its begin would be another. */
    if (known && (strlen(text) < GONG_GRANT_UNIT_SIZE ||
                  strncmp(text, code, GONG_GRANT_UNIT_SIZE - 1) != 0)) {
        return true;
    }
    (void)snprintf(detail, sizeof detail,
                   "%s=%.128s: %s%s%sxem: gongctl units | see gongctl units",
                   name, text,
                   near[0] == '\0' ? "" : "gần nhất | nearest: ", near,
                   near[0] == '\0' ? "" : "; ");
    gong_api_problem(call->answer, 400, "Không có đơn vị này",
                     "There is no such unit", detail);
    return false;
}

bool
gong_api_check_owner(struct gong_api_call *call, const char *owner)
{
    const struct gong_api_options *options = &call->api->options;
    struct gong_user *user;
    enum gong_err err = GONG_ERR_NOT_FOUND;
    bool known;

    if (owner[0] == '\0' || strcmp(owner, call->who.name) == 0 ||
        (options->city.contact != NULL &&
         options->city.contact(options->city.ctx, gong_str_of(owner))) ||
        options->users == NULL || !gong_users_any(options->users)) {
        return true;
    }
    user = calloc(1, sizeof *user);
    if (user == NULL) {
        gong_api_no_memory(call->answer);
        return false;
    }
    if (gong_user_name_valid(gong_str_of(owner))) {
        err = gong_users_get(options->users, owner, user);
    }
    known = err == GONG_OK && !user->disabled;
    free(user);
    if (err != GONG_OK && err != GONG_ERR_NOT_FOUND) {
        gong_api_failed(call->answer, err, NULL);
    } else if (!known) {
        gong_api_problem(call->answer, 400,
                         "Không có người này, hoặc tài khoản đã bị khóa; dùng "
                         "tên đăng nhập hoặc mã liên hệ trong mô hình",
                         "There is no such user, or it is disabled: give a "
                         "user's name or a contact of the city model",
                         owner);
    }
    return known;
}
