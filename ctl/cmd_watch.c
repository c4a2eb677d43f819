/* gongctl watch: on another machine, says so when alerts no longer get
 * through. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "ctl/commands.h"
#include "ctl/output.h"
#include "ctl/watch_state.h"
#include "ctl/words.h"

#define MAX_AGE_MS  INT64_C(180000)
#define EVERY_MS    INT64_C(15000)
#define REPEAT_MS   INT64_C(900000)
#define ANSWER_S    10L
#define PROGRAM_MS  INT64_C(60000)
#define PROGRAM_GAP INT64_C(100)
#define TEXT_SIZE   512
#define PATH_SIZE   4096

extern char **environ;

struct options {
    int64_t max_age_ms;
    int64_t every_ms;
    int64_t repeat_ms;
    const char *program; /* NULL: none */
};

struct look {
    struct gong_watch_look is;
    const char *hop;
    char hop_text[32];
    char problem[256]; /* where it was not answered */
};

static int64_t
now_ms(void)
{
    return gong_mono_now().ns / GONG_NS_PER_MS;
}

/* --- looking --- */

static void
look_at(struct gong_ctl *ctl, struct look *look)
{
    struct gong_ctl_answer answer;

    *look = (struct look){.hop = look->hop_text};
    gong_ctl_ask(ctl->client, "GET", "/api/gong/v1/proof", NULL, &answer);
    if (answer.status == 200 && json_is_object(answer.json)) {
        look->is.answered = true;
        look->is.proves = gong_ctl_int(answer.json, "interval") > 0;
        look->is.last = gong_ctl_int(answer.json, "last");
        look->is.age_ms = gong_ctl_int(answer.json, "age");
        (void)snprintf(look->hop_text, sizeof look->hop_text, "%s",
                       gong_ctl_text(answer.json, "hop"));
    } else if (answer.status == 501) {
        look->is.answered = true; /* no desk: no proofs */
    } else if (answer.status != 0) {
        look->is.refused = answer.status == 401 || answer.status == 403;
        (void)snprintf(look->problem, sizeof look->problem, "HTTP %ld %s",
                       answer.status, gong_ctl_text(answer.json, "title_en"));
    } else {
        (void)snprintf(look->problem, sizeof look->problem, "%s", answer.why);
    }
    gong_text_clean(look->problem, strlen(look->problem));
    gong_ctl_answer_fini(&answer);
}

/* --- saying --- */

struct texts {
    char vi[TEXT_SIZE];
    char en[TEXT_SIZE];
};

static void
name_age(struct texts *texts, int64_t age_ms, const char *hop)
{
    bool known = hop[0] != '\0';

    (void)snprintf(texts->vi, sizeof texts->vi,
                   "mẫu thử cuối cùng đã qua %" PRId64
                   " giây trước; báo động có thể không đến nơi%s%s",
                   age_ms / 1000, known ? "; đứt ở: " : "",
                   known ? gong_ctl_word(hop) : "");
    (void)snprintf(texts->en, sizeof texts->en,
                   "the last proof is %" PRId64
                   " s old: alerts may not get through%s%s",
                   age_ms / 1000, known ? "; broken at: " : "", hop);
}

static void
name_it(struct texts *texts, enum gong_watch_why why, const struct look *look,
        int64_t age_ms)
{
    switch (why) {
    case GONG_WATCH_FINE:
        (void)snprintf(texts->vi, sizeof texts->vi,
                       "mẫu thử đi hết đường báo động, %" PRId64 " giây trước",
                       age_ms / 1000);
        (void)snprintf(texts->en, sizeof texts->en,
                       "proofs get through, the last %" PRId64 " s ago",
                       age_ms / 1000);
        return;
    case GONG_WATCH_NO_ANSWER:
        (void)snprintf(texts->vi, sizeof texts->vi,
                       "trạm trung tâm không trả lời (%.200s)", look->problem);
        (void)snprintf(texts->en, sizeof texts->en,
                       "the agent does not answer (%.200s)", look->problem);
        return;
    case GONG_WATCH_REFUSED:
        (void)snprintf(texts->vi, sizeof texts->vi,
                       "trạm trung tâm trả lời nhưng không cho xem (%.200s): "
                       "mã truy cập sai, hết hạn hoặc không đủ quyền; hãy xem "
                       "lại --token-file hoặc chạy gongctl login",
                       look->problem);
        (void)snprintf(texts->en, sizeof texts->en,
                       "the agent answers, but this watch may not look "
                       "(%.200s): its token is wrong, over or not enough; see "
                       "to --token-file, or run gongctl login",
                       look->problem);
        return;
    case GONG_WATCH_NO_PROOFS:
        (void)snprintf(texts->vi, sizeof texts->vi,
                       "trạm trung tâm không gửi mẫu thử (desk.proof)");
        (void)snprintf(texts->en, sizeof texts->en,
                       "the agent sends no proofs (desk.proof)");
        return;
    case GONG_WATCH_TOO_OLD:
        break;
    }
    name_age(texts, age_ms, look->hop);
}

static void
print(struct gong_ctl *ctl, bool alarm, const struct texts *texts)
{
    int64_t wall_ms = gong_floor_ms(gong_wall_now().ns);
    char at[GONG_CTL_TIME_SIZE];

    if (ctl->json) {
        json_t *line = json_pack("{s:I,s:s,s:s,s:s}", "at", (json_int_t)wall_ms,
                                 "state", alarm ? "alarm" : "well", "text",
                                 texts->vi, "text_en", texts->en);

        (void)json_dumpf(line, ctl->out, JSON_COMPACT);
        (void)fputc('\n', ctl->out);
        json_decref(line);
    } else {
        (void)fprintf(ctl->out, "%s %s: %s | %s: %s\n",
                      gong_ctl_instant(wall_ms, at),
                      alarm ? "BÁO ĐỘNG" : "BÌNH THƯỜNG", texts->vi,
                      alarm ? "ALARM" : "WELL", texts->en);
    }
    if (fflush(ctl->out) != 0) {
        (void)gong_ctl_failed(ctl, "đầu ra chuẩn | standard output");
    }
}

/* --- signals: held back, and taken where it waits --- */

/* Whether it is to end. */
static bool
wait_for(int64_t length_ms)
{
    struct timespec length = {.tv_sec = length_ms / 1000,
                              .tv_nsec = (long)(length_ms % 1000) * 1000000};
    sigset_t ends;

    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    return sigtimedwait(&ends, NULL, &length) > 0;
}

static void
hold_signals(sigset_t *before)
{
    sigset_t ends;

    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &ends, before);
}

/* --- the program that it runs --- */

static int
start(const char *program, bool alarm, struct texts *texts, pid_t *out)
{
    char state_alarm[] = "alarm";
    char state_well[] = "well";
    char *const arguments[] = {(char *)(uintptr_t)program,
                               alarm ? state_alarm : state_well, texts->vi,
                               texts->en, NULL};
    posix_spawnattr_t attributes;
    sigset_t none;
    int code = posix_spawnattr_init(&attributes);

    if (code != 0) {
        return code;
    }
    (void)sigemptyset(&none);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    code = posix_spawnp(out, program, NULL, &attributes, arguments, environ);
    (void)posix_spawnattr_destroy(&attributes);
    return code;
}

static bool
is_program(const char *path)
{
    struct stat about;

    if (stat(path, &about) != 0) {
        return false;
    }
    if (!S_ISREG(about.st_mode)) {
        errno = S_ISDIR(about.st_mode) ? EISDIR : EACCES;
        return false;
    }
    return access(path, X_OK) == 0;
}

/* As posix_spawnp will look for it; false with errno. */
static bool
can_run(const char *program)
{
    const char *at = getenv("PATH");
    char path[PATH_SIZE];

    if (program == NULL || strchr(program, '/') != NULL) {
        return program == NULL || is_program(program);
    }
    while (at != NULL && program[0] != '\0') {
        size_t len = strcspn(at, ":");

        if (len > 0 && len + strlen(program) + 2 < sizeof path) {
            (void)snprintf(path, sizeof path, "%.*s/%s", (int)len, at, program);
            if (is_program(path)) {
                return true;
            }
        }
        at = at[len] == ':' ? at + len + 1 : NULL;
    }
    errno = ENOENT;
    return false;
}

/* An alarm is no time to find out. */
static int
refuse_program(struct gong_ctl *ctl, const char *program)
{
    int number = errno;

    (void)fputs("gongctl: --exec ", ctl->err);
    gong_ctl_put(ctl->err, program);
    (void)fprintf(ctl->err,
                  ": %s; cần chương trình chạy được | expected a program that "
                  "can be run\n",
                  strerror(number));
    return GONG_CTL_USAGE;
}

/* Its exit code; -1 where it had to be ended. */
static int
reap(pid_t pid, bool *stopped)
{
    int status = 0;

    for (int64_t left = PROGRAM_MS; left > 0; left -= PROGRAM_GAP) {
        pid_t got = waitpid(pid, &status, WNOHANG);

        if (got == pid) {
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        if (got < 0 && errno != EINTR) {
            return -1;
        }
        if (!*stopped) {
            *stopped = wait_for(PROGRAM_GAP);
        } else {
            gong_clock_sleep(gong_dur_ms(PROGRAM_GAP));
        }
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    return -1;
}

static bool
run_program(struct gong_ctl *ctl, const char *program, bool alarm,
            struct texts *texts, bool *stopped)
{
    pid_t pid = 0;
    int code;

    if (program == NULL) {
        return true;
    }
    code = start(program, alarm, texts, &pid);
    if (code != 0) {
        (void)fprintf(ctl->err, "gongctl: %s: %s\n", program, strerror(code));
        return false;
    }
    code = reap(pid, stopped);
    if (code != 0) {
        (void)fprintf(ctl->err,
                      "gongctl: %s: kết thúc với mã %d, sẽ chạy lại | ended "
                      "with %d, it will be run again\n",
                      program, code, code);
    }
    return code == 0;
}

/* --- the command --- */

static bool
read_length(struct gong_ctl *ctl, const char *name, int64_t *out)
{
    const char *text = gong_ctl_option(&ctl->arguments, name);

    return text == NULL || gong_ctl_read_length(text, out);
}

static bool
read_options(struct gong_ctl *ctl, struct options *out)
{
    *out = (struct options){
        .max_age_ms = MAX_AGE_MS,
        .every_ms = EVERY_MS,
        .repeat_ms = REPEAT_MS,
        .program = gong_ctl_option(&ctl->arguments, "exec"),
    };
    return read_length(ctl, "max-age", &out->max_age_ms) &&
           read_length(ctl, "every", &out->every_ms) &&
           read_length(ctl, "repeat", &out->repeat_ms) && out->every_ms >= 100;
}

/* One look; what it came to. */
static enum gong_watch_why
watch_once(struct gong_ctl *ctl, struct gong_watch *watch,
           const struct options *options, bool *stopped)
{
    struct look look;
    struct texts texts;
    enum gong_watch_why why;
    enum gong_watch_word word;
    int64_t now;

    look_at(ctl, &look);
    now = now_ms();
    why = gong_watch_note(watch, &look.is, now);
    word = gong_watch_say(watch, why, now);
    if (word != GONG_WATCH_NOTHING) {
        name_it(&texts, why, &look, gong_watch_age(watch, now));
        print(ctl, why != GONG_WATCH_FINE, &texts);
        if (!run_program(ctl, options->program, why != GONG_WATCH_FINE, &texts,
                         stopped)) {
            gong_watch_unsaid(watch, word);
        }
    }
    return why;
}

static int
exit_of(enum gong_watch_why why)
{
    switch (why) {
    case GONG_WATCH_FINE:
        return GONG_CTL_OK;
    case GONG_WATCH_NO_ANSWER:
        return GONG_CTL_UNAVAILABLE;
    case GONG_WATCH_REFUSED:
        return GONG_CTL_NO_PERMISSION;
    case GONG_WATCH_NO_PROOFS:
    case GONG_WATCH_TOO_OLD:
        break;
    }
    return GONG_CTL_BROKEN;
}

static int
watch_for_once(struct gong_ctl *ctl, const struct options *options)
{
    struct gong_watch watch;
    struct look look;
    struct texts texts;
    enum gong_watch_why why;
    bool stopped = false;

    gong_watch_init(&watch, options->max_age_ms, 0, now_ms());
    look_at(ctl, &look);
    if (look.is.answered && look.is.last == 0) {
        look.is.last = 1; /* none yet: the agent's own age counts */
    }
    why = look.is.answered || look.is.refused
              ? gong_watch_note(&watch, &look.is, now_ms())
              : GONG_WATCH_NO_ANSWER;
    name_it(&texts, why, &look, gong_watch_age(&watch, now_ms()));
    print(ctl, why != GONG_WATCH_FINE, &texts);
    if (why != GONG_WATCH_FINE) {
        (void)run_program(ctl, options->program, true, &texts, &stopped);
    }
    return exit_of(why);
}

int
gong_ctl_watch(struct gong_ctl *ctl)
{
    struct gong_watch watch;
    struct options options;
    sigset_t before;
    bool stopped = false;

    if (!read_options(ctl, &options)) {
        return gong_ctl_wrong(ctl, "--max-age, --every, --repeat: 3m, 15s, 1h");
    }
    if (!can_run(options.program)) {
        return refuse_program(ctl, options.program);
    }
    gong_ctl_client_hurry(ctl->client, ANSWER_S);
    hold_signals(&before);
    if (gong_ctl_flag(&ctl->arguments, "once")) {
        int code = watch_for_once(ctl, &options);

        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        return code;
    }
    gong_watch_init(&watch, options.max_age_ms, options.repeat_ms, now_ms());
    while (!stopped) {
        (void)watch_once(ctl, &watch, &options, &stopped);
        stopped = stopped || wait_for(options.every_ms);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return GONG_CTL_OK;
}
