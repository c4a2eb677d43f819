/*
 * conf: configuration files over libconfig, read through tables of options.
 *
 * libconfig 1.5 wraps large integers silently, drops the rest of a file after
 * an unterminated comment, and knows lines but no columns. So the text is
 * scanned first: those two are refused, and every name and string gets its
 * line and column. All problems of a file are collected, each as
 *     file:line:column: found ..., expected ...
 * Unknown keys are refused with the nearest known name. @include is refused
 * (list several files instead). Files over 4 MiB are refused.
 *
 * One table of options per group feeds the reader, --dump and the manual. A
 * relative path is meant from the folder of the file that names it.
 */
#ifndef GONG_COMMON_CONF_H
#define GONG_COMMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "common/str.h"

enum gong_option_type {
    GONG_OPTION_BOOL,     /* bool */
    GONG_OPTION_INT,      /* int64_t; min..max */
    GONG_OPTION_NUMBER,   /* double; takes 80 and 80.0 alike; min..max */
    GONG_OPTION_DURATION, /* gong_dur_t from "10s"; min..max in ms */
    GONG_OPTION_SIZE,     /* uint64_t bytes from "64MiB" or a number */
    GONG_OPTION_STRING,   /* char *, owned by the config struct */
    GONG_OPTION_STRINGS,  /* struct gong_strings, owned */
    GONG_OPTION_CHOICE,   /* int: index into choices */
    /* char *: a path; a relative one is meant from the folder of the file that
     * names it, and is made absolute. "" is not given. With errors->files the
     * read looks at what is there: */
    GONG_OPTION_PATH,    /* nothing: made where it is missing */
    GONG_OPTION_FILE,    /* a file that can be read */
    GONG_OPTION_SECRET,  /* likewise, with a first line, not for everybody */
    GONG_OPTION_FOLDER,  /* a folder that can be read */
    GONG_OPTION_OUTPUT,  /* a file that can be written, or made */
    GONG_OPTION_PATHS,   /* struct gong_strings of PATH */
    GONG_OPTION_COMMAND, /* struct gong_strings: a program (with errors->files:
                            one that can be run) and its arguments */
};

struct gong_strings {
    char **items;
    size_t count;
};

struct gong_option {
    const char *name;
    enum gong_option_type type;
    size_t offset;             /* in the struct that is filled */
    const char *default_value; /* as it would be written in a file without
                                  quotes (STRINGS: separated by commas, "" for
                                  none); NULL: required */
    double min, max; /* both 0: unbounded; min above 0 and max 0: at least */
    const char *const *choices; /* NULL-terminated; CHOICE only */
    const char *unit;           /* "" if none; for the manual */
    const char *help;           /* one sentence, English */
};

/* A group: its own options, the names of keys below it that are groups or lists
 * read by other tables, and those that have a meaning to come: refused too, but
 * not as if they were misspelt. */
struct gong_option_table {
    const char *name; /* dotted path for messages and the manual: "broker" */
    const char *help;
    const struct gong_option *options;
    size_t option_count;
    const char *const *children; /* NULL-terminated names; NULL for none */
    const char *const *reserved; /* likewise */
};

/* Collects messages, one per line of text, from {0}. Those about one file that
 * follow each other stand in the order of its text, in whatever order they were
 * found. An item is NULL where memory was short. */
struct gong_conf_errors {
    char **items;
    size_t count;
    struct gong_conf_spot *spots; /* the collector's own: where each points */
    bool files;     /* set by who wants the files and programs that options name
                       looked at too (--check) */
    bool no_memory; /* some message, or what it would be about, had none: the
                       same may be fine another time */
};
void gong_conf_errors_fini(struct gong_conf_errors *errors);
void gong_conf_errors_add(struct gong_conf_errors *errors, const char *format,
                          ...) GONG_PRINTF(2, 3);
/* gong_conf_errors_no_memory: adds that who (a file, a folder) had none. */
void gong_conf_errors_no_memory(struct gong_conf_errors *errors,
                                const char *who);
/* gong_conf_errors_full: whether it has said that more follow; those are
 * dropped.
 */
bool gong_conf_errors_full(const struct gong_conf_errors *errors);
void gong_conf_errors_print(const struct gong_conf_errors *errors, FILE *out);

/* gong_conf_load_bytes: what a file holds, up to just over the limit, so that
 * an open of these bytes refuses a larger one. Heap, NUL-terminated; NULL after
 * "path: cannot be read: reason". */
char *gong_conf_load_bytes(const char *path, size_t *len,
                           struct gong_conf_errors *errors);

struct gong_conf;
struct gong_conf_node; /* a setting; lives as long as its gong_conf */

/* gong_conf_open: parses the file (or text, with name standing for the file in
 * messages). NULL after problems, which are in errors. */
struct gong_conf *gong_conf_open(const char *path,
                                 struct gong_conf_errors *errors);
struct gong_conf *gong_conf_open_text(const char *name, struct gong_str text,
                                      struct gong_conf_errors *errors);
void gong_conf_close(struct gong_conf *conf);

const struct gong_conf_node *gong_conf_root(const struct gong_conf *conf);
/* A child by name; NULL if absent. */
const struct gong_conf_node *gong_conf_child(const struct gong_conf_node *node,
                                             const char *name);
/* Elements of a list, array or group; 0 for scalars. */
size_t gong_conf_count(const struct gong_conf_node *node);
const struct gong_conf_node *gong_conf_at(const struct gong_conf_node *node,
                                          size_t index);
bool gong_conf_is_group(const struct gong_conf_node *node);
/* A list ( ) or an array [ ]. */
bool gong_conf_is_list(const struct gong_conf_node *node);
const char *gong_conf_name(const struct gong_conf_node *node); /* "" if none */
/* A string scalar's text, NULL if it is none. */
const char *gong_conf_string(const struct gong_conf_node *node);
/* Where the node was written. */
const char *gong_conf_file(const struct gong_conf_node *node);
size_t gong_conf_line(const struct gong_conf_node *node);

/* Adds "file:line:column: ..." for the node; the column is that of its name,
 * or, with gong_conf_error_in, of its value: of byte `at` (0-based) inside a
 * string, escapes and adjacent strings accounted for. */
void gong_conf_error(const struct gong_conf_node *node,
                     struct gong_conf_errors *errors, const char *format, ...)
    GONG_PRINTF(3, 4);
void gong_conf_error_in(const struct gong_conf_node *node, size_t at,
                        struct gong_conf_errors *errors, const char *format,
                        ...) GONG_PRINTF(4, 5);

/*
 * gong_conf_read: fills the struct at out (zeroed by the caller) from node by
 * the table: defaults first, then what the file says; node may be NULL (all
 * defaults; a missing required key is an error at the parent or file).
 * Unknown keys, wrong types and values out of range are added to errors, at the
 * place of the value. Returns false if it added any. Free owned strings with
 * gong_conf_free, then too.
 */
bool gong_conf_read(const struct gong_conf_node *node,
                    const struct gong_option_table *table, void *out,
                    struct gong_conf_errors *errors);
/* gong_conf_read_child: the same for the child of parent that bears the last
 * part of the table's name; where it is absent, a missing required key is
 * reported at parent. */
bool gong_conf_read_child(const struct gong_conf_node *parent,
                          const struct gong_option_table *table, void *out,
                          struct gong_conf_errors *errors);
void gong_conf_free(const struct gong_option_table *table, void *filled);

/* gong_conf_dump: the filled struct as `name = value;` lines that parse back,
 * indented by depth; the caller writes the braces of groups. */
void gong_conf_dump(const struct gong_option_table *table, const void *filled,
                    int depth, FILE *out);
/* gong_conf_manual: the table as Markdown rows (name, type, unit, default,
 * range, help), with their heading row. */
void gong_conf_manual(const struct gong_option_table *table, FILE *out);

/* gong_conf_nearest: the known name nearest to name (edit distance at most a
 * third of its length, at least 1), or NULL. */
const char *gong_conf_nearest(const char *name, const char *const *known,
                              size_t known_count);

#endif
