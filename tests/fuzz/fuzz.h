/* fuzz: the one function that every fuzz target defines. */
#ifndef GONG_TESTS_FUZZ_H
#define GONG_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise stops the run, in every build type. */
static inline void
fuzz_check(int holds, const char *file, int line, const char *text)
{
    if (!holds) {
        (void)fprintf(stderr, "%s:%d: %s\n", file, line, text);
        abort();
    }
}

#define FUZZ_CHECK(condition)                                                  \
    fuzz_check((condition), __FILE__, __LINE__, #condition)

#endif
