#include "agent/users/login_limit.h"

#include <stdbool.h>
#include <stdlib.h>

#define FORGET_MS   INT64_C(3600000)
#define TRUST_MS    INT64_C(2592000000) /* 30 days */
#define WAIT_MS     INT64_C(1000)
#define WAIT_MAX_MS INT64_C(900000)
#define NAME_MAX_MS INT64_C(30000) /* from everywhere together */
#define DOUBLE_MAX  10

/* What a row counts, in its key's lowest bits; a text as one kind is another
 * row than as another kind. */
enum kind {
    PAIR = 1, /* a name from a network */
    ADDRESS,  /* every name from an address */
    NAME,     /* a name from everywhere */
};

/* Names are kept by their hash: what a stranger sends takes no room. */
struct row {
    uint64_t key;      /* 0: free */
    int64_t at_ms;     /* of the last failure, or success */
    int64_t passed_ms; /* PAIR: 0: never */
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

/* --- keys --- */

/* An IPv4 address counts by its /24; an IPv6 one is given as its /64. */
static struct gong_str
network_of(struct gong_str address)
{
    size_t len = address.len;

    while (len > 0 && address.data[len - 1] != '.') {
        len--;
    }
    return len == 0 ? address : gong_str_from(address.data, len);
}

static uint64_t
key_of(const struct gong_login_limit *limit, enum kind kind,
       struct gong_str user, struct gong_str address)
{
    struct gong_str network = network_of(address);
    uint64_t parts[2] = {0, 0};

    if (kind != ADDRESS) {
        parts[0] = gong_hash(&limit->key, user.data, user.len);
    }
    if (kind == PAIR) {
        parts[1] = gong_hash(&limit->key, network.data, network.len);
    } else if (kind == ADDRESS) {
        parts[1] = gong_hash(&limit->key, address.data, address.len);
    }
    return (gong_hash(&limit->key, parts, sizeof parts) & ~UINT64_C(3)) |
           (uint64_t)kind;
}

/* --- rows --- */

static int64_t
wait_of(const struct row *row, int64_t now_ms)
{
    bool name = (row->key & 3) == NAME;
    uint32_t unpunished =
        name ? GONG_LOGIN_LIMIT_NAME_FREE : GONG_LOGIN_LIMIT_FREE;
    int64_t most = name ? NAME_MAX_MS : WAIT_MAX_MS;
    uint32_t over;
    int64_t length, until;

    if (row->failures < unpunished || now_ms - row->at_ms >= FORGET_MS) {
        return 0;
    }
    over = row->failures - unpunished;
    length = WAIT_MS << (over > DOUBLE_MAX ? DOUBLE_MAX : over);
    length = length > most ? most : length;
    until = row->at_ms + length;
    return until > now_ms ? until - now_ms : 0;
}

static bool
is_trusted(const struct row *row, int64_t now_ms)
{
    return row->passed_ms != 0 && now_ms - row->passed_ms < TRUST_MS;
}

static const struct row *
find(const struct gong_login_limit *limit, uint64_t key)
{
    static const struct row none = {0};

    for (size_t i = 0; i < GONG_LOGIN_LIMIT_ROWS; i++) {
        if (limit->rows[i].key == key) {
            return &limit->rows[i];
        }
    }
    return &none;
}

/* The lower, the sooner it makes room. */
static int
worth(const struct row *row, int64_t now_ms)
{
    return row->key == 0              ? 0
           : wait_of(row, now_ms) > 0 ? 3
           : is_trusted(row, now_ms)  ? 2
                                      : 1;
}

static bool
goes_before(const struct row *a, const struct row *b, int64_t now_ms)
{
    int x = worth(a, now_ms), y = worth(b, now_ms);

    return x != y ? x < y : a->at_ms < b->at_ms;
}

static struct row *
take(struct gong_login_limit *limit, uint64_t key, int64_t now_ms)
{
    struct row *row = NULL;

    for (size_t i = 0; i < GONG_LOGIN_LIMIT_ROWS; i++) {
        struct row *candidate = &limit->rows[i];

        if (candidate->key == key) {
            return candidate;
        }
        if (row == NULL || goes_before(candidate, row, now_ms)) {
            row = candidate;
        }
    }
    *row = (struct row){.key = key};
    return row;
}

static void
count(struct gong_login_limit *limit, uint64_t key, int64_t now_ms)
{
    struct row *row = take(limit, key, now_ms);

    if (now_ms - row->at_ms >= FORGET_MS) {
        row->failures = 0;
    }
    row->failures += row->failures < UINT32_MAX;
    row->at_ms = now_ms;
}

/* --- to ask and to tell --- */

int64_t
gong_login_limit_wait(const struct gong_login_limit *limit,
                      struct gong_str user, struct gong_str address,
                      int64_t now_ms)
{
    const struct row *pair = find(limit, key_of(limit, PAIR, user, address));
    int64_t a = wait_of(pair, now_ms);
    int64_t b =
        wait_of(find(limit, key_of(limit, ADDRESS, user, address)), now_ms);
    int64_t c =
        is_trusted(pair, now_ms)
            ? 0
            : wait_of(find(limit, key_of(limit, NAME, user, address)), now_ms);

    a = a > b ? a : b;
    return a > c ? a : c;
}

void
gong_login_limit_failed(struct gong_login_limit *limit, struct gong_str user,
                        struct gong_str address, int64_t now_ms)
{
    count(limit, key_of(limit, PAIR, user, address), now_ms);
    count(limit, key_of(limit, ADDRESS, user, address), now_ms);
    count(limit, key_of(limit, NAME, user, address), now_ms);
}

void
gong_login_limit_passed(struct gong_login_limit *limit, struct gong_str user,
                        struct gong_str address, int64_t now_ms)
{
    struct row *pair = take(limit, key_of(limit, PAIR, user, address), now_ms);

    pair->failures = 0;
    pair->at_ms = now_ms;
    pair->passed_ms = now_ms;
}
