#include "common/wipe.h"

#include <string.h>

void
gong_wipe(void *bytes, size_t size)
{
    explicit_bzero(bytes, size);
}
