/* ascii: kinds of bytes, whatever the locale. */
#ifndef GONG_COMMON_ASCII_H
#define GONG_COMMON_ASCII_H

#include <stdbool.h>

static inline bool
gong_ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool
gong_ascii_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What names of metrics and labels begin with and hold, but for colons. */
static inline bool
gong_ascii_begins_name(char c)
{
    return gong_ascii_is_letter(c) || c == '_';
}

static inline bool
gong_ascii_is_name(char c)
{
    return gong_ascii_begins_name(c) || gong_ascii_is_digit(c);
}

static inline bool
gong_ascii_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The value of a hexadecimal digit, -1 if it is none. */
static inline int
gong_ascii_hex_value(char c)
{
    if (gong_ascii_is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static inline bool
gong_ascii_is_hex(char c)
{
    return gong_ascii_hex_value(c) >= 0;
}

#endif
