#include "agent/tell/link_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "common/wipe.h"

#define PATH_SIZE 4096

static enum gong_err
tell(enum gong_err err, const char *path, const char *what, char *why,
     size_t why_size)
{
    (void)snprintf(why, why_size, "%s: %s", path,
                   what != NULL ? what : gong_err_text(err));
    return err;
}

static enum gong_err
tell_errno(const char *path, char *why, size_t why_size)
{
    return tell(gong_err_from_errno(errno), path, NULL, why, why_size);
}

static enum gong_err
read_key(int fd, const char *path, uint8_t out[GONG_LINK_KEY_SIZE], char *why,
         size_t why_size)
{
    uint8_t bytes[GONG_LINK_KEY_SIZE + 1];
    struct stat about;
    ssize_t len;

    if (fstat(fd, &about) != 0) {
        return tell_errno(path, why, why_size);
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return tell(GONG_ERR_INVALID, path,
                    "others may read this key: chmod 600", why, why_size);
    }
    len = read(fd, bytes, sizeof bytes);
    if (len < 0) {
        return tell_errno(path, why, why_size);
    }
    if (len != GONG_LINK_KEY_SIZE) {
        return tell(GONG_ERR_INVALID, path,
                    "found no key of 32 bytes; remove the file to have a new "
                    "one made",
                    why, why_size);
    }
    memcpy(out, bytes, GONG_LINK_KEY_SIZE);
    gong_wipe(bytes, sizeof bytes);
    return GONG_OK;
}

/* fsync of the folder a path is in. */
static bool
sync_folder(const char *path)
{
    char folder[PATH_SIZE];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    int fd;
    bool ok;

    memcpy(folder, path, len);
    (void)snprintf(folder + len, sizeof folder - len, "%s",
                   len == 0 ? "." : "");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

/* Beside the place, then linked to it: who finds the name finds all bytes, and
 * of two that start at once one wins. */
static enum gong_err
make_key(const char *path, char *why, size_t why_size)
{
    char beside[PATH_SIZE];
    uint8_t key[GONG_LINK_KEY_SIZE];
    int fd;
    bool ok;

    if (snprintf(beside, sizeof beside, "%s.%ld", path, (long)getpid()) >=
        (int)sizeof beside) {
        return tell(GONG_ERR_TOO_LARGE, path, NULL, why, why_size);
    }
    if (RAND_bytes(key, sizeof key) != 1) {
        return tell(GONG_ERR_IO, path, "the system has no randomness", why,
                    why_size);
    }
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return tell_errno(path, why, why_size);
    }
    ok = write(fd, key, sizeof key) == (ssize_t)sizeof key && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && (link(beside, path) == 0 || errno == EEXIST);
    if (!ok) {
        (void)tell_errno(path, why, why_size);
    }
    (void)unlink(beside);
    gong_wipe(key, sizeof key);
    return ok && sync_folder(path) ? GONG_OK : GONG_ERR_IO;
}

enum gong_err
gong_link_key_load(const char *path, uint8_t out[GONG_LINK_KEY_SIZE], char *why,
                   size_t why_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum gong_err err;

    if (fd < 0 && errno == ENOENT) {
        err = make_key(path, why, why_size);
        if (err != GONG_OK) {
            return err;
        }
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0) {
        return tell_errno(path, why, why_size);
    }
    err = read_key(fd, path, out, why, why_size);
    (void)close(fd);
    return err;
}
