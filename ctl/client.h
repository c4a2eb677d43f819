/*
 * client: asks the agent's API, over its local socket or HTTPS; plain HTTP
 * only on this machine. One request at a time.
 */
#ifndef GONG_CTL_CLIENT_H
#define GONG_CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "common/err.h"

#define GONG_CTL_SOCKET     "/var/lib/gong-agent/gong.sock"
#define GONG_CTL_ANSWER_MAX ((size_t)64 << 20)

struct gong_ctl_client;

/* gong_ctl_client_open: agent: "unix:PATH", "https://HOST[:PORT]", or
 * "http://127.0.0.1:PORT". token and ca_file may be NULL. INVALID with why. */
enum gong_err gong_ctl_client_open(const char *agent, const char *token,
                                   const char *ca_file,
                                   struct gong_ctl_client **out, char *why,
                                   size_t why_size) GONG_MUST_CHECK;
void gong_ctl_client_close(struct gong_ctl_client *client);
/* gong_ctl_client_hurry: answers are waited for no longer than that. */
void gong_ctl_client_hurry(struct gong_ctl_client *client, long seconds);
/* Whether the agent is asked over its local socket. */
bool gong_ctl_client_local(const struct gong_ctl_client *client);

/* How long an answer may take; 60 s else. */
void gong_ctl_client_patience(struct gong_ctl_client *client, long seconds);

struct gong_ctl_answer {
    long status;   /* 0: no answer */
    json_t *json;  /* owned; NULL where the answer is no JSON */
    char why[256]; /* status 0 */
};

/* gong_ctl_ask: path with its query, escaped; body is borrowed, NULL for none.
 * Free the answer with gong_ctl_answer_fini. */
void gong_ctl_ask(struct gong_ctl_client *client, const char *method,
                  const char *path, const json_t *body,
                  struct gong_ctl_answer *answer);
void gong_ctl_answer_fini(struct gong_ctl_answer *answer);
/* gong_ctl_escape: a value for a query or a path; heap, NULL without memory. */
char *gong_ctl_escape(struct gong_ctl_client *client, const char *text);

#endif
