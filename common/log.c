#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

static const char *program_name = "gong";
static enum gong_log_level lowest = GONG_LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void
gong_log_init(const char *program, enum gong_log_level level)
{
    program_name = program;
    lowest = level;
}

/* U+2028..U+202E are E2 80 A8 .. AE: line ends and turns of direction.
 * U+2066..U+2069 are E2 81 A6 .. A9: turns of direction. */
static bool
turns_or_ends(const unsigned char *text)
{
    return (text[1] == 0x80 && text[2] >= 0xa8 && text[2] <= 0xae) ||
           (text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9);
}

/* Bytes of the control character at the start of text, 0 if there is none. */
static size_t
control_length(const unsigned char *text, size_t left)
{
    if (text[0] < 0x20 || text[0] == 0x7f) {
        return 1;
    }
    /* U+0080..U+009F are C2 80 .. C2 9F. */
    if (text[0] == 0xc2 && left > 1 && text[1] >= 0x80 && text[1] <= 0x9f) {
        return 2;
    }
    return text[0] == 0xe2 && left > 2 && turns_or_ends(text) ? 3 : 0;
}

void
gong_text_clean(char *text, size_t len)
{
    size_t i = 0;

    while (i < len) {
        size_t bad = control_length((const unsigned char *)text + i, len - i);

        memset(text + i, '?', bad);
        i += bad > 0 ? bad : 1;
    }
}

const char *
gong_log_quote(struct gong_str text, char *out, size_t size)
{
    size_t used = 0;
    size_t cut;

    if (size < 3) {
        if (size > 0) {
            out[0] = '\0';
        }
        return out;
    }
    out[used++] = '"';
    for (size_t i = 0; i < text.len && used + 4 <= size; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\') {
            out[used++] = '\\';
        }
        out[used++] = text.data[i];
    }
    /* A cut inside a UTF-8 sequence would leave a broken character. */
    cut = used;
    while (cut > 1 && ((unsigned char)out[cut - 1] & 0xc0) == 0x80) {
        cut--;
    }
    if (cut > 1 && (unsigned char)out[cut - 1] >= 0xc0) {
        unsigned char lead = (unsigned char)out[cut - 1];
        size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

        used = used - (cut - 1) < need ? cut - 1 : used;
    }
    gong_text_clean(out + 1, used - 1);
    out[used++] = '"';
    out[used] = '\0';
    return out;
}

void
gong_log(enum gong_log_level level, const char *event, const char *format, ...)
{
    char line[GONG_LOG_LINE];
    int saved_errno = errno;
    int64_t now_ms;
    size_t used;
    int wrote;
    va_list arguments;

    if (level < lowest) {
        return;
    }
    now_ms = gong_floor_ms(gong_wall_now().ns);
    wrote = snprintf(line, sizeof line,
                     "ts=%lld.%03lld level=%s program=%s event=%s",
                     (long long)(now_ms / 1000), (long long)(now_ms % 1000),
                     level_names[level], program_name, event);
    used = wrote < 0 ? 0 : (size_t)wrote;
    if (format[0] != '\0' && used + 2 < sizeof line) {
        line[used++] = ' ';
        va_start(arguments, format);
        wrote = vsnprintf(line + used, sizeof line - used, format, arguments);
        va_end(arguments);
        used += wrote < 0 ? 0 : (size_t)wrote;
    }
    if (used > sizeof line - 1) {
        used = sizeof line - 1;
    }
    gong_text_clean(line, used);
    line[used++] = '\n';
    /* A log that cannot be written must not stop the program. */
    if (write(STDERR_FILENO, line, used) < 0) {
        errno = saved_errno;
    }
    errno = saved_errno;
}
