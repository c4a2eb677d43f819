/* failing_memory: one allocation of a stretch of a test's code fails. The
 * linker sends malloc, calloc, realloc, strdup, open_memstream and fclose here
 * (gong_failing_memory in cmake/GongTest.cmake); what libraries ask among
 * themselves never fails. */
#ifndef GONG_TESTS_FAILING_MEMORY_H
#define GONG_TESTS_FAILING_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define FAILING_MEMORY_NEVER UINT64_MAX

/* failing_memory_begin: from here on the at-th allocation fails, from 0.
 * failing_memory_end: none any more; returns how many there were. */
void failing_memory_begin(uint64_t at);
uint64_t failing_memory_end(void);

/* failing_memory_choose: one of count, as an input's bytes have it. */
uint64_t failing_memory_choose(const uint8_t *data, size_t size,
                               uint64_t count);

#endif
