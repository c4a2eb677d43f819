/*
 * Feeds files, and the files of folders, to a fuzz target: whole, and cut off
 * at several places. Each goes in a block of exactly its size, so that a
 * sanitizer sees a read past the end. No file at all is a failure.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

#define CUTS      32
#define FILE_MAX  (16L << 20)
#define PATH_SIZE 4096

struct tally {
    unsigned long files;
    unsigned long inputs;
};

static bool
feed(const uint8_t *data, size_t size, struct tally *tally)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);

    if (copy == NULL) {
        return false;
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    tally->inputs++;
    return true;
}

/* Short files at every byte, long ones at a few places and near the end. */
static bool
feed_cuts(const uint8_t *data, size_t size, struct tally *tally)
{
    size_t step = size / 4 <= CUTS ? 1 : size / CUTS;

    for (size_t cut = 0; cut < size; cut += step) {
        if (!feed(data, cut, tally)) {
            return false;
        }
    }
    return (size == 0 || feed(data, size - 1, tally)) &&
           feed(data, size, tally);
}

static bool
feed_file(const char *path, struct tally *tally)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    long size = -1;
    bool ok = false;

    if (file == NULL) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    if (fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
    }
    if (size >= 0 && size <= FILE_MAX && fseek(file, 0, SEEK_SET) == 0) {
        data = malloc((size_t)size + 1);
    }
    if (data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size) {
        tally->files++;
        ok = feed_cuts(data, (size_t)size, tally);
    }
    if (!ok) {
        (void)fprintf(stderr, "%s: not read\n", path);
    }
    free(data);
    (void)fclose(file);
    return ok;
}

static bool
feed_folder(const char *path, struct tally *tally)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    bool ok = count >= 0;

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char file[PATH_SIZE];
        int len = snprintf(file, sizeof(file), "%s/%s", path, name);

        if (name[0] != '.') {
            ok = len > 0 && len < PATH_SIZE && feed_file(file, tally) && ok;
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    } else {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
    }
    return ok;
}

int
main(int argc, char **argv)
{
    struct tally tally = {0};
    bool ok = true;

    for (int i = 1; i < argc; i++) {
        struct stat info;

        if (stat(argv[i], &info) != 0) {
            (void)fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
            ok = false;
        } else if (S_ISDIR(info.st_mode)) {
            ok = feed_folder(argv[i], &tally) && ok;
        } else {
            ok = feed_file(argv[i], &tally) && ok;
        }
    }
    printf("%lu files, %lu inputs with cut ones\n", tally.files, tally.inputs);
    return ok && tally.files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
