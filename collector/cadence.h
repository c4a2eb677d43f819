/*
 * cadence: how often each measurement comes, as learned from what the inputs
 * gather; the birth message tells it, so that the centre knows what silence
 * means. Any thread.
 */
#ifndef GONG_COLLECTOR_CADENCE_H
#define GONG_COLLECTOR_CADENCE_H

#include <stdint.h>

#include <jansson.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/str.h"

#define GONG_CADENCE_MAX      64 /* measurements; more are not told */
#define GONG_CADENCE_NAME_MAX 63

struct gong_cadence;

struct gong_cadence *gong_cadence_new(void);
void gong_cadence_free(struct gong_cadence *cadence);

/* gong_cadence_note: lines of one gathering. Names with an escape or a control
 * character in them are left out. */
void gong_cadence_note(struct gong_cadence *cadence, struct gong_str lines,
                       gong_dur_t interval);
/* gong_cadence_version: changes whenever the table does. */
uint64_t gong_cadence_version(struct gong_cadence *cadence);
/* gong_cadence_json: {"cpu": 10, ...} in seconds, the caller's; NULL without
 * memory. */
json_t *gong_cadence_json(struct gong_cadence *cadence);

#endif
