#include "tests/failing_memory.h"

#include <stdbool.h>
#include <stdio.h>

/* The names are the linker's. NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
FILE *__real_open_memstream(char **text, size_t *len);
int __real_fclose(FILE *file);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);
FILE *__wrap_open_memstream(char **text, size_t *len);
int __wrap_fclose(FILE *file);

static uint64_t failing = FAILING_MEMORY_NEVER;
static uint64_t asked;

static bool
fails_now(void)
{
    return asked++ == failing;
}

void *
__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *block, size_t size)
{
    return fails_now() ? NULL : __real_realloc(block, size);
}

char *
__wrap_strdup(const char *text)
{
    return fails_now() ? NULL : __real_strdup(text);
}

FILE *
__wrap_open_memstream(char **text, size_t *len)
{
    return fails_now() ? NULL : __real_open_memstream(text, len);
}

/* A stream in memory may want more of it even now; its text is there still. */
int
__wrap_fclose(FILE *file)
{
    bool fails = fails_now();
    int closed = __real_fclose(file);

    return fails ? EOF : closed;
}
/* NOLINTEND(bugprone-reserved-identifier) */

void
failing_memory_begin(uint64_t at)
{
    failing = at;
    asked = 0;
}

uint64_t
failing_memory_end(void)
{
    failing = FAILING_MEMORY_NEVER;
    return asked;
}

uint64_t
failing_memory_choose(const uint8_t *data, size_t size, uint64_t count)
{
    uint64_t sum = UINT64_C(14695981039346656037); /* FNV-1a */

    for (size_t i = 0; i < size; i++) {
        sum = (sum ^ data[i]) * UINT64_C(1099511628211);
    }
    return count == 0 ? 0 : (sum ^ sum >> 32) % count;
}
