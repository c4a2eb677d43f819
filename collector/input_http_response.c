/*
 * Does a web address answer as it should. No tag changes with the result
 * (status, result type): an alert resolves on the series that raised it.
 */
#include "collector/input_http_response.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/check_url.h"
#include "collector/fetch.h"

/* As Telegraf numbers them, then ours. */
enum result {
    RESULT_SUCCESS = 0,
    RESULT_STRING_MISMATCH = 1,
    RESULT_BODY_READ_ERROR = 2,
    RESULT_CONNECTION_FAILED = 3,
    RESULT_TIMEOUT = 4,
    RESULT_DNS_ERROR = 5,
    RESULT_STATUS_MISMATCH = 6,
    RESULT_CERTIFICATE_INVALID = 7,
};

static const char *const result_types[] = {
    [RESULT_SUCCESS] = "success",
    [RESULT_STRING_MISMATCH] = "response_string_mismatch",
    [RESULT_BODY_READ_ERROR] = "body_read_error",
    [RESULT_CONNECTION_FAILED] = "connection_failed",
    [RESULT_TIMEOUT] = "timeout",
    [RESULT_DNS_ERROR] = "dns_error",
    [RESULT_STATUS_MISMATCH] = "response_status_code_mismatch",
    [RESULT_CERTIFICATE_INVALID] = "certificate_invalid",
};

static const char *const methods[] = {"GET", "HEAD", "POST", NULL};

struct config {
    char *url;
    int method;
    int64_t expect_status;
    char *body_match;
    bool follow_redirects;
    struct gong_fetch_access access;
};

static const struct gong_option options[] = {
    {.name = "url",
     .type = GONG_OPTION_STRING,
     .offset = offsetof(struct config, url),
     .unit = "",
     .help = "Address to ask, http or https, without login."},
    {.name = "method",
     .type = GONG_OPTION_CHOICE,
     .offset = offsetof(struct config, method),
     .default_value = "GET",
     .choices = methods,
     .unit = "",
     .help = "How to ask; POST sends an empty body."},
    {.name = "expect_status",
     .type = GONG_OPTION_INT,
     .offset = offsetof(struct config, expect_status),
     .default_value = "0",
     .max = 599,
     .unit = "",
     .help = "The status that is a success; 0: any."},
    {.name = "body_match",
     .type = GONG_OPTION_STRING,
     .offset = offsetof(struct config, body_match),
     .default_value = "",
     .unit = "",
     .help = "POSIX extended regular expression that must match somewhere in "
             "the body; empty: not looked at."},
    {.name = "follow_redirects",
     .type = GONG_OPTION_BOOL,
     .offset = offsetof(struct config, follow_redirects),
     .default_value = "false",
     .unit = "",
     .help = "Follow up to five redirections."},
    GONG_FETCH_ACCESS_OPTIONS(offsetof(struct config, access)),
};
static const struct gong_option_table table = {
    .name = "inputs.http_response",
    .help = "Does a web address answer as it should.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

struct state {
    const struct config *config;
    struct gong_fetch *fetch;
    bool has_match;
    regex_t match;
};

static void
http_close(void *opaque)
{
    struct state *state = opaque;

    if (state == NULL) {
        return;
    }
    if (state->has_match) {
        regfree(&state->match);
    }
    gong_fetch_free(state->fetch);
    free(state);
}

static enum gong_err
compile_match(struct state *state, char *why, size_t why_size)
{
    const char *text = state->config->body_match;
    int code;

    if (text[0] == '\0') {
        return GONG_OK;
    }
    code = regcomp(&state->match, text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
    if (code != 0) {
        char reason[128];

        (void)regerror(code, &state->match, reason, sizeof reason);
        (void)snprintf(why, why_size,
                       "found body_match %s, expected a POSIX extended "
                       "regular expression: %s",
                       text, reason);
        return GONG_ERR_INVALID;
    }
    state->has_match = true;
    return GONG_OK;
}

static enum gong_err
http_open(const void *config, const char *proc_root, void **out, char *why,
          size_t why_size)
{
    const struct config *mine = config;
    char instance[GONG_INSTANCE_SIZE];
    struct state *state;
    enum gong_err err;

    (void)proc_root;
    if (!gong_check_url(mine->url, instance, why, why_size)) {
        return GONG_ERR_INVALID;
    }
    state = calloc(1, sizeof *state);
    if (state == NULL) {
        return GONG_ERR_MEMORY;
    }
    state->config = mine;
    err = compile_match(state, why, why_size);
    if (err == GONG_OK) {
        state->fetch = gong_fetch_new(why, why_size);
        err = state->fetch != NULL ? GONG_OK : GONG_ERR_UNSUPPORTED;
    }
    if (err != GONG_OK) {
        http_close(state);
        return err;
    }
    *out = state;
    return GONG_OK;
}

static enum result
judge(const struct state *state, const struct gong_fetch_answer *answer,
      bool matched)
{
    int64_t expected = state->config->expect_status;

    switch (answer->result) {
    case GONG_FETCH_OK:
        break;
    case GONG_FETCH_BODY_FAILED:
        return RESULT_BODY_READ_ERROR;
    case GONG_FETCH_NOT_TRIED:
    case GONG_FETCH_CONNECTION_FAILED:
        return RESULT_CONNECTION_FAILED;
    case GONG_FETCH_TIMEOUT:
        return RESULT_TIMEOUT;
    case GONG_FETCH_NAME_FAILED:
        return RESULT_DNS_ERROR;
    case GONG_FETCH_CERTIFICATE_FAILED:
        return RESULT_CERTIFICATE_INVALID;
    }
    if (expected != 0 && answer->status != expected) {
        return RESULT_STATUS_MISMATCH;
    }
    if (!matched) {
        return RESULT_STRING_MISMATCH;
    }
    return RESULT_SUCCESS;
}

static void
report(const struct state *state, const struct gong_fetch_answer *answer,
       struct gong_points *points)
{
    const struct config *config = state->config;
    /* Once: the body may be megabytes of a stranger's. */
    bool matched = !state->has_match || answer->result != GONG_FETCH_OK ||
                   regexec(&state->match, answer->body, 0, NULL, 0) == 0;
    enum result result = judge(state, answer, matched);

    gong_points_begin(points, "http_response");
    gong_points_tag(points, "server", config->url);
    gong_points_tag(points, "method", methods[config->method]);
    gong_points_int(points, "result_code", (int64_t)result);
    gong_points_string(points, "result_type", result_types[result]);
    if (answer->result == GONG_FETCH_OK) {
        gong_points_int(points, "http_response_code", answer->status);
        gong_points_float(points, "response_time", answer->total_s);
        gong_points_float(points, "first_byte_time", answer->first_byte_s);
        gong_points_int(points, "content_length", (int64_t)answer->body_len);
        if (state->has_match) {
            gong_points_int(points, "response_string_match", matched ? 1 : 0);
        }
    }
    if (answer->has_certificate) {
        gong_points_float(points, "certificate_days", answer->certificate_days);
    }
    gong_points_end(points);
}

static enum gong_err
http_gather(void *opaque, struct gong_points *points, gong_dur_t timeout,
            char *why, size_t why_size)
{
    struct state *state = opaque;
    const struct config *config = state->config;
    const struct gong_fetch_request request = {
        .url = config->url,
        .method = methods[config->method],
        .username = config->access.username,
        .password_file = config->access.password_file,
        .ca_file = config->access.ca_file,
        .follow_redirects = config->follow_redirects,
        .timeout = timeout,
    };
    struct gong_fetch_answer answer;

    gong_fetch_run(state->fetch, &request, &answer);
    if (answer.result == GONG_FETCH_NOT_TRIED) {
        (void)snprintf(why, why_size, "%s", answer.why);
        return GONG_ERR_IO;
    }
    report(state, &answer, points);
    return GONG_OK;
}

const struct gong_input_kind gong_input_http_response = {
    .type = "http_response",
    .help = "Does a web address answer, with what, how fast, and how long is "
            "its certificate valid.",
    .options = &table,
    .config_size = sizeof(struct config),
    .slow = true,
    .open = http_open,
    .gather = http_gather,
    .close = http_close,
};
