/* channel_zns: templates that Zalo approved, sent to a phone number. */
#ifndef GONG_AGENT_TELL_CHANNEL_ZNS_H
#define GONG_AGENT_TELL_CHANNEL_ZNS_H

#include "agent/tell/channel_zalo_oa.h"

struct gong_zns_config {
    struct gong_zalo_oa_config oa; /* first */
    char *template_id;
    struct gong_strings params; /* NAME:TYPE=VARIABLE */
    bool development;
};

#define GONG_ZNS_PHONE_SIZE 16

/* gong_zns_phone: 0987 654 321 and +84 987654321 become 84987654321; false:
 * it is no number of Viet Nam's. */
bool gong_zns_phone(const char *text, char out[GONG_ZNS_PHONE_SIZE]);

#endif
