#include "rules/tool/desk_cases.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "rules/tool/desk_case_line.h"
#include "rules/desk/desk_config_load.h"
#include "rules/tool/desk_load.h"
#include "rules/tool/desk_text.h"
#include "rules/query/instant.h"

#define MONDAY_MS INT64_C(1767546000000) /* 2026-01-05 00:00 +07:00 */

/* Messages as lines, each with its time. */
struct lines {
    char *text;
    size_t len;
    FILE *out;
};

struct run {
    const char *path;
    FILE *out;
    char *routes;
    char *model;
    size_t line;
    size_t failed;
    size_t cases;
    /* Of the file. */
    struct gong_rule_source *city;
    struct gong_desk_config *config;
    /* Of the case. */
    struct gong_desk *desk;
    char name[128];
    int64_t zero_ms;
    int64_t now_ms;
    struct lines expected;
    struct lines told;
};

static void fail(struct run *run, const char *format, ...) GONG_PRINTF(2, 3);

static void
fail(struct run *run, const char *format, ...)
{
    va_list args;

    run->failed++;
    (void)fprintf(run->out, "  %s:%zu: ", run->path, run->line);
    va_start(args, format);
    (void)vfprintf(run->out, format, args);
    va_end(args);
    (void)fputc('\n', run->out);
}

static void
put_time(FILE *out, int64_t ms)
{
    char text[GONG_DUR_TEXT_SIZE];

    gong_dur_format(gong_dur_ms(ms), text);
    (void)fprintf(out, "%s told ", text);
}

static enum gong_err
on_message(void *ctx, const struct gong_desk_message *message)
{
    struct run *run = ctx;

    put_time(run->told.out, message->at_ms - run->zero_ms);
    gong_desk_text_put(run->told.out, message);
    (void)fputc('\n', run->told.out);
    return GONG_OK;
}

static bool
open_lines(struct lines *lines)
{
    lines->out = open_memstream(&lines->text, &lines->len);
    return lines->out != NULL;
}

static void
close_lines(struct lines *lines)
{
    if (lines->out != NULL) {
        (void)fclose(lines->out);
    }
    free(lines->text);
    *lines = (struct lines){0};
}

/* Each timer at its own instant. */
static bool
run_to(struct run *run, int64_t ms)
{
    int64_t next = gong_desk_next(run->desk);
    enum gong_err err = GONG_OK;

    while (err == GONG_OK && next <= ms) {
        err = gong_desk_run(run->desk, next);
        next = gong_desk_next(run->desk);
    }
    if (err == GONG_OK) {
        err = gong_desk_run(run->desk, ms);
    }
    if (err != GONG_OK) {
        fail(run, "%s", gong_err_text(err));
    }
    run->now_ms = ms;
    return err == GONG_OK;
}

static void
put_lines(FILE *out, const char *title, const char *text)
{
    (void)fprintf(out, "    %s\n", title);
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        (void)fprintf(out, "      %.*s\n", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

static void
end_case(struct run *run)
{
    if (run->desk == NULL) {
        return;
    }
    (void)fflush(run->expected.out);
    (void)fflush(run->told.out);
    if (run->expected.len != run->told.len ||
        memcmp(run->expected.text, run->told.text, run->told.len) != 0) {
        run->failed++;
        (void)fprintf(run->out, "  %s: case %s:\n", run->path, run->name);
        put_lines(run->out, "expected", run->expected.text);
        put_lines(run->out, "got", run->told.text);
    }
    gong_desk_free(run->desk);
    run->desk = NULL;
    close_lines(&run->expected);
    close_lines(&run->told);
}

/* The routes and the model that the cases are about. */
static bool
load(struct run *run)
{
    struct gong_conf_errors errors = {0};

    if (run->config != NULL) {
        return true;
    }
    if (run->routes == NULL) {
        fail(run, "found no routes, expected a line `routes FILE` before the "
                  "first case, or --routes");
        return false;
    }
    run->city = gong_city_load(run->model, &errors);
    if (run->city != NULL) {
        run->config =
            gong_desk_config_load(run->routes, run->city->model, NULL, &errors);
    }
    if (run->config == NULL) {
        run->failed++;
        gong_conf_errors_print(&errors, run->out);
    }
    gong_conf_errors_fini(&errors);
    return run->config != NULL;
}

/* Behind the last " at ", if a digit stands there. */
static char *
find_time(char *words)
{
    char *found = NULL;

    for (char *at = strstr(words, " at "); at != NULL;
         at = strstr(at + 1, " at ")) {
        found = at[4] >= '0' && at[4] <= '9' ? at : NULL;
    }
    return found;
}

/* "WORDS [at TIME]" */
static void
begin_case(struct run *run, char *words)
{
    struct gong_desk_sink sink = {.ctx = run, .message = on_message};
    char *at = find_time(words);

    end_case(run);
    run->zero_ms = MONDAY_MS;
    if (at != NULL) {
        if (!gong_instant_read(gong_str_of(at + 4), &run->zero_ms)) {
            fail(run, "found no time behind `at`, expected one such as "
                      "2026-01-05T22:00:00+07:00");
            return;
        }
        *at = '\0';
    }
    (void)snprintf(run->name, sizeof run->name, "%s", words);
    run->now_ms = run->zero_ms;
    run->cases++;
    if (!load(run)) {
        return;
    }
    run->desk =
        gong_desk_new(run->config, run->city->model, &sink, run->zero_ms);
    if (run->desk == NULL || !open_lines(&run->expected) ||
        !open_lines(&run->told)) {
        fail(run, "out of memory");
        gong_desk_free(run->desk);
        run->desk = NULL;
    }
}

static void
take_words(struct run *run, const struct gong_desk_case *line)
{
    char why[200] = "out of memory";
    enum gong_err err = GONG_OK;

    switch (line->kind) {
    case GONG_DESK_CASE_ALERT:
        err = gong_desk_alert(run->desk, &line->alert, run->now_ms);
        break;
    case GONG_DESK_CASE_ACT:
        err = gong_desk_act(run->desk, &line->act, run->now_ms, NULL, why,
                            sizeof why);
        break;
    case GONG_DESK_CASE_TOLD:
        put_time(run->expected.out, line->at_ms - run->zero_ms);
        (void)fprintf(run->expected.out, "%s\n", line->told);
        break;
    case GONG_DESK_CASE_END:
        break;
    }
    if (err != GONG_OK) {
        fail(run, "%s", err == GONG_ERR_INVALID ? why : gong_err_text(err));
    }
}

static void
take_time(struct run *run, char *text)
{
    struct gong_desk_case line = {.zero_ms = run->zero_ms,
                                  .position = run->line};
    char why[200] = "";

    if (!gong_desk_case_read(text, &line, why, sizeof why)) {
        fail(run, "%s", why);
    } else if (line.at_ms < run->now_ms) {
        fail(run, "found a time before that of the line above, expected "
                  "rising times");
    } else if (run_to(run, line.at_ms)) {
        take_words(run, &line);
    }
}

/* The path that a line names, from the folder of the file. */
static char *
beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    size_t folder =
        slash == NULL || name[0] == '/' ? 0 : (size_t)(slash - path) + 1;
    char *joined = malloc(folder + strlen(name) + 1);

    if (joined != NULL) {
        memcpy(joined, path, folder);
        memcpy(joined + folder, name, strlen(name) + 1);
    }
    return joined;
}

static void
set_path(struct run *run, char **path, const char *name)
{
    if (run->cases > 0) {
        fail(run, "found a file behind a case, expected it before all cases");
    } else if (*path == NULL) {
        *path = beside(run->path, name);
    }
}

static void
take_line(struct run *run, char *line)
{
    char *text = line + strspn(line, " \t");
    size_t len = strlen(text);

    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL) {
        text[--len] = '\0';
    }
    if (text[0] == '\0' || text[0] == '#') {
        return;
    }
    gong_text_clean(text, len);
    if (strncmp(text, "routes ", 7) == 0) {
        set_path(run, &run->routes, text + 7);
    } else if (strncmp(text, "model ", 6) == 0) {
        set_path(run, &run->model, text + 6);
    } else if (strncmp(text, "case ", 5) == 0) {
        begin_case(run, text + 5);
    } else if (run->desk != NULL) {
        take_time(run, text);
    } else if (run->cases == 0) {
        fail(run, "found a line before the first case, expected `case NAME`");
    }
}

bool
gong_desk_path_is_cases(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL && strcmp(dot, ".desk") == 0;
}

static char *
copy_path(const char *path)
{
    return path == NULL ? NULL : gong_str_copy(gong_str_of(path));
}

bool
gong_desk_cases_run(const char *path, char *routes, char *model, FILE *out)
{
    struct run run = {.path = path,
                      .out = out,
                      .routes = copy_path(routes),
                      .model = copy_path(model)};
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;

    if (file == NULL) {
        (void)fprintf(out, "  %s: cannot be read: %s\n", path, strerror(errno));
        run.failed++;
    } else {
        while (getline(&line, &size, file) > 0) {
            run.line++;
            take_line(&run, line);
        }
        end_case(&run);
        (void)fclose(file);
        if (run.cases == 0 && run.failed == 0) {
            fail(&run, "found no case, expected `case NAME`");
        }
    }
    free(line);
    free(run.routes);
    free(run.model);
    gong_desk_config_free(run.config);
    gong_rule_source_free(run.city);
    return run.failed == 0;
}
