#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api/api_prometheus.h"
#include "rules/query/json_text.h"

#define MESSAGE_SIZE    1024
#define TIMEOUT_DEFAULT gong_dur_s(120)

enum { SUCCESS, INTERNAL };

/* As Prometheus 2.42 has them. */
static const struct {
    const char *type;
    unsigned status;
    const char *label;
} results[GONG_API_PROM_RESULTS] = {
    [SUCCESS] = {"success", 200, "result=\"success\""},
    [INTERNAL] = {"internal", 500, "result=\"internal\""},
    {"bad_data", 400, "result=\"bad_data\""},
    {"execution", 422, "result=\"execution\""},
    {"timeout", 503, "result=\"timeout\""},
    {"canceled", 503, "result=\"canceled\""},
    {"unavailable", 503, "result=\"unavailable\""},
};

void
gong_prom_count(struct gong_api *api, struct gong_counters *counters)
{
    for (size_t i = 0; counters != NULL && i < GONG_API_PROM_RESULTS; i++) {
        api->prom_results[i] =
            gong_counter_add(counters, GONG_COUNTER, "gong_api_queries_total",
                             "Questions to the history, by what came of them.",
                             results[i].label);
    }
}

static void
count(struct gong_api *api, size_t result)
{
    if (api->prom_results[result] != NULL) {
        gong_counter_increase(api->prom_results[result], 1);
    }
}

static size_t
result_of(const char *type)
{
    for (size_t i = 0; i < GONG_API_PROM_RESULTS; i++) {
        if (strcmp(results[i].type, type) == 0) {
            return i;
        }
    }
    return INTERNAL;
}

void
gong_prom_error(struct gong_api_call *call, const char *type,
                const char *format, ...)
{
    size_t result = result_of(type);
    char message[MESSAGE_SIZE];
    char *body = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&body, &len);
    va_list arguments;

    count(call->api, result);
    if (out == NULL) {
        gong_api_no_memory(call->answer);
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    (void)fprintf(out, "{\"status\":\"error\",\"errorType\":\"%s\",\"error\":",
                  results[result].type);
    gong_json_put_text(out, gong_str_of(message));
    (void)fputc('}', out);
    if (fclose(out) != 0) {
        free(body);
        body = NULL;
    }
    gong_api_text(call->answer, results[result].status, "application/json",
                  body, len);
}

static bool
is_cancelled(const struct gong_api_request *request)
{
    return request->cancelled != NULL && atomic_load(request->cancelled);
}

void
gong_prom_failed(struct gong_api_call *call, enum gong_err err, const char *why)
{
    if (err == GONG_ERR_TIMEOUT && is_cancelled(call->request)) {
        gong_prom_error(call, "canceled",
                        "truy vấn bị hủy | query was canceled");
    } else if (err == GONG_ERR_TIMEOUT) {
        gong_prom_error(call, "timeout",
                        "truy vấn quá thời gian cho phép | query timed out");
    } else if (err == GONG_ERR_TOO_LARGE) {
        gong_prom_error(call, "execution",
                        "kết quả quá lớn, hãy hỏi ít hơn | the answer is too "
                        "large, ask for less");
    } else if (err == GONG_ERR_INVALID) {
        gong_prom_error(call, "bad_data",
                        "biểu thức chính quy quá phức tạp | a pattern cannot "
                        "be decided within limits");
    } else if (err == GONG_ERR_MEMORY) {
        gong_prom_error(call, "unavailable", "hết bộ nhớ | out of memory");
    } else {
        gong_prom_error(call, "internal",
                        "không đọc được lịch sử | the history cannot be read: "
                        "%s",
                        why[0] != '\0' ? why : gong_err_text(err));
    }
}

/* --- what is written --- */

bool
gong_prom_begin(struct gong_api_call *call, struct gong_prom_text *text)
{
    *text = (struct gong_prom_text){0};
    text->file = open_memstream(&text->bytes, &text->len);
    if (text->file == NULL) {
        gong_prom_failed(call, GONG_ERR_MEMORY, "");
        return false;
    }
    (void)fputs("{\"status\":\"success\",\"data\":", text->file);
    return true;
}

void
gong_prom_warn(struct gong_prom_text *text, const char *format, ...)
{
    char message[MESSAGE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    (void)fputs(text->warnings++ == 0 ? ",\"warnings\":[" : ",", text->file);
    gong_json_put_text(text->file, gong_str_of(message));
}

void
gong_prom_end(struct gong_api_call *call, struct gong_prom_text *text)
{
    (void)fputs(text->warnings > 0 ? "]}" : "}", text->file);
    if (fclose(text->file) != 0) {
        free(text->bytes);
        gong_prom_failed(call, GONG_ERR_MEMORY, "");
        return;
    }
    count(call->api, SUCCESS);
    gong_api_text(call->answer, 200, "application/json", text->bytes,
                  text->len);
}

bool
gong_prom_too_large(struct gong_prom_text *text)
{
    return ftello(text->file) > (off_t)GONG_PROM_ANSWER_MAX;
}

void
gong_prom_drop(struct gong_prom_text *text)
{
    (void)fclose(text->file);
    free(text->bytes);
}

/* --- who may ask how much --- */

bool
gong_prom_patience(struct gong_api_call *call, struct gong_prom_patience *out)
{
    const struct gong_api_request *request = call->request;
    gong_dur_t most = call->api->options.history.limits.timeout;
    gong_mono_t now = gong_mono_now();
    int64_t asked_ms;

    most = most.ns > 0 ? most : TIMEOUT_DEFAULT;
    if (!gong_prom_length(call, "timeout", most.ns / GONG_NS_PER_MS,
                          &asked_ms)) {
        return false;
    }
    if (asked_ms < most.ns / GONG_NS_PER_MS) {
        most = gong_dur_ms(asked_ms);
    }
    *out = (struct gong_prom_patience){
        request,
        gong_mono_add(request->came.ns > 0 ? request->came : now, most)};
    if (!gong_prom_goes_on(out)) {
        gong_prom_failed(call, GONG_ERR_TIMEOUT, "");
        return false;
    }
    return true;
}

bool
gong_prom_goes_on(void *patience)
{
    const struct gong_prom_patience *p = patience;

    return !is_cancelled(p->request) && gong_mono_now().ns < p->deadline.ns;
}

static bool
sees(void *ctx, const struct gong_label_view *labels, size_t count)
{
    return gong_api_sees(ctx, gong_api_unit_of(labels, count));
}

bool (*gong_prom_visible(const struct gong_api_call *call))(
    void *ctx, const struct gong_label_view *labels, size_t count)
{
    return gong_api_sees(call, gong_str_of(GONG_GRANT_ALL)) ? NULL : sees;
}

bool
gong_prom_has_history(struct gong_api_call *call)
{
    if (call->api->options.history.path != NULL) {
        return true;
    }
    gong_prom_error(call, "unavailable",
                    "máy chủ này không giữ lịch sử: history.on = false, hoặc "
                    "không mở được history.db (xem /healthz và nhật ký) | this "
                    "agent keeps no history: history.on = false, or history.db "
                    "could not be opened (see /healthz and the log)");
    return false;
}
