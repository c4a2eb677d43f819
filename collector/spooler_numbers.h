/*
 * spooler_numbers: with which number a spool goes on after a start, so that no
 * number ever names two batches.
 *
 *   what the spool holds          the next one
 *   batches, clean end            the last one's + 1
 *   ... and a torn tail since     a million further, for each
 *   ... the last one was held     a random step further
 *   nothing                       above all that its bytes can have held
 */
#ifndef GONG_COLLECTOR_SPOOLER_NUMBERS_H
#define GONG_COLLECTOR_SPOOLER_NUMBERS_H

#include <stdint.h>

#include "collector/dating.h"
#include "collector/drops.h"
#include "common/err.h"
#include "common/spool.h"

/* gong_spooler_jump: the step before the first held batch, and after the last
 * one that a restart finds: where another one will not come. */
uint64_t gong_spooler_jump(void);

/* gong_spooler_last_number: reads the whole spool: *last is the number before
 * the next one. Teaches dating the boots that it finds, and drops the numbers
 * that are damaged or skipped. Before anything is appended. */
enum gong_err gong_spooler_last_number(struct gong_spool *spool,
                                       struct gong_dating *dating,
                                       struct gong_drops *drops,
                                       uint64_t *last) GONG_MUST_CHECK;

#endif
