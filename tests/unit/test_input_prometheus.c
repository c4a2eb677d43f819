#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/input_prometheus.h"
#include "http_script.h"
#include "input_fixture.h"

#define LONG_ENOUGH gong_dur_s(20)

static void
decide(void *ctx, size_t index, const struct script_request *request,
       struct script_reply *reply)
{
    (void)index;
    (void)request;
    *reply = *(const struct script_reply *)ctx;
}

struct scrape_case {
    struct script_reply reply;
    enum gong_err err;
    const char *why;   /* is in why */
    const char *lines; /* %u stands for the port */
};

static void
expect(const struct scrape_case *c, const char *options)
{
    struct script_reply reply = c->reply;
    struct script *script = script_start(0, decide, &reply);
    struct probe *probe = probe_open(
        &gong_input_prometheus, "url = \"http://127.0.0.1:%u/metrics\"; %s",
        script_port(script), options);
    char wanted[2048] = "";
    size_t used = 0;

    for (const char *at = c->lines; *at != '\0'; at++) {
        if (*at == '%') {
            used += (size_t)snprintf(wanted + used, sizeof wanted - used, "%u",
                                     script_port(script));
        } else {
            wanted[used++] = *at;
        }
    }
    wanted[used] = '\0';
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), c->err);
    if (strstr(probe->why, c->why) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", c->why, probe->why);
    }
    assert_string_equal(probe->lines, wanted);
    probe_close(probe);
    script_stop(script);
}

static void
samples_are_named_as_prometheus_would(void **state)
{
    static const struct scrape_case c = {
        {.status = 200,
         .body = "# TYPE http_requests_total counter\n"
                 "http_requests_total{code=\"200\",job=\"mine\","
                 "instance=\"x\"} 1027 1759999999000\n"
                 "up{a=\"b\"} 0\n"
                 "temp_celsius 31.5\n"
                 "late NaN\n"
                 "ahead 1 1760000002000\n"},
        GONG_OK,
        "",
        "up,instance=127.0.0.1:%,job=sensors value=1 1760000000000000000\n"
        "http_requests_total,code=200,exported_instance=x,exported_job=mine,"
        "instance=127.0.0.1:%,job=sensors value=1027 1759999999000000000\n"
        "temp_celsius,instance=127.0.0.1:%,job=sensors value=31.5 "
        "1760000000000000000\n"
        "ahead,instance=127.0.0.1:%,job=sensors value=1 "
        "1760000002000000000\n"};

    (void)state;
    expect(&c, "job = \"sensors\";");
}

static void
without_job_the_target_names_it(void **state)
{
    static const struct scrape_case c = {
        {.status = 200, .body = "a{job=\"mine\"} 1\n"},
        GONG_OK,
        "",
        "up,instance=127.0.0.1:% value=1 1760000000000000000\n"
        "a,instance=127.0.0.1:%,job=mine value=1 1760000000000000000\n"};

    (void)state;
    expect(&c, "");
}

static void
bad_lines_are_counted_and_named(void **state)
{
    static const struct scrape_case c = {
        {.status = 200,
         .body = "a 1\nb{x=y} 1\nc 3 1760000002001\nd 4 -1\ne 5\n"},
        GONG_ERR_INVALID,
        "3 of 5 lines refused, the first: line 2: label_value",
        "up,instance=127.0.0.1:% value=1 1760000000000000000\n"
        "a,instance=127.0.0.1:% value=1 1760000000000000000\n"
        "e,instance=127.0.0.1:% value=5 1760000000000000000\n"};

    (void)state;
    expect(&c, "");
}

static void
a_failed_scrape_is_down(void **state)
{
    static const struct scrape_case c = {
        {.status = 503, .body = "a 1\n"},
        GONG_ERR_INVALID,
        "found status 503, expected 200",
        "up,instance=127.0.0.1:% value=0 1760000000000000000\n"};
    unsigned port = tcp_closed_port();
    struct probe *probe =
        probe_open(&gong_input_prometheus,
                   "url = \"http://127.0.0.1:%u\"; job = \"j\";", port);
    char wanted[128];

    (void)state;
    expect(&c, "");
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_ERR_IO);
    (void)snprintf(wanted, sizeof wanted,
                   "up,instance=127.0.0.1:%u,job=j value=0 "
                   "1760000000000000000\n",
                   port);
    assert_string_equal(probe->lines, wanted);
    assert_string_not_equal(probe->why, "");
    probe_close(probe);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_named_as_prometheus_would),
        cmocka_unit_test(without_job_the_target_names_it),
        cmocka_unit_test(bad_lines_are_counted_and_named),
        cmocka_unit_test(a_failed_scrape_is_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
