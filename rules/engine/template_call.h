/*
 * template_call: the functions of templates, Go's and Prometheus', by name.
 */
#ifndef GONG_RULES_ENGINE_TEMPLATE_CALL_H
#define GONG_RULES_ENGINE_TEMPLATE_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"
#include "rules/engine/template_value.h"

/* gong_tcall_find: its number, or -1. */
int gong_tcall_find(struct gong_str name);
const char *gong_tcall_name(int function);

/* gong_tcall_bounds: how many arguments it takes, a piped one among them. */
void gong_tcall_bounds(int function, size_t *least, size_t *most);

/* gong_tcall_stops: of and, or: whether this value of an argument is already
 * the result, and the rest is not evaluated. */
bool gong_tcall_stops(int function, const struct gong_tvalue *value);

/* gong_tcall_run: checks the arguments' types, then calls. False and failed. */
bool gong_tcall_run(struct gong_trender *render, int function,
                    const struct gong_tvalue *args, size_t count,
                    struct gong_tvalue *out);

#endif
