/*
 * Any bytes as a rule file, and as a bundle of them: loading never crashes, it
 * gives rules or messages but not both, and the bundle of what was loaded loads
 * again to the same bytes. What begins with a comment is loaded from a folder,
 * too. With any one allocation failing, it is the same or says so.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "rules/engine/plan.h"
#include "rules/rule_file.h"
#include "tests/failing_memory.h"

#define PATH_SIZE 64

/* A clause is a tree of its own, at the level that it is counted at. */
static void
check_clauses(const struct gong_rule *rule)
{
    uint32_t count = gong_clauses_count(&rule->clauses);
    struct gong_expr_error error = {0};
    struct gong_plan *plan = gong_plan_new(rule->expr, &error);
    struct gong_plan_input inputs[GONG_PLAN_INPUTS_MAX] = {{0}};

    for (uint32_t i = 0; i < count; i++) {
        struct gong_expr view = gong_clause_view(rule->expr, &rule->clauses, i);
        bool ends = false;
        uint32_t level = gong_clauses_level(&rule->clauses, i, &ends);
        char *text = gong_expr_print(&view);

        FUZZ_CHECK(text != NULL && view.root < rule->expr->count);
        FUZZ_CHECK(level == 0 || level < rule->level_count);
        FUZZ_CHECK(ends == (i >= count || (rule->clauses.fires > 0 &&
                                           i >= rule->clauses.fires)));
        free(text);
    }
    if (plan != NULL) {
        struct gong_clause_code code = gong_clause_code(plan, &rule->clauses);

        for (double value = -100; value <= 100; value += 25) {
            struct gong_said said;

            for (uint32_t i = 0; i < GONG_PLAN_INPUTS_MAX; i++) {
                inputs[i].present = true;
                inputs[i].value = value;
            }
            said = gong_clauses_run(plan, &rule->clauses, &code, inputs, 0);
            FUZZ_CHECK(
                (said.fires != 0) ==
                gong_clauses_fire(plan, &rule->clauses, &code, inputs, 0));
            FUZZ_CHECK((said.resolves & ~rule->clauses.resolves) == 0);
        }
    }
    gong_plan_free(plan);
}

/* It changes at the instant that is said to be the next, and not before. */
static void
check_calendar(const struct gong_calendar *calendar)
{
    int64_t t = INT64_C(1767225600000); /* 2026-01-01 */

    (void)gong_calendar_identity(calendar);
    for (int i = 0; i < 20; i++) {
        int64_t next = gong_calendar_next(calendar, t);
        bool open = gong_calendar_is_open(calendar, t);

        if (next == INT64_MAX) {
            return;
        }
        FUZZ_CHECK(next > t);
        FUZZ_CHECK(gong_calendar_is_open(calendar, next) != open);
        FUZZ_CHECK(gong_calendar_is_open(calendar, next - 1) == open);
        t = next;
    }
}

static void
check_rule(const struct gong_rule *rule)
{
    FUZZ_CHECK(rule->id != NULL && rule->id[0] != '\0');
    FUZZ_CHECK(rule->group != NULL);
    FUZZ_CHECK((rule->alert != NULL) != (rule->record != NULL));
    FUZZ_CHECK(rule->expr != NULL && rule->expr_text != NULL);
    FUZZ_CHECK(rule->file != NULL && rule->line > 0);
    FUZZ_CHECK(rule->for_ms >= 0 && rule->keep_firing_for_ms >= 0);
    FUZZ_CHECK(rule->interval_ms >= 0 && rule->lookback_ms > 0);
    for (size_t i = 1; i < rule->label_count; i++) {
        FUZZ_CHECK(strcmp(rule->labels[i - 1].name, rule->labels[i].name) < 0);
    }
    FUZZ_CHECK((rule->active != NULL) == (rule->calendar != NULL));
    FUZZ_CHECK(rule->level_count <= GONG_LEVELS_MAX);
    check_clauses(rule);
    for (size_t i = 0; i < rule->annotation_count; i++) {
        FUZZ_CHECK(rule->annotations[i].tmpl != NULL);
    }
}

static void
load(struct gong_str bundle)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = gong_rule_bundle_load(bundle, &errors);

    FUZZ_CHECK((source == NULL) == (errors.count > 0));
    if (source != NULL) {
        FUZZ_CHECK(gong_str_equal(
            gong_str_from(source->bundle, source->bundle_len), bundle));
        for (size_t i = 0; i < source->set->count; i++) {
            check_rule(&source->set->rules[i]);
        }
        for (size_t i = 0; i < source->set->calendar_count; i++) {
            check_calendar(&source->set->calendars[i]);
        }
    }
    gong_rule_source_free(source);
    gong_conf_errors_fini(&errors);
}

/* Other lengths than ours ("007") may be in a bundle that somebody made. */
static void
load_any(struct gong_str bundle)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = gong_rule_bundle_load(bundle, &errors);

    FUZZ_CHECK((source == NULL) == (errors.count > 0));
    gong_rule_source_free(source);
    gong_conf_errors_fini(&errors);
}

/* What was asked to be loaded: a bundle, or files. */
struct asked {
    struct gong_str bundle;
    const struct gong_strings *files; /* NULL: the bundle */
};

static struct gong_rule_source *
load_asked(const struct asked *asked, struct gong_conf_errors *errors)
{
    return asked->files != NULL ? gong_rule_files_load(asked->files, errors)
                                : gong_rule_bundle_load(asked->bundle, errors);
}

static bool
tell_of_memory(const struct gong_conf_errors *errors)
{
    bool tell = false;

    for (size_t i = 0; i < errors->count; i++) {
        tell = tell || errors->items[i] == NULL ||
               strstr(errors->items[i], "memory") != NULL;
    }
    return tell;
}

/* The bytes of input choose which allocation fails. */
static void
load_short_of_memory(const struct asked *asked, struct gong_str input)
{
    struct gong_conf_errors errors = {0};
    struct gong_conf_errors other = {0};
    struct gong_rule_source *source = NULL;
    struct gong_rule_source *again = NULL;
    uint64_t count = 0;

    failing_memory_begin(FAILING_MEMORY_NEVER);
    source = load_asked(asked, &errors);
    count = failing_memory_end();
    failing_memory_begin(
        failing_memory_choose((const uint8_t *)input.data, input.len, count));
    again = load_asked(asked, &other);
    (void)failing_memory_end();
    if (again != NULL) {
        FUZZ_CHECK(source != NULL && other.count == 0);
        FUZZ_CHECK(
            gong_str_equal(gong_str_from(source->bundle, source->bundle_len),
                           gong_str_from(again->bundle, again->bundle_len)));
    } else {
        /* What is wrong with the rules may be what is not said now. */
        FUZZ_CHECK(source == NULL || tell_of_memory(&other));
    }
    gong_rule_source_free(source);
    gong_rule_source_free(again);
    gong_conf_errors_fini(&errors);
    gong_conf_errors_fini(&other);
}

static void
write_file(const char *folder, const char *name, struct gong_str text)
{
    char path[PATH_SIZE];
    FILE *out = NULL;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    out = fopen(path, "wb");
    FUZZ_CHECK(out != NULL);
    (void)fwrite(text.data, 1, text.len, out);
    FUZZ_CHECK(fclose(out) == 0);
}

/* The folder once more, as it may be written too, as the model of the rules. */
static void
load_with_model(const char *folder, const struct gong_strings *rules)
{
    char slashed[PATH_SIZE];
    char *paths[] = {slashed};
    struct gong_strings models = {paths, 1};
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = NULL;

    (void)snprintf(slashed, sizeof slashed, "%s/", folder);
    source = gong_rule_files_load_city(rules, &models, &errors);
    FUZZ_CHECK((source == NULL) == (errors.count > 0));
    gong_rule_source_free(source);
    gong_conf_errors_fini(&errors);
}

/* Files load as the bundle that is made of them does. */
static void
load_folder(struct gong_str text)
{
    char folder[] = "/tmp/gong-fuzz-XXXXXX";
    char one[PATH_SIZE];
    char two[PATH_SIZE];
    char control[] = "/tmp/a\033.cfg";
    char *paths[] = {folder, two};
    struct gong_strings list = {paths, 1};
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = NULL;

    FUZZ_CHECK(mkdtemp(folder) != NULL);
    source = gong_rule_files_load(&list, &errors); /* it is empty */
    FUZZ_CHECK(source == NULL && errors.count > 0);
    gong_conf_errors_fini(&errors);
    paths[0] = control;
    source = gong_rule_files_load(&list, &errors);
    FUZZ_CHECK(source == NULL && errors.count > 0);
    gong_conf_errors_fini(&errors);
    paths[0] = folder;
    (void)snprintf(one, sizeof one, "%s/b.cfg", folder);
    (void)snprintf(two, sizeof two, "%s/a.cfg", folder);
    write_file(folder, "b.cfg", text);
    source = gong_rule_files_load(&list, &errors);
    FUZZ_CHECK((source == NULL) == (errors.count > 0));
    if (source != NULL) {
        load(gong_str_from(source->bundle, source->bundle_len));
    }
    gong_rule_source_free(source);
    gong_conf_errors_fini(&errors);
    load_short_of_memory(&(struct asked){.files = &list}, text);
    /* The same twice: its ids are; and one that is not there. */
    list.count = 2;
    source = gong_rule_files_load(&list, &errors);
    FUZZ_CHECK(source == NULL);
    write_file(folder, "a.cfg", text);
    source = gong_rule_files_load(&list, &errors);
    gong_rule_source_free(source);
    gong_conf_errors_fini(&errors);
    load_with_model(folder, &list);
    FUZZ_CHECK(remove(one) == 0 && remove(two) == 0 && remove(folder) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str input = gong_str_from((const char *)data, size);
    char *bundle = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&bundle, &len);

    FUZZ_CHECK(out != NULL);
    (void)fprintf(out, "== f.cfg %zu\n", size);
    (void)fwrite(data, 1, size, out);
    FUZZ_CHECK(fclose(out) == 0);
    load(gong_str_from(bundle, len));
    load_short_of_memory(&(struct asked){gong_str_from(bundle, len), NULL},
                         input);
    free(bundle);
    load_any(input);
    load_short_of_memory(&(struct asked){input, NULL}, input);
    if (size > 0 && data[0] == '#') {
        load_folder(input);
    }
    return 0;
}
