/*
 * desk_text: a message of the desk as one line, as *.desk files have it:
 *
 *   news unit-duty@22015: #1 FloodLevel climbed level 2, #2 Dark firing
 *   escalate unit-head@22015 step 1: #1 FloodLevel still level 2
 *   news operations: #5 ... ; 900 firing, 3 resolved more
 */
#ifndef GONG_RULES_TOOL_DESK_TEXT_H
#define GONG_RULES_TOOL_DESK_TEXT_H

#include <stdio.h>

#include "rules/desk/desk.h"

void gong_desk_text_put(FILE *out, const struct gong_desk_message *message);
/* "news", "repeat", "escalate". */
const char *gong_desk_text_kind(enum gong_message_kind kind);

#endif
