/* log.meta: read, and replaced as a whole. */
#include "common/spool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/spool_file.h"

/* On a full disk in place: less safe, but it needs no new block, and what it
 * holds can be had from the segment headers. */
static enum gong_err
save_in_place(struct gong_spool *spool, const uint8_t *bytes, size_t len)
{
    int fd = openat(spool->dir_fd, GONG_SPOOL_META, O_WRONLY | O_CLOEXEC);
    enum gong_err err;

    if (fd < 0) {
        return GONG_ERR_NO_SPACE;
    }
    err = gong_spool_file_write(fd, 0, bytes, len);
    if (err == GONG_OK && ftruncate(fd, (off_t)len) != 0) {
        err = gong_err_from_errno(errno);
    }
    if (err == GONG_OK) {
        err = gong_spool_file_sync(fd);
    }
    (void)close(fd);
    return err;
}

enum gong_err
gong_spool_meta_save(struct gong_spool *spool)
{
    uint8_t bytes[GONG_SPOOL_META_SIZE];
    size_t len = gong_spool_meta_encode(&spool->meta, bytes);
    enum gong_err err =
        gong_spool_file_replace(spool->dir_fd, GONG_SPOOL_META, bytes, len);

    return err == GONG_ERR_NO_SPACE ? save_in_place(spool, bytes, len) : err;
}

enum gong_err
gong_spool_meta_load(struct gong_spool *spool)
{
    uint8_t bytes[GONG_SPOOL_META_SIZE + 1];
    struct stat st;
    enum gong_err err = GONG_ERR_CORRUPT;
    int fd = openat(spool->dir_fd, GONG_SPOOL_META, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return errno == ENOENT ? GONG_ERR_NOT_FOUND : GONG_ERR_IO;
    }
    if (fstat(fd, &st) == 0 && st.st_size > 0 &&
        (uint64_t)st.st_size < sizeof bytes) {
        gong_spool_file_read(fd, 0, bytes, (size_t)st.st_size);
        err = gong_spool_meta_decode(bytes, (size_t)st.st_size, &spool->meta);
    }
    (void)close(fd);
    return err;
}
