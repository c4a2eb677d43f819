/*
 * A program for each message: an SMS modem, a siren. No shell, and nothing of a
 * message among its arguments: argv comes from the configuration alone. What it
 * is given: exec_given.h. Exit code 0: sent; 75 (EX_TEMPFAIL) or killed: again
 * later; any other: refused.
 */
#include "agent/tell/channel.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/tell/channel_easy.h"
#include "agent/tell/exec_given.h"
#include "agent/tell/sms_text.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/spawn.h"

#define TEMPFAIL     75
#define OUTPUT_MAX   4096 /* kept; the rest is read and forgotten */
#define READS_MAX    64   /* of a program that has ended: a pipe's room */
#define OUTPUT_SHOWN 128
#define TICK_MS      100 /* between two looks where the kernel cannot tell */
#define KILLED_MS    100 /* what is killed is waited for so long at most */
#define LATE_MAX     64

struct config {
    struct gong_strings command;
    gong_dur_t timeout;
    int input; /* enum input */
    int64_t parts;
    char *templates;
    struct gong_strings languages;
};

enum input {
    INPUT_TEXT,
    INPUT_JSON,
};

static const char *const input_names[] = {"text", "json", NULL};

#define AT(member) offsetof(struct config, member)

static const struct gong_option options[] = {
    {"command", GONG_OPTION_COMMAND, AT(command), NULL, 0, 0, NULL, "",
     "Program, an absolute path, and its arguments. No shell reads them, and "
     "nothing of a message stands there. Exit code 75: try again later."},
    {"input", GONG_OPTION_CHOICE, AT(input), "text", 0, 0, input_names, "",
     "What is on its standard input: the text message, or the whole message "
     "as JSON."},
    {"parts", GONG_OPTION_INT, AT(parts), "5", GONG_SMS_PARTS_MIN,
     GONG_SMS_PARTS_MAX, NULL, "",
     "In how many parts the text message may be sent: 153 characters each, 67 "
     "with letters such as Vietnamese ones."},
    {"timeout", GONG_OPTION_DURATION, AT(timeout), "30s", 100, 120000, NULL, "",
     "When the program and what it started are killed."},
    {"templates", GONG_OPTION_FOLDER, AT(templates), "", 0, 0, NULL, "",
     "Folder of vi.tmpl and en.tmpl; empty: those built in."},
    {"languages", GONG_OPTION_STRINGS, AT(languages), "vi,en", 0, 0, NULL, "",
     "vi, en: the first is that of the text message."},
};

static const struct gong_option_table table = {
    .name = "channels.exec",
    .help = "Runs a program for each message: an SMS modem, a siren.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

struct exec {
    char **argv; /* the configuration's strings */
    int64_t timeout_ms;
    struct gong_message_texts *texts;
    struct gong_exec_wanted wanted;
    pid_t late[LATE_MAX]; /* killed, and not gone yet */
    size_t late_count;
};

/* A program that runs. */
struct program {
    int output;  /* -1: closed */
    int process; /* readable at its end, or at each tick: */
    bool ticks;
    char *secret; /* of its link: what it prints of it is never told */
};

/* The configuration's strings with a NULL behind them. */
static bool
set_command(struct exec *exec, const struct gong_strings *command)
{
    exec->argv = calloc(command->count + 1, sizeof exec->argv[0]);
    if (exec->argv == NULL) {
        return false;
    }
    memcpy(exec->argv, command->items, command->count * sizeof exec->argv[0]);
    return true;
}

static enum gong_err
exec_start(struct exec *exec, const struct config *config, char *why,
           size_t why_size)
{
    if (!set_command(exec, &config->command)) {
        return GONG_ERR_MEMORY;
    }
    exec->texts = gong_message_files_load(config->templates, &config->languages,
                                          why, why_size);
    if (exec->texts == NULL) {
        return GONG_ERR_INVALID;
    }
    exec->timeout_ms = config->timeout.ns / GONG_NS_PER_MS;
    exec->wanted = (struct gong_exec_wanted){
        .texts = exec->texts,
        .language = gong_message_files_language(&config->languages),
        .parts = (size_t)config->parts,
        .json = config->input == INPUT_JSON,
    };
    return GONG_OK;
}

static void
free_exec(struct exec *exec)
{
    gong_message_texts_free(exec->texts);
    free(exec->argv);
    free(exec);
}

static enum gong_err
exec_open(const void *config, void **state, char *why, size_t why_size)
{
    const struct config *mine = config;
    struct exec *exec;
    enum gong_err err;

    if (mine->command.count == 0 || mine->command.items[0][0] != '/') {
        (void)snprintf(why, why_size,
                       "command must begin with an absolute "
                       "path");
        return GONG_ERR_INVALID;
    }
    if (access(mine->command.items[0], X_OK) != 0) {
        (void)snprintf(why, why_size, "%s: %s", mine->command.items[0],
                       strerror(errno));
        return GONG_ERR_INVALID;
    }
    exec = calloc(1, sizeof *exec);
    err =
        exec == NULL ? GONG_ERR_MEMORY : exec_start(exec, mine, why, why_size);
    if (err == GONG_OK) {
        *state = exec;
    } else if (exec != NULL) {
        free_exec(exec);
    }
    return err;
}

/* --- one run --- */

static bool
watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void
close_fd(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

static int
run(char *const *argv, const struct gong_exec_given *given, int output,
    pid_t *pid)
{
    struct gong_spawn spawn = {.argv = argv,
                               .environment = given->environment,
                               .in = given->input,
                               .out = output,
                               .err = output};

    return given->input < 0 ? ENOMEM : gong_spawn(&spawn, pid);
}

static void
free_program(struct program *program, struct gong_channel_try *attempt)
{
    close_fd(program->output);
    close_fd(program->process);
    close_fd(attempt->wait_fd);
    attempt->wait_fd = -1;
    attempt->process = 0;
    attempt->own = NULL;
    free(program->secret);
    free(program);
}

/* All that a run needs, so that nothing is started only to be killed. A clock
 * stands where the process will. out: what the program writes to; -1: it cannot
 * be made, errno says why. */
static int
prepare(struct program *program, struct gong_channel_try *attempt)
{
    int fds[2] = {-1, -1};
    int error = gong_spawn_pipe(fds);

    program->output = fds[0];
    program->process =
        timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    attempt->wait_fd = epoll_create1(EPOLL_CLOEXEC);
    attempt->own = program;
    if (error == 0 && attempt->wait_fd >= 0 &&
        watch(attempt->wait_fd, program->process) &&
        watch(attempt->wait_fd, program->output)) {
        return fds[1];
    }
    error = error != 0 ? error : errno;
    close_fd(fds[1]);
    errno = error;
    return -1;
}

/* Where its end cannot be watched it is looked for at each tick. */
static void
watch_process(struct program *program, const struct gong_channel_try *attempt)
{
    static const struct itimerspec ticks = {
        .it_interval.tv_nsec = TICK_MS * GONG_NS_PER_MS,
        .it_value.tv_nsec = TICK_MS * GONG_NS_PER_MS};
    int process = (int)syscall(SYS_pidfd_open, (pid_t)attempt->process, 0U);

    if (watch(attempt->wait_fd, process)) {
        close_fd(program->process);
        program->process = process;
        return;
    }
    close_fd(process);
    program->ticks = true;
    (void)timerfd_settime(program->process, 0, &ticks, NULL);
}

/* Whether it is gone; its status then, or SIGKILL where nobody knows. */
static bool
reap(pid_t pid, int *status)
{
    pid_t got = waitpid(pid, status, WNOHANG);

    if (got == pid) {
        return true;
    }
    *status = SIGKILL;
    return got < 0 && errno == ECHILD;
}

static void
reap_late(struct exec *exec)
{
    int status;

    for (size_t i = exec->late_count; i-- > 0;) {
        if (reap(exec->late[i], &status)) {
            exec->late[i] = exec->late[--exec->late_count];
        }
    }
}

/* What hangs in the kernel, or is not ours to kill, holds up nobody. */
static void
note_late(struct exec *exec, pid_t pid)
{
    gong_log(GONG_LOG_WARNING, "exec_not_gone",
             "program=%s pid=%ld effect=\"it was killed and has not ended "
             "yet\"",
             exec->argv[0], (long)pid);
    if (exec->late_count < LATE_MAX) {
        exec->late[exec->late_count++] = pid;
    }
}

static void
end_program(struct exec *exec, struct gong_channel_try *attempt, int *status)
{
    struct program *program = attempt->own;
    pid_t pid = (pid_t)attempt->process;
    struct pollfd end = {.fd = program->process, .events = POLLIN};

    /* Whatever it left behind, too. */
    if (kill(-pid, SIGKILL) != 0 && errno != ESRCH) {
        gong_log(GONG_LOG_WARNING, "exec_not_killed",
                 "program=%s pid=%ld error=\"%s\"", exec->argv[0], (long)pid,
                 strerror(errno));
    }
    if (!reap(pid, status)) {
        (void)poll(&end, 1, KILLED_MS);
        if (!reap(pid, status)) {
            note_late(exec, pid);
        }
    }
    free_program(program, attempt);
}

static enum gong_err
start(char *const *argv, struct gong_exec_given *given,
      struct gong_channel_try *attempt)
{
    struct program *program = calloc(1, sizeof *program);
    pid_t pid = 0;
    int output;
    int error;

    if (program == NULL) {
        return GONG_ERR_MEMORY;
    }
    program->secret = given->secret;
    given->secret = NULL;
    output = prepare(program, attempt);
    error = output < 0 ? errno : run(argv, given, output, &pid);
    close_fd(output);
    if (error != 0) {
        free_program(program, attempt);
        attempt->outcome = GONG_CHANNEL_RETRY;
        (void)snprintf(attempt->why, sizeof attempt->why, "%s: %s", argv[0],
                       strerror(error));
        return GONG_OK;
    }
    attempt->process = pid;
    watch_process(program, attempt);
    return GONG_OK;
}

/* What programs could take for an option, or for two lines, is no address. */
static bool
address_valid(const char *address)
{
    return address[0] == '\0' ||
           (address[0] != '-' && gong_channel_line_valid(address));
}

static enum gong_err
exec_begin(void *state, const struct gong_channel_send *send,
           struct gong_channel_try *attempt)
{
    struct exec *exec = state;
    struct gong_exec_given given;
    enum gong_err err;

    reap_late(exec);
    attempt->timeout_ms = exec->timeout_ms;
    if (!address_valid(send->address)) {
        attempt->outcome = GONG_CHANNEL_REFUSE;
        (void)snprintf(attempt->why, sizeof attempt->why,
                       "no address for a program");
        return GONG_OK;
    }
    err = gong_exec_given_make(&given, &exec->wanted, send);
    if (err == GONG_OK) {
        err = start(exec->argv, &given, attempt);
    }
    gong_exec_given_fini(&given);
    return err;
}

/* What read says. */
static ssize_t
read_output(int fd, struct gong_channel_try *attempt)
{
    char chunk[1024];
    ssize_t got = read(fd, chunk, sizeof chunk);
    size_t room = OUTPUT_MAX - attempt->answer_length;
    size_t take = got > 0 ? (size_t)got : 0;

    if (take > 0 && attempt->answer == NULL) {
        attempt->answer = malloc(OUTPUT_MAX + 1);
    }
    if (take > 0 && attempt->answer != NULL) {
        take = take < room ? take : room;
        memcpy(attempt->answer + attempt->answer_length, chunk, take);
        attempt->answer_length += take;
        attempt->answer[attempt->answer_length] = '\0';
    }
    return got;
}

/* What a program that has ended wrote waits in the pipe, all of it; some child
 * of its own may go on writing, nobody waits for that. */
static void
read_rest(int fd, struct gong_channel_try *attempt)
{
    for (int reads = 0; reads < READS_MAX; reads++) {
        if (read_output(fd, attempt) <= 0) {
            return;
        }
    }
}

static void
take_output(struct program *program, bool ended,
            struct gong_channel_try *attempt)
{
    ssize_t got;

    if (program->output < 0) {
        return;
    }
    if (ended) {
        read_rest(program->output, attempt);
        return;
    }
    got = read_output(program->output, attempt);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        close_fd(program->output);
        program->output = -1;
    }
}

static bool
has_ended(pid_t pid)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid;
}

static bool
exec_ready(void *state, struct gong_channel_try *attempt)
{
    struct program *program = attempt->own;
    bool ended = has_ended((pid_t)attempt->process);
    uint64_t ticks;

    (void)state;
    while (program->ticks &&
           read(program->process, &ticks, sizeof ticks) == sizeof ticks) {
        /* until no tick is left */
    }
    take_output(program, ended, attempt);
    return ended;
}

static enum gong_channel_outcome
exec_judge(void *state, struct gong_channel_try *attempt, CURLcode code,
           long status)
{
    size_t shown = attempt->answer_length < OUTPUT_SHOWN
                       ? attempt->answer_length
                       : OUTPUT_SHOWN;
    struct program *program = attempt->own;
    char *secret = program->secret;
    int ended = 0;

    (void)status;
    program->secret = NULL;
    end_program(state, attempt, &ended);
    gong_channel_hide(attempt, secret);
    free(secret);
    if (code != CURLE_OK || !WIFEXITED(ended)) {
        (void)snprintf(attempt->why, sizeof attempt->why,
                       code == CURLE_OK ? "killed by signal %d"
                                        : "killed after its time",
                       WTERMSIG(ended));
        return GONG_CHANNEL_RETRY;
    }
    (void)snprintf(attempt->why, sizeof attempt->why, "exit code %d: %.*s",
                   WEXITSTATUS(ended), (int)shown,
                   shown == 0 ? "" : attempt->answer);
    if (WEXITSTATUS(ended) == 0) {
        return GONG_CHANNEL_SENT;
    }
    return WEXITSTATUS(ended) == TEMPFAIL ? GONG_CHANNEL_RETRY
                                          : GONG_CHANNEL_REFUSE;
}

static void
exec_close(void *state)
{
    struct exec *exec = state;

    reap_late(exec);
    free_exec(exec);
}

const struct gong_channel_kind gong_channel_exec = {
    .type = "exec",
    .options = &table,
    .config_size = sizeof(struct config),
    .open = exec_open,
    .begin = exec_begin,
    .ready = exec_ready,
    .judge = exec_judge,
    .close = exec_close,
};
