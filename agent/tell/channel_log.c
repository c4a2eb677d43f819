/* Lines for people, on standard error or at the end of a file. */
#include "agent/tell/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/tell/message_view.h"
#include "common/clock.h"
#include "common/log.h"

struct config {
    char *file; /* "": standard error */
};

struct log_state {
    int fd;
    bool owned;
};

static const struct gong_option options[] = {
    {"file", GONG_OPTION_OUTPUT, offsetof(struct config, file), "", 0, 0, NULL,
     "", "File to append to; empty: standard error."},
};

static const struct gong_option_table table = {
    .name = "channels.log",
    .help =
        "Writes each message as lines of text, in the time of the city model's "
        "zone.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

static enum gong_err
log_open(const void *config, void **state, char *why, size_t why_size)
{
    const struct config *mine = config;
    bool named = mine->file != NULL && mine->file[0] != '\0';
    struct log_state *log = calloc(1, sizeof *log);

    if (log == NULL) {
        return GONG_ERR_MEMORY;
    }
    log->fd = STDERR_FILENO;
    log->owned = named;
    if (named) {
        log->fd =
            open(mine->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    }
    if (log->fd < 0) {
        (void)snprintf(why, why_size, "%s: %s", mine->file, strerror(errno));
        free(log);
        return gong_err_from_errno(errno);
    }
    *state = log;
    return GONG_OK;
}

static void
log_close(void *state)
{
    struct log_state *log = state;

    if (log->owned) {
        (void)close(log->fd);
    }
    free(log);
}

static void
write_head(FILE *out, const struct gong_channel_send *send)
{
    int64_t at_ms = gong_view_int(send->message, "at");
    const json_t *zone = json_object_get(send->message, "zone");
    int64_t east =
        json_is_integer(zone) ? json_integer_value(zone) : GONG_STAFF_ZONE_MS;
    struct tm parts = {0};
    char stamp[32] = "";
    char who[512];

    if (gong_clock_staff(at_ms, east, &parts)) {
        (void)strftime(stamp, sizeof stamp, "%d/%m %H:%M:%S", &parts);
    }
    (void)snprintf(who, sizeof who, "%s %s%s%s%s",
                   gong_view_text(send->message, "receiver"),
                   gong_view_text(send->message, "unit_name"),
                   send->contact == NULL ? "" : " -> ",
                   send->contact == NULL ? "" : send->contact,
                   strcmp(gong_view_text(send->message, "kind"), "escalate") ==
                           0
                       ? " (chuyển cấp trên)"
                       : "");
    gong_text_clean(who, strlen(who));
    (void)fprintf(out, "%s %s\n", stamp, who);
}

/* The message's lines; heap. */
static char *
format(const struct gong_channel_send *send, size_t *len)
{
    const json_t *items = json_object_get(send->message, "items");
    const json_t *omitted = json_object_get(send->message, "omitted");
    int64_t firing = gong_view_int(omitted, "firing");
    int64_t resolved = gong_view_int(omitted, "resolved");
    char line[GONG_VIEW_SUMMARY_SIZE];
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (out == NULL) {
        return NULL;
    }
    write_head(out, send);
    for (size_t i = 0; i < json_array_size(items); i++) {
        (void)fprintf(out, "  %s\n",
                      gong_view_summary(json_array_get(items, i), line));
    }
    if (firing > 0 || resolved > 0) {
        (void)fprintf(out,
                      "  và %lld cảnh báo đang diễn ra, %lld đã kết thúc\n",
                      (long long)firing, (long long)resolved);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static enum gong_err
log_begin(void *state, const struct gong_channel_send *send,
          struct gong_channel_try *attempt)
{
    const struct log_state *log = state;
    size_t len = 0;
    ssize_t written;

    attempt->body = format(send, &len);
    if (attempt->body == NULL) {
        return GONG_ERR_MEMORY;
    }
    written = write(log->fd, attempt->body, len);
    attempt->outcome = GONG_CHANNEL_SENT;
    if (written != (ssize_t)len) {
        attempt->outcome = GONG_CHANNEL_RETRY;
        (void)snprintf(attempt->why, sizeof attempt->why, "%s",
                       written < 0 ? strerror(errno) : "written in part");
    }
    return GONG_OK;
}

const struct gong_channel_kind gong_channel_log = {
    .type = "log",
    .options = &table,
    .config_size = sizeof(struct config),
    .open = log_open,
    .begin = log_begin,
    .close = log_close,
};
