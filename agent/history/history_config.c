#include "agent/history/history.h"

#define AT(member) offsetof(struct gong_history_config, member)

#define DAY_MS INT64_C(86400000)

static const struct gong_option options[] = {
    {"on", GONG_OPTION_BOOL, AT(on), "true", 0, 0, NULL, "",
     "Whether the agent keeps a history of its own, in history.db in the state "
     "folder."},
    {"size", GONG_OPTION_SIZE, AT(size), "10GiB", 16777216, 1e15, NULL, "",
     "Bytes of history.db; past them the oldest raw samples go first, then the "
     "oldest roll-ups."},
    {"raw", GONG_OPTION_DURATION, AT(raw), "30d", DAY_MS, 36500 * DAY_MS, NULL,
     "", "Age at which samples go; their roll-ups stay."},
    {"five_minutes", GONG_OPTION_DURATION, AT(five_minutes), "400d", DAY_MS,
     36500 * DAY_MS, NULL, "", "Age at which roll-ups of 5 minutes go."},
    {"one_hour", GONG_OPTION_DURATION, AT(one_hour), "1825d", DAY_MS,
     36500 * DAY_MS, NULL, "", "Age at which roll-ups of 1 hour go."},
    {"commit_interval", GONG_OPTION_DURATION, AT(commit_interval), "10m", 1000,
     3600000, NULL, "",
     "How often what was heard is put into the file; until then the journal "
     "holds it."},
    {"memory", GONG_OPTION_SIZE, AT(memory), "64MiB", 1048576, 1e15, NULL, "",
     "Bytes of samples held between two commits; past them a commit comes "
     "early, and while the disk fails reading stops."},
    {"query_timeout", GONG_OPTION_DURATION, AT(query_timeout), "30s", 100,
     3600000, NULL, "", "How long a query may run."},
    {"query_samples", GONG_OPTION_INT, AT(query_samples), "50000000", 1000,
     1e15, NULL, "", "Samples that a query may read."},
    {"query_memory", GONG_OPTION_SIZE, AT(query_memory), "256MiB", 1048576,
     1e15, NULL, "", "Bytes that a query may hold."},
    {"query_series", GONG_OPTION_INT, AT(query_series), "200000", 1, INT32_MAX,
     NULL, "", "Series that a query may read."},
};

const struct gong_option_table gong_history_table = {
    .name = "history",
    .help = "The agent's own history (docs/HISTORY.md): samples, recorded "
            "series and alerts, for charts, reports and late data.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};
