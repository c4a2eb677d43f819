/* gzip: packs request bodies (RFC 1952), one state reused for all of them. */
#ifndef GONG_AGENT_STORE_GZIP_H
#define GONG_AGENT_STORE_GZIP_H

#include "common/err.h"
#include "common/lp_encode.h"
#include "common/str.h"

struct gong_gzip;

/* level 1 (fast) to 9. NULL without memory. */
struct gong_gzip *gong_gzip_new(int level);
void gong_gzip_free(struct gong_gzip *gzip);

/* gong_gzip_pack: replaces what out holds by one gzip member of text. */
enum gong_err gong_gzip_pack(struct gong_gzip *gzip, struct gong_str text,
                             struct gong_buffer *out) GONG_MUST_CHECK;

#endif
