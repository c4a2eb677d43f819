/*
 * desk_cases: tests of routes, inhibition, escalation and time: what comes in
 * and every message that goes out, in one file with time as data.
 *
 *   # comment
 *   routes FILE             the routing file, beside this one
 *   model FILE              the city model; a line each, before the cases
 *
 *   case WORDS [at TIME]    a new desk; TIME (RFC 3339) is its 0s, where
 *                           nothing is said Monday 2026-01-05 00:00 +07:00
 *   TIME fire NAME [LABEL=VALUE]... [level=N]
 *   TIME unknown|over NAME [LABEL=VALUE]...
 *   TIME ack NUMBER [until=TIME] [sticky] [by=NAME]
 *   TIME unack|resolve NUMBER [by=NAME]
 *   TIME silence NUMBER | MATCHERS until=TIME
 *   TIME maintenance MATCHERS [from=TIME] until=TIME
 *   TIME unsilence NUMBER
 *   TIME told MESSAGE       a message, as desk_text.h writes it
 *   TIME end                time goes on to here; else to the last line
 *
 * TIME is a length since the case's 0s: 0s, 90s, 1h30m. Lines stand in order of
 * time. An alert is known by its labels, severity left out. MATCHERS have no
 * blanks. Every message must be told of, in order, and no other: what came
 * instead is printed as lines that can stand in the file.
 */
#ifndef GONG_RULES_TOOL_DESK_CASES_H
#define GONG_RULES_TOOL_DESK_CASES_H

#include <stdbool.h>
#include <stdio.h>

/* gong_desk_path_is_cases: by the end of its name, .desk. */
bool gong_desk_path_is_cases(const char *path);

/* gong_desk_cases_run: false where a case failed, or the file cannot be read.
 * routes, model: instead of those the file names, or NULL. */
bool gong_desk_cases_run(const char *path, char *routes, char *model,
                         FILE *out);

#endif
