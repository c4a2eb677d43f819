/* Which series there are, and what their labels are. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/api/api_handlers.h"
#include "agent/api/api_prometheus.h"
#include "agent/history/history_labels.h"
#include "common/ascii.h"
#include "rules/engine/symbol.h"
#include "rules/query/json_text.h"

/* A series of an answer: its labels are bytes[at .. at + len). */
struct found {
    uint32_t series;
    uint32_t len;
    size_t at;
};

/* One walk over series: either the series themselves are kept, or the texts
 * that `take` finds in them, each once. */
struct walk {
    struct gong_api_call *call;
    struct gong_history_reader *reader;
    struct gong_prom_patience patience;
    struct gong_prom_matches matches;
    int64_t from_ms, to_ms;
    bool (*visible)(void *ctx, const struct gong_label_view *labels,
                    size_t count);
    size_t limit;
    bool whole_series;
    struct gong_str name; /* whose values; empty: names of labels */
    struct found *found;
    size_t count, room;
    struct gong_buffer bytes;
    struct gong_hash_key key;
    struct gong_budget budget;
    struct gong_symbols texts;
    char why[256];
};

/* --- begin and end --- */

static int64_t
within_history(int64_t ms)
{
    return ms < 0 ? 0 : ms > GONG_HISTORY_MS_MAX ? GONG_HISTORY_MS_MAX : ms;
}

/* Of any time where neither end is given: from 1 to 0. */
static bool
read_range(struct walk *walk)
{
    struct gong_api_call *call = walk->call;
    bool any = gong_api_argument(call->request, "start")[0] == '\0' &&
               gong_api_argument(call->request, "end")[0] == '\0';

    if (!gong_prom_time(call, "start", 0, &walk->from_ms) ||
        !gong_prom_time(call, "end", GONG_HISTORY_MS_MAX, &walk->to_ms)) {
        return false;
    }
    if (walk->to_ms < walk->from_ms) {
        gong_prom_error(call, "bad_data",
                        "invalid parameter \"end\": end timestamp must not be "
                        "before start time");
        return false;
    }
    walk->from_ms = any ? 1 : within_history(walk->from_ms);
    walk->to_ms = any ? 0 : within_history(walk->to_ms);
    return true;
}

/* False with the answer filled; then nothing is to be ended. */
static bool
walk_begin(struct walk *walk, struct gong_api_call *call)
{
    const struct gong_api_history *history = &call->api->options.history;
    enum gong_err err;

    *walk = (struct walk){.call = call};
    if (!gong_prom_has_history(call) ||
        !gong_prom_patience(call, &walk->patience) || !read_range(walk) ||
        !gong_prom_limit(call, "limit", &walk->limit) ||
        !gong_prom_matches(call, &walk->matches)) {
        return false;
    }
    err = gong_history_reader_open(history->path, &walk->reader, walk->why,
                                   sizeof walk->why);
    if (err != GONG_OK) {
        gong_prom_matches_fini(&walk->matches);
        gong_prom_failed(call, err, walk->why);
        return false;
    }
    gong_history_reader_patience(walk->reader, gong_prom_goes_on,
                                 &walk->patience);
    gong_history_reader_recent(walk->reader, gong_prom_recent(history));
    walk->visible = gong_prom_visible(call);
    randombytes_buf(&walk->key, sizeof walk->key);
    gong_symbols_init(&walk->texts, &walk->budget, &walk->key);
    return true;
}

static void
walk_end(struct walk *walk)
{
    gong_history_reader_close(walk->reader);
    gong_prom_matches_fini(&walk->matches);
    gong_symbols_fini(&walk->texts);
    gong_buffer_fini(&walk->bytes);
    free(walk->found);
}

/* --- what is found --- */

static enum gong_err
keep_text(struct walk *walk, struct gong_str text)
{
    if (gong_symbol_intern(&walk->texts, text) == 0) {
        return GONG_ERR_MEMORY;
    }
    return walk->budget.used > GONG_PROM_ANSWER_MAX ? GONG_ERR_TOO_LARGE
                                                    : GONG_OK;
}

static enum gong_err
keep_series(struct walk *walk, uint32_t series, struct gong_str labels)
{
    if (walk->count == walk->room) {
        size_t room = walk->room == 0 ? 256 : walk->room * 2;
        struct found *grown = realloc(walk->found, room * sizeof *grown);

        if (grown == NULL) {
            return GONG_ERR_MEMORY;
        }
        walk->found = grown;
        walk->room = room;
    }
    if (walk->bytes.len + labels.len > GONG_PROM_ANSWER_MAX ||
        walk->count * sizeof *walk->found > GONG_PROM_ANSWER_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    walk->found[walk->count++] =
        (struct found){series, (uint32_t)labels.len, walk->bytes.len};
    return gong_buffer_append(&walk->bytes, labels.data, labels.len);
}

static enum gong_err
see_series(void *ctx, uint32_t series, struct gong_str bytes)
{
    struct walk *walk = ctx;
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = 0;
    enum gong_err err = GONG_OK;

    if (!gong_prom_goes_on(&walk->patience)) {
        return GONG_ERR_TIMEOUT;
    }
    if (!gong_history_labels_get(bytes, labels, &count)) {
        return GONG_OK;
    }
    if (walk->whole_series) {
        return keep_series(walk, series, bytes);
    }
    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        if (walk->name.len == 0) {
            err = keep_text(walk, labels[i].name);
        } else if (gong_str_equal(labels[i].name, walk->name)) {
            err = keep_text(walk, labels[i].value);
        }
    }
    return err;
}

static enum gong_err
walk_series(struct walk *walk)
{
    struct gong_history_choice choice = {.from_ms = walk->from_ms,
                                         .to_ms = walk->to_ms,
                                         .visible = walk->visible,
                                         .visible_ctx = walk->call};
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < walk->matches.count && err == GONG_OK; i++) {
        const struct gong_expr *expr = walk->matches.exprs[i];

        choice.matchers = expr->nodes[expr->root].matchers;
        choice.matcher_count = expr->nodes[expr->root].matcher_count;
        err = gong_history_reader_each(walk->reader, &choice, see_series, walk);
    }
    if (walk->matches.count == 0) {
        err = gong_history_reader_each(walk->reader, &choice, see_series, walk);
    }
    return err;
}

/* --- texts --- */

struct text_walk {
    struct walk *walk;
    enum gong_err err;
};

static bool
see_text(void *ctx, struct gong_str text)
{
    struct text_walk *walk = ctx;

    walk->err = keep_text(walk->walk, text);
    return walk->err == GONG_OK;
}

/* Who sees everything and asks for everything needs no look at series: names
 * and values are those of any time then. */
static enum gong_err
walk_texts(struct walk *walk)
{
    struct text_walk texts = {walk, GONG_OK};
    enum gong_err err;

    if (walk->visible != NULL || walk->matches.count > 0) {
        return walk_series(walk);
    }
    err = walk->name.len == 0
              ? gong_history_reader_names(walk->reader, see_text, &texts)
              : gong_history_reader_values(walk->reader, walk->name, see_text,
                                           &texts);
    return err != GONG_OK ? err : texts.err;
}

static int
compare_texts(const void *a, const void *b)
{
    return gong_str_compare(*(const struct gong_str *)a,
                            *(const struct gong_str *)b);
}

/* Sorted; heap. NULL without memory. */
static struct gong_str *
sort_texts(const struct walk *walk, size_t *count)
{
    size_t all = walk->texts.symbols.count;
    struct gong_str *texts = calloc(all + 1, sizeof *texts);

    *count = 0;
    for (uint32_t i = 1; texts != NULL && i < all; i++) {
        texts[(*count)++] = gong_symbol_text(&walk->texts, i);
    }
    if (texts != NULL && *count > 1) {
        qsort(texts, *count, sizeof *texts, compare_texts);
    }
    return texts;
}

/* Takes what was written; or says what was wrong instead. */
static void
finish(struct walk *walk, struct gong_prom_text *text, bool cut)
{
    if (gong_prom_too_large(text)) {
        gong_prom_drop(text);
        gong_prom_failed(walk->call, GONG_ERR_TOO_LARGE, "");
        return;
    }
    if (cut) {
        gong_prom_warn(text,
                       "chỉ có %zu mục đầu | results truncated due to limit",
                       walk->limit);
    }
    gong_prom_end(walk->call, text);
}

static void
put_texts(struct walk *walk)
{
    struct gong_prom_text text;
    size_t count;
    struct gong_str *texts = sort_texts(walk, &count);

    if (texts == NULL) {
        gong_prom_failed(walk->call, GONG_ERR_MEMORY, "");
        return;
    }
    if (gong_prom_begin(walk->call, &text)) {
        (void)fputc('[', text.file);
        for (size_t i = 0; i < count && i < walk->limit; i++) {
            (void)fputs(i > 0 ? "," : "", text.file);
            gong_json_put_text(text.file, texts[i]);
        }
        (void)fputc(']', text.file);
        finish(walk, &text, count > walk->limit);
    }
    free(texts);
}

static void
answer_texts(struct gong_api_call *call, struct gong_str name)
{
    struct walk walk;
    enum gong_err err;

    if (!walk_begin(&walk, call)) {
        return;
    }
    walk.name = name;
    err = walk_texts(&walk);
    if (err == GONG_OK) {
        put_texts(&walk);
    } else {
        gong_prom_failed(call, err, "");
    }
    walk_end(&walk);
}

void
gong_api_prom_labels(struct gong_api_call *call)
{
    answer_texts(call, gong_str_from(NULL, 0));
}

void
gong_api_prom_values(struct gong_api_call *call)
{
    const char *name = call->param;
    bool good = gong_ascii_begins_name(name[0]);

    for (const char *c = name; good && *c != '\0'; c++) {
        good = gong_ascii_is_name(*c);
    }
    if (!good) {
        gong_prom_error(call, "bad_data", "invalid label name: \"%.128s\"",
                        name);
        return;
    }
    answer_texts(call, gong_str_of(name));
}

/* --- series --- */

struct place {
    const struct walk *walk;
    struct found found;
};

static int
compare_numbers(const void *a, const void *b)
{
    uint32_t x = ((const struct found *)a)->series;
    uint32_t y = ((const struct found *)b)->series;

    return x < y ? -1 : x > y;
}

static size_t
labels_of(const struct place *place, struct gong_label_view *labels)
{
    struct gong_str bytes = gong_str_from(
        place->walk->bytes.data + place->found.at, place->found.len);
    size_t count = 0;

    return gong_history_labels_get(bytes, labels, &count) ? count : 0;
}

static int
compare_labels(const void *a, const void *b)
{
    struct gong_label_view first[GONG_LABELSET_MAX];
    struct gong_label_view second[GONG_LABELSET_MAX];
    size_t count = labels_of(a, first);

    return gong_labels_compare(first, count, second, labels_of(b, second));
}

/* Those that several selectors take once, in the order of their labels; heap.
 * NULL without memory. */
static struct place *
sort_series(struct walk *walk, size_t *count)
{
    struct place *places = calloc(walk->count + 1, sizeof *places);

    *count = 0;
    if (places == NULL || walk->count == 0) {
        return places;
    }
    qsort(walk->found, walk->count, sizeof *walk->found, compare_numbers);
    for (size_t i = 0; i < walk->count; i++) {
        if (i == 0 || walk->found[i].series != walk->found[i - 1].series) {
            places[(*count)++] = (struct place){walk, walk->found[i]};
        }
    }
    qsort(places, *count, sizeof *places, compare_labels);
    return places;
}

static void
put_series(struct walk *walk)
{
    struct gong_prom_text text;
    size_t count;
    struct place *places = sort_series(walk, &count);

    if (places == NULL) {
        gong_prom_failed(walk->call, GONG_ERR_MEMORY, "");
        return;
    }
    if (gong_prom_begin(walk->call, &text)) {
        (void)fputc('[', text.file);
        for (size_t i = 0;
             i < count && i < walk->limit && !gong_prom_too_large(&text); i++) {
            struct gong_label_view labels[GONG_LABELSET_MAX];
            size_t of = labels_of(&places[i], labels);

            (void)fputs(i > 0 ? "," : "", text.file);
            gong_json_put_labels(text.file, labels, of);
        }
        (void)fputc(']', text.file);
        finish(walk, &text, count > walk->limit);
    }
    free(places);
}

void
gong_api_prom_series(struct gong_api_call *call)
{
    struct walk walk;
    enum gong_err err;

    if (!walk_begin(&walk, call)) {
        return;
    }
    if (walk.matches.count == 0) {
        gong_prom_error(call, "bad_data", "no match[] parameter provided");
        walk_end(&walk);
        return;
    }
    walk.whole_series = true;
    err = walk_series(&walk);
    if (err == GONG_OK) {
        put_series(&walk);
    } else {
        gong_prom_failed(call, err, "");
    }
    walk_end(&walk);
}

/* --- metadata --- */

static const struct {
    const char *name;
    const char *help;
} gauges[] = {
    {"up", "1: thiết bị có kết nối | 1: the device is connected."},
    {"unit_up", "1: đơn vị có kết nối | 1: the unit is connected."},
    {"device_dark", "1: không còn tin của thiết bị | 1: nothing is heard of "
                    "the device."},
    {"ALERTS", "1: cảnh báo đang có | 1: the alert stands."},
    {"ALERTS_FOR_STATE", "Khi nào điều kiện bắt đầu, giây từ 1970 | when the "
                         "condition began, in seconds since 1970."},
};

/* What the agent itself makes; of the rest only devices know what it is. */
static void
put_metadata(FILE *out, struct gong_str name)
{
    static const char param[] = "param_";
    const char *type = "unknown", *help = "";

    for (size_t i = 0; i < sizeof gauges / sizeof gauges[0]; i++) {
        if (gong_str_is(name, gauges[i].name)) {
            type = "gauge";
            help = gauges[i].help;
        }
    }
    if (name.len > sizeof param - 1 &&
        memcmp(name.data, param, sizeof param - 1) == 0) {
        type = "gauge";
        help = "Tham số của thiết bị trong mô hình | a device's parameter in "
               "the city model.";
    }
    gong_json_put_text(out, name);
    (void)fprintf(out, ":[{\"type\":\"%s\",\"help\":", type);
    gong_json_put_text(out, gong_str_of(help));
    (void)fputs(",\"unit\":\"\"}]", out);
}

static void
put_all_metadata(struct walk *walk)
{
    struct gong_str only =
        gong_str_of(gong_api_argument(walk->call->request, "metric"));
    struct gong_prom_text text;
    size_t count, put = 0;
    struct gong_str *texts = sort_texts(walk, &count);

    if (texts == NULL) {
        gong_prom_failed(walk->call, GONG_ERR_MEMORY, "");
        return;
    }
    if (gong_prom_begin(walk->call, &text)) {
        (void)fputc('{', text.file);
        for (size_t i = 0; i < count && put < walk->limit; i++) {
            if (only.len == 0 || gong_str_equal(only, texts[i])) {
                (void)fputs(put++ > 0 ? "," : "", text.file);
                put_metadata(text.file, texts[i]);
            }
        }
        (void)fputc('}', text.file);
        finish(walk, &text, false);
    }
    free(texts);
}

void
gong_api_prom_metadata(struct gong_api_call *call)
{
    struct walk walk;
    size_t per_metric; /* each has one */
    enum gong_err err;

    if (!gong_prom_limit(call, "limit_per_metric", &per_metric) ||
        !walk_begin(&walk, call)) {
        return;
    }
    walk.name = gong_str_of("__name__");
    err = walk_texts(&walk);
    if (err == GONG_OK) {
        put_all_metadata(&walk);
    } else {
        gong_prom_failed(call, err, "");
    }
    walk_end(&walk);
}
