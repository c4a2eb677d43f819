/*
 * import_cfg: Prometheus' rule files as ours: one group on the grid of its
 * interval, with Prometheus' meaning of missing data and its look-back.
 */
#ifndef GONG_RULES_TOOL_IMPORT_CFG_H
#define GONG_RULES_TOOL_IMPORT_CFG_H

#include <stdbool.h>
#include <stdio.h>

#include "rules/prom_rules.h"

/* gong_import_cfg: writes the alerts of file as one of our groups. group: only
 * the one of this name, or NULL for all; they become one, named after the
 * first, if their intervals are the same. What could not be converted is left
 * out and named in errors; false if there was anything. What is converted, and
 * means something else here, is told on notes. */
bool gong_import_cfg(const struct gong_prom_file *file, const char *group,
                     FILE *out, FILE *notes, struct gong_conf_errors *errors);

/* gong_import_put_text: text as libconfig writes it; a line of text each. */
void gong_import_put_text(FILE *out, const char *text);

#endif
