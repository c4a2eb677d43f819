/*
 * set_aside: batches that came damaged three times or are too large, kept whole
 * for a person to look at: one file, each batch as
 *     == <site>/<device> epoch=<16 hex> seq=<n> wall=<ns> length=<n>\n
 * and its bytes and a newline. The file stops growing at 16 MiB: what comes
 * then is counted and dropped. While it cannot be written a batch is not
 * settled, so that it comes again.
 */
#ifndef GONG_AGENT_RECEIVE_SET_ASIDE_H
#define GONG_AGENT_RECEIVE_SET_ASIDE_H

#include "agent/receive/receive.h"
#include "common/batch.h"
#include "common/err.h"
#include "common/str.h"

#define GONG_SET_ASIDE_MAX (16u << 20)

/* gong_set_aside_write: rare; opens, appends, syncs and closes; blocks on the
 * disk. TOO_LARGE where the file would grow past its bound: nobody will have
 * more luck; other errors may pass. path is borrowed. */
enum gong_err gong_set_aside_write(const char *path,
                                   struct gong_device_name device,
                                   const struct gong_batch_header *header,
                                   struct gong_str message) GONG_MUST_CHECK;

#endif
