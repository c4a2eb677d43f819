/* Batches that come damaged or too large: set aside and settled, so that they
 * do not come for ever. */
#include "agent/receive/set_aside.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/crc32c.h"
#include "ingest_fixture.h"

static void
a_damaged_batch_is_set_aside_at_the_third_try(void **state)
{
    struct ingest_world *world = *state;
    char *aside;

    ingest_batch(world, 1, 1, true);
    ingest_batch(world, 2, 1, true);
    ingest_batch(world, 1, 1, true);
    assert_int_equal(ingest_results(world, "damaged"), 3);
    assert_int_equal(ingest_results(world, "set_aside"), 0);
    ingest_batch(world, 1, 1, true);
    assert_int_equal(ingest_results(world, "set_aside"), 1);
    ingest_batch(world, 1, 1, true); /* settled: its ack goes out again */
    assert_int_equal(ingest_results(world, "duplicate"), 1);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 0);
    aside = sinks_read(world->sinks, "aside");
    assert_non_null(strstr(aside, "== 22015/lamp-1 epoch=00000000000000aa "
                                  "seq=1 "));
    assert_non_null(strstr(aside, "#gong v=1 "));
    free(aside);
    ingest_batch(world, 2, 1, false); /* the other one came well */
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 1);
}

/* Its header may be as wrong as its body. */
static void
a_damaged_header_settles_its_own_batch_alone(void **state)
{
    struct ingest_world *world = *state;
    struct gong_receive_ack ack;

    ingest_batch(world, 1, 1, false);
    for (int i = 0; i < 3; i++) {
        ingest_batch(world, 9, 9, true);
    }
    assert_int_equal(ingest_results(world, "set_aside"), 1);
    assert_true(gong_receive_take_ack(world->receive, gong_mono_now(), &ack));
    assert_int_equal(ack.cum, 1);
    assert_int_equal(ack.range_count, 1);
    assert_int_equal(ack.ranges[0].first, 9);
    ingest_batch(world, 2, 1, false);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 2);
}

/* Only a file that has grown to its bound lets a batch go. */
static void
a_batch_that_cannot_be_set_aside_comes_again(void **state)
{
    struct ingest_world *world = *state;
    struct gong_receive_ack ack;
    FILE *full;

    (void)snprintf(world->aside, sizeof world->aside, "%s/no/aside",
                   world->sinks->dir);
    for (int i = 0; i < 4; i++) {
        ingest_batch(world, 1, 1, true);
    }
    assert_int_equal(ingest_results(world, "damaged"), 2);
    assert_int_equal(ingest_results(world, "set_aside_failed"), 2);
    assert_int_equal(ingest_results(world, "set_aside"), 0);
    assert_false(gong_receive_take_ack(world->receive, gong_mono_now(), &ack));
    (void)snprintf(world->aside, sizeof world->aside, "%s/aside",
                   world->sinks->dir);
    full = fopen(world->aside, "w");
    assert_non_null(full);
    assert_int_equal(fseek(full, GONG_SET_ASIDE_MAX - 10, SEEK_SET), 0);
    assert_int_equal(fputc('x', full), 'x');
    assert_int_equal(fclose(full), 0);
    ingest_batch(world, 1, 1, true);
    assert_int_equal(ingest_results(world, "set_aside"), 1);
    assert_int_equal(
        sinks_count(world->sinks, "gong_agent_set_aside_lost_total", ""), 1);
    ingest_batch(world, 1, 1, true);
    assert_int_equal(ingest_results(world, "duplicate"), 1);
}

static off_t
size_of(const char *path)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

/* The disk takes 50 bytes more: half a batch must not stay, or the next one's
 * title would stand in the middle of a line. */
static void
a_batch_that_does_not_fit_leaves_nothing(void **state)
{
    struct ingest_world *world = *state;
    struct gong_batch_header header = {.epoch = 1, .seq = 2};
    struct gong_device_name device = {gong_str_of("22015"),
                                      gong_str_of("lamp-1")};
    struct gong_str message = gong_str_of("a message of some length\n");
    struct rlimit before, tight;
    off_t size;

    assert_int_equal(
        gong_set_aside_write(world->aside, device, &header, message), GONG_OK);
    size = size_of(world->aside);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)size + 50;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    assert_int_equal(
        gong_set_aside_write(world->aside, device, &header, message),
        GONG_ERR_NO_SPACE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(size_of(world->aside), size);
}

/* A batch whose body is size bytes; flip damages it. */
static void
receive_large(const struct ingest_world *world, uint64_t seq, size_t size,
              bool flip)
{
    char line[GONG_BATCH_HEADER_SIZE];
    struct gong_batch_header header = {.epoch = EPOCH, .seq = seq, .low = 1};
    char *message = malloc(sizeof line + size);
    size_t len;

    assert_non_null(message);
    memset(message, 'x', sizeof line + size);
    header.crc = gong_crc32c(0, message, size);
    len = gong_batch_header_format(&header, line);
    memcpy(message, line, len);
    if (flip) {
        message[len] ^= 1;
    }
    gong_ingest_message(world->ingest, gong_str_of("gong/v1/22015/lamp-1/data"),
                        gong_str_from(message, len + size));
    free(message);
}

static uint64_t
settled_up_to(const struct ingest_world *world)
{
    struct gong_receive_ack ack;

    assert_true(gong_receive_take_ack(world->receive, gong_mono_now(), &ack));
    return ack.cum;
}

static void
a_batch_too_large_does_not_come_for_ever(void **state)
{
    struct ingest_world *world = *state;
    char *aside;

    receive_large(world, 1, 5000, false);
    assert_int_equal(ingest_results(world, "too_large"), 1);
    assert_int_equal(settled_up_to(world), 1);
    receive_large(world, 1, 5000, false); /* the ack was lost */
    assert_int_equal(ingest_results(world, "too_large"), 1);
    assert_int_equal(ingest_results(world, "duplicate"), 1);
    for (int i = 0; i < 3; i++) {
        receive_large(world, 2, 5000, true);
    }
    assert_int_equal(ingest_results(world, "damaged"), 2);
    assert_int_equal(ingest_results(world, "set_aside"), 1);
    assert_int_equal(settled_up_to(world), 2);
    assert_int_equal(ingest_journaled(world, GONG_RECORD_DATA), 0);
    aside = sinks_read(world->sinks, "aside");
    assert_non_null(strstr(aside, "== 22015/lamp-1 epoch=00000000000000aa "
                                  "seq=1 "));
    free(aside);
}

/* The journal's segments are of 64 KiB here. */
static void
a_batch_over_the_journals_segment_does_not_come_for_ever(void **state)
{
    struct ingest_world *world = *state;
    char *plain = malloc(70000);

    assert_non_null(plain);
    ingest_close(world);
    world->message_max = (size_t)1 << 20;
    ingest_open(world, 100, 10000);
    receive_large(world, 1, 70000, false);
    assert_int_equal(ingest_results(world, "too_large"), 1);
    assert_int_equal(ingest_results(world, "journal_failed"), 0);
    assert_int_equal(settled_up_to(world), 1);
    assert_true(size_of(world->aside) > 70000);
    memset(plain, 'x', 70000); /* nobody sends it again */
    gong_ingest_message(world->ingest, gong_str_of("gong/v1/22015/lamp-1/data"),
                        gong_str_from(plain, 70000));
    free(plain);
    assert_int_equal(ingest_results(world, "too_large"), 2);
}

int
main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(name, ingest_setup, ingest_teardown)
    const struct CMUnitTest tests[] = {
        T(a_damaged_batch_is_set_aside_at_the_third_try),
        T(a_damaged_header_settles_its_own_batch_alone),
        T(a_batch_that_cannot_be_set_aside_comes_again),
        T(a_batch_that_does_not_fit_leaves_nothing),
        T(a_batch_too_large_does_not_come_for_ever),
        T(a_batch_over_the_journals_segment_does_not_come_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
