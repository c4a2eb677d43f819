/*
 * store_http: a store's address, credentials and compression; one request.
 * Credentials are read from their files at open and again at reload, so that a
 * corrected file helps without a restart.
 */
#ifndef GONG_AGENT_STORE_STORE_HTTP_H
#define GONG_AGENT_STORE_STORE_HTTP_H

#include "agent/store/http_client.h"
#include "agent/store/store_influx.h"

struct gong_store_http;

/* config is borrowed until close. cancelled as in gong_http_options. On failure
 * why names the file. */
enum gong_err gong_store_http_open(const struct gong_store_config *config,
                                   bool (*cancelled)(void *ctx), void *ctx,
                                   struct gong_store_http **out, char *why,
                                   size_t why_size) GONG_MUST_CHECK;
void gong_store_http_close(struct gong_store_http *http);

/* gong_store_http_reload: credentials anew. On failure the old ones stay. The
 * store's own thread only. */
enum gong_err gong_store_http_reload(struct gong_store_http *http, char *why,
                                     size_t why_size) GONG_MUST_CHECK;

/* gong_store_http_write: posts lines; the answer's body is valid until the next
 * request. Status 0 with why where there was no answer. reuse as in
 * gong_http_request. */
void gong_store_http_write(struct gong_store_http *http, struct gong_str lines,
                           bool reuse, struct gong_http_answer *answer);

/* gong_store_http_metrics: GET /metrics (VictoriaMetrics). */
void gong_store_http_metrics(struct gong_store_http *http,
                             struct gong_http_answer *answer);

/* gong_store_http_wake: any thread. */
void gong_store_http_wake(struct gong_store_http *http);

/* gong_store_http_dedup_set: whether the text of /flags or /metrics shows
 * dedup.minScrapeInterval set to something other than zero. Pure. */
bool gong_store_http_dedup_set(struct gong_str text);

/* gong_store_http_started: when the server was started as the text of /metrics
 * says it, in seconds since 1970; 0 if it does not. Pure. */
uint64_t gong_store_http_started(struct gong_str text);
/* gong_store_http_fresh: whether the text says that it runs for less than a
 * second: another one may yet start in the same second. Pure. */
bool gong_store_http_fresh(struct gong_str text);

#endif
