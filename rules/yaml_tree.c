#include "rules/yaml_tree.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "common/conf_source.h"

#define KEYS_MAX    512
#define ANCHORS_MAX 1000 /* an alias looks through them */

struct anchor {
    char *name;
    uint32_t node;
};

struct gong_yaml {
    struct gong_conf_source source;
    struct gong_yaml_node *nodes; /* 0 is none */
    uint32_t count;
    uint32_t capacity;
    uint32_t root;
};

/* What is open while events come. */
struct level {
    uint32_t node;
    uint32_t last; /* child */
    bool key;      /* the next child of a mapping is a key */
};

struct builder {
    struct gong_yaml *yaml;
    struct gong_conf_errors *errors;
    yaml_parser_t parser;
    struct level levels[GONG_YAML_DEPTH];
    size_t depth;
    struct anchor *anchors;
    size_t anchor_count;
    /* A character of the text and its byte: marks count characters. */
    size_t character;
    size_t byte;
};

const char *
gong_yaml_name(const struct gong_yaml *yaml)
{
    return yaml->source.name;
}

const struct gong_yaml_node *
gong_yaml_raw(const struct gong_yaml *yaml, uint32_t child)
{
    return child == 0 ? NULL : &yaml->nodes[child];
}

const struct gong_yaml_node *
gong_yaml_at(const struct gong_yaml *yaml, uint32_t child)
{
    const struct gong_yaml_node *node = gong_yaml_raw(yaml, child);

    /* An alias's target is a node with an anchor, which is no alias. */
    return node != NULL && node->kind == GONG_YAML_ALIAS
               ? gong_yaml_raw(yaml, node->target)
               : node;
}

const struct gong_yaml_node *
gong_yaml_root(const struct gong_yaml *yaml)
{
    return gong_yaml_at(yaml, yaml->root);
}

uint32_t
gong_yaml_next(const struct gong_yaml *yaml, uint32_t child)
{
    return yaml->nodes[child].next;
}

const struct gong_yaml_node *
gong_yaml_get(const struct gong_yaml *yaml,
              const struct gong_yaml_node *mapping, const char *key)
{
    uint32_t i = mapping == NULL || mapping->kind != GONG_YAML_MAPPING
                     ? 0
                     : mapping->first;

    while (i != 0) {
        const struct gong_yaml_node *node = gong_yaml_at(yaml, i);
        uint32_t value = gong_yaml_next(yaml, i);

        if (node->text != NULL && strcmp(node->text, key) == 0) {
            return gong_yaml_at(yaml, value);
        }
        i = value == 0 ? 0 : gong_yaml_next(yaml, value);
    }
    return NULL;
}

bool
gong_yaml_is_null(const struct gong_yaml_node *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};

    if (node->kind != GONG_YAML_SCALAR || node->quoted) {
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(node->text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

size_t
gong_yaml_line(const struct gong_yaml *yaml, const struct gong_yaml_node *node)
{
    return gong_conf_source_line(&yaml->source, node->at);
}

void
gong_yaml_error(const struct gong_yaml *yaml, const struct gong_yaml_node *node,
                struct gong_conf_errors *errors, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    gong_conf_source_verror(&yaml->source, node->at, errors, format, args);
    va_end(args);
}

static size_t
skip_spaces(const struct gong_conf_source *source, size_t p, size_t most)
{
    while (most > 0 && p < source->len && source->text[p] == ' ') {
        p++;
        most--;
    }
    return p;
}

/* Where a block's text begins, and how far it is indented. */
static size_t
block_start(const struct gong_conf_source *source, size_t at, size_t *indent)
{
    size_t p = at;
    size_t line;

    while (p < source->len && source->text[p] != '\n') {
        p++;
    }
    line = p < source->len ? p + 1 : p;
    p = line;
    while (p < source->len && (source->text[p] == '\n')) {
        p++;
    }
    *indent = skip_spaces(source, p, SIZE_MAX) - p;
    return skip_spaces(source, line, *indent);
}

/* The byte of the text that gave byte `at` of the node's value: both are walked
 * side by side. */
static size_t
place_in(const struct gong_yaml *yaml, const struct gong_yaml_node *node,
         size_t at)
{
    const struct gong_conf_source *source = &yaml->source;
    size_t indent = SIZE_MAX;
    size_t p = node->at;

    if (node->kind != GONG_YAML_SCALAR) {
        return p;
    }
    if (node->block) {
        p = block_start(source, p, &indent);
    } else if (node->quoted) {
        p++;
    }
    for (size_t i = 0; i < at && i < node->len && p < source->len; i++) {
        bool folds = source->text[p] == '\n';

        if (!node->block && node->quoted && source->text[p] == '\\') {
            p++;
        }
        p += p < source->len;
        if (folds) {
            p = skip_spaces(source, p, indent);
        }
    }
    return p;
}

void
gong_yaml_error_in(const struct gong_yaml *yaml,
                   const struct gong_yaml_node *node, size_t at,
                   struct gong_conf_errors *errors, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    gong_conf_source_verror(&yaml->source, place_in(yaml, node, at), errors,
                            format, args);
    va_end(args);
}

static size_t
byte_of(struct builder *b, const yaml_mark_t *mark)
{
    const struct gong_conf_source *source = &b->yaml->source;

    if (mark->index < b->character) {
        b->character = 0;
        b->byte = 0;
    }
    while (b->character < mark->index && b->byte < source->len) {
        b->byte++;
        while (b->byte < source->len &&
               ((unsigned char)source->text[b->byte] & 0xc0) == 0x80) {
            b->byte++;
        }
        b->character++;
    }
    return b->byte;
}

static bool
refuse(struct builder *b, const yaml_mark_t *mark, const char *message)
{
    gong_conf_source_error(&b->yaml->source, byte_of(b, mark), b->errors, "%s",
                           message);
    return false;
}

static bool
no_memory(const char *name, struct gong_conf_errors *errors)
{
    gong_conf_errors_no_memory(errors, name);
    return false;
}

static uint32_t
add_node(struct builder *b)
{
    struct gong_yaml *yaml = b->yaml;

    if (yaml->count == yaml->capacity) {
        uint32_t capacity = yaml->capacity == 0 ? 256 : yaml->capacity * 2;
        struct gong_yaml_node *nodes =
            realloc(yaml->nodes, capacity * sizeof *nodes);

        if (nodes == NULL) {
            (void)no_memory(yaml->source.name, b->errors);
            return 0;
        }
        yaml->nodes = nodes;
        yaml->capacity = capacity;
        if (yaml->count == 0) {
            nodes[0] = (struct gong_yaml_node){0};
            yaml->count = 1;
        }
    }
    yaml->nodes[yaml->count] = (struct gong_yaml_node){0};
    return yaml->count++;
}

/* Whether the mapping has the key, which is its last child, once only. */
static bool
key_is_new(struct builder *b, const struct level *level,
           const yaml_mark_t *mark)
{
    const struct gong_yaml_node *nodes = b->yaml->nodes;
    const struct gong_yaml_node *key = gong_yaml_at(b->yaml, level->last);
    const struct gong_yaml_node *mapping = &nodes[level->node];

    if (key->kind != GONG_YAML_SCALAR) {
        return refuse(b, mark, "found a key that is no text, expected a name");
    }
    if (mapping->count >= KEYS_MAX) {
        return refuse(b, mark, "found more than 512 keys, expected fewer");
    }
    for (uint32_t i = mapping->first; i != level->last;) {
        if (strcmp(gong_yaml_at(b->yaml, i)->text, key->text) == 0) {
            return refuse(b, mark, "found a key twice, expected each once");
        }
        i = nodes[nodes[i].next].next;
    }
    return true;
}

/* Hangs node into what is open. */
static bool
attach(struct builder *b, uint32_t node, const yaml_mark_t *mark)
{
    struct gong_yaml_node *nodes = b->yaml->nodes;
    struct level *level;
    bool was_key;

    if (b->depth == 0) {
        b->yaml->root = node;
        return true;
    }
    level = &b->levels[b->depth - 1];
    if (level->last == 0) {
        nodes[level->node].first = node;
    } else {
        nodes[level->last].next = node;
    }
    level->last = node;
    if (nodes[level->node].kind != GONG_YAML_MAPPING) {
        nodes[level->node].count++;
        return true;
    }
    was_key = level->key;
    level->key = !was_key;
    if (!was_key) {
        nodes[level->node].count++;
        return true;
    }
    return key_is_new(b, level, mark);
}

static bool
remember(struct builder *b, const yaml_char_t *name, uint32_t node)
{
    struct anchor *anchors;

    if (name == NULL) {
        return true;
    }
    if (b->anchor_count == ANCHORS_MAX) {
        gong_conf_errors_add(b->errors,
                             "%s: found more than %d anchors, expected fewer",
                             b->yaml->source.name, ANCHORS_MAX);
        return false;
    }
    anchors = realloc(b->anchors, (b->anchor_count + 1) * sizeof *b->anchors);
    if (anchors == NULL) {
        return no_memory(b->yaml->source.name, b->errors);
    }
    b->anchors = anchors;
    anchors[b->anchor_count].name = strdup((const char *)name);
    anchors[b->anchor_count].node = node;
    return anchors[b->anchor_count++].name != NULL ||
           no_memory(b->yaml->source.name, b->errors);
}

static bool
is_open(const struct builder *b, uint32_t node)
{
    for (size_t i = 0; i < b->depth; i++) {
        if (b->levels[i].node == node) {
            return true;
        }
    }
    return false;
}

static bool
take_alias(struct builder *b, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    uint32_t node;

    for (size_t i = b->anchor_count; i > 0; i--) {
        if (strcmp(b->anchors[i - 1].name, name) != 0) {
            continue;
        }
        if (is_open(b, b->anchors[i - 1].node)) {
            return refuse(b, &event->start_mark,
                          "found an alias inside its own anchor, expected one "
                          "behind it");
        }
        node = add_node(b);
        if (node == 0) {
            return false;
        }
        b->yaml->nodes[node].kind = GONG_YAML_ALIAS;
        b->yaml->nodes[node].at = byte_of(b, &event->start_mark);
        b->yaml->nodes[node].target = b->anchors[i - 1].node;
        return attach(b, node, &event->start_mark);
    }
    return refuse(b, &event->start_mark,
                  "found an alias without an anchor before it");
}

static bool
take_scalar(struct builder *b, const yaml_event_t *event)
{
    yaml_scalar_style_t style = event->data.scalar.style;
    uint32_t number = add_node(b);
    struct gong_yaml_node *node = &b->yaml->nodes[number];

    if (number == 0) {
        return false;
    }
    node->kind = GONG_YAML_SCALAR;
    node->at = byte_of(b, &event->start_mark);
    node->quoted = style != YAML_PLAIN_SCALAR_STYLE;
    node->block =
        style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
    node->tagged = event->data.scalar.tag != NULL;
    node->text = strdup((const char *)event->data.scalar.value);
    if (node->text == NULL) {
        return no_memory(b->yaml->source.name, b->errors);
    }
    node->len = strlen(node->text);
    if (node->len != event->data.scalar.length) {
        return refuse(b, &event->start_mark,
                      "found a NUL in text, expected none");
    }
    return remember(b, event->data.scalar.anchor, number) &&
           attach(b, number, &event->start_mark);
}

static bool
open_level(struct builder *b, const yaml_event_t *event,
           enum gong_yaml_kind kind, const yaml_char_t *anchor)
{
    uint32_t number = add_node(b);

    if (number == 0) {
        return false;
    }
    if (b->depth == GONG_YAML_DEPTH) {
        return refuse(b, &event->start_mark,
                      "found more than 32 levels, expected fewer");
    }
    b->yaml->nodes[number].kind = kind;
    b->yaml->nodes[number].at = byte_of(b, &event->start_mark);
    if (!remember(b, anchor, number) ||
        !attach(b, number, &event->start_mark)) {
        return false;
    }
    b->levels[b->depth++] =
        (struct level){.node = number, .key = kind == GONG_YAML_MAPPING};
    return true;
}

/* There is one in a file, in YAML 1.1 as Prometheus reads it. */
static bool
take_document(struct builder *b, const yaml_event_t *event)
{
    const yaml_version_directive_t *version =
        event->data.document_start.version_directive;

    if (version != NULL && (version->major != 1 || version->minor != 1)) {
        return refuse(b, &event->start_mark,
                      "found another version of YAML, expected 1.1");
    }
    return b->yaml->root == 0 ||
           refuse(b, &event->start_mark,
                  "found a second document, expected one in a file");
}

/* Whether to go on; *done at the end of the stream. */
static bool
take_event(struct builder *b, const yaml_event_t *event, bool *done)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return take_alias(b, event);
    case YAML_SCALAR_EVENT:
        return take_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(b, event, GONG_YAML_SEQUENCE,
                          event->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
        return open_level(b, event, GONG_YAML_MAPPING,
                          event->data.mapping_start.anchor);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return true;
    case YAML_DOCUMENT_START_EVENT:
        return take_document(b, event);
    case YAML_STREAM_END_EVENT:
        *done = true;
        return true;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return true;
}

static bool
build(struct builder *b)
{
    bool done = false;
    bool ok = true;

    while (ok && !done) {
        yaml_event_t event;

        if (yaml_parser_parse(&b->parser, &event) == 0) {
            gong_conf_source_error(
                &b->yaml->source, byte_of(b, &b->parser.problem_mark),
                b->errors, "found what is no YAML: %s",
                b->parser.problem == NULL ? "?" : b->parser.problem);
            return false;
        }
        ok = take_event(b, &event, &done);
        yaml_event_delete(&event);
    }
    return ok;
}

/* An empty document has no root yet. */
static bool
complete(struct builder *b)
{
    struct gong_yaml *yaml = b->yaml;

    if (yaml->root != 0) {
        return true;
    }
    yaml->root = add_node(b);
    if (yaml->root == 0) {
        return false;
    }
    yaml->nodes[yaml->root].text = strdup("");
    return yaml->nodes[yaml->root].text != NULL ||
           no_memory(yaml->source.name, b->errors);
}

struct gong_yaml *
gong_yaml_read(const char *name, struct gong_str text,
               struct gong_conf_errors *errors)
{
    struct builder b = {.errors = errors};
    bool ok = false;

    if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) {
        text = gong_str_from(text.data + 3, text.len - 3);
    }
    b.yaml = calloc(1, sizeof *b.yaml);
    if (b.yaml == NULL) {
        (void)no_memory(name, errors);
        return NULL;
    }
    if (!gong_conf_source_init(&b.yaml->source, name, text, errors)) {
        /* It has said why. */
    } else if (yaml_parser_initialize(&b.parser) == 0) {
        (void)no_memory(name, errors);
    } else {
        yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&b.parser,
                                     (const unsigned char *)b.yaml->source.text,
                                     b.yaml->source.len);
        ok = build(&b) && complete(&b);
        yaml_parser_delete(&b.parser);
    }
    for (size_t i = 0; i < b.anchor_count; i++) {
        free(b.anchors[i].name);
    }
    free(b.anchors);
    if (!ok) {
        gong_yaml_free(b.yaml);
        return NULL;
    }
    return b.yaml;
}

void
gong_yaml_free(struct gong_yaml *yaml)
{
    if (yaml == NULL) {
        return;
    }
    for (uint32_t i = 0; i < yaml->count; i++) {
        free(yaml->nodes[i].text);
    }
    free(yaml->nodes);
    gong_conf_source_fini(&yaml->source);
    free(yaml);
}
