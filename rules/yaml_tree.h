/*
 * yaml_tree: a YAML document as a bounded tree with places, over libyaml.
 *
 *   nodes  [ none | mapping | key | value | key | sequence | item ... ]
 *
 * Children are linked by numbers; a mapping's alternate between key and value.
 * An alias is a node that names its anchor's node: nothing is copied, so no
 * alias makes a document larger than its text, and one inside its own anchor
 * is refused. Also refused: more than GONG_YAML_DEPTH levels, a key twice, keys
 * that are no scalars, more than 512 keys in a mapping or
 * 1,000 anchors, a second document, a version other than 1.1, and
 * what conf refuses: over 4 MiB, NUL bytes, text that is not UTF-8.
 */
#ifndef GONG_RULES_YAML_TREE_H
#define GONG_RULES_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/str.h"

#define GONG_YAML_DEPTH 32

enum gong_yaml_kind {
    GONG_YAML_SCALAR,
    GONG_YAML_SEQUENCE,
    GONG_YAML_MAPPING,
    GONG_YAML_ALIAS,
};

/* Transparent: plain data, the tree's own. */
struct gong_yaml_node {
    enum gong_yaml_kind kind;
    bool quoted; /* a scalar in quotes, or a block: text, whatever it says */
    bool block;  /* a scalar behind | or > */
    bool tagged; /* a scalar behind a tag, such as !!str or !!null */
    size_t at;   /* byte offset in the text */
    char *text;  /* of a scalar, NUL-terminated; NULL for others */
    size_t len;
    uint32_t first;  /* child; 0: none */
    uint32_t next;   /* sibling; 0: none */
    uint32_t count;  /* children; of a mapping: pairs */
    uint32_t target; /* of an alias */
};

struct gong_yaml;

/* gong_yaml_read: NULL after problems, which are in errors; name stands for the
 * file there. An empty document is a scalar without text. */
struct gong_yaml *gong_yaml_read(const char *name, struct gong_str text,
                                 struct gong_conf_errors *errors);
void gong_yaml_free(struct gong_yaml *yaml);

const char *gong_yaml_name(const struct gong_yaml *yaml);

/* Never an alias: these go to what it names. NULL for 0 or an absent key. */
const struct gong_yaml_node *gong_yaml_root(const struct gong_yaml *yaml);
const struct gong_yaml_node *gong_yaml_get(const struct gong_yaml *yaml,
                                           const struct gong_yaml_node *mapping,
                                           const char *key);

/* A walk over children: start with node->first, go on with what next says.
 *     for (i = node->first; i != 0; i = gong_yaml_next(yaml, i))
 * gong_yaml_raw is the child itself, gong_yaml_at what it stands for. */
const struct gong_yaml_node *gong_yaml_at(const struct gong_yaml *yaml,
                                          uint32_t child);
const struct gong_yaml_node *gong_yaml_raw(const struct gong_yaml *yaml,
                                           uint32_t child);
uint32_t gong_yaml_next(const struct gong_yaml *yaml, uint32_t child);

/* gong_yaml_is_null: nothing, ~ or null, not in quotes. */
bool gong_yaml_is_null(const struct gong_yaml_node *node);

/* gong_yaml_line: of the node's start, from 1. */
size_t gong_yaml_line(const struct gong_yaml *yaml,
                      const struct gong_yaml_node *node);

/* Adds "name:line:column: ..." for the node; with gong_yaml_error_in for byte
 * `at` of a scalar's text, as near as folded lines and escapes let it be. */
void gong_yaml_error(const struct gong_yaml *yaml,
                     const struct gong_yaml_node *node,
                     struct gong_conf_errors *errors, const char *format, ...)
    GONG_PRINTF(4, 5);
void gong_yaml_error_in(const struct gong_yaml *yaml,
                        const struct gong_yaml_node *node, size_t at,
                        struct gong_conf_errors *errors, const char *format,
                        ...) GONG_PRINTF(5, 6);

#endif
