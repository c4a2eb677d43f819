/*
 * CPU use in percent since the last gathering, from /proc/stat:
 *
 *   cpu  user nice system idle iowait irq softirq steal guest guest_nice
 *
 * user and nice contain guest and guest_nice (proc(5)), which are taken out so
 * that the shares add up to 100.
 */
#include "collector/input_cpu.h"

#include <stdlib.h>
#include <string.h>

#include "collector/proc_file.h"

#define SHARES       10
#define NAME_MAX_LEN 16

enum share {
    SHARE_USER,
    SHARE_NICE,
    SHARE_SYSTEM,
    SHARE_IDLE,
    SHARE_IOWAIT,
    SHARE_IRQ,
    SHARE_SOFTIRQ,
    SHARE_STEAL,
    SHARE_GUEST,
    SHARE_GUEST_NICE,
};

static const char *const share_names[SHARES] = {
    "usage_user",   "usage_nice",       "usage_system",  "usage_idle",
    "usage_iowait", "usage_irq",        "usage_softirq", "usage_steal",
    "usage_guest",  "usage_guest_nice",
};

struct config {
    bool per_cpu;
};

static const struct gong_option options[] = {
    {.name = "per_cpu",
     .type = GONG_OPTION_BOOL,
     .offset = offsetof(struct config, per_cpu),
     .default_value = "false",
     .unit = "",
     .help = "Also report each processor, not only their sum."},
};
static const struct gong_option_table table = {
    .name = "inputs.cpu",
    .help = "Use of the processors.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

struct ticks {
    char name[NAME_MAX_LEN];
    uint64_t shares[SHARES];
};

struct state {
    const struct config *config;
    const char *root;
    struct gong_proc_file file;
    struct ticks *last; /* by name */
    size_t count;
};

static enum gong_err
cpu_open(const void *config, const char *proc_root, void **out, char *why,
         size_t why_size)
{
    struct state *state = calloc(1, sizeof *state);

    (void)why;
    (void)why_size;
    if (state == NULL) {
        return GONG_ERR_MEMORY;
    }
    state->config = config;
    state->root = proc_root;
    *out = state;
    return GONG_OK;
}

static void
cpu_close(void *opaque)
{
    struct state *state = opaque;

    if (state == NULL) {
        return;
    }
    gong_proc_file_fini(&state->file);
    free(state->last);
    free(state);
}

/* False where the line is no cpu line of at least four numbers. */
static bool
parse(char *line, struct ticks *out)
{
    char *cursor = line;
    const char *name = gong_proc_word(&cursor);
    size_t found = 0;

    if (name == NULL || strncmp(name, "cpu", 3) != 0 ||
        strlen(name) >= sizeof out->name) {
        return false;
    }
    *out = (struct ticks){0};
    memcpy(out->name, name, strlen(name));
    while (found < SHARES &&
           gong_proc_number(gong_proc_word(&cursor), &out->shares[found])) {
        found++;
    }
    out->shares[SHARE_USER] -= out->shares[SHARE_GUEST];
    out->shares[SHARE_NICE] -= out->shares[SHARE_GUEST_NICE];
    return found > SHARE_IDLE;
}

/* The place for this processor; *is_new when it had none. */
static struct ticks *
find(struct state *state, const char *name, bool *is_new)
{
    struct ticks *grown;

    *is_new = false;
    for (size_t i = 0; i < state->count; i++) {
        if (strcmp(state->last[i].name, name) == 0) {
            return &state->last[i];
        }
    }
    grown = realloc(state->last, (state->count + 1) * sizeof *grown);
    if (grown == NULL) {
        return NULL;
    }
    state->last = grown;
    *is_new = true;
    return &grown[state->count++];
}

static void
report(struct gong_points *points, const struct ticks *before,
       const struct ticks *now)
{
    uint64_t deltas[SHARES];
    uint64_t total = 0;

    for (size_t i = 0; i < SHARES; i++) {
        /* iowait may step back a tick (proc(5)). */
        deltas[i] = now->shares[i] > before->shares[i]
                        ? now->shares[i] - before->shares[i]
                        : 0;
        total += deltas[i];
    }
    if (total == 0) {
        return;
    }
    gong_points_begin(points, "cpu");
    gong_points_tag(points, "cpu",
                    strcmp(now->name, "cpu") == 0 ? "cpu-total" : now->name);
    for (size_t i = 0; i < SHARES; i++) {
        gong_points_float(points, share_names[i],
                          100.0 * (double)deltas[i] / (double)total);
    }
    gong_points_end(points);
}

static enum gong_err
cpu_gather(void *opaque, struct gong_points *points, gong_dur_t timeout,
           char *why, size_t why_size)
{
    struct state *state = opaque;
    enum gong_err err =
        gong_proc_read(&state->file, state->root, "proc/stat", why, why_size);
    char *cursor = state->file.text;
    char *line;

    (void)timeout;
    while (err == GONG_OK && (line = gong_proc_line(&cursor)) != NULL) {
        struct ticks now;
        struct ticks *before;
        bool is_new;

        if (!parse(line, &now)) {
            break; /* the cpu lines come first */
        }
        if (!state->config->per_cpu && strcmp(now.name, "cpu") != 0) {
            continue;
        }
        before = find(state, now.name, &is_new);
        if (before == NULL) {
            return GONG_ERR_MEMORY;
        }
        if (!is_new) {
            report(points, before, &now);
        }
        *before = now;
    }
    return err;
}

const struct gong_input_kind gong_input_cpu = {
    .type = "cpu",
    .help = "Use of the processors, in percent since the last gathering.",
    .options = &table,
    .config_size = sizeof(struct config),
    .open = cpu_open,
    .gather = cpu_gather,
    .close = cpu_close,
};
