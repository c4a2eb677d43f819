#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api/api_prometheus.h"
#include "rules/query/instant.h"

#define INSTANT_MIN INT64_C(-62135596800000) /* the year 1 */
#define INSTANT_MAX INT64_C(253402300799999) /* the year 9999 */

static bool
refuse(struct gong_api_call *call, const char *name, const char *why)
{
    gong_prom_error(call, "bad_data", "invalid parameter \"%s\": %s", name,
                    why);
    return false;
}

static bool
refuse_text(struct gong_api_call *call, const char *name, const char *text,
            const char *what)
{
    char why[256];

    (void)snprintf(why, sizeof why, "cannot parse \"%.128s\" to a valid %s",
                   text, what);
    return refuse(call, name, why);
}

/* Clients write "the whole of time" as the ends of theirs: a number of seconds
 * far out, or the date that Go has for it. */
static bool
read_far(const char *text, int64_t *ms)
{
    char *end = NULL;
    double seconds;

    if (strcmp(text, "-292273086-05-16T16:47:06Z") == 0) {
        *ms = INSTANT_MIN;
        return true;
    }
    if (strcmp(text, "292277025-08-18T07:12:54.999999999Z") == 0) {
        *ms = INSTANT_MAX;
        return true;
    }
    if (text[0] == '\0' || strspn(text, "+-.0123456789eE") != strlen(text)) {
        return false;
    }
    seconds = strtod(text, &end);
    if (*end != '\0' || !isfinite(seconds)) {
        return false;
    }
    seconds = floor(seconds * 1000);
    *ms = seconds <= (double)INSTANT_MIN   ? INSTANT_MIN
          : seconds >= (double)INSTANT_MAX ? INSTANT_MAX
                                           : (int64_t)seconds;
    return true;
}

static bool
read_time(struct gong_api_call *call, const char *name, const char *text,
          int64_t *ms)
{
    return gong_instant_read(gong_str_of(text), ms) || read_far(text, ms) ||
           refuse_text(call, name, text, "timestamp");
}

bool
gong_prom_time(struct gong_api_call *call, const char *name, int64_t fallback,
               int64_t *ms)
{
    const char *text = gong_api_argument(call->request, name);

    *ms = fallback;
    return text[0] == '\0' || read_time(call, name, text, ms);
}

bool
gong_prom_time_required(struct gong_api_call *call, const char *name,
                        int64_t *ms)
{
    return read_time(call, name, gong_api_argument(call->request, name), ms);
}

bool
gong_prom_length(struct gong_api_call *call, const char *name, int64_t fallback,
                 int64_t *ms)
{
    const char *text = gong_api_argument(call->request, name);

    *ms = fallback;
    if (text[0] == '\0') {
        return true;
    }
    if (!gong_length_read(gong_str_of(text), ms)) {
        return refuse_text(call, name, text, "duration");
    }
    return *ms > 0 ||
           refuse(call, name, "zero or negative lengths are not accepted");
}

bool
gong_prom_limit(struct gong_api_call *call, const char *name, size_t *out)
{
    const char *text = gong_api_argument(call->request, name);
    uint64_t number;

    *out = SIZE_MAX;
    if (text[0] == '\0') {
        return true;
    }
    if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 18) {
        return refuse(call, name, "expected a whole number, 0 or above");
    }
    number = gong_api_query_number(call, name, 0);
    *out = number == 0 ? SIZE_MAX : (size_t)number;
    return true;
}

/* --- selectors --- */

void
gong_prom_matches_fini(struct gong_prom_matches *matches)
{
    for (size_t i = 0; i < matches->count; i++) {
        gong_expr_free(matches->exprs[i]);
    }
    *matches = (struct gong_prom_matches){0};
}

static bool
is_plain_selector(const struct gong_expr *expr)
{
    const struct gong_expr_node *root = &expr->nodes[expr->root];

    return root->kind == GONG_EXPR_SELECTOR && root->range_ms == 0 &&
           root->offset_ms == 0 && root->anchor == GONG_ANCHOR_NONE;
}

static bool
add_match(struct gong_api_call *call, const char *text,
          struct gong_prom_matches *out)
{
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of(text), &error);

    if (expr == NULL) {
        if (error.no_memory) {
            gong_prom_failed(call, GONG_ERR_MEMORY, "");
            return false;
        }
        return refuse(call, "match[]", error.message);
    }
    out->exprs[out->count++] = expr;
    return is_plain_selector(expr) ||
           refuse(call, "match[]",
                  "expected a selector without range, offset and @");
}

bool
gong_prom_matches(struct gong_api_call *call, struct gong_prom_matches *out)
{
    const struct gong_api_request *request = call->request;

    *out = (struct gong_prom_matches){0};
    for (size_t i = 0; i < request->query_count; i++) {
        if (strcmp(request->query[i].name, "match[]") == 0 &&
            !add_match(call, request->query[i].value, out)) {
            gong_prom_matches_fini(out);
            return false;
        }
    }
    return true;
}
