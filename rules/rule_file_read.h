/* rule_file_read: one rule file's settings to rules. Private to rule_file. */
#ifndef GONG_RULES_RULE_FILE_READ_H
#define GONG_RULES_RULE_FILE_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"
#include "rules/engine/ruleset.h"

/* What grows while files are read; zero but for set and errors at the start. */
struct gong_rule_reader {
    struct gong_ruleset *set;            /* borrowed; its rules grow */
    struct gong_conf_errors *errors;     /* borrowed */
    const struct gong_conf_node **nodes; /* of each rule; owned */
    size_t capacity;
    bool failed;
};

/* gong_rule_read_conf: adds the rules of one file; problems go to errors. conf
 * must stay open until gong_rule_read_finish. */
void gong_rule_read_conf(struct gong_rule_reader *reader,
                         const struct gong_conf *conf);

/* gong_rule_read_finish: refuses ids that occur twice, frees what the reader
 * owns, and returns whether nothing was wrong. */
bool gong_rule_read_finish(struct gong_rule_reader *reader);

#endif
