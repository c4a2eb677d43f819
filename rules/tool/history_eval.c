#include "rules/tool/history_eval.h"

#include <inttypes.h>
#include <stdlib.h>

#include "agent/history/history_query.h"
#include "rules/query/number_text.h"
#include "rules/tool/history_data.h"

enum gong_err
gong_history_eval(const char *data, const struct gong_query *query,
                  struct gong_answer *answer, struct gong_query_error *error,
                  FILE *err)
{
    /* Whoever asks here has the machine to himself. */
    static const struct gong_history_query_limits limits = {
        .timeout = {INT64_C(3600) * GONG_NS_PER_S},
        .series = 1000000,
        .samples = 500000000,
        .bytes = (size_t)2 << 30,
    };
    struct gong_history_remarks remarks = {0};
    char *file = gong_history_data_file(data);
    struct gong_history_question question = {
        .path = file,
        .query = *query,
        .limits = &limits,
    };
    enum gong_err result = GONG_ERR_MEMORY;

    *answer = (struct gong_answer){0};
    *error = (struct gong_query_error){"internal", "", {0}};
    if (file != NULL) {
        result = gong_history_query(&question, answer, &remarks, error);
    }
    if (remarks.damaged > 0) {
        (void)fprintf(err, "%s: %" PRIu64 " damaged chunk%s left out\n", data,
                      remarks.damaged, gong_plural(remarks.damaged));
    }
    free(file);
    return result;
}
