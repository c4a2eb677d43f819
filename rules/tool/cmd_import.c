#include "rules/tool/commands.h"

#include "common/conf.h"
#include "rules/tool/import_cfg.h"

int
gong_cmd_import(const struct gong_call *call)
{
    const char *group = NULL;
    const struct gong_argument table[] = {
        {"group", GONG_ARGUMENT_TEXT, &group, "NAME",
         "chỉ nhóm này; không có: mọi nhóm cùng chu kỳ thành một",
         "this group only; without it all of one interval become one"},
    };
    struct gong_conf_errors errors = {0};
    struct gong_prom_file *file;
    struct gong_words words;
    int status;

    if (!gong_arguments_read(call, table, sizeof table / sizeof table[0],
                             &words, &status)) {
        return status;
    }
    if (words.count != 1) {
        return words.count == 0
                   ? gong_call_refuse(call, "no file",
                                      "one file of Prometheus' rules")
                   : gong_call_refuse_word(call, words.items[1],
                                           "one file only");
    }
    file = gong_prom_file_load(words.items[0], &errors);
    status = file != NULL &&
                     gong_import_cfg(file, group, call->out, call->err, &errors)
                 ? GONG_TOOL_OK
                 : GONG_TOOL_NO;
    gong_conf_errors_print(&errors, call->err);
    gong_conf_errors_fini(&errors);
    gong_prom_file_free(file);
    return status;
}
