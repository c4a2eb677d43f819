#include "rules/engine/book_own.h"

#include <stdlib.h>

#include "rules/engine/presence.h"
#include "rules/engine/promql_error.h"

bool
gong_book_check_own(const struct gong_reads *reads,
                    const struct gong_expr *expr, struct gong_expr_error *error)
{
    for (uint32_t i = 0; i < reads->count; i++) {
        const struct gong_read *read = &reads->all[i];

        if (read->need_ms > 0 && read->metric != NULL &&
            gong_presence_metric(gong_str_of(read->metric)) !=
                GONG_PRESENCE_METRICS) {
            return gong_expr_fail(error, expr->nodes[read->node].at,
                                  "found the past of up, unit_up or "
                                  "device_dark, expected their present");
        }
    }
    return true;
}

static int
compare_symbols(const void *a, const void *b)
{
    const uint32_t *sa = a;
    const uint32_t *sb = b;

    return *sa < *sb ? -1 : *sa > *sb ? 1 : 0;
}

enum gong_err
gong_book_collect_recorded(struct gong_book *book)
{
    book->recorded = calloc((size_t)book->count + 1, sizeof *book->recorded);
    if (book->recorded == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < book->count; i++) {
        if (book->rules[i].record != 0) {
            book->recorded[book->recorded_count++] = book->rules[i].record;
        }
    }
    qsort(book->recorded, book->recorded_count, sizeof *book->recorded,
          compare_symbols);
    return GONG_OK;
}

bool
gong_book_is_recorded(const struct gong_book *book, uint32_t metric)
{
    return !book->foreign && book->recorded_count > 0 &&
           bsearch(&metric, book->recorded, book->recorded_count,
                   sizeof *book->recorded, compare_symbols) != NULL;
}
