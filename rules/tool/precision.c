#include "rules/tool/precision.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "rules/query/instant.h"

#define FIRST_S INT64_C(978307200)  /* 2001-01-01 */
#define LAST_S  INT64_C(4133980800) /* 2101-01-01 */
#define SECOND  9                   /* zeros of one in ns */

static const struct {
    const char *name;
    const char *whole;
    unsigned zeros;
} units[] = {
    {"ns", "nanoseconds", 0},
    {"us", "microseconds", 3},
    {"ms", "milliseconds", 6},
    {"s", "seconds", SECOND},
};

#define UNITS (sizeof units / sizeof units[0])

bool
gong_precision_find(const char *word, struct gong_precision *out)
{
    for (size_t i = 0; i < UNITS; i++) {
        if (strcmp(units[i].name, word) == 0) {
            *out = (struct gong_precision){true, units[i].zeros};
            return true;
        }
    }
    return false;
}

const char *
gong_precision_word(struct gong_precision precision)
{
    return units[precision.zeros / 3].name;
}

const char *
gong_precision_whole(struct gong_precision precision)
{
    return units[precision.zeros / 3].whole;
}

static int64_t
power(unsigned zeros)
{
    int64_t factor = 1;

    while (zeros-- > 0) {
        factor *= 10;
    }
    return factor;
}

bool
gong_precision_scale(struct gong_precision precision, int64_t *stamp)
{
    int64_t factor = power(precision.zeros);

    if (*stamp > INT64_MAX / factor || *stamp < INT64_MIN / factor) {
        return false;
    }
    *stamp *= factor;
    return true;
}

bool
gong_precision_doubt(const char *name, uint64_t line, int64_t ns, FILE *err)
{
    char instant[GONG_INSTANT_SIZE];

    for (size_t i = 1; i < UNITS; i++) {
        int64_t second = power(SECOND - units[i].zeros);

        if (ns >= FIRST_S * second && ns < LAST_S * second) {
            (void)gong_instant_text(gong_floor_ms(ns), instant);
            (void)fprintf(
                err,
                "%s:%" PRIu64
                ": warning: found the stamp %s in nanoseconds, expected one "
                "after 2000, which it is in %s: --precision %s reads all so, "
                "--precision ns as now without this warning\n",
                name, line, instant, units[i].whole, units[i].name);
            return true;
        }
    }
    return false;
}
