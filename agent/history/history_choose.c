#include "agent/history/history_choose.h"

#include <stdlib.h>
#include <string.h>

#include "agent/history/history_labels.h"
#include "agent/sql.h"

/* Counting the series of a label stops here: it is not rare. */
#define COUNT_MAX "20000"

#define COLUMNS "SELECT s.id, s.labels, p.first, p.last FROM "

enum statement {
    FIND_LABEL,   /* by name and value */
    FIND_VALUES,  /* labels of a name */
    COUNT_SERIES, /* of a label, up to COUNT_MAX */
    OF_LABEL,
    OF_ALL,
    STATEMENTS,
};

struct gong_history_chooser {
    sqlite3_stmt *statements[STATEMENTS];
};

/* Labels that a series must have one of. */
struct labels {
    int64_t *list;
    size_t count;
    size_t capacity;
    int64_t series; /* how many have one; past COUNT_MAX it says little */
};

struct choosing {
    struct gong_history_chooser *chooser;
    const struct gong_history_choice *choice;
    const struct gong_history_visit *visit;
    struct gong_matchers *matchers;
    struct gong_samples recent; /* scratch */
};

enum gong_err
gong_history_chooser_new(sqlite3 *handle, struct gong_history_chooser **out)
{
    static const char *const texts[STATEMENTS] = {
        [FIND_LABEL] = "SELECT id, value FROM labels"
                       " WHERE name = ?1 AND value = ?2",
        [FIND_VALUES] = "SELECT id, value FROM labels WHERE name = ?1",
        [COUNT_SERIES] = "SELECT count(*) FROM (SELECT 1 FROM label_series"
                         " WHERE label = ?1 LIMIT " COUNT_MAX ")",
        [OF_LABEL] = COLUMNS "label_series l"
                             " CROSS JOIN series s ON s.id = l.series"
                             " LEFT JOIN spans p ON p.series = l.series"
                             " WHERE l.label = ?1",
        [OF_ALL] = COLUMNS "series s LEFT JOIN spans p ON p.series = s.id",
    };

    *out = calloc(1, sizeof **out);
    return *out == NULL ? GONG_ERR_MEMORY
                        : gong_sql_prepare(handle, texts, (*out)->statements,
                                           STATEMENTS);
}

void
gong_history_chooser_free(struct gong_history_chooser *chooser)
{
    if (chooser != NULL) {
        gong_sql_finalize(chooser->statements, STATEMENTS);
        free(chooser);
    }
}

static enum gong_err
add_label(struct labels *labels, int64_t id)
{
    if (labels->count == labels->capacity) {
        size_t capacity = labels->capacity == 0 ? 16 : labels->capacity * 2;
        int64_t *list = realloc(labels->list, capacity * sizeof *list);

        if (list == NULL) {
            return GONG_ERR_MEMORY;
        }
        labels->list = list;
        labels->capacity = capacity;
    }
    labels->list[labels->count++] = id;
    return GONG_OK;
}

/* The labels that matcher i takes. */
static enum gong_err
find_labels(const struct choosing *choosing, size_t i, struct labels *labels)
{
    const struct gong_matcher *matcher = &choosing->choice->matchers[i];
    bool equal = matcher->op == GONG_MATCH_EQUAL;
    struct gong_sql_row row = gong_sql_row(
        choosing->chooser->statements[equal ? FIND_LABEL : FIND_VALUES]);
    enum gong_err err = GONG_OK;

    gong_sql_put_text(&row, gong_str_of(matcher->name));
    if (equal) {
        gong_sql_put_text(&row, gong_str_of(matcher->value));
    }
    while (err == GONG_OK) {
        int64_t id;

        err = gong_sql_next(&row);
        if (err != GONG_OK) {
            break;
        }
        id = gong_sql_get_int(&row);
        switch (
            gong_matchers_one(choosing->matchers, i, gong_sql_get_text(&row))) {
        case GONG_MATCH_YES:
        case GONG_MATCH_UNKNOWN: /* by the series that have it */
            err = add_label(labels, id);
            break;
        case GONG_MATCH_NO:
            break;
        }
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

/* Stops where there are more than max. */
static enum gong_err
count_series(const struct choosing *choosing, struct labels *labels,
             int64_t max)
{
    for (size_t i = 0; i < labels->count && labels->series < max; i++) {
        struct gong_sql_row row =
            gong_sql_row(choosing->chooser->statements[COUNT_SERIES]);
        enum gong_err err;

        gong_sql_put_int(&row, labels->list[i]);
        err = gong_sql_next(&row);
        if (err == GONG_OK) {
            labels->series += gong_sql_get_int(&row);
        }
        gong_sql_end(&row);
        if (err != GONG_OK) {
            return err;
        }
    }
    return GONG_OK;
}

/* Whether series without the label are not taken: then labels name all. */
static bool
names_series(const struct choosing *choosing, size_t i)
{
    switch (choosing->choice->matchers[i].op) {
    case GONG_MATCH_EQUAL:
    case GONG_MATCH_REGEX:
        return gong_matchers_one(choosing->matchers, i, gong_str_of("")) ==
               GONG_MATCH_NO;
    case GONG_MATCH_NOT_EQUAL:
    case GONG_MATCH_NOT_REGEX:
        break;
    }
    return false;
}

/* The labels with the fewest series; false in *narrow: all are candidates. */
static enum gong_err
narrow(const struct choosing *choosing, struct labels *fewest, bool *narrowed)
{
    enum gong_err err = GONG_OK;

    fewest->series = INT64_MAX;
    *narrowed = false;
    for (size_t i = 0; i < choosing->choice->matcher_count && err == GONG_OK;
         i++) {
        struct labels labels = {0};

        if (!names_series(choosing, i)) {
            continue;
        }
        err = find_labels(choosing, i, &labels);
        if (err == GONG_OK) {
            err = count_series(choosing, &labels, fewest->series);
        }
        if (err == GONG_OK && labels.series < fewest->series) {
            struct labels other = *fewest;

            *fewest = labels;
            labels = other;
            *narrowed = true;
        }
        free(labels.list);
    }
    return err;
}

/* Whether there may be samples in the blocks asked for. */
static enum gong_err
has_samples(struct choosing *choosing, uint32_t series,
            struct gong_sql_row *row, bool *has)
{
    const struct gong_history_choice *choice = choosing->choice;
    const struct gong_history_recent *recent = choosing->visit->recent;
    bool any = choice->from_ms > choice->to_ms;
    bool written = sqlite3_column_type(row->statement, 2) != SQLITE_NULL;
    int64_t first = gong_sql_get_int(row);
    int64_t last = gong_sql_get_int(row);
    enum gong_err err = GONG_OK;

    *has = written &&
           (any ||
            (first <= gong_history_block(GONG_RESOLUTION_RAW, choice->to_ms) &&
             last >= gong_history_block(GONG_RESOLUTION_RAW, choice->from_ms)));
    if (!*has && recent->read != NULL) {
        choosing->recent.count = 0;
        err = recent->read(recent->ctx, series, any ? 0 : choice->from_ms,
                           any ? GONG_HISTORY_MS_MAX : choice->to_ms,
                           &choosing->recent);
        *has = choosing->recent.count > 0;
    }
    return err;
}

static bool
is_visible(const struct gong_history_choice *choice,
           const struct gong_label_view *labels, size_t count)
{
    return choice->visible == NULL ||
           choice->visible(choice->visible_ctx, labels, count);
}

static enum gong_err
look_at(struct choosing *choosing, struct gong_sql_row *row)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = 0;
    uint32_t series = (uint32_t)gong_sql_get_int(row);
    struct gong_str bytes = gong_sql_get_blob(row);
    enum gong_match_verdict verdict = GONG_MATCH_NO;
    bool has = false;
    enum gong_err err;

    if (gong_history_labels_get(bytes, labels, &count) &&
        is_visible(choosing->choice, labels, count)) {
        verdict = gong_matchers_all(choosing->matchers, labels, count);
    }
    if (verdict != GONG_MATCH_YES) {
        return verdict == GONG_MATCH_NO ? GONG_OK : GONG_ERR_INVALID;
    }
    err = has_samples(choosing, series, row, &has);
    if (err != GONG_OK || !has) {
        return err;
    }
    return choosing->visit->visit(choosing->visit->ctx, series, bytes);
}

static enum gong_err
look_at_rows(struct choosing *choosing, struct gong_sql_row *row)
{
    enum gong_err err = gong_sql_next(row);

    while (err == GONG_OK) {
        err = look_at(choosing, row);
        if (err == GONG_OK) {
            err = gong_sql_next(row);
        } else if (err == GONG_ERR_NOT_FOUND) {
            err = GONG_ERR_INVALID;
        }
    }
    gong_sql_end(row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

static enum gong_err
look_at_candidates(struct choosing *choosing)
{
    struct labels labels = {0};
    bool narrowed = false;
    enum gong_err err = narrow(choosing, &labels, &narrowed);

    if (err == GONG_OK && !narrowed) {
        struct gong_sql_row row =
            gong_sql_row(choosing->chooser->statements[OF_ALL]);

        err = look_at_rows(choosing, &row);
    }
    for (size_t i = 0; narrowed && i < labels.count && err == GONG_OK; i++) {
        struct gong_sql_row row =
            gong_sql_row(choosing->chooser->statements[OF_LABEL]);

        gong_sql_put_int(&row, labels.list[i]);
        err = look_at_rows(choosing, &row);
    }
    free(labels.list);
    return err;
}

enum gong_err
gong_history_choose(struct gong_history_chooser *chooser,
                    const struct gong_history_choice *choice,
                    const struct gong_history_visit *visit)
{
    struct choosing choosing = {chooser, choice, visit, NULL, {0}};
    struct gong_expr_error error = {0};
    enum gong_err err;

    choosing.matchers =
        gong_matchers_new(choice->matchers, choice->matcher_count, &error);
    if (choosing.matchers == NULL) {
        return error.no_memory ? GONG_ERR_MEMORY : GONG_ERR_INVALID;
    }
    err = look_at_candidates(&choosing);
    gong_matchers_free(choosing.matchers);
    gong_samples_fini(&choosing.recent);
    return err;
}
