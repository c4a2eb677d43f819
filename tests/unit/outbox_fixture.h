/*
 * outbox_fixture: a desk's database in a folder of its own, written and asked
 * by SQL, and a channel whose answers are planned.
 */
#ifndef GONG_TESTS_OUTBOX_FIXTURE_H
#define GONG_TESTS_OUTBOX_FIXTURE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "agent/tell/channel.h"
#include "agent/tell/outbox.h"

struct desk_files {
    char dir[64];
    char path[96]; /* of desk.db */
    sqlite3 *handle;
};

/* Makes the folder and the file. Removing takes everything. */
void desk_files_init(struct desk_files *files);
void desk_files_fini(struct desk_files *files);

void desk_sql(struct desk_files *files, const char *format, ...)
    GONG_PRINTF(2, 3);
/* The first number of the first row; -1 where there is none. */
int64_t desk_number(struct desk_files *files, const char *format, ...)
    GONG_PRINTF(2, 3);
/* Blocks until the query says value; fails the test after 20 s. */
void desk_wait(struct desk_files *files, int64_t value, const char *query);

/* An incident as a row, open, with alertname A<number>. */
void desk_incident(struct desk_files *files, int64_t number);
/* A message about one incident for a recipient; its row's id. chain: JSON. */
int64_t desk_post(struct desk_files *files, const char *recipient,
                  const char *chain, int64_t incident);

#define PLANNED_MAX 4096

/* A channel; also its config. One letter for each try: s sent, r retry, x
 * refuse, q exhausted, n never answers, p begins again at once, m cannot
 * begin; past the end s.
 */
struct planned {
    pthread_mutex_t mutex;
    const char *plan;
    size_t tries;
    size_t told;
    char addresses[PLANNED_MAX][24];
    char keys[PLANNED_MAX][64];
    int64_t incidents[PLANNED_MAX];
    int aborted;
};

extern const struct gong_channel_kind planned_kind;

void planned_init(struct planned *planned, const char *plan);
size_t planned_tries(struct planned *planned);

#endif
