#include "collector/child.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/spawn.h"

#define CHUNK 16384

/* How often a program that closed its output is looked at. */
#define LOOK_MS 10

/* [0] is ours to read, [1] the program's to write; -1 when closed. */
struct pipes {
    int out[2];
    int err[2];
};

static void
close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static void
close_pipes(struct pipes *pipes)
{
    close_fd(&pipes->out[0]);
    close_fd(&pipes->out[1]);
    close_fd(&pipes->err[0]);
    close_fd(&pipes->err[1]);
}

static int
spawn(char *const *argv, struct pipes *pipes, pid_t *pid)
{
    int error = gong_spawn_pipe(pipes->out);
    struct gong_spawn program = {.argv = argv, .in = -1};

    if (error == 0) {
        error = gong_spawn_pipe(pipes->err);
    }
    program.out = pipes->out[1];
    program.err = pipes->err[1];
    return error == 0 ? gong_spawn(&program, pid) : error;
}

static int64_t
left_ms(gong_mono_t deadline)
{
    int64_t ms = gong_mono_since(deadline, gong_mono_now()).ns / GONG_NS_PER_MS;

    return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : ms;
}

/* One read from *fd, which is closed at the end of its data. */
static ssize_t
read_some(int *fd, char chunk[CHUNK])
{
    ssize_t got = read(*fd, chunk, CHUNK);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        close_fd(fd);
    }
    return got;
}

static enum gong_err
read_out(struct pipes *pipes, struct gong_buffer *out, size_t out_max)
{
    char chunk[CHUNK];
    ssize_t got = read_some(&pipes->out[0], chunk);

    if (got <= 0) {
        return GONG_OK;
    }
    if ((size_t)got > out_max - out->len) {
        return GONG_ERR_TOO_LARGE;
    }
    return gong_buffer_append(out, chunk, (size_t)got);
}

/* Only the beginning is kept; the rest is read so that nobody waits. */
static void
read_complaint(struct pipes *pipes, struct gong_child_end *end)
{
    char chunk[CHUNK];
    size_t used = strlen(end->complaint);
    size_t room = sizeof end->complaint - 1 - used;
    ssize_t got = read_some(&pipes->err[0], chunk);
    size_t len = got > 0 ? (size_t)got : 0;

    if (len > room) {
        len = room;
    }
    memcpy(end->complaint + used, chunk, len);
    end->complaint[used + len] = '\0';
}

/* Until both are closed. */
static enum gong_err
read_both(struct pipes *pipes, gong_mono_t deadline, struct gong_buffer *out,
          size_t out_max, struct gong_child_end *end)
{
    enum gong_err err = GONG_OK;

    while (err == GONG_OK && (pipes->out[0] >= 0 || pipes->err[0] >= 0)) {
        struct pollfd fds[2] = {
            {.fd = pipes->out[0], .events = POLLIN},
            {.fd = pipes->err[0], .events = POLLIN},
        };
        int64_t left = left_ms(deadline);
        int ready = poll(fds, 2, (int)left);

        if (ready < 0 && errno != EINTR) {
            return gong_err_from_errno(errno);
        }
        if (left == 0) {
            return GONG_ERR_TIMEOUT;
        }
        if (ready > 0 && fds[0].revents != 0) {
            err = read_out(pipes, out, out_max);
        }
        if (ready > 0 && fds[1].revents != 0) {
            read_complaint(pipes, end);
        }
    }
    return err;
}

/* Waits without reaping, so that the group's number stays taken. */
static enum gong_err
wait_end(pid_t pid, gong_mono_t deadline)
{
    for (;;) {
        siginfo_t info = {0};

        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 &&
            errno != EINTR) {
            return gong_err_from_errno(errno);
        }
        if (info.si_pid == pid) {
            return GONG_OK;
        }
        if (left_ms(deadline) == 0) {
            return GONG_ERR_TIMEOUT;
        }
        gong_clock_sleep(gong_dur_ms(LOOK_MS));
    }
}

static void
reap(pid_t pid, struct gong_child_end *end)
{
    int status = 0;
    pid_t got;

    (void)kill(-pid, SIGKILL); /* whatever it left behind, too */
    do {
        got = waitpid(pid, &status, 0);
    } while (got < 0 && errno == EINTR);
    end->exit_code = got == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    end->signal = got == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

enum gong_err
gong_child_run(char *const *argv, gong_dur_t timeout, struct gong_buffer *out,
               size_t out_max, struct gong_child_end *end)
{
    gong_mono_t deadline = gong_mono_add(gong_mono_now(), timeout);
    struct pipes pipes = {{-1, -1}, {-1, -1}};
    enum gong_err err = GONG_OK;
    pid_t pid = -1;
    int error;

    *end = (struct gong_child_end){.exit_code = -1};
    out->len = 0;
    error = spawn(argv, &pipes, &pid);
    close_fd(&pipes.out[1]);
    close_fd(&pipes.err[1]);
    if (error != 0) {
        err = gong_err_from_errno(error);
    } else {
        err = read_both(&pipes, deadline, out, out_max, end);
        if (err == GONG_OK) {
            err = wait_end(pid, deadline);
        }
        reap(pid, end);
    }
    close_pipes(&pipes);
    return err;
}
