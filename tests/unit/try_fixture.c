#include "try_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *
channel_read_config(const struct gong_channel_kind *kind, const char *text)
{
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("test", gong_str_of(text), &errors);
    void *config = calloc(1, kind->config_size);

    assert_non_null(config);
    if (conf == NULL ||
        !gong_conf_read(gong_conf_root(conf), kind->options, config, &errors)) {
        gong_conf_errors_print(&errors, stderr);
        fail();
    }
    gong_conf_close(conf);
    gong_conf_errors_fini(&errors);
    return config;
}

void
channel_free_config(const struct gong_channel_kind *kind, void *config)
{
    gong_conf_free(kind->options, config);
    free(config);
}

void *
channel_open(const struct gong_channel_kind *kind, const void *config)
{
    void *state = NULL;
    char why[512] = "";

    if (kind->open(config, &state, why, sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    return state;
}

void
channel_refused(const struct gong_channel_kind *kind, const char *text,
                const char *part)
{
    void *config = channel_read_config(kind, text);
    void *state = NULL;
    char why[512] = "";

    assert_int_not_equal(kind->open(config, &state, why, sizeof why), GONG_OK);
    if (strstr(why, part) == NULL) {
        fail_msg("found \"%s\", expected \"%s\"", why, part);
    }
    channel_free_config(kind, config);
}

static size_t
on_answer(char *data, size_t size, size_t count, void *ctx)
{
    struct gong_channel_try *attempt = ctx;
    size_t len = size * count;

    if (attempt->answer_length + len > GONG_CHANNEL_ANSWER_MAX) {
        return 0;
    }
    attempt->answer = realloc(attempt->answer, GONG_CHANNEL_ANSWER_MAX);
    assert_non_null(attempt->answer);
    memcpy(attempt->answer + attempt->answer_length, data, len);
    attempt->answer_length += len;
    return len;
}

struct channel_result
channel_try(const struct gong_channel_kind *kind, void *state,
            const struct gong_channel_send *send)
{
    struct gong_channel_try attempt = {.wait_fd = -1};
    struct channel_result result = {0};

    assert_int_equal(kind->begin(state, send, &attempt), GONG_OK);
    result.outcome = attempt.outcome;
    if (attempt.easy != NULL) {
        long status = 0;
        CURLcode code;

        assert_int_equal(
            curl_easy_setopt(attempt.easy, CURLOPT_WRITEFUNCTION, on_answer),
            CURLE_OK);
        assert_int_equal(
            curl_easy_setopt(attempt.easy, CURLOPT_WRITEDATA, &attempt),
            CURLE_OK);
        code = curl_easy_perform(attempt.easy);
        (void)curl_easy_getinfo(attempt.easy, CURLINFO_RESPONSE_CODE, &status);
        result.outcome = kind->judge(state, &attempt, code, status);
        result.at_once = attempt.at_once;
        result.asked = true;
    }
    assert_true(result.outcome == GONG_CHANNEL_SENT || attempt.why[0] != '\0');
    memcpy(result.why, attempt.why, sizeof result.why);
    curl_easy_cleanup(attempt.easy);
    curl_slist_free_all(attempt.headers);
    curl_slist_free_all(attempt.list);
    free(attempt.body);
    free(attempt.answer);
    return result;
}

struct channel_result
channel_send(const struct gong_channel_kind *kind, void *state,
             const struct gong_channel_send *send)
{
    struct channel_result result = {0};

    for (int i = 0; i < 10; i++) {
        result = channel_try(kind, state, send);
        if (result.outcome != GONG_CHANNEL_RETRY || !result.at_once) {
            return result;
        }
    }
    fail_msg("it goes on forever: %s", result.why);
    return result;
}
