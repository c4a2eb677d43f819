/*
 * log_reader: the logs that an agent left behind, for the judges. The agent
 * must have ended: a log is open in one process at a time.
 */
#ifndef GONG_TESTS_FAULTS_LOG_READER_H
#define GONG_TESTS_FAULTS_LOG_READER_H

#include <stdbool.h>

#include "common/spool.h"

struct log_reader {
    struct gong_spool *spool;
    struct gong_spool_cursor *cursor;
};

/* log_reader_open: STATE/name from its oldest record; false after saying why
 * on standard error. close is due either way. */
bool log_reader_open(struct log_reader *reader, const char *state,
                     const char *name);
void log_reader_close(struct log_reader *reader);

/* log_reader_next: false at the end. */
bool log_reader_next(struct log_reader *reader, struct gong_record *record);

#endif
