/*
 * name: what line protocol's names are called in PromQL (design 4): characters
 * outside [a-zA-Z0-9_] become '_', one for each character of UTF-8, and a
 * leading digit gets '_' in front. Pure.
 */
#ifndef GONG_RULES_ENGINE_NAME_H
#define GONG_RULES_ENGINE_NAME_H

#include <stddef.h>

#include "common/str.h"

#define GONG_NAME_MAX 1024 /* bytes of a metric's or label's name */

/* gong_name_metric: <measurement>_<field>, or the measurement alone where the
 * field is "value". Returns the length written; 0 where the name would be
 * empty or longer than GONG_NAME_MAX. */
size_t gong_name_metric(struct gong_str measurement, struct gong_str field,
                        char out[GONG_NAME_MAX]);

/* gong_name_label: likewise for a tag's key; "__name__" is PromQL's own and
 * becomes "exported___name__". */
size_t gong_name_label(struct gong_str key, char out[GONG_NAME_MAX]);

#endif
