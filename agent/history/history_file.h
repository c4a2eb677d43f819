/*
 * history_file: history.db as its one writer has it. What one transaction puts
 * into the file, samples and how far the logs were read, is there as a whole or
 * not at all.
 *
 *   begin -> series, put, state, place -> commit
 *
 * One thread. Every error is told once more by why().
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_FILE_H
#define GONG_AGENT_HISTORY_HISTORY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/history/history_time.h"
#include "agent/history/samples.h"
#include "common/err.h"
#include "rules/engine/labelset.h"

struct gong_history_file;

/* Where a log is read next. All zeros: nothing was read of it. */
struct gong_history_log_place {
    uint8_t id[16];
    uint32_t generation;
    uint64_t offset;
};

struct gong_history_place {
    struct gong_history_log_place journal;
    struct gong_history_log_place effects;
    char rules[65]; /* digest of the rule set in force there; "": none */
};

/* gong_history_file_open: makes it where it is missing. CORRUPT: set it aside
 * and open a new one (gong_history_file_set_aside); UNSUPPORTED: of a later
 * version. */
enum gong_err gong_history_file_open(const char *path,
                                     struct gong_history_file **out, char *why,
                                     size_t why_size) GONG_MUST_CHECK;
void gong_history_file_close(struct gong_history_file *file);
/* gong_history_file_set_aside: renames a closed file, with its log of changes,
 * to PATH.damaged-<unix seconds>; aside gets that name. Only the newest of them
 * is kept. */
enum gong_err gong_history_file_set_aside(const char *path, int64_t unix_s,
                                          char *aside,
                                          size_t aside_size) GONG_MUST_CHECK;

/* gong_history_file_why: words about the last failure; static or the file's. */
const char *gong_history_file_why(const struct gong_history_file *file);

/* gong_history_file_place: as committed last. */
void gong_history_file_place(const struct gong_history_file *file,
                             struct gong_history_place *out);
/* gong_history_file_states: what stood there; visit is called for each. */
enum gong_err gong_history_file_states(struct gong_history_file *file,
                                       void (*visit)(void *ctx, uint32_t series,
                                                     double value),
                                       void *ctx) GONG_MUST_CHECK;

/* gong_history_file_begin: CORRUPT also where somebody moved or removed it. */
enum gong_err
gong_history_file_begin(struct gong_history_file *file) GONG_MUST_CHECK;
/* gong_history_file_commit: durable on return. After any failure the
 * transaction is undone, and all of it is to be done again. */
enum gong_err gong_history_file_commit(struct gong_history_file *file,
                                       const struct gong_history_place *place)
    GONG_MUST_CHECK;
void gong_history_file_rollback(struct gong_history_file *file);

/* gong_history_file_series: finds or makes, also outside of a transaction;
 * numbers are never 0 and never given to another series. labels as
 * history_labels.h. A new one is kept in memory, whatever fails, until a commit
 * or gong_history_file_publish has put it into the file. */
enum gong_err gong_history_file_series(struct gong_history_file *file,
                                       const struct gong_label_view *labels,
                                       size_t count,
                                       uint32_t *series) GONG_MUST_CHECK;
/* gong_history_file_publish: outside of a transaction: readers know the new
 * series from here on. Costs no sync; nothing to do costs nothing. */
enum gong_err
gong_history_file_publish(struct gong_history_file *file) GONG_MUST_CHECK;
/* gong_history_file_forget: nobody remembers numbers any more that were given
 * out so far. Those that are remembered stay, even where no block holds them
 * (history_tidy.h). */
void gong_history_file_forget(struct gong_history_file *file);

/* gong_history_file_put: samples of a series by rising time, of any blocks;
 * once for each series in a transaction, and in rising order of series where
 * that is possible: it is what makes writing fast. */
enum gong_err gong_history_file_put(struct gong_history_file *file,
                                    uint32_t series,
                                    const struct gong_sample *samples,
                                    size_t count) GONG_MUST_CHECK;
/* gong_history_file_state: a stale marker: it stands no more. */
enum gong_err gong_history_file_state(struct gong_history_file *file,
                                      uint32_t series,
                                      double value) GONG_MUST_CHECK;

/* Notes: what whoever reads the logs carries from one place in them to the
 * next: name -> bytes. gong_history_file_notes_end: there are none any more;
 * gong_history_file_note: one more, of at most GONG_HISTORY_NOTE_MAX bytes
 * each. Both in a transaction. gong_history_file_notes: as committed last, by
 * name. */
#define GONG_HISTORY_NOTE_MAX 1024
enum gong_err
gong_history_file_notes_end(struct gong_history_file *file) GONG_MUST_CHECK;
enum gong_err gong_history_file_note(struct gong_history_file *file,
                                     struct gong_str name,
                                     struct gong_str bytes) GONG_MUST_CHECK;
typedef enum gong_err (*gong_history_note_fn)(void *ctx, struct gong_str name,
                                              struct gong_str bytes);
enum gong_err gong_history_file_notes(struct gong_history_file *file,
                                      gong_history_note_fn visit,
                                      void *ctx) GONG_MUST_CHECK;

/* Plain values, as of the last commit or tidy. */
struct gong_history_sizes {
    uint64_t bytes; /* of the file, what is free in it left out */
    uint64_t series;
    int64_t oldest_ms[3]; /* by resolution: where its oldest block begins; 0 */
    uint64_t rows[3];     /* chunks */
};
void gong_history_file_sizes(const struct gong_history_file *file,
                             struct gong_history_sizes *out);

#endif
