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

static json_t *
load(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    json_t *sessions = NULL;

    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &status) == 0 && (status.st_mode & 077) == 0 &&
        status.st_uid == geteuid()) {
        sessions = json_loadfd(fd, 0, NULL);
    }
    (void)close(fd);
    return sessions;
}

char *
gong_ctl_token_load(const char *agent)
{
    char path[PATH_SIZE];
    json_t *sessions = name_file(path, false) ? load(path) : NULL;
    const char *token = json_string_value(json_object_get(sessions, agent));
    char *copy = token == NULL ? NULL : strdup(token);

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
        (void)unlink(fresh);
        return GONG_ERR_IO;
    }
    return GONG_OK;
}

enum gong_err
gong_ctl_token_save(const char *agent, const char *token)
{
    char path[PATH_SIZE];
    json_t *sessions;
    enum gong_err err;

    if (!name_file(path, true)) {
        return GONG_ERR_IO;
    }
    sessions = load(path);
    if (!json_is_object(sessions)) {
        json_decref(sessions);
        sessions = json_object();
    }
    if (token != NULL) {
        (void)json_object_set_new(sessions, agent, json_string(token));
    } else {
        (void)json_object_del(sessions, agent);
    }
    err = sessions == NULL ? GONG_ERR_MEMORY : store(path, sessions);
    json_decref(sessions);
    return err;
}
