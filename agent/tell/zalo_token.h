/*
 * zalo_token: the access token of an Official Account, which lives 25 hours,
 * and the refresh token that renews it once and is then replaced. Losing the
 * newest refresh token means that a person must grant access again, so it is
 * stored before its access token is used (written beside, synced, renamed, mode
 * 0600), by one at a time (a lock beside the file), whichever channel or
 * process that is. The file:
 *
 *   {"access_token":"..","refresh_token":"..","expires":ms}
 *
 * What a process wrote beside and was killed before it renamed it is taken by
 * the next one, unless the file is newer.
 *
 * A file that somebody replaced is read again, and wins over what is in memory.
 *
 *   ask -> READY, with the token
 *       -> RENEW -> begin -> (transfer) -> take
 *       -> WAIT: another one renews it, or it was renewed in vain just now
 */
#ifndef GONG_AGENT_TELL_ZALO_TOKEN_H
#define GONG_AGENT_TELL_ZALO_TOKEN_H

#include <stdint.h>

#include "agent/tell/channel_easy.h"

#define GONG_ZALO_ACCESS_MAX 4096 /* bytes of a token */

/* Everything is borrowed until close. */
struct gong_zalo_token_options {
    const char *path;
    const char *app_id;
    const char *secret_file; /* the application's secret key */
    const char *oauth_url;   /* without a path */
    const char *ca_file;
    gong_dur_t timeout;
};

struct gong_zalo_token;

enum gong_zalo_token_state {
    GONG_ZALO_TOKEN_READY,
    GONG_ZALO_TOKEN_RENEW,
    GONG_ZALO_TOKEN_WAIT,
};

/* NULL with why. */
struct gong_zalo_token *
gong_zalo_token_open(const struct gong_zalo_token_options *options, char *why,
                     size_t why_size);
void gong_zalo_token_close(struct gong_zalo_token *token);

/* gong_zalo_token_ask: *access is valid until the next call; READY only. RENEW
 * must be followed by begin. */
enum gong_zalo_token_state gong_zalo_token_ask(struct gong_zalo_token *token,
                                               const char **access);

/* gong_zalo_token_begin: the try is the renewal. */
enum gong_err
gong_zalo_token_begin(struct gong_zalo_token *token,
                      struct gong_channel_try *attempt) GONG_MUST_CHECK;
/* gong_zalo_token_renews: whether a try is one. */
bool gong_zalo_token_renews(const struct gong_channel_try *attempt);
/* gong_zalo_token_take: what came of it: RETRY (at_once where there is another
 * token now), or EXHAUSTED: a person must grant access again. Fills why. */
enum gong_channel_outcome gong_zalo_token_take(struct gong_zalo_token *token,
                                               struct gong_channel_try *attempt,
                                               CURLcode code, long status);

/* gong_zalo_token_hide: whatever of its secrets an answer repeats. */
void gong_zalo_token_hide(const struct gong_zalo_token *token,
                          struct gong_channel_try *attempt);

/* gong_zalo_token_header: the header that bears the token; false without
 * memory. */
bool gong_zalo_token_header(struct curl_slist **list, const char *access);
/* gong_zalo_token_refused: the service did not take the token of this try: it
 * is renewed, once. RETRY, or EXHAUSTED where it was just renewed. */
enum gong_channel_outcome
gong_zalo_token_refused(struct gong_zalo_token *token,
                        struct gong_channel_try *attempt);
/* gong_zalo_token_proved: the service took it. */
void gong_zalo_token_proved(struct gong_zalo_token *token);

#endif
