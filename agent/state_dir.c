#include "agent/state_dir.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool
join_path(char out[GONG_STATE_PATH_SIZE], const char *dir, const char *name)
{
    int len = snprintf(out, GONG_STATE_PATH_SIZE, "%s/%s", dir, name);

    return len > 0 && len < GONG_STATE_PATH_SIZE;
}

enum gong_err
gong_state_dir_name(const char *dir, struct gong_state_dir *out)
{
    return join_path(out->journal, dir, "journal") &&
                   join_path(out->effects, dir, "effects") &&
                   join_path(out->set_aside, dir, "set-aside-batches") &&
                   join_path(out->receive, dir, "receive")
               ? GONG_OK
               : GONG_ERR_TOO_LARGE;
}

enum gong_err
gong_state_dir_make(const char *dir, char *why, size_t why_size)
{
    enum gong_err err = GONG_OK;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        err = gong_err_from_errno(errno);
        (void)snprintf(why, why_size, "%s: %s", dir, strerror(errno));
    }
    return err;
}
