/* template_run: executes a parsed template. */
#ifndef GONG_RULES_ENGINE_TEMPLATE_RUN_H
#define GONG_RULES_ENGINE_TEMPLATE_RUN_H

#include <stdbool.h>

#include "rules/engine/template_output.h"
#include "rules/engine/template_value.h"

/* gong_trun: false: failed, with the reason in render. */
bool gong_trun(struct gong_trender *render, struct gong_toutput *output);

#endif
