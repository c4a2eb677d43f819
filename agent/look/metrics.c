#include "agent/look/metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define LATENCY  "gong_engine_alert_latency_seconds"
#define MS_PER_S 1000.0

struct metric {
    const char *name;
    const char *help;
    bool gauge;
    size_t offset; /* of a uint64_t in the report */
};

#define OF(member)     offsetof(struct gong_engine_report, member)
#define ENGINE(member) OF(engine.member)

static const struct metric metrics[] = {
    {"gong_engine_records_total", "Journal records applied.", false,
     ENGINE(records)},
    {"gong_engine_points_total", "Points read.", false, ENGINE(points)},
    {"gong_engine_samples_total", "Numeric fields read.", false,
     ENGINE(samples)},
    {"gong_engine_evaluations_total", "Rule programs run.", false,
     ENGINE(evaluations)},
    {"gong_engine_lines_refused_total", "Lines that could not be decoded.",
     false, ENGINE(lines_refused)},
    {"gong_engine_backlog_points_total",
     "Points of the backlog, which rules do not see.", false,
     ENGINE(backlog_points)},
    {"gong_engine_late_samples_total",
     "Samples older than the newest of their series.", false,
     ENGINE(late_samples)},
    {"gong_engine_same_stamp_total",
     "Samples with a known stamp and another value.", false,
     ENGINE(same_stamp)},
    {"gong_engine_over_limit_total", "Samples refused past a limit.", false,
     ENGINE(over_limit)},
    {"gong_engine_own_names_total",
     "Samples refused because the engine feeds their name itself.", false,
     ENGINE(own_names)},
    {"gong_engine_left_out_total",
     "Instants by time alone that no rule saw, after a day without a record.",
     false, ENGINE(left_out)},
    {"gong_engine_series_expired_total",
     "Series forgotten after a long silence.", false, ENGINE(series_expired)},
    {"gong_engine_transitions_total", "Changes of an alert's state.", false,
     ENGINE(transitions)},
    {"gong_engine_clock_records_total", "Clock records asked for.", false,
     OF(clock_records)},
    {"gong_engine_restarts_total", "Times it was thrown away for memory.",
     false, OF(restarts)},
    {"gong_engine_rules_refused_total",
     "Rule sets in the journal that could not be followed.", false,
     OF(rules_refused)},
    {"gong_engine_devices", "Devices known.", true, ENGINE(devices)},
    {"gong_engine_rows", "Distinct sets of tags.", true, ENGINE(rows)},
    {"gong_engine_series", "Series that some rule reads.", true,
     ENGINE(series)},
    {"gong_engine_instances", "Pairs of rule and series.", true,
     ENGINE(instances)},
    {"gong_engine_pending", "Alerts waiting for their `for`.", true,
     ENGINE(pending)},
    {"gong_engine_firing", "Alerts firing.", true, ENGINE(firing)},
    {"gong_engine_unknown",
     "Alerts that fired and whose device is dark or data missing.", true,
     ENGINE(unknown)},
    {"gong_engine_devices_up", "Devices heard of that are not dark.", true,
     ENGINE(devices_up)},
    {"gong_engine_devices_dark", "Devices that went offline or silent.", true,
     ENGINE(devices_dark)},
    {"gong_engine_rules", "Rules in force.", true, ENGINE(rules)},
    {"gong_engine_rules_lacking",
     "Rules that read a parameter which no device of the city model has.", true,
     OF(rules_lacking)},
    {"gong_engine_bytes", "Bytes of state.", true, ENGINE(bytes)},
    {"gong_engine_replayed_records",
     "Records read at the start, after the snapshot.", true, OF(replayed)},
    {"gong_engine_snapshots_total", "Snapshots of the state that were kept.",
     false, OF(snapshots.taken)},
    {"gong_engine_snapshots_failed_total", "Snapshots that were not.", false,
     OF(snapshots.failed)},
    {"gong_engine_snapshot_bytes", "Size of the last snapshot.", true,
     OF(snapshots.bytes)},
    {"gong_engine_snapshot_position", "Journal offset of the last snapshot.",
     true, OF(snapshots.position)},
    {"gong_engine_snapshot_stall_microseconds",
     "How long the last snapshot held the engine up.", true,
     OF(snapshots.stall_us)},
    {"gong_engine_position", "Journal offset that is read next.", true,
     OF(position)},
};

#define METRIC_COUNT (sizeof metrics / sizeof metrics[0])

static uint64_t
value_of(const struct gong_engine_report *report, const struct metric *metric)
{
    uint64_t value;

    memcpy(&value, (const char *)report + metric->offset, sizeof value);
    return value;
}

static void
write_latency(const struct gong_latency *latency, FILE *out)
{
    (void)fputs("# HELP " LATENCY
                " From a sample's arrival to the change of state it caused.\n"
                "# TYPE " LATENCY " histogram\n",
                out);
    gong_latency_write(latency, LATENCY, "", out);
    (void)fputs("# HELP " LATENCY "_quantile Percentiles of it since the start."
                "\n# TYPE " LATENCY "_quantile gauge\n",
                out);
    gong_latency_write_tops(latency, LATENCY, "", out);
}

void
gong_metrics_write_prometheus(const struct gong_engine_report *report,
                              FILE *out)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n",
                      metrics[i].name, metrics[i].help, metrics[i].name,
                      metrics[i].gauge ? "gauge" : "counter", metrics[i].name,
                      value_of(report, &metrics[i]));
    }
    (void)fprintf(out,
                  "# HELP gong_engine_live Whether everything kept at the "
                  "start has been applied.\n"
                  "# TYPE gong_engine_live gauge\n"
                  "gong_engine_live %d\n",
                  report->live ? 1 : 0);
    write_latency(&report->decided, out);
}

void
gong_metrics_write_lines(const struct gong_engine_report *report, FILE *out)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        (void)fprintf(out, "%s value=%" PRIu64 "\n", metrics[i].name,
                      value_of(report, &metrics[i]));
    }
    (void)fprintf(out,
                  "gong_engine_live value=%d\n" LATENCY
                  "_sum value=%.3f\n" LATENCY "_count value=%" PRIu64 "\n",
                  report->live ? 1 : 0,
                  (double)report->decided.sum_ms / MS_PER_S,
                  report->decided.count);
}
