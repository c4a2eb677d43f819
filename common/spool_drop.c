/* What a segment still holds is told before it goes. */
#include "common/spool_private.h"

void
gong_spool_tell_drop(struct gong_spool *spool, uint64_t low)
{
    const struct gong_spool_segment *oldest = &spool->segments[0];
    struct gong_spool_reader reader;
    struct gong_record record;
    uint64_t at = gong_spool_segment_start(spool, oldest->number);

    if (spool->drop_told == NULL) {
        return;
    }
    gong_spool_reader_init(&reader, spool->dir_fd, spool->meta.segment_size,
                           spool->meta.log_id);
    at = low > at ? low : at;
    while (at < oldest->data_end) {
        enum gong_err err =
            gong_spool_reader_record(&reader, at, oldest->data_end, &record);

        if (err == GONG_OK) {
            spool->drop_told(spool->drop_ctx, &record);
            at = record.next;
        } else if (gong_spool_reader_find(&reader, at + 1, oldest->data_end,
                                          &at) != GONG_OK) {
            break;
        }
    }
    gong_spool_reader_fini(&reader);
    spool->drop_told(spool->drop_ctx, NULL);
}
