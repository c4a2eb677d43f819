/*
 * notify_webhook: posts Alertmanager's webhook JSON, version 4, one alert a
 * message, with a header
 *     Idempotency-Key: <journal position>-<ordinal>-<fingerprint>-<at, ms>
 * that stays the same when a message is sent again.
 */
#ifndef GONG_AGENT_TELL_NOTIFY_WEBHOOK_H
#define GONG_AGENT_TELL_NOTIFY_WEBHOOK_H

#include <jansson.h>

#include "agent/tell/notify.h"
#include "common/clock.h"

struct gong_notify_webhook_config {
    char *url;
    gong_dur_t timeout;
    char *username;
    char *password_file;
    char *token_file; /* Authorization: Bearer */
    char *ca_file;
    char *receiver;
    char *external_url;
};

/* gong_notify_webhook_body: the message for an effect that is news; the caller
 * json_decref()s. NULL without memory. */
json_t *
gong_notify_webhook_body(const json_t *effect,
                         const struct gong_notify_webhook_config *config);

/* gong_notify_webhook_judge: what a status means: 2xx done; none, 408, 429 and
 * 5xx retry; anything else refuse. Pure. */
enum gong_notify_outcome gong_notify_webhook_judge(long status);

#endif
