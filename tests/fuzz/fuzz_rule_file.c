/*
 * Any bytes as a rule file, and as a bundle of them: loading never crashes, it
 * gives rules or messages but not both, and the bundle of what was loaded loads
 * again to the same bytes.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "rules/rule_file.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bundle = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&bundle, &len);

    FUZZ_CHECK(out != NULL);
    (void)fprintf(out, "== f.cfg %zu\n", size);
    (void)fwrite(data, 1, size, out);
    FUZZ_CHECK(fclose(out) == 0);
    load(gong_str_from(bundle, len));
    free(bundle);
    load_any(gong_str_from((const char *)data, size));
    return 0;
}
