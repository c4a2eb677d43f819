#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/fetch.h"
#include "http_script.h"

struct date_case {
    const char *text;
    bool ok;
    int64_t seconds;
};

static void
certificate_dates_become_seconds(void **state)
{
    /* seconds: date -u -d ... +%s */
    static const struct date_case cases[] = {
        {"Jan  1 00:00:00 1970 GMT", true, 0},
        {"Nov 21 08:00:00 2027 GMT", true, 1826784000},
        {"Feb 29 23:59:59 2028 GMT", true, 1835481599},
        {"Mar  1 00:00:00 2100 GMT", true, 4107542400},
        {"Dec 31 23:59:59 2049 GMT", true, 2524607999},
        {"Jan  1 00:00:00 1950 GMT", true, -631152000},
        {" Jan  2 00:00:00 1970 GMT", true, 86400},
        {"", false, 0},
        {"soon", false, 0},
        {"Foo 21 08:00:00 2027 GMT", false, 0},
        {"anF 21 08:00:00 2027 GMT", false, 0},
        {"Nov 32 08:00:00 2027 GMT", false, 0},
        {"Nov 21 24:00:00 2027 GMT", false, 0},
        {"Nov 21 08:60:00 2027 GMT", false, 0},
        {"Nov 21 08:00 2027 GMT", false, 0},
        {"Nov -1 08:00:00 2027 GMT", false, 0},
        {"2027-11-21 08:00:00", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t seconds = -1;
        bool ok = gong_fetch_certificate_end(cases[i].text, &seconds);

        if (ok != cases[i].ok || (ok && seconds != cases[i].seconds)) {
            fail_msg("\"%s\" became %lld", cases[i].text, (long long)seconds);
        }
    }
}

static void
give_body(void *ctx, size_t index, const struct script_request *request,
          struct script_reply *reply)
{
    (void)index;
    (void)request;
    reply->status = 200;
    reply->body = ctx;
}

/* One byte less than the limit with its NUL passes, one more does not; the
 * memory of one answer does not show through in the next. */
static void
a_body_is_bounded(void **state)
{
    char *body = malloc(GONG_FETCH_BODY_MAX + 1);
    struct gong_fetch_answer answer;
    char why[128] = "";
    struct gong_fetch *fetch = gong_fetch_new(why, sizeof why);
    struct gong_fetch_request request = {.method = "GET",
                                         .timeout = gong_dur_s(30)};
    char url[64];
    struct script *script;

    (void)state;
    assert_non_null(body);
    assert_non_null(fetch);
    script = script_start(0, give_body, body);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/",
                   script_port(script));
    request.url = url;
    memset(body, 'x', GONG_FETCH_BODY_MAX);
    body[GONG_FETCH_BODY_MAX - 1] = '\0';
    gong_fetch_run(fetch, &request, &answer);
    assert_int_equal(answer.result, GONG_FETCH_OK);
    assert_int_equal(answer.body_len, GONG_FETCH_BODY_MAX - 1);
    assert_int_equal(strlen(answer.body), answer.body_len);
    body[GONG_FETCH_BODY_MAX - 1] = 'x';
    body[GONG_FETCH_BODY_MAX] = '\0';
    gong_fetch_run(fetch, &request, &answer);
    assert_int_equal(answer.result, GONG_FETCH_BODY_FAILED);
    assert_string_not_equal(answer.why, "");
    body[0] = '\0';
    gong_fetch_run(fetch, &request, &answer);
    assert_int_equal(answer.result, GONG_FETCH_OK);
    assert_int_equal(answer.body_len, 0);
    assert_string_equal(answer.body, "");
    gong_fetch_free(fetch);
    script_stop(script);
    free(body);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_dates_become_seconds),
        cmocka_unit_test(a_body_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
