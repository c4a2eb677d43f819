/*
 * spawn: starts a program in a process group of its own, with the files it is
 * given as standard input, output and error, none of our others, signals as a
 * fresh program expects them, and no environment but the one given.
 */
#ifndef GONG_COMMON_SPAWN_H
#define GONG_COMMON_SPAWN_H

#include <sys/types.h>

#include "common/err.h"

/* Everything is borrowed during the call. */
struct gong_spawn {
    char *const *argv;        /* NULL-terminated; argv[0] an absolute path */
    char *const *environment; /* likewise; NULL: PATH and LANG */
    int in;                   /* -1: /dev/null */
    int out;
    int err;
};

/* PATH and LANG of a program without an environment of its own. */
#define GONG_SPAWN_PATH                                                        \
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define GONG_SPAWN_LANG "C.UTF-8"

/* gong_spawn: 0, and its process and group in *pid; else an errno. Any thread.
 */
int gong_spawn(const struct gong_spawn *spawn, pid_t *pid) GONG_MUST_CHECK;

/* gong_spawn_pipe: [0] to read, without blocking; [1] to write. 0 or an
 * errno. */
int gong_spawn_pipe(int fds[2]) GONG_MUST_CHECK;

#endif
