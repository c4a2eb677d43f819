/*
 * store_batch: journal records as the lines of one request, in the dialect of
 * one store, with the end of each line kept so that parts can be sent alone:
 *
 *   text  lamp,device=a,site=x temp=41.2 17600...\nlamp,device=b ... \n
 *   ends                                          ^                ^
 *
 * One thread; no I/O.
 */
#ifndef GONG_AGENT_STORE_STORE_BATCH_H
#define GONG_AGENT_STORE_STORE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "agent/store/store_influx.h"
#include "common/batch.h"
#include "common/lp_encode.h"
#include "common/record.h"

/* A line of a journaled batch that the decoder does not take, or a record that
 * is no batch at all (line 0). Views valid during the call. */
struct gong_store_refusal {
    struct gong_str site;
    struct gong_str device;
    const char *reason; /* static, labels a counter */
    size_t line;
    size_t column;
    struct gong_str text;
};

typedef void (*gong_store_refusal_fn)(void *ctx,
                                      const struct gong_store_refusal *refusal);

/* Transparent for its users in this folder and its test. */
struct gong_store_batch {
    struct gong_lp_dialect dialect;
    struct gong_lp_reader *reader;
    struct gong_buffer text;
    size_t *ends; /* offset just after each line's newline */
    size_t count;
    size_t capacity;
    struct gong_lp_losses losses; /* since init */
};

/* What each type of store can hold. */
struct gong_lp_dialect gong_store_dialect(enum gong_store_type type);

enum gong_err gong_store_batch_init(struct gong_store_batch *batch,
                                    enum gong_store_type type) GONG_MUST_CHECK;
void gong_store_batch_fini(struct gong_store_batch *batch);
void gong_store_batch_clear(struct gong_store_batch *batch);

/* gong_store_batch_add_data: the points of a DATA record. All of them or, on
 * GONG_ERR_MEMORY, none. refuse is called for each line left out. */
enum gong_err gong_store_batch_add_data(struct gong_store_batch *batch,
                                        const struct gong_record *record,
                                        gong_store_refusal_fn refuse,
                                        void *ctx) GONG_MUST_CHECK;

/* gong_store_batch_add_alert: the point of an effect that was read by
 * gong_effect_from_json. */
enum gong_err gong_store_batch_add_alert(struct gong_store_batch *batch,
                                         const json_t *effect) GONG_MUST_CHECK;

/* gong_store_batch_add_recorded: the samples of a RECORDED record, as
 * add_data does it. Where the store makes names of measurement and field they
 * have no measurement, so that the name is the recording's. */
enum gong_err gong_store_batch_add_recorded(struct gong_store_batch *batch,
                                            const struct gong_record *record,
                                            gong_store_refusal_fn refuse,
                                            void *ctx) GONG_MUST_CHECK;

/* gong_store_batch_part: count lines from first on, as text. */
struct gong_str gong_store_batch_part(const struct gong_store_batch *batch,
                                      size_t first, size_t count);

#endif
