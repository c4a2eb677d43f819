/* Any bytes as a collector's report of lost batches; whatever it says, numbers
 * are counted once and gaps stay in order. */
#include "agent/receive/ledger.h"
#include "tests/fuzz/fuzz.h"

static void
explain(struct gong_ledger *ledger, struct gong_ranges *settled,
        struct gong_lp_reader *reader)
{
    struct gong_ledger_report report;

    while (gong_ledger_report_next(reader, &report)) {
        uint64_t points;
        uint64_t samples;

        FUZZ_CHECK(report.first > 0 && report.first <= report.last);
        FUZZ_CHECK(report.reason == GONG_LOST_TORN ||
                   report.batches == report.last - report.first + 1);
        gong_ledger_report_weigh(&report, report.first, report.first, &points,
                                 &samples);
        gong_ledger_explain(ledger, &report, settled);
        FUZZ_CHECK(gong_ledger_sound(ledger));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gong_batch_header headers[] = {
        {.seq = 2, .low = 1}, {.seq = 7, .low = 4}, {.seq = 12, .low = 5}};
    struct gong_lp_reader *reader = gong_lp_reader_new(false);
    struct gong_ledger ledger = {0};
    struct gong_ranges settled = {0};

    FUZZ_CHECK(reader != NULL);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        gong_ledger_note(&ledger, &headers[i], &settled);
        gong_ranges_raise(&settled, headers[i].low - 1);
        FUZZ_CHECK(gong_ranges_add(&settled, headers[i].seq) == GONG_OK);
        gong_ledger_take(&ledger, &headers[i], &settled, false, INT64_MAX);
    }
    gong_lp_reader_start(reader, gong_str_from((const char *)data, size));
    explain(&ledger, &settled, reader);
    /* Of 1..12 three came: no more than nine can be lost. */
    FUZZ_CHECK(gong_ledger_lost(&ledger) + ledger.counts.torn <= 9);
    gong_ledger_fini(&ledger);
    gong_ranges_fini(&settled);
    gong_lp_reader_free(reader);
    return 0;
}
