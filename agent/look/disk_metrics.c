#include "agent/look/disk_metrics.h"

#include <stdbool.h>
#include <sys/statvfs.h>

struct gauge {
    const char *name;
    const char *help;
    double value;
};

#define GAUGES_MAX 16

struct gauges {
    struct gauge items[GAUGES_MAX];
    size_t count;
};

static void
add(struct gauges *gauges, const char *name, const char *help, double value)
{
    if (gauges->count < GAUGES_MAX) {
        gauges->items[gauges->count++] = (struct gauge){name, help, value};
    }
}

static void
add_journal(struct gauges *gauges, struct gong_journal *journal)
{
    struct gong_journal_health health;
    struct gong_spool_stats stats;

    gong_journal_health(journal, &health);
    gong_spool_stats(gong_journal_spool(journal), &stats);
    add(gauges, "gong_agent_journal_writable",
        "Whether the journal's disk took the last record and sync.",
        health.append_ok && health.sync_ok ? 1 : 0);
    add(gauges, "gong_agent_journal_memory_bytes",
        "Records held in memory because the disk fails, bytes.",
        (double)stats.memory_bytes);
    add(gauges, "gong_agent_journal_memory_lost_records",
        "Records that memory had no room for, since start.",
        (double)stats.memory_lost_records);
    add(gauges, "gong_agent_journal_set_aside_bytes",
        "Damaged bytes of the journal that were passed over, since start.",
        (double)stats.set_aside_bytes);
    add(gauges, "gong_agent_journal_unread_bytes",
        "Journal bytes that the slowest store, or the history, has not taken.",
        (double)stats.unread_bytes);
    add(gauges, "gong_agent_journal_unread_ratio",
        "The same as a share of the journal's bound.",
        (double)stats.unread_bytes / (double)stats.bytes_max);
}

static void
add_effects(struct gauges *gauges, struct gong_effects *effects)
{
    struct gong_spool_stats stats;

    gong_spool_stats(gong_effects_spool(effects), &stats);
    add(gauges, "gong_agent_effects_writable",
        "Whether the effects log's disk took the last record and sync.",
        stats.append_state == GONG_OK && stats.sync_state == GONG_OK ? 1 : 0);
    add(gauges, "gong_agent_effects_memory_bytes",
        "Alert transitions held in memory because the disk fails, bytes.",
        (double)stats.memory_bytes);
}

/* A file system that does not answer says nothing. */
static void
add_disk(struct gauges *gauges, const char *dir)
{
    struct statvfs fs;

    if (statvfs(dir, &fs) != 0) {
        return;
    }
    add(gauges, "gong_agent_disk_free_bytes",
        "Free bytes of the file system that holds the state folder.",
        (double)fs.f_bavail * (double)fs.f_frsize);
    if (fs.f_blocks > 0) {
        add(gauges, "gong_agent_disk_free_ratio",
            "The same as a share of its size.",
            (double)fs.f_bavail / (double)fs.f_blocks);
    }
    add(gauges, "gong_agent_disk_read_only",
        "Whether that file system is mounted read-only.",
        (fs.f_flag & ST_RDONLY) != 0 ? 1 : 0);
}

static struct gauges
measure(const struct gong_disk_source *source)
{
    struct gauges gauges = {.count = 0};

    add_journal(&gauges, source->journal);
    if (source->effects != NULL) {
        add_effects(&gauges, source->effects);
    }
    if (source->state_dir != NULL) {
        add_disk(&gauges, source->state_dir);
    }
    return gauges;
}

void
gong_disk_metrics_write_prometheus(const struct gong_disk_source *source,
                                   FILE *out)
{
    struct gauges gauges = measure(source);

    for (size_t i = 0; i < gauges.count; i++) {
        const struct gauge *gauge = &gauges.items[i];

        (void)fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %.15g\n",
                      gauge->name, gauge->help, gauge->name, gauge->name,
                      gauge->value);
    }
}

void
gong_disk_metrics_write_lines(const struct gong_disk_source *source, FILE *out)
{
    struct gauges gauges = measure(source);

    for (size_t i = 0; i < gauges.count; i++) {
        (void)fprintf(out, "%s value=%.15g\n", gauges.items[i].name,
                      gauges.items[i].value);
    }
}
