#include "agent/history/history_tidy.h"

#include <stdlib.h>

#include "agent/history/history_file_private.h"

struct history_tidying {
    int unused;
};

void
gong_history_tidying_free(struct history_tidying *tidying)
{
    free(tidying);
}
