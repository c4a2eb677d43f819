/*
 * `history_cases eval --cases FILE`, as gong-rules has it, but each data set
 * becomes a history.db first: written by and by, with late samples and some
 * that are only in memory, its blocks made one or not, as its path decides; and
 * the history answers.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "agent/history/history_query.h"
#include "history_made.h"
#include "rules/query/answer_text.h"
#include "rules/tool/data_set.h"

#define DAY_MS INT64_C(86400000)

struct session {
    struct history_made made;
    bool loaded;
    uint64_t sets;
};

static int64_t
ms_of(const json_t *object, const char *key)
{
    return (int64_t)llround(json_number_value(json_object_get(object, key)) *
                            1000);
}

static void
refuse(FILE *out, const char *text)
{
    struct gong_query_error error = {"internal", "", {0}};

    (void)snprintf(error.detail.message, sizeof error.detail.message, "%s",
                   text);
    gong_answer_put_api_error(out, &error);
}

static struct history_layout
layout_of(const char *path, uint64_t number)
{
    uint64_t state = number;
    struct history_layout layout = {0};

    for (const char *at = strrchr(path, '/'); at != NULL && *at != '\0'; at++) {
        state = state * 31 + (unsigned char)*at;
    }
    layout.seed = history_random(&state);
    layout.commits = 1 + (unsigned)(history_random(&state) % 8);
    layout.late_percent = (unsigned)(history_random(&state) % 3) * 15;
    layout.kept_percent = (unsigned)(history_random(&state) % 3) * 20;
    layout.tidy = history_random(&state) % 2 == 0;
    layout.rest_ms = (int64_t)(history_random(&state) % 3) * DAY_MS;
    return layout;
}

static bool
load(struct session *session, const char *path)
{
    struct history_layout layout = layout_of(path, session->sets++);
    struct gong_data_set *set = gong_data_set_new();
    struct gong_eval_memory *memory = NULL;
    size_t refused = 0;

    if (session->loaded) {
        history_unmake(&session->made);
    }
    if (set != NULL &&
        gong_data_set_read(set, path, GONG_DATA_BY_NAME, stderr, &refused) ==
            GONG_OK &&
        refused == 0) {
        memory = gong_data_set_finish(set);
    }
    session->loaded = memory != NULL;
    if (memory != NULL &&
        history_make(&session->made, memory, &layout) != GONG_OK) {
        history_unmake(&session->made);
        session->loaded = false;
    }
    gong_data_set_free(set);
    return session->loaded;
}

static void
answer_case(struct session *session, const json_t *object, FILE *out)
{
    const char *path = json_string_value(json_object_get(object, "data"));
    struct gong_history_recent recent = history_recent(&session->made);
    bool at = json_object_get(object, "at") != NULL;
    struct gong_history_question question = {
        .recent = &recent,
        .rollups = true,
        .query = {.expr = json_string_value(json_object_get(object, "expr")),
                  .range = !at,
                  .from_ms = ms_of(object, at ? "at" : "from"),
                  .to_ms = ms_of(object, "to"),
                  .step_ms = ms_of(object, "step"),
                  .lookback_ms = ms_of(object, "lookback"),
                  .subquery_step_ms = ms_of(object, "subquery_step")}};
    struct gong_history_remarks remarks;
    struct gong_query_error error;
    struct gong_answer answer;

    if (path != NULL && !load(session, path)) {
        refuse(out, "no history could be made of the data");
        return;
    }
    if (!session->loaded || question.query.expr == NULL) {
        refuse(out, "found an incomplete case");
        return;
    }
    question.path = session->made.path;
    if (gong_history_query(&question, &answer, &remarks, &error) == GONG_OK) {
        gong_answer_put_api(out, &answer);
    } else {
        gong_answer_put_api_error(out, &error);
    }
    gong_answer_fini(&answer);
}

static int
run(FILE *cases)
{
    struct session session = {0};
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    while ((len = getline(&line, &size, cases)) > 0) {
        json_error_t why;
        json_t *object = json_loadb(line, (size_t)len, 0, &why);

        if (json_is_object(object)) {
            answer_case(&session, object, stdout);
        } else {
            refuse(stdout, "found no JSON object");
        }
        (void)fputc('\n', stdout);
        json_decref(object);
    }
    free(line);
    if (session.loaded) {
        history_unmake(&session.made);
    }
    return 0;
}

int
main(int argc, char **argv)
{
    FILE *cases = argc == 4 ? fopen(argv[3], "r") : NULL;
    int status;

    if (cases == NULL || strcmp(argv[1], "eval") != 0 ||
        strcmp(argv[2], "--cases") != 0) {
        (void)fprintf(stderr, "history_cases eval --cases FILE\n");
        return 2;
    }
    status = run(cases);
    (void)fclose(cases);
    return status;
}
