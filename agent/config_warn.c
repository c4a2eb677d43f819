/* What a good configuration should say otherwise before that is refused. */
#include "agent/config.h"

#include <stdlib.h>
#include <string.h>

/* A channel has no field for the receiver: routes name it. */
static bool
dump_as_channel(const struct gong_agent_notifier *notifier, FILE *out)
{
    struct gong_option_table table = notifier->table;
    struct gong_option *options =
        calloc(table.option_count + 1, sizeof *options);
    size_t count = 0;

    if (options == NULL) {
        return false;
    }
    for (size_t i = 0; i < table.option_count; i++) {
        if (strcmp(table.options[i].name, "receiver") != 0) {
            options[count++] = table.options[i];
        }
    }
    table.options = options;
    table.option_count = count;
    gong_conf_dump(&table, notifier->filled, 1, out);
    free(options);
    return true;
}

static void
say_channels(const struct gong_agent_config *config, FILE *out)
{
    size_t count = 0;

    (void)fputs("channels = (", out);
    for (size_t i = 0; i < config->notifier_count; i++) {
        const struct gong_agent_notifier *notifier = &config->notifiers[i];

        if (notifier->kind == &gong_notify_null) {
            continue;
        }
        (void)fputs(count++ == 0 ? "{\n" : ", {\n", out);
        if (!dump_as_channel(notifier, out)) {
            (void)fputs("    # no memory\n", out);
        }
        (void)fputs("}", out);
    }
    (void)fputs(");\n", out);
}

size_t
gong_agent_config_warn(const struct gong_agent_config *config, const char *path,
                       FILE *out)
{
    if (!config->notifies) {
        return 0;
    }
    (void)fprintf(out,
                  "%s: warning: `notify` is deprecated; the desk tells "
                  "everything at once to all `channels`, or as its routes have "
                  "it (docs/CHANNELS.md); write instead%s:\n",
                  path,
                  config->channels.count > 0
                      ? ", with the channels that are there already"
                      : "");
    say_channels(config, out);
    return 1;
}
