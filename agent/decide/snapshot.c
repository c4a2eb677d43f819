#include "agent/decide/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/decide/snapshot_child.h"
#include "agent/decide/snapshot_file.h"
#include "agent/decide/snapshot_memory.h"
#include "common/log.h"

#define PATIENCE_S 60 /* for the disk to make the journal durable */
/* Reading half as much journal takes as long as reading the snapshot: what a
 * start replays never costs much more than what it restores, and snapshots
 * never write more than twice what the journal does. */
#define GROWTH_PART 2

/* What the child is at. */
struct job {
    pid_t pid; /* 0: nothing is under way */
    int word_fd;
    uint64_t number;
    uint64_t position;
    uint64_t needs; /* of the journal: what was recorded before it */
    uint64_t bytes;
};

/* Of the engine's memory for the next fork. */
enum readiness {
    SCATTERED,
    ASKED, /* the minder is to gather it */
    GATHERED,
};

struct gong_snapshots {
    struct gong_snapshots_options options;
    int dir_fd;
    uint8_t journal_id[16];
    uint64_t generation;
    pthread_t minder;

    /* The engine thread's own. */
    gong_mono_t last;
    uint64_t last_position;
    uint64_t last_bytes;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    struct job job;
    enum readiness readiness;
    struct gong_snapshot_memory memory;
    uint64_t next; /* number of the next one */
    bool stopping;
    bool failing;
    struct gong_snapshots_report report;
};

static void
note_failure(struct gong_snapshots *s, const char *what, int error)
{
    bool first;

    (void)pthread_mutex_lock(&s->lock);
    first = !s->failing;
    s->failing = true;
    s->report.failed++;
    (void)pthread_mutex_unlock(&s->lock);
    if (first) {
        gong_log(GONG_LOG_ERROR, "snapshot_failed",
                 "what=\"%s\" reason=\"%s\" cost=\"a longer start\"", what,
                 strerror(error));
    }
}

static void
note_success(struct gong_snapshots *s, const struct job *job)
{
    bool was_failing;

    (void)pthread_mutex_lock(&s->lock);
    was_failing = s->failing;
    s->failing = false;
    s->report.taken++;
    s->report.bytes = job->bytes;
    s->report.position = job->position;
    (void)pthread_mutex_unlock(&s->lock);
    gong_log(was_failing ? GONG_LOG_INFO : GONG_LOG_DEBUG, "snapshot_taken",
             "number=%" PRIu64 " position=%" PRIu64 " bytes=%" PRIu64,
             job->number, job->position, job->bytes);
}

/* --- the minder --- */

static bool
is_stopping(struct gong_snapshots *s)
{
    bool stopping;

    (void)pthread_mutex_lock(&s->lock);
    stopping = s->stopping;
    (void)pthread_mutex_unlock(&s->lock);
    return stopping;
}

/* Until a power cut would leave everything that the snapshot stands on. */
static bool
wait_durable(struct gong_snapshots *s, uint64_t position)
{
    gong_mono_t begun = gong_mono_now();
    struct gong_journal_health health;

    for (;;) {
        gong_journal_health(s->options.journal, &health);
        if (health.durable >= position) {
            return gong_spool_sync(gong_effects_spool(s->options.effects)) ==
                   GONG_OK;
        }
        if (is_stopping(s) ||
            gong_mono_since(gong_mono_now(), begun).ns >
                gong_dur_s(PATIENCE_S).ns ||
            !gong_journal_wait(s->options.journal, position - 1, true,
                               gong_dur_s(1))) {
            return false;
        }
    }
}

/* Under the lock, so that stop never signals a pid that is somebody else's. */
static int
reap(struct gong_snapshots *s)
{
    siginfo_t info;
    int status = 0;

    while (waitid(P_PID, (id_t)s->job.pid, &info, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
    (void)pthread_mutex_lock(&s->lock);
    if (waitpid(s->job.pid, &status, 0) != s->job.pid) {
        status = -1;
    }
    s->job.pid = 0;
    (void)pthread_mutex_unlock(&s->lock);
    return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static void
mind(struct gong_snapshots *s, const struct job *job)
{
    bool durable = wait_durable(s, job->needs);
    int failure;

    if (durable) {
        (void)send(job->word_fd, "", 1, MSG_NOSIGNAL);
    }
    (void)close(job->word_fd);
    failure = reap(s);
    if (failure == 0) {
        note_success(s, job);
        gong_snapshot_prune(s->options.state_dir, GONG_SNAPSHOTS_KEPT);
        return;
    }
    (void)unlinkat(s->dir_fd, GONG_SNAPSHOT_PART, 0);
    if (!is_stopping(s)) {
        note_failure(s, durable ? "writing" : "waiting for the journal",
                     failure);
    }
}

/* Whatever comes of it, the fork follows. */
static void
gather(struct gong_snapshots *s, const struct gong_snapshot_memory *memory)
{
    (void)gong_snapshot_memory_gather(memory);
    (void)pthread_mutex_lock(&s->lock);
    s->readiness = GATHERED;
    (void)pthread_mutex_unlock(&s->lock);
}

static void *
run_minder(void *ctx)
{
    struct gong_snapshots *s = ctx;

    (void)pthread_mutex_lock(&s->lock);
    while (s->job.pid != 0 || !s->stopping) {
        struct gong_snapshot_memory memory = s->memory;
        struct job job = s->job;
        bool asked = s->readiness == ASKED;

        if (job.pid == 0 && !asked) {
            (void)pthread_cond_wait(&s->changed, &s->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&s->lock);
        if (job.pid != 0) {
            mind(s, &job);
        } else {
            gather(s, &memory);
        }
        (void)pthread_mutex_lock(&s->lock);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* --- the engine thread --- */

static bool
is_due(const struct gong_snapshots *s, uint64_t position, gong_mono_t now)
{
    int64_t age = gong_mono_since(now, s->last).ns;

    if (position == s->last_position || age < s->options.min.ns) {
        return false;
    }
    return age >= s->options.max.ns ||
           position - s->last_position >= s->last_bytes / GROWTH_PART;
}

/* The child's number, 0 while another one is under way or the memory is not
 * ready. */
static uint64_t
take_number(struct gong_snapshots *s, const struct gong_engine *engine)
{
    bool small = gong_engine_save_size(engine) < s->options.gather_min;
    uint64_t number = 0;

    (void)pthread_mutex_lock(&s->lock);
    if (s->job.pid == 0 && !s->stopping) {
        s->readiness = small ? GATHERED : s->readiness;
        switch (s->readiness) {
        case SCATTERED:
            gong_snapshot_memory_of(engine, &s->memory);
            s->readiness = ASKED;
            (void)pthread_cond_signal(&s->changed);
            break;
        case ASKED:
            break;
        case GATHERED:
            s->readiness = SCATTERED;
            number = s->next++;
            break;
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
    return number;
}

static void
hand_over(struct gong_snapshots *s, const struct job *job, gong_dur_t stall)
{
    (void)pthread_mutex_lock(&s->lock);
    s->job = *job;
    s->report.stall_us = (uint64_t)(stall.ns / 1000);
    (void)pthread_cond_signal(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
}

static void
take(struct gong_snapshots *s, const struct gong_engine *engine,
     const struct gong_snapshot_place *place, uint64_t number)
{
    char name[GONG_SNAPSHOT_NAME];
    struct gong_snapshot_child child = {
        .engine = engine,
        .place = place,
        .name = gong_snapshot_name(number, name),
        .dir_fd = s->dir_fd,
    };
    struct job job = {.number = number,
                      .position = place->position,
                      .bytes = gong_engine_save_size(engine)};
    int pair[2];
    struct gong_journal_health health;
    gong_mono_t before;

    gong_journal_health(s->options.journal, &health);
    job.needs = health.end > job.position ? health.end : job.position;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        note_failure(s, "socketpair", errno);
        return;
    }
    child.word_fd = pair[1];
    job.word_fd = pair[0];
    before = gong_mono_now();
    job.pid = fork();
    if (job.pid == 0) {
        gong_snapshot_child_run(&child);
    }
    (void)close(pair[1]);
    if (job.pid < 0) {
        (void)close(pair[0]);
        note_failure(s, "fork", errno);
        return;
    }
    s->last_bytes = job.bytes;
    hand_over(s, &job, gong_mono_since(gong_mono_now(), before));
}

void
gong_snapshots_consider(struct gong_snapshots *s,
                        const struct gong_engine *engine, uint64_t position,
                        const char *rules)
{
    gong_mono_t now = gong_mono_now();
    struct gong_snapshot_place place = {.generation = s->generation,
                                        .position = position};
    uint64_t number;

    if (!is_due(s, position, now)) {
        return;
    }
    number = take_number(s, engine);
    if (number == 0) {
        return;
    }
    s->last = now;
    s->last_position = position;
    memcpy(place.journal_id, s->journal_id, sizeof place.journal_id);
    memcpy(place.rules, rules, strnlen(rules, GONG_SNAPSHOT_RULES));
    take(s, engine, &place, number);
}

/* --- start and stop --- */

static enum gong_err
open_all(struct gong_snapshots *s)
{
    struct gong_spool *journal = gong_journal_spool(s->options.journal);
    struct gong_spool_stats stats;

    s->dir_fd = open(s->options.state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir_fd < 0) {
        return gong_err_from_errno(errno);
    }
    (void)unlinkat(s->dir_fd, GONG_SNAPSHOT_PART, 0); /* of an earlier run */
    gong_spool_id(journal, s->journal_id);
    gong_spool_stats(journal, &stats);
    s->generation = stats.generation;
    s->next = gong_snapshot_next(s->options.state_dir);
    return gong_err_from_errno(pthread_create(&s->minder, NULL, run_minder, s));
}

enum gong_err
gong_snapshots_start(const struct gong_snapshots_options *options,
                     uint64_t position, struct gong_snapshots **out)
{
    struct gong_snapshots *s = calloc(1, sizeof *s);
    enum gong_err err;

    *out = NULL;
    if (s == NULL) {
        return GONG_ERR_MEMORY;
    }
    s->options = *options;
    s->last = gong_mono_now();
    s->last_position = position;
    s->last_bytes = options->last_bytes;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->changed, NULL);
    err = open_all(s);
    if (err != GONG_OK) {
        if (s->dir_fd >= 0) {
            (void)close(s->dir_fd);
        }
        (void)pthread_mutex_destroy(&s->lock);
        (void)pthread_cond_destroy(&s->changed);
        free(s);
        return err;
    }
    *out = s;
    return GONG_OK;
}

void
gong_snapshots_stop(struct gong_snapshots *s)
{
    if (s == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    if (s->job.pid != 0) {
        (void)kill(s->job.pid, SIGKILL);
    }
    (void)pthread_cond_signal(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
    gong_journal_wake(s->options.journal);
    (void)pthread_join(s->minder, NULL);
    (void)close(s->dir_fd);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->changed);
    free(s);
}

void
gong_snapshots_report(struct gong_snapshots *s,
                      struct gong_snapshots_report *out)
{
    (void)pthread_mutex_lock(&s->lock);
    *out = s->report;
    (void)pthread_mutex_unlock(&s->lock);
}
