/* link_key: the file that holds the key of signed links
 * (agent/tell/link_sign.h). */
#ifndef GONG_AGENT_TELL_LINK_KEY_H
#define GONG_AGENT_TELL_LINK_KEY_H

#include <stddef.h>

#include "agent/tell/link_sign.h"

/* gong_link_key_load: reads the key, 32 bytes; where there is no file, makes
 * one of mode 0600 from the system's randomness, whole or not at all. INVALID
 * with why: not a key, or readable by others. */
enum gong_err gong_link_key_load(const char *path,
                                 uint8_t out[GONG_LINK_KEY_SIZE], char *why,
                                 size_t why_size) GONG_MUST_CHECK;

#endif
