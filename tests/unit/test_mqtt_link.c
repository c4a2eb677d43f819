/*
 * Unit tests of common/mqtt_link.c, against a real Mosquitto whose path is in
 * GONG_MOSQUITTO. Without it the tests that need it are skipped, visibly.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/monitor.h"
#include "common/mqtt_link.h"

#define PATIENCE_S 30

/* ---- a broker of our own ---- */

struct broker {
    char dir[64];
    char config[96];
    char url[64];
    int port;
    pid_t pid;
};

static int
listen_anywhere(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void
broker_run(struct broker *broker)
{
    char program[] = "mosquitto";
    char option[] = "-c";
    char *argv[] = {program, option, broker->config, NULL};
    extern char **environ;
    const char *path = getenv("GONG_MOSQUITTO");

    assert_int_equal(posix_spawn(&broker->pid, path == NULL ? program : path,
                                 NULL, NULL, argv, environ),
                     0);
}

static void
broker_start(struct broker *broker)
{
    FILE *file;

    if (getenv("GONG_MOSQUITTO") == NULL) {
        print_message("skipped: GONG_MOSQUITTO names no broker\n");
        skip();
    }
    (void)snprintf(broker->dir, sizeof broker->dir, "/tmp/gong-mqtt-XXXXXX");
    assert_non_null(mkdtemp(broker->dir));
    (void)close(listen_anywhere(&broker->port));
    (void)snprintf(broker->config, sizeof broker->config, "%s/m.conf",
                   broker->dir);
    (void)snprintf(broker->url, sizeof broker->url, "mqtt://127.0.0.1:%d",
                   broker->port);
    file = fopen(broker->config, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "listener %d 127.0.0.1\nallow_anonymous true\n"
                  "max_inflight_messages 0\nlog_dest none\n",
                  broker->port);
    assert_int_equal(fclose(file), 0);
    broker_run(broker);
}

static void
broker_kill(struct broker *broker)
{
    assert_int_equal(kill(broker->pid, SIGKILL), 0);
    assert_int_equal(waitpid(broker->pid, NULL, 0), broker->pid);
}

static void
broker_end(struct broker *broker)
{
    broker_kill(broker);
    (void)unlink(broker->config);
    (void)rmdir(broker->dir);
}

/* ---- what a link told us ---- */

#define TAGS 4096

struct seen {
    struct gong_monitor monitor;
    int connected;
    int disconnected;
    int messages;
    int good;
    int bad;
    int answers[TAGS]; /* per tag: must end at exactly 1 */
    char last[256];    /* "topic payload" */
};

static void
note_connected(void *ctx, bool session_present)
{
    struct seen *seen = ctx;

    (void)session_present;
    gong_monitor_lock(&seen->monitor);
    seen->connected++;
    gong_monitor_wake(&seen->monitor);
    gong_monitor_unlock(&seen->monitor);
}

static void
note_disconnected(void *ctx, const char *why)
{
    struct seen *seen = ctx;

    assert_true(why[0] != '\0');
    gong_monitor_lock(&seen->monitor);
    seen->disconnected++;
    gong_monitor_wake(&seen->monitor);
    gong_monitor_unlock(&seen->monitor);
}

static void
note_message(void *ctx, struct gong_str topic, struct gong_str payload)
{
    struct seen *seen = ctx;

    gong_monitor_lock(&seen->monitor);
    seen->messages++;
    (void)snprintf(seen->last, sizeof seen->last, "%.*s %.*s", (int)topic.len,
                   topic.data, (int)payload.len, payload.data);
    gong_monitor_wake(&seen->monitor);
    gong_monitor_unlock(&seen->monitor);
}

static void
note_published(void *ctx, uint64_t tag, bool ok)
{
    struct seen *seen = ctx;

    gong_monitor_lock(&seen->monitor);
    seen->answers[tag % TAGS]++;
    if (ok) {
        seen->good++;
    } else {
        seen->bad++;
    }
    gong_monitor_wake(&seen->monitor);
    gong_monitor_unlock(&seen->monitor);
}

/* Waits until *count reaches want; fails the test after PATIENCE_S. */
static void
wait_for(struct seen *seen, const int *count, int want)
{
    gong_mono_t end = gong_mono_add(gong_mono_now(), gong_dur_s(PATIENCE_S));
    bool reached;

    gong_monitor_lock(&seen->monitor);
    while (*count < want && gong_mono_since(end, gong_mono_now()).ns > 0) {
        (void)gong_monitor_wait(&seen->monitor, gong_dur_s(1));
    }
    reached = *count >= want;
    gong_monitor_unlock(&seen->monitor);
    assert_true(reached);
}

static struct gong_mqtt *
open_link(struct gong_mqtt_options *options, struct seen *seen)
{
    struct gong_mqtt_handlers handlers = {
        .ctx = seen,
        .connected = note_connected,
        .disconnected = note_disconnected,
        .message = note_message,
        .published = note_published,
    };
    struct gong_mqtt *link = NULL;
    char why[256] = "";

    memset(seen, 0, sizeof *seen);
    assert_int_equal(gong_monitor_init(&seen->monitor), GONG_OK);
    options->clean_session = true;
    assert_int_equal(gong_mqtt_new(options, &handlers, &link, why, sizeof why),
                     GONG_OK);
    assert_int_equal(gong_mqtt_start(link), GONG_OK);
    return link;
}

static void
close_link(struct gong_mqtt *link, struct seen *seen)
{
    gong_mqtt_free(link);
    gong_monitor_fini(&seen->monitor);
}

static enum gong_err
publish(struct gong_mqtt *link, const char *topic, const char *text,
        uint64_t tag)
{
    struct gong_mqtt_message message = {
        .topic = topic,
        .payload = gong_str_of(text),
        .qos = 1,
        .tag = tag,
    };

    return gong_mqtt_publish(link, &message);
}

/* ---- tests ---- */

static struct seen seen_a;
static struct seen seen_b;

static void
delivers_and_reports_once(void **state)
{
    const char *topics[] = {"t/#", "u/+"};
    struct broker broker;
    struct gong_mqtt_options options = {
        .client_id = "a", .subscriptions = topics, .subscription_count = 2};
    struct gong_mqtt *link;

    (void)state;
    broker_start(&broker);
    options.url = broker.url;
    link = open_link(&options, &seen_a);
    wait_for(&seen_a, &seen_a.connected, 1);
    assert_true(gong_mqtt_connected(link));
    for (int i = 0; i < 200; i++) {
        char text[32];

        (void)snprintf(text, sizeof text, "n=%d", i);
        wait_for(&seen_a, &seen_a.good, i - 8);
        assert_int_equal(
            publish(link, i % 2 ? "t/x" : "u/y", text, (uint64_t)i), GONG_OK);
    }
    wait_for(&seen_a, &seen_a.good, 200);
    wait_for(&seen_a, &seen_a.messages, 200);
    gong_mqtt_stop(link);
    assert_int_equal(publish(link, "t/x", "late", 0), GONG_ERR_AGAIN);
    assert_string_equal(seen_a.last, "t/x n=199");
    assert_int_equal(seen_a.bad, 0);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(seen_a.answers[i], 1);
    }
    close_link(link, &seen_a);
    broker_end(&broker);
}

/* The broker dies with publishes in flight and comes back: each accepted
 * publish has one answer, and the subscription is there again. */
static void
survives_a_dead_broker(void **state)
{
    const char *topics[] = {"back"};
    struct broker broker;
    struct gong_mqtt_options options = {
        .client_id = "a", .subscriptions = topics, .subscription_count = 1};
    struct gong_mqtt *link;
    int accepted = 0;

    (void)state;
    broker_start(&broker);
    options.url = broker.url;
    link = open_link(&options, &seen_a);
    wait_for(&seen_a, &seen_a.connected, 1);
    assert_int_equal(kill(broker.pid, SIGSTOP), 0);
    for (int i = 0; i < 20; i++) {
        if (publish(link, "t/x", "in flight", (uint64_t)i) == GONG_OK) {
            accepted++;
        }
    }
    assert_int_equal(accepted, 20);
    broker_kill(&broker);
    wait_for(&seen_a, &seen_a.disconnected, 1);
    wait_for(&seen_a, &seen_a.bad, 20);
    assert_false(gong_mqtt_connected(link));
    assert_int_equal(publish(link, "t/x", "refused", 99), GONG_ERR_AGAIN);
    broker_run(&broker);
    wait_for(&seen_a, &seen_a.connected, 2);
    assert_int_equal(publish(link, "back", "again", 100), GONG_OK);
    wait_for(&seen_a, &seen_a.good, 1);
    wait_for(&seen_a, &seen_a.messages, 1);
    gong_mqtt_stop(link);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(seen_a.answers[i], 1);
    }
    assert_int_equal(seen_a.answers[99], 0);
    assert_int_equal(seen_a.disconnected, 1);
    assert_string_equal(seen_a.last, "back again");
    close_link(link, &seen_a);
    broker_end(&broker);
}

static void
refuses_more_than_the_table_holds(void **state)
{
    struct broker broker;
    struct gong_mqtt_options options = {.client_id = "a"};
    struct gong_mqtt *link;

    (void)state;
    broker_start(&broker);
    options.url = broker.url;
    link = open_link(&options, &seen_a);
    wait_for(&seen_a, &seen_a.connected, 1);
    assert_int_equal(kill(broker.pid, SIGSTOP), 0);
    for (uint64_t i = 0; i < GONG_MQTT_IN_FLIGHT_MAX; i++) {
        assert_int_equal(publish(link, "t", "x", i), GONG_OK);
    }
    assert_int_equal(publish(link, "t", "x", 1000), GONG_ERR_AGAIN);
    assert_int_equal(kill(broker.pid, SIGCONT), 0);
    wait_for(&seen_a, &seen_a.good, GONG_MQTT_IN_FLIGHT_MAX);
    assert_int_equal(publish(link, "t", "x", 1001), GONG_OK);
    wait_for(&seen_a, &seen_a.good, GONG_MQTT_IN_FLIGHT_MAX + 1);
    close_link(link, &seen_a);
    broker_end(&broker);
}

/* Stopping with publishes in flight fails them first; none stays open. */
static void
stop_answers_what_is_in_flight(void **state)
{
    struct broker broker;
    struct gong_mqtt_options options = {.client_id = "a"};
    struct gong_mqtt *link;

    (void)state;
    broker_start(&broker);
    options.url = broker.url;
    link = open_link(&options, &seen_a);
    wait_for(&seen_a, &seen_a.connected, 1);
    assert_int_equal(kill(broker.pid, SIGSTOP), 0);
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(publish(link, "t", "x", i), GONG_OK);
    }
    gong_mqtt_stop(link);
    assert_int_equal(seen_a.good + seen_a.bad, 10);
    close_link(link, &seen_a);
    broker_end(&broker);
}

/* Two links; a good stop keeps the will to itself, takeover sends it. */
static void
will_only_after_a_bad_end(void **state)
{
    const char *topics[] = {"will", "end"};
    struct broker broker;
    struct gong_mqtt_options watch = {
        .client_id = "watch", .subscriptions = topics, .subscription_count = 2};
    struct gong_mqtt_options mortal = {
        .client_id = "mortal", .will_topic = "will", .will_payload = "gone"};
    struct gong_mqtt *watcher;
    struct gong_mqtt *link;
    int fd;
    struct sockaddr_in address = {.sin_family = AF_INET};
    static const char connect_packet[] =
        "\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06mortal";

    (void)state;
    broker_start(&broker);
    watch.url = broker.url;
    mortal.url = broker.url;
    watcher = open_link(&watch, &seen_a);
    wait_for(&seen_a, &seen_a.connected, 1);
    link = open_link(&mortal, &seen_b);
    wait_for(&seen_b, &seen_b.connected, 1);
    close_link(link, &seen_b);
    assert_int_equal(publish(watcher, "end", "1", 1), GONG_OK);
    wait_for(&seen_a, &seen_a.messages, 1);
    assert_string_equal(seen_a.last, "end 1");

    link = open_link(&mortal, &seen_b);
    wait_for(&seen_b, &seen_b.connected, 1);
    address.sin_port = htons((uint16_t)broker.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    assert_int_equal(write(fd, connect_packet, sizeof connect_packet - 1),
                     (ssize_t)sizeof connect_packet - 1);
    wait_for(&seen_a, &seen_a.messages, 2);
    assert_string_equal(seen_a.last, "will gone");
    wait_for(&seen_b, &seen_b.connected, 2);
    (void)close(fd);
    close_link(link, &seen_b);
    close_link(watcher, &seen_a);
    broker_end(&broker);
}

/* A server that accepts and says nothing is left and tried again. */
static void
leaves_a_silent_server(void **state)
{
    char url[64];
    int port = 0;
    int server = listen_anywhere(&port);
    struct gong_mqtt_options options = {.client_id = "a",
                                        .connect_timeout_s = 1};
    struct gong_mqtt *link;
    int clients[2];

    (void)state;
    (void)snprintf(url, sizeof url, "mqtt://127.0.0.1:%d", port);
    options.url = url;
    link = open_link(&options, &seen_a);
    for (int i = 0; i < 2; i++) {
        clients[i] = accept(server, NULL, NULL);
        assert_true(clients[i] >= 0);
    }
    assert_false(gong_mqtt_connected(link));
    assert_int_equal(publish(link, "t", "x", 1), GONG_ERR_AGAIN);
    close_link(link, &seen_a);
    assert_int_equal(seen_a.connected, 0);
    assert_int_equal(seen_a.disconnected, 0);
    (void)close(clients[0]);
    (void)close(clients[1]);
    (void)close(server);
}

static void
stops_without_a_server(void **state)
{
    char url[64];
    int port = 0;
    struct gong_mqtt_options options = {.client_id = "a"};
    struct gong_mqtt *link;

    (void)state;
    (void)close(listen_anywhere(&port));
    (void)snprintf(url, sizeof url, "mqtt://127.0.0.1:%d", port);
    options.url = url;
    link = open_link(&options, &seen_a);
    assert_int_equal(publish(link, "t", "x", 1), GONG_ERR_AGAIN);
    close_link(link, &seen_a);
    gong_mqtt_free(NULL);
}

static void
refuses_bad_options(void **state)
{
    static const struct gong_mqtt_options bad[] = {
        {.url = "http://x", .client_id = "a"},
        {.url = "mqtt://x"},
        {.client_id = "a"},
    };
    struct gong_mqtt_handlers none = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gong_mqtt *link = NULL;
        char why[256] = "";

        assert_int_equal(gong_mqtt_new(&bad[i], &none, &link, why, sizeof why),
                         GONG_ERR_INVALID);
        assert_null(link);
        assert_true(why[0] != '\0');
    }
}

static void
tls_after_plain_is_refused(void **state)
{
    struct gong_mqtt_options plain = {.url = "mqtt://x", .client_id = "a"};
    struct gong_mqtt_options tls = {.url = "mqtts://x", .client_id = "a"};
    struct gong_mqtt_handlers none = {0};
    struct gong_mqtt *link = NULL;
    char why[256] = "";

    (void)state;
    assert_int_equal(gong_mqtt_new(&plain, &none, &link, why, sizeof why),
                     GONG_OK);
    gong_mqtt_free(link);
    assert_int_equal(gong_mqtt_new(&tls, &none, &link, why, sizeof why),
                     GONG_ERR_UNSUPPORTED);
    assert_non_null(strstr(why, "TLS"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_options),
        cmocka_unit_test(tls_after_plain_is_refused),
        cmocka_unit_test(stops_without_a_server),
        cmocka_unit_test(leaves_a_silent_server),
        cmocka_unit_test(delivers_and_reports_once),
        cmocka_unit_test(survives_a_dead_broker),
        cmocka_unit_test(refuses_more_than_the_table_holds),
        cmocka_unit_test(stop_answers_what_is_in_flight),
        cmocka_unit_test(will_only_after_a_bad_end),
    };

    gong_log_init("test_mqtt_link", GONG_LOG_DEBUG);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
