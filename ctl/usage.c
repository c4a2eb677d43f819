#include "ctl/usage.h"

#include <string.h>

#include "common/conf.h"
#include "common/log.h"

#define NAMES_MAX 64

const struct gong_ctl_command *
gong_ctl_command_find(const char *name)
{
    for (size_t i = 0; i < gong_ctl_command_count; i++) {
        if (strcmp(gong_ctl_commands[i].name, name) == 0) {
            return &gong_ctl_commands[i];
        }
    }
    return NULL;
}

static void
print_options(const struct gong_ctl_option *options, FILE *out)
{
    for (; options != NULL && options->name != NULL; options++) {
        (void)fprintf(out, "      --%s%s%s\n          %s\n", options->name,
                      options->value == NULL ? "" : " ",
                      options->value == NULL ? "" : options->value,
                      options->help);
    }
}

void
gong_ctl_usage(const struct gong_ctl_command *only, FILE *out)
{
    if (only != NULL) {
        (void)fprintf(out, "gongctl %s %s\n  %s\n", only->name, only->words,
                      only->help);
        print_options(only->options, out);
        print_options(gong_ctl_common_options, out);
        return;
    }
    (void)fputs("gongctl: bàn trực cảnh báo | the alert desk\n\n"
                "gongctl LỆNH | COMMAND ...\n",
                out);
    for (size_t i = 0; i < gong_ctl_command_count; i++) {
        (void)fprintf(out, "  %-12s %s\n", gong_ctl_commands[i].name,
                      gong_ctl_commands[i].help);
    }
    (void)fputs("\n", out);
    print_options(gong_ctl_common_options, out);
}

static const char *
nearest_command(const char *name)
{
    const char *names[NAMES_MAX];
    size_t count = 0;

    for (; count < gong_ctl_command_count && count < NAMES_MAX; count++) {
        names[count] = gong_ctl_commands[count].name;
    }
    return gong_conf_nearest(name, names, count);
}

void
gong_ctl_usage_unknown(const char *name, FILE *err)
{
    const char *nearest = nearest_command(name);
    char quoted[200];

    if (name[0] == '\0') {
        (void)fputs("gongctl: thiếu lệnh | a command is missing\n", err);
    } else {
        (void)gong_log_quote(gong_str_of(name), quoted, sizeof quoted);
        (void)fprintf(err, "gongctl: lệnh lạ %s | unknown command %s\n", quoted,
                      quoted);
    }
    if (nearest != NULL) {
        (void)fprintf(err, "  gần nhất | did you mean: gongctl %s\n", nearest);
    }
    (void)fputs("  mọi lệnh | all commands: gongctl --help\n", err);
}

void
gong_ctl_usage_hint(const struct gong_ctl_command *command, FILE *err)
{
    (void)fprintf(err,
                  "  gongctl %s%s%s\n  trợ giúp | help: gongctl %s --help\n",
                  command->name, command->words[0] == '\0' ? "" : " ",
                  command->words, command->name);
}
