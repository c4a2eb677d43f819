/* eval_fixture: series in a compact notation, results as text. */
#ifndef GONG_TESTS_UNIT_EVAL_FIXTURE_H
#define GONG_TESTS_UNIT_EVAL_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "rules/engine/eval.h"
#include "rules/engine/eval_memory.h"

#define EVAL_TEXT_SIZE 4096

/* One series: its selector, and its values by blanks, one each 30 s from 0 on:
 * numbers, "stale", and "_" for none. */
struct eval_series {
    const char *name;
    const char *values;
};

/* What an expression gives at a time. The result is its items in order, by
 * " | ": "name{a=1,b=2} 3.5", "scalar 3", "string text", "name{} [ms:3 ms:4]",
 * or "error: many-to-many". Numbers have 15 digits. */
struct eval_row {
    int64_t at_ms;
    const char *expr;
    const char *want;
};

struct gong_eval_memory *eval_load(const struct eval_series *series,
                                   size_t count);

/* eval_render: out holds EVAL_TEXT_SIZE. */
void eval_render(const struct gong_eval *eval,
                 const struct gong_eval_result *result, char *out);

/* eval_text: evaluates once; out as eval_render's, or the error. */
void eval_text(struct gong_eval_memory *memory,
               const struct gong_eval_options *options, const char *expr,
               int64_t at_ms, char *out);

void eval_check(struct gong_eval_memory *memory, const struct eval_row *rows,
                size_t count);
#define EVAL_CHECK(memory, rows)                                               \
    eval_check((memory), (rows), sizeof(rows) / sizeof((rows)[0]))

/* For groups of tests: *state is a memory with counters, gauges, buckets, and
 * series that begin late or end early. */
int eval_setup(void **state);
int eval_teardown(void **state);

#endif
