/* receive_format: what receive_save.c and receive_load.c share of the layout in
 * receive_file.h. */
#ifndef GONG_AGENT_RECEIVE_RECEIVE_FORMAT_H
#define GONG_AGENT_RECEIVE_RECEIVE_FORMAT_H

#include "agent/receive/ledger.h"

#define GONG_RECEIVE_MAGIC       0x56435247u /* "GRCV" */
#define GONG_RECEIVE_VERSION     1u
#define GONG_RECEIVE_HEAD        (64 + 8 * GONG_LEDGER_COUNTS)
#define GONG_RECEIVE_DEVICE_HEAD 4
#define GONG_RECEIVE_EPOCH_HEAD  (8 * (11 + GONG_LEDGER_COUNTS) + 4)
#define GONG_RECEIVE_RANGE_SIZE  16
#define GONG_RECEIVE_TOLD_SIZE   40
#define GONG_RECEIVE_TRAILER     8
/* Offsets in the head. */
#define GONG_RECEIVE_AT_BYTES   32
#define GONG_RECEIVE_AT_FROM    40
#define GONG_RECEIVE_AT_THROUGH 48
#define GONG_RECEIVE_AT_DEVICES 56
#define GONG_RECEIVE_AT_COUNTS  64

#endif
