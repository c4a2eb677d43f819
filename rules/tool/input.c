#include "rules/tool/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

/* Of a plain file zlib reads what is asked for right into its place, if it is
 * more than twice this. */
#define BUFFER_SIZE (64u << 10)
#define CHUNK_MAX   (1u << 30)

struct gong_input {
    gzFile file;
    uint64_t size;
};

static uint64_t
size_of(int fd)
{
    struct stat stat;

    return fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode)
               ? (uint64_t)stat.st_size
               : 0;
}

bool
gong_input_is_folder(const char *path)
{
    struct stat stat_;

    return strcmp(path, "-") != 0 && stat(path, &stat_) == 0 &&
           S_ISDIR(stat_.st_mode);
}

enum gong_err
gong_input_open(const char *path, struct gong_input **out)
{
    struct gong_input *input = calloc(1, sizeof *input);
    int fd = -1;

    *out = NULL;
    if (input == NULL) {
        return GONG_ERR_MEMORY;
    }
    fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
                                : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        free(input);
        return GONG_ERR_IO;
    }
    input->size = size_of(fd);
    input->file = gzdopen(fd, "rb");
    if (input->file == NULL) {
        (void)close(fd);
        free(input);
        return GONG_ERR_MEMORY;
    }
    (void)gzbuffer(input->file, BUFFER_SIZE);
    *out = input;
    return GONG_OK;
}

void
gong_input_close(struct gong_input *input)
{
    if (input != NULL) {
        (void)gzclose_r(input->file);
        free(input);
    }
}

enum gong_err
gong_input_read(struct gong_input *input, char *out, size_t size, size_t *len)
{
    int got;
    int code = Z_OK;

    *len = 0;
    errno = 0;
    got = gzread(input->file, out,
                 (unsigned)(size > CHUNK_MAX ? CHUNK_MAX : size));
    (void)gzerror(input->file, &code);
    if (got < 0 || code == Z_BUF_ERROR) {
        /* What came before a cut is not handed out as if it were all. */
        return code == Z_ERRNO       ? GONG_ERR_IO
               : code == Z_MEM_ERROR ? GONG_ERR_MEMORY
                                     : GONG_ERR_CORRUPT;
    }
    *len = (size_t)got;
    return GONG_OK;
}

uint64_t
gong_input_done(const struct gong_input *input)
{
    z_off_t at = gzoffset(input->file);

    return at < 0 ? 0 : (uint64_t)at;
}

uint64_t
gong_input_size(const struct gong_input *input)
{
    return input->size;
}

/* Twice the room, never past max and a byte for the NUL. */
static enum gong_err
grow(char **bytes, size_t *size, size_t max)
{
    size_t wanted = *size == 0 ? 1u << 16 : *size * 2;
    char *grown;

    if (*size > max) {
        return GONG_ERR_TOO_LARGE;
    }
    if (wanted > max + 2) {
        wanted = max + 2;
    }
    grown = realloc(*bytes, wanted);
    if (grown == NULL) {
        return GONG_ERR_MEMORY;
    }
    *bytes = grown;
    *size = wanted;
    return GONG_OK;
}

static enum gong_err
read_all(struct gong_input *input, size_t max, char **bytes, size_t *len)
{
    size_t size = 0;
    size_t got = 0;
    enum gong_err err;

    *len = 0;
    do {
        *len += got;
        err = *len + 1 < size ? GONG_OK : grow(bytes, &size, max);
        if (err == GONG_OK) {
            err = gong_input_read(input, *bytes + *len, size - *len - 1, &got);
        }
    } while (err == GONG_OK && got > 0);
    if (err == GONG_OK) {
        (*bytes)[*len] = '\0';
    }
    return err == GONG_OK && *len > max ? GONG_ERR_TOO_LARGE : err;
}

enum gong_err
gong_input_all(const char *path, size_t max, char **out, size_t *len)
{
    struct gong_input *input = NULL;
    enum gong_err err = gong_input_open(path, &input);

    *out = NULL;
    *len = 0;
    if (err != GONG_OK) {
        return err;
    }
    err = read_all(input, max, out, len);
    gong_input_close(input);
    if (err != GONG_OK) {
        free(*out);
        *out = NULL;
    }
    return err;
}
