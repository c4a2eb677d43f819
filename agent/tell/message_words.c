#include "agent/tell/message_words.h"

#include <stdlib.h>

#include "agent/tell/utf16.h"
#include "common/html.h"
#include "common/log.h"

#define CHUNK_SIZE 16384

struct gong_message_chunk {
    struct gong_message_chunk *next;
    size_t used;
    size_t size;
    char bytes[];
};

void
gong_message_words_fini(struct gong_message_words *words)
{
    while (words->chunks != NULL) {
        struct gong_message_chunk *next = words->chunks->next;

        free(words->chunks);
        words->chunks = next;
    }
}

char *
gong_message_words_take(struct gong_message_words *words, size_t size)
{
    struct gong_message_chunk *chunk = words->chunks;
    char *out;

    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

        chunk = malloc(sizeof *chunk + room);
        if (chunk == NULL) {
            words->failed = true;
            return NULL;
        }
        *chunk =
            (struct gong_message_chunk){.next = words->chunks, .size = room};
        words->chunks = chunk;
    }
    out = chunk->bytes + chunk->used;
    chunk->used += size;
    return out;
}

struct gong_str
gong_message_words_escape(struct gong_message_words *words,
                          struct gong_str text)
{
    size_t size = 1;
    size_t used = 0;
    char *out;

    for (size_t i = 0; i < text.len; i++) {
        const char *written = gong_html_entity(text.data[i]);

        size += written == NULL ? 1 : strlen(written);
    }
    out = gong_message_words_take(words, size);
    for (size_t i = 0; out != NULL && i < text.len; i++) {
        const char *written = gong_html_entity(text.data[i]);
        size_t len = written == NULL ? 1 : strlen(written);

        memcpy(out + used, written == NULL ? text.data + i : written, len);
        used += len;
    }
    if (out == NULL) {
        return gong_str_from("", 0);
    }
    out[used] = '\0';
    return gong_str_from(out, used);
}

struct gong_str
gong_message_words_clean(struct gong_message_words *words, struct gong_str text,
                         size_t max)
{
    static const char ellipsis[] = "…";
    bool cut = gong_utf16_units(text) > max;
    size_t len = cut ? gong_utf16_cut(text, max - 1) : text.len;
    char *out = gong_message_words_take(words, len + sizeof ellipsis);

    if (out == NULL) {
        return gong_str_from("", 0);
    }
    for (size_t i = 0; i < len; i++) {
        char c = text.data[i];

        out[i] = c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    }
    gong_text_clean(out, len);
    memcpy(out + len, cut ? ellipsis : "", cut ? sizeof ellipsis : 1);
    return gong_str_from(out, len + (cut ? sizeof ellipsis - 1 : 0));
}
