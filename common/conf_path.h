/* conf_path: files and programs that a configuration names. Private to the
 * conf modules. */
#ifndef GONG_COMMON_CONF_PATH_H
#define GONG_COMMON_CONF_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"

/* gong_conf_type_text, _texts: whether the place of such a value is a char *, a
 * struct gong_strings. */
bool gong_conf_type_text(enum gong_option_type type);
bool gong_conf_type_texts(enum gong_option_type type);
/* gong_conf_type_path: whether (each of) its texts is a path. */
bool gong_conf_type_path(enum gong_option_type type);

/* gong_conf_path_join: text as it is meant in file: relative to the folder that
 * file lies in; absolute, so that it means the same in a --dump and after a
 * change of folder. "" stays "". Heap; NULL without memory. */
char *gong_conf_path_join(const char *file, const char *text);

/* gong_conf_path_fits: whether what the type expects is there, for us; false
 * with what was found and what is expected. The path "" is not given. */
bool gong_conf_path_fits(enum gong_option_type type, const char *path,
                         char *why, size_t why_size);

#endif
