/* Prints every numeric sample that the journal STATE/journal holds, in its
 * order: what the engine applied, each line one application.
 *
 *   journal_samples STATE
 *   <position> <journal ms> <lane> <site>/<device> <series key> <field>
 *       <value> <stamp ns>                                  (all one line)
 *
 * and, in their places, each batch that has a number and each birth:
 *
 *   batch <position> <site>/<device> <epoch> <seq>
 *   birth <position> <site>/<device> <every ms>
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/batch.h"
#include "common/presence.h"
#include "tests/faults/log_reader.h"

static void
print_point(const struct gong_record *record, const struct gong_batch *batch,
            const struct gong_lp_point *point, int64_t time_ns)
{
    bool back = batch->has_header && batch->header.lane == GONG_LANE_BACK;

    for (size_t i = 0; i < point->field_count; i++) {
        double number;

        if (!gong_lp_number(&point->fields[i].value, &number)) {
            continue;
        }
        (void)printf("%" PRIu64 " %" PRId64
                     " %s %.*s/%.*s %.*s %.*s %.17g %" PRId64 "\n",
                     record->offset, record->meta.journal_ms,
                     back ? "back" : "live", (int)batch->site.len,
                     batch->site.data, (int)batch->device.len,
                     batch->device.data, (int)point->series_key.len,
                     point->series_key.data, (int)point->fields[i].key.len,
                     point->fields[i].key.data, number, time_ns);
    }
}

static void
print_batch(struct gong_lp_reader *lines, const struct gong_record *record)
{
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;
    enum gong_lp_result result;
    struct gong_batch batch;
    int64_t time_ns;

    if (gong_batch_open(&batch, lines, record->payload, record->meta.wall_ns) !=
        GONG_OK) {
        (void)fprintf(stderr, "no batch at %" PRIu64 "\n", record->offset);
        return;
    }
    if (batch.has_header) {
        (void)printf("batch %" PRIu64 " %.*s/%.*s %016" PRIx64 " %" PRIu64 "\n",
                     record->offset, (int)batch.site.len, batch.site.data,
                     (int)batch.device.len, batch.device.data,
                     batch.header.epoch, batch.header.seq);
    }
    while ((result = gong_batch_next(&batch, lines, &point, &error,
                                     &time_ns)) != GONG_LP_END) {
        if (result == GONG_LP_POINT) {
            print_point(record, &batch, point, time_ns);
        }
    }
}

static void
print_birth(const struct gong_record *record)
{
    struct gong_presence_record status;

    if (gong_presence_open(record->payload, &status) == GONG_OK &&
        status.message.kind == GONG_PRESENCE_ONLINE) {
        (void)printf("birth %" PRIu64 " %.*s/%.*s %" PRId64 "\n",
                     record->offset, (int)status.site.len, status.site.data,
                     (int)status.device.len, status.device.data,
                     status.message.every_ms);
    }
}

int
main(int argc, char **argv)
{
    struct gong_lp_reader *lines = gong_lp_reader_new(false);
    struct gong_record record;
    struct log_reader journal;
    bool opened;

    if (argc != 2 || lines == NULL) {
        (void)fprintf(stderr, "usage: journal_samples STATE\n");
        gong_lp_reader_free(lines);
        return EXIT_FAILURE;
    }
    opened = log_reader_open(&journal, argv[1], "journal");
    while (opened && log_reader_next(&journal, &record)) {
        if (record.meta.type == GONG_RECORD_DATA) {
            print_batch(lines, &record);
        } else if (record.meta.type == GONG_RECORD_PRESENCE) {
            print_birth(&record);
        }
    }
    log_reader_close(&journal);
    gong_lp_reader_free(lines);
    return opened ? EXIT_SUCCESS : EXIT_FAILURE;
}
