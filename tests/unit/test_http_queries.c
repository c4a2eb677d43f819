/* Queries have workers of their own: two at a time; nothing else waits for
 * them, and they are told when nobody waits for their answer. */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/api/http_server.h"
#include "common/clock.h"

struct world {
    struct gong_api_service service;
    struct gong_http_server *server;
    atomic_uint running;   /* queries */
    atomic_uint most;      /* of them at once */
    atomic_uint cancelled; /* that were told so */
    atomic_bool release;
    atomic_bool came; /* each knows when it came */
};

static enum gong_api_lane
lane(void *ctx, const struct gong_api_request *request)
{
    (void)ctx;
    return strcmp(request->path, "/query") == 0 ? GONG_API_LANE_QUERY
                                                : GONG_API_LANE_WORK;
}

static void
run_query(struct world *world, const struct gong_api_request *request)
{
    unsigned now = atomic_fetch_add(&world->running, 1) + 1;

    if (now > atomic_load(&world->most)) {
        atomic_store(&world->most, now);
    }
    if (request->came.ns > 0) {
        atomic_store(&world->came, true);
    }
    while (!atomic_load(&world->release)) {
        if (request->cancelled != NULL && atomic_load(request->cancelled)) {
            (void)atomic_fetch_add(&world->cancelled, 1);
            break;
        }
        gong_clock_sleep(gong_dur_ms(1));
    }
    (void)atomic_fetch_sub(&world->running, 1);
}

static void
answer(void *ctx, const struct gong_api_request *request,
       struct gong_api_answer *out)
{
    if (strcmp(request->path, "/query") == 0) {
        run_query(ctx, request);
    }
    out->status = 200;
    out->type = "text/plain";
    out->body = strdup("well");
    out->len = 4;
}

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct gong_http_address address;
    char why[256] = "";

    assert_non_null(world);
    world->service = (struct gong_api_service){world, lane, answer};
    assert_int_equal(
        gong_http_address_parse("127.0.0.1:0", &address, why, sizeof why),
        GONG_OK);
    if (gong_http_server_start(
            &(struct gong_http_server_options){.address = &address,
                                               .service = &world->service},
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

    gong_http_server_stop(world->server);
    free(world);
    return 0;
}

static int
ask(const struct world *world, const char *path)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port =
                                 htons(gong_http_server_port(world->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char request[128];
    int len = snprintf(request, sizeof request,
                       "GET %s HTTP/1.1\r\nHost: localhost\r\n"
                       "Connection: close\r\n\r\n",
                       path);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, request, (size_t)len, MSG_NOSIGNAL), len);
    return fd;
}

/* Until it closes. */
static void
expect_well(int fd)
{
    char text[4096];
    size_t len = 0;
    ssize_t got;

    while (len < sizeof text - 1 &&
           (got = recv(fd, text + len, sizeof text - 1 - len, 0)) > 0) {
        len += (size_t)got;
    }
    text[len] = '\0';
    (void)close(fd);
    assert_non_null(strstr(text, "200 OK"));
    assert_non_null(strstr(text, "well"));
}

static void
await(const atomic_uint *value, unsigned least)
{
    gong_mono_t began = gong_mono_now();

    while (atomic_load(value) < least) {
        assert_true(gong_mono_since(gong_mono_now(), began).ns <
                    gong_dur_s(60).ns);
        gong_clock_sleep(gong_dur_ms(1));
    }
}

static void
two_at_a_time_and_nothing_else_waits(void **state)
{
    struct world *world = *state;
    int queries[5];

    for (size_t i = 0; i < 5; i++) {
        queries[i] = ask(world, "/query");
    }
    await(&world->running, 2);
    for (size_t i = 0; i < 20; i++) {
        expect_well(ask(world, "/other"));
    }
    assert_int_equal(atomic_load(&world->running), 2);
    atomic_store(&world->release, true);
    for (size_t i = 0; i < 5; i++) {
        expect_well(queries[i]);
    }
    assert_int_equal(atomic_load(&world->most), 2);
    assert_int_equal(atomic_load(&world->cancelled), 0);
    assert_true(atomic_load(&world->came));
}

static void
who_went_away_is_noticed(void **state)
{
    struct world *world = *state;
    int stays = ask(world, "/query");
    int goes;

    await(&world->running, 1);
    goes = ask(world, "/query");
    await(&world->running, 2);
    (void)close(goes);
    await(&world->cancelled, 1);
    atomic_store(&world->release, true);
    expect_well(stays);
    assert_int_equal(atomic_load(&world->cancelled), 1);
}

static void
a_stop_waits_for_no_query(void **state)
{
    struct world *world = *state;
    int queries[3];

    for (size_t i = 0; i < 3; i++) {
        queries[i] = ask(world, "/query");
    }
    await(&world->running, 2);
    gong_http_server_stop(world->server);
    world->server = NULL;
    assert_int_equal(atomic_load(&world->cancelled), 2);
    for (size_t i = 0; i < 3; i++) {
        (void)close(queries[i]);
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(two_at_a_time_and_nothing_else_waits),
        T(who_went_away_is_noticed),
        T(a_stop_waits_for_no_query),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
