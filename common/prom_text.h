/*
 * prom_text: reads Prometheus' text exposition format, sample by sample.
 *
 *   # TYPE http_requests_total counter            (comments are skipped)
 *   http_requests_total{method="post",code="200"} 1027 1395066363000
 *   '--------v--------' '-----------v----------'  '-v' '-----v-----'
 *          name               labels            value  stamp in ms
 *
 * In files of samples (see struct gong_prom_text) stamps may be seconds, as
 * OpenMetrics has them, and the value may be `stale`: a staleness marker, which
 * is the NaN whose bits are 0x7ff0000000000002.
 *
 * In label values \\ \" and \n are escapes; any other backslash stays. Values
 * are Go's floats: also +Inf, -Inf and NaN. Bytes are hostile: a line that
 * fits nothing is refused with a reason, and reading goes on behind it. Pure,
 * no allocation; views point into the text or the reader's scratch space.
 */
#ifndef GONG_COMMON_PROM_TEXT_H
#define GONG_COMMON_PROM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

/* With instance, job, site and device still within what one line protocol
 * line may have. */
#define GONG_PROM_LABELS_MAX 60
#define GONG_PROM_LINE_MAX   16384 /* bytes; a longer line is refused */

/* Transparent plain values. */
struct gong_prom_label {
    struct gong_str name;
    struct gong_str value; /* unescaped; may be empty, and hold any byte */
};

struct gong_prom_sample {
    struct gong_str name;
    struct gong_prom_label labels[GONG_PROM_LABELS_MAX]; /* names differ */
    size_t label_count;
    double value; /* may be NaN or infinite */
    bool has_time;
    int64_t time_ms;
};

enum gong_prom_result {
    GONG_PROM_SAMPLE,
    GONG_PROM_REFUSED, /* reason and line are set */
    GONG_PROM_END,
};

/* Transparent so that it can be part of its owner; about 20 KiB. */
struct gong_prom_text {
    /* Set by the owner, for good: */
    bool seconds;     /* stamps are seconds, with up to 3 decimals that count */
    bool stale_words; /* `stale` is a value */

    struct gong_str text;
    size_t at;
    size_t line;        /* 1-based, of the last result */
    const char *reason; /* static: "name", "label", "value", ... */
    struct gong_prom_sample sample;
    char scratch[GONG_PROM_LINE_MAX];
    size_t scratch_used;
};

/* gong_prom_text_start: text is borrowed until the next start. */
void gong_prom_text_start(struct gong_prom_text *reader, struct gong_str text);
/* gong_prom_text_next: reader->sample is valid until the next call. */
enum gong_prom_result gong_prom_text_next(struct gong_prom_text *reader);

#endif
