#include "rules/tool/data_set.h"

#include <stdlib.h>

#include "rules/tool/history_data.h"
#include "rules/tool/history_line.h"
#include "rules/tool/replay_history.h"

/* 4 GiB of them, as they lie in a set. */
#define SAMPLES_MAX_ ((size_t)178000000)

struct loader {
    struct gong_data_set *set;
    const struct gong_history_scan *scan;
    bool *made; /* by the rules, of each place */
    size_t count;
};

static enum gong_err
judge(struct loader *loader, const struct gong_ruleset *rules)
{
    size_t count = gong_history_scan_count(loader->scan);
    enum gong_err err = GONG_OK;

    loader->made = calloc(count + 1, sizeof *loader->made);
    if (loader->made == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        struct gong_label_view labels[GONG_LABELSET_MAX];
        size_t n = 0;

        err = gong_history_scan_labels(loader->scan, i, labels, &n);
        if (err == GONG_OK) {
            loader->made[i] = gong_replay_history_made(
                rules, gong_history_named(labels, n).metric);
        }
    }
    return err;
}

static enum gong_err
add(void *ctx, size_t place, struct gong_sample sample)
{
    struct loader *loader = ctx;
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = 0;
    enum gong_err err;

    if (loader->made[place]) {
        return GONG_OK;
    }
    if (++loader->count > SAMPLES_MAX_) {
        return GONG_ERR_TOO_LARGE;
    }
    err = gong_history_scan_labels(loader->scan, place, labels, &count);
    return err == GONG_OK ? gong_data_set_add(loader->set, labels, count,
                                              sample.ms, sample.value)
                          : err;
}

enum gong_err
gong_data_set_history(struct gong_data_set *set,
                      const struct gong_history_wanted *wanted,
                      const struct gong_ruleset *rules)
{
    struct loader loader = {.set = set};
    struct gong_history_data data;
    enum gong_err err = gong_history_data_open(wanted, &data);

    if (err != GONG_OK) {
        return err;
    }
    loader.scan = data.scan;
    err = judge(&loader, rules);
    if (err == GONG_OK) {
        err = gong_history_scan_run(data.scan, add, &loader);
    }
    if (err != GONG_OK) {
        (void)fprintf(wanted->err, "%s: cannot be read: %s\n", wanted->data,
                      gong_err_text(err));
    }
    free(loader.made);
    gong_history_data_close(wanted, &data);
    return err;
}
