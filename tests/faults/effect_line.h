/*
 * effect_line: an alert transition as the judges print it, one a line:
 *
 *   <position> <ordinal> <rule> <fingerprint> <from> <to> <reason> <since> <at>
 *       <decided> <labels as JSON>                             (all one line)
 *
 * decided is 0 where nobody said when.
 */
#ifndef GONG_TESTS_FAULTS_EFFECT_LINE_H
#define GONG_TESTS_FAULTS_EFFECT_LINE_H

#include <jansson.h>
#include <stdbool.h>

/* effect_line_print: on standard output; false where the effect has another
 * shape (agent/decide/effect_json.h) or memory is short. */
bool effect_line_print(const json_t *effect);

#endif
