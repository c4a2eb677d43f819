/* The server against clients that mean no good: malformed, oversized, slow,
 * idle by the thousand; and its three ways in. */
#include "agent/api/http_server.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/api/http_private.h"
#include "api_fixture.h"

#define OURS "/api/gong/v1"
#define IDLE 1000

struct world {
    struct api_world *api;
    struct gong_counters *counters;
    struct gong_http_server *server;
    char socket[80];
    char answer[1 << 16];
};

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct gong_http_address address;
    void *api = NULL;
    char why[256] = "";

    assert_non_null(world);
    assert_int_equal(api_setup(&api), 0);
    world->api = api;
    world->counters = gong_counters_new();
    (void)snprintf(world->socket, sizeof world->socket, "%s/gong.sock",
                   world->api->dir);
    assert_int_equal(
        gong_http_address_parse("127.0.0.1:0", &address, why, sizeof why),
        GONG_OK);
    if (gong_http_server_start(
            &(struct gong_http_server_options){
                .address = &address,
                .socket = world->socket,
                .service = gong_api_service(world->api->api),
                .events = world->api->events,
                .counters = world->counters},
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
    void *api = world->api;

    gong_http_server_stop(world->server);
    assert_int_equal(access(world->socket, F_OK), -1);
    gong_counters_free(world->counters);
    free(world);
    return api_teardown(&api);
}

/* From an address of its own: every 127.x.y.z is this machine. */
static int
connect_from(const struct world *world, const char *from)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port =
                                 htons(gong_http_server_port(world->server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in mine = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval patience = {.tv_sec = 60};

    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, from, &mine.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&mine, sizeof mine), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    return fd;
}

static int
connect_local(const struct world *world)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", world->socket);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void
say(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

        if (sent <= 0) {
            return; /* it has hung up on us */
        }
        text += sent;
        len -= (size_t)sent;
    }
}

/* Until it closes. */
static const char *
hear(struct world *world, int fd)
{
    size_t len = 0;
    ssize_t got;

    while (len < sizeof world->answer - 1 &&
           (got = recv(fd, world->answer + len, sizeof world->answer - 1 - len,
                       0)) > 0) {
        len += (size_t)got;
    }
    world->answer[len] = '\0';
    (void)close(fd);
    return world->answer;
}

static void
expect(const char *answer, const char *part)
{
    if (strstr(answer, part) == NULL) {
        fail_msg("\"%s\" is not in: %s", part, answer);
    }
}

static const char *
get(struct world *world, int fd, const char *path)
{
    char request[512];
    int len = snprintf(request, sizeof request,
                       "GET %s HTTP/1.1\r\nHost: localhost\r\n"
                       "Connection: close\r\n\r\n",
                       path);

    say(fd, request, (size_t)len);
    return hear(world, fd);
}

static void
is_well(struct world *world)
{
    expect(get(world, connect_from(world, "127.0.0.1"), OURS "/incidents"),
           "HTTP/1.1 200 ");
}

/* --- ways in --- */

static void
the_local_socket_is_private_and_makes_the_first_user(void **state)
{
    static const char body[] =
        "{\"name\":\"lan\",\"password\":\"" API_PASSWORD
        "\",\"grants\":[{\"role\":\"admin\",\"unit\":\"*\"}]}";
    struct world *world = *state;
    struct stat status;
    char request[512];
    int len, fd;

    assert_int_equal(stat(world->socket, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    len = snprintf(request, sizeof request,
                   "POST " OURS "/users HTTP/1.1\r\nHost: localhost\r\n"
                   "Content-Type: application/json\r\nContent-Length: %zu\r\n"
                   "Connection: close\r\n\r\n%s",
                   strlen(body), body);
    fd = connect_from(world, "127.0.0.1");
    say(fd, request, (size_t)len);
    expect(hear(world, fd), "HTTP/1.1 401 ");
    fd = connect_local(world);
    say(fd, request, (size_t)len);
    expect(hear(world, fd), "HTTP/1.1 201 ");
    expect(get(world, connect_local(world), OURS "/session"),
           "\"kind\":\"local\"");
    expect(get(world, connect_from(world, "127.0.0.1"), OURS "/incidents"),
           "HTTP/1.1 401 ");
}

static void
a_socket_in_use_is_not_taken(void **state)
{
    struct world *world = *state;
    struct gong_http_server *other;
    char why[256] = "";

    assert_int_not_equal(gong_http_server_start(
                             &(struct gong_http_server_options){
                                 .socket = world->socket,
                                 .service = gong_api_service(world->api->api)},
                             &other, why, sizeof why),
                         GONG_OK);
    expect(why, "another agent serves it");
    expect(get(world, connect_local(world), OURS "/session"), " 200 ");
}

static void
beyond_loopback_only_with_a_certificate(void **state)
{
    static const struct {
        const char *cert, *key, *why;
    } cases[] = {
        {NULL, NULL, "only HTTPS"},
        {"", "", "only HTTPS"},
        {"/dev/null", NULL, "only one of tls_cert and tls_key"},
        {"/dev/null", "/dev/null", "it is empty"},
        {"/nowhere", "/nowhere", "cannot be read"},
        {"/proc/self/status", "/proc/self/status", "this certificate and key"},
    };
    struct world *world = *state;
    struct gong_http_address address;
    char why[512] = "";

    assert_int_equal(
        gong_http_address_parse("0.0.0.0:0", &address, why, sizeof why),
        GONG_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_http_server *server;

        assert_int_not_equal(
            gong_http_server_start(
                &(struct gong_http_server_options){
                    .address = &address,
                    .tls_cert = cases[i].cert,
                    .tls_key = cases[i].key,
                    .service = gong_api_service(world->api->api)},
                &server, why, sizeof why),
            GONG_OK);
        assert_null(server);
        expect(why, cases[i].why);
    }
}

/* --- bad clients --- */

static void
malformed_requests_harm_nobody(void **state)
{
    static const char *const requests[] = {
        "\x16\x03\x01\x02\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST " OURS
        "/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "POST " OURS "/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
        "9999999999999999999999"
        "\r\n\r\n",
        "POST " OURS "/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
        "chunked\r\nConnection: close\r\n\r\nzz\r\n",
        "GET " OURS "/incidents HTTP/1.1\r\nNo colon\r\nConnection: close"
        "\r\n\r\n",
        "GET " OURS
        "/a/%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /%00%0d%0a HTTP/1.1\r\nHost: localhost\r\nConnection: "
        "close\r\n\r\n",
        "GET " OURS "/incidents?%00=%ff&&=&a HTTP/1.1\r\nHost: localhost\r\n"
        "Connection: close\r\n\r\n",
        "BREW /pot HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET " OURS
        "/session HTTP/1.1\r\nHost: localhost\r\nCookie: ;;=;__Host-gong"
        "=;__Host-gong\r\nAuthorization: Bearer\r\nConnection: close\r\n\r\n",
        "GET " OURS
        "/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
        "gs_\r\nLast-Event-ID: -\r\nConnection: close\r\n\r\n",
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        int fd = connect_from(world, "127.0.0.1");

        say(fd, requests[i], strlen(requests[i]));
        (void)shutdown(fd, SHUT_WR);
        (void)hear(world, fd);
        if (strstr(world->answer, " 200 ") != NULL) {
            fail_msg("%s: %s", requests[i], world->answer);
        }
    }
    is_well(world);
}

static void
large_bodies_are_refused(void **state)
{
    struct world *world = *state;
    size_t sizes[] = {GONG_API_BODY_MAX, GONG_API_BODY_MAX + 1, 4 << 20};
    const char *codes[] = {" 400 ", " 413 ", " 413 "};
    char *body = malloc(4 << 20);

    assert_non_null(body);
    memset(body, ' ', 4 << 20);
    for (size_t i = 0; i < 3; i++) {
        char head[256];
        int len = snprintf(head, sizeof head,
                           "POST " OURS "/login HTTP/1.1\r\nHost: localhost\r\n"
                           "Content-Type: application/json\r\n"
                           "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                           sizes[i]);
        int fd = connect_from(world, "127.0.0.1");

        say(fd, head, (size_t)len);
        say(fd, body, sizes[i]);
        expect(hear(world, fd), codes[i]);
    }
    free(body);
    is_well(world);
}

static void
many_parameters_are_refused(void **state)
{
    struct world *world = *state;

    expect(get(world, connect_from(world, "127.0.0.1"),
               OURS "/incidents?limit=1&limit=1&limit=1&limit=1&limit=1&"
                    "limit=1&limit=1&limit=1&limit=1&limit=1&limit=1&limit=1&"
                    "limit=1&limit=1&limit=1&limit=1&limit=1"),
           "There are too many parameters");
}

/* A thousand that say nothing, or half of something: whoever asks is served,
 * and one address cannot take all places. */
static void
a_thousand_idle_connections_leave_it_responsive(void **state)
{
    static const char half[] =
        "POST " OURS "/login HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Length: 100\r\n\r\n{";
    struct world *world = *state;
    int *idle = calloc(IDLE, sizeof *idle);
    struct rlimit files;

    assert_non_null(idle);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_cur < 3 * IDLE) {
        print_message("skipped: %lu open files are too few\n",
                      (unsigned long)files.rlim_cur);
        free(idle);
        skip();
    }
    for (int i = 0; i < IDLE; i++) {
        char from[32];

        (void)snprintf(from, sizeof from, "127.0.1.%d", 1 + i / 50);
        idle[i] = connect_from(world, from);
        if (i % 3 == 1) {
            say(idle[i], half, 20);
        } else if (i % 3 == 2) {
            say(idle[i], half, sizeof half - 1);
        }
    }
    for (int i = 0; i < 20; i++) {
        is_well(world);
        expect(get(world, connect_local(world), OURS "/session"), " 200 ");
    }
    for (int i = 0; i < IDLE; i++) {
        (void)close(idle[i]);
    }
    is_well(world);
    free(idle);
}

static void
one_address_takes_only_so_many(void **state)
{
    struct world *world = *state;
    int fds[GONG_HTTP_PER_ADDRESS_MAX + 20];
    size_t count = sizeof fds / sizeof fds[0], closed = 0;

    for (size_t i = 0; i < count; i++) {
        fds[i] = connect_from(world, "127.0.2.1");
    }
    /* Those past the limit are hung up on; the others still wait. */
    for (size_t i = GONG_HTTP_PER_ADDRESS_MAX; i < count; i++) {
        char byte;

        closed += recv(fds[i], &byte, 1, 0) <= 0;
    }
    assert_int_equal(closed, 20);
    is_well(world);
    for (size_t i = 0; i < count; i++) {
        (void)close(fds[i]);
    }
}

/* What the ticker does, with time as data. */
static void
who_is_too_slow_is_ended(void **state)
{
    struct gong_http_conns conns = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct gong_http_conn *conn[4];
    int pairs[4][2];
    gong_mono_t start = gong_mono_now();

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
        conn[i] = gong_http_conn_open(&conns, pairs[i][0]);
        assert_non_null(conn[i]);
    }
    gong_http_conn_set(&conns, conn[1], GONG_HTTP_WORKING);
    gong_http_conn_set(&conns, conn[2], GONG_HTTP_ANSWERING);
    gong_http_conn_set(&conns, conn[3], GONG_HTTP_STREAMING);
    for (int64_t at = 0; at <= 200; at += 10) {
        char byte;

        gong_http_conns_expire(&conns, gong_mono_add(start, gong_dur_s(at)));
        for (int i = 0; i < 4; i++) {
            bool ended =
                recv(pairs[i][1], &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
            bool due = (i == 0 && at >= 40) || (i == 2 && at >= 130);
            bool spared =
                (i == 0 && at < 30) || (i == 2 && at < 120) || i == 1 || i == 3;

            if ((due && !ended) || (spared && ended)) {
                fail_msg("connection %d at %d s", i, (int)at);
            }
        }
    }
    for (int i = 0; i < 4; i++) {
        gong_http_conn_close(&conns, conn[i]);
        (void)close(pairs[i][0]);
        (void)close(pairs[i][1]);
    }
}

/* --- streams --- */

static void
hear_until(struct world *world, int fd, const char *part)
{
    size_t len = 0;

    world->answer[0] = '\0';
    while (strstr(world->answer, part) == NULL) {
        ssize_t got =
            recv(fd, world->answer + len, sizeof world->answer - 1 - len, 0);

        if (got <= 0) {
            fail_msg("\"%s\" is not in: %s", part, world->answer);
        }
        len += (size_t)got;
        world->answer[len] = '\0';
    }
}

static void
events_go_to_all_streams_and_end_with_the_server(void **state)
{
    static const char request[] =
        "GET " OURS "/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const char again[] =
        "GET " OURS "/events HTTP/1.1\r\nHost: localhost\r\n"
        "Last-Event-ID: b00t-1\r\n\r\n";
    struct world *world = *state;
    int fds[20], late;

    for (int i = 0; i < 20; i++) {
        fds[i] = connect_from(world, "127.0.0.1");
        say(fds[i], request, sizeof request - 1);
        hear_until(world, fds[i], "retry: 2000");
        expect(world->answer, "Content-Type: text/event-stream");
    }
    for (int round = 1; round <= 3; round++) {
        char json[32], data[64];

        (void)snprintf(json, sizeof json, "{\"round\":%d}", round);
        (void)snprintf(data, sizeof data, "data: %s", json);
        gong_events_publish(
            world->api->events, "incident",
            &(struct gong_grant_place){.unit = gong_str_of("22015")},
            gong_str_of(json));
        for (int i = 0; i < 20; i++) {
            hear_until(world, fds[i], data);
        }
    }
    late = connect_from(world, "127.0.0.1");
    say(late, again, sizeof again - 1);
    hear_until(world, late, "\"round\":3");
    expect(world->answer, "\"round\":2");
    assert_null(strstr(world->answer, "\"round\":1"));
    /* A heartbeat wakes and finds who has gone. */
    (void)close(fds[0]);
    gong_events_beat(world->api->events, 0, INT64_MAX);
    hear_until(world, late, ": heartbeat");
    is_well(world);
    gong_http_server_stop(world->server);
    world->server = NULL;
    assert_int_equal(gong_events_readers(world->api->events), 0);
    for (int i = 1; i < 20; i++) {
        (void)close(fds[i]);
    }
    (void)close(late);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_local_socket_is_private_and_makes_the_first_user),
        T(a_socket_in_use_is_not_taken),
        T(beyond_loopback_only_with_a_certificate),
        T(malformed_requests_harm_nobody),
        T(large_bodies_are_refused),
        T(many_parameters_are_refused),
        T(a_thousand_idle_connections_leave_it_responsive),
        T(one_address_takes_only_so_many),
        cmocka_unit_test(who_is_too_slow_is_ended),
        T(events_go_to_all_streams_and_end_with_the_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
