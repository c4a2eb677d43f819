#include "agent/api/http_server.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/api/api.h"
#include "agent/look/self_metrics.h"
#include "agent_fixture.h"

struct world {
    struct sinks *sinks;
    struct gong_engine_thread *engine;
    struct gong_api *api;
    struct gong_http_server *server;
    struct gong_receive *receive;
    struct gong_status_source source;
    struct gong_status_store store;
    bool connected;
    char answer[262144];
};

static bool
is_connected(void *ctx)
{
    const struct world *world = ctx;

    return world->connected;
}

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct gong_http_address address;
    gong_counter_t *up;
    void *sinks = NULL;
    char why[256] = "";

    assert_non_null(world);
    assert_int_equal(sinks_setup(&sinks), 0);
    world->sinks = sinks;
    world->engine = agent_engine(world->sinks);
    world->receive = gong_receive_new(
        &(struct gong_receive_options){.devices_max = 10, .burst = 1});
    assert_non_null(world->receive);
    world->connected = true;
    up = gong_counter_add(world->sinks->counters, GONG_GAUGE,
                          "gong_agent_store_up", "Up.", "store=\"tsdb\"");
    gong_counter_set(up, 1);
    world->store = (struct gong_status_store){"tsdb", up};
    world->source = (struct gong_status_source){
        .agent = "a1",
        .counters = world->sinks->counters,
        .journal = world->sinks->journal,
        .engine = world->engine,
        .receive = world->receive,
        .broker_connected = is_connected,
        .broker = world,
        .stores = &world->store,
        .store_count = 1,
    };
    assert_int_equal(
        gong_http_address_parse("127.0.0.1:0", &address, why, sizeof why),
        GONG_OK);
    world->api = gong_api_new(&(struct gong_api_options){
        .status = &world->source, .receive = world->receive});
    assert_non_null(world->api);
    if (gong_http_server_start(
            &(struct gong_http_server_options){
                .address = &address, .service = gong_api_service(world->api)},
            &world->server, why, sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;
    void *sinks = world->sinks;

    gong_http_server_stop(world->server);
    gong_api_free(world->api);
    gong_engine_thread_stop(world->engine);
    gong_receive_free(world->receive);
    (void)sinks_teardown(&sinks);
    free(world);
    return 0;
}

/* Sends the request and reads until the server closes. */
static const char *
ask(struct world *world, const char *request)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(gong_http_server_port(world->server)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t len = 0;
    ssize_t got;

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL),
                     (ssize_t)strlen(request));
    while (len < sizeof world->answer - 1 &&
           (got = recv(fd, world->answer + len, sizeof world->answer - 1 - len,
                       0)) > 0) {
        len += (size_t)got;
    }
    world->answer[len] = '\0';
    (void)close(fd);
    return world->answer;
}

static const char *
get(struct world *world, const char *path)
{
    char request[256];

    (void)snprintf(
        request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        path);
    return ask(world, request);
}

static void
expect(const char *answer, const char *part)
{
    if (strstr(answer, part) == NULL) {
        fail_msg("\"%s\" is not in: %s", part, answer);
    }
}

static void
the_ledger_takes_a_query(void **state)
{
    struct world *world = *state;
    struct gong_device_name name = {gong_str_of("22015"), gong_str_of("gw")};

    assert_int_equal(gong_receive_admit(world->receive, name, gong_mono_now()),
                     GONG_RECEIVE_NEW);
    expect(get(world, "/ledger"), "{\"devices\":[{\"site\":\"22015\",");
    expect(get(world, "/ledger?site=22015&limit=1"), "\"device\":\"gw\"");
    expect(get(world, "/ledger?site=22016"), "{\"devices\":[],");
    expect(get(world, "/ledger?site=%00&after=%22&prefix"), " 200 ");
}

static void
health_is_200_when_all_is_well(void **state)
{
    struct world *world = *state;

    (void)agent_engine_settled(world->sinks, world->engine);
    expect(get(world, "/healthz"), "HTTP/1.1 200 ");
    expect(world->answer,
           "\r\n\r\n{\"status\":\"ok\",\"agent\":\"a1\","
           "\"journal\":\"ok\",\"broker\":\"ok\","
           "\"engine\":\"live\",\"desk\":\"off\",\"proof\":"
           "\"off\",\"history\":\"off\",\"stores\":{\"tsdb\":\"ok\"}}");
}

static void
health_is_503_and_says_which(void **state)
{
    struct world *world = *state;

    world->connected = false;
    expect(get(world, "/healthz"), "HTTP/1.1 503 ");
    expect(world->answer, "\"broker\":\"failed\"");
    expect(world->answer, "\"journal\":\"ok\"");
    world->connected = true;
    gong_counter_set(gong_counter_add(world->sinks->counters, GONG_GAUGE,
                                      "gong_agent_store_up", "",
                                      "store=\"tsdb\""),
                     0);
    expect(get(world, "/healthz"), "HTTP/1.1 503 ");
    expect(world->answer, "{\"tsdb\":\"failed\"}");
}

static void
metrics_are_prometheus_text(void **state)
{
    struct world *world = *state;

    expect(get(world, "/metrics"), "HTTP/1.1 200 ");
    expect(world->answer, "Content-Type: text/plain; version=0.0.4");
    expect(world->answer, "# TYPE gong_engine_points_total counter\n"
                          "gong_engine_points_total ");
    expect(world->answer,
           "# TYPE gong_engine_alert_latency_seconds histogram\n");
    expect(world->answer, "gong_engine_alert_latency_seconds_count 0\n");
    expect(world->answer, "gong_agent_journal_records_total ");
    expect(world->answer, "gong_agent_store_up{store=\"tsdb\"} 1\n");
    expect(world->answer, "gong_agent_info{agent=\"a1\",version=\"");
}

static void
alerts_are_as_prometheus_answers(void **state)
{
    struct world *world = *state;

    expect(get(world, "/api/v1/alerts"), "HTTP/1.1 200 ");
    expect(world->answer, "Content-Type: application/json");
    expect(world->answer, "{\"status\":\"success\",\"data\":{\"alerts\":[]");
}

static void
the_page_speaks_vietnamese_first(void **state)
{
    struct world *world = *state;

    expect(get(world, "/"), "HTTP/1.1 200 ");
    expect(world->answer, "<html lang=\"vi\">");
    expect(world->answer, "Quy tắc / rules");
    expect(world->answer, "Content-Security-Policy: default-src 'none'");
}

static void
only_get_and_only_what_there_is(void **state)
{
    struct world *world = *state;

    expect(ask(world,
               "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
               "3\r\nConnection: close\r\n\r\nabc"),
           "HTTP/1.1 405 ");
    expect(world->answer, "Allow: GET");
    expect(ask(world, "DELETE / HTTP/1.1\r\nHost: localhost\r\n"
                      "Connection: close\r\n\r\n"),
           "HTTP/1.1 405 ");
    expect(get(world, "/../../etc/passwd"), "HTTP/1.1 404 ");
    expect(get(world, "/metrics/"), "HTTP/1.1 404 ");
    expect(get(world, "/healthz"), "HTTP/1.1 200 ");
}

static void
a_request_that_is_none_is_refused(void **state)
{
    struct world *world = *state;
    static char large[40000];

    memset(large, 'a', sizeof large - 1);
    memcpy(large, "GET /", 5);
    memcpy(large + sizeof large - 5, "\r\n\r\n", 4);
    (void)ask(world, large);
    assert_null(strstr(world->answer, " 200 "));
    (void)ask(world, "\x16\x03\x01\r\n\r\n");
    assert_null(strstr(world->answer, " 200 "));
    expect(get(world, "/healthz"), " 200 ");
}

static void
own_numbers_go_through_the_journal(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;

    assert_int_equal(gong_self_metrics_append(&world->source), GONG_OK);
    report = agent_engine_settled(world->sinks, world->engine);
    assert_true(report.engine.points > 30);
    assert_int_equal(report.engine.lines_refused, 0);
    assert_int_equal(report.engine.devices, 1);
}

static void
a_taken_port_is_told(void **state)
{
    struct world *world = *state;
    struct gong_http_address address;
    struct gong_http_server *second;
    char text[32];
    char why[256] = "";

    (void)snprintf(text, sizeof text, "127.0.0.1:%u",
                   (unsigned)gong_http_server_port(world->server));
    assert_int_equal(gong_http_address_parse(text, &address, why, sizeof why),
                     GONG_OK);
    assert_int_not_equal(
        gong_http_server_start(
            &(struct gong_http_server_options){
                .address = &address, .service = gong_api_service(world->api)},
            &second, why, sizeof why),
        GONG_OK);
    assert_non_null(strstr(why, "cannot listen"));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_ledger_takes_a_query),
        T(health_is_200_when_all_is_well),
        T(health_is_503_and_says_which),
        T(metrics_are_prometheus_text),
        T(alerts_are_as_prometheus_answers),
        T(the_page_speaks_vietnamese_first),
        T(only_get_and_only_what_there_is),
        T(a_request_that_is_none_is_refused),
        T(own_numbers_go_through_the_journal),
        T(a_taken_port_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
