/* desk_case_line: a line of a case (desk_cases.h) as what the desk takes. */
#ifndef GONG_RULES_TOOL_DESK_CASE_LINE_H
#define GONG_RULES_TOOL_DESK_CASE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/desk/desk.h"

enum gong_desk_case_kind {
    GONG_DESK_CASE_ALERT,
    GONG_DESK_CASE_ACT,
    GONG_DESK_CASE_TOLD,
    GONG_DESK_CASE_END,
};

#define GONG_DESK_CASE_LABELS_MAX 32

/* Texts point into the line, which is changed. */
struct gong_desk_case {
    int64_t zero_ms;   /* the case's 0s */
    uint64_t position; /* of the effect: the line's number */
    int64_t at_ms;
    enum gong_desk_case_kind kind;
    struct gong_desk_alert alert;
    struct gong_label_view labels[GONG_DESK_CASE_LABELS_MAX];
    struct gong_desk_act act;
    const char *told;
};

/* gong_desk_case_read: zero_ms and position are the caller's. False with why
 * filled. */
bool gong_desk_case_read(char *text, struct gong_desk_case *line, char *why,
                         size_t why_size);

#endif
