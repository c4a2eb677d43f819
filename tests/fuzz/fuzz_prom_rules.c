/*
 * Whatever the bytes: reading ends; a file that is refused says why; one that
 * is read converts or says why not, and every place that is named is one.
 */
#include "rules/prom_rules.h"
#include "tests/fuzz/fuzz.h"

static void
convert(const struct gong_prom_file *file, const struct gong_prom_group *group,
        const struct gong_prom_rule *rule)
{
    struct gong_prom_origin origin = {file, group, 60000, 1, true};
    struct gong_conf_errors errors = {0};
    struct gong_rule out;

    if (gong_prom_rule_convert(&origin, rule, &out, &errors)) {
        FUZZ_CHECK(out.expr != NULL && out.id != NULL && errors.count == 0);
    } else {
        FUZZ_CHECK(errors.count > 0);
    }
    gong_rule_fini(&out);
    gong_conf_errors_fini(&errors);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_conf_errors errors = {0};
    struct gong_prom_file *file = gong_prom_file_read(
        "f.yml", gong_str_from((const char *)data, size), &errors);

    FUZZ_CHECK((file == NULL) == (errors.count > 0));
    for (size_t g = 0; file != NULL && g < file->group_count; g++) {
        for (size_t i = 0; i < file->groups[g].rule_count; i++) {
            convert(file, &file->groups[g], &file->groups[g].rules[i]);
        }
    }
    gong_prom_file_free(file);
    gong_conf_errors_fini(&errors);
    return 0;
}
