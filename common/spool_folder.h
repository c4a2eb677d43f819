/* spool_folder: the segment numbers that a log's folder holds. */
#ifndef GONG_COMMON_SPOOL_FOLDER_H
#define GONG_COMMON_SPOOL_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* What a segment file of another log gets behind its name. */
#define GONG_SPOOL_FOREIGN_SUFFIX ".foreign"

/* Transparent: a list. */
struct gong_spool_folder {
    int dir_fd;        /* borrowed */
    uint64_t *numbers; /* ascending */
    size_t count;
    size_t cap;
};

/* gong_spool_folder_list: fills folder; fini it even on failure. Left-over
 * temporary files of the log are removed. */
enum gong_err gong_spool_folder_list(struct gong_spool_folder *folder,
                                     int dir_fd) GONG_MUST_CHECK;
void gong_spool_folder_fini(struct gong_spool_folder *folder);

/* gong_spool_folder_set_apart: renames the file of numbers[index] so that it is
 * no segment any more, and takes it off the list. */
void gong_spool_folder_set_apart(struct gong_spool_folder *folder,
                                 size_t index);

#endif
