/*
 * wipe: secrets are not left behind in memory that is given back; no compiler
 * takes this for a write that nobody reads.
 */
#ifndef GONG_COMMON_WIPE_H
#define GONG_COMMON_WIPE_H

#include <stddef.h>

void gong_wipe(void *bytes, size_t size);

#endif
