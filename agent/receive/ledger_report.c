#include "agent/receive/ledger_report.h"

#include <string.h>

#define MEASUREMENT "gong_dropped"
/* No batch is larger: keeps sums within 64 bits. */
#define SIZE_MAX_OF_ONE (UINT64_C(1) << 32)

static const char *const reasons[] = {
    [GONG_LOST_DROPPED] = "drop_oldest",
    [GONG_LOST_DAMAGED] = "damaged",
    [GONG_LOST_TORN] = "torn",
};

const char *
gong_lost_reason_name(enum gong_lost_reason reason)
{
    return reasons[reason];
}

bool
gong_ledger_report_is(struct gong_str body)
{
    const size_t len = sizeof MEASUREMENT; /* with the comma */

    return body.len > len && memcmp(body.data, MEASUREMENT ",", len) == 0;
}

static bool
read_reason(const struct gong_lp_point *point, enum gong_lost_reason *out)
{
    for (size_t i = 0; i < point->tag_count; i++) {
        if (!gong_str_is(point->tags[i].key, "reason")) {
            continue;
        }
        for (size_t k = 0; k < sizeof reasons / sizeof reasons[0]; k++) {
            if (gong_str_is(point->tags[i].value, reasons[k])) {
                *out = (enum gong_lost_reason)k;
                return true;
            }
        }
    }
    return false;
}

static bool
read_epoch(struct gong_str text, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";

    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *digit =
            text.data[i] == '\0' ? NULL : strchr(digits, text.data[i]);

        if (digit == NULL) {
            return false;
        }
        *out = *out << 4 | (uint64_t)(digit - digits);
    }
    return text.len == 16;
}

static void
read_field(const struct gong_lp_field *field, struct gong_ledger_report *out,
           bool *epoch)
{
    const struct gong_lp_value *value = &field->value;
    const struct {
        const char *name;
        uint64_t *to;
    } numbers[] = {
        {"first_seq", &out->first}, {"last_seq", &out->last},
        {"batches", &out->batches}, {"points", &out->points},
        {"samples", &out->samples},
    };

    if (value->type == GONG_LP_STRING) {
        if (gong_str_is(field->key, "epoch")) {
            *epoch = read_epoch(value->as.string, &out->epoch);
        } else if (gong_str_is(field->key, "sizes")) {
            out->sizes = value->as.string;
        }
        return;
    }
    if (value->type != GONG_LP_INT || value->as.integer < 0) {
        return;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (gong_str_is(field->key, numbers[i].name)) {
            *numbers[i].to = (uint64_t)value->as.integer;
        }
    }
}

/* Torn numbers are perhaps no batches. Of others each one is: a report that
 * names more numbers than were lost would settle what is still to come. */
static bool
counts_each(const struct gong_ledger_report *report)
{
    return report->reason == GONG_LOST_TORN ||
           report->batches == report->last - report->first + 1;
}

static bool
read_report(const struct gong_lp_point *point, struct gong_ledger_report *out)
{
    bool epoch = false;

    *out = (struct gong_ledger_report){0};
    if (!gong_str_is(point->measurement, MEASUREMENT) ||
        !read_reason(point, &out->reason)) {
        return false;
    }
    for (size_t i = 0; i < point->field_count; i++) {
        read_field(&point->fields[i], out, &epoch);
    }
    return epoch && out->first > 0 && out->first <= out->last &&
           counts_each(out);
}

bool
gong_ledger_report_next(struct gong_lp_reader *reader,
                        struct gong_ledger_report *out)
{
    const struct gong_lp_point *point = NULL;
    const struct gong_lp_error *error = NULL;
    enum gong_lp_result result;

    while ((result = gong_lp_reader_next(reader, &point, &error)) !=
           GONG_LP_END) {
        if (result == GONG_LP_POINT && read_report(point, out)) {
            return true;
        }
    }
    return false;
}

/* --- sizes --- */

static bool
read_number(struct gong_str *text, uint64_t *out)
{
    size_t at = 0;

    *out = 0;
    while (at < text->len && text->data[at] >= '0' && text->data[at] <= '9') {
        *out = *out * 10 + (uint64_t)(text->data[at] - '0');
        at++;
        if (*out > SIZE_MAX_OF_ONE) {
            return false;
        }
    }
    *text = gong_str_from(text->data + at, text->len - at);
    return at > 0;
}

static bool
read_byte(struct gong_str *text, char byte)
{
    if (text->len == 0 || text->data[0] != byte) {
        return false;
    }
    *text = gong_str_from(text->data + 1, text->len - 1);
    return true;
}

/* One "points/samples" or "points/samplesxN" with the comma behind it. */
static bool
read_run(struct gong_str *text, uint64_t *points, uint64_t *samples,
         uint64_t *count)
{
    *count = 1;
    if (!read_number(text, points) || !read_byte(text, '/') ||
        !read_number(text, samples) ||
        (read_byte(text, 'x') && !read_number(text, count))) {
        return false;
    }
    return text->len == 0 || read_byte(text, ',');
}

/* How many numbers two ranges have in common. */
static uint64_t
common(uint64_t first, uint64_t last, uint64_t other_first, uint64_t other_last)
{
    first = first > other_first ? first : other_first;
    last = last < other_last ? last : other_last;
    return first <= last ? last - first + 1 : 0;
}

/* False where sizes does not tell each number of the report. */
static bool
weigh_sizes(const struct gong_ledger_report *report, uint64_t first,
            uint64_t last, uint64_t *points, uint64_t *samples)
{
    struct gong_str text = report->sizes;
    uint64_t at = report->first;
    uint64_t run_points, run_samples, count;

    while (text.len > 0) {
        uint64_t many;

        if (!read_run(&text, &run_points, &run_samples, &count) || count == 0 ||
            at == 0 || count - 1 > report->last - at) {
            return false;
        }
        many = common(first, last, at, at + count - 1);
        *points += many * run_points;
        *samples += many * run_samples;
        /* Past the last there is nothing: 0 says so. */
        at = at + count - 1 == report->last ? 0 : at + count;
    }
    return at == 0;
}

bool
gong_ledger_report_weigh(const struct gong_ledger_report *report,
                         uint64_t first, uint64_t last, uint64_t *points,
                         uint64_t *samples)
{
    double share;

    *points = 0;
    *samples = 0;
    if (weigh_sizes(report, first, last, points, samples)) {
        return true;
    }
    *points = report->points;
    *samples = report->samples;
    if (first == report->first && last == report->last) {
        return true;
    }
    share = (double)(last - first + 1) /
            ((double)(report->last - report->first) + 1);
    *points = (uint64_t)((double)report->points * share);
    *samples = (uint64_t)((double)report->samples * share);
    return false;
}
