/* notify_null: takes every notification and tells nobody. For trials of rules
 * and for measuring everything before the receivers. */
#include "agent/tell/notify.h"

#include <stdlib.h>

struct config {
    char unused;
};

static const struct gong_option_table table = {
    .name = "notifiers.null",
    .help = "Takes every notification and tells nobody.",
};

static enum gong_err
null_open(const void *config, void **state, char *why, size_t why_size)
{
    (void)config;
    (void)why;
    (void)why_size;
    *state = malloc(1);
    return *state == NULL ? GONG_ERR_MEMORY : GONG_OK;
}

static enum gong_notify_outcome
null_deliver(void *state, const json_t *effect, char *why, size_t why_size)
{
    (void)state;
    (void)effect;
    (void)why;
    (void)why_size;
    return GONG_NOTIFY_DONE;
}

const struct gong_notify_kind gong_notify_null = {
    .type = "null",
    .options = &table,
    .config_size = sizeof(struct config),
    .open = null_open,
    .deliver = null_deliver,
    .close = free,
};
