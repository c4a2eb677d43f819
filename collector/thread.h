/* thread: threads with small stacks, which a small device can spare. */
#ifndef GONG_COLLECTOR_THREAD_H
#define GONG_COLLECTOR_THREAD_H

#include <pthread.h>
#include <stddef.h>

#include "common/err.h"

/* gong_thread_start: run(ctx) with so many bytes of stack; to be joined. */
enum gong_err gong_thread_start(pthread_t *thread, size_t stack,
                                void *(*run)(void *),
                                void *ctx) GONG_MUST_CHECK;

#endif
