/*
 * channel: one way out for messages: a webhook, mail, Zalo, MQTT, a program.
 * All channels share one thread (outbox.h), so none may block: what goes over
 * HTTP or SMTP is a libcurl easy handle that the outbox's multi handle drives.
 *
 *   outbox row -> kind->begin -> a transfer or an answer at once
 *                 (curl_multi)  -> kind->judge -> done, again, refused
 */
#ifndef GONG_AGENT_TELL_CHANNEL_H
#define GONG_AGENT_TELL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>
#include <jansson.h>

#include "agent/tell/link_sign.h"
#include "common/clock.h"
#include "common/conf.h"
#include "common/err.h"

struct gong_link_signer;

/* What a try came to. */
enum gong_channel_outcome {
    GONG_CHANNEL_SENT,
    GONG_CHANNEL_RETRY,     /* back off with jitter, try again */
    GONG_CHANNEL_REFUSE,    /* will never work for this address or message: the
                               next one of the person's chain */
    GONG_CHANNEL_EXHAUSTED, /* the channel's quota is used up: as REFUSE, and
                               for every message until it is tried again after
                               retry_max */
};

/* One message to one address. Everything is borrowed until the try is over. */
struct gong_channel_send {
    const char *address; /* of the person in this channel; "" for channels that
                            have their own (webhook, mqtt) */
    const char *key;     /* idempotency key: the same when tried again */
    const json_t *message; /* agent/tell/desk_message_json.h */
    const char *contact; /* id of the person, NULL for none: no signed links */
    const struct gong_link_signer *signer; /* NULL: no signed links */
};

/* What a try becomes; it stays where it is until judge. The outbox frees easy,
 * headers, list and body through curl and free after judge. */
struct gong_channel_try {
    CURL *easy; /* NULL: waits for wait_fd, or outcome says at once */
    struct curl_slist *headers;
    struct curl_slist *list; /* recipients of mail */
    char *body;
    size_t body_length;
    size_t body_sent; /* of uploads */
    char *answer;     /* what came back, at most GONG_CHANNEL_ANSWER_MAX */
    size_t answer_length;
    long process; /* a program that runs: its pid, else 0 */
    int wait_fd;  /* the kind's: readable when `ready` has something to do;
                     -1: none. judge closes it. */
    int64_t timeout_ms; /* with wait_fd: judge is asked for a verdict then */
    void *own;          /* the kind's, which frees it in judge */
    enum gong_channel_outcome outcome;
    bool at_once; /* with RETRY: nothing failed; what stood in the way (a token
                     to renew) is done: begin again without waiting */
    uint64_t stage; /* the channel's own: what this try is about */
    char why[256];  /* free of secrets: URLs with tokens are never quoted */
};

#define GONG_CHANNEL_ANSWER_MAX 65536

/* One kind of channel. Called by the outbox's thread only, but for open. */
struct gong_channel_kind {
    const char *type; /* the `type` key: "webhook" */
    const struct gong_option_table *options;
    size_t config_size;
    /* config is borrowed until close. Reads secrets from their files; refuses
     * with the reason in why. */
    enum gong_err (*open)(const void *config, void **state, char *why,
                          size_t why_size);
    /* Prepares the try: fills easy (all options set but those of the multi
     * handle and the write callback), or outcome with easy NULL. MEMORY. */
    enum gong_err (*begin)(void *state, const struct gong_channel_send *send,
                           struct gong_channel_try *attempt);
    /* With wait_fd, when it is readable: goes on; true when it is over. NULL:
     * it is over at once. */
    bool (*ready)(void *state, struct gong_channel_try *attempt);
    /* What the answer means; fills why unless SENT. status: of HTTP or SMTP, 0
     * where there was none; code: libcurl's. With wait_fd it ends what still
     * runs where code is CURLE_OPERATION_TIMEDOUT or, when the agent stops,
     * CURLE_ABORTED_BY_CALLBACK. Not called where begin left neither easy nor
     * wait_fd, nor for an easy that is cut by a stop. */
    enum gong_channel_outcome (*judge)(void *state,
                                       struct gong_channel_try *attempt,
                                       CURLcode code, long status);
    void (*close)(void *state);
    /* Of a channel that holds the state of each alert: for how long what it
     * said counts. It is given every incident, in several messages where there
     * are more than one lists, and what is open again after half of that time.
     * NULL: it only tells. */
    gong_dur_t (*valid)(const void *config);
    double rate; /* messages a second by default; 0: unbounded */
    double burst;
    /* For --check: whether what open reads beside the files that options name
     * is sound; connects to nothing. NULL: there is nothing more. */
    bool (*check)(const void *config, char *why, size_t why_size);
};

extern const struct gong_channel_kind gong_channel_log;
extern const struct gong_channel_kind gong_channel_webhook;
extern const struct gong_channel_kind gong_channel_email;
extern const struct gong_channel_kind gong_channel_zalo_bot;
extern const struct gong_channel_kind gong_channel_zalo_oa;
extern const struct gong_channel_kind gong_channel_zns;
extern const struct gong_channel_kind gong_channel_mqtt;
extern const struct gong_channel_kind gong_channel_exec;
/* NULL-terminated: all of the above. */
extern const struct gong_channel_kind *const gong_channel_kinds[];

/* gong_channel_kind_find: by its type; NULL. */
const struct gong_channel_kind *gong_channel_kind_find(const char *type);

#endif
