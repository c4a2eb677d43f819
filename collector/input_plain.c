#include "collector/input_plain.h"

#include <stdlib.h>

enum gong_err
gong_input_plain_open(const void *config, const char *proc_root, void **state,
                      char *why, size_t why_size)
{
    struct gong_input_plain *plain = calloc(1, sizeof *plain);

    (void)why;
    (void)why_size;
    if (plain == NULL) {
        return GONG_ERR_MEMORY;
    }
    plain->config = config;
    plain->root = proc_root;
    *state = plain;
    return GONG_OK;
}

void
gong_input_plain_close(void *state)
{
    struct gong_input_plain *plain = state;

    if (plain != NULL) {
        gong_proc_file_fini(&plain->file);
        free(plain);
    }
}
