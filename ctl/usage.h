/* usage: the help, and what is said of a command line that is not understood:
 * the reason first, then the nearest name, then how to get help. */
#ifndef GONG_CTL_USAGE_H
#define GONG_CTL_USAGE_H

#include <stdio.h>

#include "ctl/commands.h"

/* gong_ctl_command_find: NULL: there is none of that name. */
const struct gong_ctl_command *gong_ctl_command_find(const char *name);
/* gong_ctl_usage: of one command; of all with NULL. */
void gong_ctl_usage(const struct gong_ctl_command *only, FILE *out);
/* gong_ctl_usage_unknown: name "": no command was given. */
void gong_ctl_usage_unknown(const char *name, FILE *err);
/* gong_ctl_usage_hint: where the help of a command is. */
void gong_ctl_usage_hint(const struct gong_ctl_command *command, FILE *err);

#endif
