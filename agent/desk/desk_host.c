#include "agent/desk/desk_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api/api_city.h"
#include "agent/api/api_desk.h"
#include "agent/desk/desk_db.h"
#include "agent/tell/link_key.h"
#include "agent/tell/outbox.h"
#include "common/log.h"
#include "rules/desk/desk_config_load.h"

#define PATH_SIZE 4096
/* A link outlives the night and the weekend that a page may wait for. */
#define LINK_LIFE_MS (INT64_C(72) * 3600 * 1000)

struct gong_desk_host {
    char path[PATH_SIZE]; /* of the database */
    struct gong_link_signer signer;
    struct gong_outbox_channel *channels; /* and the one of proofs */
    struct gong_outbox *outbox;
    struct gong_desk_thread *desk;
    struct gong_api_desk_reader *reader;
    struct gong_api_city_model *city;
    const char *retained[GONG_DESK_RETAINED_MAX]; /* channels */
};

/* --- routes --- */

struct gong_desk_config *
gong_desk_host_routes(const char *name, struct gong_str text,
                      const struct gong_desk_channels *channels,
                      const struct gong_model *model,
                      struct gong_conf_errors *errors)
{
    struct gong_strings names = {
        .items = calloc(channels->count + 1, sizeof names.items[0])};
    struct gong_desk_config *config = NULL;

    if (names.items == NULL) {
        gong_conf_errors_no_memory(errors, "routes");
        return NULL;
    }
    for (size_t i = 0; i < channels->count; i++) {
        names.items[names.count] = strdup(channels->channels[i].name);
        if (names.items[names.count] != NULL) {
            names.count++;
        }
    }
    if (names.count < channels->count) {
        gong_conf_errors_no_memory(errors, "routes");
    } else if (name != NULL) {
        config = gong_desk_config_load_text(name, text, model, &names, errors);
    } else {
        config = gong_desk_config_plain((const char *const *)names.items,
                                        names.count);
        if (config == NULL) {
            gong_conf_errors_no_memory(errors, "routes");
        }
    }
    for (size_t i = 0; i < names.count; i++) {
        free(names.items[i]);
    }
    free(names.items);
    return config;
}

/* --- start, stop --- */

static enum gong_err
load_key(struct gong_desk_host *host,
         const struct gong_desk_host_options *options, char *why,
         size_t why_size)
{
    char path[PATH_SIZE];

    host->signer.base = options->file->link;
    host->signer.life_ms = LINK_LIFE_MS;
    (void)snprintf(path, sizeof path, "%s/link.key", options->state_dir);
    return gong_link_key_load(path, host->signer.key, why, why_size);
}

static enum gong_err
start_outbox(struct gong_desk_host *host,
             const struct gong_desk_host_options *options, char *why,
             size_t why_size)
{
    struct gong_outbox_options outbox = {
        .path = host->path,
        .channel_count = options->channels->count + 1,
        .expire = options->file->expire,
        .signer = host->signer.base[0] == '\0' ? NULL : &host->signer,
        .counters = options->counters,
    };

    host->channels = calloc(outbox.channel_count, sizeof *host->channels);
    if (host->channels == NULL) {
        (void)snprintf(why, why_size, "%s", gong_err_text(GONG_ERR_MEMORY));
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < options->channels->count; i++) {
        host->channels[i] = options->channels->channels[i];
    }
    host->channels[options->channels->count] = (struct gong_outbox_channel){
        .name = GONG_PROOF_NAME,
        .kind = &gong_channel_proof,
        .config = options->trust,
    };
    outbox.channels = host->channels;
    /* Without a trust there is nobody at its end. */
    outbox.channel_count -= options->trust == NULL ? 1 : 0;
    return gong_outbox_start(&outbox, &host->outbox, why, why_size);
}

/* Channels that hold the state of each alert, and the shortest half of how long
 * they say that it counts. */
static void
find_retained(struct gong_desk_host *host,
              const struct gong_desk_channels *channels,
              struct gong_desk_options *desk)
{
    desk->retained = host->retained;
    for (size_t i = 0; i < channels->count; i++) {
        const struct gong_outbox_channel *channel = &channels->channels[i];
        gong_dur_t half;

        if (channel->kind->valid == NULL ||
            desk->retained_count == GONG_DESK_RETAINED_MAX) {
            continue;
        }
        half.ns = channel->kind->valid(channel->config).ns / 2;
        if (desk->retained_count == 0 || half.ns < desk->refresh.ns) {
            desk->refresh = half;
        }
        host->retained[desk->retained_count++] = channel->name;
    }
}

static enum gong_err
start_desk(struct gong_desk_host *host,
           const struct gong_desk_host_options *options, char *why,
           size_t why_size)
{
    struct gong_desk_options desk = {
        .path = host->path,
        .config = options->routes,
        .model = options->model,
        .link = options->file->link,
        .effects = options->effects,
        .outbox = host->outbox,
        .retention = options->file->retention,
        .counters = options->counters,
        .trust = options->trust,
    };

    find_retained(host, options->channels, &desk);
    return gong_desk_start(&desk, &host->desk, why, why_size);
}

static enum gong_err
start_readers(struct gong_desk_host *host,
              const struct gong_desk_host_options *options, char *why,
              size_t why_size)
{
    host->city = gong_api_city_open(options->model);
    if (host->city == NULL) {
        (void)snprintf(why, why_size, "%s", gong_err_text(GONG_ERR_MEMORY));
        return GONG_ERR_MEMORY;
    }
    return gong_api_desk_open(host->path, host->desk, &host->reader, why,
                              why_size);
}

enum gong_err
gong_desk_host_start(const struct gong_desk_host_options *options,
                     struct gong_desk_host **out, char *why, size_t why_size)
{
    typedef enum gong_err (*start_fn)(struct gong_desk_host *,
                                      const struct gong_desk_host_options *,
                                      char *, size_t);
    static const start_fn parts[] = {load_key, start_outbox, start_desk,
                                     start_readers};
    struct gong_desk_host *host = calloc(1, sizeof *host);
    enum gong_err err = GONG_OK;

    *out = NULL;
    if (host == NULL) {
        (void)snprintf(why, why_size, "%s", gong_err_text(GONG_ERR_MEMORY));
        return GONG_ERR_MEMORY;
    }
    (void)snprintf(host->path, sizeof host->path, "%s/desk.db",
                   options->state_dir);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && err == GONG_OK;
         i++) {
        err = parts[i](host, options, why, why_size);
    }
    if (err != GONG_OK) {
        gong_desk_host_stop(host);
        return err;
    }
    *out = host;
    return GONG_OK;
}

void
gong_desk_host_stop(struct gong_desk_host *host)
{
    if (host == NULL) {
        return;
    }
    gong_api_desk_close(host->reader);
    if (host->desk != NULL) {
        gong_desk_stop(host->desk);
    }
    if (host->outbox != NULL) {
        gong_outbox_stop(host->outbox);
    }
    gong_api_city_close(host->city);
    free(host->channels);
    free(host);
}

enum gong_err
gong_desk_host_renew(struct gong_desk_host *host,
                     const struct gong_desk_config *routes,
                     const struct gong_model *model)
{
    enum gong_err err = gong_desk_renew(host->desk, routes, model);

    if (err == GONG_OK) {
        gong_api_city_renew(host->city, model);
    }
    return err;
}

void
gong_desk_host_watch(struct gong_desk_host *host, gong_desk_changed_fn fn,
                     void *ctx)
{
    if (host != NULL) {
        gong_desk_watch(host->desk, fn, ctx);
    }
}

bool
gong_desk_host_well(const struct gong_desk_host *host)
{
    return host == NULL || gong_desk_well(host->desk);
}

/* --- the API --- */

static enum gong_err
verify(void *ctx, const char *token, int64_t now_ms,
       struct gong_api_link_claims *out)
{
    const struct gong_desk_host *host = ctx;
    struct gong_link link;
    enum gong_err err =
        gong_link_verify(host->signer.key, gong_str_of(token), now_ms, &link);

    if (err != GONG_OK) {
        return err;
    }
    out->incident = link.incident;
    out->expires_ms = link.expires_ms;
    (void)snprintf(out->person, sizeof out->person, "%s", link.contact);
    return GONG_OK;
}

static void
add_away(void *ctx, const char *channel, int64_t since_ms)
{
    (void)json_array_append_new(ctx, json_pack("{s:s,s:I}", "channel", channel,
                                               "since", (json_int_t)since_ms));
}

static json_t *
away(void *ctx)
{
    const struct gong_desk_host *host = ctx;
    json_t *list = json_array();

    gong_outbox_away(host->outbox, add_away, list);
    return list;
}

void
gong_desk_host_offer(struct gong_desk_host *host, struct gong_api_options *api)
{
    api->desk = gong_api_desk_of(host->reader);
    api->city = gong_api_city_of(host->city);
    api->link = (struct gong_api_link){host, verify};
    api->channels = (struct gong_api_channels){host, away};
}

void
gong_desk_host_back_up(struct gong_desk_host *host, struct gong_backup *backup)
{
    if (host != NULL) {
        backup->desk = host->desk;
        backup->outbox = host->outbox;
        backup->hold_readers = gong_api_desk_hold;
        backup->readers = host->reader;
    }
}
