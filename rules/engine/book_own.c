#include "rules/engine/book_own.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_error.h"

/* What the engine says itself has states, not samples: of it the present alone
 * is known. */
static const struct {
    const char *name;
    const char *found;
} presents[] = {
    {"up", "up, unit_up or device_dark"},
    {"unit_up", "up, unit_up or device_dark"},
    {"device_dark", "up, unit_up or device_dark"},
    {"ALERTS", "ALERTS"},
    {"ALERTS_FOR_STATE", "ALERTS_FOR_STATE"},
};

bool
gong_book_is_own(const char *metric)
{
    for (size_t n = 0; n < sizeof presents / sizeof presents[0]; n++) {
        if (strcmp(presents[n].name, metric) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether a selector takes series of this name, as far as its matchers of the
 * name say. */
static bool
takes(const struct gong_read *read, const struct gong_expr_node *node,
      const char *name)
{
    struct gong_str text = gong_str_of(name);

    for (size_t i = 0; i < node->matcher_count; i++) {
        if (strcmp(node->matchers[i].name, "__name__") == 0 &&
            gong_matchers_one(read->matchers, i, text) == GONG_MATCH_NO) {
            return false;
        }
    }
    return true;
}

bool
gong_book_check_own(const struct gong_reads *reads,
                    const struct gong_expr *expr, struct gong_expr_error *error)
{
    for (uint32_t i = 0; i < reads->count; i++) {
        const struct gong_read *read = &reads->all[i];
        const struct gong_expr_node *node = &expr->nodes[read->node];

        if (read->need_ms != 0 && read->metric != NULL &&
            strncmp(read->metric, GONG_CITY_PARAM, strlen(GONG_CITY_PARAM)) ==
                0) {
            return gong_expr_fail(error, node->at,
                                  "found the past of a parameter, expected its "
                                  "present");
        }
        for (size_t n = 0; n < sizeof presents / sizeof presents[0]; n++) {
            if (read->need_ms == 0 || !takes(read, node, presents[n].name)) {
                continue;
            }
            if (read->metric != NULL) {
                return gong_expr_fail(error, node->at,
                                      "found the past of %s, expected their "
                                      "present",
                                      presents[n].found);
            }
            return gong_expr_fail(error, node->at,
                                  "found the past of names that take in %s, "
                                  "expected names without it: only its present "
                                  "is known",
                                  presents[n].name);
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

enum gong_err
gong_book_collect_params(struct gong_book *book, struct gong_symbols *symbols)
{
    size_t count = book->city == NULL ? 0 : book->city->metric_count;

    if (count == 0) {
        return GONG_OK;
    }
    book->params = calloc(count, sizeof *book->params);
    book->params_sorted = calloc(count, sizeof *book->params_sorted);
    if (book->params == NULL || book->params_sorted == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        book->params[i] =
            gong_symbol_intern(symbols, gong_str_of(book->city->metrics[i]));
        book->params_sorted[i] = book->params[i];
        if (book->params[i] == 0) {
            return GONG_ERR_MEMORY;
        }
        if (strcmp(book->city->metrics[i],
                   GONG_CITY_PARAM GONG_CITY_EXPECTED) == 0) {
            book->expected = book->params[i];
        }
    }
    qsort(book->params_sorted, count, sizeof *book->params_sorted,
          compare_symbols);
    return GONG_OK;
}

void
gong_book_find_params(const struct gong_book *book, struct gong_book_rule *r)
{
    bool found = true;

    for (uint32_t i = 0; r->plan != NULL && i < r->plan->param_count; i++) {
        struct gong_plan_param *param = &r->plan->params[i];

        found = found &&
                gong_city_metric(book->city, param->metric, &param->number);
    }
    if (!found) {
        gong_plan_free(r->plan);
        r->plan = NULL;
        r->terms.unknown = false;
        r->terms.fire = false;
    }
}

bool
gong_book_is_param(const struct gong_book *book, uint32_t metric)
{
    return book->params_sorted != NULL &&
           bsearch(&metric, book->params_sorted, book->city->metric_count,
                   sizeof *book->params_sorted, compare_symbols) != NULL;
}

bool
gong_book_is_recorded(const struct gong_book *book, uint32_t metric)
{
    return !book->foreign && book->recorded_count > 0 &&
           bsearch(&metric, book->recorded, book->recorded_count,
                   sizeof *book->recorded, compare_symbols) != NULL;
}
