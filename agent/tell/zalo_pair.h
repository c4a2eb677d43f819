/*
 * zalo_pair: the file in which an account's two tokens lie (zalo_token.h), as
 * it is read, and what a process left beside it that was killed on the way.
 */
#ifndef GONG_AGENT_TELL_ZALO_PAIR_H
#define GONG_AGENT_TELL_ZALO_PAIR_H

#include <stdbool.h>
#include <sys/stat.h>

#include <jansson.h>

#include "agent/tell/zalo_token.h"

/* gong_zalo_pair_load: what the file says; NULL where it cannot be read. */
json_t *gong_zalo_pair_load(const char *path, struct stat *about);

/* gong_zalo_pair_member: a token of it; false: there is none. */
bool gong_zalo_pair_member(const json_t *object, const char *key,
                           char out[GONG_ZALO_ACCESS_MAX]);

/* gong_zalo_pair_adopt: puts a pair that lies beside in its place, since its
 * refresh token is the one that is good; but half a pair is none, and a file
 * that is newer knows better. The caller holds the lock, so that nobody is at
 * it. */
void gong_zalo_pair_adopt(const char *path, const char *folder);

#endif
