/* state_dir: the agent's folder, and where what lies in it. */
#ifndef GONG_AGENT_STATE_DIR_H
#define GONG_AGENT_STATE_DIR_H

#include <stddef.h>

#include "common/err.h"

#define GONG_STATE_PATH_SIZE 4096

/* Transparent plain values. */
struct gong_state_dir {
    char journal[GONG_STATE_PATH_SIZE]; /* folder */
    char effects[GONG_STATE_PATH_SIZE]; /* folder */
    char set_aside[GONG_STATE_PATH_SIZE];
    char receive[GONG_STATE_PATH_SIZE]; /* agent/receive/receive_file.h */
};

/* gong_state_dir_name: TOO_LARGE where a path is. Pure. */
enum gong_err gong_state_dir_name(const char *dir,
                                  struct gong_state_dir *out) GONG_MUST_CHECK;
/* gong_state_dir_make: the folder itself, if it is missing. */
enum gong_err gong_state_dir_make(const char *dir, char *why,
                                  size_t why_size) GONG_MUST_CHECK;

#endif
