/* cost_all: what all rules of a set cost, several measured at once: each has an
 * engine of its own. */
#include "rules/tool/cost.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS_MAX 16

struct work {
    const struct gong_ruleset *set;
    int64_t every_ms;
    struct gong_cost_result *out;
    atomic_size_t next; /* rule that nobody has taken */
};

static void *
work_on(void *ctx)
{
    struct work *work = ctx;

    for (;;) {
        size_t i = atomic_fetch_add(&work->next, 1);

        if (i >= work->set->count) {
            return NULL;
        }
        work->out[i].err =
            gong_cost_measure(&work->set->rules[i], work->set->foreign,
                              work->every_ms, &work->out[i].cost);
    }
}

void
gong_cost_measure_all(const struct gong_ruleset *set, int64_t every_ms,
                      struct gong_cost_result *out)
{
    struct work work = {.set = set, .every_ms = every_ms, .out = out};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    pthread_t threads[THREADS_MAX];
    size_t count = 0;

    /* This thread is one of them; without the others it does all. */
    while (count < THREADS_MAX && (long)count + 1 < processors &&
           count + 1 < set->count &&
           pthread_create(&threads[count], NULL, work_on, &work) == 0) {
        count++;
    }
    (void)work_on(&work);
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(threads[i], NULL);
    }
}
