/* rfc3339: an instant as 2026-11-22T07:05:09.123Z. */
#ifndef GONG_AGENT_TELL_RFC3339_H
#define GONG_AGENT_TELL_RFC3339_H

#include <stdint.h>

#define GONG_RFC3339_SIZE 40

/* Of ms since 1970, in UTC. */
void gong_rfc3339(int64_t ms, char out[GONG_RFC3339_SIZE]);

#endif
