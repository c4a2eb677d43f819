/* points: where inputs put what they measured: line protocol, one stamp. */
#ifndef GONG_COLLECTOR_POINTS_H
#define GONG_COLLECTOR_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/lp_encode.h"

#define GONG_POINTS_TAGS_MAX   32
#define GONG_POINTS_FIELDS_MAX 128

/* How the collector writes points, wherever they come from: the spool keeps
 * what was said; what a store cannot hold is decided where it is written. */
extern const struct gong_lp_dialect gong_points_dialect;

/* Transparent so that an input can keep one on its stack frame's owner; use
 * the functions. Start: gong_points_init. */
struct gong_points {
    struct gong_buffer lines;
    uint64_t count; /* points in lines */
    struct gong_lp_losses losses;
    enum gong_err err; /* the first failure; later calls do nothing */
    int64_t time_ns;   /* stamp of points begun without one */
    /* The point under construction; names and values are borrowed until
     * gong_points_end. */
    struct gong_lp_line line;
    struct gong_lp_tag tags[GONG_POINTS_TAGS_MAX];
    struct gong_lp_field fields[GONG_POINTS_FIELDS_MAX];
};

void gong_points_init(struct gong_points *points, int64_t time_ns);
void gong_points_fini(struct gong_points *points);
/* Forgets the lines, keeps the memory; new stamp. */
void gong_points_reset(struct gong_points *points, int64_t time_ns);

/* begin, then tags and fields, then end. Strings are borrowed until end; past
 * the limits a tag or field sets err TOO_LARGE. An empty tag is skipped. */
void gong_points_begin(struct gong_points *points, const char *measurement);
void gong_points_tag(struct gong_points *points, const char *key,
                     const char *value);
void gong_points_float(struct gong_points *points, const char *key,
                       double value);
void gong_points_int(struct gong_points *points, const char *key,
                     int64_t value);
/* Counters beyond INT64_MAX become floats, as every store can read them. */
void gong_points_uint(struct gong_points *points, const char *key,
                      uint64_t value);
void gong_points_bool(struct gong_points *points, const char *key, bool value);
void gong_points_string(struct gong_points *points, const char *key,
                        const char *value);
/* Sets the point's own stamp instead of the gathering's. */
void gong_points_time(struct gong_points *points, int64_t time_ns);
void gong_points_end(struct gong_points *points);

/* gong_points_line: a whole point, borrowed for the call, with its own stamp;
 * instead of begin ... end. */
void gong_points_line(struct gong_points *points,
                      const struct gong_lp_line *line);

#endif
