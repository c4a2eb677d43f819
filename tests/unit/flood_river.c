#include "flood_river.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR      60
#define STEP      10 /* minutes between two readings */
#define HOURS     14
#define NOISE_CM  3
#define CURVE_MAX 10

struct corner {
    int minute;
    long cm;
};

struct gauge {
    const char *unit;
    const char *device;
    const char *station;
    int late;       /* minutes from the last reading of a lump to its coming */
    int lumps_from; /* before it each reading comes by itself */
    struct corner curve[CURVE_MAX];
};

/* Phú Lâm stays at level II for an hour and at level III while it falls. */
static const struct gauge gauges[] = {
    {"22165",
     "cung-son-1",
     "Củng\\ Sơn",
     3,
     0,
     {{0, 2860},
      {HOUR, 2940},
      {2 * HOUR, 3110},
      {3 * HOUR, 3330},
      {4 * HOUR, 3590},
      {340, 4099},
      {7 * HOUR, 4030},
      {13 * HOUR, 3420},
      {HOURS * HOUR, 3380},
      {0, 0}}},
    {"22240",
     "phu-lam-1",
     "Phú\\ Lâm",
     1,
     8 * HOUR,
     {{0, 120},
      {100, 150},
      {180, 268},
      {240, 272},
      {310, 390},
      {430, 540},
      {660, 380},
      {760, 362},
      {HOURS * HOUR, 255}}},
};

/* The will names the second device a little later than the first. */
struct dark {
    const char *unit;
    int from;
    int until;  /* 0: to the end */
    bool quiet; /* by silence: its last sign of life is at from */
};

static const struct dark darks[FLOOD_DARK_UNITS] = {
    {"22319", 250, 610, false}, /* three that lose power together */
    {"22303", 250, 640, false}, {"22255", 250, 0, false},
    {"22171", 325, 500, true},  {"22177", 400, 0, true},
    {"22192", 475, 700, false},
};
#define BLINKS "22258" /* gone for 20 seconds */

struct ack {
    int second; /* since 18:00 */
    const char *unit;
    const char *alert;
    const char *by;
};

static const struct ack acks[] = {
    /* Củng Sơn at level I, II and III, each in time. */
    {(2 * HOUR + 6) * 60, "22165", "Flood", "duty-22165"},
    {(3 * HOUR + 7) * 60, "22165", "Flood", "duty-22165"},
    {(4 * HOUR + 12) * 60 + 30, "22165", "Flood", "duty-22165"},
    /* Phú Lâm only at level I: a climb ends that. */
    {(2 * HOUR + 15) * 60, "22240", "Flood", "duty-22240"},
    {(250 + 7) * 60, "22319", "UnitDark", "ioc-team-1"},
    {(250 + 15) * 60, "22303", "UnitDark", "ioc-team-1"},
    {(475 + 9) * 60, "22192", "UnitDark", "ioc-team-2"},
};

/* A multiplicative congruence (Park and Miller), seeded by place. */
static long
noise_cm(size_t gauge, int minute)
{
    uint64_t x = (gauge + 1) * 1000003 + (uint64_t)minute * 7919;

    for (int i = 0; i < 3; i++) {
        x = x * 48271 % 2147483647;
    }
    return (long)(x % (2 * NOISE_CM + 1)) - NOISE_CM;
}

long
flood_level_cm(size_t gauge, int minute)
{
    const struct corner *corner = gauges[gauge].curve;
    long span;

    while (corner[1].minute != 0 && corner[1].minute < minute) {
        corner++;
    }
    if (corner[1].minute == 0) {
        return corner->cm;
    }
    if (minute == corner[1].minute && corner[1].cm > corner->cm &&
        corner[1].cm > corner[2].cm) {
        return corner[1].cm; /* the peak is what it was */
    }
    span = corner[1].minute - corner->minute;
    return corner->cm +
           (corner[1].cm - corner->cm) * (minute - corner->minute) / span +
           noise_cm(gauge, minute);
}

static struct flood_input *
add(struct flood_inputs *inputs, int64_t ms, enum flood_kind kind,
    const char *unit, const char *device)
{
    struct flood_input *input;

    if (inputs->count == inputs->size) {
        inputs->size = inputs->size == 0 ? 256 : inputs->size * 2;
        inputs->items =
            realloc(inputs->items, inputs->size * sizeof *inputs->items);
        assert_non_null(inputs->items);
    }
    input = &inputs->items[inputs->count];
    *input = (struct flood_input){.ms = FLOOD_FROM_MS + ms,
                                  .number = inputs->count++,
                                  .kind = kind,
                                  .unit = unit,
                                  .device = device};
    return input;
}

static void
add_lump(struct flood_inputs *inputs, size_t g, int first, int last)
{
    const struct gauge *gauge = &gauges[g];
    struct flood_input *input = add(inputs, (last + gauge->late) * FLOOD_MINUTE,
                                    FLOOD_DATA, gauge->unit, gauge->device);
    size_t len = 0;

    for (int minute = first; minute <= last; minute += STEP) {
        long cm = flood_level_cm(g, minute);
        int part = snprintf(input->text + len, sizeof input->text - len,
                            "river,station=%s level=%ld.%02ld %" PRId64 "\n",
                            gauge->station, cm / 100, cm % 100,
                            FLOOD_FROM_MS + minute * FLOOD_MINUTE);

        assert_true(part > 0 && (size_t)part < sizeof input->text - len);
        len += (size_t)part;
    }
}

static void
add_gauge(struct flood_inputs *inputs, size_t g)
{
    for (int minute = 0; minute + STEP <= HOURS * HOUR;) {
        int count = minute < gauges[g].lumps_from ? 1 : HOUR / STEP;

        add_lump(inputs, g, minute + STEP, minute + count * STEP);
        minute += count * STEP;
    }
}

static void
add_status(struct flood_inputs *inputs, int64_t ms, const char *unit,
           const char *device, const char *says)
{
    struct flood_input *input = add(inputs, ms, FLOOD_STATUS, unit, device);

    (void)snprintf(input->text, sizeof input->text,
                   "{%s,\"every\":{\"env\":300}}", says);
}

#define BIRTH "\"state\":\"online\",\"conn\":\"1\""
#define WILL  "\"state\":\"offline\",\"conn\":\"1\""
#define AGAIN "\"state\":\"online\",\"conn\":\"2\""

static void
add_signs(struct flood_inputs *inputs, const char *unit, const char *device,
          int from, int until)
{
    for (int minute = from; minute <= until; minute += 5) {
        int64_t ms = minute * FLOOD_MINUTE;
        struct flood_input *input = add(inputs, ms, FLOOD_DATA, unit, device);

        (void)snprintf(input->text, sizeof input->text,
                       "env temp=25 %" PRId64 "\n", FLOOD_FROM_MS + ms);
    }
}

static void
add_dark(struct flood_inputs *inputs, const struct dark *dark)
{
    static const char *const devices[] = {"camera-1", "siren-1"};

    for (size_t i = 0; i < 2; i++) {
        int64_t at = dark->from * FLOOD_MINUTE + (int64_t)i * 40000;

        add_status(inputs, 0, dark->unit, devices[i], BIRTH);
        add_signs(inputs, dark->unit, devices[i], 5, dark->from);
        if (!dark->quiet) {
            add_status(inputs, at, dark->unit, devices[i], WILL);
        }
        if (dark->until != 0) {
            at = dark->until * FLOOD_MINUTE + (int64_t)i * 15000;
            add_status(inputs, at, dark->unit, devices[i], AGAIN);
            add_signs(inputs, dark->unit, devices[i], dark->until + 5,
                      HOURS * HOUR);
        }
    }
}

/* Two devices that are back at once: nobody is told. */
static void
add_blink(struct flood_inputs *inputs)
{
    static const char *const devices[] = {"camera-1", "siren-1"};
    const int64_t at = 300 * FLOOD_MINUTE;

    for (size_t i = 0; i < 2; i++) {
        add_status(inputs, 0, BLINKS, devices[i], BIRTH);
        add_signs(inputs, BLINKS, devices[i], 5, HOURS * HOUR);
        add_status(inputs, at, BLINKS, devices[i], WILL);
        add_status(inputs, at + 20000, BLINKS, devices[i], AGAIN);
    }
}

static int
by_time(const void *a, const void *b)
{
    const struct flood_input *x = a;
    const struct flood_input *y = b;

    if (x->ms != y->ms) {
        return x->ms < y->ms ? -1 : 1;
    }
    return x->number < y->number ? -1 : x->number > y->number;
}

void
flood_inputs_make(struct flood_inputs *inputs)
{
    *inputs = (struct flood_inputs){0};
    for (size_t g = 0; g < sizeof gauges / sizeof gauges[0]; g++) {
        add_gauge(inputs, g);
    }
    for (size_t i = 0; i < FLOOD_DARK_UNITS; i++) {
        add_dark(inputs, &darks[i]);
    }
    add_blink(inputs);
    for (size_t i = 0; i < sizeof acks / sizeof acks[0]; i++) {
        struct flood_input *input = add(inputs, acks[i].second * INT64_C(1000),
                                        FLOOD_ACK, acks[i].unit, acks[i].alert);

        (void)snprintf(input->text, sizeof input->text, "%s", acks[i].by);
    }
    qsort(inputs->items, inputs->count, sizeof *inputs->items, by_time);
}

void
flood_inputs_free(struct flood_inputs *inputs)
{
    free(inputs->items);
    *inputs = (struct flood_inputs){0};
}
