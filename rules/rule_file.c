#include "rules/rule_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rules/rule_file_bundle.h"
#include "rules/rule_file_city.h"
#include "rules/rule_file_read.h"

/* The files of a source, open: rules are read one by one, the model at once. */
struct open_files {
    struct gong_conf **rules;
    size_t rule_count;
    struct gong_conf **models;
    size_t model_count;
};

static bool
is_routes(const struct gong_rule_bytes *file)
{
    return strcmp(file->name, GONG_RULE_ROUTES) == 0;
}

static bool
open_file(struct open_files *open, const struct gong_rule_bytes *file,
          struct gong_conf_errors *errors)
{
    struct gong_conf *conf = gong_conf_open_text(
        file->name, gong_str_from(file->bytes, file->len), errors);

    if (conf == NULL) {
        return false;
    }
    if (gong_model_says(conf)) {
        open->models[open->model_count++] = conf;
        return true;
    }
    open->rules[open->rule_count++] = conf;
    if (file->model) {
        gong_conf_errors_add(errors,
                             "%s: found no model, expected a file with model = "
                             "\"name\";",
                             file->name);
        open->rule_count--;
        gong_conf_close(conf);
        return false;
    }
    return true;
}

/* Reads every file into the source; all stay open until ids are compared. */
static bool
read_open(const struct open_files *open, struct gong_rule_source *source,
          struct gong_conf_errors *errors)
{
    struct gong_rule_reader reader = {.set = source->set, .errors = errors};

    for (size_t i = 0; i < open->rule_count; i++) {
        gong_rule_read_conf(&reader, open->rules[i]);
    }
    source->model =
        gong_model_read((const struct gong_conf *const *)open->models,
                        open->model_count, errors);
    if (!gong_rule_read_finish(&reader) || source->model == NULL) {
        return false;
    }
    if (!gong_rule_city_make(source->model, &source->set->city)) {
        gong_conf_errors_no_memory(errors, "model");
        return false;
    }
    return true;
}

static bool
read_files(const struct gong_rule_files *files, struct gong_rule_source *source,
           struct gong_conf_errors *errors)
{
    struct open_files open = {
        .rules = calloc(files->count + 1, sizeof(struct gong_conf *)),
        .models = calloc(files->count + 1, sizeof(struct gong_conf *)),
    };
    bool ok = open.rules != NULL && open.models != NULL;

    if (!ok) {
        gong_conf_errors_no_memory(errors, "rules");
    } else {
        for (size_t i = 0; i < files->count; i++) {
            ok = (is_routes(&files->items[i]) ||
                  open_file(&open, &files->items[i], errors)) &&
                 ok;
        }
        ok = read_open(&open, source, errors) && ok;
    }
    for (size_t i = 0; i < open.rule_count; i++) {
        gong_conf_close(open.rules[i]);
    }
    for (size_t i = 0; i < open.model_count; i++) {
        gong_conf_close(open.models[i]);
    }
    free(open.rules);
    free(open.models);
    return ok;
}

static bool
keep_routes(const struct gong_rule_files *files,
            struct gong_rule_source *source)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct gong_rule_bytes *file = &files->items[i];

        if (is_routes(file)) {
            source->routes =
                gong_str_copy(gong_str_from(file->bytes, file->len));
            source->routes_len = file->len;
            return source->routes != NULL;
        }
    }
    return true;
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
    if (source == NULL || source->set == NULL || source->bundle == NULL ||
        !keep_routes(files, source)) {
        gong_conf_errors_no_memory(errors, "rules");
        gong_rule_source_free(source);
        return NULL;
    }
    if (!read_files(files, source, errors)) {
        gong_rule_source_free(source);
        return NULL;
    }
    return source;
}

static bool
add_texts(struct gong_rule_files *files, const struct gong_rule_extra *texts,
          size_t count, struct gong_conf_errors *errors)
{
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        if (texts[i].text.data != NULL) {
            ok = gong_rule_files_add(files, texts[i].name, texts[i].text,
                                     errors) &&
                 ok;
        }
    }
    return ok;
}

struct gong_rule_source *
gong_rule_files_load_city(const struct gong_strings *paths,
                          const struct gong_strings *models,
                          struct gong_conf_errors *errors)
{
    return gong_rule_files_load_with(paths, models, NULL, 0, errors);
}

struct gong_rule_source *
gong_rule_files_load_with(const struct gong_strings *paths,
                          const struct gong_strings *models,
                          const struct gong_rule_extra *texts, size_t count,
                          struct gong_conf_errors *errors)
{
    struct gong_rule_files files = {0};
    struct gong_rule_source *source = NULL;
    bool complete = gong_rule_files_collect(paths, models, &files, errors);

    complete = add_texts(&files, texts, count, errors) && complete;

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
gong_rule_files_load(const struct gong_strings *paths,
                     struct gong_conf_errors *errors)
{
    return gong_rule_files_load_city(paths, NULL, errors);
}

struct gong_rule_source *
gong_rule_bundle_load(struct gong_str bundle, struct gong_conf_errors *errors)
{
    return gong_rule_bundle_load_with(bundle, NULL, 0, errors);
}

struct gong_rule_source *
gong_rule_bundle_load_with(struct gong_str bundle,
                           const struct gong_rule_extra *texts, size_t count,
                           struct gong_conf_errors *errors)
{
    struct gong_rule_files files = {0};
    struct gong_rule_source *source = NULL;
    bool ok = gong_rule_bundle_read(bundle, &files, errors);

    for (size_t i = 0; i < count; i++) {
        gong_rule_files_remove(&files, texts[i].name);
    }
    if (ok && add_texts(&files, texts, count, errors)) {
        source = make_source(&files, errors);
    }
    gong_rule_files_fini(&files);
    return source;
}

bool
gong_rule_bundle_has(struct gong_str bundle, const char *name)
{
    struct gong_rule_files files = {0};
    struct gong_conf_errors errors = {0};
    bool has = false;

    if (gong_rule_bundle_read(bundle, &files, &errors)) {
        for (size_t i = 0; i < files.count && !has; i++) {
            has = strcmp(files.items[i].name, name) == 0;
        }
    }
    gong_conf_errors_fini(&errors);
    gong_rule_files_fini(&files);
    return has;
}

void
gong_rule_source_free(struct gong_rule_source *source)
{
    if (source == NULL) {
        return;
    }
    gong_ruleset_free(source->set);
    gong_model_free(source->model);
    free(source->bundle);
    free(source->routes);
    free(source);
}
