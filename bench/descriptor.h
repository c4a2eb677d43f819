/* descriptor: whole reads and writes for gong_engine_save and restore; ctx is
 * an int, the descriptor. */
#ifndef GONG_BENCH_DESCRIPTOR_H
#define GONG_BENCH_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>

bool bench_write_fd(void *ctx, const void *bytes, size_t len);
bool bench_read_fd(void *ctx, void *out, size_t len);

#endif
