#include "common/conf.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

/* A hostile file must not turn into gigabytes of messages. */
#define ERRORS_MAX 200

void
gong_conf_errors_fini(struct gong_conf_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        free(errors->items[i]);
    }
    free(errors->items);
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

void
gong_conf_errors_add(struct gong_conf_errors *errors, const char *format, ...)
{
    char **items;
    va_list args;

    if (errors->count > ERRORS_MAX) {
        return;
    }
    items = realloc(errors->items, (errors->count + 1) * sizeof *items);
    if (items == NULL) {
        return;
    }
    errors->items = items;
    if (errors->count == ERRORS_MAX) {
        items[errors->count++] = strdup("more problems follow; not shown");
        return;
    }
    va_start(args, format);
    items[errors->count++] = format_message(format, args);
    va_end(args);
}

void
gong_conf_errors_print(const struct gong_conf_errors *errors, FILE *out)
{
    for (size_t i = 0; i < errors->count; i++) {
        const char *item = errors->items[i];

        (void)fprintf(out, "%s\n", item == NULL ? "out of memory" : item);
    }
}
