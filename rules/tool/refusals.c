#include "rules/tool/refusals.h"

#include <inttypes.h>

#include "common/log.h"
#include "rules/query/number_text.h"

#define QUOTE_SIZE 120

void
gong_refusals_add(struct gong_refusals *refusals, uint64_t line,
                  const char *reason, struct gong_str text)
{
    char quoted[QUOTE_SIZE];

    refusals->count++;
    if (refusals->count <= GONG_REFUSALS_NAMED) {
        (void)fprintf(refusals->err, "%s:%" PRIu64 ": refused: %s: %s\n",
                      refusals->name, line, reason,
                      gong_log_quote(text, quoted, sizeof quoted));
    }
}

void
gong_refusals_end(const struct gong_refusals *refusals)
{
    if (refusals->count == 0) {
        return;
    }
    (void)fprintf(refusals->err, "%s: %" PRIu64 " line%s refused",
                  refusals->name, refusals->count,
                  gong_plural(refusals->count));
    if (refusals->count > GONG_REFUSALS_NAMED) {
        (void)fprintf(refusals->err, ", %" PRIu64 " more than are named",
                      refusals->count - GONG_REFUSALS_NAMED);
    }
    (void)fputc('\n', refusals->err);
}
