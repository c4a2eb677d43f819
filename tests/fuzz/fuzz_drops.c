/* Any bytes as the events of a collector's losses; what is read is written the
 * same, and makes a line that the agent's reader takes. */
#include <string.h>

#include "agent/receive/ledger_report.h"
#include "collector/drops_event.h"
#include "tests/fuzz/fuzz.h"

static void
check(struct gong_drops_event *event, struct gong_str bytes)
{
    struct gong_buffer again = {0};
    struct gong_buffer line = {0};
    struct gong_lp_reader *reader = gong_lp_reader_new(false);
    struct gong_ledger_report report;

    FUZZ_CHECK(reader != NULL);
    FUZZ_CHECK(event->run_count <= GONG_DROPS_RUNS_MAX);
    FUZZ_CHECK(gong_drops_event_encode(event, &again) == GONG_OK);
    FUZZ_CHECK(again.len == bytes.len);
    FUZZ_CHECK(memcmp(again.data + 8, bytes.data + 8, bytes.len - 8) == 0);
    FUZZ_CHECK(gong_drops_event_line(event, 7, &line) == GONG_OK);
    gong_lp_reader_start(reader, gong_str_from(line.data, line.len));
    /* Numbers past 63 bits are no integers of line protocol, and a report is of
     * all its numbers. */
    if ((event->reason == GONG_DROP_TORN ||
         event->batches == event->last - event->first + 1) &&
        event->last <= INT64_MAX && event->batches <= INT64_MAX &&
        event->points <= INT64_MAX && event->samples <= INT64_MAX) {
        FUZZ_CHECK(gong_ledger_report_next(reader, &report));
        FUZZ_CHECK(report.first == event->first && report.last == event->last);
        FUZZ_CHECK(report.epoch == 7);
    }
    gong_lp_reader_free(reader);
    gong_buffer_fini(&again);
    gong_buffer_fini(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str left = gong_str_from((const char *)data, size);
    struct gong_drops_event events[4] = {{0}};
    size_t count = 0;

    while (count < 4 && left.len > 0) {
        struct gong_str before = left;

        if (gong_drops_event_decode(&left, &events[count]) != GONG_OK) {
            gong_drops_event_fini(&events[count]);
            break;
        }
        check(&events[count],
              gong_str_from(before.data, before.len - left.len));
        count++;
    }
    for (size_t i = 1; i < count; i++) {
        gong_drops_event_join(&events[0], &events[i]);
    }
    for (size_t i = 0; i < count; i++) {
        gong_drops_event_fini(&events[i]);
    }
    return 0;
}
