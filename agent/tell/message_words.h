/*
 * message_words: texts from outside made harmless, in memory that goes all at
 * once. Pure but for memory.
 */
#ifndef GONG_AGENT_TELL_MESSAGE_WORDS_H
#define GONG_AGENT_TELL_MESSAGE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

struct gong_message_chunk;

/* Texts lie in chunks that never move. Start from {0}. */
struct gong_message_words {
    struct gong_message_chunk *chunks;
    bool failed; /* there was no memory once */
};

void gong_message_words_fini(struct gong_message_words *words);

/* gong_message_words_take: size bytes; NULL and failed without memory. */
char *gong_message_words_take(struct gong_message_words *words, size_t size);

/* gong_message_words_clean: one line of at most max UTF-16 units, without what
 * could steer a terminal or a page; an ellipsis stands for what was cut. Empty
 * without memory; else NUL-terminated. */
struct gong_str gong_message_words_clean(struct gong_message_words *words,
                                         struct gong_str text, size_t max);

/* gong_message_words_escape: the same text in HTML, attributes too. */
struct gong_str gong_message_words_escape(struct gong_message_words *words,
                                          struct gong_str text);

#endif
