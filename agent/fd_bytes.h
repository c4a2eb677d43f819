/* fd_bytes: whole runs of bytes to and from a file, whatever interrupts. */
#ifndef GONG_AGENT_FD_BYTES_H
#define GONG_AGENT_FD_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* gong_fd_write_all: GONG_ERR_IO where a write takes nothing and errno says not
 * why. Safe after a fork. */
enum gong_err gong_fd_write_all(int fd, const void *bytes,
                                size_t len) GONG_MUST_CHECK;

/* gong_fd_read_all: false at the end of the file too. */
bool gong_fd_read_all(int fd, void *out, size_t len);

#endif
