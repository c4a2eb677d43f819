#include "rules/tool/commands.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/conf.h"
#include "rules/tool/cost.h"
#include "rules/desk/desk_config_load.h"
#include "rules/tool/desk_load.h"
#include "rules/tool/lint.h"
#include "rules/query/number_text.h"
#include "rules/tool/rule_load.h"

#define SERIES 1000 /* of a rule */

struct check_options {
    bool cost;
    bool lint_fatal;
    bool no_lint;
    const char *budget;
    const char *series;
    char *model;
    struct gong_argument_time every;
};

/* A number with K, M or G (of 1024) behind it; 0 where it is none. */
static uint64_t
read_size(const char *text)
{
    static const char units[] = "KMG";
    uint64_t value = 0;
    size_t i = 0;

    while (text[i] >= '0' && text[i] <= '9' && value < UINT64_MAX / 100) {
        value = value * 10 + (uint64_t)(text[i++] - '0');
    }
    for (size_t u = 0; i > 0 && units[u] != '\0'; u++) {
        if (text[i] == units[u] && value <= UINT64_MAX >> (10 * (u + 1))) {
            value <<= 10 * (u + 1);
            i++;
            break;
        }
    }
    return text[i] == '\0' ? value : 0;
}

/* As many as uint64 holds of what would be more. */
static uint64_t
add_product(uint64_t sum, uint64_t a, uint64_t b)
{
    uint64_t product = b > 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;

    return sum > UINT64_MAX - product ? UINT64_MAX : sum + product;
}

/* A line a rule; the most that all of them take. */
static uint64_t
print_rules(const struct gong_call *call, const struct gong_ruleset *set,
            const struct gong_cost_result *results, uint64_t series)
{
    uint64_t sum = 0;

    (void)fprintf(call->out, "%12s %12s  %s\n", "at rest B", "open B",
                  "per series of the rule");
    for (size_t i = 0; i < set->count; i++) {
        const struct gong_cost *cost = &results[i].cost;

        if (results[i].err != GONG_OK) {
            (void)fprintf(call->out, "%12s %12s  %s: %s\n", "-", "-",
                          set->rules[i].id, gong_err_text(results[i].err));
            continue;
        }
        sum = add_product(sum, series,
                          cost->firing_bytes > cost->rest_bytes
                              ? cost->firing_bytes
                              : cost->rest_bytes);
        (void)fprintf(call->out, "%12" PRIu64 " %12" PRIu64 "  %s\n",
                      cost->rest_bytes, cost->firing_bytes, set->rules[i].id);
    }
    return sum;
}

/* And the sum for --series; false past --budget. */
static bool
print_cost(const struct gong_call *call, const struct gong_ruleset *set,
           const struct check_options *options)
{
    uint64_t series =
        options->series == NULL ? SERIES : read_size(options->series);
    uint64_t budget = options->budget == NULL ? 0 : read_size(options->budget);
    struct gong_cost_result *results = calloc(set->count + 1, sizeof *results);
    uint64_t sum;

    if (results == NULL) {
        (void)fputs("out of memory\n", call->err);
        return false;
    }
    gong_cost_measure_all(set, options->every.ms, results);
    sum = print_rules(call, set, results, series);
    (void)fprintf(call->out,
                  "%" PRIu64 " bytes for %" PRIu64
                  " series a rule, all alerts open",
                  sum, series);
    if (budget > 0) {
        (void)fprintf(call->out, "; budget %" PRIu64 ": %s", budget,
                      sum <= budget ? "fits" : "does not fit");
    }
    (void)fputc('\n', call->out);
    free(results);
    return budget == 0 || sum <= budget;
}

static int
check_set(const struct gong_call *call, const struct gong_ruleset *set,
          const struct check_options *options)
{
    size_t warnings = 0;
    bool fits = true;

    if (!options->no_lint) {
        struct gong_lint_options lint = {
            .every_ms = options->every.ms,
            .now_ms = gong_wall_now().ns / GONG_NS_PER_MS,
        };

        warnings = gong_lint(set, &lint, call->err);
    }
    /* Who names a budget wants it kept. */
    if (options->cost || options->budget != NULL || options->series != NULL) {
        fits = print_cost(call, set, options);
    }
    (void)fprintf(call->out, "%zu rule%s, %zu warning%s\n", set->count,
                  gong_plural(set->count), warnings, gong_plural(warnings));
    return !fits || (warnings > 0 && options->lint_fatal) ? GONG_TOOL_NO
                                                          : GONG_TOOL_OK;
}

/* Routing files among the words, each with what it counts; they leave the
 * words. False after problems. */
static bool
check_routes(const struct gong_call *call, struct gong_words *words,
             const struct check_options *options)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *city = NULL;
    size_t rules = 0;
    size_t warnings = 0;

    for (size_t i = 0; i < words->count; i++) {
        char *path = words->items[i];
        struct gong_desk_config *config = NULL;

        if (!gong_desk_path_is_routes(path)) {
            words->items[rules++] = path;
            continue;
        }
        city = city == NULL ? gong_city_load(options->model, &errors) : city;
        config = city == NULL
                     ? NULL
                     : gong_desk_config_load(path, city->model, NULL, &errors);
        if (config != NULL) {
            (void)fprintf(call->out,
                          "%s: %zu routes, %zu receivers, %zu inhibit rules, "
                          "%zu escalations\n",
                          path, config->route_count, config->receiver_count,
                          config->inhibit_count, config->escalation_count);
        }
        if (config != NULL && !options->no_lint) {
            warnings += gong_desk_config_warn(config, path, call->err);
        }
        gong_desk_config_free(config);
    }
    words->count = rules;
    gong_rule_source_free(city);
    gong_conf_errors_print(&errors, call->err);
    if (errors.count > 0) {
        (void)fprintf(call->err, "%zu problem%s\n", errors.count,
                      gong_plural(errors.count));
    }
    rules = errors.count;
    gong_conf_errors_fini(&errors);
    return rules == 0 && (warnings == 0 || !options->lint_fatal);
}

static int
check_rules(const struct gong_call *call, const struct gong_words *words,
            const struct check_options *options)
{
    struct gong_conf_errors errors = {0};
    struct gong_ruleset *set = gong_rules_load_city(words->items, words->count,
                                                    options->model, &errors);
    int status = GONG_TOOL_NO;

    gong_conf_errors_print(&errors, call->err);
    if (set == NULL) {
        (void)fprintf(call->err, "%zu problem%s\n", errors.count,
                      gong_plural(errors.count));
    } else {
        status = check_set(call, set, options);
    }
    gong_conf_errors_fini(&errors);
    gong_ruleset_free(set);
    return status;
}

int
gong_cmd_check(const struct gong_call *call)
{
    struct check_options options = {0};
    const struct gong_argument table[] = {
        {"cost", GONG_ARGUMENT_FLAG, &options.cost, NULL,
         "mỗi quy tắc tốn bao nhiêu byte cho một chuỗi số liệu",
         "bytes of memory per series of each rule, measured"},
        {"series", GONG_ARGUMENT_TEXT, &options.series, "NUMBER",
         "số chuỗi của mỗi quy tắc; 1000; gồm cả --cost",
         "how many series a rule has; 1000; implies --cost"},
        {"budget", GONG_ARGUMENT_TEXT, &options.budget, "SIZE",
         "bộ nhớ được phép, ví dụ 64M; gồm cả --cost",
         "memory that they may take, say 64M; implies --cost"},
        {"every", GONG_ARGUMENT_LENGTH, &options.every, "LENGTH",
         "thiết bị gửi số liệu mỗi bao lâu",
         "how often devices send samples; for ranges"},
        {"model", GONG_ARGUMENT_TEXT, &options.model, "FILE",
         "mô hình đơn vị, thiết bị (tệp hoặc thư mục)",
         "the city model (a file or a folder)"},
        {"lint-fatal", GONG_ARGUMENT_FLAG, &options.lint_fatal, NULL,
         "có cảnh báo cũng là không đạt", "warnings fail too"},
        {"no-lint", GONG_ARGUMENT_FLAG, &options.no_lint, NULL,
         "không cảnh báo", "errors only"},
    };
    struct gong_words words;
    int status;

    if (!gong_arguments_read(call, table, sizeof table / sizeof table[0],
                             &words, &status)) {
        return status;
    }
    if (words.count == 0) {
        return gong_call_refuse(call, "no file", "rule files");
    }
    if (options.series != NULL && read_size(options.series) == 0) {
        return gong_call_refuse_value(call, "series", options.series,
                                      "a number above 0, such as 1000 or 5K");
    }
    if (options.every.given && options.every.ms <= 0) {
        return gong_call_refuse_value(call, "every", options.every.text,
                                      "a length above 0");
    }
    if (options.budget != NULL && read_size(options.budget) == 0) {
        return gong_call_refuse_value(call, "budget", options.budget,
                                      "bytes above 0, such as 64M");
    }
    status = check_routes(call, &words, &options) ? GONG_TOOL_OK : GONG_TOOL_NO;
    if (words.count > 0) {
        int rules = check_rules(call, &words, &options);

        status = rules != GONG_TOOL_OK ? rules : status;
    }
    return status;
}
