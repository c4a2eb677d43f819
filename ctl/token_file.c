#include "ctl/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#define PATH_SIZE 4096

/* The folder, made where it is missing; false: nowhere. */
static bool
name_file(char out[PATH_SIZE], bool make)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char path[PATH_SIZE - 64];
    int len;

    if (state != NULL && state[0] == '/') {
        len = snprintf(path, sizeof path, "%s/gong", state);
    } else {
        len = snprintf(path, sizeof path, "%s/.local/state/gong",
                       home == NULL ? "" : home);
    }
    if (len < 0 || (size_t)len >= sizeof path || path[0] != '/') {
        return false;
    }
    for (char *at = path + 1; make && (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        (void)mkdir(path, 0700);
        *at = '/';
    }
    if (make && mkdir(path, 0700) != 0 && errno != EEXIST) {
        return false;
    }
    (void)snprintf(out, PATH_SIZE, "%s/sessions", path);
    return true;
}

/* why: "" but where there is a file that is not believed. */
static json_t *
load(const char *path, char *why, size_t why_size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    json_t *sessions = NULL;

    why[0] = '\0';
    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &status) == 0 && (status.st_mode & 077) == 0 &&
        status.st_uid == geteuid()) {
        sessions = json_loadfd(fd, 0, NULL);
    } else {
        (void)snprintf(why, why_size,
                       "%s: người khác đọc được hoặc là chủ tệp nên không "
                       "dùng; chmod 600 rồi đăng nhập lại | others can read or "
                       "own it, so it is not used: chmod 600 it and log in "
                       "again",
                       path);
    }
    (void)close(fd);
    return sessions;
}

char *
gong_ctl_token_load(const char *agent, char *why, size_t why_size)
{
    char path[PATH_SIZE];
    json_t *sessions;
    const char *token;
    char *copy;

    why[0] = '\0';
    sessions = name_file(path, false) ? load(path, why, why_size) : NULL;
    token = json_string_value(json_object_get(sessions, agent));
    copy = token == NULL ? NULL : strdup(token);
    json_decref(sessions);
    return copy;
}

static enum gong_err
store(const char *path, const json_t *sessions)
{
    char fresh[PATH_SIZE + 8];
    int fd;
    bool written;

    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    (void)unlink(fresh);
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return gong_err_from_errno(errno);
    }
    written = json_dumpfd(sessions, fd, JSON_INDENT(1)) == 0 && fsync(fd) == 0;
    if (close(fd) != 0 || !written || rename(fresh, path) != 0) {
        int number = errno;

        (void)unlink(fresh);
        errno = number;
        return GONG_ERR_IO;
    }
    return GONG_OK;
}

enum gong_err
gong_ctl_token_save(const char *agent, const char *token, char *why,
                    size_t why_size)
{
    char path[PATH_SIZE];
    json_t *sessions;
    enum gong_err err;

    errno = 0;
    if (!name_file(path, true)) {
        (void)snprintf(why, why_size, "$XDG_STATE_HOME, $HOME: %s",
                       errno == 0 ? "?" : strerror(errno));
        return GONG_ERR_IO;
    }
    sessions = load(path, why, why_size);
    if (!json_is_object(sessions)) {
        json_decref(sessions);
        sessions = json_object();
    }
    if (token != NULL) {
        (void)json_object_set_new(sessions, agent, json_string(token));
    } else {
        (void)json_object_del(sessions, agent);
    }
    why[0] = '\0';
    errno = 0;
    err = sessions == NULL ? GONG_ERR_MEMORY : store(path, sessions);
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s: %s", path,
                       errno == 0 ? gong_err_text(err) : strerror(errno));
    }
    json_decref(sessions);
    return err;
}
