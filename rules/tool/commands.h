/* commands: what gong-rules can do, one file each. */
#ifndef GONG_RULES_TOOL_COMMANDS_H
#define GONG_RULES_TOOL_COMMANDS_H

#include "rules/tool/arguments.h"

int gong_cmd_check(const struct gong_call *call);
int gong_cmd_diff(const struct gong_call *call);
int gong_cmd_eval(const struct gong_call *call);
int gong_cmd_explain(const struct gong_call *call);
int gong_cmd_export(const struct gong_call *call);
int gong_cmd_import(const struct gong_call *call);
int gong_cmd_replay(const struct gong_call *call);
int gong_cmd_test(const struct gong_call *call);

/* gong_commands: ends with a name of NULL. */
extern const struct gong_command gong_commands[];

/* gong_rules_run: the whole program but main(); argv[0] is the program. */
int gong_rules_run(int argc, char **argv, FILE *out, FILE *err);

#endif
