/*
 * Runs a program that writes line protocol. The program is started directly,
 * never through a shell, so nothing in its arguments is interpreted.
 */
#include "collector/input_exec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/child.h"
#include "collector/lines.h"
#include "collector/stats.h"
#include "common/log.h"

#define OUTPUT_MAX ((size_t)1 << 20)
#define QUOTE_SIZE 128

struct config {
    struct gong_strings command;
};

static const struct gong_option options[] = {
    {.name = "command",
     .type = GONG_OPTION_COMMAND,
     .offset = offsetof(struct config, command),
     .unit = "",
     .help = "The program's absolute path, then its arguments; no shell."},
};
static const struct gong_option_table table = {
    .name = "inputs.exec",
    .help = "A program that writes line protocol.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

struct state {
    char **argv; /* NULL-terminated; the texts are the config's */
    struct gong_lp_reader *reader;
    struct gong_buffer output;
};

static void
exec_close(void *opaque)
{
    struct state *state = opaque;

    if (state == NULL) {
        return;
    }
    gong_lp_reader_free(state->reader);
    gong_buffer_fini(&state->output);
    free(state->argv);
    free(state);
}

static enum gong_err
exec_open(const void *config, const char *proc_root, void **out, char *why,
          size_t why_size)
{
    const struct gong_strings *command =
        &((const struct config *)config)->command;
    struct state *state;

    (void)proc_root;
    if (command->count == 0 || command->items[0][0] != '/') {
        (void)snprintf(why, why_size,
                       "found command %s, expected a program's absolute path",
                       command->count == 0 ? "[]" : command->items[0]);
        return GONG_ERR_INVALID;
    }
    state = calloc(1, sizeof *state);
    if (state == NULL) {
        return GONG_ERR_MEMORY;
    }
    state->argv = calloc(command->count + 1, sizeof *state->argv);
    state->reader = gong_lp_reader_new(false);
    if (state->argv == NULL || state->reader == NULL) {
        exec_close(state);
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < command->count; i++) {
        state->argv[i] = command->items[i];
    }
    *out = state;
    return GONG_OK;
}

/* GONG_OK only when it ended with 0. */
static enum gong_err
judge_end(const struct state *state, enum gong_err err,
          const struct gong_child_end *end, char *why, size_t why_size)
{
    char quoted[QUOTE_SIZE];

    if (err == GONG_ERR_TIMEOUT) {
        (void)snprintf(why, why_size, "%s did not end in time and was killed",
                       state->argv[0]);
    } else if (err == GONG_ERR_TOO_LARGE) {
        (void)snprintf(why, why_size, "%s wrote more than %zu bytes",
                       state->argv[0], OUTPUT_MAX);
    } else if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s cannot be run: %s", state->argv[0],
                       gong_err_text(err));
    } else if (end->exit_code != 0) {
        size_t len = strcspn(end->complaint, "\r\n");

        (void)snprintf(why, why_size, "%s ended with %s %d: %s", state->argv[0],
                       end->signal != 0 ? "signal" : "code",
                       end->signal != 0 ? end->signal : end->exit_code,
                       gong_log_quote(gong_str_from(end->complaint, len),
                                      quoted, sizeof quoted));
        err = GONG_ERR_INVALID;
    }
    return err;
}

static enum gong_err
exec_gather(void *opaque, struct gong_points *points, gong_dur_t timeout,
            char *why, size_t why_size)
{
    struct state *state = opaque;
    struct gong_lines_count count = {0};
    struct gong_child_end end;
    enum gong_err err =
        gong_child_run(state->argv, timeout, &state->output, OUTPUT_MAX, &end);

    err = judge_end(state, err, &end, why, why_size);
    if (err != GONG_OK) {
        return err;
    }
    err = gong_lines_add(state->reader,
                         gong_str_from(state->output.data, state->output.len),
                         points, &count);
    gong_counter_increase(&gong_stats()->points_refused, count.refused);
    if (err == GONG_OK && count.refused > 0) {
        (void)snprintf(why, why_size,
                       "%s: %" PRIu64 " of %" PRIu64
                       " lines refused, the first: %s",
                       state->argv[0], count.refused,
                       count.refused + count.taken, count.first);
        err = GONG_ERR_INVALID;
    }
    return err;
}

const struct gong_input_kind gong_input_exec = {
    .type = "exec",
    .help = "A program that writes line protocol to its standard output.",
    .options = &table,
    .config_size = sizeof(struct config),
    .slow = true,
    .open = exec_open,
    .gather = exec_gather,
    .close = exec_close,
};
