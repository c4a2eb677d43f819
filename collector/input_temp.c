/*
 * Temperatures in degrees Celsius from the kernel's sensors:
 *   /sys/class/hwmon/hwmonN/{name,tempM_label,tempM_input}   millidegrees
 *   /sys/class/thermal/thermal_zoneN/{type,temp}             millidegrees
 * The thermal zones are asked only where there is no hwmon sensor: they show
 * the same hardware again.
 */
#include "collector/input_temp.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "collector/input_plain.h"

#define SENSORS_PER_CHIP 32
#define NAME_SIZE        96

static const struct gong_option_table table = {
    .name = "inputs.temp",
    .help = "Temperatures.",
};

/* The first line of root/path; false where it cannot be read or is empty. */
static bool
read_line(struct gong_input_plain *state, const char *path, char *out,
          size_t size)
{
    char why[GONG_PROC_PATH_MAX];
    char *cursor;
    const char *line;

    if (gong_proc_read(&state->file, state->root, path, why, sizeof why) !=
        GONG_OK) {
        return false;
    }
    cursor = state->file.text;
    line = gong_proc_line(&cursor);
    return line != NULL && line[0] != '\0' &&
           (size_t)snprintf(out, size, "%s", line) < size;
}

/* Sensor names become tag values: lower case, blanks to '_'. */
static void
tidy(char *name)
{
    for (; *name != '\0'; name++) {
        if (*name == ' ') {
            *name = '_';
        } else if (*name >= 'A' && *name <= 'Z') {
            *name = (char)(*name - 'A' + 'a');
        }
    }
}

static bool
report(struct gong_input_plain *state, struct gong_points *points,
       const char *path, char *sensor)
{
    char text[32];
    char *end = NULL;
    long millidegrees;

    if (!read_line(state, path, text, sizeof text)) {
        return false;
    }
    millidegrees = strtol(text, &end, 10);
    if (end == text || *end != '\0') {
        return false;
    }
    tidy(sensor);
    gong_points_begin(points, "temp");
    gong_points_tag(points, "sensor", sensor);
    gong_points_float(points, "temp", (double)millidegrees / 1000.0);
    gong_points_end(points);
    return true;
}

static size_t
gather_chip(struct gong_input_plain *state, struct gong_points *points,
            const char *chip)
{
    char path[GONG_PROC_PATH_MAX];
    char name[32];
    size_t found = 0;

    (void)snprintf(path, sizeof path, "sys/class/hwmon/%s/name", chip);
    if (!read_line(state, path, name, sizeof name)) {
        return 0;
    }
    for (int i = 1; i <= SENSORS_PER_CHIP; i++) {
        char label[48];
        char sensor[NAME_SIZE];

        (void)snprintf(path, sizeof path, "sys/class/hwmon/%s/temp%d_label",
                       chip, i);
        if (!read_line(state, path, label, sizeof label)) {
            (void)snprintf(label, sizeof label, "temp%d", i);
        }
        (void)snprintf(sensor, sizeof sensor, "%s_%s", name, label);
        (void)snprintf(path, sizeof path, "sys/class/hwmon/%s/temp%d_input",
                       chip, i);
        found += report(state, points, path, sensor);
    }
    return found;
}

static size_t
gather_zone(struct gong_input_plain *state, struct gong_points *points,
            const char *zone)
{
    char path[GONG_PROC_PATH_MAX];
    char sensor[NAME_SIZE];

    (void)snprintf(path, sizeof path, "sys/class/thermal/%s/type", zone);
    if (!read_line(state, path, sensor, sizeof sensor)) {
        return 0;
    }
    (void)snprintf(path, sizeof path, "sys/class/thermal/%s/temp", zone);
    return report(state, points, path, sensor);
}

/* Calls gather for each entry of the folder that begins with prefix. */
static size_t
each(struct gong_input_plain *state, struct gong_points *points,
     const char *folder, const char *prefix,
     size_t (*gather)(struct gong_input_plain *, struct gong_points *,
                      const char *))
{
    char path[GONG_PROC_PATH_MAX];
    DIR *dir;
    const struct dirent *entry;
    size_t found = 0;

    if (!gong_proc_path(state->root, folder, path)) {
        return 0;
    }
    dir = opendir(path);
    if (dir == NULL) {
        return 0;
    }
    /* One thread reads this stream. */
    /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
            strlen(entry->d_name) < 64) {
            found += gather(state, points, entry->d_name);
        }
    }
    (void)closedir(dir);
    return found;
}

static enum gong_err
temp_gather(void *opaque, struct gong_points *points, gong_dur_t timeout,
            char *why, size_t why_size)
{
    struct gong_input_plain *state = opaque;

    (void)timeout;
    (void)why;
    (void)why_size;
    /* A machine without sensors (a virtual one) is no error. */
    if (each(state, points, "sys/class/hwmon", "hwmon", gather_chip) == 0) {
        (void)each(state, points, "sys/class/thermal", "thermal_zone",
                   gather_zone);
    }
    return GONG_OK;
}

const struct gong_input_kind gong_input_temp = {
    .type = "temp",
    .help = "Temperatures of the machine's own sensors, degrees Celsius.",
    .options = &table,
    .open = gong_input_plain_open,
    .gather = temp_gather,
    .close = gong_input_plain_close,
};
