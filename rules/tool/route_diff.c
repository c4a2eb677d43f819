#include "rules/tool/route_diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rules/tool/desk_feed.h"
#include "rules/tool/desk_text.h"
#include "rules/query/instant.h"
#include "rules/query/json_text.h"

#define KINDS   3
#define ZONE_MS INT64_C(25200000) /* +07:00, where no model says another */

/* What one side said in one row. */
struct said {
    uint64_t messages[KINDS];
    uint64_t items; /* listed or counted */
};

struct row {
    char *receiver;
    char *unit;
    int64_t shift_ms; /* its begin */
    struct said said[2];
};

struct side {
    struct gong_route_diff *diff;
    size_t index;
    struct gong_desk *desk;
};

struct gong_route_diff {
    struct side sides[2];
    struct gong_shift shift;
    int64_t zone_ms;
    struct row *rows; /* sorted */
    size_t count;
    size_t capacity;
    enum gong_err err;
};

static int
compare_row(const struct row *row, const char *receiver, struct gong_str unit,
            int64_t shift_ms)
{
    int order = strcmp(row->receiver, receiver);

    if (order == 0) {
        order = gong_str_compare(gong_str_of(row->unit), unit);
    }
    return order != 0 ? order
                      : (row->shift_ms > shift_ms) - (row->shift_ms < shift_ms);
}

static struct row *
insert(struct gong_route_diff *diff, size_t at, const char *receiver,
       struct gong_str unit, int64_t shift_ms)
{
    struct row one = {.receiver = gong_str_copy(gong_str_of(receiver)),
                      .unit = gong_str_copy(unit),
                      .shift_ms = shift_ms};
    struct row *rows = diff->rows;

    if (diff->count == diff->capacity) {
        size_t more = diff->capacity == 0 ? 64 : diff->capacity * 2;

        rows = realloc(diff->rows, more * sizeof *rows);
        diff->capacity = rows == NULL ? diff->capacity : more;
    }
    if (rows != NULL) {
        diff->rows = rows;
    }
    if (rows == NULL || one.receiver == NULL || one.unit == NULL) {
        free(one.receiver);
        free(one.unit);
        return NULL;
    }
    memmove(rows + at + 1, rows + at, (diff->count - at) * sizeof *rows);
    rows[at] = one;
    diff->count++;
    return &rows[at];
}

static struct row *
find(struct gong_route_diff *diff, const char *receiver, struct gong_str unit,
     int64_t shift_ms)
{
    size_t low = 0;
    size_t high = diff->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_row(&diff->rows[middle], receiver, unit, shift_ms);

        if (order == 0) {
            return &diff->rows[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return insert(diff, low, receiver, unit, shift_ms);
}

/* The begin of the shift that an instant lies in. */
static int64_t
shift_of(const struct gong_route_diff *diff, int64_t ms)
{
    static const int64_t day = INT64_C(86400000);
    int64_t local = ms + diff->zone_ms - diff->shift.begin_ms;
    int64_t of_day = ((local % day) + day) % day;

    return ms - of_day % diff->shift.length_ms;
}

static enum gong_err
on_message(void *ctx, const struct gong_desk_message *message)
{
    struct side *side = ctx;
    struct row *row = find(side->diff, message->receiver->name, message->unit,
                           shift_of(side->diff, message->at_ms));

    if (row == NULL) {
        return GONG_ERR_MEMORY;
    }
    row->said[side->index].messages[message->kind]++;
    row->said[side->index].items += message->item_count +
                                    message->omitted_firing +
                                    message->omitted_resolved;
    return GONG_OK;
}

struct gong_route_diff *
gong_route_diff_new(const struct gong_desk_config *older,
                    const struct gong_desk_config *newer,
                    const struct gong_model *model,
                    const struct gong_shift *shift)
{
    struct gong_route_diff *diff = calloc(1, sizeof *diff);

    if (diff == NULL) {
        return NULL;
    }
    diff->shift = *shift;
    diff->zone_ms = model != NULL && gong_model_unit_count(model) > 0
                        ? gong_model_zone_ms(model)
                        : ZONE_MS;
    for (size_t i = 0; i < 2; i++) {
        struct gong_desk_sink sink = {.ctx = &diff->sides[i],
                                      .message = on_message};

        diff->sides[i].diff = diff;
        diff->sides[i].index = i;
        diff->sides[i].desk =
            gong_desk_new(i == 0 ? older : newer, model, &sink, 0);
    }
    if (diff->sides[0].desk == NULL || diff->sides[1].desk == NULL) {
        gong_route_diff_free(diff);
        return NULL;
    }
    return diff;
}

void
gong_route_diff_free(struct gong_route_diff *diff)
{
    if (diff == NULL) {
        return;
    }
    for (size_t i = 0; i < diff->count; i++) {
        free(diff->rows[i].receiver);
        free(diff->rows[i].unit);
    }
    gong_desk_free(diff->sides[0].desk);
    gong_desk_free(diff->sides[1].desk);
    free(diff->rows);
    free(diff);
}

void
gong_route_diff_effect(void *ctx, const struct gong_effect *effect)
{
    struct gong_route_diff *diff = ctx;

    for (size_t i = 0; i < 2 && diff->err == GONG_OK; i++) {
        diff->err = gong_desk_feed(diff->sides[i].desk, effect);
    }
}

enum gong_err
gong_route_diff_end(struct gong_route_diff *diff, int64_t ms)
{
    for (size_t i = 0; i < 2 && diff->err == GONG_OK; i++) {
        diff->err = gong_desk_feed_to(diff->sides[i].desk, ms);
    }
    return diff->err;
}

static bool
same(const struct row *row)
{
    const struct said *a = &row->said[0];
    const struct said *b = &row->said[1];

    return a->items == b->items &&
           memcmp(a->messages, b->messages, sizeof a->messages) == 0;
}

static uint64_t
sum_of(const struct said *said)
{
    return said->messages[0] + said->messages[1] + said->messages[2];
}

static void
put_said_json(FILE *out, const char *name, const struct said *said)
{
    (void)fprintf(out, "\"%s\":{", name);
    for (size_t i = 0; i < KINDS; i++) {
        (void)fprintf(out, "\"%s\":%" PRIu64 ",",
                      gong_desk_text_kind((enum gong_message_kind)i),
                      said->messages[i]);
    }
    (void)fprintf(out, "\"alerts\":%" PRIu64 "}", said->items);
}

static void
put_row_json(FILE *out, const struct row *row, const char *shift)
{
    (void)fputs("{\"receiver\":", out);
    gong_json_put_text(out, gong_str_of(row->receiver));
    (void)fputs(",\"unit\":", out);
    gong_json_put_text(out, gong_str_of(row->unit));
    (void)fprintf(out, ",\"shift\":\"%s\",", shift);
    put_said_json(out, "old", &row->said[0]);
    (void)fputc(',', out);
    put_said_json(out, "new", &row->said[1]);
    (void)fputs("}\n", out);
}

static void
put_said(FILE *out, const struct said *said)
{
    (void)fprintf(out, " %8" PRIu64 " %8" PRIu64, sum_of(said), said->items);
}

static void
put_row(FILE *out, const struct row *row, const char *shift)
{
    uint64_t older = sum_of(&row->said[0]);
    uint64_t newer = sum_of(&row->said[1]);

    (void)fprintf(out, "%-20s %-10s %-17s", row->receiver,
                  row->unit[0] == '\0' ? "-" : row->unit, shift);
    put_said(out, &row->said[0]);
    put_said(out, &row->said[1]);
    (void)fprintf(out, "  %s%" PRIu64 "\n",
                  newer > older   ? "+"
                  : newer < older ? "-"
                                  : "",
                  newer > older ? newer - older : older - newer);
}

/* 2026-01-05 16:00, where the city is. */
static void
shift_text(const struct gong_route_diff *diff, const struct row *row,
           char out[static GONG_INSTANT_SIZE])
{
    (void)gong_instant_text(row->shift_ms + diff->zone_ms, out);
    out[strcspn(out, "T")] = ' ';
    if (strlen(out) > 16) {
        out[16] = '\0';
    }
}

size_t
gong_route_diff_put(const struct gong_route_diff *diff, bool all, bool json,
                    FILE *out)
{
    struct said sums[2] = {{{0}, 0}, {{0}, 0}};
    size_t differ = 0;
    char shift[GONG_INSTANT_SIZE];

    if (!json) {
        (void)fprintf(out, "%-20s %-10s %-17s %8s %8s %8s %8s  %s\n",
                      "receiver", "unit", "shift", "old", "alerts", "new",
                      "alerts", "change");
    }
    for (size_t i = 0; i < diff->count; i++) {
        const struct row *row = &diff->rows[i];

        for (size_t side = 0; side < 2; side++) {
            for (size_t k = 0; k < KINDS; k++) {
                sums[side].messages[k] += row->said[side].messages[k];
            }
            sums[side].items += row->said[side].items;
        }
        differ += same(row) ? 0 : 1;
        if (same(row) && !all) {
            continue;
        }
        shift_text(diff, row, shift);
        (json ? put_row_json : put_row)(out, row, shift);
    }
    if (json) {
        (void)fprintf(out, "{\"rows\":%zu,\"differ\":%zu,", diff->count,
                      differ);
        put_said_json(out, "old", &sums[0]);
        (void)fputc(',', out);
        put_said_json(out, "new", &sums[1]);
        (void)fputs("}\n", out);
    } else {
        (void)fprintf(out,
                      "%zu of %zu rows differ; messages: %" PRIu64
                      " before, %" PRIu64 " after\n",
                      differ, diff->count, sum_of(&sums[0]), sum_of(&sums[1]));
    }
    return differ;
}
