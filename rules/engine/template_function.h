/*
 * template_function: the functions themselves, by file. The arguments' number
 * and types have been checked. False and failed: an error.
 */
#ifndef GONG_RULES_ENGINE_TEMPLATE_FUNCTION_H
#define GONG_RULES_ENGINE_TEMPLATE_FUNCTION_H

#include "rules/engine/template_value.h"

#define GONG_TFUNCTION(name)                                                   \
    bool gong_tfn_##name(struct gong_trender *render,                          \
                         const struct gong_tvalue *args, size_t count,         \
                         struct gong_tvalue *out)

/* template_compare.c */
GONG_TFUNCTION(eq);
GONG_TFUNCTION(ne);
GONG_TFUNCTION(lt);
GONG_TFUNCTION(le);
GONG_TFUNCTION(gt);
GONG_TFUNCTION(ge);
GONG_TFUNCTION(all_true);
GONG_TFUNCTION(any_true);
GONG_TFUNCTION(negate);
GONG_TFUNCTION(len);
GONG_TFUNCTION(index);
GONG_TFUNCTION(slice);

/* template_print.c */
GONG_TFUNCTION(print);
GONG_TFUNCTION(printf);
GONG_TFUNCTION(println);
GONG_TFUNCTION(html);
GONG_TFUNCTION(js);
GONG_TFUNCTION(urlquery);
GONG_TFUNCTION(graph_link);
GONG_TFUNCTION(table_link);

/* template_humanize.c */
GONG_TFUNCTION(humanize);
GONG_TFUNCTION(humanize1024);
GONG_TFUNCTION(humanize_duration);
GONG_TFUNCTION(humanize_percentage);
GONG_TFUNCTION(humanize_timestamp);
GONG_TFUNCTION(parse_duration);

/* template_string.c */
GONG_TFUNCTION(upper);
GONG_TFUNCTION(lower);
GONG_TFUNCTION(title);
GONG_TFUNCTION(safe_html);
GONG_TFUNCTION(strip_port);
GONG_TFUNCTION(strip_domain);
GONG_TFUNCTION(external_url);
GONG_TFUNCTION(path_prefix);

/* template_regex.c */
GONG_TFUNCTION(match);
GONG_TFUNCTION(replace);

/* template_query.c */
GONG_TFUNCTION(query);
GONG_TFUNCTION(first);
GONG_TFUNCTION(label);
GONG_TFUNCTION(value);
GONG_TFUNCTION(strvalue);
GONG_TFUNCTION(sort_by_label);
GONG_TFUNCTION(args);

#endif
