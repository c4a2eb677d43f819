#include "common/latency.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

#define MS_PER_S 1000.0

const int64_t gong_latency_bounds_ms[GONG_LATENCY_CLASSES] = {
    1,  2,   3,   5,   7,   10,   15,   20,    30,   50,
    75, 100, 150, 250, 500, 1000, 2500, 10000, 60000};

size_t
gong_latency_class(int64_t ms)
{
    size_t class = 0;

    while (class < GONG_LATENCY_CLASSES && ms > gong_latency_bounds_ms[class]) {
        class ++;
    }
    return class;
}

void
gong_latency_note(struct gong_latency *latency, int64_t ms)
{
    ms = ms < 0 ? 0 : ms;
    latency->classes[gong_latency_class(ms)]++;
    latency->count++;
    latency->sum_ms += (uint64_t)ms;
}

double
gong_latency_quantile(const struct gong_latency *latency, double quantile)
{
    double rank = quantile * (double)latency->count;
    double below = 0;

    if (latency->count == 0) {
        return (double)NAN;
    }
    for (size_t i = 0; i < GONG_LATENCY_CLASSES; i++) {
        double inside = (double)latency->classes[i];
        double from = i == 0 ? 0 : (double)gong_latency_bounds_ms[i - 1];
        double to = (double)gong_latency_bounds_ms[i];

        if (inside > 0 && below + inside >= rank) {
            return (from + (to - from) * (rank - below) / inside) / MS_PER_S;
        }
        below += inside;
    }
    return (double)gong_latency_bounds_ms[GONG_LATENCY_CLASSES - 1] / MS_PER_S;
}

void
gong_latency_write(const struct gong_latency *latency, const char *name,
                   const char *labels, FILE *out)
{
    const char *comma = labels[0] == '\0' ? "" : ",";
    const char *open = labels[0] == '\0' ? "" : "{";
    const char *close = labels[0] == '\0' ? "" : "}";
    uint64_t so_far = 0;

    for (size_t i = 0; i < GONG_LATENCY_CLASSES; i++) {
        so_far += latency->classes[i];
        (void)fprintf(out, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name,
                      labels, comma,
                      (double)gong_latency_bounds_ms[i] / MS_PER_S, so_far);
    }
    (void)fprintf(out,
                  "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n"
                  "%s_sum%s%s%s %.3f\n%s_count%s%s%s %" PRIu64 "\n",
                  name, labels, comma, latency->count, name, open, labels,
                  close, (double)latency->sum_ms / MS_PER_S, name, open, labels,
                  close, latency->count);
}

void
gong_latency_write_tops(const struct gong_latency *latency, const char *name,
                        const char *labels, FILE *out)
{
    static const double quantiles[] = {0.5, 0.9, 0.99};
    const char *comma = labels[0] == '\0' ? "" : ",";

    for (size_t i = 0;
         latency->count > 0 && i < sizeof quantiles / sizeof quantiles[0];
         i++) {
        (void)fprintf(out, "%s_quantile{%s%squantile=\"%g\"} %g\n", name,
                      labels, comma, quantiles[i],
                      gong_latency_quantile(latency, quantiles[i]));
    }
}
