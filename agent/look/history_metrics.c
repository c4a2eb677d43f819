#include "agent/look/history_metrics.h"

#include <stddef.h>

struct value {
    const char *name;
    const char *help;
    const char *type;
    double value;
};

#define VALUES 12

static void
measure(struct gong_history *history, struct value out[VALUES])
{
    struct gong_history_report r;
    const struct gong_history_tidied *t = &r.tidied;

    gong_history_get_report(history, &r);
    out[0] = (struct value){"gong_agent_history_writable",
                            "Whether the last commit to history.db went well.",
                            "gauge", r.failing ? 0 : 1};
    out[1] = (struct value){"gong_agent_history_bytes",
                            "Bytes of history.db in use.", "gauge",
                            (double)r.sizes.bytes};
    out[2] =
        (struct value){"gong_agent_history_series", "Series in history.db.",
                       "gauge", (double)r.sizes.series};
    out[3] = (struct value){"gong_agent_history_behind_bytes",
                            "Durable journal bytes that the history has not "
                            "read.",
                            "gauge", (double)r.behind};
    out[4] = (struct value){"gong_agent_history_head_bytes",
                            "Memory of samples that are not yet in the file.",
                            "gauge", (double)r.head_bytes};
    out[5] = (struct value){"gong_agent_history_head_samples",
                            "Samples that are not yet in the file.", "gauge",
                            (double)r.head_samples};
    out[6] = (struct value){
        "gong_agent_history_oldest_seconds",
        "Where the oldest raw samples begin, Unix time; 0: there are none.",
        "gauge", (double)r.sizes.oldest_ms[GONG_RESOLUTION_RAW] / 1000};
    out[7] = (struct value){"gong_agent_history_committed_seconds",
                            "Journal time of what is in the file, Unix time.",
                            "gauge", (double)r.committed_ms / 1000};
    out[8] = (struct value){"gong_agent_history_compacted_rows_total",
                            "Chunks that were made one with others.", "counter",
                            (double)t->compacted_rows};
    out[9] = (struct value){"gong_agent_history_rolled_rows_total",
                            "Chunks of roll-ups that were made.", "counter",
                            (double)t->rolled_rows};
    out[10] = (struct value){"gong_agent_history_dropped_blocks_total",
                             "Blocks that went by their age.", "counter",
                             (double)t->dropped_blocks};
    out[11] = (struct value){"gong_agent_history_crowded_blocks_total",
                             "Blocks that went because the file was full.",
                             "counter", (double)t->crowded_blocks};
}

void
gong_history_metrics_write_prometheus(struct gong_history *history, FILE *out)
{
    struct value values[VALUES];

    if (history == NULL) {
        return;
    }
    measure(history, values);
    for (size_t i = 0; i < VALUES; i++) {
        const struct value *v = &values[i];

        (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", v->name,
                      v->help, v->name, v->type, v->name, v->value);
    }
}

void
gong_history_metrics_write_lines(struct gong_history *history, FILE *out)
{
    struct value values[VALUES];

    if (history == NULL) {
        return;
    }
    measure(history, values);
    for (size_t i = 0; i < VALUES; i++) {
        (void)fprintf(out, "%s value=%.15g\n", values[i].name, values[i].value);
    }
}
