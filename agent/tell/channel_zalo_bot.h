/* channel_zalo_bot: messages from a bot of the Zalo Bot platform. The token
 * stands in the address of every request: it is never told. */
#ifndef GONG_AGENT_TELL_CHANNEL_ZALO_BOT_H
#define GONG_AGENT_TELL_CHANNEL_ZALO_BOT_H

#include "agent/tell/channel_zalo.h"

struct gong_zalo_bot_config {
    struct gong_zalo_config zalo; /* first */
    char *token_file;
};

#endif
