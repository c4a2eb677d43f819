/*
 * journal_tool: looks at a journal's files without opening it: nothing is
 * locked, repaired or changed, so it may belong to a running agent.
 */
#ifndef GONG_AGENT_JOURNAL_JOURNAL_TOOL_H
#define GONG_AGENT_JOURNAL_JOURNAL_TOOL_H

#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "common/record.h"
#include "common/spool_format.h"

/* gong_journal_check: counts records and bytes that are none, says so on out.
 * CORRUPT where there are damaged bytes before the end; else as an open or a
 * read says, with a word on errors. */
enum gong_err gong_journal_check(const char *dir, FILE *out,
                                 FILE *errors) GONG_MUST_CHECK;

/* gong_journal_dump: a line for each record at from or after it: offset, type,
 * journal time, wall time, payload length, and site/device of data. Damage is a
 * line too. */
enum gong_err gong_journal_dump(const char *dir, uint64_t from, FILE *out,
                                FILE *errors) GONG_MUST_CHECK;

/* gong_journal_look: which log it is. */
enum gong_err gong_journal_look(const char *dir, struct gong_spool_meta *out,
                                FILE *errors) GONG_MUST_CHECK;

/* gong_journal_walk: every record, oldest first, to take. */
enum gong_err gong_journal_walk(const char *dir,
                                void (*take)(void *ctx,
                                             const struct gong_record *record),
                                void *ctx, FILE *errors) GONG_MUST_CHECK;

#endif
