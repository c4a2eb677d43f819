#include "rules/tool/arguments.h"

#include <string.h>

#include "common/log.h"
#include "rules/query/instant.h"

#define QUOTE_SIZE  200
#define NAME_COLUMN 24

static int
width_of(const struct gong_argument *argument)
{
    return (int)strlen(argument->name) + 3 +
           (argument->word == NULL ? 0 : (int)strlen(argument->word));
}

void
gong_command_help(const struct gong_command *command,
                  const struct gong_argument *table, size_t count, FILE *out)
{
    (void)fprintf(out, "gong-rules %s %s\n\n  %s\n  %s\n\n", command->name,
                  command->synopsis, command->vietnamese, command->english);
    for (size_t i = 0; i < count; i++) {
        const struct gong_argument *a = &table[i];
        int left = NAME_COLUMN - width_of(a);

        (void)fprintf(out, "  --%s%s%s%*s%s\n  %*s%s\n", a->name,
                      a->word == NULL ? "" : " ",
                      a->word == NULL ? " " : a->word, left < 1 ? 1 : left, "",
                      a->vietnamese, NAME_COLUMN, "", a->english);
    }
    (void)fprintf(out, "  --help%*s%s\n  %*s%s\n", NAME_COLUMN - 6, "",
                  "in trang này", NAME_COLUMN, "", "print this");
    if (command->more != NULL) {
        (void)fprintf(out, "\n%s", command->more);
    }
}

static const struct gong_argument *
find(const struct gong_argument *table, size_t count, struct gong_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(name, table[i].name)) {
            return &table[i];
        }
    }
    return NULL;
}

static bool
add_text(struct gong_argument_texts *texts, char *value)
{
    if (texts->count == GONG_ARGUMENT_TEXTS_MAX) {
        return false;
    }
    texts->items[texts->count++] = value;
    return true;
}

static bool
set_value(const struct gong_argument *argument, char *value)
{
    struct gong_argument_time *time = argument->out;

    switch (argument->kind) {
    case GONG_ARGUMENT_TEXT:
        *(const char **)argument->out = value;
        return true;
    case GONG_ARGUMENT_TEXTS:
        return add_text(argument->out, value);
    case GONG_ARGUMENT_FLAG: /* has no value */
        return false;
    case GONG_ARGUMENT_TIME:
        *time = (struct gong_argument_time){.given = true, .text = value};
        return gong_instant_read(gong_str_of(value), &time->ms);
    case GONG_ARGUMENT_LENGTH:
        *time = (struct gong_argument_time){.given = true, .text = value};
        return gong_length_read(gong_str_of(value), &time->ms);
    }
    return false;
}

static const char *
expected_of(const struct gong_argument *argument)
{
    switch (argument->kind) {
    case GONG_ARGUMENT_TEXTS:
        return "at most 100 of them";
    case GONG_ARGUMENT_TIME:
        return "seconds since 1970, or 2026-01-31T08:00:00+07:00";
    case GONG_ARGUMENT_LENGTH:
        return "a length such as 90, 15s or 1h30m";
    case GONG_ARGUMENT_TEXT:
    case GONG_ARGUMENT_FLAG: /* neither is ever wrong */
        break;
    }
    return "another value";
}

static void
complain(const struct gong_call *call, const char *what, struct gong_str word,
         const char *expected)
{
    char quoted[QUOTE_SIZE];

    (void)fprintf(call->err, "gong-rules %s: found %s %s, expected %s\n",
                  call->command->name, what,
                  gong_log_quote(word, quoted, sizeof quoted), expected);
}

int
gong_call_refuse(const struct gong_call *call, const char *what,
                 const char *expected)
{
    (void)fprintf(call->err,
                  "gong-rules %s: found %s, expected %s; gong-rules %s --help "
                  "tells more\n",
                  call->command->name, what, expected, call->command->name);
    return GONG_TOOL_USAGE;
}

int
gong_call_refuse_value(const struct gong_call *call, const char *option,
                       const char *value, const char *expected)
{
    char what[100];

    (void)snprintf(what, sizeof what, "--%s", option);
    complain(call, what, gong_str_of(value), expected);
    return GONG_TOOL_USAGE;
}

int
gong_call_refuse_word(const struct gong_call *call, const char *word,
                      const char *expected)
{
    complain(call, "the word", gong_str_of(word), expected);
    return GONG_TOOL_USAGE;
}

int
gong_call_precision(const struct gong_call *call, const char *word, bool lines,
                    struct gong_precision *out)
{
    *out = (struct gong_precision){0};
    if (word == NULL) {
        return GONG_TOOL_OK;
    }
    if (!lines) {
        return gong_call_refuse_value(call, "precision", word,
                                      "none with data that is no line "
                                      "protocol: its stamps have one unit");
    }
    return gong_precision_find(word, out)
               ? GONG_TOOL_OK
               : gong_call_refuse_value(call, "precision", word,
                                        "ns, us, ms or s");
}

/* One word that begins with dashes; *i moves on where it takes the next. */
static bool
read_option(const struct gong_call *call, const struct gong_argument *argument,
            int *i)
{
    char **argv = call->argv;
    char *equals = strchr(argv[*i], '=');
    char *value = equals != NULL ? equals + 1 : NULL;

    if (argument->kind == GONG_ARGUMENT_FLAG) {
        if (value != NULL) {
            complain(call, "a value in", gong_str_of(argv[*i]), "none there");
            return false;
        }
        *(bool *)argument->out = true;
        return true;
    }
    if (value == NULL && *i + 1 < call->argc) {
        value = argv[++*i];
    }
    if (value == NULL) {
        (void)fprintf(call->err,
                      "gong-rules %s: found nothing after --%s, expected %s\n",
                      call->command->name, argument->name, argument->word);
        return false;
    }
    if (!set_value(argument, value)) {
        (void)gong_call_refuse_value(call, argument->name, value,
                                     expected_of(argument));
        return false;
    }
    return true;
}

/* Of two values neither may win without a word. */
static bool
is_first(const struct gong_call *call, const struct gong_argument *argument,
         uint64_t bit, uint64_t *seen)
{
    bool again = (*seen & bit) != 0;

    *seen |= bit;
    if (!again || argument->kind == GONG_ARGUMENT_TEXTS ||
        argument->kind == GONG_ARGUMENT_FLAG) {
        return true;
    }
    (void)fprintf(call->err,
                  "gong-rules %s: found --%s twice, expected it once\n",
                  call->command->name, argument->name);
    return false;
}

static struct gong_str
name_of(const char *word)
{
    return gong_str_from(word + 2, strcspn(word + 2, "="));
}

bool
gong_arguments_read(const struct gong_call *call,
                    const struct gong_argument *table, size_t count,
                    struct gong_words *words, int *status)
{
    char **argv = call->argv;
    bool ended = false;
    uint64_t seen = 0;

    *words = (struct gong_words){argv + 1, 0};
    *status = GONG_TOOL_USAGE;
    for (int i = 1; i < call->argc; i++) {
        const struct gong_argument *argument;

        if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
            words->items[words->count++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            ended = true;
            continue;
        }
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            gong_command_help(call->command, table, count, call->out);
            *status = GONG_TOOL_OK;
            return false;
        }
        argument =
            argv[i][1] == '-' ? find(table, count, name_of(argv[i])) : NULL;
        if (argument == NULL) {
            complain(call, "the unknown option", gong_str_of(argv[i]),
                     "one of those in --help");
            return false;
        }
        if (!is_first(call, argument, UINT64_C(1) << (argument - table),
                      &seen) ||
            !read_option(call, argument, &i)) {
            return false;
        }
    }
    *status = GONG_TOOL_OK;
    return true;
}

int
gong_tool_status(enum gong_err err)
{
    switch (err) {
    case GONG_OK:
        return GONG_TOOL_OK;
    case GONG_ERR_MEMORY:
        return GONG_TOOL_MEMORY;
    case GONG_ERR_IO:
    case GONG_ERR_NOT_FOUND:
        return GONG_TOOL_INPUT;
    case GONG_ERR_INVALID:
    case GONG_ERR_NO_SPACE:
    case GONG_ERR_READ_ONLY:
    case GONG_ERR_CORRUPT:
    case GONG_ERR_TOO_LARGE:
    case GONG_ERR_AGAIN:
    case GONG_ERR_CLOSED:
    case GONG_ERR_TIMEOUT:
    case GONG_ERR_UNSUPPORTED:
        break;
    }
    return GONG_TOOL_DATA;
}
