#include "rules/engine/declared.h"

#include "common/presence.h"

void
gong_declareds_init(struct gong_declareds *all, struct gong_budget *budget,
                    const struct gong_hash_key *key)
{
    *all = (struct gong_declareds){.key = key};
    gong_arena_init(&all->arena, budget, sizeof(struct gong_declared));
}

void
gong_declareds_fini(struct gong_declareds *all)
{
    gong_arena_fini(&all->arena);
    all->free = 0;
}

uint16_t
gong_lookback_of(int64_t every_ms)
{
    int64_t ms = every_ms * 2 + (every_ms + 1) / 2;
    int64_t mantissa = (ms + 999) / 1000;
    unsigned exponent = 0;

    if (ms <= GONG_LOOKBACK_MS) {
        return 0;
    }
    while (mantissa > 4095) {
        mantissa = (mantissa + 1) / 2;
        exponent++;
    }
    return (uint16_t)(exponent << 12 | (unsigned)mantissa);
}

_Static_assert(GONG_PRESENCE_EVERY / 400 <= INT64_C(4095) << 15,
               "the longest one fits");

static struct gong_declared *
at(const struct gong_declareds *all, uint32_t n)
{
    return gong_arena_at(&all->arena, n);
}

static uint64_t
hash_of(const struct gong_declareds *all, struct gong_str measurement)
{
    return gong_hash(all->key, measurement.data, measurement.len);
}

static void
release(struct gong_declareds *all, uint32_t list)
{
    while (list != 0) {
        uint32_t next = at(all, list)->next;

        *at(all, list) = (struct gong_declared){.next = all->free};
        all->free = list;
        list = next;
    }
}

/* Puts one before a list; false without memory. */
static bool
push(struct gong_declareds *all, uint32_t *list, uint64_t measurement,
     uint16_t lookback)
{
    uint32_t n = all->free;

    if (n != 0) {
        all->free = at(all, n)->next;
    } else {
        n = gong_arena_add(&all->arena, 1);
    }
    if (n == 0) {
        return false;
    }
    *at(all, n) = (struct gong_declared){measurement, *list, lookback, 1};
    *list = n;
    return true;
}

static bool
make(struct gong_declareds *all, struct gong_str every, uint32_t *list)
{
    struct gong_str measurement;
    int64_t ms = 0;
    unsigned count = 0;

    *list = 0;
    while (count < GONG_DECLARED_EACH &&
           gong_presence_every(&every, &measurement, &ms)) {
        uint16_t lookback = gong_lookback_of(ms);

        if (lookback == 0) {
            continue;
        }
        if (!push(all, list, hash_of(all, measurement), lookback)) {
            release(all, *list);
            return false;
        }
        count++;
    }
    return true;
}

static bool
equal(const struct gong_declareds *all, uint32_t a, uint32_t b)
{
    while (a != 0 && b != 0) {
        const struct gong_declared *x = at(all, a);
        const struct gong_declared *y = at(all, b);

        if (x->measurement != y->measurement || x->lookback != y->lookback) {
            return false;
        }
        a = x->next;
        b = y->next;
    }
    return a == b;
}

bool
gong_declareds_replace(struct gong_declareds *all, uint32_t *list,
                       struct gong_str every, bool *changed)
{
    uint32_t made = 0;
    uint32_t old = *list;

    *changed = false;
    if (!make(all, every, &made)) {
        return false;
    }
    *changed = !equal(all, made, old);
    *list = *changed ? made : old;
    release(all, *changed ? old : made);
    return true;
}

uint16_t
gong_declareds_find(const struct gong_declareds *all, uint32_t list,
                    struct gong_str measurement)
{
    uint64_t hash = list == 0 ? 0 : hash_of(all, measurement);

    for (; list != 0; list = at(all, list)->next) {
        if (at(all, list)->measurement == hash) {
            return at(all, list)->lookback;
        }
    }
    return 0;
}

void
gong_declareds_begin(struct gong_declareds *all)
{
    for (uint32_t n = 1; n < all->arena.count; n++) {
        at(all, n)->used = 0;
    }
}

bool
gong_declareds_claim(struct gong_declareds *all, uint32_t list)
{
    for (; list != 0; list = at(all, list)->next) {
        if (list >= all->arena.count || at(all, list)->used != 0) {
            return false;
        }
        at(all, list)->used = 1;
    }
    return true;
}

void
gong_declareds_sweep(struct gong_declareds *all)
{
    all->free = 0;
    for (uint32_t n = 1; n < all->arena.count; n++) {
        if (at(all, n)->used == 0) {
            *at(all, n) = (struct gong_declared){.next = all->free};
            all->free = n;
        }
    }
}
