#include "rules/tool/commands.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "rules/engine/promql.h"
#include "rules/query/number_text.h"
#include "rules/tool/desk_load.h"
#include "rules/tool/history_data.h"
#include "rules/tool/history_line.h"

#define OUT_BYTES (64u << 10) /* written at once */

struct export_options {
    const char *data;
    struct gong_argument_texts match;
    char *model;
    struct gong_argument_time from;
    struct gong_argument_time to;
};

/* What --match said; owned. */
struct selectors {
    struct gong_expr *exprs[GONG_ARGUMENT_TEXTS_MAX];
    struct gong_history_choice choices[GONG_ARGUMENT_TEXTS_MAX];
    size_t count;
};

struct exporter {
    FILE *out;
    const struct gong_history_scan *scan;
    struct gong_buffer begins; /* of the lines of each place, one after other */
    size_t *at;                /* where each begins, and the last one ends */
    struct gong_buffer lines;
    uint64_t unsaid; /* NaN and infinity */
    bool failed;     /* to write */
};

static void
free_selectors(struct selectors *selectors)
{
    for (size_t i = 0; i < selectors->count; i++) {
        gong_expr_free(selectors->exprs[i]);
    }
}

static int
read_selectors(const struct gong_call *call,
               const struct gong_argument_texts *match,
               struct selectors *selectors)
{
    for (size_t i = 0; i < match->count; i++) {
        struct gong_expr_error error;
        struct gong_expr *expr =
            gong_expr_parse(gong_str_of(match->items[i]), &error);
        const struct gong_expr_node *root =
            expr == NULL ? NULL : &expr->nodes[expr->root];

        if (root == NULL || root->kind != GONG_EXPR_SELECTOR ||
            root->range_ms != 0 || root->offset_ms != 0 ||
            root->anchor != GONG_ANCHOR_NONE) {
            gong_expr_free(expr);
            return gong_call_refuse_value(call, "match", match->items[i],
                                          "a selector as up{site=\"66\"}");
        }
        selectors->exprs[i] = expr;
        selectors->choices[i] = (struct gong_history_choice){
            .matchers = root->matchers, .matcher_count = root->matcher_count};
        selectors->count++;
    }
    return GONG_TOOL_OK;
}

static enum gong_err
prepare(struct exporter *exporter, const struct gong_city *city)
{
    size_t count = gong_history_scan_count(exporter->scan);
    enum gong_err err = GONG_OK;

    exporter->at = calloc(count + 1, sizeof *exporter->at);
    if (exporter->at == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        struct gong_label_view labels[GONG_LABELSET_MAX];
        size_t label_count = 0;

        err = gong_history_scan_labels(exporter->scan, i, labels, &label_count);
        if (err == GONG_OK) {
            err = gong_history_line_begin(&exporter->begins, labels,
                                          label_count, city, false);
            err = err == GONG_ERR_INVALID ? GONG_OK : err;
        }
        exporter->at[i + 1] = exporter->begins.len;
    }
    return err;
}

static enum gong_err
write_out(struct exporter *exporter)
{
    size_t len = exporter->lines.len;

    exporter->lines.len = 0;
    if (len > 0 && fwrite(exporter->lines.data, 1, len, exporter->out) != len) {
        exporter->failed = true;
        return GONG_ERR_IO;
    }
    return GONG_OK;
}

static enum gong_err
put_sample(void *ctx, size_t place, struct gong_sample sample)
{
    struct exporter *exporter = ctx;
    size_t at = exporter->at[place];
    size_t len = exporter->at[place + 1] - at;
    enum gong_err err;

    if (len == 0 || !isfinite(sample.value)) {
        exporter->unsaid++;
        return GONG_OK;
    }
    err = gong_buffer_append(&exporter->lines, exporter->begins.data + at, len);
    if (err == GONG_OK) {
        err = gong_history_line_end(&exporter->lines, sample.value, sample.ms);
    }
    return err == GONG_OK && exporter->lines.len >= OUT_BYTES
               ? write_out(exporter)
               : err;
}

static int
put_lines(const struct gong_call *call,
          const struct gong_history_wanted *wanted,
          const struct gong_city *city)
{
    struct exporter exporter = {.out = call->out};
    struct gong_history_data data;
    enum gong_err err = gong_history_data_open(wanted, &data);

    if (err != GONG_OK) {
        return gong_tool_status(err);
    }
    exporter.scan = data.scan;
    err = prepare(&exporter, city);
    if (err == GONG_OK) {
        err = gong_history_scan_run(data.scan, put_sample, &exporter);
    }
    if (err == GONG_OK) {
        err = write_out(&exporter);
    }
    if (err != GONG_OK && !exporter.failed) {
        (void)fprintf(call->err, "%s: cannot be read any further: %s\n",
                      wanted->data, gong_err_text(err));
    }
    if (exporter.unsaid > 0) {
        (void)fprintf(call->err,
                      "%s: %" PRIu64 " sample%s left out that no line can say "
                      "(NaN, infinity, the end of a series)\n",
                      wanted->data, exporter.unsaid,
                      gong_plural(exporter.unsaid));
    }
    gong_history_data_close(wanted, &data);
    gong_buffer_fini(&exporter.begins);
    gong_buffer_fini(&exporter.lines);
    free(exporter.at);
    if (exporter.failed) {
        (void)fputs("gong-rules: the output could not be written\n", call->err);
        return GONG_TOOL_WRITE;
    }
    return gong_tool_status(err);
}

static int
export_samples(const struct gong_call *call,
               const struct export_options *options,
               const struct selectors *selectors)
{
    struct gong_history_wanted wanted = {
        .data = options->data,
        .choices = selectors->choices,
        .choice_count = selectors->count,
        .has_from = options->from.given,
        .from_ms = options->from.ms,
        .has_to = options->to.given,
        .to_ms = options->to.ms,
        .err = call->err,
    };
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *city = NULL;
    int status = GONG_TOOL_NO;

    if (options->model == NULL) {
        return put_lines(call, &wanted, NULL);
    }
    city = gong_city_load(options->model, &errors);
    gong_conf_errors_print(&errors, call->err);
    gong_conf_errors_fini(&errors);
    if (city != NULL) {
        status = put_lines(call, &wanted, city->set->city);
    }
    gong_rule_source_free(city);
    return status;
}

int
gong_cmd_export(const struct gong_call *call)
{
    struct export_options options = {0};
    const struct gong_argument table[] = {
        {"data", GONG_ARGUMENT_TEXT, &options.data, "history:PATH",
         "history.db của agent, hoặc thư mục chứa nó",
         "an agent's history.db, or the folder that holds it"},
        {"match", GONG_ARGUMENT_TEXTS, &options.match, "SELECTOR",
         "chỉ những chuỗi này, ví dụ 'up{site=\"66\"}'; nhiều lần",
         "only these series, say 'up{site=\"66\"}'; may come again"},
        {"from", GONG_ARGUMENT_TIME, &options.from, "TIME", "từ thời điểm này",
         "from here on"},
        {"to", GONG_ARGUMENT_TIME, &options.to, "TIME",
         "đến thời điểm này, kể cả nó", "up to here, included"},
        {"model", GONG_ARGUMENT_TEXT, &options.model, "FILE",
         "mô hình đơn vị, thiết bị: bỏ nhãn unit và kind mà nó cho",
         "the city model: the labels unit and kind, which it gives, are left "
         "out"},
    };
    struct selectors selectors = {.count = 0};
    struct gong_words words;
    int status;

    if (!gong_arguments_read(call, table, sizeof table / sizeof table[0],
                             &words, &status)) {
        return status;
    }
    if (words.count > 0) {
        return gong_call_refuse_word(call, words.items[0], "options only");
    }
    if (options.data == NULL || gong_history_data_path(options.data) == NULL) {
        return gong_call_refuse(
            call, options.data == NULL ? "no --data" : "another --data",
            "--data history:PATH");
    }
    status =
        gong_call_history_times(call, options.data, &options.from, &options.to);
    if (status == GONG_TOOL_OK) {
        status = read_selectors(call, &options.match, &selectors);
    }
    if (status == GONG_TOOL_OK) {
        status = export_samples(call, &options, &selectors);
    }
    free_selectors(&selectors);
    return status;
}
