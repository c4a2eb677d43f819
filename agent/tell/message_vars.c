#include "agent/tell/message_vars.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/tell/message_annotation.h"
#include "agent/tell/message_status.h"
#include "agent/tell/message_words.h"
#include "agent/tell/number_text.h"
#include "rules/desk/desk.h"

#define ROOT_MAX    24
#define ITEM_MAX    28
#define SHORT_MAX   200 /* UTF-16 units of names at most, where a summary */
#define SHORT_MIN   30  /* may be as long, and at least */
#define COUNT_MAX   INT64_C(1000000000000)
#define DAY_MS      INT64_C(86400000)
#define TIME_MAX_MS (INT64_C(253402300799) * 1000)
#define ZONE_MS     INT64_C(25200000) /* Viet Nam, where the message names none */

struct item {
    struct gong_label_view labels[ITEM_MAX];
    size_t count;
    bool over;
};

struct gong_message_vars {
    const struct gong_message_view *view;
    struct gong_message_vars_options options;
    struct gong_message_words words;
    struct gong_label_view labels[ROOT_MAX];
    size_t label_count;
    size_t fixed_count; /* labels that do not depend on what is shown */
    struct item *items;
    struct gong_template_sample samples[GONG_MESSAGE_ITEMS_MAX];
    size_t item_count;
    size_t shown;
    uint64_t omitted_firing;
    uint64_t omitted_resolved;
};

/* Where a variable is added. */
struct target {
    struct gong_message_vars *vars;
    struct gong_label_view *labels;
    size_t *count;
    size_t max;
};

static void
add(struct target *target, const char *name, struct gong_str text, size_t max)
{
    struct gong_message_words *words = &target->vars->words;
    struct gong_str value = gong_message_words_clean(words, text, max);

    if (target->vars->options.html) {
        value = gong_message_words_escape(words, value);
    }
    if (*target->count < target->max) {
        target->labels[(*target->count)++] =
            (struct gong_label_view){gong_str_of(name), value};
    }
}

static void
add_text(struct target *target, const char *name, const char *text)
{
    size_t max = target->vars->options.text_max;

    max = max < SHORT_MAX ? max : SHORT_MAX;
    add(target, name, gong_str_of(text), max > SHORT_MIN ? max : SHORT_MIN);
}

static void
add_flag(struct target *target, const char *name, bool set)
{
    add_text(target, name, set ? "1" : "");
}

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static int64_t
integer_of(const json_t *object, const char *key, int64_t max)
{
    int64_t value = json_integer_value(json_object_get(object, key));

    return value < 0 ? 0 : value > max ? max : value;
}

static char
separator(const struct gong_message_vars *vars, char vietnamese, char english)
{
    return vars->options.language == GONG_MESSAGE_ENGLISH ? english
                                                          : vietnamese;
}

/* "" for none. */
static void
add_count(struct target *target, const char *name, uint64_t count)
{
    char text[GONG_NUMBER_TEXT_SIZE] = "";

    if (count > 0) {
        gong_number_grouped(count, separator(target->vars, '.', ','), text);
    }
    add_text(target, name, text);
}

/* 14:05 ngày 22/11, in the message's zone; "" for 0. */
static void
add_time(struct target *target, const char *name, int64_t ms)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr",
                                         "May", "Jun", "Jul", "Aug",
                                         "Sep", "Oct", "Nov", "Dec"};
    const json_t *zone = json_object_get(target->vars->view->message, "zone");
    int64_t east = json_is_integer(zone) ? json_integer_value(zone) : ZONE_MS;
    time_t seconds;
    struct tm parts;
    char text[64] = "";

    if (ms > 0 && east > -DAY_MS && east < DAY_MS) {
        seconds = (time_t)((ms + east) / 1000);
        if (gmtime_r(&seconds, &parts) != NULL) {
            bool english =
                target->vars->options.language == GONG_MESSAGE_ENGLISH;

            (void)snprintf(text, sizeof text,
                           english ? "%02d:%02d on %d %s"
                                   : "%02d:%02d ngày %d/%s",
                           parts.tm_hour, parts.tm_min, parts.tm_mday,
                           english ? months[parts.tm_mon] : "");
            if (!english) {
                size_t len = strlen(text);

                (void)snprintf(text + len, sizeof text - len, "%d",
                               parts.tm_mon + 1);
            }
        }
    }
    add_text(target, name, text);
}

static unsigned
level_of(const json_t *item, const char *key)
{
    return (unsigned)integer_of(item, key, 1000);
}

/* An annotation with its sections filled and its numbers in the language. */
static void
add_annotation(struct target *target, const json_t *item, const char *name,
               const char *otherwise)
{
    struct gong_message_vars *vars = target->vars;
    char *filled =
        gong_message_words_take(&vars->words, GONG_MESSAGE_ANNOTATION_SIZE);
    size_t len;

    if (filled == NULL) {
        return;
    }
    len = gong_message_annotation(item, name, otherwise, vars->options.language,
                                  filled, GONG_MESSAGE_ANNOTATION_SIZE);
    add(target, name, gong_str_from(filled, len), vars->options.text_max);
}

static void
add_link(struct target *target, const json_t *item)
{
    const struct gong_message_view *view = target->vars->view;
    char url[GONG_LINK_SIZE] = "";

    if (view->signer != NULL && view->contact != NULL &&
        integer_of(item, "number", INT64_MAX) != 0) {
        gong_link_url(
            view->signer, (uint64_t)integer_of(item, "number", INT64_MAX),
            view->contact, integer_of(view->message, "at", TIME_MAX_MS), url);
    }
    add(target, "link", gong_str_of(url), sizeof url);
}

/* What is no number is not known. */
static void
add_value(struct target *target, const char *given)
{
    char text[GONG_NUMBER_TEXT_SIZE] = "";
    char *end = NULL;
    double value = strtod(given, &end);

    if (end != given && isfinite(value)) {
        gong_number_short(value, separator(target->vars, ',', '.'), text);
    }
    add_text(target, "value", text);
}

static void
add_numbers(struct target *target, const json_t *item)
{
    char text[GONG_NUMBER_TEXT_SIZE];

    (void)snprintf(text, sizeof text, "%" PRId64,
                   integer_of(item, "number", INT64_MAX));
    add_text(target, "number", text);
    add_value(target, text_of(item, "value"));
    add_text(target, "level", gong_message_roman(level_of(item, "level")));
    add_text(target, "told_level",
             gong_message_roman(level_of(item, "told_level")));
}

static const char *
first_of(const char *a, const char *b)
{
    return a[0] != '\0' ? a : b;
}

static void
add_place(struct target *target, const json_t *item)
{
    const json_t *labels = json_object_get(item, "labels");
    const json_t *message = target->vars->view->message;
    const char *unit =
        first_of(text_of(labels, "unit"),
                 first_of(text_of(labels, "site"), text_of(message, "unit")));
    bool ours = strcmp(unit, text_of(message, "unit")) == 0;
    const char *device = text_of(labels, "device");

    add_text(target, "unit", unit);
    add_text(
        target, "unit_name",
        first_of(gong_message_annotation_raw(item, "unit_name",
                                             target->vars->options.language),
                 ours ? first_of(text_of(message, "unit_name"), unit) : unit));
    add_text(target, "device", device);
    add_text(target, "device_name",
             first_of(text_of(item, "device_name"), device));
}

/* When what was measured was over, by the clock that `since` is of; where a
 * person ended it, when that was. */
static int64_t
end_of(const json_t *item)
{
    int64_t over = integer_of(item, "over", TIME_MAX_MS);

    return over > 0 ? over : integer_of(item, "ended", TIME_MAX_MS);
}

/* "" where it is not over, or nobody knows since when. */
static void
add_lasted(struct target *target, const json_t *item)
{
    int64_t since = integer_of(item, "since", TIME_MAX_MS);
    int64_t ended = end_of(item);
    char text[GONG_MESSAGE_LASTED_SIZE] = "";

    if (since > 0 && ended >= since) {
        /* As the two times read, which show no seconds. */
        gong_message_lasted(ended / 60000 * 60000 - since / 60000 * 60000,
                            target->vars->options.language, text);
    }
    add_text(target, "lasted", text);
}

static void
add_status(struct target *target, const json_t *item)
{
    char text[GONG_MESSAGE_STATUS_SIZE];

    gong_message_status(text_of(target->vars->view->message, "kind"), item,
                        target->vars->options.language, text);
    add_text(target, "status", text);
}

static void
read_item(struct gong_message_vars *vars, const json_t *json, struct item *item)
{
    const json_t *labels = json_object_get(json, "labels");
    struct target target = {vars, item->labels, &item->count, ITEM_MAX};

    item->over = strcmp(text_of(json, "news"), "resolved") == 0;
    add_numbers(&target, json);
    add_text(&target, "news", text_of(json, "news"));
    add_text(&target, "state", text_of(json, "state"));
    add_flag(&target, "over", item->over);
    add_flag(&target, "unknown",
             !item->over && strcmp(text_of(json, "alert"), "unknown") == 0);
    add_flag(&target, "no_unit",
             json_is_true(json_object_get(json, "no_unit")));
    add_flag(&target, "lost", json_is_true(json_object_get(json, "lost")));
    add_flag(&target, "drill",
             strcmp(text_of(vars->view->message, "kind"), "drill") == 0);
    add_text(&target, "severity", text_of(json, "severity"));
    add_text(&target, "title", text_of(labels, "alertname"));
    add_text(&target, "rule", text_of(json, "rule"));
    add_annotation(
        &target, json, "summary",
        first_of(text_of(labels, "alertname"), text_of(json, "rule")));
    add_annotation(&target, json, "action", "");
    add_place(&target, json);
    add_time(&target, "since", integer_of(json, "since", TIME_MAX_MS));
    add_time(&target, "ended", end_of(json));
    add_lasted(&target, json);
    add_status(&target, json);
    add_text(&target, "owner", text_of(json, "owner"));
    add_text(&target, "acked_by", text_of(json, "acked_by"));
    add_link(&target, json);
}

static int
badness(const char *severity)
{
    return (int)gong_severity_of(severity);
}

/* The worst severity of what is not over; "" where nothing is worse than
 * another word. */
static const char *
worst(const json_t *items, size_t count)
{
    const char *found = "";

    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(items, i);
        const char *severity = text_of(item, "severity");

        if (strcmp(text_of(item, "news"), "resolved") != 0 &&
            badness(severity) > badness(found)) {
            found = severity;
        }
    }
    return found;
}

/* For how long nobody has taken it up, in minutes; where the message does not
 * say, how long the one that has waited longest has been open. */
static int64_t
waited_minutes(const json_t *message, const json_t *items, size_t count)
{
    int64_t at = integer_of(message, "at", TIME_MAX_MS);
    int64_t longest = integer_of(message, "waited", TIME_MAX_MS);

    if (longest > 0) {
        return longest / 60000;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t opened =
            integer_of(json_array_get(items, i), "opened", TIME_MAX_MS);

        if (opened > 0 && at - opened > longest) {
            longest = at - opened;
        }
    }
    return longest / 60000;
}

static struct target
root_target(struct gong_message_vars *vars)
{
    return (struct target){vars, vars->labels, &vars->label_count, ROOT_MAX};
}

static void
add_waited(struct target *target, int64_t minutes)
{
    add_count(target, "waited_h", (uint64_t)(minutes / 60));
    if (minutes == 0) {
        add_text(target, "waited_m", "0");
        return;
    }
    add_count(target, "waited_m", (uint64_t)(minutes % 60));
}

static void
read_message(struct gong_message_vars *vars)
{
    const json_t *message = vars->view->message;
    const json_t *items = json_object_get(message, "items");
    struct target target = root_target(vars);
    char step[GONG_NUMBER_TEXT_SIZE];

    add_text(&target, "kind", text_of(message, "kind"));
    add_text(&target, "receiver", text_of(message, "receiver"));
    add_text(&target, "unit", text_of(message, "unit"));
    add_text(&target, "unit_name",
             first_of(text_of(message, "unit_name"), text_of(message, "unit")));
    (void)snprintf(step, sizeof step, "%" PRId64,
                   integer_of(message, "step", COUNT_MAX));
    add_text(&target, "step", step);
    add_time(&target, "at", integer_of(message, "at", TIME_MAX_MS));
    add(&target, "link", gong_str_of(text_of(message, "link")),
        GONG_LINK_BASE_MAX);
    add_text(&target, "worst", worst(items, vars->item_count));
    add_waited(&target, waited_minutes(message, items, vars->item_count));
    vars->fixed_count = vars->label_count;
}

static void
read_counts(struct gong_message_vars *vars)
{
    const json_t *omitted = json_object_get(vars->view->message, "omitted");
    const json_t *items = json_object_get(vars->view->message, "items");

    vars->omitted_firing = (uint64_t)integer_of(omitted, "firing", COUNT_MAX);
    vars->omitted_resolved =
        (uint64_t)integer_of(omitted, "resolved", COUNT_MAX);
    for (size_t i = vars->item_count; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);

        if (strcmp(text_of(item, "news"), "resolved") == 0) {
            vars->omitted_resolved++;
        } else {
            vars->omitted_firing++;
        }
    }
}

struct gong_message_vars *
gong_message_vars_new(const struct gong_message_view *view,
                      const struct gong_message_vars_options *options)
{
    const json_t *items = json_object_get(view->message, "items");
    size_t count = json_array_size(items);
    struct gong_message_vars *vars = calloc(1, sizeof *vars);

    if (vars == NULL) {
        return NULL;
    }
    vars->view = view;
    vars->options = *options;
    vars->item_count =
        count < GONG_MESSAGE_ITEMS_MAX ? count : GONG_MESSAGE_ITEMS_MAX;
    vars->items = calloc(vars->item_count + 1, sizeof *vars->items);
    if (vars->items == NULL) {
        gong_message_vars_free(vars);
        return NULL;
    }
    for (size_t i = 0; i < vars->item_count; i++) {
        read_item(vars, json_array_get(items, i), &vars->items[i]);
        vars->samples[i] =
            (struct gong_template_sample){.labels = vars->items[i].labels,
                                          .label_count = vars->items[i].count};
    }
    read_counts(vars);
    read_message(vars);
    gong_message_vars_show(vars, vars->item_count);
    if (vars->words.failed) {
        gong_message_vars_free(vars);
        return NULL;
    }
    return vars;
}

void
gong_message_vars_free(struct gong_message_vars *vars)
{
    if (vars == NULL) {
        return;
    }
    gong_message_words_fini(&vars->words);
    free(vars->items);
    free(vars);
}

size_t
gong_message_vars_items(const struct gong_message_vars *vars)
{
    return vars->item_count;
}

void
gong_message_vars_show(struct gong_message_vars *vars, size_t count)
{
    uint64_t firing = vars->omitted_firing;
    uint64_t resolved = vars->omitted_resolved;
    uint64_t all_firing = vars->omitted_firing;
    struct target target = root_target(vars);

    vars->shown = count < vars->item_count ? count : vars->item_count;
    vars->label_count = vars->fixed_count;
    for (size_t i = 0; i < vars->item_count; i++) {
        bool over = vars->items[i].over;

        all_firing += over ? 0 : 1;
        firing += i >= vars->shown && !over ? 1 : 0;
        resolved += i >= vars->shown && over ? 1 : 0;
    }
    add_count(&target, "omitted_firing", firing);
    add_count(&target, "omitted_resolved", resolved);
    add_count(&target, "omitted", firing + resolved);
    add_count(&target, "count", firing + resolved + vars->shown);
    add_count(&target, "firing", all_firing);
    add_flag(&target, "single", firing + resolved + vars->shown == 1);
}

static enum gong_err
answer(void *ctx, struct gong_str expr,
       const struct gong_template_sample **samples, size_t *count,
       struct gong_expr_error *error)
{
    const struct gong_message_vars *vars = ctx;

    if (!gong_str_is(expr, "items")) {
        (void)snprintf(error->message, sizeof error->message,
                       "there are only \"items\" here");
        return GONG_ERR_INVALID;
    }
    *samples = vars->samples;
    *count = vars->shown;
    return GONG_OK;
}

void
gong_message_vars_context(struct gong_message_vars *vars,
                          struct gong_template_context *out)
{
    *out = (struct gong_template_context){.labels = vars->labels,
                                          .label_count = vars->label_count,
                                          .query = answer,
                                          .query_ctx = vars};
}

static const char *
find_in(const struct gong_label_view *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(labels[i].name, name)) {
            return labels[i].value.data;
        }
    }
    return NULL;
}

const char *
gong_message_vars_find(const struct gong_message_vars *vars, const char *name)
{
    const char *found =
        vars->item_count == 0
            ? NULL
            : find_in(vars->items[0].labels, vars->items[0].count, name);

    if (found == NULL) {
        found = find_in(vars->labels, vars->label_count, name);
    }
    return found == NULL ? "" : found;
}
