#include "agent/receive/ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "agent/receive/set_aside.h"
#include "common/log.h"
#include "common/presence.h"
#include "common/topic.h"

/* What became of a message. */
enum result {
    RESULT_JOURNALED,
    RESULT_PRESENCE,
    RESULT_DUPLICATE,
    RESULT_HELD,
    RESULT_SHOWN,
    RESULT_DAMAGED,
    RESULT_MALFORMED,
    RESULT_STATUS,
    RESULT_SET_ASIDE,
    RESULT_ASIDE_FAILED,
    RESULT_TOPIC,
    RESULT_AGENT,
    RESULT_PROBE,
    RESULT_RESERVED,
    RESULT_TOO_LARGE,
    RESULT_FLOOD,
    RESULT_CROWDED,
    RESULT_GAPS,
    RESULT_MEMORY,
    RESULT_JOURNAL,
    RESULT_COUNT,
};

static const char *const result_labels[RESULT_COUNT] = {
    [RESULT_JOURNALED] = "result=\"journaled\"",
    [RESULT_PRESENCE] = "result=\"presence\"",
    [RESULT_DUPLICATE] = "result=\"duplicate\"",
    [RESULT_HELD] = "result=\"held\"",
    [RESULT_SHOWN] = "result=\"held_again\"",
    [RESULT_DAMAGED] = "result=\"damaged\"",
    [RESULT_MALFORMED] = "result=\"malformed_header\"",
    [RESULT_STATUS] = "result=\"malformed_status\"",
    [RESULT_SET_ASIDE] = "result=\"set_aside\"",
    [RESULT_ASIDE_FAILED] = "result=\"set_aside_failed\"",
    [RESULT_TOPIC] = "result=\"bad_topic\"",
    [RESULT_AGENT] = "result=\"agent_status\"",
    [RESULT_PROBE] = "result=\"probe\"",
    [RESULT_RESERVED] = "result=\"reserved_site\"",
    [RESULT_TOO_LARGE] = "result=\"too_large\"",
    [RESULT_FLOOD] = "result=\"flood\"",
    [RESULT_CROWDED] = "result=\"too_many_devices\"",
    [RESULT_GAPS] = "result=\"too_many_gaps\"",
    [RESULT_MEMORY] = "result=\"no_memory\"",
    [RESULT_JOURNAL] = "result=\"journal_failed\"",
};

struct gong_ingest {
    struct gong_ingest_options options;
    struct gong_journal *journal;
    struct gong_receive *receive;
    gong_counter_t *results[RESULT_COUNT];
    gong_counter_t *bytes;
    gong_counter_t *aside_lost;
    gong_counter_t *devices;
    bool told[RESULT_COUNT]; /* logged once since start */
};

struct gong_ingest *
gong_ingest_new(const struct gong_ingest_options *options,
                struct gong_journal *journal, struct gong_receive *receive,
                struct gong_counters *counters)
{
    struct gong_ingest *ingest = calloc(1, sizeof *ingest);
    bool complete;

    if (ingest == NULL) {
        return NULL;
    }
    ingest->options = *options;
    ingest->journal = journal;
    ingest->receive = receive;
    ingest->bytes = gong_counter_add(counters, GONG_COUNTER,
                                     "gong_agent_message_bytes_total",
                                     "Bytes of the messages received.", "");
    ingest->aside_lost = gong_counter_add(
        counters, GONG_COUNTER, "gong_agent_set_aside_lost_total",
        "Batches for which the set-aside file had no room.", "");
    ingest->devices =
        gong_counter_add(counters, GONG_GAUGE, "gong_agent_devices",
                         "Devices in the receive ledger.", "");
    complete = ingest->bytes != NULL && ingest->aside_lost != NULL &&
               ingest->devices != NULL;
    for (int i = 0; i < RESULT_COUNT; i++) {
        ingest->results[i] = gong_counter_add(
            counters, GONG_COUNTER, "gong_agent_messages_total",
            "Messages from the broker by what became of them.",
            result_labels[i]);
        complete = complete && ingest->results[i] != NULL;
    }
    if (!complete) {
        free(ingest);
        return NULL;
    }
    return ingest;
}

void
gong_ingest_free(struct gong_ingest *ingest)
{
    free(ingest);
}

static enum result
append(struct gong_ingest *ingest, enum gong_record_type type,
       struct gong_device_name device, struct gong_str message,
       gong_wall_t arrival, uint64_t *position)
{
    char prefix[GONG_BATCH_PREFIX_SIZE];
    size_t prefix_len = gong_batch_prefix(device.site, device.device, prefix);
    struct iovec parts[] = {
        {prefix, prefix_len},
        {(void *)(uintptr_t)message.data, message.len},
    };
    enum gong_err err;

    err = gong_journal_append(ingest->journal, type, parts, 2, arrival.ns,
                              position);
    if (err != GONG_OK) {
        return err == GONG_ERR_TOO_LARGE ? RESULT_TOO_LARGE : RESULT_JOURNAL;
    }
    return type == GONG_RECORD_DATA ? RESULT_JOURNALED : RESULT_PRESENCE;
}

static enum result
from_verdict(enum gong_receive_verdict verdict)
{
    switch (verdict) {
    case GONG_RECEIVE_NEW:
        return RESULT_JOURNALED;
    case GONG_RECEIVE_DUPLICATE:
        return RESULT_DUPLICATE;
    case GONG_RECEIVE_SHOWN:
        return RESULT_SHOWN;
    case GONG_RECEIVE_AGAIN:
        return RESULT_DAMAGED;
    case GONG_RECEIVE_ASIDE:
        return RESULT_SET_ASIDE;
    case GONG_RECEIVE_FLOOD:
        return RESULT_FLOOD;
    case GONG_RECEIVE_CROWDED:
        return RESULT_CROWDED;
    case GONG_RECEIVE_GAPS:
        return RESULT_GAPS;
    case GONG_RECEIVE_MEMORY:
        break;
    }
    return RESULT_MEMORY;
}

/* What will never be journaled is kept for a person, and may be settled then,
 * or its sender would repeat it for ever: false while the disk fails. */
static bool
set_aside(struct gong_ingest *ingest, struct gong_device_name device,
          const struct gong_batch_header *header, struct gong_str message)
{
    enum gong_err err = gong_set_aside_write(ingest->options.set_aside_file,
                                             device, header, message);

    if (err == GONG_ERR_TOO_LARGE) {
        gong_counter_increase(ingest->aside_lost, 1);
    }
    return err == GONG_OK || err == GONG_ERR_TOO_LARGE;
}

static enum result
refuse_large(struct gong_ingest *ingest, struct gong_device_name device,
             const struct gong_batch_header *header, struct gong_str message)
{
    if (!set_aside(ingest, device, header, message)) {
        return RESULT_ASIDE_FAILED;
    }
    gong_receive_settle(ingest->receive, device, header, 0,
                        gong_floor_ms(gong_wall_now().ns), gong_mono_now());
    return RESULT_TOO_LARGE;
}

/* A state that is saved meanwhile leaves the batch to the journal. */
static enum result
journal_batch(struct gong_ingest *ingest, struct gong_device_name device,
              const struct gong_batch_header *header, struct gong_str message,
              struct gong_str body)
{
    struct gong_receive *receive = ingest->receive;
    struct gong_journal *journal = ingest->journal;
    gong_mono_t now = gong_mono_now();
    gong_wall_t arrival = gong_wall_now();
    uint64_t position = 0;
    enum result result;

    gong_receive_appending(receive,
                           gong_spool_written(gong_journal_spool(journal)));
    result =
        append(ingest, GONG_RECORD_DATA, device, message, arrival, &position);
    if (result == RESULT_JOURNALED && gong_journal_held(journal, position)) {
        gong_receive_show(receive, device, header, now);
        result = RESULT_HELD;
    } else if (result == RESULT_JOURNALED) {
        gong_receive_settle(receive, device, header, position,
                            gong_floor_ms(arrival.ns), now);
        gong_receive_report(receive, device, header, body, now);
    }
    gong_receive_appended(receive);
    return result;
}

static enum result
take_sound(struct gong_ingest *ingest, struct gong_device_name device,
           const struct gong_batch_header *header, struct gong_str message,
           struct gong_str body)
{
    enum gong_receive_verdict verdict =
        gong_receive_check(ingest->receive, device, header, gong_mono_now());
    enum result result = RESULT_TOO_LARGE;

    /* A batch that memory had to let go is journaled now that it can be. */
    if (verdict == GONG_RECEIVE_SHOWN &&
        !gong_journal_holding(ingest->journal)) {
        /* It may have been written, and settled, just now. */
        verdict = gong_receive_check(ingest->receive, device, header,
                                     gong_mono_now());
        verdict = verdict == GONG_RECEIVE_SHOWN ? GONG_RECEIVE_NEW : verdict;
    }
    if (verdict != GONG_RECEIVE_NEW) {
        return from_verdict(verdict);
    }
    if (message.len <= ingest->options.message_max) {
        result = journal_batch(ingest, device, header, message, body);
    }
    return result == RESULT_TOO_LARGE
               ? refuse_large(ingest, device, header, message)
               : result;
}

/* A header that cannot be read names no batch: nothing to settle. */
static enum result
take_damaged(struct gong_ingest *ingest, struct gong_device_name device,
             const struct gong_batch_header *header, struct gong_str message)
{
    enum gong_receive_verdict verdict;

    if (header->seq == 0) {
        return RESULT_MALFORMED;
    }
    verdict =
        gong_receive_damaged(ingest->receive, device, header, gong_mono_now());
    if (verdict != GONG_RECEIVE_ASIDE) {
        return from_verdict(verdict);
    }
    if (!set_aside(ingest, device, header, message)) {
        return RESULT_ASIDE_FAILED;
    }
    gong_receive_pass(ingest->receive, device, header, gong_mono_now());
    return RESULT_SET_ASIDE;
}

static enum result
take_data(struct gong_ingest *ingest, struct gong_device_name device,
          struct gong_str message)
{
    struct gong_batch_header header = {0};
    struct gong_str body;

    switch (gong_batch_header_parse(message, &header, &body)) {
    case GONG_BATCH_PLAIN:
        if (message.len > ingest->options.message_max) {
            return RESULT_TOO_LARGE;
        }
        return append(
            ingest, GONG_RECORD_DATA, device, message,
            gong_receive_arrival(ingest->receive, device, gong_wall_now()),
            NULL);
    case GONG_BATCH_HEADED:
        if (header.low <= header.seq) {
            return take_sound(ingest, device, &header, message, body);
        }
        return RESULT_MALFORMED;
    case GONG_BATCH_DAMAGED:
        break;
    }
    return take_damaged(ingest, device, &header, message);
}

static enum result
take_status(struct gong_ingest *ingest, struct gong_device_name device,
            struct gong_str message)
{
    struct gong_presence_message status;
    enum result result;

    if (gong_presence_parse(message, &status) != GONG_OK) {
        return RESULT_STATUS;
    }
    result = append(ingest, GONG_RECORD_PRESENCE, device, message,
                    gong_wall_now(), NULL);
    /* Else its acks do not name it, and it is told again. */
    if (result == RESULT_PRESENCE) {
        gong_receive_status(ingest->receive, device, &status, gong_mono_now());
    }
    return result;
}

/* Agents' own births and wills match the subscription to devices'. */
static bool
is_agents(struct gong_str topic)
{
    static const char tree[] = "gong/v1/agents/";

    return topic.len >= sizeof tree - 1 &&
           memcmp(topic.data, tree, sizeof tree - 1) == 0;
}

/* Small, plain, and nobody's device. Only what this run of the agent has sent:
 * whoever else may publish there can neither vouch for it nor page anybody. */
static enum result
take_probe(struct gong_ingest *ingest, const struct gong_topic *topic,
           struct gong_str message)
{
    const char *agent = ingest->options.agent;
    struct gong_device_name device = {topic->site, topic->device};
    enum result result;

    if (agent == NULL || !gong_str_is(topic->device, agent) ||
        topic->kind != GONG_TOPIC_DATA) {
        return RESULT_AGENT;
    }
    if (message.len >= GONG_PROBE_LINES_MAX) {
        return RESULT_TOO_LARGE;
    }
    if (!gong_trust_expects(ingest->options.trust, gong_probe_of(topic->site),
                            message)) {
        return RESULT_RESERVED;
    }
    result = append(ingest, GONG_RECORD_DATA, device, message, gong_wall_now(),
                    NULL);
    if (result != RESULT_JOURNALED) {
        return result;
    }
    gong_trust_received(ingest->options.trust, gong_probe_of(topic->site),
                        message);
    return RESULT_PROBE;
}

static enum result
take(struct gong_ingest *ingest, struct gong_str topic_text,
     struct gong_str payload)
{
    enum gong_receive_verdict verdict;
    struct gong_device_name device;
    struct gong_topic topic;

    if (is_agents(topic_text)) {
        return RESULT_AGENT;
    }
    if (gong_topic_parse(topic_text, &topic) != GONG_OK ||
        topic.kind == GONG_TOPIC_ACK) {
        return RESULT_TOPIC;
    }
    if (gong_str_is(topic.site, GONG_INGEST_OWN_SITE)) {
        return RESULT_RESERVED;
    }
    if (gong_probe_of(topic.site) != GONG_PROBE_NONE) {
        return take_probe(ingest, &topic, payload);
    }
    if (topic.kind == GONG_TOPIC_STATUS && payload.len > GONG_PRESENCE_MAX) {
        return RESULT_TOO_LARGE;
    }
    device = (struct gong_device_name){topic.site, topic.device};
    verdict = gong_receive_admit(ingest->receive, device, gong_mono_now());
    if (verdict != GONG_RECEIVE_NEW) {
        return from_verdict(verdict);
    }
    if (topic.kind == GONG_TOPIC_DATA) {
        return take_data(ingest, device, payload);
    }
    return take_status(ingest, device, payload);
}

/* The first of each kind is logged with its topic; the rest is counted. */
static void
tell_once(struct gong_ingest *ingest, enum result result, struct gong_str topic)
{
    char quoted[256];

    if (ingest->told[result] || result == RESULT_JOURNALED ||
        result == RESULT_PRESENCE || result == RESULT_DUPLICATE ||
        result == RESULT_HELD || result == RESULT_SHOWN ||
        result == RESULT_AGENT || result == RESULT_PROBE) {
        return;
    }
    ingest->told[result] = true;
    gong_log(GONG_LOG_WARNING, "message_refused", "%s topic=%s",
             result_labels[result],
             gong_log_quote(topic, quoted, sizeof quoted));
}

void
gong_ingest_message(void *ctx, struct gong_str topic, struct gong_str payload)
{
    struct gong_ingest *ingest = ctx;
    enum result result = take(ingest, topic, payload);

    gong_counter_increase(ingest->results[result], 1);
    gong_counter_increase(ingest->bytes, payload.len);
    gong_counter_set(ingest->devices,
                     (int64_t)gong_receive_devices(ingest->receive));
    tell_once(ingest, result, topic);
}
