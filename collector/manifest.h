/*
 * manifest: every accepted point, as the store will have it (site and device
 * among the tags), one line each, so that somebody outside can compare. For
 * tests and demonstrations: it grows without bound.
 */
#ifndef GONG_COLLECTOR_MANIFEST_H
#define GONG_COLLECTOR_MANIFEST_H

#include <stddef.h>

#include "common/err.h"
#include "common/str.h"

struct gong_manifest;

/* gong_manifest_open: appends to the file; names are borrowed. */
enum gong_err gong_manifest_open(const char *path, struct gong_str site,
                                 struct gong_str device,
                                 struct gong_manifest **out, char *why,
                                 size_t why_size) GONG_MUST_CHECK;
/* gong_manifest_add: lines are line protocol with stamps. One thread at a
 * time. */
enum gong_err gong_manifest_add(struct gong_manifest *manifest,
                                struct gong_str lines) GONG_MUST_CHECK;
void gong_manifest_close(struct gong_manifest *manifest);

#endif
