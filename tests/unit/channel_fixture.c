#include "channel_fixture.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char channel_message[] =
    "{\"kind\":\"news\",\"receiver\":\"unit-duty\",\"unit\":\"22015\","
    "\"unit_name\":\"Xã Sơn Hoà\",\"step\":0,\"at\":1760000000123,"
    "\"link\":\"https://g\",\"groups\":1,"
    "\"group_key\":\"{}:{alertname=\\\"A\\\"}\","
    "\"group_labels\":{\"alertname\":\"A\"},"
    "\"omitted\":{\"firing\":3,\"resolved\":4},\"items\":["
    "{\"number\":17,\"news\":\"firing\",\"state\":\"open\","
    "\"alert\":\"firing\",\"rule\":\"river/High water\","
    "\"labels\":{\"alertname\":\"A\",\"site\":\"22015\","
    "\"device\":\"gauge\"},\"annotations\":{\"summary\":\"Nước dâng\\n34,5\","
    "\"action\":\"Sơ tán\",\"wiki\":\"w\"},\"value\":\"34.5\",\"level\":3,"
    "\"told_level\":0,\"severity\":\"critical\",\"since\":1760000000000,"
    "\"opened\":1760000000001,\"ended\":0,\"owner\":\"\",\"acked_by\":\"\","
    "\"lost\":false,\"fingerprint\":\"00c0ffee00000001\"},"
    "{\"number\":18,\"news\":\"resolved\",\"state\":\"ended\","
    "\"alert\":\"inactive\",\"rule\":\"river/High water\","
    "\"labels\":{\"alertname\":\"A\",\"site\":\"22018\","
    "\"device\":\"gauge\"},\"annotations\":{\"summary\":\"Đã rút\","
    "\"wiki\":\"w\"},\"value\":\"1\",\"level\":0,\"told_level\":1,"
    "\"severity\":\"warning\",\"since\":1760000000000,"
    "\"opened\":1760000000001,\"ended\":1760000000100,\"owner\":\"\","
    "\"acked_by\":\"\",\"lost\":false,"
    "\"fingerprint\":\"00c0ffee00000002\"}]}";

enum gong_err
channel_open(struct channel_case *test, const struct gong_channel_kind *kind,
             const char *options)
{
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("test", gong_str_of(options), &errors);
    enum gong_err err;

    memset(test, 0, sizeof *test);
    test->kind = kind;
    assert_non_null(conf);
    test->config = calloc(1, kind->config_size + 1);
    assert_non_null(test->config);
    if (!gong_conf_read(gong_conf_root(conf), kind->options, test->config,
                        &errors)) {
        fail_msg("%s", errors.items[0]);
    }
    gong_conf_close(conf);
    err = kind->open(test->config, &test->state, test->why, sizeof test->why);
    if (err != GONG_OK) {
        gong_conf_free(kind->options, test->config);
        free(test->config);
    }
    return err;
}

void
channel_close(struct channel_case *test)
{
    test->kind->close(test->state);
    gong_conf_free(test->kind->options, test->config);
    free(test->config);
    free(test->attempt.answer);
    free(test->attempt.body);
    curl_slist_free_all(test->attempt.headers);
    curl_easy_cleanup(test->attempt.easy);
}

void
channel_begin(struct channel_case *test, const char *message,
              const char *address)
{
    channel_begin_to(test, json_loads(message, 0, NULL), address, NULL);
}

void
channel_begin_to(struct channel_case *test, json_t *json, const char *address,
                 const struct gong_link_signer *signer)
{
    struct gong_channel_send send = {.address = address,
                                     .contact = signer == NULL ? "duty-1"
                                                               : "cs-duty-1",
                                     .key = "abc-7",
                                     .message = json,
                                     .signer = signer};

    assert_non_null(json);
    free(test->attempt.answer);
    free(test->attempt.body);
    memset(&test->attempt, 0, sizeof test->attempt);
    test->attempt.wait_fd = -1;
    assert_int_equal(test->kind->begin(test->state, &send, &test->attempt),
                     GONG_OK);
    /* It is borrowed until the try is over. */
    test->attempt.stage = (uint64_t)(uintptr_t)json;
}

enum gong_channel_outcome
channel_end(struct channel_case *test, CURLcode code)
{
    struct gong_channel_try *attempt = &test->attempt;
    enum gong_channel_outcome outcome = attempt->outcome;

    if (attempt->wait_fd >= 0) {
        while (code == CURLE_OK) {
            struct pollfd waiting = {.fd = attempt->wait_fd, .events = POLLIN};

            assert_int_equal(poll(&waiting, 1, 20000), 1);
            if (test->kind->ready == NULL ||
                test->kind->ready(test->state, attempt)) {
                break;
            }
        }
        outcome = test->kind->judge(test->state, attempt, code, 0);
        assert_int_equal(attempt->wait_fd, -1);
    }
    json_decref((json_t *)(uintptr_t)attempt->stage);
    return outcome;
}
