/*
 * rule_file_bundle: the bytes of rule files and of the city model's, from disk
 * or from a bundle. Private to rule_file.
 *
 * A bundle is every file one after another, in byte order of their names:
 *
 *     == /etc/gong/rules/air.cfg 311\n
 *     group = "air"; ...                  311 bytes, whatever they are
 *     == /etc/gong/rules/host.cfg 5210\n
 *     ...
 *
 * A name may hold spaces but no control characters; the length is what stands
 * after the line's last space.
 */
#ifndef GONG_RULES_RULE_FILE_BUNDLE_H
#define GONG_RULES_RULE_FILE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"
#include "common/str.h"

/* Transparent: plain data, owned. */
struct gong_rule_bytes {
    char *name;
    char *bytes;
    size_t len;
    bool model; /* asked for as a file of the model */
};

struct gong_rule_files {
    struct gong_rule_bytes *items;
    size_t count;
};

void gong_rule_files_fini(struct gong_rule_files *files);

/* gong_rule_files_collect: reads all paths (see rule_file.h) into files, which
 * is empty before, in byte order of names. Of a folder the files of a model are
 * passed over, of a folder among models all others. models may be NULL. False
 * after problems, all of them in errors. fini is due either way. */
bool gong_rule_files_collect(const struct gong_strings *paths,
                             const struct gong_strings *models,
                             struct gong_rule_files *files,
                             struct gong_conf_errors *errors);

/* gong_rule_files_add: one more that is on no disk; copied. */
bool gong_rule_files_add(struct gong_rule_files *files, const char *name,
                         struct gong_str text, struct gong_conf_errors *errors);
/* gong_rule_files_remove: the one of the name, if there is one. */
void gong_rule_files_remove(struct gong_rule_files *files, const char *name);

/* gong_rule_bundle_read: the same from the bytes of a bundle. */
bool gong_rule_bundle_read(struct gong_str bundle,
                           struct gong_rule_files *files,
                           struct gong_conf_errors *errors);

/* gong_rule_bundle_write: the bundle, heap, NUL-terminated; NULL without
 * memory. */
char *gong_rule_bundle_write(const struct gong_rule_files *files, size_t *len);

#endif
