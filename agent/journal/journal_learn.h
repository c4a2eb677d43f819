/*
 * journal_learn: what a start has to learn from the records that are kept, with
 * as little reading as will do:
 *
 *   begin ........ seen_from ........ checked ........ end
 *                  |-- seen ----------------------------->
 *                                     |-- newest time -->
 *                  |-- configurations that are named ---->
 *
 * checked: what the spool looked at when it was opened.
 */
#ifndef GONG_AGENT_JOURNAL_JOURNAL_LEARN_H
#define GONG_AGENT_JOURNAL_JOURNAL_LEARN_H

#include <stdint.h>

#include "agent/journal/config_refs.h"
#include "common/record.h"
#include "common/spool.h"

struct gong_journal_learner {
    /* As in gong_journal_options. */
    void (*seen)(void *ctx, const struct gong_record *record);
    uint64_t (*seen_from)(void *ctx, struct gong_spool *spool);
    void *ctx;
    struct gong_config_refs *configs; /* filled */
};

/* gong_journal_learn: *last_ms is the newest record's journal time, 0 if there
 * is none; at most GONG_JOURNAL_MS_MAX. Of what it has not read the
 * configurations are unknown. */
enum gong_err gong_journal_learn(struct gong_spool *spool,
                                 const struct gong_journal_learner *learner,
                                 int64_t *last_ms) GONG_MUST_CHECK;

#endif
