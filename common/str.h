/* str: a borrowed run of bytes. Never NUL-terminated by promise, never owned.
 */
#ifndef GONG_COMMON_STR_H
#define GONG_COMMON_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Transparent: a plain value, copied freely. data may be NULL when len is 0. */
struct gong_str {
    const char *data;
    size_t len; /* bytes */
};

static inline struct gong_str
gong_str_from(const char *data, size_t len)
{
    return (struct gong_str){data, len};
}

/* text must be NUL-terminated and outlive the result. */
static inline struct gong_str
gong_str_of(const char *text)
{
    return (struct gong_str){text, strlen(text)};
}

static inline bool
gong_str_equal(struct gong_str a, struct gong_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool
gong_str_is(struct gong_str a, const char *text)
{
    return gong_str_equal(a, gong_str_of(text));
}

/* Order of bytes, the shorter first where one is a prefix of the other. */
static inline int
gong_str_compare(struct gong_str a, struct gong_str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);

    if (order != 0) {
        return order;
    }
    return a.len < b.len ? -1 : a.len > b.len ? 1 : 0;
}

/* On the heap, NUL-terminated; NULL without memory. */
static inline char *
gong_str_copy(struct gong_str s)
{
    char *copy = malloc(s.len + 1);

    if (copy == NULL) {
        return NULL;
    }
    if (s.len > 0) {
        memcpy(copy, s.data, s.len);
    }
    copy[s.len] = '\0';
    return copy;
}

#endif
