/*
 * spool_file: the file calls that a log needs, each all or an error.
 *
 * Interrupted and partial calls are carried on with. A file system that cannot
 * preallocate gets zeros written instead.
 */
#ifndef GONG_COMMON_SPOOL_FILE_H
#define GONG_COMMON_SPOOL_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/err.h"

/* errno is left as the failed call set it. parts are used up by the call. */
enum gong_err gong_spool_file_write(int fd, uint64_t at, const void *bytes,
                                    size_t len) GONG_MUST_CHECK;
enum gong_err gong_spool_file_writev(int fd, uint64_t at, struct iovec *parts,
                                     int part_count) GONG_MUST_CHECK;
/* gong_spool_file_zero: zeros from..to, to is exclusive. */
enum gong_err gong_spool_file_zero(int fd, uint64_t from,
                                   uint64_t to) GONG_MUST_CHECK;

/* gong_spool_file_allocate: makes the file exactly size bytes and takes the
 * blocks; bytes below size that were there stay. */
enum gong_err gong_spool_file_allocate(int fd, uint64_t size) GONG_MUST_CHECK;

/* gong_spool_file_read: always fills out: what lies past the file's end, or in
 * blocks that the disk cannot read after three tries, comes as zeros. */
void gong_spool_file_read(int fd, uint64_t at, void *out, size_t len);

/* gong_spool_file_data_sync, gong_spool_file_sync: fdatasync and fsync. */
enum gong_err gong_spool_file_data_sync(int fd) GONG_MUST_CHECK;
enum gong_err gong_spool_file_sync(int fd) GONG_MUST_CHECK;

/* gong_spool_file_replace: name gets these bytes, or keeps what it had; both
 * survive a power cut. */
enum gong_err gong_spool_file_replace(int dir_fd, const char *name,
                                      const void *bytes,
                                      size_t len) GONG_MUST_CHECK;

#endif
