#include "common/spool_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/spool_private.h"

#define HEX_DIGITS 16
/* Above, offsets would not fit even with the smallest segments. */
#define NUMBER_MAX (UINT64_C(1) << 46)

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly what gong_spool_segment_name writes. */
static bool
parse_name(const char *name, uint64_t *number)
{
    uint64_t value = 0;

    for (int i = 0; i < HEX_DIGITS; i++) {
        int digit = hex_value(name[i]);

        if (digit < 0) {
            return false;
        }
        value = value << 4 | (uint64_t)digit;
    }
    *number = value;
    return value < NUMBER_MAX && strcmp(name + HEX_DIGITS, ".segment") == 0;
}

static enum gong_err
add(struct gong_spool_folder *folder, uint64_t number)
{
    if (folder->count == folder->cap) {
        size_t cap = folder->cap == 0 ? 64 : folder->cap * 2;
        uint64_t *grown = realloc(folder->numbers, cap * sizeof *grown);

        if (grown == NULL) {
            return GONG_ERR_MEMORY;
        }
        folder->numbers = grown;
        folder->cap = cap;
    }
    folder->numbers[folder->count++] = number;
    return GONG_OK;
}

static int
compare(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;

    return (*x > *y) - (*x < *y);
}

static DIR *
open_again(int dir_fd)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir;

    if (fd < 0) {
        return NULL;
    }
    dir = fdopendir(fd);
    if (dir == NULL) {
        (void)close(fd);
    }
    return dir;
}

enum gong_err
gong_spool_folder_list(struct gong_spool_folder *folder, int dir_fd)
{
    DIR *dir = open_again(dir_fd);
    enum gong_err err = GONG_OK;
    const struct dirent *entry;
    uint64_t number;

    *folder = (struct gong_spool_folder){.dir_fd = dir_fd};
    if (dir == NULL) {
        return gong_err_from_errno(errno);
    }
    while (err == GONG_OK && (entry = readdir(dir)) != NULL) {
        if (parse_name(entry->d_name, &number)) {
            err = add(folder, number);
        }
    }
    (void)closedir(dir);
    (void)unlinkat(dir_fd, GONG_SPOOL_SPARE, 0);
    if (folder->count > 1) {
        qsort(folder->numbers, folder->count, sizeof folder->numbers[0],
              compare);
    }
    return err;
}

void
gong_spool_folder_fini(struct gong_spool_folder *folder)
{
    free(folder->numbers);
    *folder = (struct gong_spool_folder){.dir_fd = -1};
}

void
gong_spool_folder_set_apart(struct gong_spool_folder *folder, size_t index)
{
    char name[GONG_SPOOL_NAME_SIZE];
    char apart[GONG_SPOOL_NAME_SIZE + sizeof GONG_SPOOL_FOREIGN_SUFFIX];

    gong_spool_segment_name(folder->numbers[index], name);
    (void)snprintf(apart, sizeof apart, "%s" GONG_SPOOL_FOREIGN_SUFFIX, name);
    (void)renameat(folder->dir_fd, name, folder->dir_fd, apart);
    folder->count--;
    memmove(folder->numbers + index, folder->numbers + index + 1,
            (folder->count - index) * sizeof folder->numbers[0]);
}
