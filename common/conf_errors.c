#include "common/conf.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf_source.h"
#include "common/log.h"

/* A hostile file must not turn into gigabytes of messages. */
#define ERRORS_MAX 200

/* Where a message points: its first file_len bytes are the file's name. */
struct gong_conf_spot {
    size_t file_len;
    struct gong_conf_place place; /* line 0: nowhere */
};

void
gong_conf_errors_fini(struct gong_conf_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        free(errors->items[i]);
    }
    free(errors->items);
    free(errors->spots);
    *errors = (struct gong_conf_errors){0};
}

/* The message on the heap, control characters replaced; NULL without memory. */
static char *format_message(const char *format, va_list args) GONG_PRINTF(1, 0);

static char *
format_message(const char *format, va_list args)
{
    char *message = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&message, &size);

    if (out == NULL) {
        return NULL;
    }
    (void)vfprintf(out, format, args);
    if (fclose(out) != 0) {
        free(message);
        return NULL;
    }
    gong_text_clean(message, size);
    return message;
}

/* Room for one more; what is there is never lost. */
static bool
grow(struct gong_conf_errors *errors)
{
    struct gong_conf_spot *spots;
    char **items =
        realloc(errors->items, (errors->count + 1) * sizeof errors->items[0]);

    if (items == NULL) {
        return false;
    }
    errors->items = items;
    spots = realloc(errors->spots, (errors->count + 1) * sizeof *spots);
    if (spots == NULL) {
        return false;
    }
    errors->spots = spots;
    return true;
}

/* Whether a message was added that says what the caller wants to say. */
static bool add(struct gong_conf_errors *errors, const char *format,
                va_list args) GONG_PRINTF(2, 0);

static bool
add(struct gong_conf_errors *errors, const char *format, va_list args)
{
    if (errors->count > ERRORS_MAX) {
        return false;
    }
    if (!grow(errors)) {
        errors->no_memory = true;
        return false;
    }
    errors->spots[errors->count] = (struct gong_conf_spot){0};
    if (errors->count == ERRORS_MAX) {
        errors->items[errors->count++] =
            strdup("more problems follow; not shown");
        return false;
    }
    errors->items[errors->count] = format_message(format, args);
    errors->no_memory |= errors->items[errors->count++] == NULL;
    return true;
}

bool
gong_conf_errors_full(const struct gong_conf_errors *errors)
{
    return errors->count > ERRORS_MAX;
}

void
gong_conf_errors_add(struct gong_conf_errors *errors, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)add(errors, format, args);
    va_end(args);
}

void
gong_conf_errors_no_memory(struct gong_conf_errors *errors, const char *who)
{
    errors->no_memory = true;
    gong_conf_errors_add(errors, "%s: out of memory", who);
}

static bool GONG_PRINTF(2, 3)
    add_text(struct gong_conf_errors *errors, const char *format, ...)
{
    va_list args;
    bool added;

    va_start(args, format);
    added = add(errors, format, args);
    va_end(args);
    return added;
}

/* Whether message i is about the same file as the one after it, and points
 * further down. */
static bool
stands_too_early(const struct gong_conf_errors *errors, size_t i)
{
    const struct gong_conf_spot *spot = &errors->spots[i];
    const struct gong_conf_spot *next = &errors->spots[i + 1];
    const char *item = errors->items[i];
    const char *next_item = errors->items[i + 1];

    if (spot->place.line == 0 || spot->file_len != next->file_len ||
        item == NULL || next_item == NULL ||
        strncmp(item, next_item, spot->file_len) != 0) {
        return false;
    }
    return spot->place.line > next->place.line ||
           (spot->place.line == next->place.line &&
            spot->place.column > next->place.column);
}

static void
swap_with_next(struct gong_conf_errors *errors, size_t i)
{
    struct gong_conf_spot spot = errors->spots[i];
    char *item = errors->items[i];

    errors->spots[i] = errors->spots[i + 1];
    errors->items[i] = errors->items[i + 1];
    errors->spots[i + 1] = spot;
    errors->items[i + 1] = item;
}

void
gong_conf_errors_add_at(struct gong_conf_errors *errors, const char *file,
                        struct gong_conf_place place, const char *message)
{
    if (!add_text(errors, "%s:%zu:%zu: %s", file, place.line, place.column,
                  message)) {
        return;
    }
    errors->spots[errors->count - 1] =
        (struct gong_conf_spot){strlen(file), place};
    for (size_t i = errors->count - 1; i > 0 && stands_too_early(errors, i - 1);
         i--) {
        swap_with_next(errors, i - 1);
    }
}

void
gong_conf_errors_print(const struct gong_conf_errors *errors, FILE *out)
{
    for (size_t i = 0; i < errors->count; i++) {
        const char *item = errors->items[i];

        (void)fprintf(out, "%s\n", item == NULL ? "out of memory" : item);
    }
}
