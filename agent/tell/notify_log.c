#include "agent/tell/notify_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/tell/notify.h"
#include "agent/tell/notify_number.h"
#include "common/clock.h"
#include "common/log.h"

/* As wide as "dd/mm HH:MM:SS ". */
#define INDENT "               "

struct words {
    const char *firing;
    const char *climbed;
    const char *fell;
    const char *resolved;
    const char *unit;
    const char *device;
    const char *value;
    const char *action;
    const char *no_severity;
    const char *summary_key;
    const char *action_key;
    char decimal_point;
};

static const struct words vietnamese = {
    .firing = "đang diễn ra",
    .climbed = "đã tăng mức",
    .fell = "đã giảm mức",
    .resolved = "đã kết thúc, trước đó",
    .unit = "đơn vị",
    .device = "thiết bị",
    .value = "giá trị",
    .action = "việc cần làm",
    .no_severity = "CẢNH BÁO",
    .summary_key = "summary",
    .action_key = "action",
    .decimal_point = ',',
};

static const struct words english = {
    .firing = "firing",
    .climbed = "now worse",
    .fell = "now less severe",
    .resolved = "resolved, it was",
    .unit = "unit",
    .device = "device",
    .value = "value",
    .action = "what to do",
    .no_severity = "ALERT",
    .summary_key = "summary_en",
    .action_key = "action_en",
    .decimal_point = '.',
};

static const struct {
    const char *severity;
    const char *vietnamese;
    const char *english;
} severities[] = {
    {"critical", "KHẨN CẤP", "CRITICAL"},
    {"warning", "CHÚ Ý", "WARNING"},
    {"info", "THÔNG TIN", "INFO"},
};

/* The text being written; what does not fit is cut at the end. */
struct text {
    char *data;
    size_t len;
    size_t size;
};

static void add(struct text *text, const char *format, ...) GONG_PRINTF(2, 3);

static void
add(struct text *text, const char *format, ...)
{
    va_list arguments;
    size_t room = text->size - text->len;
    int len;

    va_start(arguments, format);
    len = vsnprintf(text->data + text->len, room, format, arguments);
    va_end(arguments);
    if (len > 0) {
        text->len += (size_t)len < room ? (size_t)len : room - 1;
    }
}

static const char *
severity_word(const json_t *effect, const struct words *words)
{
    const char *severity = gong_notify_label(effect, "severity");

    for (size_t i = 0; i < sizeof severities / sizeof severities[0]; i++) {
        if (strcmp(severity, severities[i].severity) == 0) {
            return words == &vietnamese ? severities[i].vietnamese
                                        : severities[i].english;
        }
    }
    return severity[0] == '\0' ? words->no_severity : severity;
}

static const char *
summary(const json_t *effect, const struct words *words)
{
    const char *text = gong_notify_annotation(effect, words->summary_key);

    return text[0] != '\0' ? text : gong_notify_text(effect, "alertname");
}

static void
add_place(struct text *text, const json_t *effect, const struct words *words)
{
    const char *site = gong_notify_label(effect, "site");
    const char *device = gong_notify_label(effect, "device");

    if (site[0] == '\0' && device[0] == '\0') {
        return;
    }
    add(text, " |");
    if (site[0] != '\0') {
        add(text, " %s %s", words->unit, site);
    }
    if (device[0] != '\0') {
        add(text, " %s %s", words->device, device);
    }
}

/* What a template made, numbers in the language of the words. */
static void
add_rendered(struct text *text, const json_t *effect, const struct words *words,
             const char *rendered)
{
    size_t start = text->len;

    add(text, "%s", rendered);
    if (words->decimal_point == ',') {
        gong_notify_put_commas(effect, text->data + start, text->len - start);
    }
}

static const char *
news_word(enum gong_notify_news news, const struct words *words)
{
    switch (news) {
    case GONG_NOTIFY_FIRING:
        return words->firing;
    case GONG_NOTIFY_CLIMBED:
        return words->climbed;
    case GONG_NOTIFY_FELL:
        return words->fell;
    case GONG_NOTIFY_NOTHING:
    case GONG_NOTIFY_RESOLVED:
        break;
    }
    return words->resolved;
}

static void
add_line(struct text *text, const json_t *effect, const struct words *words)
{
    const char *action = gong_notify_annotation(effect, words->action_key);
    enum gong_notify_news news = gong_notify_news(effect);
    bool over = news == GONG_NOTIFY_RESOLVED || news == GONG_NOTIFY_NOTHING;
    char number[GONG_NOTIFY_NUMBER_SIZE];

    add(text, "[%s] %s: ", severity_word(effect, words),
        news_word(news, words));
    add_rendered(text, effect, words, summary(effect, words));
    add_place(text, effect, words);
    /* Of what is over there is no value, and nothing is left to do. */
    if (over) {
        return;
    }
    gong_notify_number(effect, words->decimal_point, number);
    add(text, " | %s %s", words->value, number);
    if (action[0] != '\0') {
        add(text, " | %s: ", words->action);
        add_rendered(text, effect, words, action);
    }
}

static void
add_time(struct text *text, const json_t *effect)
{
    int64_t at_ms = json_integer_value(json_object_get(effect, "at"));
    struct tm parts = {0};
    char when[sizeof INDENT] = INDENT;

    if (gong_clock_staff(at_ms, GONG_STAFF_ZONE_MS, &parts)) {
        (void)strftime(when, sizeof when, "%d/%m %H:%M:%S ", &parts);
    }
    add(text, "%s", when);
}

/* A cut may have left a broken character before the end. */
static void
drop_broken_end(struct text *text)
{
    size_t cut = text->len;

    while (cut > 0 && ((unsigned char)text->data[cut - 1] & 0xc0) == 0x80) {
        cut--;
    }
    if (cut > 0 && (unsigned char)text->data[cut - 1] >= 0xc0) {
        text->len = cut - 1;
    }
}

/* One line into its half of the room; returns its length with the newline. */
static size_t
format_line(const json_t *effect, const struct words *words, char *out,
            size_t size)
{
    struct text text = {out, 0, size - 1};

    if (words == &vietnamese) {
        add_time(&text, effect);
    } else {
        add(&text, INDENT);
    }
    add_line(&text, effect, words);
    if (text.len == text.size - 1) {
        drop_broken_end(&text);
    }
    gong_text_clean(text.data, text.len);
    text.data[text.len++] = '\n';
    text.data[text.len] = '\0';
    return text.len;
}

size_t
gong_notify_log_format(const json_t *effect, char out[GONG_NOTIFY_LOG_SIZE])
{
    size_t half = GONG_NOTIFY_LOG_SIZE / 2;
    size_t len = format_line(effect, &vietnamese, out, half);

    return len + format_line(effect, &english, out + len, half);
}

static const struct gong_option options[] = {
    {"file", GONG_OPTION_OUTPUT, offsetof(struct gong_notify_log_config, file),
     "", 0, 0, NULL, "", "Appended to; empty: standard error."},
};

static const struct gong_option_table table = {
    .name = "notifiers.log",
    .help = "Writes two lines for people per alert, Vietnamese and English.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

static bool
has_file(const struct gong_notify_log_config *config)
{
    return config->file != NULL && config->file[0] != '\0';
}

/* Opened each time, so that the file may be moved away while we run. */
static int
open_output(const struct gong_notify_log_config *config)
{
    if (!has_file(config)) {
        return STDERR_FILENO;
    }
    return open(config->file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

static void
close_output(int fd)
{
    if (fd >= 0 && fd != STDERR_FILENO) {
        (void)close(fd);
    }
}

static void
explain(const struct gong_notify_log_config *config, int error_number,
        char *why, size_t why_size)
{
    (void)snprintf(why, why_size, "cannot write %s: %s (errno %d)",
                   has_file(config) ? config->file : "standard error",
                   gong_err_text(gong_err_from_errno(error_number)),
                   error_number);
}

/* A file that cannot be opened is told at start, not at the first alert. */
static enum gong_err
log_open(const void *config, void **state, char *why, size_t why_size)
{
    struct gong_notify_log_config *copy = calloc(1, sizeof *copy);
    int fd;

    if (copy == NULL) {
        return GONG_ERR_MEMORY;
    }
    *copy = *(const struct gong_notify_log_config *)config;
    fd = open_output(copy);
    if (fd < 0) {
        int saved_errno = errno;

        explain(copy, saved_errno, why, why_size);
        free(copy);
        return gong_err_from_errno(saved_errno);
    }
    close_output(fd);
    *state = copy;
    return GONG_OK;
}

static enum gong_notify_outcome
log_deliver(void *state, const json_t *effect, char *why, size_t why_size)
{
    const struct gong_notify_log_config *config = state;
    char text[GONG_NOTIFY_LOG_SIZE];
    size_t len = gong_notify_log_format(effect, text);
    int fd = open_output(config);
    ssize_t wrote = fd < 0 ? -1 : write(fd, text, len);
    int saved_errno = errno;

    close_output(fd);
    if (wrote == (ssize_t)len) {
        return GONG_NOTIFY_DONE;
    }
    explain(config, saved_errno, why, why_size);
    /* A disk that is full today may have room tomorrow; a standard error that
     * nobody reads will not come back. */
    return has_file(config) ? GONG_NOTIFY_RETRY : GONG_NOTIFY_REFUSE;
}

const struct gong_notify_kind gong_notify_log = {
    .type = "log",
    .options = &table,
    .config_size = sizeof(struct gong_notify_log_config),
    .open = log_open,
    .deliver = log_deliver,
    .close = free,
};
