#include "common/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* CLOCK_BOOTTIME is Linux's; POSIX headers hide its name. */
#ifndef CLOCK_BOOTTIME
#define CLOCK_BOOTTIME 7
#endif

static int64_t
read_clock(clockid_t id)
{
    struct timespec now = {0};

    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * GONG_NS_PER_S + now.tv_nsec;
}

gong_wall_t
gong_wall_now(void)
{
    return (gong_wall_t){read_clock(CLOCK_REALTIME)};
}

gong_mono_t
gong_mono_now(void)
{
    return (gong_mono_t){read_clock(CLOCK_BOOTTIME)};
}

void
gong_clock_sleep(gong_dur_t length)
{
    struct timespec left = {
        .tv_sec = (time_t)(length.ns / GONG_NS_PER_S),
        .tv_nsec = (long)(length.ns % GONG_NS_PER_S),
    };

    if (length.ns > 0) {
        (void)nanosleep(&left, NULL);
    }
}

enum gong_err
gong_clock_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    int rc = pthread_condattr_init(&attributes);

    if (rc != 0) {
        return gong_err_from_errno(rc);
    }
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    rc = pthread_cond_init(cond, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return gong_err_from_errno(rc);
}

void
gong_clock_deadline(gong_dur_t length, struct timespec *out)
{
    int64_t at = read_clock(CLOCK_MONOTONIC);

    if (length.ns > 86400 * GONG_NS_PER_S) {
        length.ns = 86400 * GONG_NS_PER_S;
    }
    at += length.ns > 0 ? length.ns : 0;
    out->tv_sec = (time_t)(at / GONG_NS_PER_S);
    out->tv_nsec = (long)(at % GONG_NS_PER_S);
}

static int
hex_digit(int c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return -1;
}

void
gong_clock_boot_id(uint8_t out[16])
{
    char text[64] = "";
    size_t digits = 0;
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    memset(out, 0, 16);
    if (file == NULL) {
        return;
    }
    if (fgets(text, sizeof text, file) == NULL) {
        text[0] = '\0';
    }
    (void)fclose(file);
    for (const char *c = text; *c != '\0' && digits < 32; c++) {
        int value = hex_digit(*c);

        if (value >= 0) {
            out[digits / 2] = (uint8_t)(out[digits / 2] << 4 | value);
            digits++;
        }
    }
}

static const struct unit {
    const char *name;
    int64_t ns;
} units[] = {
    {"y", 365 * INT64_C(86400) * GONG_NS_PER_S},
    {"w", 7 * INT64_C(86400) * GONG_NS_PER_S},
    {"d", 86400 * GONG_NS_PER_S},
    {"h", 3600 * GONG_NS_PER_S},
    {"m", 60 * GONG_NS_PER_S},
    {"s", GONG_NS_PER_S},
    {"ms", GONG_NS_PER_MS},
};
#define UNIT_COUNT (sizeof units / sizeof units[0])

/* The unit at the start of text, "ms" before "m"; UNIT_COUNT if none. */
static size_t
find_unit(struct gong_str text)
{
    if (text.len >= 2 && text.data[0] == 'm' && text.data[1] == 's') {
        return UNIT_COUNT - 1;
    }
    for (size_t i = 0; i + 1 < UNIT_COUNT; i++) {
        if (text.len > 0 && text.data[0] == units[i].name[0]) {
            return i;
        }
    }
    return UNIT_COUNT;
}

enum gong_err
gong_dur_parse(struct gong_str text, gong_dur_t *out)
{
    int64_t total = 0;
    size_t next_unit = 0;
    size_t i = 0;

    if (gong_str_is(text, "0")) {
        *out = (gong_dur_t){0};
        return GONG_OK;
    }
    if (text.len == 0) {
        return GONG_ERR_INVALID;
    }
    while (i < text.len) {
        int64_t count = 0;
        size_t start = i;
        size_t unit;

        for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9';
             i++) {
            if (__builtin_mul_overflow(count, 10, &count) ||
                __builtin_add_overflow(count, text.data[i] - '0', &count)) {
                return GONG_ERR_TOO_LARGE;
            }
        }
        unit = find_unit(gong_str_from(text.data + i, text.len - i));
        if (i == start || unit == UNIT_COUNT || unit < next_unit) {
            return GONG_ERR_INVALID;
        }
        if (__builtin_mul_overflow(count, units[unit].ns, &count) ||
            __builtin_add_overflow(total, count, &total)) {
            return GONG_ERR_TOO_LARGE;
        }
        i += strlen(units[unit].name);
        next_unit = unit + 1;
    }
    *out = (gong_dur_t){total};
    return GONG_OK;
}

void
gong_dur_format(gong_dur_t length, char out[GONG_DUR_TEXT_SIZE])
{
    int64_t left = length.ns < 0 ? 0 : length.ns;
    size_t used = 0;

    /* Years and weeks only where they divide evenly, as Prometheus prints. */
    for (size_t i = 0; i < UNIT_COUNT && used < GONG_DUR_TEXT_SIZE; i++) {
        int64_t count = left / units[i].ns;

        if (count == 0 || (i < 2 && left % units[i].ns != 0)) {
            continue;
        }
        left %= units[i].ns;
        used += (size_t)snprintf(out + used, GONG_DUR_TEXT_SIZE - used,
                                 "%" PRId64 "%s", count, units[i].name);
    }
    if (used == 0) {
        (void)snprintf(out, GONG_DUR_TEXT_SIZE, "0s");
    }
}

bool
gong_clock_staff(int64_t at_ms, int64_t zone_ms, struct tm *out)
{
    int64_t there;
    time_t seconds;

    if (__builtin_add_overflow(at_ms, zone_ms, &there)) {
        return false;
    }
    seconds = (time_t)(there / 1000 - (there % 1000 < 0 ? 1 : 0));
    return gmtime_r(&seconds, out) != NULL;
}
