#include "points.h"

#include <inttypes.h>
#include <stdio.h>

#define KINDS  5
#define FIELDS 5

static const struct kind {
    const char *name;
    const char *fields[FIELDS];
} kinds[KINDS] = {
    {"lamp", {"load", "lux", "power", "temp", "volt"}},
    {"water", {"flow", "level", "ph", "pressure", "turbid"}},
    {"air", {"co", "no2", "pm10", "pm25", "temp"}},
    {"road", {"count", "gap", "occupied", "queue", "speed"}},
    {"power", {"current", "freq", "load", "temp", "volt"}},
};

static uint32_t
noise(uint32_t device, uint32_t round, uint32_t field)
{
    uint32_t x = device * 2654435761u + round * 40503u + field * 97u;

    x ^= x >> 15;
    x *= 2246822519u;
    return x ^ (x >> 13);
}

/* Hundredths. */
static uint32_t
reading(uint32_t device, uint32_t round, uint32_t field)
{
    uint32_t value = 2000 + noise(device, round, field) % 1000;

    if ((device / KINDS) % 40 == 7 && (round / 10) % 2 == 1) {
        value += 6000;
    }
    if ((device / 100) % 17 == 3 && round >= 40 && round < 60) {
        value += 3000;
    }
    return value;
}

void
points_names(uint32_t device, char site[16], char name[16])
{
    (void)snprintf(site, 16, "w-%04u", (unsigned)(device / 100) % 10000);
    (void)snprintf(name, 16, "%s-%05u", kinds[device % KINDS].name,
                   (unsigned)device % 100000);
}

size_t
points_line(uint32_t device, uint32_t round, bool tagged,
            char out[POINTS_LINE_SIZE])
{
    const struct kind *kind = &kinds[device % KINDS];
    char site[16];
    char name[16];
    int len = 0;

    points_names(device, site, name);
    len = snprintf(out, POINTS_LINE_SIZE, "%s", kind->name);
    if (tagged) {
        len += snprintf(out + len, POINTS_LINE_SIZE - (size_t)len,
                        ",device=%s,model=standard1,site=%s", name, site);
    }
    for (uint32_t field = 0; field < FIELDS; field++) {
        uint32_t value = reading(device, round, field);

        len += snprintf(out + len, POINTS_LINE_SIZE - (size_t)len,
                        "%s%s=%" PRIu32 ".%02" PRIu32, field == 0 ? " " : ",",
                        kind->fields[field], value / 100, value % 100);
    }
    len += snprintf(out + len, POINTS_LINE_SIZE - (size_t)len,
                    " %" PRId64 "000000\n",
                    POINTS_START_MS + (int64_t)round * POINTS_PERIOD_MS);
    return (size_t)len;
}
