/* Memory and swap from /proc/meminfo, in bytes. */
#include "collector/input_mem.h"

#include <string.h>

#include "collector/input_plain.h"

static const struct gong_option_table table = {
    .name = "inputs.mem",
    .help = "Memory and swap.",
};

struct row {
    const char *key; /* in meminfo, in KiB there */
    const char *field;
};

static const struct row rows[] = {
    {"MemTotal", "total"},
    {"MemFree", "free"},
    {"MemAvailable", "available"},
    {"Buffers", "buffered"},
    {"Cached", "cached"},
    {"Shmem", "shared"},
    {"Slab", "slab"},
    {"SwapTotal", "swap_total"},
    {"SwapFree", "swap_free"},
};
#define ROWS          (sizeof rows / sizeof rows[0])
#define ROW_TOTAL     0
#define ROW_FREE      1
#define ROW_AVAILABLE 2
#define ROW_BUFFERED  3
#define ROW_CACHED    4

struct values {
    uint64_t bytes[ROWS];
    bool found[ROWS];
};

static void
take_line(char *line, struct values *values)
{
    char *cursor = line;
    const char *key = gong_proc_word(&cursor);
    uint64_t kib;

    if (key == NULL || !gong_proc_number(gong_proc_word(&cursor), &kib)) {
        return;
    }
    for (size_t i = 0; i < ROWS; i++) {
        size_t len = strlen(rows[i].key);

        if (strncmp(key, rows[i].key, len) == 0 && key[len] == ':' &&
            key[len + 1] == '\0') {
            values->bytes[i] = kib * 1024;
            values->found[i] = true;
        }
    }
}

static void
report(struct gong_points *points, const struct values *values)
{
    uint64_t total = values->bytes[ROW_TOTAL];
    uint64_t kept = values->bytes[ROW_FREE] + values->bytes[ROW_BUFFERED] +
                    values->bytes[ROW_CACHED];
    uint64_t used = total > kept ? total - kept : 0;

    gong_points_begin(points, "mem");
    for (size_t i = 0; i < ROWS; i++) {
        if (values->found[i]) {
            gong_points_uint(points, rows[i].field, values->bytes[i]);
        }
    }
    gong_points_uint(points, "used", used);
    gong_points_float(points, "used_percent",
                      100.0 * (double)used / (double)total);
    if (values->found[ROW_AVAILABLE]) {
        gong_points_float(points, "available_percent",
                          100.0 * (double)values->bytes[ROW_AVAILABLE] /
                              (double)total);
    }
    gong_points_end(points);
}

static enum gong_err
mem_gather(void *opaque, struct gong_points *points, gong_dur_t timeout,
           char *why, size_t why_size)
{
    struct gong_input_plain *state = opaque;
    struct values values = {0};
    enum gong_err err = gong_proc_read(&state->file, state->root,
                                       "proc/meminfo", why, why_size);
    char *cursor = state->file.text;
    char *line;

    (void)timeout;
    while (err == GONG_OK && (line = gong_proc_line(&cursor)) != NULL) {
        take_line(line, &values);
    }
    if (err == GONG_OK && values.bytes[ROW_TOTAL] == 0) {
        (void)snprintf(why, why_size, "proc/meminfo has no MemTotal");
        err = GONG_ERR_INVALID;
    }
    if (err == GONG_OK) {
        report(points, &values);
    }
    return err;
}

const struct gong_input_kind gong_input_mem = {
    .type = "mem",
    .help = "Memory and swap.",
    .options = &table,
    .open = gong_input_plain_open,
    .gather = mem_gather,
    .close = gong_input_plain_close,
};
