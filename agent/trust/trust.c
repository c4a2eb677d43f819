#include "agent/trust/trust.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/stop_latch.h"
#include "agent/tell/channel.h"
#include "agent/tell/message_view.h"
#include "common/backoff.h"
#include "common/log.h"

#define NUMBER_MASK  UINT64_C(0xffffffffff) /* exact in a double */
#define FIRST_S      1 /* from the link's being up to the first proof */
#define BROKER_S     1 /* between looks at a link that is away */
#define STALE_ROUNDS 3
#define DRILL_GAP_MS 1000

struct gong_trust {
    struct gong_trust_options options;
    struct gong_trust_way way;
    struct gong_stop_latch stop;
    pthread_t thread;
    bool running;
    gong_counter_t *back;
    gong_counter_t *lost;
    gong_counter_t *stamp;

    pthread_mutex_t *lock; /* of what follows */
    struct gong_trust_probe proof;
    struct gong_trust_probe drill;
    gong_mono_t proof_begun;
    gong_mono_t drilled; /* when the last drill began; 0: none did */
    gong_mono_t began;
    gong_mono_t proven;
    int64_t proven_ms;
    int64_t took_ms;
    enum gong_probe_hop broken;
};

static int64_t
wall_ms(void)
{
    return gong_floor_ms(gong_wall_now().ns);
}

static void
lock(const struct gong_trust *trust)
{
    (void)pthread_mutex_lock(trust->lock);
}

static void
unlock(const struct gong_trust *trust)
{
    (void)pthread_mutex_unlock(trust->lock);
}

/* --- new and free --- */

static bool
add_counters(struct gong_trust *trust, struct gong_counters *counters)
{
    static const char help[] =
        "Samples sent through the whole chain, by whether they came back.";

    trust->back = gong_counter_add(counters, GONG_COUNTER, "gong_proofs_total",
                                   help, "result=\"back\"");
    trust->lost = gong_counter_add(counters, GONG_COUNTER, "gong_proofs_total",
                                   help, "result=\"lost\"");
    trust->stamp = gong_counter_add(
        counters, GONG_GAUGE, "gong_proof_timestamp_seconds",
        "When the last sample came back through the whole chain; 0: not since "
        "the start.",
        "");
    return trust->back != NULL && trust->lost != NULL && trust->stamp != NULL;
}

struct gong_trust *
gong_trust_new(const struct gong_trust_options *options)
{
    struct gong_trust *trust = calloc(1, sizeof *trust);

    if (trust == NULL) {
        return NULL;
    }
    trust->options = *options;
    trust->began = gong_mono_now();
    trust->lock = malloc(sizeof(pthread_mutex_t));
    if (trust->lock == NULL || pthread_mutex_init(trust->lock, NULL) != 0) {
        free(trust->lock);
        free(trust);
        return NULL;
    }
    if (!add_counters(trust, options->counters) ||
        gong_stop_latch_init(&trust->stop) != GONG_OK) {
        (void)pthread_mutex_destroy(trust->lock);
        free(trust->lock);
        free(trust);
        return NULL;
    }
    return trust;
}

void
gong_trust_free(struct gong_trust *trust)
{
    if (trust == NULL) {
        return;
    }
    gong_trust_stop(trust);
    gong_stop_latch_fini(&trust->stop);
    (void)pthread_mutex_destroy(trust->lock);
    free(trust->lock);
    free(trust);
}

/* --- sending --- */

static void
make_probe(struct gong_trust_probe *probe)
{
    *probe = (struct gong_trust_probe){
        .number = (gong_random_u64() & NUMBER_MASK) | 1,
        .begun_ms = wall_ms(),
    };
}

/* Under no lock: the message may be back before this is. */
static void
publish(struct gong_trust *trust, const struct gong_drill *drill,
        uint64_t number)
{
    const struct gong_trust_way *way = &trust->way;
    struct gong_trust_probe *probe =
        drill == NULL ? &trust->proof : &trust->drill;
    char lines[GONG_PROBE_LINES_MAX];
    char topic[128];
    size_t len = gong_probe_lines(drill, number, gong_wall_now().ns, lines);
    bool sent;

    (void)snprintf(topic, sizeof topic, "gong/v1/%s/%.64s/data",
                   drill == NULL ? GONG_PROOF_NAME : GONG_DRILL_NAME,
                   trust->options.agent);
    sent = way->connected(way->ctx) &&
           way->send(way->ctx, topic, gong_str_from(lines, len));
    lock(trust);
    if (sent && probe->number == number) {
        probe->sent_ms = wall_ms();
    }
    unlock(trust);
}

static void
note_lost(struct gong_trust *trust)
{
    enum gong_probe_hop before, hop = GONG_HOP_NONE;

    lock(trust);
    before = trust->broken;
    if (trust->proof.number != 0) {
        hop = gong_probe_hop(&trust->proof);
    }
    trust->broken = hop;
    unlock(trust);
    if (hop == GONG_HOP_NONE) {
        return;
    }
    gong_counter_increase(trust->lost, 1);
    if (before != hop) {
        gong_log(GONG_LOG_ERROR, "proof_lost",
                 "hop=%s effect=\"alerts may reach nobody\" "
                 "todo=\"gongctl drill names what is wrong\"",
                 gong_probe_hop_text(hop));
    }
}

static void
prove(struct gong_trust *trust)
{
    struct gong_trust_probe probe;

    note_lost(trust);
    make_probe(&probe);
    lock(trust);
    trust->proof = probe;
    trust->proof_begun = gong_mono_now();
    unlock(trust);
    publish(trust, NULL, probe.number);
}

static void *
run(void *ctx)
{
    struct gong_trust *trust = ctx;

    for (gong_dur_t waited = {0}; waited.ns < trust->options.interval.ns &&
                                  !trust->way.connected(trust->way.ctx);
         waited.ns += gong_dur_s(BROKER_S).ns) {
        if (gong_stop_latch_wait(&trust->stop, gong_dur_s(BROKER_S))) {
            return NULL;
        }
    }
    if (gong_stop_latch_wait(&trust->stop, gong_dur_s(FIRST_S))) {
        return NULL;
    }
    do {
        prove(trust);
    } while (!gong_stop_latch_wait(&trust->stop, trust->options.interval));
    return NULL;
}

enum gong_err
gong_trust_start(struct gong_trust *trust, const struct gong_trust_way *way)
{
    enum gong_err err;

    lock(trust);
    trust->way = *way;
    unlock(trust);
    if (trust->options.interval.ns == 0) {
        return GONG_OK;
    }
    err = gong_err_from_errno(pthread_create(&trust->thread, NULL, run, trust));
    trust->running = err == GONG_OK;
    return err;
}

void
gong_trust_stop(struct gong_trust *trust)
{
    if (trust != NULL && trust->running) {
        gong_stop_latch_set(&trust->stop);
        (void)pthread_join(trust->thread, NULL);
        trust->running = false;
    }
}

/* --- the hops --- */

static struct gong_trust_probe *
probe_of(struct gong_trust *trust, enum gong_probe_kind kind)
{
    return kind == GONG_PROBE_DRILL ? &trust->drill : &trust->proof;
}

/* NULL: another one, of an earlier run perhaps. Under the lock. */
static struct gong_trust_probe *
numbered(struct gong_trust *trust, enum gong_probe_kind kind, double number)
{
    struct gong_trust_probe *probe = probe_of(trust, kind);

    return probe->number != 0 && number > 0 &&
                   (double)probe->number <= number &&
                   (double)probe->number >= number
               ? probe
               : NULL;
}

bool
gong_trust_expects(const struct gong_trust *trust, enum gong_probe_kind kind,
                   struct gong_str message)
{
    const struct gong_trust_probe *probe;
    bool expected;

    if (trust == NULL) {
        return false;
    }
    lock(trust);
    probe = kind == GONG_PROBE_DRILL ? &trust->drill : &trust->proof;
    expected = probe->number != 0 && gong_probe_is_in(message, probe->number);
    unlock(trust);
    return expected;
}

bool
gong_trust_knows(struct gong_trust *trust, enum gong_probe_kind kind,
                 double number)
{
    bool known;

    if (trust == NULL) {
        return false;
    }
    lock(trust);
    known = numbered(trust, kind, number) != NULL;
    unlock(trust);
    return known;
}

void
gong_trust_received(struct gong_trust *trust, enum gong_probe_kind kind,
                    struct gong_str message)
{
    struct gong_trust_probe *probe;

    if (trust == NULL) {
        return;
    }
    lock(trust);
    probe = probe_of(trust, kind);
    if (probe->number != 0 && gong_probe_is_in(message, probe->number)) {
        probe->received_ms = wall_ms();
        /* It was, whatever the sender has seen yet. */
        probe->sent_ms =
            probe->sent_ms == 0 ? probe->received_ms : probe->sent_ms;
    }
    unlock(trust);
}

void
gong_trust_decided(struct gong_trust *trust, enum gong_probe_kind kind,
                   double number)
{
    struct gong_trust_probe *probe;

    if (trust == NULL) {
        return;
    }
    lock(trust);
    probe = numbered(trust, kind, number);
    if (probe != NULL) {
        probe->decided_ms = wall_ms();
    }
    unlock(trust);
}

void
gong_trust_posted(struct gong_trust *trust,
                  const struct gong_trust_posted *posted)
{
    struct gong_trust_probe *probe;

    if (trust == NULL) {
        return;
    }
    lock(trust);
    probe = numbered(trust, posted->kind, posted->number);
    if (probe != NULL) {
        probe->desk_ms = wall_ms();
        probe->messages = posted->messages;
        probe->first_message = posted->first_message;
        probe->last_message = posted->last_message;
        (void)snprintf(probe->why, sizeof probe->why, "%s", posted->why);
    }
    unlock(trust);
}

void
gong_trust_told(struct gong_trust *trust, double number)
{
    struct gong_trust_probe *probe;
    bool back = false;
    bool broken = false;
    int64_t now_ms = wall_ms();

    lock(trust);
    probe = numbered(trust, GONG_PROBE_PROOF, number);
    if (probe != NULL && probe->told_ms == 0) {
        probe->told_ms = now_ms;
        trust->proven_ms = now_ms;
        trust->proven = gong_mono_now();
        trust->took_ms = gong_mono_since(trust->proven, trust->proof_begun).ns /
                         GONG_NS_PER_MS;
        broken = trust->broken != GONG_HOP_NONE;
        trust->broken = GONG_HOP_NONE;
        back = true;
    }
    unlock(trust);
    if (back) {
        gong_counter_increase(trust->back, 1);
        gong_counter_set(trust->stamp, now_ms / 1000);
    }
    if (broken) {
        gong_log(GONG_LOG_INFO, "proof_back", "agent=%s", trust->options.agent);
    }
}

/* --- the channel at the end --- */

static enum gong_err
proof_open(const void *config, void **state, char *why, size_t why_size)
{
    (void)why;
    (void)why_size;
    *state = (void *)(uintptr_t)config;
    return GONG_OK;
}

static enum gong_err
proof_begin(void *state, const struct gong_channel_send *send,
            struct gong_channel_try *attempt)
{
    const json_t *item =
        json_array_get(json_object_get(send->message, "items"), 0);

    gong_trust_told(state, strtod(gong_view_text(item, "value"), NULL));
    attempt->outcome = GONG_CHANNEL_SENT;
    return GONG_OK;
}

static enum gong_channel_outcome
proof_judge(void *state, struct gong_channel_try *attempt, CURLcode code,
            long status)
{
    (void)state;
    (void)code;
    (void)status;
    return attempt->outcome;
}

static void
proof_close(void *state)
{
    (void)state;
}

const struct gong_channel_kind gong_channel_proof = {
    .type = GONG_PROOF_NAME,
    .open = proof_open,
    .begin = proof_begin,
    .judge = proof_judge,
    .close = proof_close,
};

/* --- what is known --- */

void
gong_trust_report(const struct gong_trust *trust, struct gong_trust_report *out)
{
    gong_mono_t now = gong_mono_now();

    *out = (struct gong_trust_report){.well = true};
    if (trust == NULL || trust->options.interval.ns == 0) {
        return;
    }
    lock(trust);
    out->interval = trust->options.interval;
    out->last_ms = trust->proven_ms;
    out->age_ms = gong_mono_since(now, trust->proven_ms == 0 ? trust->began
                                                             : trust->proven)
                      .ns /
                  GONG_NS_PER_MS;
    out->took_ms = trust->took_ms;
    out->broken = trust->broken;
    unlock(trust);
    out->well = out->age_ms <=
                STALE_ROUNDS * (out->interval.ns / GONG_NS_PER_MS) + 1000;
}

enum gong_err
gong_trust_drill(struct gong_trust *trust, const struct gong_drill *drill,
                 uint64_t *number, const char **why)
{
    const gong_mono_t now = gong_mono_now();
    struct gong_trust_probe probe;
    bool running, ready;

    if (!gong_drill_check(drill, why)) {
        return GONG_ERR_INVALID;
    }
    make_probe(&probe);
    lock(trust);
    running = trust->way.send != NULL;
    ready = running && (trust->drilled.ns == 0 ||
                        gong_mono_since(now, trust->drilled).ns >=
                            gong_dur_ms(DRILL_GAP_MS).ns);
    if (ready) {
        trust->drill = probe;
        trust->drilled = now;
    }
    unlock(trust);
    if (!ready) {
        *why = running ? "vừa có cuộc diễn tập khác, hãy đợi một giây | "
                         "another drill has just begun, wait a second"
                       : "gong-agent đang khởi động | the agent is just "
                         "starting";
        return GONG_ERR_AGAIN;
    }
    *number = probe.number;
    publish(trust, drill, probe.number);
    return GONG_OK;
}

void
gong_trust_last_drill(const struct gong_trust *trust,
                      struct gong_trust_probe *out)
{
    lock(trust);
    *out = trust->drill;
    unlock(trust);
}
