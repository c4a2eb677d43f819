#include "agent/store/dead_letter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/fd_bytes.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/lp_encode.h"

#define FLUSH_BYTES  65536
#define COMMENT_SIZE 1024

struct gong_dead_letter {
    char *path;
    char *old_path;
    uint64_t max_bytes;
    gong_counter_t *lost;
    struct gong_buffer waiting;
    size_t waiting_lines;
    bool failing;
};

struct gong_dead_letter *
gong_dead_letter_new(const char *path, uint64_t max_bytes, gong_counter_t *lost)
{
    struct gong_dead_letter *letter = calloc(1, sizeof *letter);
    size_t len = strlen(path);

    if (letter == NULL) {
        return NULL;
    }
    letter->max_bytes = max_bytes;
    letter->lost = lost;
    letter->path = malloc(len + 1);
    letter->old_path = malloc(len + sizeof ".1");
    if (letter->path == NULL || letter->old_path == NULL) {
        gong_dead_letter_free(letter);
        return NULL;
    }
    memcpy(letter->path, path, len + 1);
    (void)snprintf(letter->old_path, len + sizeof ".1", "%s.1", path);
    return letter;
}

void
gong_dead_letter_free(struct gong_dead_letter *letter)
{
    if (letter == NULL) {
        return;
    }
    if (letter->path != NULL && letter->old_path != NULL) {
        gong_dead_letter_flush(letter);
    }
    gong_buffer_fini(&letter->waiting);
    free(letter->path);
    free(letter->old_path);
    free(letter);
}

static size_t
format_comment(const char *comment, char out[COMMENT_SIZE])
{
    int64_t now_ms = gong_floor_ms(gong_wall_now().ns);
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm parts = {0};
    char when[32] = "";
    int len;

    if (gmtime_r(&seconds, &parts) != NULL) {
        (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
    }
    len = snprintf(out, COMMENT_SIZE, "# %s %s", when, comment);
    if (len < 0) {
        return 0;
    }
    return (size_t)len < COMMENT_SIZE ? (size_t)len : COMMENT_SIZE - 1;
}

/* Adds text with control characters (all but the newlines between lines)
 * replaced, and a newline at the end. */
static enum gong_err
append_clean(struct gong_buffer *buffer, struct gong_str text)
{
    size_t start = buffer->len;
    enum gong_err err = gong_buffer_append(buffer, text.data, text.len);
    char *from;
    char *end;

    if (err != GONG_OK) {
        return err;
    }
    from = buffer->data + start;
    end = buffer->data + buffer->len;
    while (from < end) {
        char *newline = memchr(from, '\n', (size_t)(end - from));
        char *stop = newline == NULL ? end : newline;

        gong_text_clean(from, (size_t)(stop - from));
        from = stop + 1;
    }
    if (text.len > 0 && text.data[text.len - 1] == '\n') {
        return GONG_OK;
    }
    return gong_buffer_append(buffer, "\n", 1);
}

void
gong_dead_letter_add(struct gong_dead_letter *letter, const char *comment,
                     struct gong_str lines, size_t count)
{
    char head[COMMENT_SIZE];
    size_t head_len = format_comment(comment, head);
    size_t before = letter->waiting.len;

    /* A cut in the middle of a line is better than no bound. */
    if (lines.len > GONG_DEAD_LETTER_LINES_MAX) {
        lines.len = GONG_DEAD_LETTER_LINES_MAX;
    }
    if (append_clean(&letter->waiting, gong_str_from(head, head_len)) !=
            GONG_OK ||
        append_clean(&letter->waiting, lines) != GONG_OK) {
        letter->waiting.len = before;
        gong_counter_increase(letter->lost, count);
        return;
    }
    letter->waiting_lines += count;
    if (letter->waiting.len >= FLUSH_BYTES) {
        gong_dead_letter_flush(letter);
    }
}

/* Makes room first, so that a file exceeds the bound only if one flush does. */
static void
rotate(struct gong_dead_letter *letter)
{
    struct stat status;

    if (stat(letter->path, &status) == 0 && status.st_size > 0 &&
        (uint64_t)status.st_size + letter->waiting.len > letter->max_bytes) {
        (void)rename(letter->path, letter->old_path);
    }
}

static bool
write_file(struct gong_dead_letter *letter)
{
    int fd;
    bool done;

    rotate(letter);
    fd = open(letter->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    done = gong_fd_write_all(fd, letter->waiting.data, letter->waiting.len) ==
               GONG_OK &&
           fdatasync(fd) == 0;
    return close(fd) == 0 && done;
}

void
gong_dead_letter_flush(struct gong_dead_letter *letter)
{
    char path[GONG_LOG_LINE / 2];
    bool done;

    if (letter->waiting.len == 0) {
        return;
    }
    done = write_file(letter);
    if (!done) {
        gong_counter_increase(letter->lost, letter->waiting_lines);
    }
    if (!done && !letter->failing) {
        (void)gong_log_quote(gong_str_of(letter->path), path, sizeof path);
        gong_log(GONG_LOG_ERROR, "dead_letter_failed",
                 "file=%s error=%d lines_dropped=%zu", path, errno,
                 letter->waiting_lines);
    } else if (done && letter->failing) {
        (void)gong_log_quote(gong_str_of(letter->path), path, sizeof path);
        gong_log(GONG_LOG_INFO, "dead_letter_back", "file=%s", path);
    }
    letter->failing = !done;
    letter->waiting.len = 0;
    letter->waiting_lines = 0;
}
