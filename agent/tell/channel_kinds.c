/* Every kind of channel, one line each. */
#include <string.h>

#include "agent/tell/channel.h"

const struct gong_channel_kind *const gong_channel_kinds[] = {
    &gong_channel_log,     &gong_channel_webhook, &gong_channel_exec,
    &gong_channel_mqtt,    &gong_channel_email,   &gong_channel_zalo_bot,
    &gong_channel_zalo_oa, &gong_channel_zns,     NULL,
};

const struct gong_channel_kind *
gong_channel_kind_find(const char *type)
{
    for (size_t i = 0; type != NULL && gong_channel_kinds[i] != NULL; i++) {
        if (strcmp(gong_channel_kinds[i]->type, type) == 0) {
            return gong_channel_kinds[i];
        }
    }
    return NULL;
}
