/* What status messages tell the ledger (docs/WIRE.md, "Status"). */
#include <jansson.h>

#include "agent/receive_epoch.h"

#define TEXT_MAX ((size_t)64 << 10)

struct told {
    bool online;
    bool has_epoch;
    uint64_t epoch;
    uint64_t next;
    bool goodbye;
};

static bool
read_epoch(const json_t *value, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";
    const char *text = json_string_value(value);

    if (text == NULL || json_string_length(value) != 16) {
        return false;
    }
    *out = 0;
    for (int i = 0; i < 16; i++) {
        const char *digit = text[i] == '\0' ? NULL : strchr(digits, text[i]);

        if (digit == NULL) {
            return false;
        }
        *out = *out << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

/* Anybody's JSON: what does not fit is as if it were not there. */
static struct told
read_status(struct gong_str text)
{
    struct told told = {0};
    const char *state;
    json_t *root;

    if (text.len == 0 || text.len > TEXT_MAX) {
        return told;
    }
    root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    state = json_string_value(json_object_get(root, "state"));
    told.online = state != NULL && gong_str_is(gong_str_of(state), "online");
    told.has_epoch = read_epoch(json_object_get(root, "epoch"), &told.epoch);
    if (json_integer_value(json_object_get(root, "next")) > 0) {
        told.next = (uint64_t)json_integer_value(json_object_get(root, "next"));
    }
    told.goodbye = state != NULL && gong_str_is(gong_str_of(state), "offline");
    json_decref(root);
    return told;
}

static void
take(struct gong_receive *receive, struct gong_device_name name,
     const struct told *told, bool live, gong_mono_t now)
{
    struct gong_receive_epoch *epoch = NULL;
    struct gong_device *device;

    (void)pthread_mutex_lock(&receive->lock);
    if (gong_receive_get_device(receive, name, now, &device) ==
        GONG_RECEIVE_NEW) {
        epoch = gong_receive_get_epoch(receive, device, told->epoch);
    }
    if (epoch != NULL) {
        gong_ledger_expect(&epoch->ledger, told->next, told->goodbye);
        epoch->changed = true;
        if (live && told->online) {
            gong_ack_queue_now(&receive->queue, &epoch->link);
        }
    }
    (void)pthread_mutex_unlock(&receive->lock);
}

void
gong_receive_status(struct gong_receive *receive, struct gong_device_name name,
                    struct gong_str text, gong_mono_t now)
{
    struct told told = read_status(text);

    gong_receive_born(receive, name);
    if (told.has_epoch) {
        take(receive, name, &told, true, now);
    }
}

void
gong_receive_learn_status(struct gong_receive *receive,
                          struct gong_device_name name, struct gong_str text,
                          gong_mono_t now)
{
    struct told told = read_status(text);

    if (told.has_epoch) {
        take(receive, name, &told, false, now);
    }
}
