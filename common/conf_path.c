#include "common/conf_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE   4096
#define SECRET_SIZE 4096

bool
gong_conf_type_text(enum gong_option_type type)
{
    return type == GONG_OPTION_STRING || type == GONG_OPTION_PATH ||
           type == GONG_OPTION_FILE || type == GONG_OPTION_SECRET ||
           type == GONG_OPTION_OUTPUT || type == GONG_OPTION_FOLDER;
}

bool
gong_conf_type_texts(enum gong_option_type type)
{
    return type == GONG_OPTION_STRINGS || type == GONG_OPTION_PATHS ||
           type == GONG_OPTION_COMMAND;
}

bool
gong_conf_type_path(enum gong_option_type type)
{
    return type == GONG_OPTION_PATHS ||
           (gong_conf_type_text(type) && type != GONG_OPTION_STRING);
}

char *
gong_conf_path_join(const char *file, const char *text)
{
    const char *slash = strrchr(file, '/');
    int folder = slash == NULL ? 0 : (int)(slash - file) + 1;
    char here[PATH_SIZE] = "";
    size_t size;
    char *joined;

    if (text[0] == '\0' || text[0] == '/') {
        return strdup(text);
    }
    if (file[0] != '/' && getcwd(here, sizeof here) == NULL) {
        here[0] = '\0';
    }
    size = strlen(here) + (size_t)folder + strlen(text) + 2;
    joined = malloc(size);
    if (joined != NULL) {
        (void)snprintf(joined, size, "%s%s%.*s%s", here,
                       here[0] == '\0' ? "" : "/", folder, file, text);
    }
    return joined;
}

static bool
wrong(char *why, size_t why_size, const char *found, const char *expected)
{
    (void)snprintf(why, why_size, "%s, expected %s", found, expected);
    return false;
}

/* A file whose first line is not empty and that is not for everybody. */
static bool
is_secret(int fd, const struct stat *about, char *why, size_t why_size)
{
    char first[SECRET_SIZE] = "";
    ssize_t got = read(fd, first, sizeof first - 1);

    if (got < 0) {
        return wrong(why, why_size, strerror(errno), "a file to read");
    }
    first[strcspn(first, "\n")] = '\0';
    if (first[strspn(first, " \t\r")] == '\0') {
        return wrong(why, why_size, "its first line is empty",
                     "the password or token there");
    }
    if ((about->st_mode & (S_IROTH | S_IWOTH)) != 0) {
        return wrong(why, why_size, "everybody on this machine can read it",
                     "a secret that its owner alone can: chmod 600");
    }
    return true;
}

static bool
is_readable(enum gong_option_type type, const char *path, char *why,
            size_t why_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;
    bool folder, good;

    if (fd < 0 || fstat(fd, &about) != 0) {
        (void)wrong(why, why_size, strerror(errno),
                    type == GONG_OPTION_FOLDER ? "a folder to read"
                                               : "a file to read");
        if (fd >= 0) {
            (void)close(fd);
        }
        return false;
    }
    folder = S_ISDIR(about.st_mode);
    if (folder != (type == GONG_OPTION_FOLDER)) {
        good = wrong(why, why_size, folder ? "a folder" : "no folder",
                     folder ? "a file to read" : "a folder to read");
    } else {
        good =
            type != GONG_OPTION_SECRET || is_secret(fd, &about, why, why_size);
    }
    (void)close(fd);
    return good;
}

static bool
is_program(const char *path, char *why, size_t why_size)
{
    struct stat about;

    if (path[0] != '/') {
        return wrong(why, why_size, "no absolute path",
                     "a program as /usr/local/bin/siren");
    }
    if (stat(path, &about) != 0) {
        return wrong(why, why_size, strerror(errno), "a program");
    }
    if (!S_ISREG(about.st_mode)) {
        return wrong(why, why_size, "no file", "a program");
    }
    return access(path, X_OK) == 0 ||
           wrong(why, why_size, "a file that cannot be run",
                 "a program: chmod +x");
}

/* A file that can be appended to, or made where it is to be. */
static bool
is_writable(const char *path, char *why, size_t why_size)
{
    char folder[PATH_SIZE];
    char *slash;

    if (access(path, F_OK) == 0) {
        return access(path, W_OK) == 0 ||
               wrong(why, why_size, strerror(errno), "a file to write");
    }
    (void)snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (slash == NULL) {
        return true;
    }
    slash[slash == folder ? 1 : 0] = '\0';
    return access(folder, W_OK | X_OK) == 0 ||
           wrong(why, why_size, strerror(errno),
                 "a file in a folder that is there and can be written");
}

bool
gong_conf_path_fits(enum gong_option_type type, const char *path, char *why,
                    size_t why_size)
{
    if (path == NULL || path[0] == '\0') {
        return true;
    }
    switch (type) {
    case GONG_OPTION_FILE:
    case GONG_OPTION_SECRET:
    case GONG_OPTION_FOLDER:
        return is_readable(type, path, why, why_size);
    case GONG_OPTION_COMMAND:
        return is_program(path, why, why_size);
    case GONG_OPTION_OUTPUT:
        return is_writable(path, why, why_size);
    case GONG_OPTION_BOOL:
    case GONG_OPTION_INT:
    case GONG_OPTION_NUMBER:
    case GONG_OPTION_DURATION:
    case GONG_OPTION_SIZE:
    case GONG_OPTION_STRING:
    case GONG_OPTION_STRINGS:
    case GONG_OPTION_CHOICE:
    case GONG_OPTION_PATH:
    case GONG_OPTION_PATHS:
        break;
    }
    return true;
}
