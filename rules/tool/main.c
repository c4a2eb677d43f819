/*
 * gong-rules: rules without a broker: check, test, replay, evaluate, explain,
 * import. gong-rules --help lists the commands; docs/man/gong-rules.1.
 */
#include <stdio.h>

#include "rules/tool/commands.h"

int
main(int argc, char **argv)
{
    return gong_rules_run(argc, argv, stdout, stderr);
}
