#include "common/topic.h"

#include <stdio.h>

#define TOPIC_PREFIX "gong/v1/"

static const char *const kind_names[] = {
    [GONG_TOPIC_DATA] = "data",
    [GONG_TOPIC_STATUS] = "status",
    [GONG_TOPIC_ACK] = "ack",
};

#define KIND_COUNT (sizeof(kind_names) / sizeof(kind_names[0]))

static bool
name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '-';
}

bool
gong_topic_name_valid(struct gong_str name)
{
    if (name.len == 0 || name.len > GONG_TOPIC_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!name_byte(name.data[i])) {
            return false;
        }
    }
    return true;
}

/* gong/v1/agents/... and gong/v1/alerts/... are trees of their own. */
static bool
site_valid(struct gong_str site)
{
    return gong_topic_name_valid(site) && !gong_str_is(site, "agents") &&
           !gong_str_is(site, "alerts");
}

/* Cuts the level before the next '/' off *rest; false where there is none. */
static bool
take_level(struct gong_str *rest, struct gong_str *level)
{
    const char *slash =
        rest->len == 0 ? NULL : memchr(rest->data, '/', rest->len);
    size_t len;

    if (slash == NULL) {
        return false;
    }
    len = (size_t)(slash - rest->data);
    *level = gong_str_from(rest->data, len);
    *rest = gong_str_from(slash + 1, rest->len - len - 1);
    return true;
}

bool
gong_topic_names_split(struct gong_str payload, struct gong_str *site,
                       struct gong_str *device, struct gong_str *rest)
{
    size_t site_len, device_len, names;

    if (payload.len < 2) {
        return false;
    }
    site_len = (unsigned char)payload.data[0];
    device_len = (unsigned char)payload.data[1];
    names = 2 + site_len + device_len;
    if (payload.len < names) {
        return false;
    }
    *site = gong_str_from(payload.data + 2, site_len);
    *device = gong_str_from(payload.data + 2 + site_len, device_len);
    *rest = gong_str_from(payload.data + names, payload.len - names);
    return true;
}

enum gong_err
gong_topic_parse(struct gong_str text, struct gong_topic *out)
{
    const size_t prefix = sizeof(TOPIC_PREFIX) - 1;
    struct gong_str rest;

    if (text.len < prefix || memcmp(text.data, TOPIC_PREFIX, prefix) != 0) {
        return GONG_ERR_INVALID;
    }
    rest = gong_str_from(text.data + prefix, text.len - prefix);
    if (!take_level(&rest, &out->site) || !take_level(&rest, &out->device) ||
        !site_valid(out->site) || !gong_topic_name_valid(out->device)) {
        return GONG_ERR_INVALID;
    }
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (gong_str_is(rest, kind_names[i])) {
            out->kind = (enum gong_topic_kind)i;
            return GONG_OK;
        }
    }
    return GONG_ERR_INVALID;
}

enum gong_err
gong_topic_format(const struct gong_topic *topic, char out[GONG_TOPIC_SIZE])
{
    if (!site_valid(topic->site) || !gong_topic_name_valid(topic->device)) {
        return GONG_ERR_INVALID;
    }
    (void)snprintf(out, GONG_TOPIC_SIZE, TOPIC_PREFIX "%.*s/%.*s/%s",
                   (int)topic->site.len, topic->site.data,
                   (int)topic->device.len, topic->device.data,
                   kind_names[topic->kind]);
    return GONG_OK;
}
