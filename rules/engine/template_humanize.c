#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/promql_error.h"
#include "rules/engine/promql_literal.h"
#include "rules/engine/template_format.h"
#include "rules/engine/template_function.h"
#include "rules/engine/value_fn.h"

#define NUMBER_MAX 400

/* All of text as a number: what Go takes, without "_". */
static bool
parse_number(struct gong_str text, double *out)
{
    char copy[NUMBER_MAX];
    char *end = NULL;

    if (text.len == 0 || text.len >= sizeof copy) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c <= ' ' || c == '(' || (unsigned char)c >= 0x7f) {
            return false;
        }
        copy[i] = c;
    }
    copy[text.len] = '\0';
    errno = 0;
    *out = strtod(copy, &end);
    return *end == '\0' && end != copy && (errno != ERANGE || fabs(*out) < 1);
}

static bool
to_number(struct gong_trender *render, const char *name,
          const struct gong_tvalue *value, double *out)
{
    char word[GONG_EXPR_WORD_SIZE];

    if (value->kind == GONG_TKIND_FLOAT) {
        *out = value->as.number;
        return true;
    }
    if (value->kind == GONG_TKIND_INT) {
        *out = (double)value->as.integer;
        return true;
    }
    if (value->kind != GONG_TKIND_STRING) {
        return gong_trender_fail(render,
                                 "error calling %s: can't convert %s to float",
                                 name, gong_tvalue_type(value));
    }
    if (parse_number(value->as.text, out)) {
        return true;
    }
    return gong_trender_fail(
        render,
        "error calling %s: strconv.ParseFloat: parsing %s: invalid syntax",
        name, gong_expr_word(value->as.text, word));
}

/* Divides by 1000 for each prefix of k, M, ..., or multiplies for m, u, ... */
static const char *
scale(double *value, double base, const char *const *prefixes, size_t count)
{
    const char *prefix = "";

    for (size_t i = 0; i < count && fabs(*value) >= base; i++) {
        prefix = prefixes[i];
        *value /= base;
    }
    return prefix;
}

static const char *
scale_down(double *value)
{
    static const char *const prefixes[] = {"m", "u", "n", "p",
                                           "f", "a", "z", "y"};
    const char *prefix = "";

    for (size_t i = 0; i < 8 && fabs(*value) < 1; i++) {
        prefix = prefixes[i];
        *value *= 1000;
    }
    return prefix;
}

bool
gong_tfn_humanize(struct gong_trender *render, const struct gong_tvalue *args,
                  size_t count, struct gong_tvalue *out)
{
    static const char *const prefixes[] = {"k", "M", "G", "T",
                                           "P", "E", "Z", "Y"};
    struct gong_tbuilder text = {.render = render};
    const char *prefix = "";
    double value = 0;

    (void)count;
    if (!to_number(render, "humanize", &args[0], &value)) {
        return false;
    }
    if (fabs(value) >= 1 && isfinite(value)) {
        prefix = scale(&value, 1000, prefixes, 8);
    } else if (value != 0 && isfinite(value)) {
        prefix = scale_down(&value);
    }
    gong_tformat_float(&text, value, 'g', 4);
    gong_tbuilder_puts(&text, prefix);
    return gong_tbuilder_finish(&text, out);
}

bool
gong_tfn_humanize1024(struct gong_trender *render,
                      const struct gong_tvalue *args, size_t count,
                      struct gong_tvalue *out)
{
    static const char *const prefixes[] = {"ki", "Mi", "Gi", "Ti",
                                           "Pi", "Ei", "Zi", "Yi"};
    struct gong_tbuilder text = {.render = render};
    const char *prefix = "";
    double value = 0;

    (void)count;
    if (!to_number(render, "humanize1024", &args[0], &value)) {
        return false;
    }
    if (isfinite(value)) {
        prefix = scale(&value, 1024, prefixes, 8);
    }
    gong_tformat_float(&text, value, 'g', 4);
    gong_tbuilder_puts(&text, prefix);
    return gong_tbuilder_finish(&text, out);
}

/* From a second on; value is not negative. What fits no int64 is what the
 * conversion of Prometheus' platform makes of it. */
static void
put_duration(struct gong_tbuilder *out, double value)
{
    char text[128];
    int64_t whole = value < 0x1p63 ? (int64_t)value : INT64_MIN;
    long long seconds = (long long)(whole % 60);
    long long minutes = (long long)(whole / 60 % 60);
    long long hours = (long long)(whole / 3600 % 24);
    long long days = (long long)(whole / 86400);

    if (days != 0) {
        (void)snprintf(text, sizeof text, "%lldd %lldh %lldm %llds", days,
                       hours, minutes, seconds);
    } else if (hours != 0) {
        (void)snprintf(text, sizeof text, "%lldh %lldm %llds", hours, minutes,
                       seconds);
    } else if (minutes != 0) {
        (void)snprintf(text, sizeof text, "%lldm %llds", minutes, seconds);
    } else {
        gong_tformat_float(out, value, 'g', 4);
        gong_tbuilder_puts(out, "s");
        return;
    }
    gong_tbuilder_puts(out, text);
}

bool
gong_tfn_humanize_duration(struct gong_trender *render,
                           const struct gong_tvalue *args, size_t count,
                           struct gong_tvalue *out)
{
    struct gong_tbuilder text = {.render = render};
    double value = 0;

    (void)count;
    if (!to_number(render, "humanizeDuration", &args[0], &value)) {
        return false;
    }
    if (!isfinite(value)) {
        gong_tformat_float(&text, value, 'g', 4);
    } else if (fabs(value) >= 1) {
        gong_tbuilder_puts(&text, value < 0 ? "-" : "");
        put_duration(&text, fabs(value));
    } else {
        const char *prefix = value == 0 ? "" : scale_down(&value);

        gong_tformat_float(&text, value, 'g', 4);
        gong_tbuilder_puts(&text, prefix);
        gong_tbuilder_puts(&text, "s");
    }
    return gong_tbuilder_finish(&text, out);
}

bool
gong_tfn_humanize_percentage(struct gong_trender *render,
                             const struct gong_tvalue *args, size_t count,
                             struct gong_tvalue *out)
{
    struct gong_tbuilder text = {.render = render};
    double value = 0;

    (void)count;
    if (!to_number(render, "humanizePercentage", &args[0], &value)) {
        return false;
    }
    gong_tformat_float(&text, value * 100, 'g', 4);
    gong_tbuilder_puts(&text, "%");
    return gong_tbuilder_finish(&text, out);
}

/* "2026-01-31 23:59:59.5 +0000 UTC" */
static void
put_timestamp(struct gong_tbuilder *out, int64_t ms)
{
    int64_t seconds = ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
    int64_t rest = ms - seconds * 1000;
    int64_t of_minute = (seconds % 60 + 60) % 60;
    double at = (double)seconds;
    char text[80];
    char part[8];
    int len = snprintf(part, sizeof part, ".%03d", (int)rest);

    while (len > 0 && (part[len - 1] == '0' || part[len - 1] == '.')) {
        part[--len] = '\0';
    }
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d%s %s",
                   (int)gong_value_fn_run(GONG_FN_YEAR, at, NULL),
                   (int)gong_value_fn_run(GONG_FN_MONTH, at, NULL),
                   (int)gong_value_fn_run(GONG_FN_DAY_OF_MONTH, at, NULL),
                   (int)gong_value_fn_run(GONG_FN_HOUR, at, NULL),
                   (int)gong_value_fn_run(GONG_FN_MINUTE, at, NULL),
                   (int)of_minute, part, "+0000 UTC");
    gong_tbuilder_puts(out, text);
}

bool
gong_tfn_humanize_timestamp(struct gong_trender *render,
                            const struct gong_tvalue *args, size_t count,
                            struct gong_tvalue *out)
{
    struct gong_tbuilder text = {.render = render};
    double value = 0;
    double nanoseconds = 0;

    (void)count;
    if (!to_number(render, "humanizeTimestamp", &args[0], &value)) {
        return false;
    }
    nanoseconds = value * 1e9;
    if (!isfinite(value)) {
        gong_tformat_float(&text, value, 'g', 4);
    } else if (nanoseconds >= 0x1p63 || nanoseconds < -0x1p63) {
        return gong_trender_fail(
            render,
            "error calling humanizeTimestamp: %g cannot be represented as a "
            "nanoseconds timestamp since it overflows int64",
            value);
    } else {
        put_timestamp(&text, (int64_t)nanoseconds / 1000000);
    }
    return gong_tbuilder_finish(&text, out);
}

/* Digits that are all 0, with one unit or without. */
static bool
is_zero(struct gong_str text)
{
    static const char *const units[] = {"", "ms", "s", "m", "h", "d", "w", "y"};
    size_t digits = 0;

    while (digits < text.len && text.data[digits] == '0') {
        digits++;
    }
    struct gong_str unit = gong_str_from(text.data + digits, text.len - digits);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (digits > 0 && gong_str_is(unit, units[i]) &&
            (i > 0 || digits == 1)) {
            return true;
        }
    }
    return false;
}

bool
gong_tfn_parse_duration(struct gong_trender *render,
                        const struct gong_tvalue *args, size_t count,
                        struct gong_tvalue *out)
{
    int64_t ms = 0;
    char word[GONG_EXPR_WORD_SIZE];

    (void)count;
    if (!is_zero(args[0].as.text) &&
        !gong_promql_duration(args[0].as.text, &ms)) {
        return gong_trender_fail(
            render,
            "error calling parseDuration: not a valid duration string: %s",
            gong_expr_word(args[0].as.text, word));
    }
    *out = gong_tvalue_float((double)ms * 1e6 / 1e9);
    return true;
}
