/*
 * kill -9 at any moment: a child runs the desk and its outbox over a real
 * effects log and tells a receiver over a pipe; it is killed at random moments,
 * some hundred times, and started again on what it left. In the end every
 * message was received at least once, twice only with the same key, and what
 * the desk had to do it did once and in order.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/backoff.h"
#include "desk_life.h"

#define KILLS        300
#define DEVICES      60
#define LINE_SIZE    128
#define RECEIVED_MAX 8192
#define PACE_US      700
#define SETTLE_MS    1500 /* longer than the last step of the escalation */

/* --- the receiver: a pipe --- */

static enum gong_err
pipe_open(const void *config, void **state, char *why, size_t why_size)
{
    (void)why;
    (void)why_size;
    *state = (void *)(uintptr_t)config;
    return GONG_OK;
}

static enum gong_err
pipe_begin(void *state, const struct gong_channel_send *send,
           struct gong_channel_try *attempt)
{
    const int *fd = state;
    const json_t *items = json_object_get(send->message, "items");
    const json_t *item = json_array_get(items, 0);
    char line[LINE_SIZE];
    int len;

    attempt->outcome = GONG_CHANNEL_RETRY;
    if (gong_random_u64() % 10 == 0) {
        return GONG_OK;
    }
    len = snprintf(
        line, sizeof line, "%s %s %lld %s %lld\n", send->key, send->address,
        (long long)json_integer_value(json_object_get(item, "number")),
        json_string_value(json_object_get(send->message, "kind")),
        (long long)json_integer_value(json_object_get(send->message, "step")));
    if (write(*fd, line, (size_t)len) == (ssize_t)len) {
        attempt->outcome = GONG_CHANNEL_SENT;
    }
    return GONG_OK;
}

static void
pipe_close(void *state)
{
    (void)state;
}

static const struct gong_option_table no_options = {.name = "pipe", .help = ""};

static const struct gong_channel_kind pipe_kind = {
    .type = "pipe",
    .options = &no_options,
    .open = pipe_open,
    .begin = pipe_begin,
    .close = pipe_close,
};

/* --- the child --- */

/* It may be over by now. */
static void
do_act(struct desk_life *life, const struct gong_desk_act *act)
{
    char why[256];
    enum gong_err err = gong_desk_do(life->desk, act, NULL, why, sizeof why);

    assert_true(err == GONG_OK || err == GONG_ERR_INVALID);
}

/* Every third is acknowledged, every third silenced by hand, as soon as it is
 * there and was not before. */
static void
do_acts(struct desk_life *life)
{
    int64_t number = desk_number(
        &life->files, "SELECT number FROM incidents WHERE state = 1 AND"
                      " number %% 3 = 0 AND acked_ms = 0 LIMIT 1");
    int64_t hush = desk_number(
        &life->files, "SELECT number FROM incidents AS i WHERE state = 1 AND"
                      " number %% 3 = 1 AND NOT EXISTS (SELECT 1 FROM silences"
                      " WHERE incident = i.number) LIMIT 1");
    struct gong_desk_act act = {.by = gong_str_of("lan")};

    if (number > 0) {
        act.kind = GONG_ACT_ACKNOWLEDGE;
        act.incident = (uint64_t)number;
        do_act(life, &act);
    }
    if (hush > 0) {
        act.kind = GONG_ACT_SILENCE;
        act.incident = (uint64_t)hush;
        do_act(life, &act);
    }
}

/* The whole story from its beginning: the log knows how far it was told. The
 * second half of the devices ends before the last ones begin. */
static void
tell_story(struct desk_life *life, bool quick)
{
    for (int i = 0; i < DEVICES; i++) {
        char name[32];
        bool known = gong_effects_known(life->effects, life->position, 0);

        (void)snprintf(name, sizeof name, "lamp-%d", i);
        desk_life_fire(life, name);
        if (i >= 20 && i % 2 == 0) {
            (void)snprintf(name, sizeof name, "lamp-%d", i - 20);
            desk_life_over(life, name);
        }
        if (!known && !quick) {
            gong_clock_sleep((gong_dur_t){PACE_US * INT64_C(1000)});
        }
        if (!known) {
            do_acts(life);
        }
    }
}

static _Noreturn void
live(const char *dir, int fd, bool to_the_end)
{
    struct desk_life life;

    desk_life_init_in(&life, dir, &pipe_kind, &fd);
    desk_life_open(&life);
    desk_life_start(&life);
    if (sqlite3_open(life.files.path, &life.files.handle) != SQLITE_OK) {
        _exit(3);
    }
    (void)sqlite3_busy_timeout(life.files.handle, 5000);
    if (write(fd, "started\n", 8) != 8) {
        _exit(4);
    }
    tell_story(&life, to_the_end);
    for (int i = 0; i < SETTLE_MS / 10 || !to_the_end; i++) {
        do_acts(&life);
        gong_clock_sleep(gong_dur_ms(10));
    }
    desk_wait(&life.files, 0,
              "SELECT count(*) FROM incidents WHERE state = 1 AND"
              " number % 3 = 2 AND escalated <> 2");
    desk_wait(&life.files, 0, "SELECT count(*) FROM outbox WHERE state = 0");
    (void)sqlite3_close(life.files.handle);
    desk_life_stop(&life);
    _exit(0);
}

/* --- the parent --- */

struct received {
    char key[64];
    char address[16];
    long long incident;
    char kind[16];
    long long step;
};

struct receiver {
    int fd;
    char buffer[LINE_SIZE * 2];
    size_t used;
    size_t count;
    struct received got[RECEIVED_MAX];
    gong_mono_t forked;
    int64_t started_us; /* what the last start took */
};

static void
note_line(struct receiver *receiver, const char *line)
{
    struct received *got = &receiver->got[receiver->count];

    if (strcmp(line, "started\n") == 0) {
        receiver->started_us =
            gong_mono_since(gong_mono_now(), receiver->forked).ns / 1000;
        return;
    }
    receiver->count++;
    assert_true(receiver->count <= RECEIVED_MAX);
    assert_int_equal(sscanf(line, "%63s %15s %lld %15s %lld", got->key,
                            got->address, &got->incident, got->kind,
                            &got->step),
                     5);
}

static void
receive(struct receiver *receiver)
{
    char c;

    while (read(receiver->fd, &c, 1) == 1) {
        assert_true(receiver->used < sizeof receiver->buffer - 1);
        receiver->buffer[receiver->used++] = c;
        if (c == '\n') {
            receiver->buffer[receiver->used] = '\0';
            note_line(receiver, receiver->buffer);
            receiver->used = 0;
        }
    }
}

static void
run_child(struct receiver *receiver, const char *dir, int fd,
          int64_t kill_after_us)
{
    gong_mono_t forked = gong_mono_now();
    pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    receiver->forked = forked;
    if (pid == 0) {
        live(dir, fd, kill_after_us < 0);
    }
    while (waitpid(pid, &status, WNOHANG) == 0) {
        receive(receiver);
        gong_clock_sleep((gong_dur_t){200000});
        if (kill_after_us >= 0 &&
            gong_mono_since(gong_mono_now(), forked).ns / 1000 >=
                kill_after_us) {
            (void)kill(pid, SIGKILL);
        }
    }
    receive(receiver);
    if (kill_after_us < 0) {
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    } else {
        assert_true(WIFSIGNALED(status));
    }
}

static long long
row_of(const struct received *got)
{
    return atoll(strchr(got->key, '-') + 1);
}

static bool
seen_before(const struct receiver *receiver, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(receiver->got[i].key, receiver->got[index].key) == 0) {
            return true;
        }
    }
    return false;
}

/* In the order of the rows for each address, twice only with the same key and
 * the same words. Returns how many came twice. */
static size_t
check_received(const struct receiver *receiver)
{
    size_t twice = 0;

    for (size_t i = 0; i < receiver->count; i++) {
        const struct received *got = &receiver->got[i];

        twice += seen_before(receiver, i);
        for (size_t j = 0; j < i; j++) {
            const struct received *earlier = &receiver->got[j];

            if (strcmp(earlier->key, got->key) == 0) {
                assert_int_equal(earlier->incident, got->incident);
                assert_string_equal(earlier->kind, got->kind);
            } else if (strcmp(earlier->address, got->address) == 0 &&
                       !seen_before(receiver, i)) {
                assert_true(row_of(earlier) < row_of(got));
            }
        }
    }
    return twice;
}

static bool
was_received(const struct receiver *receiver, int64_t row)
{
    for (size_t i = 0; i < receiver->count; i++) {
        if (row_of(&receiver->got[i]) == row) {
            return true;
        }
    }
    return false;
}

static void
check_kept(struct desk_files *files, const struct receiver *receiver)
{
    int64_t rows = desk_number(files, "SELECT max(id) FROM outbox");

    assert_int_equal(desk_number(files, "SELECT count(*) FROM incidents"),
                     DEVICES);
    assert_int_equal(desk_number(files, "SELECT count(*) FROM outbox"), rows);
    assert_int_equal(
        desk_number(files, "SELECT count(*) FROM outbox WHERE state <> 1"), 0);
    for (int64_t row = 1; row <= rows; row++) {
        assert_true(was_received(receiver, row));
    }
    /* Each incident fired and ended once, however often it was killed. */
    assert_int_equal(desk_number(files, "SELECT count(*) FROM events WHERE"
                                        " event = 0"),
                     DEVICES);
    assert_int_equal(desk_number(files, "SELECT count(*) FROM events WHERE"
                                        " event = 4"),
                     DEVICES / 2 - 10);
    /* Each step was told once for each incident at most, none behind an
     * acknowledgement. */
    assert_int_equal(
        desk_number(files,
                    "SELECT count(*) FROM (SELECT 1 FROM messages AS m JOIN"
                    " message_incidents AS x ON x.message = m.id"
                    " WHERE m.kind = 2 GROUP BY x.incident,"
                    " json_extract(m.body, '$.step') HAVING count(*) > 1)"),
        0);
    assert_int_equal(
        desk_number(files,
                    "SELECT count(*) FROM events AS a JOIN events AS e ON"
                    " e.incident = a.incident AND e.id > a.id"
                    " WHERE a.event = 5 AND e.event = 14"),
        0);
    /* Open and never acknowledged for so long: both steps were told. */
    assert_int_equal(
        desk_number(files, "SELECT count(*) FROM incidents WHERE state = 1 AND"
                           " number %% 3 = 2 AND escalated <> 2"),
        0);
    assert_int_equal(desk_number(files, "SELECT count(*) FROM incidents WHERE"
                                        " state = 1 AND number %% 3 = 0"),
                     0);
}

/* From what happened to the messages that it must have made. */
static void
check_told(struct desk_files *files)
{
    /* Whom nothing holds back: its opening, and each step that was counted. */
    assert_int_equal(
        desk_number(files,
                    "SELECT count(*) FROM incidents AS i WHERE number %% 3 <> 1"
                    " AND NOT EXISTS (SELECT 1 FROM message_incidents AS x"
                    " JOIN messages AS m ON m.id = x.message,"
                    " json_each(m.body, '$.items') AS t WHERE m.kind = 0"
                    " AND x.incident = i.number"
                    " AND json_extract(t.value, '$.number') = i.number"
                    " AND json_extract(t.value, '$.news') = 'firing')"),
        0);
    assert_int_equal(
        desk_number(files, "SELECT count(*) FROM events AS e WHERE event = 14"
                           " AND NOT EXISTS (SELECT 1 FROM message_incidents"
                           " AS x JOIN messages AS m ON m.id = x.message"
                           " WHERE x.incident = e.incident AND m.kind = 2"
                           " AND m.receiver = e.text)"),
        0);
    assert_int_equal(
        desk_number(files, "SELECT count(*) FROM incidents AS i WHERE escalated"
                           " <> (SELECT count(*) FROM events WHERE event = 14"
                           " AND incident = i.number)"),
        0);
    assert_true(
        desk_number(files, "SELECT count(*) FROM events WHERE event = 14") > 0);
    /* Each message has its rows. */
    assert_int_equal(desk_number(files, "SELECT count(*) FROM messages AS m"
                                        " WHERE NOT EXISTS (SELECT 1 FROM"
                                        " outbox WHERE message = m.id)"),
                     0);
    /* From its silence until its end nothing is said of an incident. */
    assert_true(desk_number(files, "SELECT count(*) FROM silences") > 0);
    assert_int_equal(
        desk_number(files,
                    "SELECT count(*) FROM silences AS s JOIN incidents AS i"
                    " ON i.number = s.incident JOIN message_incidents AS x"
                    " ON x.incident = i.number JOIN messages AS m"
                    " ON m.id = x.message WHERE m.at_ms > s.created_ms"
                    " AND (i.ended_ms = 0 OR m.at_ms < i.ended_ms)"),
        0);
}

static void
killed_at_random_moments(void **state)
{
    static struct receiver receiver;
    struct desk_files files;
    char effects[96];
    int fds[2];
    size_t before;
    size_t twice;

    (void)state;
    desk_files_init(&files);
    /* No connection may be there across a fork. */
    (void)sqlite3_close(files.handle);
    files.handle = NULL;
    receiver.started_us = 20000;
    (void)snprintf(effects, sizeof effects, "%s/effects", files.dir);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    receiver.fd = fds[0];
    for (int i = 0; i < KILLS; i++) {
        /* Until one lives so long that it starts. */
        receiver.started_us += receiver.started_us / 8;
        run_child(&receiver, files.dir, fds[1],
                  (int64_t)(gong_random_u64() %
                            (uint64_t)(2 * receiver.started_us + 10000)));
    }
    before = receiver.count;
    run_child(&receiver, files.dir, fds[1], -1);
    assert_int_equal(sqlite3_open(files.path, &files.handle), SQLITE_OK);
    twice = check_received(&receiver);
    print_message("%d kills, %zu received, %zu of these between the kills, "
                  "%zu twice\n",
                  KILLS, receiver.count, before, twice);
    assert_true(twice <= KILLS);
    check_kept(&files, &receiver);
    check_told(&files);
    (void)close(fds[0]);
    (void)close(fds[1]);
    {
        struct desk_life life = {.files = files};

        (void)snprintf(life.effects_dir, sizeof life.effects_dir, "%s",
                       effects);
        desk_life_forget_log(&life);
    }
    desk_files_fini(&files);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_random_moments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
