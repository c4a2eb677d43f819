/*
 * Alerts at random instants and the receiver that is told of them, on one
 * clock; and beside them what the disk needs for a sync.
 *
 *   bench_desk URL PORT SECONDS ALERTS_A_SECOND FILE
 *
 * Alert N is a point `probe,id=N hot=1` of a device of its own connection; two
 * seconds later it cools down again. It counts from the instant before it is
 * given to the broker's socket, so more than from the broker's receipt, to the
 * last byte of the request on 127.0.0.1:PORT. FILE is appended to by 4 KiB and
 * synced, ten times a second, as long as the alerts go on.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/mqtt_link.h"

#define ALERTS_MAX  100000
#define DEVICES     20
#define COOL_S      2
#define DRAIN_S     10 /* for those that are under way at the end */
#define SYNCS_MAX   10000
#define SYNC_APART  100 /* ms */
#define PAGE        4096
#define CONNS       16
#define REQUEST_MAX 65536

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

struct alert {
    gong_mono_t sent;
    gong_mono_t told;
    unsigned times;
};

struct conn {
    size_t length;
    int fd; /* -1: free */
    char data[REQUEST_MAX + 1];
};

static struct alert alerts[ALERTS_MAX];
static int64_t syncs[SYNCS_MAX];
static size_t sync_count;
static struct conn conns[CONNS];
static atomic_bool over;
static atomic_size_t told;
static unsigned connections;
static unsigned strangers; /* requests that are about no alert of ours */

static void
need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_desk: %s\n", what);
        exit(1);
    }
}

/* --- the receiver --- */

static int
listen_on(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    need(fd >= 0 &&
             setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
             bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
             listen(fd, CONNS) == 0,
         "cannot listen");
    return fd;
}

static void
note_told(const char *body, gong_mono_t now)
{
    const char *id = strstr(body, "\"id\":\"");
    unsigned long number = id == NULL ? ALERTS_MAX : strtoul(id + 6, NULL, 10);

    if (number >= ALERTS_MAX || alerts[number].sent.ns == 0) {
        strangers++;
        return;
    }
    if (alerts[number].times++ == 0) {
        alerts[number].told = now;
        atomic_fetch_add(&told, 1);
    }
}

/* Whole requests at the begin of what was read. */
static void
take_requests(struct conn *conn)
{
    for (;;) {
        char *end;
        char *length;
        size_t size;

        conn->data[conn->length] = '\0';
        end = strstr(conn->data, "\r\n\r\n");
        length = strstr(conn->data, "Content-Length: ");
        if (end == NULL || length == NULL) {
            return;
        }
        size = (size_t)(end + 4 - conn->data) + strtoul(length + 16, NULL, 10);
        if (conn->length < size) {
            return;
        }
        note_told(end, gong_mono_now());
        need(send(conn->fd, answer, sizeof answer - 1, MSG_NOSIGNAL) > 0,
             "cannot answer");
        conn->length -= size;
        memmove(conn->data, conn->data + size, conn->length);
    }
}

static void
read_conn(struct conn *conn)
{
    ssize_t got = recv(conn->fd, conn->data + conn->length,
                       REQUEST_MAX - conn->length, 0);

    if (got <= 0) {
        (void)close(conn->fd);
        conn->fd = -1;
        return;
    }
    conn->length += (size_t)got;
    take_requests(conn);
}

static void
accept_conn(int fd)
{
    int one = 1;

    for (size_t i = 0; i < CONNS; i++) {
        if (conns[i].fd < 0) {
            connections++;
            conns[i].length = 0;
            conns[i].fd = accept(fd, NULL, NULL);
            (void)setsockopt(conns[i].fd, IPPROTO_TCP, TCP_NODELAY, &one,
                             sizeof one);
            return;
        }
    }
    need(false, "too many connections");
}

static void *
receive(void *ctx)
{
    int fd = *(int *)ctx;

    while (!atomic_load(&over)) {
        struct pollfd fds[CONNS + 1] = {{.fd = fd, .events = POLLIN}};

        for (size_t i = 0; i < CONNS; i++) {
            fds[i + 1].fd = conns[i].fd;
            fds[i + 1].events = POLLIN;
        }
        (void)poll(fds, CONNS + 1, 100);
        for (size_t i = 0; i < CONNS; i++) {
            if (fds[i + 1].revents != 0) {
                read_conn(&conns[i]);
            }
        }
        if (fds[0].revents != 0) {
            accept_conn(fd);
        }
    }
    return NULL;
}

/* --- the disk --- */

static void *
sync_disk(void *ctx)
{
    static const char page[PAGE] = {'x'};
    int fd = open(ctx, O_WRONLY | O_CREAT | O_APPEND, 0600);

    need(fd >= 0, "cannot open the file");
    while (!atomic_load(&over) && sync_count < SYNCS_MAX) {
        gong_mono_t start;

        need(write(fd, page, sizeof page) == PAGE, "cannot write the file");
        start = gong_mono_now();
        need(fdatasync(fd) == 0, "cannot sync the file");
        syncs[sync_count++] = gong_mono_since(gong_mono_now(), start).ns;
        gong_clock_sleep(gong_dur_ms(SYNC_APART));
    }
    (void)close(fd);
    return NULL;
}

/* --- the alerts --- */

static void
publish(struct gong_mqtt *link, size_t number, int hot)
{
    char topic[64];
    char body[64];
    struct gong_mqtt_message message = {.topic = topic, .qos = 1};
    int64_t now_ns;

    (void)snprintf(topic, sizeof topic, "gong/v1/22015/probe-%zu/data",
                   number % DEVICES);
    for (;;) {
        now_ns = gong_wall_now().ns;
        (void)snprintf(body, sizeof body, "probe,id=%zu hot=%d %" PRId64 "\n",
                       number, hot, now_ns);
        message.payload = gong_str_of(body);
        if (hot != 0) {
            alerts[number].sent = gong_mono_now();
        }
        if (gong_mqtt_publish(link, &message) == GONG_OK) {
            return;
        }
        gong_clock_sleep(gong_dur_ms(1));
    }
}

/* Anywhere in its slot: no beat with what happens at fixed intervals. */
static int64_t
jitter(int64_t slot_ns)
{
    return (int64_t)(gong_random_u64() % (uint64_t)slot_ns);
}

static size_t
make_alerts(struct gong_mqtt *link, unsigned seconds, unsigned rate)
{
    int64_t slot_ns = INT64_C(1000000000) / rate;
    size_t count = (size_t)seconds * rate;
    size_t cool = (size_t)COOL_S * rate;
    gong_mono_t start = gong_mono_now();

    for (size_t i = 0; i < count + cool; i++) {
        int64_t due = (int64_t)i * slot_ns + jitter(slot_ns);
        int64_t left = due - gong_mono_since(gong_mono_now(), start).ns;

        if (left > 0) {
            gong_clock_sleep((gong_dur_t){left});
        }
        if (i < count) {
            publish(link, i, 1);
        }
        if (i >= cool) {
            publish(link, i - cool, 0);
        }
    }
    for (int i = 0; i < DRAIN_S * 10 && atomic_load(&told) < count; i++) {
        gong_clock_sleep(gong_dur_ms(100));
    }
    return count;
}

/* --- the figures --- */

static int
compare(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return (*x > *y) - (*x < *y);
}

static double
at(const int64_t *sorted, size_t count, double share)
{
    size_t place = (size_t)(share * (double)(count - 1) + 0.5);

    return (double)sorted[place] / 1e6;
}

static void
report(const char *name, int64_t *values, size_t count)
{
    need(count > 0, "nothing to report");
    qsort(values, count, sizeof *values, compare);
    printf("%s count=%zu p50=%.3f p90=%.3f p99=%.3f max=%.3f\n", name, count,
           at(values, count, 0.5), at(values, count, 0.9),
           at(values, count, 0.99), at(values, count, 1));
}

static void
report_all(size_t count)
{
    static int64_t took[ALERTS_MAX];
    size_t arrived = 0;
    size_t twice = 0;

    for (size_t i = 0; i < count; i++) {
        if (alerts[i].times > 0) {
            took[arrived++] =
                gong_mono_since(alerts[i].told, alerts[i].sent).ns;
        }
        twice += alerts[i].times > 1 ? 1 : 0;
    }
    printf("alerts sent=%zu told=%zu twice=%zu strangers=%u connections=%u\n",
           count, arrived, twice, strangers, connections);
    report("webhook", took, arrived);
    report("fdatasync", syncs, sync_count);
}

int
main(int argc, char **argv)
{
    struct gong_mqtt_options options = {.client_id = "bench-desk",
                                        .clean_session = true};
    struct gong_mqtt_handlers handlers = {0};
    struct gong_mqtt *link;
    char why[256] = "";
    pthread_t receiver, syncer;
    size_t count;
    int fd;

    need(argc == 6, "URL PORT SECONDS ALERTS_A_SECOND FILE");
    for (size_t i = 0; i < CONNS; i++) {
        conns[i].fd = -1;
    }
    options.url = argv[1];
    fd = listen_on((uint16_t)strtoul(argv[2], NULL, 10));
    need(gong_mqtt_new(&options, &handlers, &link, why, sizeof why) == GONG_OK,
         why);
    need(gong_mqtt_start(link) == GONG_OK, "start");
    while (!gong_mqtt_connected(link)) {
        gong_clock_sleep(gong_dur_ms(10));
    }
    need(pthread_create(&receiver, NULL, receive, &fd) == 0, "no thread");
    need(pthread_create(&syncer, NULL, sync_disk, argv[5]) == 0, "no thread");
    count = make_alerts(link, (unsigned)strtoul(argv[3], NULL, 10),
                        (unsigned)strtoul(argv[4], NULL, 10));
    atomic_store(&over, true);
    (void)pthread_join(receiver, NULL);
    (void)pthread_join(syncer, NULL);
    gong_mqtt_stop(link);
    gong_mqtt_free(link);
    report_all(count);
    return 0;
}
