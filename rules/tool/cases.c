#include "rules/tool/cases.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "rules/engine/labelset.h"
#include "rules/engine/promql_literal.h"
#include "rules/query/answer_text.h"
#include "rules/tool/arguments.h"
#include "rules/tool/data_set.h"
#include "rules/query/query.h"

#define SECONDS_MAX 9e15
#define LINE_MAX_   (4u << 20) /* as what is read elsewhere at once */

struct session {
    struct gong_data_set *set;       /* owned; NULL before the first */
    struct gong_eval_memory *memory; /* the set's */
    FILE *err;
    int status; /* of the first line that was no question */
};

static void
note_status(struct session *session, int status)
{
    session->status =
        session->status == GONG_TOOL_OK ? status : session->status;
}

static void
refuse(struct gong_query_error *error, const char *text)
{
    *error = (struct gong_query_error){"bad_data", "", {0}};
    (void)snprintf(error->detail.message, sizeof error->detail.message, "%s",
                   text);
}

/* Seconds as a JSON number, to milliseconds. */
static bool
read_seconds(const json_t *value, int64_t *ms)
{
    double seconds = json_number_value(value);

    if (!json_is_number(value) || !(fabs(seconds) <= SECONDS_MAX)) {
        return false;
    }
    *ms = (int64_t)(seconds * 1000 + (seconds < 0 ? -0.5 : 0.5));
    return true;
}

/* "1.5", "NaN", "-Inf", "stale". */
static bool
read_value(const json_t *value, double *out)
{
    const char *text = json_string_value(value);
    bool negative;

    if (text == NULL) {
        *out = json_number_value(value);
        return json_is_number(value);
    }
    if (strcmp(text, "stale") == 0) {
        uint64_t bits = GONG_STALE_NAN;

        memcpy(out, &bits, sizeof bits);
        return true;
    }
    negative = *text == '-';
    if (*text == '-' || *text == '+') {
        text++;
    }
    if (!gong_promql_number(gong_str_of(text), out)) {
        return false;
    }
    *out = negative ? -*out : *out;
    return true;
}

static enum gong_err
read_values(struct gong_data_set *set, const struct gong_label_view *labels,
            size_t count, const json_t *values)
{
    if (!json_is_array(values)) {
        return GONG_ERR_INVALID;
    }
    for (size_t i = 0; i < json_array_size(values); i++) {
        const json_t *pair = json_array_get(values, i);
        int64_t ms = 0;
        double value = 0;
        enum gong_err err;

        if (!read_seconds(json_array_get(pair, 0), &ms) ||
            !read_value(json_array_get(pair, 1), &value)) {
            return GONG_ERR_INVALID;
        }
        err = gong_data_set_add(set, labels, count, ms, value);
        if (err != GONG_OK) {
            return err;
        }
    }
    return GONG_OK;
}

static enum gong_err
read_one_series(struct gong_data_set *set, json_t *series)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = 0;
    json_t *metric = json_object_get(series, "metric");
    const char *name;
    json_t *value;

    if (!json_is_object(metric)) {
        return GONG_ERR_INVALID;
    }
    json_object_foreach(metric, name, value)
    {
        if (count == GONG_LABELSET_MAX || !json_is_string(value)) {
            return GONG_ERR_INVALID;
        }
        labels[count].name = gong_str_of(name);
        labels[count].value =
            gong_str_from(json_string_value(value), json_string_length(value));
        count++;
    }
    return read_values(set, labels, count, json_object_get(series, "values"));
}

static enum gong_err
read_series(struct gong_data_set *set, json_t *all)
{
    enum gong_err err = json_is_array(all) ? GONG_OK : GONG_ERR_INVALID;

    for (size_t i = 0; i < json_array_size(all) && err == GONG_OK; i++) {
        err = read_one_series(set, json_array_get(all, i));
    }
    return err;
}

/* Of a file what is wrong was said, and it decides the exit code. */
static enum gong_err
read_file(struct session *session, const char *path)
{
    size_t refused = 0;
    enum gong_err err = gong_data_set_read(
        session->set, path, GONG_DATA_BY_NAME, session->err, &refused);

    if (err == GONG_OK && refused > 0) {
        err = GONG_ERR_INVALID;
    }
    if (err != GONG_OK) {
        note_status(session, gong_tool_status(err));
        err = err == GONG_ERR_MEMORY ? err : GONG_ERR_INVALID;
    }
    return err;
}

/* The case's own data, if it brings any. */
static enum gong_err
take_data(struct session *session, const json_t *object)
{
    const json_t *path = json_object_get(object, "data");
    json_t *series = json_object_get(object, "series");
    enum gong_err err = GONG_ERR_INVALID;

    if (path == NULL && series == NULL) {
        return session->memory == NULL ? GONG_ERR_NOT_FOUND : GONG_OK;
    }
    gong_data_set_free(session->set);
    session->memory = NULL;
    session->set = gong_data_set_new();
    if (session->set == NULL) {
        return GONG_ERR_MEMORY;
    }
    if (path == NULL) {
        err = read_series(session->set, series);
    } else if (json_is_string(path) && series == NULL) {
        err = read_file(session, json_string_value(path));
    }
    if (err == GONG_OK) {
        session->memory = gong_data_set_finish(session->set);
        err = session->memory == NULL ? GONG_ERR_MEMORY : GONG_OK;
    }
    return err;
}

/* A number of seconds where there is one; false where it is none. */
static bool
optional(const json_t *object, const char *key, int64_t *ms, bool *given)
{
    const json_t *value = json_object_get(object, key);

    *given = value != NULL;
    return value == NULL || read_seconds(value, ms);
}

static bool
read_query(const json_t *object, struct gong_query *query)
{
    bool at = false;
    bool from = false;
    bool to = false;
    bool step = false;
    bool lookback = false;
    bool subquery_step = false;

    query->expr = json_string_value(json_object_get(object, "expr"));
    if (query->expr == NULL || !optional(object, "at", &query->from_ms, &at) ||
        (!at && !optional(object, "from", &query->from_ms, &from)) ||
        !optional(object, "to", &query->to_ms, &to) ||
        !optional(object, "step", &query->step_ms, &step) ||
        !optional(object, "lookback", &query->lookback_ms, &lookback) ||
        !optional(object, "subquery_step", &query->subquery_step_ms,
                  &subquery_step)) {
        return false;
    }
    query->range = !at;
    return at ? !to && !step : from && to && step;
}

static void
answer_case(struct session *session, const json_t *object, FILE *out)
{
    struct gong_query query = {0};
    struct gong_query_error error;
    struct gong_answer answer;
    struct gong_eval_source source;
    enum gong_err err = take_data(session, object);

    if (err != GONG_OK) {
        refuse(&error, err == GONG_ERR_NOT_FOUND
                           ? "found no data, expected data or series"
                       : err == GONG_ERR_INVALID
                           ? "found data that cannot be read"
                           : gong_err_text(err));
        gong_answer_put_api_error(out, &error);
        note_status(session, GONG_TOOL_NO);
        return;
    }
    if (!read_query(object, &query)) {
        refuse(&error, "found an incomplete case, expected expr and either at "
                       "or from, to and step");
        gong_answer_put_api_error(out, &error);
        note_status(session, GONG_TOOL_NO);
        return;
    }
    source = gong_eval_memory_source(session->memory);
    if (gong_query_answer(&query, &source, &answer, &error) == GONG_OK) {
        gong_answer_put_api(out, &answer);
    } else {
        gong_answer_put_api_error(out, &error);
    }
    gong_answer_fini(&answer);
}

static void
refuse_line(struct session *session, const char *text, FILE *out)
{
    struct gong_query_error error;

    refuse(&error, text);
    gong_answer_put_api_error(out, &error);
    note_status(session, GONG_TOOL_NO);
}

static void
answer_line(struct session *session, const char *line, size_t len, FILE *out)
{
    json_error_t why;
    json_t *object = NULL;

    if (len > LINE_MAX_) {
        refuse_line(session, "found a line of more than 4 MiB, expected a case",
                    out);
    } else {
        object = json_loadb(line, len, 0, &why);
        if (json_is_object(object)) {
            answer_case(session, object, out);
        } else {
            refuse_line(session, "found no JSON object, expected one a line",
                        out);
        }
    }
    json_decref(object);
    (void)fputc('\n', out);
    /* Who asks one by one waits for the answer. */
    (void)fflush(out);
}

/* The bytes of the next line, of one that is too long all but the first; false
 * at the end. */
static bool
read_line(FILE *in, char *line, size_t *len)
{
    int c;

    *len = 0;
    while ((c = getc(in)) != EOF && c != '\n') {
        if (*len <= LINE_MAX_) {
            line[(*len)++] = (char)c;
        }
    }
    return c != EOF || *len > 0;
}

static bool
is_blank(const char *line, size_t len)
{
    while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL &&
           line[len - 1] != '\0') {
        len--;
    }
    return len == 0;
}

enum gong_err
gong_cases_run(FILE *in, FILE *out, FILE *err, int *status)
{
    struct session session = {.err = err, .status = GONG_TOOL_OK};
    char *line = malloc(LINE_MAX_ + 1);
    size_t len = 0;

    *status = GONG_TOOL_OK;
    if (line == NULL) {
        return GONG_ERR_MEMORY;
    }
    while (read_line(in, line, &len)) {
        if (!is_blank(line, len)) {
            answer_line(&session, line, len, out);
        }
    }
    free(line);
    gong_data_set_free(session.set);
    *status = session.status;
    return ferror(in) != 0 || ferror(out) != 0 ? GONG_ERR_IO : GONG_OK;
}
