#include "rules/rule_file.h"

#include <stdbool.h>
#include <stdlib.h>

#include "rules/rule_file_bundle.h"
#include "rules/rule_file_read.h"

/* Reads every file into set; all stay open until ids are compared. */
static bool
read_files(const struct gong_rule_files *files, struct gong_ruleset *set,
           struct gong_conf_errors *errors)
{
    struct gong_rule_reader reader = {.set = set, .errors = errors};
    struct gong_conf **confs = calloc(files->count == 0 ? 1 : files->count,
                                      sizeof(struct gong_conf *));
    bool ok;

    if (confs == NULL) {
        gong_conf_errors_no_memory(errors, "rules");
        return false;
    }
    for (size_t i = 0; i < files->count; i++) {
        const struct gong_rule_bytes *file = &files->items[i];

        confs[i] = gong_conf_open_text(
            file->name, gong_str_from(file->bytes, file->len), errors);
        if (confs[i] == NULL) {
            reader.failed = true;
        } else {
            gong_rule_read_conf(&reader, confs[i]);
        }
    }
    ok = gong_rule_read_finish(&reader);
    for (size_t i = 0; i < files->count; i++) {
        gong_conf_close(confs[i]);
    }
    free(confs);
    return ok;
}

static struct gong_rule_source *
make_source(const struct gong_rule_files *files,
            struct gong_conf_errors *errors)
{
    struct gong_rule_source *source = calloc(1, sizeof *source);

    if (source != NULL) {
        source->set = calloc(1, sizeof *source->set);
        source->bundle = gong_rule_bundle_write(files, &source->bundle_len);
    }
    if (source == NULL || source->set == NULL || source->bundle == NULL) {
        gong_conf_errors_no_memory(errors, "rules");
        gong_rule_source_free(source);
        return NULL;
    }
    if (!read_files(files, source->set, errors)) {
        gong_rule_source_free(source);
        return NULL;
    }
    return source;
}

struct gong_rule_source *
gong_rule_files_load(const struct gong_strings *paths,
                     struct gong_conf_errors *errors)
{
    struct gong_rule_files files = {0};
    struct gong_rule_source *source = NULL;
    bool complete = gong_rule_files_collect(paths, &files, errors);

    /* What could be read is checked even if a file is missing: all problems
     * at once. */
    source = make_source(&files, errors);
    gong_rule_files_fini(&files);
    if (!complete) {
        gong_rule_source_free(source);
        return NULL;
    }
    return source;
}

struct gong_rule_source *
gong_rule_bundle_load(struct gong_str bundle, struct gong_conf_errors *errors)
{
    struct gong_rule_files files = {0};
    struct gong_rule_source *source = NULL;

    if (gong_rule_bundle_read(bundle, &files, errors)) {
        source = make_source(&files, errors);
    }
    gong_rule_files_fini(&files);
    return source;
}

void
gong_rule_source_free(struct gong_rule_source *source)
{
    if (source == NULL) {
        return;
    }
    gong_ruleset_free(source->set);
    free(source->bundle);
    free(source);
}
