#include <string.h>

#include "ctl/commands.h"

/* Written from the tables, so that it never lags behind them. */

static void
put_options(FILE *out, const struct gong_ctl_option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        (void)fprintf(out, " --%s", options->name);
    }
}

static void
put_choices(FILE *out, const struct gong_ctl_option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (options->choices != NULL) {
            (void)fprintf(out,
                          "        --%s) COMPREPLY=($(compgen -W '%s' -- "
                          "\"$word\")); return;;\n",
                          options->name, options->choices);
        } else if (options->value != NULL &&
                   strcmp(options->value, "FILE") == 0) {
            (void)fprintf(out,
                          "        --%s) COMPREPLY=($(compgen -f -- "
                          "\"$word\")); return;;\n",
                          options->name);
        }
    }
}

int
gong_ctl_completion(struct gong_ctl *ctl)
{
    const char *shell = gong_ctl_arg(ctl, 0);
    FILE *out = ctl->out;

    if (shell == NULL || strcmp(shell, "bash") != 0) {
        return gong_ctl_wrong(ctl, "completion bash");
    }
    (void)fputs("# source <(gongctl completion bash)\n_gongctl()\n{\n"
                "    local word=${COMP_WORDS[COMP_CWORD]}\n"
                "    local before=${COMP_WORDS[COMP_CWORD-1]}\n"
                "    COMPREPLY=()\n    case $before in\n",
                out);
    put_choices(out, gong_ctl_common_options);
    for (size_t i = 0; i < gong_ctl_command_count; i++) {
        put_choices(out, gong_ctl_commands[i].options);
    }
    (void)fputs("    esac\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                "        COMPREPLY=($(compgen -W '",
                out);
    for (size_t i = 0; i < gong_ctl_command_count; i++) {
        (void)fprintf(out, "%s ", gong_ctl_commands[i].name);
    }
    (void)fputs("help' -- \"$word\"))\n        return\n    fi\n"
                "    case ${COMP_WORDS[1]} in\n",
                out);
    for (size_t i = 0; i < gong_ctl_command_count; i++) {
        (void)fprintf(out, "        %s) COMPREPLY=($(compgen -W '",
                      gong_ctl_commands[i].name);
        put_options(out, gong_ctl_commands[i].options);
        put_options(out, gong_ctl_common_options);
        (void)fputs("' -- \"$word\"));;\n", out);
    }
    (void)fputs("    esac\n}\ncomplete -F _gongctl gongctl\n", out);
    return GONG_CTL_OK;
}
