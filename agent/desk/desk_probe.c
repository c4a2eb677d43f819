/*
 * Proofs and drills at the desk. They are no incidents: each goes through a
 * pure desk of its own that knows no other alert and tells at once, and of
 * which only the messages are kept. Of proofs, the messages of the last two.
 */
#include "agent/desk/desk_private.h"

#include <stdlib.h>
#include <string.h>

struct posting {
    struct gong_desk_thread *desk;
    const struct gong_contact *contact; /* instead of the receiver, or NULL */
    struct gong_trust_posted posted;
};

static struct gong_str
label_of(const struct gong_desk_alert *alert, const char *name)
{
    for (size_t i = 0; i < alert->label_count; i++) {
        if (gong_str_is(alert->labels[i].name, name)) {
            return alert->labels[i].value;
        }
    }
    return gong_str_from("", 0);
}

static enum gong_err
on_message(void *ctx, const struct gong_desk_message *message)
{
    struct posting *posting = ctx;
    struct gong_desk_message copy = *message;
    struct gong_desk_incident incident;
    struct gong_message_item item;
    int64_t id = 0;
    enum gong_err err;

    if (message->item_count != 1) {
        return GONG_OK;
    }
    incident = *message->items[0].incident;
    incident.number = 0; /* it has none */
    item = message->items[0];
    item.incident = &incident;
    copy.items = &item;
    copy.kind = GONG_MESSAGE_DRILL;
    err =
        gong_desk_db_put_probe(posting->desk->db, &copy, posting->contact, &id);
    if (err == GONG_OK) {
        if (posting->posted.messages++ == 0) {
            posting->posted.first_message = id;
        }
        posting->posted.last_message = id;
    }
    return err;
}

static enum gong_err
through_desk(struct posting *posting, const struct gong_desk_config *config,
             const struct gong_desk_alert *alert)
{
    struct gong_desk_sink sink = {.ctx = posting, .message = on_message};
    int64_t now_ms = gong_desk_clock(posting->desk);
    struct gong_desk *desk =
        gong_desk_new(config, posting->desk->model, &sink, now_ms);
    enum gong_err err = GONG_ERR_MEMORY;

    if (desk != NULL) {
        err = gong_desk_restore(desk, 1, 1);
    }
    if (err == GONG_OK) {
        err = gong_desk_alert(desk, alert, now_ms);
    }
    if (err == GONG_OK) {
        err = gong_desk_run(desk, now_ms);
    }
    gong_desk_free(desk);
    return err;
}

/* The routes as they are, but nothing waits and nothing escalates; or the root
 * alone, to one receiver. */
static enum gong_err
by_routes(struct posting *posting, const struct gong_desk_alert *alert,
          size_t receiver)
{
    struct gong_desk_config config = *posting->desk->config;
    struct gong_desk_route *routes = calloc(config.route_count, sizeof *routes);
    enum gong_err err;

    if (routes == NULL) {
        return GONG_ERR_MEMORY;
    }
    memcpy(routes, config.routes, config.route_count * sizeof *routes);
    for (size_t i = 0; i < config.route_count; i++) {
        routes[i].group_wait.ns = 0;
    }
    if (receiver != SIZE_MAX) {
        config.route_count = 1;
        routes[0].receiver = receiver;
        routes[0].matchers = NULL;
        routes[0].first = 0;
        routes[0].mute_count = 0;
        routes[0].active_count = 0;
    }
    config.routes = routes;
    config.escalation_count = 0;
    config.inhibit_count = 0;
    err = through_desk(posting, &config, alert);
    free(routes);
    return err;
}

static enum gong_err
by_channels(struct posting *posting, const struct gong_desk_alert *alert,
            const char *channel)
{
    struct gong_desk_config *config =
        gong_desk_config_plain(&channel, channel == NULL ? 0 : 1);
    enum gong_err err =
        config == NULL ? GONG_ERR_MEMORY : through_desk(posting, config, alert);

    gong_desk_config_free(config);
    return err;
}

static size_t
find_receiver(const struct gong_desk_config *config, struct gong_str name)
{
    for (size_t i = 0; i < config->receiver_count; i++) {
        if (gong_str_is(name, config->receivers[i].name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static enum gong_err
tell_drill(struct posting *posting, const struct gong_desk_alert *alert)
{
    const struct gong_desk_thread *desk = posting->desk;
    struct gong_str receiver = label_of(alert, GONG_DRILL_RECEIVER);
    struct gong_str contact = label_of(alert, GONG_DRILL_CONTACT);
    size_t index = SIZE_MAX;

    if (contact.len > 0) {
        posting->contact = gong_model_contact(desk->model, contact);
        posting->posted.why = "no such contact in the city model";
        return posting->contact == NULL ? GONG_OK
                                        : by_channels(posting, alert, NULL);
    }
    if (receiver.len > 0) {
        index = find_receiver(desk->config, receiver);
        posting->posted.why = "no such receiver in the routing file";
        return index == SIZE_MAX ? GONG_OK : by_routes(posting, alert, index);
    }
    posting->posted.why = "its route is muted now";
    return by_routes(posting, alert, SIZE_MAX);
}

enum gong_err
gong_desk_probe_tell(struct gong_desk_thread *desk,
                     const struct gong_desk_alert *alert)
{
    struct posting posting = {
        .desk = desk,
        .posted = {.kind = gong_probe_of(alert->rule_id),
                   .number = alert->value,
                   .why = ""},
    };
    enum gong_err err;

    if (alert->state != GONG_ALERT_FIRING ||
        !gong_trust_knows(desk->options.trust, posting.posted.kind,
                          alert->value) ||
        desk->probe_count == GONG_DESK_PROBES_MAX) {
        return GONG_OK;
    }
    err = posting.posted.kind == GONG_PROBE_PROOF
              ? by_channels(&posting, alert, GONG_PROOF_NAME)
              : tell_drill(&posting, alert);
    if (err == GONG_OK && posting.posted.kind == GONG_PROBE_PROOF) {
        err = gong_desk_db_drop_message(desk->db, desk->proofs[0]);
    }
    if (posting.posted.messages > 0) {
        posting.posted.why = "";
    }
    if (err == GONG_OK) {
        desk->probes[desk->probe_count++] = posting.posted;
    }
    return err;
}

void
gong_desk_probe_kept(struct gong_desk_thread *desk, bool kept)
{
    for (size_t i = 0; kept && i < desk->probe_count; i++) {
        gong_trust_posted(desk->options.trust, &desk->probes[i]);
        if (desk->probes[i].kind == GONG_PROBE_PROOF) {
            desk->proofs[0] = desk->proofs[1];
            desk->proofs[1] = desk->probes[i].last_message;
        }
    }
    desk->probe_count = 0;
}
