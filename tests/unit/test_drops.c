/* Unit tests of collector/drops.c: what a full or damaged spool lost is told to
 * the number, also when the collector is killed between any two steps; and the
 * agent's ledger, fed with what is left, adds up to what was accepted. */
#include "collector/drops.h"

#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/receive/receive_epoch.h"
#include "collector/lines.h"
#include "collector/spooler.h"
#include "common/batch.h"
#include "common/log.h"

#define SEGMENT ((size_t)65536)

static char folder[64];
static int kill_at; /* counts renames down to the one that ends the process */
static bool kill_after;

int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);

int
__wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    bool now = kill_at > 0 && --kill_at == 0;
    int rc;

    if (now && !kill_after) {
        _exit(9);
    }
    rc = __real_renameat(from_fd, from, to_fd, to);
    if (now) {
        _exit(9);
    }
    return rc;
}

static struct gong_spooler *
open_spooler(void)
{
    const struct gong_spooler_options options = {
        .path = folder,
        .size = 3 * SEGMENT,
        .segment_size = SEGMENT,
        .policy = GONG_SPOOL_DROP_OLDEST,
        .sync = gong_dur_s(60),
        .site = "22015",
        .device = "gw",
    };
    struct gong_spooler *spooler = NULL;
    char why[256] = "";

    assert_int_equal(gong_spooler_open(&options, &spooler, why, sizeof why),
                     GONG_OK);
    return spooler;
}

/* As the publisher: a spool that nobody reads may drop without a word. */
static struct gong_spool_cursor *
hold(struct gong_spooler *spooler)
{
    struct gong_spool_cursor *cursor;

    assert_int_equal(
        gong_spool_cursor_open(gong_spooler_spool(spooler), "publish", &cursor),
        GONG_OK);
    return cursor;
}

static int
setup(void **state)
{
    (void)state;
    kill_at = 0;
    (void)snprintf(folder, sizeof folder, "/tmp/gong-drops-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct dirent *entry;
    DIR *dir = opendir(folder);

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char name[400];

        (void)snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') {
            (void)unlink(name);
        }
    }
    (void)closedir(dir);
    return rmdir(folder);
}

/* Batch i: 1 + i % 5 points of two samples and a string each. */
static uint64_t
append(struct gong_spooler *spooler, unsigned i)
{
    char lines[1024] = "";
    size_t len = 0;

    for (unsigned k = 0; k <= i % 5; k++) {
        len += (size_t)snprintf(
            lines + len, sizeof lines - len,
            "m,k=%u a=%u,b=t,s=\"x=1, y=\\\"2\\\"\" 1760000000%09u\n", k, i, i);
    }
    assert_int_equal(
        gong_spooler_append(spooler, gong_str_from(lines, len), NULL), GONG_OK);
    return i % 5 + 1;
}

/* ---- the agent's side ---- */

static struct gong_receive *
new_receive(void)
{
    const struct gong_receive_options options = {
        .devices_max = 10, .rate = 1, .burst = 1};
    struct gong_receive *receive = gong_receive_new(&options);

    assert_non_null(receive);
    return receive;
}

static const struct gong_receive_epoch *
first_epoch(struct gong_receive *receive)
{
    struct gong_device_name name = {gong_str_of("22015"), gong_str_of("gw")};
    struct gong_device *device = gong_devices_find(&receive->devices, name);

    assert_non_null(device);
    return device->state;
}

static bool
is_report(const struct gong_spooled *batch)
{
    return batch->body.len > 13 &&
           memcmp(batch->body.data, "gong_dropped,", 13) == 0;
}

/* Sends what is left in the spool; `own` gets the points of reports. low is
 * that of the first: as the publisher says it. */
static void
deliver(struct gong_spooler *spooler, struct gong_receive *receive,
        uint64_t *own)
{
    struct gong_device_name name = {gong_str_of("22015"), gong_str_of("gw")};
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    uint64_t position = 64;

    assert_int_equal(
        gong_spool_cursor_open(gong_spooler_spool(spooler), NULL, &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        struct gong_batch_header header = {.epoch =
                                               gong_spooler_epoch(spooler)};
        struct gong_spooled batch;
        gong_mono_t now = {0};

        assert_int_equal(gong_spooled_parse(&record, &batch), GONG_OK);
        header.seq = batch.seq;
        header.low = batch.seq;
        header.points = batch.points;
        header.samples = (uint32_t)gong_lines_samples(batch.body);
        if (gong_receive_check(receive, name, &header, now) !=
            GONG_RECEIVE_NEW) {
            continue;
        }
        if (is_report(&batch)) {
            *own += batch.points;
        }
        position += 8;
        gong_receive_settle(receive, name, &header, position, INT64_MAX, now);
        gong_receive_report(receive, name, &header, batch.body, now);
    }
    gong_spool_cursor_close(cursor);
}

/* Everything that was accepted is here or named. The first number that this
 * agent hears of is 1, so that nothing counts as before its time. */
static uint64_t
points_found(struct gong_spooler *spooler)
{
    struct gong_receive *receive = new_receive();
    struct gong_device_name name = {gong_str_of("22015"), gong_str_of("gw")};
    struct gong_batch_header first = {
        .epoch = gong_spooler_epoch(spooler), .seq = 1, .low = 1};
    const struct gong_receive_epoch *epoch;
    const struct gong_ledger_counts *counts;
    gong_mono_t now = {0};
    uint64_t own = 0;
    uint64_t found;

    (void)gong_receive_check(receive, name, &first, now);
    deliver(spooler, receive, &own);
    epoch = first_epoch(receive);
    counts = &epoch->ledger.counts;
    assert_int_equal(counts->missing, 0);
    assert_int_equal(counts->damaged, 0);
    assert_int_equal(counts->batches + counts->dropped,
                     gong_spooler_last_seq(spooler));
    found = counts->points - own + counts->dropped_points;
    assert_int_equal(epoch->settled.cum, gong_spooler_last_seq(spooler));
    gong_receive_free(receive);
    return found;
}

static void
assert_adds_up(struct gong_spooler *spooler, uint64_t accepted)
{
    assert_int_equal(points_found(spooler), accepted);
}

/* ---- tests ---- */

static void
nothing_is_told_where_nothing_is_lost(void **state)
{
    struct gong_spooler *spooler = open_spooler();
    struct gong_spool_cursor *cursor = hold(spooler);
    struct gong_drops_sums sums;
    uint64_t accepted = 0;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        accepted += append(spooler, i);
    }
    gong_drops_sums(gong_spooler_drops(spooler), &sums);
    assert_int_equal(sums.batches, 0);
    assert_int_equal(gong_spooler_last_seq(spooler), 100);
    assert_adds_up(spooler, accepted);
    gong_spool_cursor_close(cursor);
    gong_spooler_close(spooler);
}

/* Many times the spool's size: reports are dropped too and told again. */
static void
what_is_dropped_is_counted_to_the_sample(void **state)
{
    struct gong_spooler *spooler = open_spooler();
    struct gong_spool_cursor *cursor = hold(spooler);
    struct gong_drops_sums sums;
    uint64_t accepted = 0;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        accepted += append(spooler, i);
    }
    gong_drops_sums(gong_spooler_drops(spooler), &sums);
    assert_true(sums.batches > 15000);
    assert_int_equal(sums.samples, 2 * sums.points);
    assert_adds_up(spooler, accepted);
    gong_spool_cursor_close(cursor);
    gong_spooler_close(spooler);
}

static void
sums_go_on_after_a_restart(void **state)
{
    struct gong_drops_sums before;
    struct gong_drops_sums after;
    uint64_t accepted = 0;

    (void)state;
    for (unsigned life = 0; life < 4; life++) {
        struct gong_spooler *spooler = open_spooler();
        struct gong_spool_cursor *cursor = hold(spooler);

        gong_drops_sums(gong_spooler_drops(spooler), &after);
        assert_true(life == 0 || after.batches == before.batches);
        for (unsigned i = 0; i < 4000; i++) {
            accepted += append(spooler, i);
        }
        gong_drops_sums(gong_spooler_drops(spooler), &before);
        assert_true(before.batches > after.batches);
        if (life == 3) {
            assert_adds_up(spooler, accepted);
        }
        gong_spool_cursor_close(cursor);
        gong_spooler_close(spooler);
    }
}

static void
what_an_agent_has_is_not_lost(void **state)
{
    struct gong_spooler *spooler = open_spooler();
    struct gong_spool_cursor *cursor = hold(spooler);
    struct gong_settled settled = {.epoch = gong_spooler_epoch(spooler),
                                   .cum = 10,
                                   .ranges = {{100, 199}},
                                   .range_count = 1};
    struct gong_drops_sums sums;
    uint64_t first = 0;

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        (void)append(spooler, i);
    }
    gong_spooler_settled(spooler, &settled);
    do {
        (void)append(spooler, 0);
        gong_drops_sums(gong_spooler_drops(spooler), &sums);
        first++;
    } while (sums.batches == 0 && first < 100000);
    /* The first segment held some 270 batches, less 110 settled. */
    assert_true(sums.batches > 100);
    assert_true(sums.batches < 300 - 110);
    for (unsigned i = 0; i < 10; i++) {
        (void)append(spooler, 0);
    }
    gong_spool_cursor_close(cursor);
    gong_spooler_close(spooler);
}

/* What a child did until it was ended at a rename. */
struct life {
    uint64_t answered; /* points */
    uint64_t open;     /* of the append that never returned */
};

static void
tell(int fd, uint64_t value)
{
    if (write(fd, &value, sizeof value) != (ssize_t)sizeof value) {
        _exit(1);
    }
}

static void
live(int fd, int at, bool after)
{
    struct gong_spooler *spooler = open_spooler();

    (void)hold(spooler);
    kill_at = at;
    kill_after = after;
    for (unsigned i = 0; i < 100000; i++) {
        tell(fd, i % 5 + 1);
        (void)append(spooler, i);
        tell(fd, 0);
    }
    _exit(1);
}

static struct life
run_until_killed(int at, bool after)
{
    struct life life = {0};
    uint64_t value;
    int status = 0;
    int pipes[2];
    pid_t child;

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        live(pipes[1], at, after);
    }
    (void)close(pipes[1]);
    while (read(pipes[0], &value, sizeof value) == (ssize_t)sizeof value) {
        life.answered += value == 0 ? life.open : 0;
        life.open = value;
    }
    (void)close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 9);
    return life;
}

/* An append that did not return may be in the spool as a whole, or not. */
static void
killed_anywhere_it_still_adds_up(void **state)
{
    (void)state;
    for (int at = 1; at <= 24; at++) {
        struct life first = run_until_killed((at + 1) / 2, at % 2 == 0);
        struct life second = run_until_killed(3, at % 3 == 0);
        struct gong_spooler *spooler = open_spooler();
        struct gong_spool_cursor *cursor = hold(spooler);
        uint64_t accepted =
            first.answered + second.answered + append(spooler, 3);
        uint64_t more = points_found(spooler) - accepted;

        assert_true(more == 0 || more == first.open || more == second.open ||
                    more == first.open + second.open);
        gong_spool_cursor_close(cursor);
        gong_spooler_close(spooler);
        assert_int_equal(teardown(NULL), 0);
        assert_int_equal(setup(NULL), 0);
    }
}

static void
flip_byte(const char *name, long at)
{
    char path[128];
    FILE *file;
    int byte;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 0x40, file), byte ^ 0x40);
    assert_int_equal(fclose(file), 0);
}

static void
a_damaged_batch_is_named(void **state)
{
    struct gong_spooler *spooler = open_spooler();
    struct gong_receive *receive = new_receive();
    struct gong_device_name name = {gong_str_of("22015"), gong_str_of("gw")};
    struct gong_batch_header first = {
        .epoch = gong_spooler_epoch(spooler), .seq = 1, .low = 1};
    gong_mono_t now = {0};
    uint64_t own = 0;

    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        (void)append(spooler, 0);
    }
    gong_spooler_close(spooler);
    flip_byte("0000000000000000.segment", 2000);
    spooler = open_spooler();
    (void)append(spooler, 0);
    (void)gong_receive_check(receive, name, &first, now);
    deliver(spooler, receive, &own);
    assert_int_equal(first_epoch(receive)->ledger.counts.damaged, 1);
    assert_int_equal(first_epoch(receive)->ledger.counts.missing, 0);
    assert_int_equal(first_epoch(receive)->ledger.counts.batches, 51);
    gong_receive_free(receive);
    gong_spooler_close(spooler);
}

static void
a_damaged_file_is_begun_anew(void **state)
{
    struct gong_spooler *spooler = open_spooler();
    struct gong_spool_cursor *cursor = hold(spooler);
    struct gong_drops_sums sums;

    (void)state;
    for (unsigned i = 0; i < 4000; i++) {
        (void)append(spooler, i);
    }
    gong_spool_cursor_close(cursor);
    gong_spooler_close(spooler);
    flip_byte("dropped", 40);
    spooler = open_spooler();
    gong_drops_sums(gong_spooler_drops(spooler), &sums);
    assert_int_equal(sums.batches, 0);
    (void)append(spooler, 1);
    gong_spooler_close(spooler);
}

static const struct {
    const char *lines;
    uint64_t samples;
} samples[] = {
    {"", 0},
    {"m v=1 1\n", 1},
    {"m v=1", 1},
    {"m,a=b v=1,w=2i,x=t,s=\"a=1,b=2 c\" 1\nm v=1 1\n", 4},
    {"m\\ n,a\\=b=c\\,d k\\=e=1,f=\"\" 7\n", 1},
    {"m s=\"\\\"\\\\\",v=2 7\n", 1},
    {"m s=\"a\nb=1\",v=2 7\n", 1},
};

static void
samples_are_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        assert_int_equal(gong_lines_samples(gong_str_of(samples[i].lines)),
                         samples[i].samples);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_told_where_nothing_is_lost),
        TEST(what_is_dropped_is_counted_to_the_sample),
        TEST(sums_go_on_after_a_restart),
        TEST(what_an_agent_has_is_not_lost),
        TEST(killed_anywhere_it_still_adds_up),
        TEST(a_damaged_batch_is_named),
        TEST(a_damaged_file_is_begun_anew),
        cmocka_unit_test(samples_are_counted),
    };

    gong_log_init("test_drops", GONG_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
