/* Load averages, number of processors, uptime. */
#include "collector/input_system.h"

#include <stdlib.h>
#include <string.h>

#include "collector/input_plain.h"

static const struct gong_option_table table = {
    .name = "inputs.system",
    .help = "Load, number of processors, uptime.",
};

/* "0.52 0.58 0.59 1/389 12345" */
static bool
parse_loads(const char *text, double loads[3])
{
    char *end = NULL;

    for (int i = 0; i < 3; i++) {
        loads[i] = strtod(text, &end);
        if (end == text || loads[i] < 0) {
            return false;
        }
        text = end;
    }
    return true;
}

/* Processors online: the cpuN lines of /proc/stat. */
static int64_t
count_cpus(char *text)
{
    int64_t count = 0;
    const char *line;

    while ((line = gong_proc_line(&text)) != NULL) {
        count +=
            strncmp(line, "cpu", 3) == 0 && line[3] >= '0' && line[3] <= '9';
    }
    return count;
}

static enum gong_err
system_gather(void *opaque, struct gong_points *points, gong_dur_t timeout,
              char *why, size_t why_size)
{
    struct gong_input_plain *state = opaque;
    double loads[3];
    double uptime;
    int64_t cpus;
    enum gong_err err = gong_proc_read(&state->file, state->root,
                                       "proc/loadavg", why, why_size);

    (void)timeout;
    if (err == GONG_OK && !parse_loads(state->file.text, loads)) {
        (void)snprintf(why, why_size, "proc/loadavg has no three numbers");
        err = GONG_ERR_INVALID;
    }
    if (err == GONG_OK) {
        err = gong_proc_read(&state->file, state->root, "proc/uptime", why,
                             why_size);
    }
    if (err != GONG_OK) {
        return err;
    }
    uptime = strtod(state->file.text, NULL);
    err = gong_proc_read(&state->file, state->root, "proc/stat", why, why_size);
    if (err != GONG_OK) {
        return err;
    }
    cpus = count_cpus(state->file.text);
    gong_points_begin(points, "system");
    gong_points_float(points, "load1", loads[0]);
    gong_points_float(points, "load5", loads[1]);
    gong_points_float(points, "load15", loads[2]);
    gong_points_int(points, "n_cpus", cpus);
    gong_points_int(points, "uptime", (int64_t)uptime);
    gong_points_end(points);
    return GONG_OK;
}

const struct gong_input_kind gong_input_system = {
    .type = "system",
    .help = "Load averages, number of processors, uptime in seconds.",
    .options = &table,
    .open = gong_input_plain_open,
    .gather = system_gather,
    .close = gong_input_plain_close,
};
