#include "agent/api/api_host.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#define PATH_SIZE 4096

struct gong_api_host {
    struct gong_users *users;
    struct gong_events *events;
    struct gong_api *api;
    struct gong_http_server *http;
    struct gong_api_city city; /* borrowed behind it */
};

static enum gong_err
make_events(struct gong_api_host *host, struct gong_counters *counters)
{
    uint8_t random[8];
    char boot[GONG_EVENTS_BOOT_SIZE];

    if (sodium_init() < 0) {
        return GONG_ERR_MEMORY;
    }
    randombytes_buf(random, sizeof random);
    (void)sodium_bin2hex(boot, sizeof boot, random, sizeof random);
    host->events = gong_events_new(boot, counters);
    return host->events == NULL ? GONG_ERR_MEMORY : GONG_OK;
}

static enum gong_err
serve(struct gong_api_host *host, const struct gong_api_host_options *options,
      char *why, size_t why_size)
{
    const struct gong_agent_http *config = options->http;
    struct gong_http_server_options http = {
        .tls_cert = config->tls_cert,
        .tls_key = config->tls_key,
        .connections_max = (unsigned)config->connections,
        .per_address_max = (unsigned)config->per_address,
        .service = gong_api_service(host->api),
        .events = host->events,
        .counters = options->counters,
    };
    struct gong_http_address address;
    char path[PATH_SIZE];
    enum gong_err err;

    (void)snprintf(path, sizeof path, "%s/gong.sock", options->state_dir);
    http.socket = config->socket[0] != '\0' ? config->socket : path;
    if (config->listen[0] != '\0') {
        err = gong_http_address_parse(config->listen, &address, why, why_size);
        if (err != GONG_OK) {
            return err;
        }
        http.address = &address;
    }
    return gong_http_server_start(&http, &host->http, why, why_size);
}

static enum gong_err
start_parts(struct gong_api_host *host,
            const struct gong_api_host_options *options, char *why,
            size_t why_size)
{
    struct gong_api_options api = options->api;
    char path[PATH_SIZE];
    enum gong_err err;

    host->city = api.city;
    (void)snprintf(path, sizeof path, "%s/users.db", options->state_dir);
    err = gong_users_open(path, &host->users, why, why_size);
    if (err != GONG_OK) {
        return err;
    }
    err = make_events(host, options->counters);
    if (err == GONG_OK) {
        api.users = host->users;
        api.events = host->events;
        api.counters = options->counters;
        host->api = gong_api_new(&api);
        err = host->api == NULL ? GONG_ERR_MEMORY : GONG_OK;
    }
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "out of memory");
        return err;
    }
    return serve(host, options, why, why_size);
}

enum gong_err
gong_api_host_start(const struct gong_api_host_options *options,
                    struct gong_api_host **out, char *why, size_t why_size)
{
    struct gong_api_host *host = calloc(1, sizeof *host);
    enum gong_err err;

    *out = NULL;
    if (host == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return GONG_ERR_MEMORY;
    }
    err = start_parts(host, options, why, why_size);
    if (err != GONG_OK) {
        gong_api_host_stop(host);
        return err;
    }
    *out = host;
    return GONG_OK;
}

void
gong_api_host_stop(struct gong_api_host *host)
{
    if (host == NULL) {
        return;
    }
    gong_http_server_stop(host->http);
    gong_api_free(host->api);
    gong_events_free(host->events);
    gong_users_close(host->users);
    free(host);
}

uint16_t
gong_api_host_port(const struct gong_api_host *host)
{
    return gong_http_server_port(host->http);
}

void
gong_api_host_changed(struct gong_api_host *host,
                      const struct gong_desk_incident *incident)
{
    if (host == NULL) {
        return;
    }
    if (incident != NULL) {
        gong_api_publish_incident(host->events, &host->city, incident);
    } else {
        gong_events_reset(host->events);
    }
}
