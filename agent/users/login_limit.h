/*
 * login_limit: how often one may try a password:
 *
 *   what is counted                 free   the wait doubles from 1 s up to
 *   a name from a network              5   15 min
 *   every name from an address         5   15 min
 *   a name from everywhere            50   30 s
 *
 * A network is an IPv4 /24 or an IPv6 /64. Nobody locks another out from
 * elsewhere: the last one does not hold where that name passed within 30 days.
 * Success forgets the failures of the name from that network, not the
 * address's; an hour without a failure forgets each.
 *
 * At most GONG_LOGIN_LIMIT_ROWS of them are remembered; what is oldest makes
 * room, but never one that must still wait unless all must. Pure: time is
 * given. One thread at a time.
 */
#ifndef GONG_AGENT_USERS_LOGIN_LIMIT_H
#define GONG_AGENT_USERS_LOGIN_LIMIT_H

#include <stdint.h>

#include "common/str.h"
#include "rules/engine/hash.h"

#define GONG_LOGIN_LIMIT_ROWS      4096
#define GONG_LOGIN_LIMIT_FREE      5
#define GONG_LOGIN_LIMIT_NAME_FREE 50

struct gong_login_limit;

/* key: random, so that nobody can aim at another's row. NULL without memory. */
struct gong_login_limit *gong_login_limit_new(struct gong_hash_key key);
void gong_login_limit_free(struct gong_login_limit *limit);

/* address: as text, of IPv6 its /64.
 * gong_login_limit_wait: ms until this pair may try; 0: now. */
int64_t gong_login_limit_wait(const struct gong_login_limit *limit,
                              struct gong_str user, struct gong_str address,
                              int64_t now_ms);
void gong_login_limit_failed(struct gong_login_limit *limit,
                             struct gong_str user, struct gong_str address,
                             int64_t now_ms);
void gong_login_limit_passed(struct gong_login_limit *limit,
                             struct gong_str user, struct gong_str address,
                             int64_t now_ms);

#endif
