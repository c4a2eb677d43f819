/*
 * Counters of network interfaces from /proc/net/dev:
 *
 *   face: bytes packets errs drop fifo frame compressed multicast | the same
 *         sent (8 columns received, then 8 sent)
 */
#include "collector/input_net.h"

#include <string.h>

#include "collector/input_plain.h"

#define COLUMNS 16

struct config {
    bool loopback;
};

static const struct gong_option options[] = {
    {.name = "loopback",
     .type = GONG_OPTION_BOOL,
     .offset = offsetof(struct config, loopback),
     .default_value = "false",
     .unit = "",
     .help = "Also report the interface lo."},
};
static const struct gong_option_table table = {
    .name = "inputs.net",
    .help = "Traffic of network interfaces.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

static const struct {
    const char *field;
    size_t column;
} fields[] = {
    {"bytes_recv", 0}, {"packets_recv", 1}, {"err_in", 2},   {"drop_in", 3},
    {"bytes_sent", 8}, {"packets_sent", 9}, {"err_out", 10}, {"drop_out", 11},
};

static void
take_line(const struct config *config, char *line, struct gong_points *points)
{
    char *colon = strrchr(line, ':');
    char *cursor;
    const char *name;
    uint64_t columns[COLUMNS];

    if (colon == NULL) {
        return; /* one of the two title lines */
    }
    *colon = '\0';
    cursor = line;
    name = gong_proc_word(&cursor);
    cursor = colon + 1;
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!gong_proc_number(gong_proc_word(&cursor), &columns[i])) {
            return;
        }
    }
    if (name == NULL || (!config->loopback && strcmp(name, "lo") == 0)) {
        return;
    }
    gong_points_begin(points, "net");
    gong_points_tag(points, "interface", name);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        gong_points_uint(points, fields[i].field, columns[fields[i].column]);
    }
    gong_points_end(points);
}

static enum gong_err
net_gather(void *opaque, struct gong_points *points, gong_dur_t timeout,
           char *why, size_t why_size)
{
    struct gong_input_plain *state = opaque;
    enum gong_err err = gong_proc_read(&state->file, state->root,
                                       "proc/net/dev", why, why_size);
    char *cursor = state->file.text;
    char *line;

    (void)timeout;
    while (err == GONG_OK && (line = gong_proc_line(&cursor)) != NULL) {
        take_line(state->config, line, points);
    }
    return err;
}

const struct gong_input_kind gong_input_net = {
    .type = "net",
    .help = "Counters of network interfaces.",
    .options = &table,
    .config_size = sizeof(struct config),
    .open = gong_input_plain_open,
    .gather = net_gather,
    .close = gong_input_plain_close,
};
