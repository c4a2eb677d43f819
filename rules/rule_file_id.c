#include "rules/rule_file_id.h"

#include <stdlib.h>
#include <string.h>

#include "rules/rule_file_text.h"

struct use {
    const char *id;
    size_t rule;
};

/* By id, then in the order of the files. */
static int
compare_uses(const void *a, const void *b)
{
    const struct use *first = a;
    const struct use *second = b;
    int order = strcmp(first->id, second->id);

    if (order != 0) {
        return order;
    }
    return first->rule < second->rule ? -1 : first->rule > second->rule ? 1 : 0;
}

void
gong_rule_refuse_equal_ids(struct gong_rule_reader *reader)
{
    const struct gong_rule *rules = reader->set->rules;
    size_t count = 0;
    struct use *uses;

    if (reader->set->count == 0) {
        return;
    }
    uses = calloc(reader->set->count, sizeof *uses);
    if (uses == NULL) {
        gong_rule_out_of_memory(reader);
        return;
    }
    for (size_t i = 0; i < reader->set->count; i++) {
        if (rules[i].id != NULL) {
            uses[count++] = (struct use){rules[i].id, i};
        }
    }
    qsort(uses, count, sizeof *uses, compare_uses);
    for (size_t i = 1; i < count; i++) {
        const struct gong_rule *first = &rules[uses[i - 1].rule];

        if (strcmp(uses[i - 1].id, uses[i].id) == 0) {
            gong_conf_error(reader->nodes[uses[i].rule], reader->errors,
                            "found a second rule with the id \"%s\", expected "
                            "each id once (also at %s:%d)",
                            first->id, first->file == NULL ? "" : first->file,
                            first->line);
            reader->failed = true;
        }
    }
    free(uses);
}
