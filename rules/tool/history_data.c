#include "rules/tool/history_data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/history/history_schema.h"
#include "common/log.h"
#include "rules/query/instant.h"
#include "rules/query/number_text.h"
#include "rules/tool/input.h"

static const char mark[] = "history:";

const char *
gong_history_data_path(const char *data)
{
    size_t len = sizeof mark - 1;

    return strncmp(data, mark, len) == 0 ? data + len : NULL;
}

char *
gong_history_data_file(const char *data)
{
    const char *path = gong_history_data_path(data);
    bool folder = gong_input_is_folder(path);
    size_t size = strlen(path) + sizeof "/" GONG_HISTORY_FILE;
    char *file = malloc(size);

    if (file != NULL) {
        (void)snprintf(file, size, "%s%s", path,
                       folder ? "/" GONG_HISTORY_FILE : "");
    }
    return file;
}

int
gong_call_history_times(const struct gong_call *call, const char *data,
                        const struct gong_argument_time *from,
                        const struct gong_argument_time *to)
{
    if (gong_history_data_path(data) == NULL) {
        if (from->given || to->given) {
            return gong_call_refuse(call, from->given ? "--from" : "--to",
                                    "it beside --data history:PATH only");
        }
    } else if (from->given && to->given && to->ms < from->ms) {
        return gong_call_refuse_value(call, "to", to->text,
                                      "nothing before --from");
    }
    return GONG_TOOL_OK;
}

/* From when on there are raw samples, where it is not when they were wanted. */
static void
say_since(const struct gong_history_wanted *wanted,
          struct gong_history_scan *scan)
{
    char text[GONG_INSTANT_SIZE];
    int64_t from = 0;
    int64_t to = 0;

    if (!gong_history_scan_span(scan, &from, &to)) {
        (void)fprintf(wanted->err, "%s: there are no raw samples yet\n",
                      wanted->data);
    } else if (!wanted->has_from || wanted->from_ms < from) {
        (void)gong_instant_text(from, text);
        (void)fprintf(wanted->err, "%s: raw samples begin at %s\n",
                      wanted->data, text);
    }
}

static enum gong_err
refuse(const struct gong_history_wanted *wanted, enum gong_err err,
       const char *why)
{
    char quoted[500];

    (void)fprintf(wanted->err, "%s: cannot be read: %s\n", wanted->data,
                  why[0] == '\0' ? gong_err_text(err)
                                 : gong_log_quote(gong_str_of(why), quoted,
                                                  sizeof quoted));
    return err;
}

enum gong_err
gong_history_data_open(const struct gong_history_wanted *wanted,
                       struct gong_history_data *out)
{
    struct gong_history_scan_options options = {
        .choices = wanted->choices,
        .choice_count = wanted->choice_count,
        .from_ms = wanted->has_from ? wanted->from_ms : 0,
        .to_ms = wanted->has_to ? wanted->to_ms : GONG_HISTORY_MS_MAX,
    };
    char *file = gong_history_data_file(wanted->data);
    char why[300] = "";
    enum gong_err err = GONG_ERR_MEMORY;

    *out = (struct gong_history_data){0};
    if (file != NULL) {
        err = gong_history_reader_open(file, &out->reader, why, sizeof why);
    }
    free(file);
    if (err == GONG_OK) {
        options.reader = out->reader;
        err = gong_history_scan_new(&options, &out->scan);
    }
    if (err != GONG_OK) {
        gong_history_reader_close(out->reader);
        *out = (struct gong_history_data){0};
        return refuse(wanted, err, why);
    }
    say_since(wanted, out->scan);
    return GONG_OK;
}

void
gong_history_data_close(const struct gong_history_wanted *wanted,
                        struct gong_history_data *data)
{
    uint64_t damaged =
        data->reader == NULL ? 0 : gong_history_reader_damaged(data->reader);

    if (damaged > 0) {
        (void)fprintf(wanted->err, "%s: %" PRIu64 " damaged chunk%s left out\n",
                      wanted->data, damaged, gong_plural(damaged));
    }
    gong_history_scan_free(data->scan);
    gong_history_reader_close(data->reader);
    *data = (struct gong_history_data){0};
}
