#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api/api_private.h"
#include "common/log.h"

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

/* It may repeat what came, and be shown on a terminal. */
static json_t *
detail_json(const char *detail)
{
    char *copy = strdup(detail);
    json_t *text;

    if (copy != NULL) {
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

void
gong_api_failed(struct gong_api_answer *answer, enum gong_err err,
                const char *detail)
{
    switch (err) {
    case GONG_ERR_MEMORY:
        gong_api_no_memory(answer);
        break;
    case GONG_ERR_INVALID:
        gong_api_problem(answer, 409, "Không thực hiện được",
                         "This cannot be done", detail);
        break;
    case GONG_ERR_NOT_FOUND:
        gong_api_problem(answer, 404, "Không có mục này", "There is none",
                         detail);
        break;
    case GONG_ERR_TOO_LARGE:
        gong_api_problem(answer, 409, "Đã đạt số lượng tối đa",
                         "There are as many as there may be", detail);
        break;
    case GONG_ERR_TIMEOUT:
        gong_api_problem(
            answer, 504, "Chưa xong trong 10 giây, có thể vẫn được thực hiện",
            "Not done within 10 s; it may still come to pass", detail);
        break;
    case GONG_ERR_UNSUPPORTED:
        gong_api_problem(answer, 501, "Máy chủ này không có chức năng đó",
                         "This agent does not offer it", detail);
        break;
    case GONG_OK:
    case GONG_ERR_IO:
    case GONG_ERR_NO_SPACE:
    case GONG_ERR_READ_ONLY:
    case GONG_ERR_CORRUPT:
    case GONG_ERR_AGAIN:
    case GONG_ERR_CLOSED:
        gong_api_problem(answer, 503, "Máy chủ tạm thời không thực hiện được",
                         "The agent cannot do it now", gong_err_text(err));
        break;
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
