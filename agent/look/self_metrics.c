#include "agent/look/self_metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "agent/receive/ingest.h"
#include "agent/stop_latch.h"
#include "common/batch.h"

struct gong_self_metrics {
    const struct gong_status_source *source;
    gong_dur_t interval;
    struct gong_stop_latch stop;
    pthread_t thread;
};

enum gong_err
gong_self_metrics_append(const struct gong_status_source *source)
{
    char prefix[GONG_BATCH_PREFIX_SIZE];
    size_t len = 0;
    char *lines = gong_status_lines(source, &len);
    struct iovec parts[2];
    enum gong_err err;

    if (lines == NULL) {
        return GONG_ERR_MEMORY;
    }
    parts[0] = (struct iovec){
        prefix, gong_batch_prefix(gong_str_of(GONG_INGEST_OWN_SITE),
                                  gong_str_of(source->agent), prefix)};
    parts[1] = (struct iovec){lines, len};
    /* By the wall clock these would be late, and unheard, for as long as it was
     * set back. */
    err = gong_journal_append(
        source->journal, GONG_RECORD_DATA, parts, 2,
        gong_journal_now_ms(source->journal) * GONG_NS_PER_MS, NULL);
    free(lines);
    return err;
}

/* A batch that finds no room is left out; the journal counts and logs it. */
static void *
run(void *ctx)
{
    struct gong_self_metrics *self = ctx;

    while (!gong_stop_latch_wait(&self->stop, self->interval)) {
        if (gong_self_metrics_append(self->source) != GONG_OK) {
            continue;
        }
    }
    return NULL;
}

enum gong_err
gong_self_metrics_start(const struct gong_status_source *source,
                        gong_dur_t interval, struct gong_self_metrics **out)
{
    struct gong_self_metrics *self = calloc(1, sizeof *self);
    enum gong_err err;

    *out = NULL;
    if (self == NULL) {
        return GONG_ERR_MEMORY;
    }
    self->source = source;
    self->interval = interval;
    err = gong_stop_latch_init(&self->stop);
    if (err != GONG_OK) {
        free(self);
        return err;
    }
    err = gong_err_from_errno(pthread_create(&self->thread, NULL, run, self));
    if (err != GONG_OK) {
        gong_stop_latch_fini(&self->stop);
        free(self);
        return err;
    }
    *out = self;
    return GONG_OK;
}

void
gong_self_metrics_stop(struct gong_self_metrics *self)
{
    if (self == NULL) {
        return;
    }
    gong_stop_latch_set(&self->stop);
    (void)pthread_join(self->thread, NULL);
    gong_stop_latch_fini(&self->stop);
    free(self);
}
