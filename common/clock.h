/*
 * clock: three clocks, three types, so that they cannot be mixed up.
 *
 * gong_wall_t  what the calendar says; may jump. Nanoseconds since 1970 UTC.
 * gong_mono_t  CLOCK_BOOTTIME: never jumps, goes on in suspend. Nanoseconds.
 * gong_dur_t   a length of time. Nanoseconds.
 *
 * Only clock.c reads a clock. The engine never does: time comes in as data.
 */
#ifndef GONG_COMMON_CLOCK_H
#define GONG_COMMON_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/err.h"
#include "common/str.h"

/* Transparent: one-member values, so that arithmetic stays inline. */
typedef struct {
    int64_t ns;
} gong_wall_t;
typedef struct {
    int64_t ns;
} gong_mono_t;
typedef struct {
    int64_t ns;
} gong_dur_t;

#define GONG_NS_PER_MS INT64_C(1000000)
#define GONG_NS_PER_S  INT64_C(1000000000)

/* Any thread; do not block. */
gong_wall_t gong_wall_now(void);
gong_mono_t gong_mono_now(void);

/* gong_clock_sleep: sleeps on the monotonic clock; returns early on a signal.
 */
void gong_clock_sleep(gong_dur_t length);

/* gong_clock_boot_id: the kernel's random id of this boot, 16 bytes; zeros
 * where the kernel offers none. */
void gong_clock_boot_id(uint8_t out[16]);

/* gong_clock_cond_init: a condition whose timed waits a jump of the wall clock
 * neither lengthens nor cuts. gong_clock_deadline: the instant `length` from
 * now for pthread_cond_timedwait on such a condition; at most a day away. For
 * one condition with its mutex there is common/monitor.h; these are for a mutex
 * with several. */
enum gong_err gong_clock_cond_init(pthread_cond_t *cond) GONG_MUST_CHECK;
void gong_clock_deadline(gong_dur_t length, struct timespec *out);

/* gong_ms_to_ns: the nearest one that int64 holds. */
static inline int64_t
gong_ms_to_ns(int64_t ms)
{
    if (ms > INT64_MAX / GONG_NS_PER_MS) {
        return INT64_MAX;
    }
    return ms < INT64_MIN / GONG_NS_PER_MS ? INT64_MIN : ms * GONG_NS_PER_MS;
}

static inline gong_dur_t
gong_dur_ms(int64_t ms)
{
    return (gong_dur_t){gong_ms_to_ns(ms)};
}

static inline gong_dur_t
gong_dur_s(int64_t seconds)
{
    return (gong_dur_t){seconds * GONG_NS_PER_S};
}

static inline gong_dur_t
gong_mono_since(gong_mono_t later, gong_mono_t earlier)
{
    return (gong_dur_t){later.ns - earlier.ns};
}

static inline gong_mono_t
gong_mono_add(gong_mono_t instant, gong_dur_t length)
{
    return (gong_mono_t){instant.ns + length.ns};
}

/* gong_floor_ms: ns to ms rounding down, also below zero (semantics rule 1). */
static inline int64_t
gong_floor_ms(int64_t ns)
{
    int64_t ms = ns / GONG_NS_PER_MS;

    return ns % GONG_NS_PER_MS < 0 ? ms - 1 : ms;
}

/* Viet Nam, which has no summer time: the zone of what staff read where no city
 * model or message names another, whatever the machine's is. */
#define GONG_STAFF_ZONE_MS INT64_C(25200000)

/* gong_clock_staff: the date and time of day at an instant (ms since 1970), so
 * far east of UTC; false where the calendar does not reach. */
bool gong_clock_staff(int64_t at_ms, int64_t zone_ms, struct tm *out);

/*
 * gong_dur_parse: a duration as Prometheus writes it: "1h30m", "15s", "250ms",
 * "0s", "2d", "1w", "1y" (365 d); units strictly descending, each once. A bare
 * "0" is accepted. GONG_ERR_INVALID otherwise, GONG_ERR_TOO_LARGE past int64.
 */
enum gong_err gong_dur_parse(struct gong_str text,
                             gong_dur_t *out) GONG_MUST_CHECK;

#define GONG_DUR_TEXT_SIZE 48
/* gong_dur_format: the shortest text that parses back to length (ms steps). */
void gong_dur_format(gong_dur_t length, char out[GONG_DUR_TEXT_SIZE]);

#endif
