#include "agent/login_limit.h"

#include <stdbool.h>
#include <stdlib.h>

#define FORGET_MS   INT64_C(3600000)
#define WAIT_MS     INT64_C(1000)
#define WAIT_MAX_MS INT64_C(900000)
#define DOUBLE_MAX  10

/* Names are kept by their hash: what a stranger sends takes no room. */
struct row {
    uint64_t key; /* 0: free */
    int64_t failed_ms;
    uint32_t failures;
};

struct gong_login_limit {
    struct gong_hash_key key;
    struct row rows[GONG_LOGIN_LIMIT_ROWS];
};

struct gong_login_limit *
gong_login_limit_new(struct gong_hash_key key)
{
    struct gong_login_limit *limit = calloc(1, sizeof *limit);

    if (limit != NULL) {
        limit->key = key;
    }
    return limit;
}

void
gong_login_limit_free(struct gong_login_limit *limit)
{
    free(limit);
}

static uint64_t
key_of(const struct gong_login_limit *limit, char kind, struct gong_str text)
{
    uint64_t key = gong_hash(&limit->key, text.data, text.len);

    /* The same text as a name and as an address are two. */
    key = kind == 'u' ? key | 1U : key & ~UINT64_C(1);
    return key == 0 ? 2 : key;
}

static int64_t
wait_of(const struct row *row, int64_t now_ms)
{
    uint32_t over;
    int64_t length, until;

    if (row->failures < GONG_LOGIN_LIMIT_FREE ||
        now_ms - row->failed_ms >= FORGET_MS) {
        return 0;
    }
    over = row->failures - GONG_LOGIN_LIMIT_FREE;
    length = WAIT_MS << (over > DOUBLE_MAX ? DOUBLE_MAX : over);
    length = length > WAIT_MAX_MS ? WAIT_MAX_MS : length;
    until = row->failed_ms + length;
    return until > now_ms ? until - now_ms : 0;
}

static const struct row *
find(const struct gong_login_limit *limit, uint64_t key)
{
    for (size_t i = 0; i < GONG_LOGIN_LIMIT_ROWS; i++) {
        if (limit->rows[i].key == key) {
            return &limit->rows[i];
        }
    }
    return NULL;
}

/* Whether a makes room before b. */
static bool
goes_before(const struct row *a, const struct row *b, int64_t now_ms)
{
    bool a_waits = wait_of(a, now_ms) > 0;
    bool b_waits = wait_of(b, now_ms) > 0;

    if ((a->key == 0) != (b->key == 0)) {
        return a->key == 0;
    }
    return a_waits != b_waits ? b_waits : a->failed_ms < b->failed_ms;
}

static void
count(struct gong_login_limit *limit, uint64_t key, int64_t now_ms)
{
    struct row *row = NULL;

    for (size_t i = 0; i < GONG_LOGIN_LIMIT_ROWS; i++) {
        struct row *candidate = &limit->rows[i];

        if (candidate->key == key) {
            row = candidate;
            break;
        }
        if (row == NULL || goes_before(candidate, row, now_ms)) {
            row = candidate;
        }
    }
    if (row->key != key || now_ms - row->failed_ms >= FORGET_MS) {
        *row = (struct row){.key = key};
    }
    row->failures++;
    row->failed_ms = now_ms;
}

int64_t
gong_login_limit_wait(const struct gong_login_limit *limit,
                      struct gong_str user, struct gong_str address,
                      int64_t now_ms)
{
    const struct row *by_user = find(limit, key_of(limit, 'u', user));
    const struct row *by_address = find(limit, key_of(limit, 'a', address));
    int64_t a = by_user == NULL ? 0 : wait_of(by_user, now_ms);
    int64_t b = by_address == NULL ? 0 : wait_of(by_address, now_ms);

    return a > b ? a : b;
}

void
gong_login_limit_failed(struct gong_login_limit *limit, struct gong_str user,
                        struct gong_str address, int64_t now_ms)
{
    count(limit, key_of(limit, 'u', user), now_ms);
    count(limit, key_of(limit, 'a', address), now_ms);
}

void
gong_login_limit_passed(struct gong_login_limit *limit, struct gong_str user)
{
    uint64_t key = key_of(limit, 'u', user);

    for (size_t i = 0; i < GONG_LOGIN_LIMIT_ROWS; i++) {
        if (limit->rows[i].key == key) {
            limit->rows[i] = (struct row){0};
        }
    }
}
