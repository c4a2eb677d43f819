/*
 * desk_host: everything that turns alerts into messages and work, started and
 * stopped together: the key of signed links (STATE/link.key), the outbox, the
 * desk's thread, and how the API asks them.
 *
 *   effects -> desk -> STATE/desk.db -> outbox -> channels
 *               ^           |
 *               '-- acts -- API
 */
#ifndef GONG_AGENT_DESK_DESK_HOST_H
#define GONG_AGENT_DESK_DESK_HOST_H

#include "agent/api/api.h"
#include "agent/backup/backup.h"
#include "agent/desk/desk.h"
#include "agent/desk/desk_config_file.h"
#include "agent/decide/effects.h"
#include "common/conf.h"
#include "common/counter.h"
#include "rules/desk/desk_config.h"
#include "rules/model/model.h"

/* gong_desk_host_routes: what a routing file of this name says, checked against
 * the model and the channels; name NULL: without a file every alert to all
 * channels. NULL after problems, all of which are in errors. */
struct gong_desk_config *
gong_desk_host_routes(const char *name, struct gong_str text,
                      const struct gong_desk_channels *channels,
                      const struct gong_model *model,
                      struct gong_conf_errors *errors);

/* Everything is borrowed until stop; routes and model until renewed. */
struct gong_desk_host_options {
    const char *state_dir;
    const struct gong_desk_file *file;
    const struct gong_desk_channels *channels;
    const struct gong_desk_config *routes;
    const struct gong_model *model;
    struct gong_effects *effects;
    struct gong_counters *counters;
    struct gong_trust *trust; /* may be NULL */
};

struct gong_desk_host;

enum gong_err gong_desk_host_start(const struct gong_desk_host_options *options,
                                   struct gong_desk_host **out, char *why,
                                   size_t why_size) GONG_MUST_CHECK;
/* What is not sent is sent after the next start. NULL: does nothing. */
void gong_desk_host_stop(struct gong_desk_host *host);
/* gong_desk_host_renew: other routes and another model from the next input on;
 * when it returns the old ones are no longer used. */
enum gong_err
gong_desk_host_renew(struct gong_desk_host *host,
                     const struct gong_desk_config *routes,
                     const struct gong_model *model) GONG_MUST_CHECK;
/* gong_desk_host_offer: fills in what the API asks of it; borrowed until
 * stop. */
void gong_desk_host_offer(struct gong_desk_host *host,
                          struct gong_api_options *api);
/* gong_desk_host_back_up: fills in what a backup takes of it. NULL: nothing. */
void gong_desk_host_back_up(struct gong_desk_host *host,
                            struct gong_backup *backup);
/* gong_desk_host_watch: as gong_desk_watch. NULL: does nothing. */
void gong_desk_host_watch(struct gong_desk_host *host, gong_desk_changed_fn fn,
                          void *ctx);
/* gong_desk_host_well: false while its database cannot be written. Any thread.
 * NULL is well. */
bool gong_desk_host_well(const struct gong_desk_host *host);

#endif
