#include "common/conf_shape.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf_scan.h"
#include "common/log.h"

#define DEPTH_MAX 32
#define NAMES_MAX 1024
#define SHOWN_MAX 72

/* Names of one group while it is read: places in the text, in order. */
struct names {
    struct place {
        size_t at;
        size_t len;
    } * items;
    size_t count;
};

struct reader {
    struct gong_conf *conf;
    struct gong_conf_scanner scanner;
    struct gong_conf_token token;    /* the next one, not yet taken */
    struct gong_conf_token previous; /* the one before */
    size_t depth;
};

static void
advance(struct reader *reader)
{
    reader->previous = reader->token;
    reader->token = gong_conf_scan_next(&reader->scanner);
}

static bool
is_mark(const struct reader *reader, char mark)
{
    return reader->token.kind == GONG_CONF_TOKEN_MARK &&
           reader->token.mark == mark;
}

/* What stands at the next token, in words. */
static void
describe_token(const struct reader *reader, FILE *out)
{
    struct gong_str text = gong_str_from(
        reader->scanner.source->text + reader->token.at, reader->token.len);
    char shown[SHOWN_MAX];

    switch (reader->token.kind) {
    case GONG_CONF_TOKEN_END:
        (void)fputs("the end of the file", out);
        return;
    case GONG_CONF_TOKEN_STRING:
        text = gong_str_from(text.data + 1, text.len - 2);
        (void)fprintf(out, "the text %s",
                      gong_log_quote(text, shown, sizeof shown));
        return;
    case GONG_CONF_TOKEN_INT:
    case GONG_CONF_TOKEN_INT64:
    case GONG_CONF_TOKEN_FLOAT:
        (void)fprintf(out, "%.*s", (int)text.len, text.data);
        return;
    case GONG_CONF_TOKEN_NAME:
    case GONG_CONF_TOKEN_BOOL:
    case GONG_CONF_TOKEN_MARK:
    case GONG_CONF_TOKEN_BAD:
        break;
    }
    (void)fprintf(out, "%s", gong_log_quote(text, shown, sizeof shown));
}

/* A missing quote shows up where the next text begins, lines later. */
static void
hint_long_text(const struct reader *reader, FILE *out)
{
    const struct gong_conf_token *text = &reader->scanner.long_text;
    struct gong_conf_place place;

    if (text->len == 0 || text->at != reader->previous.at) {
        return;
    }
    place = gong_conf_source_place(reader->scanner.source, text->at);
    (void)fprintf(out, " (the text before it begins at %zu:%zu)", place.line,
                  place.column);
}

static void
fail_at(struct reader *reader, size_t at, const char *message)
{
    gong_conf_source_error(reader->scanner.source, at, reader->scanner.errors,
                           "%s", message);
    reader->scanner.failed = true;
}

static void
no_memory(struct reader *reader, size_t at)
{
    reader->scanner.errors->no_memory = true;
    fail_at(reader, at, "out of memory");
}

static bool refuse(struct reader *reader, const char *expected, ...)
    GONG_PRINTF(2, 3);

/* Reports the next token; a BAD one has been. Always false. */
static bool
refuse(struct reader *reader, const char *expected, ...)
{
    char *message = NULL;
    size_t size = 0;
    va_list args;
    FILE *out;

    if (reader->token.kind == GONG_CONF_TOKEN_BAD) {
        return false;
    }
    out = open_memstream(&message, &size);
    if (out != NULL) {
        (void)fputs("found ", out);
        describe_token(reader, out);
        (void)fputs(", expected ", out);
        va_start(args, expected);
        (void)vfprintf(out, expected, args);
        va_end(args);
        hint_long_text(reader, out);
        (void)fclose(out);
    }
    fail_at(reader, reader->token.at,
            message == NULL ? "out of memory" : message);
    reader->scanner.errors->no_memory |= message == NULL;
    free(message);
    return false;
}

/* The new node, or NULL after "out of memory". Borrowed until the next one. */
static struct gong_conf_node *
add_node(struct reader *reader, size_t at, size_t name_len)
{
    struct gong_conf_nodes *nodes = &reader->conf->nodes;

    if (nodes->count == nodes->capacity) {
        size_t capacity = nodes->capacity == 0 ? 64 : nodes->capacity * 2;
        struct gong_conf_node *items =
            realloc(nodes->items, capacity * sizeof *items);

        if (items == NULL) {
            no_memory(reader, at);
            return NULL;
        }
        nodes->items = items;
        nodes->capacity = capacity;
    }
    nodes->items[nodes->count] = (struct gong_conf_node){
        .conf = reader->conf, .name_at = at, .name_len = name_len};
    return &nodes->items[nodes->count++];
}

/* Whether the value's type is plain: a scalar, not an array, list or group. */
static bool
is_scalar(const struct reader *reader)
{
    switch (reader->token.kind) {
    case GONG_CONF_TOKEN_BOOL:
    case GONG_CONF_TOKEN_INT:
    case GONG_CONF_TOKEN_INT64:
    case GONG_CONF_TOKEN_FLOAT:
    case GONG_CONF_TOKEN_STRING:
        return true;
    case GONG_CONF_TOKEN_END:
    case GONG_CONF_TOKEN_NAME:
    case GONG_CONF_TOKEN_MARK:
    case GONG_CONF_TOKEN_BAD:
        return false;
    }
    return false;
}

static void
skip_scalar(struct reader *reader)
{
    bool string = reader->token.kind == GONG_CONF_TOKEN_STRING;

    advance(reader);
    while (string && reader->token.kind == GONG_CONF_TOKEN_STRING) {
        advance(reader);
    }
}

/* The next token, if it closes what `open` at the given place began, or a
 * comma; an error names that place. */
static bool
refuse_close(struct reader *reader, const char *close, size_t open_at)
{
    struct gong_conf_place place =
        gong_conf_source_place(reader->scanner.source, open_at);

    return refuse(reader, "\",\" or \"%s\" (it opens at %zu:%zu)", close,
                  place.line, place.column);
}

static bool
read_array(struct reader *reader)
{
    static const char *const kinds[] = {
        [GONG_CONF_TOKEN_BOOL] = "true or false",
        [GONG_CONF_TOKEN_INT] = "an integer without L",
        [GONG_CONF_TOKEN_INT64] = "an integer with L",
        [GONG_CONF_TOKEN_FLOAT] = "a number with a decimal point",
        [GONG_CONF_TOKEN_STRING] = "text",
    };
    size_t open_at = reader->token.at;
    enum gong_conf_token_kind first;

    advance(reader);
    first = reader->token.kind;
    if (is_mark(reader, ']')) {
        advance(reader);
        return true;
    }
    for (;;) {
        if (!is_scalar(reader)) {
            return refuse(reader, "text, a number, true or false");
        }
        if (reader->token.kind != first) {
            return refuse(reader, "%s like the array's first element",
                          kinds[first]);
        }
        if (add_node(reader, reader->token.at, 0) == NULL) {
            return false;
        }
        reader->conf->nodes.items[reader->conf->nodes.count - 1].value_at =
            reader->token.at;
        reader->conf->nodes.items[reader->conf->nodes.count - 1].value_len =
            reader->token.len;
        skip_scalar(reader);
        if (is_mark(reader, ']')) {
            advance(reader);
            return true;
        }
        if (!is_mark(reader, ',')) {
            return refuse_close(reader, "]", open_at);
        }
        advance(reader);
    }
}

static bool read_value(struct reader *reader, size_t node);

static bool
read_list(struct reader *reader)
{
    size_t open_at = reader->token.at;

    advance(reader);
    if (is_mark(reader, ')')) {
        advance(reader);
        return true;
    }
    for (;;) {
        size_t node = reader->conf->nodes.count;

        if (add_node(reader, reader->token.at, 0) == NULL ||
            !read_value(reader, node)) {
            return false;
        }
        if (is_mark(reader, ')')) {
            advance(reader);
            return true;
        }
        if (!is_mark(reader, ',')) {
            return refuse_close(reader, ")", open_at);
        }
        advance(reader);
    }
}

/* A second use of a name is reported, and reading goes on. */
static bool
note_name(struct reader *reader, struct names *names)
{
    const char *text = reader->scanner.source->text;
    struct place place = {reader->token.at, reader->token.len};
    struct place *items;

    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i].len == place.len &&
            memcmp(text + names->items[i].at, text + place.at, place.len) ==
                0) {
            struct gong_conf_place first = gong_conf_source_place(
                reader->scanner.source, names->items[i].at);

            (void)refuse(reader, "each name once in a group (first at %zu:%zu)",
                         first.line, first.column);
            return true;
        }
    }
    if (names->count == NAMES_MAX) {
        return refuse(reader, "at most %d names in a group", NAMES_MAX);
    }
    if ((names->count & (names->count - 1)) == 0) {
        size_t capacity = names->count == 0 ? 1 : names->count * 2;

        items = realloc(names->items, capacity * sizeof *items);
        if (items == NULL) {
            no_memory(reader, place.at);
            return false;
        }
        names->items = items;
    }
    names->items[names->count++] = place;
    return true;
}

static bool
read_setting(struct reader *reader, struct names *names)
{
    size_t node = reader->conf->nodes.count;

    if (!note_name(reader, names) ||
        add_node(reader, reader->token.at, reader->token.len) == NULL) {
        return false;
    }
    advance(reader);
    if (!is_mark(reader, '=')) {
        return refuse(reader, "\"=\" after the name");
    }
    advance(reader);
    if (!read_value(reader, node)) {
        return false;
    }
    if (is_mark(reader, ';') || is_mark(reader, ',')) {
        advance(reader);
    }
    return true;
}

/* Settings up to what cannot begin one; true where that is the group's end. */
static bool
read_settings(struct reader *reader, bool root, size_t open_at)
{
    struct names names = {0};
    struct gong_conf_place place;
    bool ok = true;

    while (ok && reader->token.kind == GONG_CONF_TOKEN_NAME) {
        ok = read_setting(reader, &names);
    }
    free(names.items);
    if (!ok) {
        return false;
    }
    if (root) {
        return reader->token.kind == GONG_CONF_TOKEN_END ||
               refuse(reader, "a name, as in name = value;");
    }
    if (is_mark(reader, '}')) {
        advance(reader);
        return true;
    }
    place = gong_conf_source_place(reader->scanner.source, open_at);
    return refuse(reader,
                  "a name, as in name = value; or \"}\" (it opens at "
                  "%zu:%zu)",
                  place.line, place.column);
}

/* node is an index: the array of nodes moves as it grows. */
static bool
read_value(struct reader *reader, size_t node)
{
    bool ok;

    reader->conf->nodes.items[node].value_at = reader->token.at;
    reader->conf->nodes.items[node].value_len = reader->token.len;
    if (is_scalar(reader)) {
        skip_scalar(reader);
        return true;
    }
    if (reader->token.kind != GONG_CONF_TOKEN_MARK ||
        strchr("[({", reader->token.mark) == NULL) {
        return refuse(reader,
                      "a value: text in \"quotes\", a number, true, false, "
                      "[ ], ( ) or { }");
    }
    if (reader->depth == DEPTH_MAX) {
        return refuse(reader, "at most %d levels of nesting", DEPTH_MAX);
    }
    reader->depth++;
    if (is_mark(reader, '[')) {
        ok = read_array(reader);
    } else if (is_mark(reader, '(')) {
        ok = read_list(reader);
    } else {
        size_t open_at = reader->token.at;

        advance(reader);
        ok = read_settings(reader, false, open_at);
    }
    reader->depth--;
    return ok;
}

bool
gong_conf_shape_read(struct gong_conf *conf, struct gong_conf_errors *errors)
{
    struct reader reader = {
        .conf = conf,
        .scanner = {.source = &conf->source, .errors = errors},
    };

    if (add_node(&reader, 0, 0) == NULL) {
        return false;
    }
    advance(&reader);
    return read_settings(&reader, true, 0) && !reader.scanner.failed;
}
