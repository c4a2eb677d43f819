#include "rules/rule_file_bundle.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rules/model/model.h"
#include "rules/rule_file.h"

#define FILES_MAX 1000

void
gong_rule_files_fini(struct gong_rule_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->items[i].name);
        free(files->items[i].bytes);
    }
    free(files->items);
    *files = (struct gong_rule_files){0};
}

/* Takes name and bytes, also on failure. */
static bool
add_file(struct gong_rule_files *files, char *name, char *bytes, size_t len,
         struct gong_conf_errors *errors)
{
    struct gong_rule_bytes *items = NULL;

    if (name != NULL && bytes != NULL) {
        items = realloc(files->items, (files->count + 1) * sizeof *items);
    }
    if (items == NULL) {
        gong_conf_errors_no_memory(errors, "rules");
        free(name);
        free(bytes);
        return false;
    }
    files->items = items;
    items[files->count++] =
        (struct gong_rule_bytes){.name = name, .bytes = bytes, .len = len};
    return true;
}

static bool
has_control(struct gong_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool
load_file(struct gong_rule_files *files, const char *path,
          struct gong_conf_errors *errors)
{
    size_t len = 0;
    char *bytes;

    if (has_control(gong_str_of(path))) {
        gong_conf_errors_add(errors,
                             "%s: found a control character in the name, "
                             "expected a plain one",
                             path);
        return false;
    }
    if (files->count == FILES_MAX) {
        gong_conf_errors_add(errors,
                             "%s: found more than %d rule files, expected "
                             "fewer",
                             path, FILES_MAX);
        return false;
    }
    bytes = gong_conf_load_bytes(path, &len, errors);
    return bytes != NULL && add_file(files, strdup(path), bytes, len, errors);
}

/* What cannot be read as a configuration is no model: its reader says why. */
static bool
is_model(const struct gong_rule_bytes *file)
{
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf = gong_conf_open_text(
        file->name, gong_str_from(file->bytes, file->len), &errors);
    bool model = conf != NULL && gong_model_says(conf);

    gong_conf_close(conf);
    gong_conf_errors_fini(&errors);
    return model;
}

/* Takes the newest file away again if it is not of the kind that is asked for.
 */
static void
pass_over(struct gong_rule_files *files, bool model)
{
    struct gong_rule_bytes *last = &files->items[files->count - 1];

    if (is_model(last) != model) {
        free(last->name);
        free(last->bytes);
        files->count--;
    }
}

/* Visible names that end in .cfg. */
static int
is_rule_file(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 4 &&
           strcmp(entry->d_name + len - 4, ".cfg") == 0;
}

/* "folder/leaf" on the heap; NULL without memory. */
static char *
join_path(const char *folder, const char *leaf)
{
    size_t folder_len = strlen(folder);
    size_t size;
    char *path;

    while (folder_len > 1 && folder[folder_len - 1] == '/') {
        folder_len--;
    }
    size = folder_len + strlen(leaf) + 2;
    path = malloc(size);
    if (path != NULL) {
        (void)snprintf(path, size, "%.*s/%s", (int)folder_len, folder, leaf);
    }
    return path;
}

static bool
load_leaf(struct gong_rule_files *files, const char *folder, const char *leaf,
          bool model, struct gong_conf_errors *errors)
{
    char *path = join_path(folder, leaf);
    bool ok;

    if (path == NULL) {
        gong_conf_errors_no_memory(errors, folder);
        return false;
    }
    ok = load_file(files, path, errors);
    free(path);
    if (ok) {
        pass_over(files, model);
    }
    return ok;
}

static void
report_unreadable(const char *path, struct gong_conf_errors *errors)
{
    int error_number = errno;
    char reason[128] = "";

    if (strerror_r(error_number, reason, sizeof reason) != 0) {
        (void)snprintf(reason, sizeof reason, "error %d", error_number);
    }
    gong_conf_errors_add(errors, "%s: cannot be read: %s", path, reason);
}

static bool
load_folder(struct gong_rule_files *files, const char *folder, bool model,
            struct gong_conf_errors *errors)
{
    struct dirent **entries = NULL;
    size_t before = files->count;
    int count = scandir(folder, &entries, is_rule_file, NULL);
    bool ok = count > 0;

    if (count < 0) {
        report_unreadable(folder, errors);
        return false;
    }
    for (int i = 0; i < count; i++) {
        ok = load_leaf(files, folder, entries[i]->d_name, model, errors) && ok;
        free(entries[i]);
    }
    free(entries);
    if (count == 0 || (ok && files->count == before)) {
        gong_conf_errors_add(errors,
                             "%s: found no *.cfg in the folder, expected at "
                             "least one %s file",
                             folder, model ? "model" : "rule");
        return false;
    }
    return ok;
}

static int
compare_names(const void *a, const void *b)
{
    const struct gong_rule_bytes *first = a;
    const struct gong_rule_bytes *second = b;

    return strcmp(first->name, second->name);
}

/* Sorted; the same name twice is an error. */
static bool
check_twice(const struct gong_rule_files *files,
            struct gong_conf_errors *errors)
{
    bool ok = true;

    for (size_t i = 1; i < files->count; i++) {
        if (strcmp(files->items[i - 1].name, files->items[i].name) == 0) {
            gong_conf_errors_add(errors,
                                 "%s: found the file twice, expected it once",
                                 files->items[i].name);
            ok = false;
        }
    }
    return ok;
}

static bool
load_paths(struct gong_rule_files *files, const struct gong_strings *paths,
           bool model, struct gong_conf_errors *errors)
{
    size_t before = files->count;
    bool ok = true;

    for (size_t i = 0; i < paths->count; i++) {
        const char *path = paths->items[i];
        struct stat status;

        /* What cannot be asked is left to the reader's message. */
        if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
            ok = load_folder(files, path, model, errors) && ok;
        } else {
            ok = load_file(files, path, errors) && ok;
        }
    }
    for (size_t i = before; i < files->count; i++) {
        files->items[i].model = model;
    }
    return ok;
}

bool
gong_rule_files_collect(const struct gong_strings *paths,
                        const struct gong_strings *models,
                        struct gong_rule_files *files,
                        struct gong_conf_errors *errors)
{
    bool ok = load_paths(files, paths, false, errors);

    if (models != NULL) {
        ok = load_paths(files, models, true, errors) && ok;
    }
    if (files->count > 1) {
        qsort(files->items, files->count, sizeof *files->items, compare_names);
    }
    return check_twice(files, errors) && ok;
}

bool
gong_rule_files_add(struct gong_rule_files *files, const char *name,
                    struct gong_str text, struct gong_conf_errors *errors)
{
    if (!add_file(files, gong_str_copy(gong_str_of(name)), gong_str_copy(text),
                  text.len, errors)) {
        return false;
    }
    qsort(files->items, files->count, sizeof *files->items, compare_names);
    return check_twice(files, errors);
}

void
gong_rule_files_remove(struct gong_rule_files *files, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->items[i].name, name) == 0) {
            free(files->items[i].name);
            free(files->items[i].bytes);
        } else {
            files->items[kept++] = files->items[i];
        }
    }
    files->count = kept;
}

/* One "== name length\n" line. */
struct header {
    struct gong_str name;
    size_t len;  /* of the file */
    size_t size; /* of the line */
};

static bool
parse_length(struct gong_str text, size_t *out)
{
    size_t value = 0;

    if (text.len == 0) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        size_t digit = (size_t)((unsigned char)text.data[i] - '0');

        if (digit > 9 || __builtin_mul_overflow(value, (size_t)10, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
    }
    *out = value;
    return true;
}

static bool
parse_header(struct gong_str text, struct header *out)
{
    const char *end = text.len == 0 ? NULL : memchr(text.data, '\n', text.len);
    struct gong_str line;
    size_t space;

    if (end == NULL) {
        return false;
    }
    line = gong_str_from(text.data, (size_t)(end - text.data));
    if (line.len < 6 || memcmp(line.data, "== ", 3) != 0) {
        return false;
    }
    for (space = line.len - 1; space > 3 && line.data[space] != ' '; space--) {
    }
    out->name = gong_str_from(line.data + 3, space - 3);
    out->size = line.len + 1;
    return space > 3 && !has_control(out->name) &&
           parse_length(
               gong_str_from(line.data + space + 1, line.len - space - 1),
               &out->len) &&
           out->len <= text.len - out->size;
}

static bool
is_in_order(const struct gong_rule_files *files)
{
    return files->count < 2 || strcmp(files->items[files->count - 2].name,
                                      files->items[files->count - 1].name) < 0;
}

bool
gong_rule_bundle_read(struct gong_str bundle, struct gong_rule_files *files,
                      struct gong_conf_errors *errors)
{
    size_t at = 0;

    while (at < bundle.len) {
        struct gong_str rest = gong_str_from(bundle.data + at, bundle.len - at);
        struct header header;

        if (files->count == FILES_MAX || !parse_header(rest, &header)) {
            gong_conf_errors_add(errors,
                                 "bundle: found other bytes at offset %zu, "
                                 "expected == name length",
                                 at);
            return false;
        }
        if (!add_file(files, gong_str_copy(header.name),
                      gong_str_copy(
                          gong_str_from(rest.data + header.size, header.len)),
                      header.len, errors)) {
            return false;
        }
        if (!is_in_order(files)) {
            gong_conf_errors_add(errors,
                                 "bundle: found %s at offset %zu, expected "
                                 "names in ascending order",
                                 files->items[files->count - 1].name, at);
            return false;
        }
        at += header.size + header.len;
    }
    return true;
}

char *
gong_rule_bundle_write(const struct gong_rule_files *files, size_t *len)
{
    char *bundle = NULL;
    FILE *out = open_memstream(&bundle, len);
    bool ok = true;

    if (out == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < files->count; i++) {
        const struct gong_rule_bytes *file = &files->items[i];

        ok = fprintf(out, "== %s %zu\n", file->name, file->len) > 0 && ok;
        ok = fwrite(file->bytes, 1, file->len, out) == file->len && ok;
    }
    if (fclose(out) != 0 || !ok) {
        free(bundle);
        return NULL;
    }
    return bundle;
}
