/* Processes by state, from /proc/PID/stat (proc(5)). */
#include "collector/input_processes.h"

#include <dirent.h>
#include <string.h>

#include "collector/input_plain.h"

static const struct gong_option_table table = {
    .name = "inputs.processes",
    .help = "Processes by state.",
};

/* Letters of proc(5) and the field each counts in. */
static const struct {
    const char *letters;
    const char *field;
} states[] = {
    {"R", "running"}, {"S", "sleeping"}, {"D", "blocked"},
    {"Z", "zombies"}, {"Tt", "stopped"}, {"I", "idle"},
};
#define STATES (sizeof states / sizeof states[0])

struct totals {
    int64_t by_state[STATES];
    int64_t unknown;
    int64_t total;
    uint64_t threads;
};

/*
 * "123 (name) S ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt
 * utime stime cutime cstime priority nice num_threads ..." The name may hold
 * blanks and parentheses: the last ')' ends it.
 */
static void
count(char *text, struct totals *totals)
{
    char *cursor = strrchr(text, ')');
    const char *state;
    uint64_t threads = 0;
    size_t i = 0;

    if (cursor == NULL || *++cursor == '\0') {
        return;
    }
    state = gong_proc_word(&cursor);
    if (state == NULL) {
        return;
    }
    while (i < STATES && strchr(states[i].letters, state[0]) == NULL) {
        i++;
    }
    *(i < STATES ? &totals->by_state[i] : &totals->unknown) += 1;
    totals->total++;
    for (int skip = 0; skip < 16; skip++) {
        (void)gong_proc_word(&cursor);
    }
    if (gong_proc_number(gong_proc_word(&cursor), &threads)) {
        totals->threads += threads;
    }
}

static void
report(struct gong_points *points, const struct totals *totals)
{
    gong_points_begin(points, "processes");
    for (size_t i = 0; i < STATES; i++) {
        gong_points_int(points, states[i].field, totals->by_state[i]);
    }
    gong_points_int(points, "unknown", totals->unknown);
    gong_points_int(points, "total", totals->total);
    gong_points_uint(points, "total_threads", totals->threads);
    gong_points_end(points);
}

static enum gong_err
processes_gather(void *opaque, struct gong_points *points, gong_dur_t timeout,
                 char *why, size_t why_size)
{
    struct gong_input_plain *state = opaque;
    struct totals totals = {0};
    char path[GONG_PROC_PATH_MAX];
    DIR *dir = NULL;
    const struct dirent *entry;

    (void)timeout;
    if (gong_proc_path(state->root, "proc", path)) {
        dir = opendir(path);
    }
    if (dir == NULL) {
        (void)snprintf(why, why_size, "proc cannot be listed");
        return GONG_ERR_IO;
    }
    /* One thread reads this stream. */
    /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
            strlen(entry->d_name) > 20) {
            continue;
        }
        (void)snprintf(path, sizeof path, "proc/%s/stat", entry->d_name);
        /* A process that has just ended is no error. */
        if (gong_proc_read(&state->file, state->root, path, why, why_size) ==
            GONG_OK) {
            count(state->file.text, &totals);
        }
    }
    (void)closedir(dir);
    report(points, &totals);
    return GONG_OK;
}

const struct gong_input_kind gong_input_processes = {
    .type = "processes",
    .help = "Processes by state, and threads.",
    .options = &table,
    .open = gong_input_plain_open,
    .gather = processes_gather,
    .close = gong_input_plain_close,
};
