#include "collector/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX   (4u << 20)
#define FIRST_SIZE 4096u

void
gong_proc_file_fini(struct gong_proc_file *file)
{
    free(file->text);
    *file = (struct gong_proc_file){0};
}

bool
gong_proc_path(const char *root, const char *path, char out[GONG_PROC_PATH_MAX])
{
    size_t root_len = strlen(root);
    bool slash = root_len > 0 && root[root_len - 1] == '/';
    int len = snprintf(out, GONG_PROC_PATH_MAX, "%s%s%s", root,
                       slash ? "" : "/", path);

    return len > 0 && len < GONG_PROC_PATH_MAX;
}

/* Room for at least one more byte and the NUL. */
static enum gong_err
make_room(struct gong_proc_file *file)
{
    size_t capacity = file->capacity == 0 ? FIRST_SIZE : file->capacity * 2;
    char *text;

    if (file->len + 1 < file->capacity) {
        return GONG_OK;
    }
    if (capacity > FILE_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    text = realloc(file->text, capacity);
    if (text == NULL) {
        return GONG_ERR_MEMORY;
    }
    file->text = text;
    file->capacity = capacity;
    return GONG_OK;
}

static enum gong_err
read_all(struct gong_proc_file *file, int fd)
{
    for (;;) {
        enum gong_err err = make_room(file);
        ssize_t got;

        if (err != GONG_OK) {
            return err;
        }
        got = read(fd, file->text + file->len, file->capacity - file->len - 1);
        if (got == 0) {
            file->text[file->len] = '\0';
            return GONG_OK;
        }
        if (got < 0 && errno != EINTR) {
            return gong_err_from_errno(errno);
        }
        file->len += got > 0 ? (size_t)got : 0;
    }
}

enum gong_err
gong_proc_read(struct gong_proc_file *file, const char *root, const char *path,
               char *why, size_t why_size)
{
    char full[GONG_PROC_PATH_MAX];
    enum gong_err err = GONG_ERR_TOO_LARGE;
    int fd = -1;

    file->len = 0;
    if (gong_proc_path(root, path, full)) {
        fd = open(full, O_RDONLY | O_CLOEXEC);
        err = fd < 0 ? gong_err_from_errno(errno) : read_all(file, fd);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s: %s", path, gong_err_text(err));
    }
    return err;
}

char *
gong_proc_line(char **cursor)
{
    char *line = *cursor;
    char *end;

    if (*line == '\0') {
        return NULL;
    }
    end = strchr(line, '\n');
    if (end == NULL) {
        *cursor = line + strlen(line);
    } else {
        *end = '\0';
        *cursor = end + 1;
    }
    return line;
}

char *
gong_proc_word(char **cursor)
{
    char *word = *cursor + strspn(*cursor, " \t");
    size_t len = strcspn(word, " \t");

    if (len == 0) {
        *cursor = word;
        return NULL;
    }
    *cursor = word + len + (word[len] != '\0');
    word[len] = '\0';
    return word;
}

bool
gong_proc_number(const char *word, uint64_t *out)
{
    char *end = NULL;

    if (word == NULL || word[0] < '0' || word[0] > '9') {
        return false;
    }
    errno = 0;
    *out = strtoull(word, &end, 10);
    return errno == 0 && *end == '\0';
}
