/*
 * channel_easy: libcurl handles for channels: what holds for all of them.
 *
 * No redirects, no cookies, only the schemes asked for; certificates are
 * checked; loopback never goes through a proxy from the environment. Errors are
 * told by libcurl's general words: its own text may hold the URL, and a URL may
 * hold a token.
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
    gong_dur_t timeout;
    char *body; /* heap, taken in any case; NULL: MEMORY */
};

/* gong_channel_easy: a handle with what all transfers need; NULL without
 * memory. schemes: "http,https". */
CURL *gong_channel_easy(const char *schemes, bool loopback, const char *ca_file,
                        gong_dur_t timeout);

/* gong_channel_post: fills the try with a POST. */
enum gong_err
gong_channel_post(struct gong_channel_try *attempt,
                  const struct gong_channel_post *post) GONG_MUST_CHECK;

/* gong_channel_header: adds a header; false without memory. */
bool gong_channel_header(struct curl_slist **list, const char *line);

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

/* Whether a text may stand in a header or a command: not empty, no control
 * characters, valid UTF-8. */
bool gong_channel_line_valid(const char *text);

#endif
