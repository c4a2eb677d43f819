#include "agent/tell/zalo_pair.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/tell/channel_easy.h"
#include "common/log.h"
#include "common/spool_file.h"
#include "common/wipe.h"

#define PATH_SIZE 4096
#define FILE_MAX  16384

bool
gong_zalo_pair_member(const json_t *object, const char *key,
                      char out[GONG_ZALO_ACCESS_MAX])
{
    const char *text = json_string_value(json_object_get(object, key));

    if (text == NULL || strlen(text) >= GONG_ZALO_ACCESS_MAX ||
        !gong_channel_line_valid(text)) {
        return false;
    }
    memcpy(out, text, strlen(text) + 1);
    return true;
}

json_t *
gong_zalo_pair_load(const char *path, struct stat *about)
{
    char bytes[FILE_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = -1;
    json_t *file = NULL;

    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, about) == 0) {
        len = read(fd, bytes, sizeof bytes);
    }
    (void)close(fd);
    if (len > 0 && (size_t)len < sizeof bytes) {
        file = json_loadb(bytes, (size_t)len, 0, NULL);
    }
    gong_wipe(bytes, sizeof bytes);
    return file;
}

/* Whether both tokens are there: what was cut short is no pair. */
static bool
is_pair(const json_t *file)
{
    char token[GONG_ZALO_ACCESS_MAX];
    bool ok = gong_zalo_pair_member(file, "access_token", token) &&
              gong_zalo_pair_member(file, "refresh_token", token);

    gong_wipe(token, sizeof token);
    return ok;
}

/* Onto the disk, and into the file's place. */
static bool
put_in_place(const char *path, const char *parent, const char *beside)
{
    int fd = open(beside, O_RDONLY | O_CLOEXEC);
    int dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && dir >= 0 && fsync(fd) == 0 &&
              rename(beside, path) == 0 && gong_spool_file_sync(dir) == GONG_OK;

    if (fd >= 0) {
        (void)close(fd);
    }
    if (dir >= 0) {
        (void)close(dir);
    }
    return ok;
}

void
gong_zalo_pair_adopt(const char *path, const char *folder)
{
    char beside[PATH_SIZE];
    struct stat written;
    struct stat placed;
    json_t *file;

    if (snprintf(beside, sizeof beside, "%s.tmp", path) >= (int)sizeof beside ||
        stat(beside, &written) != 0 || !S_ISREG(written.st_mode)) {
        return;
    }
    if (stat(path, &placed) == 0 &&
        (placed.st_mtim.tv_sec > written.st_mtim.tv_sec ||
         (placed.st_mtim.tv_sec == written.st_mtim.tv_sec &&
          placed.st_mtim.tv_nsec > written.st_mtim.tv_nsec))) {
        return;
    }
    file = gong_zalo_pair_load(beside, &written);
    if (is_pair(file)) {
        bool ok = put_in_place(path, folder, beside);

        gong_log(ok ? GONG_LOG_INFO : GONG_LOG_ERROR, "zalo_token_found",
                 "file=%s placed=%s", beside, ok ? "yes" : "no");
    }
    json_decref(file);
}
