/*
 * login_limit: how often one may try a password, by user name and by address.
 * The first 5 failures are free; from then on each doubles the wait, from 1 s
 * to 15 min. Success forgets the user's failures, not the address's; an hour
 * without a failure forgets both.
 *
 * At most GONG_LOGIN_LIMIT_ROWS names and addresses are remembered; the one
 * with the oldest failure makes room, but never one that must still wait
 * unless all must. Pure: time is given. One thread at a time.
 */
#ifndef GONG_AGENT_LOGIN_LIMIT_H
#define GONG_AGENT_LOGIN_LIMIT_H

#include <stdint.h>

#include "common/str.h"
#include "rules/engine/hash.h"

#define GONG_LOGIN_LIMIT_ROWS 4096
#define GONG_LOGIN_LIMIT_FREE 5

struct gong_login_limit;

/* key: random, so that nobody can aim at another's row. NULL without memory. */
struct gong_login_limit *gong_login_limit_new(struct gong_hash_key key);
void gong_login_limit_free(struct gong_login_limit *limit);

/* gong_login_limit_wait: ms until this pair may try; 0: now. */
int64_t gong_login_limit_wait(const struct gong_login_limit *limit,
                              struct gong_str user, struct gong_str address,
                              int64_t now_ms);
void gong_login_limit_failed(struct gong_login_limit *limit,
                             struct gong_str user, struct gong_str address,
                             int64_t now_ms);
void gong_login_limit_passed(struct gong_login_limit *limit,
                             struct gong_str user);

#endif
