#include "common/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <unistd.h>

static char path_text[] = "PATH=" GONG_SPAWN_PATH;
static char lang_text[] = "LANG=" GONG_SPAWN_LANG;
static char *const plain_environment[] = {path_text, lang_text, NULL};

int
gong_spawn_pipe(int fds[2])
{
    /* Between pipe and FD_CLOEXEC another thread may start a program: it
     * inherits nothing all the same, see set_files. */
    if (pipe(fds) != 0) {
        return errno;
    }
    if (fcntl(fds[0], F_SETFD, FD_CLOEXEC) == 0 &&
        fcntl(fds[1], F_SETFD, FD_CLOEXEC) == 0 &&
        fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0) {
        return 0;
    }
    (void)close(fds[0]);
    (void)close(fds[1]);
    fds[0] = -1;
    fds[1] = -1;
    return EMFILE;
}

static int
set_input(posix_spawn_file_actions_t *actions, int fd)
{
    return fd < 0 ? posix_spawn_file_actions_addopen(actions, STDIN_FILENO,
                                                     "/dev/null", O_RDONLY, 0)
                  : posix_spawn_file_actions_adddup2(actions, fd, STDIN_FILENO);
}

/* Standard input, output and error; every other file of ours is closed, also
 * those that libraries opened without FD_CLOEXEC. */
static int
set_files(posix_spawn_file_actions_t *actions, const struct gong_spawn *spawn)
{
    int error = set_input(actions, spawn->in);

    if (error == 0) {
        error = posix_spawn_file_actions_adddup2(actions, spawn->out,
                                                 STDOUT_FILENO);
    }
    if (error == 0) {
        error = posix_spawn_file_actions_adddup2(actions, spawn->err,
                                                 STDERR_FILENO);
    }
    if (error == 0) {
        error = posix_spawn_file_actions_addclosefrom_np(actions,
                                                         STDERR_FILENO + 1);
    }
    return error;
}

/* A process group of its own, and signals as a fresh program expects them. */
static int
set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t all;
    int error;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP |
                                                     POSIX_SPAWN_SETSIGMASK |
                                                     POSIX_SPAWN_SETSIGDEF);
    if (error == 0) {
        error = posix_spawnattr_setpgroup(attributes, 0);
    }
    if (error == 0) {
        error = posix_spawnattr_setsigmask(attributes, &none);
    }
    if (error == 0) {
        error = posix_spawnattr_setsigdefault(attributes, &all);
    }
    return error;
}

int
gong_spawn(const struct gong_spawn *spawn, pid_t *pid)
{
    char *const *environment =
        spawn->environment == NULL ? plain_environment : spawn->environment;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);

    if (error != 0) {
        return error;
    }
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = set_files(&actions, spawn);
        if (error == 0) {
            error = set_attributes(&attributes);
        }
        if (error == 0) {
            error = posix_spawn(pid, spawn->argv[0], &actions, &attributes,
                                spawn->argv, environment);
        }
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}
