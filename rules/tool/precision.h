/* precision: in which unit line protocol has its stamps, as InfluxDB names it:
 * ns, us, ms or s; and doubts where the unit is hardly meant so. */
#ifndef GONG_RULES_TOOL_PRECISION_H
#define GONG_RULES_TOOL_PRECISION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct gong_precision {
    bool given;     /* else ns, with doubts */
    unsigned zeros; /* that make nanoseconds of a stamp */
};

/* gong_precision_find: by its name; false: there is none of that name. */
bool gong_precision_find(const char *word, struct gong_precision *out);

/* gong_precision_word: "s"; gong_precision_whole: "seconds". */
const char *gong_precision_word(struct gong_precision precision);
const char *gong_precision_whole(struct gong_precision precision);

/* gong_precision_scale: a stamp to nanoseconds; false: past int64. */
bool gong_precision_scale(struct gong_precision precision, int64_t *stamp);

/* gong_precision_doubt: whether a stamp, taken for nanoseconds, lies before the
 * year 2001 and would lie in 2001 to 2100 in another unit; then says so on err,
 * with the option that helps. */
bool gong_precision_doubt(const char *name, uint64_t line, int64_t ns,
                          FILE *err);

#endif
