#include "rules/tool/promtest_private.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "rules/tool/rule_load.h"
#include "rules/tool/test_world.h"

/* A failure begins with a line of its own. */
static void
say_failed(struct gong_promtest_run *run)
{
    if (run->failures++ == 0) {
        (void)fputs("  FAILED:\n", run->out);
    }
}

/* The pattern as seen from the test file's folder; heap. */
static char *
beside(const char *path, const char *pattern)
{
    const char *slash = strrchr(path, '/');
    size_t len =
        slash == NULL || pattern[0] == '/' ? 0 : (size_t)(slash - path) + 1;
    char *joined = malloc(len + strlen(pattern) + 1);

    if (joined != NULL) {
        memcpy(joined, path, len);
        memcpy(joined + len, pattern, strlen(pattern) + 1);
    }
    return joined;
}

static bool
load_file(struct gong_promtest_run *run, const char *path)
{
    struct gong_conf_errors errors = {0};
    struct gong_prom_file **files = realloc(
        run->files, (run->file_count + 1) * sizeof(struct gong_prom_file *));

    if (files == NULL) {
        return false;
    }
    run->files = files;
    files[run->file_count] = gong_prom_file_load(path, &errors);
    if (files[run->file_count] == NULL) {
        say_failed(run);
        gong_conf_errors_print(&errors, run->out);
        gong_conf_errors_fini(&errors);
        return false;
    }
    run->file_count++;
    return true;
}

static bool
load_pattern(struct gong_promtest_run *run, const char *pattern)
{
    char *joined = beside(run->path, pattern);
    glob_t found = {0};
    bool ok = joined != NULL;

    if (ok && glob(joined, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            ok = load_file(run, found.gl_pathv[i]) && ok;
        }
    } else if (ok) {
        (void)fprintf(run->out, "  WARNING: no file matches %s\n", pattern);
    }
    globfree(&found);
    free(joined);
    return ok;
}

/* What is refused fails, and the others run. False without memory, and where
 * there are too many. */
static bool
add_rule(struct gong_promtest_run *run, const struct gong_prom_file *file,
         const struct gong_prom_group *group, size_t index)
{
    struct gong_prom_origin origin = {file, group, run->test->interval_ms,
                                      run->set.count + 1, true};
    struct gong_conf_errors errors = {0};
    struct gong_rule rule;
    enum gong_err err;
    bool ok =
        gong_prom_rule_convert(&origin, &group->rules[index], &rule, &errors);

    if (!ok) {
        say_failed(run);
        gong_conf_errors_print(&errors, run->out);
    }
    gong_conf_errors_fini(&errors);
    if (!ok) {
        return true;
    }
    err = gong_rules_add(&run->set, &rule);
    if (err == GONG_ERR_TOO_LARGE) {
        say_failed(run);
        (void)fprintf(run->out,
                      "    found more than %d rules in all, expected fewer\n",
                      GONG_RULES_MAX);
    }
    return err == GONG_OK;
}

static bool
has_alert(const struct gong_prom_file *file, const char *name)
{
    for (size_t g = 0; g < file->group_count; g++) {
        const struct gong_prom_group *group = &file->groups[g];

        for (size_t i = 0; i < group->rule_count; i++) {
            if (group->rules[i].alert != NULL &&
                strcmp(group->rules[i].alert, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Whether there would be an alert of this name, had all its rules not been
 * refused. */
static bool
is_refused(const struct gong_promtest_run *run, const char *name)
{
    for (size_t i = 0; i < run->set.count; i++) {
        const char *alert = run->set.rules[i].alert;

        if (alert != NULL && strcmp(alert, name) == 0) {
            return false;
        }
    }
    for (size_t i = 0; i < run->file_count; i++) {
        if (has_alert(run->files[i], name)) {
            return true;
        }
    }
    return false;
}

static size_t
rank(const struct gong_promtest *test, const char *group)
{
    for (size_t i = 0; i < test->order_count; i++) {
        if (strcmp(test->order[i], group) == 0) {
            return i;
        }
    }
    return 0;
}

/* A group of one of the files, and when it is its turn. */
struct turn {
    size_t rank;
    size_t number; /* as they are written */
    const struct gong_prom_file *file;
    const struct gong_prom_group *group;
};

static int
compare_turns(const void *a, const void *b)
{
    const struct turn *x = a;
    const struct turn *y = b;

    if (x->rank != y->rank) {
        return x->rank < y->rank ? -1 : 1;
    }
    return x->number < y->number ? -1 : x->number > y->number;
}

/* By group_eval_order, groups that it does not name like its first. Heap; NULL
 * without memory. */
static struct turn *
order_groups(const struct gong_promtest_run *run, size_t *count)
{
    struct turn *turns = NULL;
    size_t room = 0;

    *count = 0;
    for (size_t f = 0; f < run->file_count; f++) {
        room += run->files[f]->group_count;
    }
    turns = calloc(room + 1, sizeof *turns);
    for (size_t f = 0; f < run->file_count && turns != NULL; f++) {
        const struct gong_prom_file *file = run->files[f];

        for (size_t g = 0; g < file->group_count; g++) {
            turns[*count] = (struct turn){rank(run->test, file->groups[g].name),
                                          *count, file, &file->groups[g]};
            ++*count;
        }
    }
    if (turns != NULL) {
        qsort(turns, *count, sizeof *turns, compare_turns);
    }
    return turns;
}

static bool
add_rules(struct gong_promtest_run *run)
{
    size_t count = 0;
    struct turn *turns = order_groups(run, &count);
    bool ok = turns != NULL;

    run->set.foreign = true;
    run->set.subquery_step_ms = run->test->interval_ms;
    for (size_t t = 0; ok && t < count; t++) {
        for (size_t i = 0; ok && i < turns[t].group->rule_count; i++) {
            ok = add_rule(run, turns[t].file, turns[t].group, i);
        }
    }
    free(turns);
    return ok;
}

void
gong_promtest_place(struct gong_promtest_run *run,
                    const struct gong_yaml_node *node)
{
    say_failed(run);
    (void)fprintf(run->out, "    %s:%zu: ", run->path,
                  gong_yaml_line(run->test->yaml, node));
}

static bool
add_series(struct gong_promtest_run *run, struct gong_world *world,
           const struct gong_promtest_series *series)
{
    struct gong_series_labels labels = {0};
    struct gong_series_values values = {0};
    struct gong_expr_error error = {0};
    enum gong_err err =
        gong_series_labels_read(gong_str_of(series->series), &labels, &error);
    const struct gong_yaml_node *node = series->series_node;

    if (err == GONG_OK) {
        node = series->values_node;
        err = gong_series_values_read(gong_str_of(series->values), &values,
                                      &error);
    }
    if (err == GONG_OK) {
        err = gong_world_add(world, &labels, &values);
    }
    gong_series_labels_fini(&labels);
    if (err != GONG_OK) {
        gong_promtest_place(run, node);
        (void)fprintf(run->out, "%s (at byte %zu)\n",
                      error.message[0] == '\0' ? gong_err_text(err)
                                               : error.message,
                      error.at + 1);
    }
    return err == GONG_OK;
}

static void
put_lines(FILE *out, const char *what, const struct gong_world_lines *lines)
{
    (void)fprintf(out, "      %s:\n", what);
    for (size_t i = 0; i < lines->count; i++) {
        (void)fprintf(out, "        %s\n", lines->items[i]);
    }
    if (lines->count == 0) {
        (void)fputs("        nothing\n", out);
    }
}

static enum gong_err
expected_line(const struct gong_promtest_alert *alert,
              const struct gong_promtest_expected *expected,
              struct gong_world_lines *out)
{
    size_t count = expected->labels.count + expected->annotations.count + 1;
    struct gong_label_view *views = calloc(count, sizeof *views);
    struct gong_label_view *annotations = views + expected->labels.count + 1;
    size_t labels = 0;
    enum gong_err err;

    if (views == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < expected->labels.count; i++) {
        if (strcmp(expected->labels.items[i].name, "alertname") != 0) {
            views[labels].name = gong_str_of(expected->labels.items[i].name);
            views[labels++].value = gong_str_of(expected->labels.items[i].text);
        }
    }
    views[labels].name = gong_str_of("alertname");
    views[labels++].value = gong_str_of(alert->alertname);
    for (size_t i = 0; i < expected->annotations.count; i++) {
        annotations[i].name = gong_str_of(expected->annotations.items[i].name);
        annotations[i].value = gong_str_of(expected->annotations.items[i].text);
    }
    err = gong_world_line_add(out, views, labels, annotations,
                              expected->annotations.count);
    free(views);
    return err;
}

static enum gong_err
check_alert(struct gong_promtest_run *run, struct gong_world *world,
            const struct gong_promtest_alert *alert)
{
    struct gong_world_lines expected = {0};
    struct gong_world_lines got = {0};
    enum gong_err err;

    if (is_refused(run, alert->alertname)) {
        gong_promtest_place(run, alert->node);
        (void)fprintf(run->out,
                      "alertname: %s, time: %lld s: its rule is refused, as is "
                      "said above\n",
                      alert->alertname, (long long)(alert->eval_ms / 1000));
        return GONG_OK;
    }
    err = gong_world_firing(world, alert->alertname, &got);

    for (size_t i = 0; i < alert->expected_count && err == GONG_OK; i++) {
        err = expected_line(alert, &alert->expected[i], &expected);
    }
    if (err == GONG_OK && !gong_world_lines_equal(&expected, &got)) {
        gong_promtest_place(run, alert->node);
        (void)fprintf(run->out, "alertname: %s, time: %lld s\n",
                      alert->alertname, (long long)(alert->eval_ms / 1000));
        put_lines(run->out, "exp", &expected);
        put_lines(run->out, "got", &got);
    }
    gong_world_lines_fini(&expected);
    gong_world_lines_fini(&got);
    return err;
}

static int64_t
last_instant(const struct gong_promtest_group *group)
{
    int64_t last = 0;

    for (size_t i = 0; i < group->alert_count; i++) {
        last =
            group->alerts[i].eval_ms > last ? group->alerts[i].eval_ms : last;
    }
    for (size_t i = 0; i < group->expr_count; i++) {
        last = group->exprs[i].eval_ms > last ? group->exprs[i].eval_ms : last;
    }
    return last;
}

/* Every instant up to the last test's. */
static bool
run_instants(struct gong_promtest_run *run, struct gong_world *world,
             const struct gong_promtest_group *group)
{
    int64_t every = run->test->interval_ms;
    int64_t last = last_instant(group);

    for (int64_t t = 0; t <= last; t += every) {
        const struct gong_rule *rule = NULL;
        struct gong_expr_error error = {0};
        enum gong_err err = gong_world_step(world, t, &rule, &error);

        if (err != GONG_OK) {
            say_failed(run);
            (void)fprintf(run->out, "    rule: %s, time: %lld s, err: %s\n",
                          rule == NULL ? "" : gong_rule_name(rule),
                          (long long)(t / 1000), error.message);
            return false;
        }
        for (size_t i = 0; i < group->alert_count && err == GONG_OK; i++) {
            if (group->alerts[i].eval_ms >= t &&
                group->alerts[i].eval_ms - t < every) {
                err = check_alert(run, world, &group->alerts[i]);
            }
        }
        if (err != GONG_OK) {
            say_failed(run);
            (void)fprintf(run->out, "    time: %lld s, err: %s\n",
                          (long long)(t / 1000), gong_err_text(err));
            return false;
        }
    }
    return true;
}

/* Whether a series has a label that the rule says something else about. */
static bool
is_overruled(const struct gong_rule *rule,
             const struct gong_series_labels *labels)
{
    for (size_t i = 0; i < rule->label_count; i++) {
        for (size_t k = 0; k < labels->count; k++) {
            if (gong_str_is(labels->labels[k].name, rule->labels[i].name)) {
                return true;
            }
        }
    }
    return false;
}

/* Rules whose labels may give two series one alert. */
static void
find_whole(struct gong_promtest_run *run,
           const struct gong_promtest_group *group)
{
    for (size_t i = 0; i < run->set.count; i++) {
        run->set.rules[i].whole = false;
    }
    for (size_t s = 0; s < group->series_count; s++) {
        struct gong_series_labels labels = {0};
        struct gong_expr_error error = {0};

        if (gong_series_labels_read(gong_str_of(group->series[s].series),
                                    &labels, &error) == GONG_OK) {
            for (size_t i = 0; i < run->set.count; i++) {
                run->set.rules[i].whole |=
                    is_overruled(&run->set.rules[i], &labels);
            }
        }
        gong_series_labels_fini(&labels);
    }
}

static void
run_group(struct gong_promtest_run *run,
          const struct gong_promtest_group *group)
{
    struct gong_world *world = NULL;
    bool ok = false;

    find_whole(run, group);
    world = gong_world_new(&run->set, group->interval_ms);
    ok = world != NULL;
    if (!ok) {
        say_failed(run);
        (void)fputs("    out of memory\n", run->out);
    }
    for (size_t i = 0; i < group->series_count && ok; i++) {
        ok = add_series(run, world, &group->series[i]);
    }
    if (ok && run_instants(run, world, group)) {
        for (size_t i = 0; i < group->expr_count; i++) {
            gong_promtest_expr(run, world, &group->exprs[i]);
        }
    }
    gong_world_free(world);
}

bool
gong_promtest_run(const struct gong_promtest *test, const char *path, FILE *out)
{
    struct gong_promtest_run run = {.test = test, .path = path, .out = out};
    bool ok = true;

    for (size_t i = 0; i < test->rule_file_count; i++) {
        ok = load_pattern(&run, test->rule_files[i]) && ok;
    }
    ok = ok && add_rules(&run);
    for (size_t i = 0; i < test->group_count && ok; i++) {
        run_group(&run, &test->groups[i]);
    }
    if (!ok && run.failures == 0) {
        say_failed(&run);
        (void)fputs("    out of memory\n", out);
    }
    for (size_t i = 0; i < run.set.count; i++) {
        gong_rule_fini(&run.set.rules[i]);
    }
    for (size_t i = 0; i < run.file_count; i++) {
        gong_prom_file_free(run.files[i]);
    }
    free(run.set.rules);
    free(run.files);
    return ok && run.failures == 0;
}
