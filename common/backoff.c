#include "common/backoff.h"

#include <fcntl.h>
#include <unistd.h>

void
gong_backoff_init(struct gong_backoff *backoff, gong_dur_t first,
                  gong_dur_t most, uint64_t seed)
{
    *backoff = (struct gong_backoff){
        .first = first,
        .most = most,
        .random = seed,
    };
}

/* splitmix64: any seed gives a full period. */
static uint64_t
mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static gong_dur_t
ceiling(const struct gong_backoff *backoff)
{
    gong_dur_t limit = backoff->first;

    for (unsigned i = 0; i < backoff->attempts; i++) {
        if (limit.ns >= backoff->most.ns / 2) {
            return backoff->most;
        }
        limit.ns *= 2;
    }
    return limit.ns < backoff->most.ns ? limit : backoff->most;
}

gong_dur_t
gong_backoff_next(struct gong_backoff *backoff)
{
    gong_dur_t limit = ceiling(backoff);

    if (backoff->attempts < 63) {
        backoff->attempts++;
    }
    if (limit.ns <= 0) {
        return (gong_dur_t){0};
    }
    backoff->random += UINT64_C(0x9e3779b97f4a7c15);
    return (gong_dur_t){
        (int64_t)(mix(backoff->random) % ((uint64_t)limit.ns + 1))};
}

void
gong_backoff_reset(struct gong_backoff *backoff)
{
    backoff->attempts = 0;
}

uint64_t
gong_random_u64(void)
{
    uint64_t value = 0;
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t got = 0;

    if (fd >= 0) {
        got = read(fd, &value, sizeof value);
        (void)close(fd);
    }
    if (got != (ssize_t)sizeof value) {
        value =
            mix((uint64_t)gong_wall_now().ns ^
                (uint64_t)gong_mono_now().ns << 20 ^ (uint64_t)getpid() << 48);
    }
    return value;
}
