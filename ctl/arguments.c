#include "ctl/arguments.h"

#include <string.h>

#include "common/log.h"

static const struct gong_ctl_option *
find(const struct gong_ctl_option *table, const char *name, size_t len)
{
    for (; table != NULL && table->name != NULL; table++) {
        if (strlen(table->name) == len &&
            strncmp(table->name, name, len) == 0) {
            return table;
        }
    }
    return NULL;
}

static bool
complain(FILE *err, const char *what, const char *word)
{
    char quoted[200];

    (void)fprintf(err, "gongctl: %s: %s\n", what,
                  gong_log_quote(gong_str_of(word), quoted, sizeof quoted));
    return false;
}

static bool
take_option(struct gong_ctl_arguments *out, const char *name, const char *value,
            FILE *err)
{
    if (out->option_count == GONG_CTL_OPTIONS_MAX) {
        return complain(err, "quá nhiều tùy chọn | too many options", name);
    }
    out->options[out->option_count].name = name;
    out->options[out->option_count++].value = value;
    return true;
}

bool
gong_ctl_arguments_read(int argc, char **argv,
                        const struct gong_ctl_option *common,
                        const struct gong_ctl_option *own,
                        struct gong_ctl_arguments *out, FILE *err)
{
    bool options = true;

    memset(out, 0, sizeof *out);
    for (int i = 0; i < argc; i++) {
        const struct gong_ctl_option *option;
        const char *name = argv[i] + 2, *equals;
        size_t len;

        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
            continue;
        }
        if (!options || strncmp(argv[i], "--", 2) != 0) {
            if (out->word_count == GONG_CTL_WORDS_MAX) {
                return complain(err, "quá nhiều từ | too many words", argv[i]);
            }
            out->words[out->word_count++] = argv[i];
            continue;
        }
        equals = strchr(name, '=');
        len = equals == NULL ? strlen(name) : (size_t)(equals - name);
        option = find(own, name, len);
        option = option != NULL ? option : find(common, name, len);
        if (option == NULL || (option->value == NULL && equals != NULL)) {
            return complain(err, "tùy chọn lạ | no such option", argv[i]);
        }
        if (option->value != NULL && equals == NULL && i + 1 == argc) {
            return complain(err, "thiếu giá trị | a value is missing", argv[i]);
        }
        if (!take_option(out, option->name,
                         option->value == NULL ? ""
                         : equals != NULL      ? equals + 1
                                               : argv[++i],
                         err)) {
            return false;
        }
    }
    return true;
}

const char *
gong_ctl_option(const struct gong_ctl_arguments *arguments, const char *name)
{
    const char *value = NULL;

    for (size_t i = 0; i < arguments->option_count; i++) {
        if (strcmp(arguments->options[i].name, name) == 0) {
            value = arguments->options[i].value;
        }
    }
    return value;
}

bool
gong_ctl_flag(const struct gong_ctl_arguments *arguments, const char *name)
{
    return gong_ctl_option(arguments, name) != NULL;
}
