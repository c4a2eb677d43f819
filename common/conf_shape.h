/*
 * conf_shape: checks the grammar of a whole text and notes where every setting
 * stands, because libconfig stops at the first error and knows no columns.
 * Private to the conf modules.
 *
 *   file     = setting*
 *   setting  = NAME ("=" | ":") value [";" | ","]
 *   value    = BOOL | INT | INT64 | FLOAT | STRING+ | array | list | group
 *   array    = "[" [scalar ("," scalar)*] "]"      all of one type
 *   list     = "(" [value ("," value)*] ")"
 *   group    = "{" setting* "}"                    every name once
 *
 * Stricter than libconfig: at most 32 levels, at most 1024 names in a group
 * (libconfig compares each with each).
 */
#ifndef GONG_COMMON_CONF_SHAPE_H
#define GONG_COMMON_CONF_SHAPE_H

#include <stdbool.h>

#include "common/conf_private.h"

/* gong_conf_shape_read: fills conf->nodes from conf->source, all but setting;
 * problems go to errors, then it returns false. */
bool gong_conf_shape_read(struct gong_conf *conf,
                          struct gong_conf_errors *errors);

#endif
