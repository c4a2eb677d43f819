/* Lines for people, Vietnamese and English, on standard error or at the end of
 * a file. */
#include "agent/tell/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/tell/message_view.h"
#include "agent/tell/number_text.h"
#include "common/clock.h"
#include "common/log.h"

struct config {
    char *file; /* "": standard error */
};

static const struct gong_option options[] = {
    {"file", GONG_OPTION_OUTPUT, offsetof(struct config, file), "", 0, 0, NULL,
     "", "File to append to; empty: standard error."},
};

static const struct gong_option_table table = {
    .name = "channels.log",
    .help = "Writes two lines for people per alert, Vietnamese and English, in "
            "the time of the city model's zone.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

static bool
is_named(const struct config *config)
{
    return config->file != NULL && config->file[0] != '\0';
}

/* Opened each time, so that the file may be moved away while we run. */
static int
open_output(const struct config *config)
{
    return is_named(config)
               ? open(config->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
                      0640)
               : STDERR_FILENO;
}

static void
close_output(int fd)
{
    if (fd >= 0 && fd != STDERR_FILENO) {
        (void)close(fd);
    }
}

/* A file that cannot be opened is told at start, not at the first message. */
static enum gong_err
log_open(const void *config, void **state, char *why, size_t why_size)
{
    const struct config *mine = config;
    int fd = open_output(mine);
    int saved_errno = errno;

    if (fd < 0) {
        (void)snprintf(why, why_size, "%s: %s", mine->file,
                       strerror(saved_errno));
        return gong_err_from_errno(saved_errno);
    }
    close_output(fd);
    *state = (void *)(uintptr_t)config;
    return GONG_OK;
}

static void
log_close(void *state)
{
    (void)state; /* the caller's */
}

static void
write_head(FILE *out, const struct gong_channel_send *send)
{
    int64_t at_ms = gong_view_int(send->message, "at");
    const json_t *zone = json_object_get(send->message, "zone");
    int64_t east =
        json_is_integer(zone) ? json_integer_value(zone) : GONG_STAFF_ZONE_MS;
    struct tm parts = {0};
    const char *unit = gong_view_text(send->message, "unit_name");
    char stamp[32] = "";
    char who[512];

    if (gong_clock_staff(at_ms, east, &parts)) {
        (void)strftime(stamp, sizeof stamp, "%d/%m %H:%M:%S", &parts);
    }
    (void)snprintf(
        who, sizeof who, "%s%s%s%s%s%s",
        gong_view_text(send->message, "receiver"), unit[0] == '\0' ? "" : " ",
        unit, send->contact == NULL ? "" : " -> ",
        send->contact == NULL ? "" : send->contact,
        strcmp(gong_view_text(send->message, "kind"), "escalate") == 0
            ? " (chuyển cấp trên)"
            : "");
    gong_text_clean(who, strlen(who));
    (void)fprintf(out, "%s %s\n", stamp, who);
}

/* Where it is and how much, in one language; of what is over no value. */
static void
write_place(FILE *out, const json_t *item, enum gong_message_language language)
{
    static const char *const words[][2] = {
        {"đơn vị", "unit"}, {"thiết bị", "device"}, {"giá trị", "value"}};
    char number[GONG_NUMBER_TEXT_SIZE];
    const char *values[] = {gong_view_label(item, "site"),
                            gong_view_label(item, "device"), number};

    gong_number_short(strtod(gong_view_text(item, "value"), NULL),
                      language == GONG_MESSAGE_ENGLISH ? '.' : ',', number);
    number[gong_view_over(item) ? 0 : strlen(number)] = '\0';
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[512];

        if (values[i][0] != '\0') {
            (void)snprintf(text, sizeof text, "%s", values[i]);
            gong_text_clean(text, strlen(text));
            (void)fprintf(out, " | %s %s", words[i][language], text);
        }
    }
}

static void
write_item(FILE *out, const json_t *item)
{
    static const struct {
        enum gong_message_language language;
        const char *indent;
    } lines[] = {{GONG_MESSAGE_VIETNAMESE, "  "},
                 {GONG_MESSAGE_ENGLISH, "    "}};

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[GONG_VIEW_SUMMARY_SIZE];

        (void)fprintf(out, "%s%s", lines[i].indent,
                      gong_view_summary(item, lines[i].language, text));
        write_place(out, item, lines[i].language);
        (void)fputc('\n', out);
    }
}

/* The message's lines; heap. */
static char *
format(const struct gong_channel_send *send, size_t *len)
{
    const json_t *items = json_object_get(send->message, "items");
    const json_t *omitted = json_object_get(send->message, "omitted");
    int64_t firing = gong_view_int(omitted, "firing");
    int64_t resolved = gong_view_int(omitted, "resolved");
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (out == NULL) {
        return NULL;
    }
    write_head(out, send);
    for (size_t i = 0; i < json_array_size(items); i++) {
        write_item(out, json_array_get(items, i));
    }
    if (firing > 0 || resolved > 0) {
        (void)fprintf(out,
                      "  và %lld cảnh báo đang diễn ra, %lld đã kết thúc\n"
                      "    and %lld more firing, %lld resolved\n",
                      (long long)firing, (long long)resolved, (long long)firing,
                      (long long)resolved);
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
    size_t len = 0;
    ssize_t written;
    int saved_errno;
    int fd;

    attempt->body = format(send, &len);
    if (attempt->body == NULL) {
        return GONG_ERR_MEMORY;
    }
    fd = open_output(state);
    written = fd < 0 ? -1 : write(fd, attempt->body, len);
    saved_errno = errno;
    close_output(fd);
    attempt->outcome = GONG_CHANNEL_SENT;
    if (written != (ssize_t)len) {
        attempt->outcome = GONG_CHANNEL_RETRY;
        (void)snprintf(attempt->why, sizeof attempt->why, "%s",
                       written < 0 ? strerror(saved_errno) : "written in part");
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
