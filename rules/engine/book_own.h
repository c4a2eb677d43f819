/*
 * book_own: series that only the engine feeds: presence, ALERTS, parameters of
 * the city model and what is recorded. Of all but the last it keeps no past.
 */
#ifndef GONG_RULES_ENGINE_BOOK_OWN_H
#define GONG_RULES_ENGINE_BOOK_OWN_H

#include "rules/engine/book.h"

/* gong_book_is_own: of the first two. */
bool gong_book_is_own(const char *metric);

/* gong_book_check_own: whether an expression reads no past that is not kept;
 * false with error filled. */
bool gong_book_check_own(const struct gong_reads *reads,
                         const struct gong_expr *expr,
                         struct gong_expr_error *error);

/* gong_book_collect_recorded: the names that the book's recordings feed, for
 * gong_book_is_recorded. */
enum gong_err
gong_book_collect_recorded(struct gong_book *book) GONG_MUST_CHECK;

/* gong_book_collect_params: likewise of the city's parameters. */
enum gong_err
gong_book_collect_params(struct gong_book *book,
                         struct gong_symbols *symbols) GONG_MUST_CHECK;

/* gong_book_find_params: the parameters that a rule's plan reads. Without them
 * in the model the name is one like others, of any series: then the plan goes,
 * the rule is evaluated as a whole, and what is missing cannot be told from
 * what is false. */
void gong_book_find_params(const struct gong_book *book,
                           struct gong_book_rule *rule);

#endif
