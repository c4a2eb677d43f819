/*
 * The engine's snapshots on disk: taken by a child, kept when they would
 * survive a power cut, read back at the next start or passed over.
 */
#include "agent/decide/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/decide/rules_reload.h"
#include "agent/decide/snapshot_child.h"
#include "agent/decide/snapshot_file.h"
#include "agent/decide/snapshot_memory.h"
#include "agent_fixture.h"

#define MANY 200

struct world {
    struct sinks *sinks;
    struct gong_strings paths;
    struct gong_rules_reload reload;
    struct gong_engine_thread *engine;
    int64_t stamp_ns;
};

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct gong_conf_errors errors = {0};
    void *sinks = NULL;

    assert_non_null(world);
    assert_int_equal(sinks_setup(&sinks), 0);
    world->sinks = sinks;
    world->stamp_ns = SINK_ARRIVAL_NS - gong_dur_s(10).ns;
    world->paths = agent_rules(world->sinks->dir, "a.cfg", RULES_HOT);
    world->reload = (struct gong_rules_reload){
        .paths = &world->paths,
        .state_dir = world->sinks->dir,
        .journal = world->sinks->journal,
    };
    assert_true(gong_rules_reload_init(&world->reload, world->sinks->counters));
    assert_true(gong_rules_reload_run(&world->reload, NULL, &errors));
    gong_conf_errors_fini(&errors);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;
    void *sinks = world->sinks;

    gong_engine_thread_stop(world->engine);
    agent_rules_free(&world->paths);
    (void)sinks_teardown(&sinks);
    free(world);
    return 0;
}

static void
stop(struct world *world)
{
    gong_engine_thread_stop(world->engine);
    world->engine = NULL;
}

static void
lamp(struct world *world, const char *line)
{
    char text[256];

    (void)snprintf(text, sizeof text, "%s %" PRId64, line, world->stamp_ns);
    world->stamp_ns += GONG_NS_PER_MS;
    (void)sinks_put_data(world->sinks, "22015", "lamp-1", text);
}

static void
many(struct world *world)
{
    for (int i = 0; i < MANY; i++) {
        lamp(world, "lamp temp=80");
    }
}

/* Until a snapshot has all that is in the journal now. */
static struct gong_engine_report
snapshot_taken(struct world *world)
{
    struct gong_engine_report report;
    struct gong_spool_stats stats;

    gong_spool_stats(gong_journal_spool(world->sinks->journal), &stats);
    do {
        gong_clock_sleep(gong_dur_ms(2));
        gong_engine_thread_report(world->engine, &report);
    } while (report.snapshots.position < stats.end);
    return report;
}

static struct gong_engine_report
start_again(struct world *world)
{
    stop(world);
    sinks_reopen(world->sinks);
    world->engine = agent_engine_snapshots(world->sinks);
    return agent_engine_settled(world->sinks, world->engine);
}

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    (void)ctx;
    (void)effect;
}

/* The number of the snapshot that a start would take, 0 for none. */
static uint64_t
found(struct world *world)
{
    struct gong_engine_limits limits = {0};
    struct gong_snapshot_load load = {
        .state_dir = world->sinks->dir,
        .journal = gong_journal_spool(world->sinks->journal),
        .limits = &limits,
        .emit = on_effect,
    };
    struct gong_snapshot_found out;

    if (!gong_snapshot_load(&load, &out)) {
        return 0;
    }
    gong_engine_free(out.engine);
    gong_rule_source_free(out.rules);
    return out.number;
}

static void
path_in(const struct world *world, const char *name, char out[256])
{
    (void)snprintf(out, 256, "%s/%s", world->sinks->dir, name);
}

static void
damage(const struct world *world, uint64_t number)
{
    char name[GONG_SNAPSHOT_NAME];
    char path[256];
    int fd;
    char byte;

    path_in(world, gong_snapshot_name(number, name), path);
    fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, 1000), 1);
    byte = (char)(byte ^ 1);
    assert_int_equal(pwrite(fd, &byte, 1, 1000), 1);
    (void)close(fd);
}

static void
a_start_goes_on_from_the_last_one(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;

    world->engine = agent_engine_snapshots(world->sinks);
    many(world);
    report = snapshot_taken(world);
    assert_true(report.replayed < MANY);
    assert_true(report.snapshots.bytes > GONG_SNAPSHOT_HEADER);
    report = start_again(world);
    assert_true(report.replayed < MANY);
    assert_true(report.engine.points >= MANY);
    assert_int_equal(report.engine.rules, 1);
    assert_int_equal(report.engine.firing, 1);
    lamp(world, "lamp temp=50");
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; "
                        "Hot lamp-1 firing>inactive; ");
}

static void
an_older_one_serves_where_the_newest_does_not(void **state)
{
    struct world *world = *state;
    uint64_t numbers[GONG_SNAPSHOTS_MAX];
    struct gong_engine_report report;
    size_t count;

    world->engine = agent_engine_snapshots(world->sinks);
    many(world);
    (void)snapshot_taken(world);
    lamp(world, "lamp temp=50");
    (void)snapshot_taken(world);
    lamp(world, "lamp temp=90");
    (void)snapshot_taken(world);
    stop(world);
    count = gong_snapshot_list(world->sinks->dir, numbers);
    assert_int_equal(count, GONG_SNAPSHOTS_KEPT);
    assert_int_equal(found(world), numbers[0]);
    damage(world, numbers[0]);
    assert_int_equal(found(world), numbers[1]);
    damage(world, numbers[1]);
    assert_int_equal(found(world), 0);
    report = start_again(world);
    assert_true(report.replayed > MANY);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; "
                        "Hot lamp-1 firing>inactive; "
                        "Hot lamp-1 inactive>firing; ");
}

/* The journal lost its tail: what stood on it is passed over. */
static void
one_past_a_cut_is_passed_over(void **state)
{
    struct world *world = *state;
    struct gong_spool_stats stats;
    char path[256];
    char zeros[64] = {0};
    uint64_t before;
    int fd;

    world->engine = agent_engine_snapshots(world->sinks);
    lamp(world, "lamp temp=80");
    before = snapshot_taken(world).snapshots.taken;
    assert_true(before > 0);
    gong_spool_stats(gong_journal_spool(world->sinks->journal), &stats);
    lamp(world, "lamp temp=50");
    (void)snapshot_taken(world);
    stop(world);
    assert_true(found(world) != 0);
    path_in(world, "journal/0000000000000000.segment", path);
    fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    /* From the first record on, so that both stand past it. */
    for (off_t at = 64; at < (off_t)stats.end; at += 64) {
        assert_int_equal(pwrite(fd, zeros, sizeof zeros, at), sizeof zeros);
    }
    for (off_t at = (off_t)stats.end; at < 65536; at += 64) {
        assert_int_equal(pwrite(fd, zeros, sizeof zeros, at), sizeof zeros);
    }
    (void)close(fd);
    sinks_reopen(world->sinks);
    assert_int_equal(found(world), 0);
}

static void
one_of_another_journal_is_passed_over(void **state)
{
    struct world *world = *state;
    char path[256];
    char away[256];

    world->engine = agent_engine_snapshots(world->sinks);
    lamp(world, "lamp temp=80");
    (void)snapshot_taken(world);
    stop(world);
    assert_true(found(world) != 0);
    path_in(world, "journal", path);
    path_in(world, "journal.away", away);
    assert_int_equal(rename(path, away), 0);
    sinks_reopen(world->sinks);
    assert_int_equal(found(world), 0);
}

static void
one_whose_rules_are_gone_is_passed_over(void **state)
{
    struct world *world = *state;
    char path[256];

    world->engine = agent_engine_snapshots(world->sinks);
    lamp(world, "lamp temp=80");
    (void)snapshot_taken(world);
    stop(world);
    (void)snprintf(path, sizeof path, "%s/rules/%s.bundle", world->sinks->dir,
                   agent_last_config(world->sinks->journal));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(found(world), 0);
}

static void
a_failure_is_counted_and_passes(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;
    char path[256];

    path_in(world, GONG_SNAPSHOT_PART, path);
    assert_int_equal(mkdir(path, 0700), 0);
    world->engine = agent_engine_snapshots(world->sinks);
    do {
        lamp(world, "lamp temp=80");
        gong_clock_sleep(gong_dur_ms(2));
        gong_engine_thread_report(world->engine, &report);
    } while (report.snapshots.failed == 0);
    assert_int_equal(report.snapshots.taken, 0);
    assert_int_equal(rmdir(path), 0);
    do {
        lamp(world, "lamp temp=80");
        gong_clock_sleep(gong_dur_ms(2));
        gong_engine_thread_report(world->engine, &report);
    } while (report.snapshots.taken == 0);
}

/* Its committer has stopped: the record never becomes durable. */
static void
nothing_is_kept_that_a_power_cut_would_take(void **state)
{
    struct world *world = *state;
    struct gong_snapshots_options options = {.state_dir = world->sinks->dir,
                                             .journal = world->sinks->journal,
                                             .effects = world->sinks->effects,
                                             .min = gong_dur_ms(0),
                                             .max = gong_dur_ms(0),
                                             .gather_min = UINT64_MAX};
    struct gong_engine *engine = gong_engine_new(NULL, on_effect, NULL);
    struct gong_snapshots *snapshots = NULL;
    struct gong_snapshots_report report;
    struct gong_spool_stats stats;

    assert_non_null(engine);
    assert_int_equal(gong_snapshots_start(&options, 0, &snapshots), GONG_OK);
    gong_journal_stop(world->sinks->journal);
    assert_int_equal(gong_journal_append(world->sinks->journal,
                                         GONG_RECORD_CLOCK, NULL, 0, 0, NULL),
                     GONG_OK);
    gong_spool_stats(gong_journal_spool(world->sinks->journal), &stats);
    assert_true(stats.durable < stats.end);
    gong_snapshots_consider(snapshots, engine, stats.end, "");
    do {
        gong_clock_sleep(gong_dur_ms(2));
        gong_snapshots_report(snapshots, &report);
    } while (report.failed == 0);
    assert_int_equal(report.taken, 0);
    assert_int_equal(found(world), 0);
    gong_snapshots_stop(snapshots);
    gong_engine_free(engine);
}

/* Its memory is gathered by the minder first; the engine asks until then. */
static void
a_large_state_is_gathered_first(void **state)
{
    struct world *world = *state;
    struct gong_snapshots_options options = {.state_dir = world->sinks->dir,
                                             .journal = world->sinks->journal,
                                             .effects = world->sinks->effects,
                                             .min = gong_dur_ms(0),
                                             .max = gong_dur_ms(0),
                                             .gather_min = 1};
    struct gong_engine *engine = gong_engine_new(NULL, on_effect, NULL);
    struct gong_snapshots *snapshots = NULL;
    struct gong_snapshots_report report;
    struct gong_spool_stats stats;
    unsigned asked = 0;

    assert_non_null(engine);
    assert_int_equal(gong_snapshots_start(&options, 0, &snapshots), GONG_OK);
    assert_int_equal(gong_journal_append(world->sinks->journal,
                                         GONG_RECORD_CLOCK, NULL, 0, 0, NULL),
                     GONG_OK);
    gong_spool_stats(gong_journal_spool(world->sinks->journal), &stats);
    do {
        gong_snapshots_consider(snapshots, engine, stats.end, "");
        asked++;
        gong_clock_sleep(gong_dur_ms(2));
        gong_snapshots_report(snapshots, &report);
    } while (report.taken == 0 && report.failed == 0);
    assert_int_equal(report.taken, 1);
    assert_true(asked > 1);
    gong_snapshots_stop(snapshots);
    gong_engine_free(engine);
}

static void
gathering_changes_no_byte(void **state)
{
    const size_t size = (size_t)9 << 20;
    struct gong_snapshot_memory memory = {.count = 2};
    uint8_t *bytes = malloc(size);

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(i * 31 + (i >> 12));
    }
    /* The first block is memory that has gone. */
    memory.blocks[0] = (struct gong_snapshot_block){
        (void *)(UINTPTR_MAX & ~(uintptr_t)0xffffff), 1u << 23};
    memory.blocks[1] = (struct gong_snapshot_block){bytes, size};
    (void)gong_snapshot_memory_gather(&memory);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(bytes[i], (uint8_t)(i * 31 + (i >> 12)));
    }
    free(bytes);
}

/* A child that has written all and waits for the word, and what it needs. */
struct waiting {
    struct gong_snapshot_place place;
    struct gong_snapshot_child child;
    char path[256]; /* of what it wrote */
    int word_fd;
    pid_t pid;
};

static void
start_waiting(const struct world *world, const struct gong_engine *engine,
              struct waiting *waiting)
{
    struct stat st = {0};
    int pair[2];

    assert_non_null(engine);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    waiting->word_fd = pair[0];
    waiting->place = (struct gong_snapshot_place){.position = 1};
    waiting->child = (struct gong_snapshot_child){
        .engine = engine,
        .place = &waiting->place,
        .name = "snapshot.1",
        .dir_fd = open(world->sinks->dir, O_RDONLY | O_DIRECTORY),
        .word_fd = pair[1]};
    assert_true(waiting->child.dir_fd >= 0);
    path_in(world, GONG_SNAPSHOT_PART, waiting->path);
    waiting->pid = fork();
    if (waiting->pid == 0) {
        gong_snapshot_child_run(&waiting->child);
    }
    assert_true(waiting->pid > 0);
    (void)close(pair[1]);
    do {
        gong_clock_sleep(gong_dur_ms(2));
        (void)stat(waiting->path, &st);
    } while ((uint64_t)st.st_size < gong_engine_save_size(engine));
}

/* As the agent's death does. Returns the child's exit status. */
static int
leave_waiting(struct waiting *waiting)
{
    int status = 0;

    (void)close(waiting->word_fd);
    assert_int_equal(waitpid(waiting->pid, &status, 0), waiting->pid);
    assert_true(WIFEXITED(status));
    (void)close(waiting->child.dir_fd);
    return WEXITSTATUS(status);
}

/* While a child is at work both logs can be opened again, as by an agent that
 * was started after the first one died. */
static void
the_child_holds_no_lock_and_withdraws(void **state)
{
    struct world *world = *state;
    struct gong_engine *engine = gong_engine_new(NULL, on_effect, NULL);
    struct waiting waiting;
    struct stat st;

    start_waiting(world, engine, &waiting);
    sinks_reopen(world->sinks);
    assert_int_equal(leave_waiting(&waiting), ECANCELED);
    assert_int_equal(stat(waiting.path, &st), -1);
    assert_int_equal(found(world), 0);
    gong_engine_free(engine);
}

/* The next agent may be writing its own by then. */
static void
a_child_left_behind_takes_nothing_away(void **state)
{
    struct world *world = *state;
    struct gong_engine *engine = gong_engine_new(NULL, on_effect, NULL);
    struct waiting waiting;
    struct stat st;

    start_waiting(world, engine, &waiting);
    assert_int_equal(unlink(waiting.path), 0);
    agent_write(world->sinks->dir, GONG_SNAPSHOT_PART, "another's");
    assert_int_equal(leave_waiting(&waiting), ECANCELED);
    assert_int_equal(stat(waiting.path, &st), 0);
    assert_int_equal(found(world), 0);
    gong_engine_free(engine);
}

static void
other_names_are_not_snapshots(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {
        "snapshot.",   "snapshot.0",  "snapshot.01",
        "snapshot.1x", "snapshot.-1", "snapshot.99999999999999999999"};
    uint64_t numbers[GONG_SNAPSHOTS_MAX];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        agent_write(world->sinks->dir, names[i], "");
    }
    assert_int_equal(gong_snapshot_list(world->sinks->dir, numbers), 0);
    for (int i = 1; i < 12; i++) {
        char name[GONG_SNAPSHOT_NAME];

        agent_write(world->sinks->dir,
                    gong_snapshot_name((uint64_t)(i * 5 % 12), name), "");
    }
    assert_int_equal(gong_snapshot_list(world->sinks->dir, numbers),
                     GONG_SNAPSHOTS_MAX);
    for (size_t i = 0; i < GONG_SNAPSHOTS_MAX; i++) {
        assert_int_equal(numbers[i], 11 - i);
    }
    assert_int_equal(found(world), 0); /* empty files */
}

/* Numbers after theirs would not be numbers any more. */
static void
a_strangers_number_hides_nothing(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {"snapshot.9999999999999999999",
                                        "snapshot.1000000000000000",
                                        "snapshot.999999999999999"};
    uint64_t numbers[GONG_SNAPSHOTS_MAX];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        agent_write(world->sinks->dir, names[i], "");
    }
    world->engine = agent_engine_snapshots(world->sinks);
    many(world);
    for (int i = 0; i < 3; i++) {
        lamp(world, i % 2 == 0 ? "lamp temp=50" : "lamp temp=90");
        (void)snapshot_taken(world);
    }
    stop(world);
    assert_int_equal(gong_snapshot_list(world->sinks->dir, numbers),
                     GONG_SNAPSHOTS_KEPT);
    assert_in_range(numbers[0], 3, 100);
    assert_int_equal(found(world), numbers[0]);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_start_goes_on_from_the_last_one),
        T(an_older_one_serves_where_the_newest_does_not),
        T(one_past_a_cut_is_passed_over),
        T(one_of_another_journal_is_passed_over),
        T(one_whose_rules_are_gone_is_passed_over),
        T(a_failure_is_counted_and_passes),
        T(nothing_is_kept_that_a_power_cut_would_take),
        T(a_large_state_is_gathered_first),
        T(gathering_changes_no_byte),
        T(the_child_holds_no_lock_and_withdraws),
        T(a_child_left_behind_takes_nothing_away),
        T(a_strangers_number_hides_nothing),
        T(other_names_are_not_snapshots),
    };

    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
