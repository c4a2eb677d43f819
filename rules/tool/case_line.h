/*
 * case_line: the lines of a case (rule_cases.h) as they are at one instant:
 *
 *   {A..B}    evenly from the number A at the first instant to B at the last
 *   {A|B|C}   one text after the other, over and over
 *   " & "     the next line
 *
 * Other braces stand for themselves.
 */
#ifndef GONG_RULES_TOOL_CASE_LINE_H
#define GONG_RULES_TOOL_CASE_LINE_H

#include <stdint.h>

/* In seconds: from, from + step, ... to; step is at least 1. */
struct gong_case_span {
    int64_t from;
    int64_t to;
    int64_t step;
};

/* gong_case_lines: text as line protocol at an instant of the span, each line
 * with the stamp; heap, NULL without memory. */
char *gong_case_lines(const char *text, const struct gong_case_span *span,
                      int64_t at, int64_t stamp_ns);

#endif
