/* message_fixture: messages of the desk as channels get them. */
#ifndef GONG_TESTS_MESSAGE_FIXTURE_H
#define GONG_TESTS_MESSAGE_FIXTURE_H

#include <stddef.h>

#include <jansson.h>

#include "agent/tell/link_sign.h"

/* 08:10 of 20 November 2025 in Viet Nam. */
#define MESSAGE_AT_MS INT64_C(1763601000000)

/* message_flood: kind "news" or "escalate": the gauge of Củng Sơn over alarm
 * III, number 17, opened 10 minutes before. */
json_t *message_flood(const char *kind);
/* message_storm: listed items from number 1 on, every third one over, with so
 * many more omitted. */
json_t *message_storm(size_t listed, int firing, int resolved);

/* A key of zeros, https://gong.example, a day. */
struct gong_link_signer message_signer(void);
#define MESSAGE_LINK                                                           \
    "https://gong.example/a/AWaHwAERY3MtZHV0eS0xWT92I4pDk0BGcb-IdC1Gmw"

#endif
