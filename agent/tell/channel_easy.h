/*
 * channel_easy: what channels over HTTP have alike, on the handles of
 * agent/store/http_easy.h. Errors are told by libcurl's general words: its own
 * text may hold the URL, and a URL may hold a token.
 */
#ifndef GONG_AGENT_TELL_CHANNEL_EASY_H
#define GONG_AGENT_TELL_CHANNEL_EASY_H

#include <stdbool.h>

#include "agent/tell/channel.h"
#include "agent/tell/message_files.h"
#include "common/clock.h"

/* Everything is borrowed during the call. */
struct gong_channel_post {
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated */
    const char *ca_file;        /* "" for the system's */
    const char *username;       /* NULL or "": none */
    const char *password;
    gong_dur_t timeout;
    char *body; /* heap, taken in any case; NULL: MEMORY */
};

/* gong_channel_post: fills the try with a POST. */
enum gong_err
gong_channel_post(struct gong_channel_try *attempt,
                  const struct gong_channel_post *post) GONG_MUST_CHECK;

/* gong_channel_judge_status: what a status without an answer that is understood
 * means: 2xx SENT; none, 408, 429, 5xx RETRY; else REFUSE. Fills why. */
enum gong_channel_outcome
gong_channel_judge_status(struct gong_channel_try *attempt, CURLcode code,
                          long status);

/* gong_channel_secret: a one-line file into heap memory, which the caller wipes
 * and frees; NULL with why. */
char *gong_channel_secret(const char *path, char *why, size_t why_size);
/* gong_channel_wipe: frees a secret without leaving it behind; NULL is fine. */
void gong_channel_wipe(char *secret);

/* gong_channel_hide: each byte of a secret becomes '*' in what came back,
 * wherever it stands, as it is, escaped for an address, or in JSON: what
 * answers say goes into records. NULL or "" hides nothing. */
void gong_channel_hide(struct gong_channel_try *attempt, const char *secret);

/* gong_channel_hide_login: likewise a password, also as basic authentication
 * sends it with its user. */
void gong_channel_hide_login(struct gong_channel_try *attempt, const char *user,
                             const char *password);
/* gong_channel_hide_url: likewise what may be a token in an address: a value of
 * its query, a long piece of its path. */
void gong_channel_hide_url(struct gong_channel_try *attempt, const char *url);

/* Whether a text may stand in a header or a command: not empty, no control
 * characters, valid UTF-8. */
bool gong_channel_line_valid(const char *text);

#endif
