/*
 * Devices that send what a province sends: batches of 50 points with our header
 * line at QoS 1, all through one connection, at a steady rate.
 *
 *   bench_load URL DEVICES FIRST_ROUND ROUNDS POINTS_A_SECOND
 *
 * A round is one batch of each device; each point is a row of its own, with one
 * field. 0 points a second: as fast as the broker answers; 0 rounds: until it
 * is killed. Batches keep their numbers over runs: round r is number r + 1.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/batch.h"
#include "common/clock.h"
#include "common/crc32c.h"
#include "common/mqtt_link.h"

#define BATCH     50
#define MESSAGE   8192
#define MEASURES  5
#define IN_FLIGHT 50

struct load {
    struct gong_mqtt *link;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    unsigned open; /* published and not answered */
};

static void
need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_load: %s\n", what);
        exit(1);
    }
}

static void
on_published(void *ctx, uint64_t tag, bool ok)
{
    struct load *load = ctx;

    (void)tag;
    need(ok, "a publish failed");
    (void)pthread_mutex_lock(&load->lock);
    load->open--;
    (void)pthread_cond_signal(&load->answered);
    (void)pthread_mutex_unlock(&load->lock);
}

static size_t
make_body(uint32_t device, uint32_t round, char *out)
{
    static const char *const measures[MEASURES] = {"temp", "volt", "power",
                                                   "load", "lux"};
    int64_t now_ms = gong_floor_ms(gong_wall_now().ns);
    size_t len = 0;

    for (uint32_t p = 0; p < BATCH; p++) {
        uint32_t x = device * 2654435761u + round * 40503u + p * 97u;
        bool hot = device % 200 == 7 && p == 3 && round % 2 == 1;

        x ^= x >> 15;
        len += (size_t)snprintf(
            out + len, MESSAGE - len, "lamp,id=%u %s=%u.%u %" PRId64 "000000\n",
            p, measures[p % MEASURES], hot ? 90 : 20 + x % 10, x % 7, now_ms);
    }
    return len;
}

static void
publish(struct load *load, uint32_t device, uint32_t round)
{
    static char body[MESSAGE];
    static char message[MESSAGE + GONG_BATCH_HEADER_SIZE];
    char topic[64];
    size_t len = make_body(device, round, body);
    struct gong_batch_header header = {.epoch = UINT64_C(1) << 32 | device,
                                       .seq = round + UINT64_C(1),
                                       .low = round + UINT64_C(1),
                                       .points = BATCH,
                                       .crc = gong_crc32c(0, body, len)};
    struct gong_mqtt_message out = {.topic = topic, .qos = 1};
    size_t head;

    header.sent_ms = gong_floor_ms(gong_wall_now().ns);
    head = gong_batch_header_format(&header, message);
    memcpy(message + head, body, len);
    out.payload = gong_str_from(message, head + len);
    snprintf(topic, sizeof topic, "gong/v1/22015/lamp-%06u/data", device);
    (void)pthread_mutex_lock(&load->lock);
    while (load->open >= IN_FLIGHT) {
        (void)pthread_cond_wait(&load->answered, &load->lock);
    }
    load->open++;
    (void)pthread_mutex_unlock(&load->lock);
    while (gong_mqtt_publish(load->link, &out) != GONG_OK) {
        gong_clock_sleep(gong_dur_ms(1));
    }
}

/* Sleeps until batch number sent is due. */
static void
keep_pace(gong_mono_t start, uint64_t sent, double points_a_second)
{
    double due = (double)sent * BATCH / points_a_second;
    double now = (double)gong_mono_since(gong_mono_now(), start).ns / 1e9;

    if (due > now + 0.002) {
        gong_clock_sleep((gong_dur_t){(int64_t)((due - now) * 1e9)});
    }
}

static void
finish(struct load *load)
{
    (void)pthread_mutex_lock(&load->lock);
    while (load->open > 0) {
        (void)pthread_cond_wait(&load->answered, &load->lock);
    }
    (void)pthread_mutex_unlock(&load->lock);
    gong_mqtt_stop(load->link);
    gong_mqtt_free(load->link);
}

int
main(int argc, char **argv)
{
    struct load load = {.lock = PTHREAD_MUTEX_INITIALIZER,
                        .answered = PTHREAD_COND_INITIALIZER};
    struct gong_mqtt_options options = {.client_id = "bench-load",
                                        .clean_session = true};
    struct gong_mqtt_handlers handlers = {.ctx = &load,
                                          .published = on_published};
    char why[256] = "";
    uint64_t sent = 0;
    uint32_t devices, first, rounds;
    double rate;
    gong_mono_t start;

    need(argc == 6, "URL DEVICES FIRST_ROUND ROUNDS POINTS_A_SECOND");
    options.url = argv[1];
    devices = (uint32_t)strtoul(argv[2], NULL, 10);
    first = (uint32_t)strtoul(argv[3], NULL, 10);
    rounds = (uint32_t)strtoul(argv[4], NULL, 10);
    rate = strtod(argv[5], NULL);
    need(gong_mqtt_new(&options, &handlers, &load.link, why, sizeof why) ==
             GONG_OK,
         why);
    need(gong_mqtt_start(load.link) == GONG_OK, "start");
    start = gong_mono_now();
    for (uint32_t round = first; rounds == 0 || round < first + rounds;
         round++) {
        for (uint32_t device = 0; device < devices; device++) {
            publish(&load, device, round);
            sent++;
            if (rate > 0) {
                keep_pace(start, sent, rate);
            }
        }
    }
    finish(&load);
    printf("%" PRIu64 " points, %.0f a second\n", sent * BATCH,
           (double)sent * BATCH /
               ((double)gong_mono_since(gong_mono_now(), start).ns / 1e9));
    return 0;
}
