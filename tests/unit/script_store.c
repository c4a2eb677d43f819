#include "script_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static pthread_mutex_t server_lock = PTHREAD_MUTEX_INITIALIZER;

void
script_store_copy(struct server *server, char *out, size_t size)
{
    (void)pthread_mutex_lock(&server_lock);
    (void)snprintf(out, size, "%s", server->stored);
    (void)pthread_mutex_unlock(&server_lock);
}

int64_t
script_store_accepted(struct server *server)
{
    int64_t accepted;

    (void)pthread_mutex_lock(&server_lock);
    accepted = server->accepted;
    (void)pthread_mutex_unlock(&server_lock);
    return accepted;
}

size_t
script_store_count_lines(const char *text)
{
    size_t count = 0;

    for (const char *c = text; *c != '\0'; c++) {
        count += *c == '\n';
    }
    return count;
}

static void
store_lines(struct server *server, const char *body, bool without_bad)
{
    while (*body != '\0') {
        size_t len = strcspn(body, "\n") + 1;
        char line[1024];

        (void)snprintf(line, sizeof line, "%.*s", (int)len, body);
        if (!without_bad || strstr(line, "bad") == NULL) {
            assert_true(server->stored_len + len < sizeof server->stored);
            (void)pthread_mutex_lock(&server_lock);
            server->stored_len += (size_t)snprintf(
                server->stored + server->stored_len,
                sizeof server->stored - server->stored_len, "%s", line);
            (void)pthread_mutex_unlock(&server_lock);
        }
        body += len;
    }
}

static void
by_content(struct server *server, const struct script_request *request,
           struct script_reply *reply)
{
    bool bad = strstr(request->body, "bad") != NULL;

    if (server->lines_max > 0 &&
        script_store_count_lines(request->body) > server->lines_max) {
        reply->status = 413;
    } else if (bad && server->partial) {
        store_lines(server, request->body, true);
        reply->status = 400;
        reply->body = "{\"error\":\"partial write: field type conflict: input "
                      "field \\\"v\\\" dropped=1\"}";
    } else if (bad && server->all_or_nothing) {
        reply->status = 400;
        reply->body = "{\"code\":\"invalid\",\"message\":\"unable to parse\"}";
    } else {
        store_lines(server, request->body, false);
        (void)pthread_mutex_lock(&server_lock);
        server->accepted++;
        (void)pthread_mutex_unlock(&server_lock);
    }
}

void
script_store_plan(struct server *server, const char *plan)
{
    (void)pthread_mutex_lock(&server_lock);
    server->plan = plan;
    (void)pthread_mutex_unlock(&server_lock);
}

static char
step_of(const struct server *server, size_t index)
{
    char step;

    (void)pthread_mutex_lock(&server_lock);
    step = index < strlen(server->plan) ? server->plan[index] : '.';
    (void)pthread_mutex_unlock(&server_lock);
    return step;
}

void
script_store_decide(void *ctx, size_t index,
                    const struct script_request *request,
                    struct script_reply *reply)
{
    struct server *server = ctx;
    char step = step_of(server, index);

    reply->close = server->close_each;
    if (step == 'R') {
        reply->status = 0;
        return;
    }
    if (strcmp(request->method, "GET") == 0) {
        reply->status =
            server->metrics_status == 0 ? 200 : server->metrics_status;
        (void)snprintf(server->metrics, sizeof server->metrics,
                       "flag{name=\"dedup.minScrapeInterval\", "
                       "value=\"1ms\"} 1\n%s %u\n"
                       "vm_app_uptime_seconds %u\n",
                       server->started == 0 ? "other"
                                            : "vm_app_start_timestamp",
                       server->started, server->fresh == 0 ? 1U : 0U);
        server->fresh -= server->fresh > 0 ? 1 : 0;
        reply->body = server->metrics;
        return;
    }
    switch (step) {
    case 'r':
        reply->status = 0;
        return;
    case 't':
        reply->delay_ms = 400;
        break;
    case '5':
        reply->status = 500;
        return;
    case '9':
    case 'w':
        reply->status = 429;
        reply->retry_after = step == 'w' ? "1" : NULL;
        return;
    case 'a':
        reply->status = 401;
        return;
    case 'd':
        reply->status = 404;
        reply->body = "{\"error\":\"database not found: \\\"x\\\"\"}";
        return;
    case 'p':
        reply->status = 500;
        reply->body = "{\"error\":\"retention policy not found: x\"}";
        return;
    case 'x':
        reply->status = 400;
        reply->body = "{\"error\":\"unable to parse 'x'\"}";
        return;
    default:
        break;
    }
    by_content(server, request, reply);
}
