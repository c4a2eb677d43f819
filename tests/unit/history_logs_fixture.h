/* history_logs_fixture: journal and effects as an agent would have written
 * them, at times of the test's choice, and all that a history holds as text. */
#ifndef GONG_TESTS_HISTORY_LOGS_FIXTURE_H
#define GONG_TESTS_HISTORY_LOGS_FIXTURE_H

#include "agent/history/history.h"
#include "agent/history/history_file.h"
#include "sink_fixture.h"

/* logs_put: a record of any type. logs_data: lines of a device; the stamps are
 * as they stand. logs_recorded: lines of the agent's own, caused by the record
 * at position. All give the record's position. */
uint64_t logs_put(struct sinks *sinks, enum gong_record_type type, int64_t ms,
                  const void *payload, size_t len);
uint64_t logs_data(struct sinks *sinks, int64_t ms, const char *site,
                   const char *device, const char *lines);
uint64_t logs_recorded(struct sinks *sinks, int64_t ms, uint64_t position,
                       const char *lines);
/* logs_rules: puts the bundle of these files into the rules of the folders "a"
 * and "b" and a CONFIG into the journal. rules are those of one group; model
 * may be NULL. */
uint64_t logs_rules(struct sinks *sinks, int64_t ms, const char *rules,
                    const char *model);
/* logs_alert: like sinks_put_alert, at a journal time. */
void logs_alert(struct sinks *sinks, int64_t ms,
                const struct sink_alert *alert);
/* logs_sync: all of it is durable, and applied by an engine. */
void logs_sync(struct sinks *sinks);

/* logs_config: of a history that commits when it is asked to.
 * logs_start: a history of these logs in the folder DIR/<name>, which is made;
 * logs_run: reads all,
 * commits, stops; gives the file's path, static storage. */
struct gong_history_config logs_config(void);
struct gong_history *logs_start(struct sinks *sinks, const char *name,
                                const struct gong_history_config *config);
const char *logs_run(struct sinks *sinks, const char *name);
const char *logs_path(const struct sinks *sinks, const char *name);

/* logs_dump: "name{label="value",..}" and a line "  ms value" for each sample,
 * of each series that has some, by their labels. The caller frees. */
char *logs_dump(const char *path);
/* logs_sketch: the same of one series, in one line: "ms=value ..", the times
 * since from; "" where there is none. Static storage. */
const char *logs_sketch(const char *path, const char *series, int64_t from);

#endif
