/*
 * ledger_tool: gong-agent --ledger: asks the running agent; where none answers,
 * what it saved and its journal are read, without changing either.
 */
#ifndef GONG_AGENT_LOOK_LEDGER_TOOL_H
#define GONG_AGENT_LOOK_LEDGER_TOOL_H

#include <stdio.h>

#include "agent/config.h"
#include "common/err.h"

/* gong_ledger_tool: what is "", "SITE" or "SITE/DEVICE". Says on out where it
 * has it from, then the text. *lost: something is. NOT_FOUND: no such device,
 * or nothing to read; INVALID: no such name. */
enum gong_err gong_ledger_tool(const struct gong_agent_config *config,
                               const char *what, FILE *out, FILE *errors,
                               bool *lost) GONG_MUST_CHECK;

#endif
