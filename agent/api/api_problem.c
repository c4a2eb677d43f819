#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api/api_private.h"
#include "common/log.h"
#include "common/lp_text.h"

void
gong_api_header(struct gong_api_answer *answer, const char *name,
                const char *format, ...)
{
    struct gong_api_header *header;
    va_list arguments;

    if (answer->header_count == GONG_API_HEADERS_MAX) {
        return;
    }
    header = &answer->headers[answer->header_count++];
    header->name = name;
    va_start(arguments, format);
    (void)vsnprintf(header->value, sizeof header->value, format, arguments);
    va_end(arguments);
}

const char *
gong_api_argument(const struct gong_api_request *request, const char *name)
{
    for (size_t i = 0; i < request->query_count; i++) {
        if (strcmp(request->query[i].name, name) == 0) {
            return request->query[i].value;
        }
    }
    return "";
}

void
gong_api_text(struct gong_api_answer *answer, unsigned status, const char *type,
              char *body, size_t len)
{
    if (body == NULL) {
        gong_api_no_memory(answer);
        return;
    }
    free(answer->body);
    answer->status = status;
    answer->type = type;
    answer->body = body;
    answer->len = len;
}

static void
put_json(struct gong_api_answer *answer, unsigned status, const char *type,
         json_t *value)
{
    char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);

    json_decref(value);
    gong_api_text(answer, status, type, text, text == NULL ? 0 : strlen(text));
}

void
gong_api_json(struct gong_api_answer *answer, unsigned status, json_t *value)
{
    put_json(answer, status, "application/json", value);
}

void
gong_api_no_memory(struct gong_api_answer *answer)
{
    free(answer->body);
    answer->status = 503;
    answer->type = "application/problem+json";
    answer->body = strdup("{\"type\":\"about:blank\",\"title\":\"Hết bộ nhớ\","
                          "\"title_en\":\"Out of memory\",\"status\":503}");
    answer->len = answer->body == NULL ? 0 : strlen(answer->body);
}

/* JSON takes none of a text with half a character, as where one was cut. */
static void
mend_utf8(char *text)
{
    char *end = text + strlen(text);

    while (text < end) {
        size_t len = gong_lp_utf8_next(text, end);

        if (len == 0) {
            *text = '?';
            len = 1;
        }
        text += len;
    }
}

/* It may repeat what came, and be shown on a terminal. */
static json_t *
detail_json(const char *detail)
{
    char *copy = strdup(detail);
    json_t *text;

    if (copy != NULL) {
        mend_utf8(copy);
        gong_text_clean(copy, strlen(copy));
    }
    text = copy == NULL ? NULL : json_string(copy);
    free(copy);
    return text == NULL ? json_string("?") : text;
}

void
gong_api_problem(struct gong_api_answer *answer, unsigned status,
                 const char *vi, const char *en, const char *detail)
{
    json_t *value =
        json_pack("{s:s,s:s,s:s,s:i}", "type", "about:blank", "title", vi,
                  "title_en", en, "status", (int)status);

    if (value != NULL && detail != NULL && detail[0] != '\0') {
        (void)json_object_set_new(value, "detail", detail_json(detail));
    }
    put_json(answer, status, "application/problem+json", value);
}

/* What each error means to who asked, Vietnamese first. */
static const struct meaning {
    unsigned status;
    const char *vi, *en;
} meanings[] = {
    [GONG_OK] = {503, "Máy chủ tạm thời không thực hiện được",
                 "The agent cannot do it now"},
    [GONG_ERR_MEMORY] = {503, "Hết bộ nhớ", "Out of memory"},
    [GONG_ERR_INVALID] = {409, "Không thực hiện được", "This cannot be done"},
    [GONG_ERR_IO] = {503,
                     "Máy chủ không đọc hoặc ghi được dữ liệu, chưa thực hiện: "
                     "hãy báo quản trị hệ thống xem nhật ký",
                     "The agent cannot read or write its data, nothing was "
                     "done: have its log looked at"},
    [GONG_ERR_NO_SPACE] =
        {503,
         "Đĩa của máy chủ đã đầy, chưa thực hiện: hãy giải phóng đĩa rồi làm "
         "lại; trong lúc chờ hãy báo nhau qua điện thoại",
         "The agent's disk is full, nothing was done: free some space, then do "
         "it again; meanwhile tell each other by phone"},
    [GONG_ERR_READ_ONLY] =
        {503,
         "Đĩa của máy chủ chỉ đọc được, chưa thực hiện: hãy báo quản trị hệ "
         "thống",
         "The agent's disk is read-only, nothing was done: tell the "
         "administrator"},
    [GONG_ERR_CORRUPT] = {503,
                          "Tệp dữ liệu của máy chủ bị hỏng, chưa thực hiện: "
                          "hãy báo quản trị hệ thống",
                          "The agent's data are damaged, nothing was done: "
                          "tell the administrator"},
    [GONG_ERR_TOO_LARGE] = {409, "Đã đạt số lượng tối đa",
                            "There are as many as there may be"},
    [GONG_ERR_AGAIN] = {503, "Máy chủ đang bận, hãy làm lại sau ít giây",
                        "The agent is busy: do it again in some seconds"},
    [GONG_ERR_CLOSED] = {503, "Máy chủ đang dừng, hãy làm lại sau",
                         "The agent is stopping: do it again later"},
    [GONG_ERR_NOT_FOUND] = {404, "Không có mục này", "There is none"},
    [GONG_ERR_TIMEOUT] = {504,
                          "Chưa xong trong 10 giây, có thể vẫn được thực hiện",
                          "Not done within 10 s; it may still come to pass"},
    [GONG_ERR_UNSUPPORTED] = {501, "Máy chủ này không có chức năng đó",
                              "This agent does not offer it"},
};

void
gong_api_failed(struct gong_api_answer *answer, enum gong_err err,
                const char *detail)
{
    const struct meaning *means = &meanings[err];

    if (err == GONG_ERR_MEMORY) {
        gong_api_no_memory(answer);
    } else {
        gong_api_problem(answer, means->status, means->vi, means->en, detail);
    }
}

void
gong_api_not_offered(struct gong_api_call *call)
{
    gong_api_failed(call->answer, GONG_ERR_UNSUPPORTED, NULL);
}

void
gong_api_done(struct gong_api_call *call, uint64_t number)
{
    json_t *value = json_pack("{s:b}", "done", 1);

    if (value != NULL && number != 0) {
        (void)json_object_set_new(value, "number",
                                  json_integer((json_int_t)number));
    }
    gong_api_json(call->answer, 200, value);
}
