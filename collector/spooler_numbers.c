#include "collector/spooler_numbers.h"

#include "collector/spooled.h"
#include "collector/spooler.h"
#include "common/backoff.h"

/* What the newest batch in the spool says of itself; all zero: none is there.
 */
struct newest {
    uint64_t seq;
    uint8_t generation;
    bool held;
};

uint64_t
gong_spooler_jump(void)
{
    return GONG_SPOOLER_JUMP *
               (1 + gong_random_u64() % GONG_SPOOLER_HELD_JUMPS) +
           gong_random_u64() % GONG_SPOOLER_JUMP;
}

/* Numbers that are missing between two of one generation were damaged, but for
 * those that were skipped where memory had to do. */
static void
take_batch(struct newest *newest, const struct gong_spooled *batch,
           struct gong_dating *dating, struct gong_drops *drops)
{
    if (batch->seq <= newest->seq) {
        return;
    }
    gong_dating_learn(dating, batch);
    if (newest->seq != 0 && batch->seq > newest->seq + 1 && !newest->held &&
        !batch->held && batch->generation == newest->generation) {
        gong_drops_hole(drops, newest->seq + 1, batch->seq - 1);
    }
    *newest = (struct newest){batch->seq, batch->generation, batch->held};
}

static enum gong_err
read_all(struct gong_spool *spool, struct newest *newest,
         struct gong_dating *dating, struct gong_drops *drops)
{
    struct gong_spool_cursor *cursor = NULL;
    struct gong_record record;
    enum gong_err err = gong_spool_cursor_open(spool, NULL, &cursor);

    if (err != GONG_OK) {
        return err;
    }
    while ((err = gong_spool_cursor_next(cursor, UINT64_MAX, &record)) ==
           GONG_OK) {
        struct gong_spooled batch;

        if (gong_spooled_parse(&record, &batch) == GONG_OK) {
            take_batch(newest, &batch, dating, drops);
        }
    }
    gong_spool_cursor_close(cursor);
    return err == GONG_ERR_AGAIN ? GONG_OK : err;
}

enum gong_err
gong_spooler_last_number(struct gong_spool *spool, struct gong_dating *dating,
                         struct gong_drops *drops, uint64_t *last)
{
    struct newest newest = {0};
    struct gong_spool_stats stats;
    enum gong_err err = read_all(spool, &newest, dating, drops);

    *last = 0;
    if (err != GONG_OK) {
        return err;
    }
    gong_spool_stats(spool, &stats);
    if (newest.seq == 0) {
        /* Nothing left to read a number from: none so far was above this,
         * since every batch takes at least that many bytes, and every
         * generation after the first jumped at most once. */
        *last = stats.end / gong_record_size(GONG_SPOOLED_HEAD + 1) +
                (stats.generation - 1) * GONG_SPOOLER_JUMP;
    } else {
        /* A jump for each tail that was torn since that batch: between two of
         * them there may have been numbers of which nothing is left. */
        *last = newest.seq + (uint8_t)(stats.generation - newest.generation) *
                                 GONG_SPOOLER_JUMP;
    }
    /* More may have been sent from memory than came to the disk. */
    *last += newest.held ? gong_spooler_jump() : 0;
    if (*last > newest.seq) {
        gong_drops_torn(drops, newest.seq + 1, *last);
    }
    return GONG_OK;
}
