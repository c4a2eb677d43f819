#include "ctl/arguments.h"

#include <string.h>

#include "common/conf.h"
#include "common/log.h"

#define NAMES_MAX 64

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

static bool
take_word(struct gong_ctl_arguments *out, const char *word, FILE *err)
{
    if (out->word_count == GONG_CTL_WORDS_MAX) {
        return complain(err, "quá nhiều từ | too many words", word);
    }
    out->words[out->word_count++] = word;
    return true;
}

bool
gong_ctl_arguments_fit(const struct gong_ctl_arguments *arguments, size_t most,
                       FILE *err)
{
    return arguments->word_count <= most ||
           complain(err,
                    "thừa từ (có dấu cách thì đặt trong ngoặc kép) | one word "
                    "too many (quote a text with spaces)",
                    arguments->words[most]);
}

static size_t
add_names(const struct gong_ctl_option *table, const char **names, size_t count)
{
    for (; table != NULL && table->name != NULL && count < NAMES_MAX; table++) {
        names[count++] = table->name;
    }
    return count;
}

/* "-h" is "--help". */
static const struct gong_ctl_option *
find_either(const struct gong_ctl_option *common,
            const struct gong_ctl_option *own, const char *word)
{
    const char *name = strcmp(word, "-h") == 0 ? "help" : word + 2;
    const struct gong_ctl_option *option;
    size_t len = strcspn(name, "=");

    if (name == word + 2 && word[1] != '-') {
        return NULL;
    }
    option = find(own, name, len);
    return option != NULL ? option : find(common, name, len);
}

/* word: as it was typed, with its dashes; false. */
static bool
refuse_unknown(const struct gong_ctl_option *common,
               const struct gong_ctl_option *own, const char *word, FILE *err)
{
    const char *names[NAMES_MAX];
    size_t count = add_names(common, names, add_names(own, names, 0));
    char typed[64];
    const char *nearest;

    if (find_either(common, own, word) != NULL) {
        return false; /* that was said */
    }
    (void)snprintf(typed, sizeof typed, "%.*s", (int)strcspn(word, "="), word);
    nearest = gong_conf_nearest(typed + strspn(typed, "-"), names, count);
    (void)complain(err, "tùy chọn lạ | unknown option", word);
    if (nearest != NULL) {
        (void)fprintf(err, "  gần nhất | did you mean: --%s\n", nearest);
    }
    return false;
}

/* "--name=value", or "--name" with the next word; *taken: whether that was. */
static bool
read_option(const struct gong_ctl_option *option, const char *word,
            const char *next, struct gong_ctl_arguments *out, bool *taken,
            FILE *err)
{
    const char *equals = strchr(word, '=');

    *taken = false;
    if (option == NULL) {
        return false;
    }
    if (option->value == NULL && equals != NULL) {
        return complain(err, "tùy chọn không có giá trị | it takes no value",
                        word);
    }
    if (option->value == NULL) {
        return take_option(out, option->name, "", err);
    }
    if (equals != NULL) {
        return take_option(out, option->name, equals + 1, err);
    }
    if (next == NULL || strncmp(next, "--", 2) == 0) {
        return complain(err, "thiếu giá trị | a value is missing", word);
    }
    *taken = true;
    return take_option(out, option->name, next, err);
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
        const char *word = argv[i];
        bool taken;

        if (options && strcmp(word, "--") == 0) {
            options = false;
            continue;
        }
        if (!options || word[0] != '-' || word[1] == '\0') {
            if (!take_word(out, word, err)) {
                return false;
            }
            continue;
        }
        if (!read_option(find_either(common, own, word), word,
                         i + 1 < argc ? argv[i + 1] : NULL, out, &taken, err)) {
            return refuse_unknown(common, own, word, err);
        }
        i += taken;
    }
    return true;
}

int
gong_ctl_arguments_lead(int argc, char **argv,
                        const struct gong_ctl_option *common,
                        const struct gong_ctl_option *own)
{
    int count = 0;

    while (count < argc && argv[count][0] == '-' && argv[count][1] != '\0') {
        const struct gong_ctl_option *option =
            find_either(common, own, argv[count]);
        bool apart = option != NULL && option->value != NULL &&
                     strchr(argv[count], '=') == NULL;

        if (option == NULL || (apart && count + 1 == argc)) {
            break;
        }
        count += apart ? 2 : 1;
    }
    return count;
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
