#include "rules/engine/template_call.h"

#include <stdint.h>
#include <string.h>

#include "rules/engine/template_function.h"

/* s string, v what query gives, p one of it, a anything; the last stands any
 * number of times where more is set, or not at all where it is optional. */
struct function {
    const char *name;
    const char *args;
    bool more;
    bool (*run)(struct gong_trender *render, const struct gong_tvalue *args,
                size_t count, struct gong_tvalue *out);
};

static const struct function functions[] = {
    {"and", "aa", true, gong_tfn_all_true},
    {"args", "a", true, gong_tfn_args},
    {"eq", "aa", true, gong_tfn_eq},
    {"externalURL", "", false, gong_tfn_external_url},
    {"first", "v", false, gong_tfn_first},
    {"ge", "aa", false, gong_tfn_ge},
    {"graphLink", "s", false, gong_tfn_graph_link},
    {"gt", "aa", false, gong_tfn_gt},
    {"html", "a", true, gong_tfn_html},
    {"humanize", "a", false, gong_tfn_humanize},
    {"humanize1024", "a", false, gong_tfn_humanize1024},
    {"humanizeDuration", "a", false, gong_tfn_humanize_duration},
    {"humanizePercentage", "a", false, gong_tfn_humanize_percentage},
    {"humanizeTimestamp", "a", false, gong_tfn_humanize_timestamp},
    {"index", "aa", true, gong_tfn_index},
    {"js", "a", true, gong_tfn_js},
    {"label", "sp", false, gong_tfn_label},
    {"le", "aa", false, gong_tfn_le},
    {"len", "a", false, gong_tfn_len},
    {"lt", "aa", false, gong_tfn_lt},
    {"match", "ss", false, gong_tfn_match},
    {"ne", "aa", false, gong_tfn_ne},
    {"not", "a", false, gong_tfn_negate},
    {"or", "aa", true, gong_tfn_any_true},
    {"parseDuration", "s", false, gong_tfn_parse_duration},
    {"pathPrefix", "", false, gong_tfn_path_prefix},
    {"print", "a", true, gong_tfn_print},
    {"printf", "sa", true, gong_tfn_printf},
    {"println", "a", true, gong_tfn_println},
    {"query", "s", false, gong_tfn_query},
    {"reReplaceAll", "sss", false, gong_tfn_replace},
    {"safeHtml", "s", false, gong_tfn_safe_html},
    {"slice", "aa", true, gong_tfn_slice},
    {"sortByLabel", "sv", false, gong_tfn_sort_by_label},
    {"stripDomain", "s", false, gong_tfn_strip_domain},
    {"stripPort", "s", false, gong_tfn_strip_port},
    {"strvalue", "p", false, gong_tfn_strvalue},
    {"tableLink", "s", false, gong_tfn_table_link},
    {"title", "s", false, gong_tfn_title},
    {"toLower", "s", false, gong_tfn_lower},
    {"toUpper", "s", false, gong_tfn_upper},
    {"urlquery", "a", true, gong_tfn_urlquery},
    {"value", "p", false, gong_tfn_value},
};

int
gong_tcall_find(struct gong_str name)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (gong_str_is(name, functions[i].name)) {
            return (int)i;
        }
    }
    return -1;
}

const char *
gong_tcall_name(int function)
{
    return functions[function].name;
}

void
gong_tcall_bounds(int function, size_t *least, size_t *most)
{
    size_t known = strlen(functions[function].args);

    *least = functions[function].more ? known - 1 : known;
    *most = functions[function].more ? SIZE_MAX : known;
}

bool
gong_tcall_stops(int function, const struct gong_tvalue *value)
{
    if (functions[function].run == gong_tfn_all_true) {
        return !gong_tvalue_true(value);
    }
    return functions[function].run == gong_tfn_any_true &&
           gong_tvalue_true(value);
}

static bool
check_type(struct gong_trender *render, char letter,
           const struct gong_tvalue *value)
{
    const char *want = letter == 's'   ? "string"
                       : letter == 'v' ? "template.queryResult"
                                       : "*template.sample";
    bool ok = letter == 'a' ||
              (letter == 's' && value->kind == GONG_TKIND_STRING) ||
              (letter == 'v' && value->kind == GONG_TKIND_VECTOR) ||
              (letter == 'p' && value->kind == GONG_TKIND_SAMPLE);

    if (ok) {
        return true;
    }
    if (value->kind == GONG_TKIND_NIL) {
        return gong_trender_fail(render, "invalid value; expected %s", want);
    }
    return gong_trender_fail(render,
                             "wrong type for value; expected %s; got %s", want,
                             gong_tvalue_type(value));
}

bool
gong_tcall_run(struct gong_trender *render, int function,
               const struct gong_tvalue *args, size_t count,
               struct gong_tvalue *out)
{
    const struct function *f = &functions[function];
    size_t known = strlen(f->args);

    for (size_t i = 0; i < count; i++) {
        if (!check_type(render, f->args[i < known ? i : known - 1], &args[i])) {
            return false;
        }
    }
    return f->run(render, args, count, out);
}
