#include "collector/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/points.h"
#include "common/batch.h"
#include "common/lp_decode.h"
#include "common/lp_encode.h"

struct gong_manifest {
    FILE *file;
    struct gong_lp_reader *reader;
    struct gong_buffer lines;
    struct gong_batch batch; /* only its names */
};

enum gong_err
gong_manifest_open(const char *path, struct gong_str site,
                   struct gong_str device, struct gong_manifest **out,
                   char *why, size_t why_size)
{
    struct gong_manifest *manifest = calloc(1, sizeof *manifest);

    *out = NULL;
    if (manifest == NULL) {
        (void)snprintf(why, why_size, "%s", gong_err_text(GONG_ERR_MEMORY));
        return GONG_ERR_MEMORY;
    }
    manifest->batch.site = site;
    manifest->batch.device = device;
    manifest->reader = gong_lp_reader_new(false);
    manifest->file = fopen(path, "ae");
    if (manifest->file == NULL || manifest->reader == NULL) {
        (void)snprintf(why, why_size, "cannot open manifest %s: %s", path,
                       strerror(errno));
        gong_manifest_close(manifest);
        return GONG_ERR_IO;
    }
    *out = manifest;
    return GONG_OK;
}

static enum gong_err
add_point(struct gong_manifest *manifest, const struct gong_lp_point *point)
{
    struct gong_lp_tag tags[GONG_LP_TAGS_MAX + 2];
    struct gong_lp_losses losses = {0};
    struct gong_lp_line line = {
        .measurement = point->measurement,
        .tags = tags,
        .fields = point->fields,
        .field_count = point->field_count,
        .time_ns = point->time,
    };

    line.tag_count = gong_batch_labels(&manifest->batch, point, tags);
    return gong_lp_encode(&manifest->lines, &line, &gong_points_dialect,
                          &losses);
}

enum gong_err
gong_manifest_add(struct gong_manifest *manifest, struct gong_str lines)
{
    const struct gong_lp_point *point = NULL;
    const struct gong_lp_error *error = NULL;
    enum gong_lp_result result;
    enum gong_err err = GONG_OK;
    size_t written;

    manifest->lines.len = 0;
    gong_lp_reader_start(manifest->reader, lines);
    do {
        result = gong_lp_reader_next(manifest->reader, &point, &error);
        if (result == GONG_LP_POINT) {
            err = add_point(manifest, point);
        }
    } while (result != GONG_LP_END && err == GONG_OK);
    written =
        fwrite(manifest->lines.data, 1, manifest->lines.len, manifest->file);
    if (written != manifest->lines.len || fflush(manifest->file) != 0) {
        return gong_err_from_errno(errno);
    }
    return err;
}

void
gong_manifest_close(struct gong_manifest *manifest)
{
    if (manifest == NULL) {
        return;
    }
    if (manifest->file != NULL) {
        (void)fclose(manifest->file);
    }
    gong_lp_reader_free(manifest->reader);
    gong_buffer_fini(&manifest->lines);
    free(manifest);
}
