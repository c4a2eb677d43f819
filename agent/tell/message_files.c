#include "agent/tell/message_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 4096

/* The whole file, NULL where there is none; *ok false: it cannot be read. */
static char *
read_file(const char *path, size_t *len, bool *ok)
{
    char *text;
    ssize_t got = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *len = 0;
    *ok = fd >= 0 || errno == ENOENT;
    if (fd < 0) {
        return NULL;
    }
    text = malloc(GONG_TEMPLATE_TEXT_MAX + 1);
    while (text != NULL && *len <= GONG_TEMPLATE_TEXT_MAX &&
           (got = read(fd, text + *len, GONG_TEMPLATE_TEXT_MAX + 1 - *len)) >
               0) {
        *len += (size_t)got;
    }
    *ok = text != NULL && got >= 0;
    (void)close(fd);
    return text;
}

static void
place_of(struct gong_str text, size_t at, size_t *line, size_t *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < at && i < text.len; i++) {
        bool end = text.data[i] == '\n';

        *line += end ? 1 : 0;
        *column = end ? 1 : *column + 1;
    }
}

static bool
add_language(struct gong_message_texts *texts, const char *folder,
             enum gong_message_language language, char *why, size_t why_size)
{
    bool own = folder != NULL && folder[0] != '\0';
    char path[PATH_SIZE] = "built-in templates";
    struct gong_expr_error error;
    struct gong_str source = {0};
    char *text = NULL;
    bool ok = true;
    size_t line;
    size_t column;

    if (own) {
        (void)snprintf(path, sizeof path, "%s/%s.tmpl", folder,
                       gong_message_languages[language]);
        text = read_file(path, &source.len, &ok);
        source.data = text;
    }
    if (!ok) {
        (void)snprintf(why, why_size, "%s: cannot be read", path);
    } else if (gong_message_texts_add(texts, language, source, &error) !=
               GONG_OK) {
        place_of(source, error.at, &line, &column);
        (void)snprintf(why, why_size, "%s:%zu:%zu: %s", path, line, column,
                       error.message);
        ok = false;
    }
    free(text);
    return ok;
}

static bool
find_language(const char *name, enum gong_message_language *out)
{
    for (size_t i = 0; gong_message_languages[i] != NULL; i++) {
        if (strcmp(name, gong_message_languages[i]) == 0) {
            *out = (enum gong_message_language)i;
            return true;
        }
    }
    return false;
}

struct gong_message_texts *
gong_message_files_load(const char *folder,
                        const struct gong_strings *languages, char *why,
                        size_t why_size)
{
    struct gong_message_texts *texts = gong_message_texts_new();
    bool ok = texts != NULL && languages->count > 0;

    (void)snprintf(why, why_size, "%s",
                   texts == NULL ? "out of memory"
                                 : "languages: found none, expected vi or en");
    for (size_t i = 0; ok && i < languages->count; i++) {
        enum gong_message_language language = GONG_MESSAGE_VIETNAMESE;

        ok = find_language(languages->items[i], &language);
        if (!ok) {
            (void)snprintf(why, why_size,
                           "languages: found %.32s, expected vi or en",
                           languages->items[i]);
        } else {
            ok = add_language(texts, folder, language, why, why_size);
        }
    }
    if (!ok) {
        gong_message_texts_free(texts);
        return NULL;
    }
    return texts;
}

enum gong_message_language
gong_message_files_language(const struct gong_strings *languages)
{
    enum gong_message_language language = GONG_MESSAGE_VIETNAMESE;

    if (languages->count > 0) {
        (void)find_language(languages->items[0], &language);
    }
    return language;
}

bool
gong_message_files_check(const char *folder,
                         const struct gong_strings *languages, char *why,
                         size_t why_size)
{
    struct gong_message_texts *texts =
        gong_message_files_load(folder, languages, why, why_size);

    gong_message_texts_free(texts);
    return texts != NULL;
}
