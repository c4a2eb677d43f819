/*
 * channel_webhook: posts Alertmanager's webhook JSON, version 4, the whole
 * message in one, with a header `Idempotency-Key` that stays the same when it
 * is sent again. What is silenced or not listed is not in alerts[];
 * truncatedAlerts counts what was left out.
 */
#ifndef GONG_AGENT_TELL_CHANNEL_WEBHOOK_H
#define GONG_AGENT_TELL_CHANNEL_WEBHOOK_H

#include <jansson.h>

/* gong_channel_webhook_body: for a message of the outbox; the caller
 * json_decref()s. NULL without memory. */
json_t *gong_channel_webhook_body(const json_t *message,
                                  const char *external_url);

#endif
