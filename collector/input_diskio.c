/*
 * Counters of whole disks from /proc/diskstats (Documentation/admin-guide/
 * iostats.rst of Linux): major minor name, then the columns below.
 */
#include "collector/input_diskio.h"

#include <string.h>
#include <unistd.h>

#include "collector/input_plain.h"

#define SECTOR 512 /* the unit of diskstats, whatever the disk's own is */

static const struct gong_option_table table = {
    .name = "inputs.diskio",
    .help = "Reads and writes of disks.",
};

enum column {
    READS,
    READS_MERGED,
    READ_SECTORS,
    READ_MS,
    WRITES,
    WRITES_MERGED,
    WRITE_SECTORS,
    WRITE_MS,
    IN_PROGRESS,
    IO_MS,
    COLUMNS,
};

/* Whole disks have a folder in /sys/block, partitions do not. */
static bool
is_disk(const char *root, const char *name)
{
    char relative[GONG_PROC_PATH_MAX];
    char path[GONG_PROC_PATH_MAX];
    int len = snprintf(relative, sizeof relative, "sys/block/%s", name);

    return strncmp(name, "loop", 4) != 0 && strncmp(name, "ram", 3) != 0 &&
           len > 0 && (size_t)len < sizeof relative &&
           gong_proc_path(root, relative, path) && access(path, F_OK) == 0;
}

static void
take_line(const struct gong_input_plain *state, char *line,
          struct gong_points *points)
{
    char *cursor = line;
    const char *major = gong_proc_word(&cursor);
    const char *minor = gong_proc_word(&cursor);
    const char *name = gong_proc_word(&cursor);
    uint64_t columns[COLUMNS];

    if (major == NULL || minor == NULL || name == NULL) {
        return;
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!gong_proc_number(gong_proc_word(&cursor), &columns[i])) {
            return;
        }
    }
    if (!is_disk(state->root, name)) {
        return;
    }
    gong_points_begin(points, "diskio");
    gong_points_tag(points, "name", name);
    gong_points_uint(points, "reads", columns[READS]);
    gong_points_uint(points, "writes", columns[WRITES]);
    gong_points_uint(points, "read_bytes", columns[READ_SECTORS] * SECTOR);
    gong_points_uint(points, "write_bytes", columns[WRITE_SECTORS] * SECTOR);
    gong_points_uint(points, "read_time", columns[READ_MS]);
    gong_points_uint(points, "write_time", columns[WRITE_MS]);
    gong_points_uint(points, "io_time", columns[IO_MS]);
    gong_points_uint(points, "iops_in_progress", columns[IN_PROGRESS]);
    gong_points_end(points);
}

static enum gong_err
diskio_gather(void *opaque, struct gong_points *points, gong_dur_t timeout,
              char *why, size_t why_size)
{
    struct gong_input_plain *state = opaque;
    enum gong_err err = gong_proc_read(&state->file, state->root,
                                       "proc/diskstats", why, why_size);
    char *cursor = state->file.text;
    char *line;

    (void)timeout;
    while (err == GONG_OK && (line = gong_proc_line(&cursor)) != NULL) {
        take_line(state, line, points);
    }
    return err;
}

const struct gong_input_kind gong_input_diskio = {
    .type = "diskio",
    .help = "Counters of whole disks: operations, bytes, milliseconds.",
    .options = &table,
    .open = gong_input_plain_open,
    .gather = diskio_gather,
    .close = gong_input_plain_close,
};
