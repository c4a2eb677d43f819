#include "agent/decide/rules_rollback.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

#define PATH_SIZE 4096
#define LINE_SIZE 256
#define NONE      "-" /* no set yet */

static bool
path_of(const char *state_dir, const char *name, char out[PATH_SIZE])
{
    int len = snprintf(out, PATH_SIZE, "%s/rules/%s", state_dir, name);

    return len > 0 && len < PATH_SIZE;
}

/* "name=value" at *at, up to a blank; what follows is at *at then. */
static bool
take(const char **at, const char *name, char *out, size_t size)
{
    size_t len = strlen(name), value;

    if (strncmp(*at, name, len) != 0 || (*at)[len] != '=') {
        return false;
    }
    value = strcspn(*at + len + 1, " \n");
    if (value == 0 || value >= size) {
        return false;
    }
    memcpy(out, *at + len + 1, value);
    out[value] = '\0';
    *at += len + 1 + value;
    *at += **at == ' ';
    return true;
}

static bool
take_number(const char **at, const char *name, int64_t *out)
{
    char text[24], *end = NULL;

    if (!take(at, name, text, sizeof text)) {
        return false;
    }
    *out = strtoll(text, &end, 10);
    return *end == '\0' && *out >= 0;
}

static bool
parse(const char *line, struct gong_rules_rollback *out)
{
    *out = (struct gong_rules_rollback){.at_ms = 0};
    if (!take(&line, "sha", out->sha, sizeof out->sha) ||
        !take_number(&line, "at", &out->at_ms) ||
        !take(&line, "by", out->by, sizeof out->by) ||
        !take_number(&line, "ended", &out->ended_ms) ||
        !gong_rule_sha_valid(gong_str_of(out->sha))) {
        return false;
    }
    if (strcmp(out->by, NONE) == 0) {
        out->by[0] = '\0';
    }
    return out->by[0] == '\0' || gong_rule_sha_valid(gong_str_of(out->by));
}

enum gong_err
gong_rules_rollback_read(const char *state_dir, struct gong_rules_rollback *out)
{
    char path[PATH_SIZE], line[LINE_SIZE] = "";
    FILE *in = path_of(state_dir, "rollback", path) ? fopen(path, "re") : NULL;
    bool got;

    if (in == NULL) {
        return errno == ENOENT ? GONG_ERR_NOT_FOUND : GONG_ERR_IO;
    }
    got = fgets(line, sizeof line, in) != NULL;
    (void)fclose(in);
    return got && parse(line, out) ? GONG_OK : GONG_ERR_CORRUPT;
}

static enum gong_err
write_line(const char *path, const char *line)
{
    size_t len = strlen(line);
    enum gong_err err = GONG_OK;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0) {
        return gong_err_from_errno(errno);
    }
    errno = ENOSPC; /* where less is written than was asked for */
    if (write(fd, line, len) != (ssize_t)len || fsync(fd) != 0) {
        err = gong_err_from_errno(errno);
    }
    if (close(fd) != 0 && err == GONG_OK) {
        err = gong_err_from_errno(errno);
    }
    return err;
}

enum gong_err
gong_rules_rollback_keep(const char *state_dir,
                         const struct gong_rules_rollback *rollback)
{
    char path[PATH_SIZE], beside[PATH_SIZE], line[LINE_SIZE];
    enum gong_err err = GONG_ERR_TOO_LARGE;

    (void)snprintf(
        line, sizeof line, "sha=%s at=%" PRId64 " by=%s ended=%" PRId64 "\n",
        rollback->sha, rollback->at_ms,
        rollback->by[0] == '\0' ? NONE : rollback->by, rollback->ended_ms);
    if (path_of(state_dir, "rollback", path) &&
        path_of(state_dir, "new.rollback", beside)) {
        err = write_line(beside, line);
        if (err == GONG_OK && rename(beside, path) != 0) {
            err = gong_err_from_errno(errno);
        }
        if (err != GONG_OK) {
            (void)unlink(beside);
        }
    }
    return err;
}

void
gong_rules_rollback_settle(const char *state_dir, const char *sha,
                           int64_t now_ms)
{
    struct gong_rules_rollback rollback;
    enum gong_err err = gong_rules_rollback_read(state_dir, &rollback);

    if (err == GONG_ERR_NOT_FOUND ||
        (err == GONG_OK && rollback.ended_ms != 0)) {
        return;
    }
    if (err == GONG_OK) {
        (void)snprintf(rollback.by, sizeof rollback.by, "%.64s", sha);
        rollback.ended_ms = now_ms;
        err = gong_rules_rollback_keep(state_dir, &rollback);
        if (strcmp(rollback.sha, sha) == 0) {
            gong_log(GONG_LOG_INFO, "rules_rollback_kept",
                     "sha256=%s reason=\"the rule files say the same now\"",
                     sha);
        } else {
            gong_log(GONG_LOG_WARNING, "rules_rollback_undone",
                     "rolled_back_to=%s running=%s reason=\"the rule files "
                     "were read again and differ\" todo=\"put the earlier "
                     "files back on the disk, or roll back again\"",
                     rollback.sha, sha);
        }
    }
    if (err != GONG_OK) {
        gong_log(GONG_LOG_WARNING, "rules_rollback_not_kept",
                 "file=\"rules/rollback\" reason=\"%s\"", gong_err_text(err));
    }
}
