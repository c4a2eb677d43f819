#include "agent/store/gzip.h"

#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

#define GZIP_WINDOW  (15 + 16) /* 32 KiB window, gzip instead of zlib frame */
#define MEMORY_LEVEL 8
#define CHUNK        65536

struct gong_gzip {
    z_stream stream;
    unsigned char chunk[CHUNK];
};

struct gong_gzip *
gong_gzip_new(int level)
{
    struct gong_gzip *gzip = calloc(1, sizeof *gzip);

    if (gzip != NULL &&
        deflateInit2(&gzip->stream, level, Z_DEFLATED, GZIP_WINDOW,
                     MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(gzip);
        return NULL;
    }
    return gzip;
}

void
gong_gzip_free(struct gong_gzip *gzip)
{
    if (gzip != NULL) {
        (void)deflateEnd(&gzip->stream);
        free(gzip);
    }
}

enum gong_err
gong_gzip_pack(struct gong_gzip *gzip, struct gong_str text,
               struct gong_buffer *out)
{
    z_stream *stream = &gzip->stream;
    int code = Z_OK;

    if (text.len > UINT_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    if (deflateReset(stream) != Z_OK) {
        return GONG_ERR_INVALID;
    }
    out->len = 0;
    stream->next_in = (const unsigned char *)text.data;
    stream->avail_in = (unsigned)text.len;
    while (code != Z_STREAM_END) {
        enum gong_err err;

        stream->next_out = gzip->chunk;
        stream->avail_out = CHUNK;
        code = deflate(stream, Z_FINISH);
        if (code != Z_OK && code != Z_STREAM_END) {
            return GONG_ERR_INVALID;
        }
        err = gong_buffer_append(out, gzip->chunk, CHUNK - stream->avail_out);
        if (err != GONG_OK) {
            return err;
        }
    }
    return GONG_OK;
}
