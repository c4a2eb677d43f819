/*
 * ledger_text: the delivery ledger for people: one page of
 * agent/look/ledger_view.h as plain text, Vietnamese first.
 *
 *   22015/gw  5f1c09e2a7b4d310
 *     đủ đến 2026-11-22 10:31:07, sau đó chưa rõ
 *     | complete until 2026-11-22 10:31:07, unknown after
 *     nhận | received          1042 (52100 điểm | points)
 *     mất  | lost              12: ...
 */
#ifndef GONG_AGENT_LOOK_LEDGER_TEXT_H
#define GONG_AGENT_LOOK_LEDGER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/err.h"
#include "common/str.h"

/* What was written. */
struct gong_ledger_text {
    size_t devices;
    bool lost;      /* something is lost, or a spool was cut off */
    char next[132]; /* the following page's after; "" at the end */
};

/* gong_ledger_text_write: adds to *told. INVALID where json is no page; hostile
 * text is safe. */
enum gong_err
gong_ledger_text_write(struct gong_str json, FILE *out,
                       struct gong_ledger_text *told) GONG_MUST_CHECK;

#endif
