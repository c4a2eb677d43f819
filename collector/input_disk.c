/*
 * Space on mounted file systems: /proc/self/mounts and statvfs.
 *
 * Only file systems on a block device of this machine are asked: a network
 * file system whose server is away would block, and pseudo file systems say
 * nothing. A device mounted twice counts once.
 */
#include "collector/input_disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "collector/input_plain.h"

#define SEEN_MAX 128 /* devices told apart; later ones are left out */

struct config {
    struct gong_strings mount_points;
};

static const struct gong_option options[] = {
    {.name = "mount_points",
     .type = GONG_OPTION_STRINGS,
     .offset = offsetof(struct config, mount_points),
     .default_value = "",
     .unit = "",
     .help = "Only these mount points; empty: every local file system."},
};
static const struct gong_option_table table = {
    .name = "inputs.disk",
    .help = "Space on local file systems.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

/* mounts(5) writes space, tab, newline and backslash as \ooo. */
static void
unescape(char *text)
{
    char *out = text;

    while (*text != '\0') {
        if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' &&
            text[2] >= '0' && text[2] <= '7' && text[3] >= '0' &&
            text[3] <= '7') {
            *out++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
                            (text[3] - '0'));
            text += 4;
        } else {
            *out++ = *text++;
        }
    }
    *out = '\0';
}

static bool
wanted(const struct config *config, const char *mount_point)
{
    if (config->mount_points.count == 0) {
        return true;
    }
    for (size_t i = 0; i < config->mount_points.count; i++) {
        if (strcmp(config->mount_points.items[i], mount_point) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_read_only(const char *mount_options)
{
    return strncmp(mount_options, "ro", 2) == 0 &&
           (mount_options[2] == ',' || mount_options[2] == '\0');
}

static void
report(struct gong_points *points, const struct statvfs *fs,
       const char *mount_point, const char *type, const char *mode)
{
    uint64_t block = fs->f_frsize;
    uint64_t used = (uint64_t)(fs->f_blocks - fs->f_bfree) * block;
    uint64_t available = (uint64_t)fs->f_bavail * block;
    double inodes_used = (double)(fs->f_files - fs->f_ffree);

    gong_points_begin(points, "disk");
    gong_points_tag(points, "path", mount_point);
    gong_points_tag(points, "fstype", type);
    gong_points_tag(points, "mode", mode);
    gong_points_uint(points, "total", (uint64_t)fs->f_blocks * block);
    gong_points_uint(points, "free", available);
    gong_points_uint(points, "used", used);
    /* As df(1): what root keeps for itself counts neither way. */
    if (used + available > 0) {
        gong_points_float(points, "used_percent",
                          100.0 * (double)used / (double)(used + available));
    }
    if (fs->f_files > 0) {
        gong_points_uint(points, "inodes_total", fs->f_files);
        gong_points_uint(points, "inodes_free", fs->f_ffree);
        gong_points_float(points, "inodes_used_percent",
                          100.0 * inodes_used / (double)fs->f_files);
    }
    gong_points_end(points);
}

struct seen {
    const char *devices[SEEN_MAX]; /* in the file's text */
    size_t count;
};

static bool
is_first(struct seen *seen, const char *device)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (strcmp(seen->devices[i], device) == 0) {
            return false;
        }
    }
    if (seen->count == SEEN_MAX) {
        return false;
    }
    seen->devices[seen->count++] = device;
    return true;
}

/* device mount-point type options ... */
static void
take_mount(const struct gong_input_plain *state, char *line, struct seen *seen,
           struct gong_points *points)
{
    char *cursor = line;
    char *device = gong_proc_word(&cursor);
    char *mount_point = gong_proc_word(&cursor);
    const char *type = gong_proc_word(&cursor);
    const char *mount_options = gong_proc_word(&cursor);
    char path[GONG_PROC_PATH_MAX];
    struct statvfs fs;

    if (mount_options == NULL || strncmp(device, "/dev/", 5) != 0) {
        return;
    }
    unescape(mount_point);
    /* An image that is always full (snap, squashfs) says nothing. */
    if (strcmp(type, "squashfs") == 0 || !wanted(state->config, mount_point) ||
        !gong_proc_path(state->root, mount_point + 1, path) ||
        !is_first(seen, device) || statvfs(path, &fs) != 0 ||
        fs.f_blocks == 0) {
        return;
    }
    report(points, &fs, mount_point, type,
           is_read_only(mount_options) ? "ro" : "rw");
}

static enum gong_err
disk_gather(void *opaque, struct gong_points *points, gong_dur_t timeout,
            char *why, size_t why_size)
{
    struct gong_input_plain *state = opaque;
    struct seen seen = {.count = 0};
    enum gong_err err = gong_proc_read(&state->file, state->root,
                                       "proc/self/mounts", why, why_size);
    char *cursor = state->file.text;
    char *line;

    (void)timeout;
    while (err == GONG_OK && (line = gong_proc_line(&cursor)) != NULL) {
        take_mount(state, line, &seen, points);
    }
    return err;
}

const struct gong_input_kind gong_input_disk = {
    .type = "disk",
    .help = "Space and inodes of local file systems.",
    .options = &table,
    .config_size = sizeof(struct config),
    .open = gong_input_plain_open,
    .gather = disk_gather,
    .close = gong_input_plain_close,
};
