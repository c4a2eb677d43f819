/* A whole life of the collector's spooler on a disk whose n-th call fails, and
 * what it does while the disk goes on failing. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/lanes.h"
#include "collector/publish.h"
#include "collector/spooled.h"
#include "collector/spooler.h"
#include "collector/stats.h"
#include "common/log.h"
#include "disk_calls.h"
#include "disk_shim.h"

#define SEGMENT   ((size_t)131072)
#define BATCHES   60
#define BODY_SIZE 9000

static char folder[64];
static char body[BODY_SIZE + 1];

static struct gong_spooler *
try_open(uint64_t memory)
{
    const struct gong_spooler_options options = {
        .path = folder,
        .size = 3 * SEGMENT,
        .segment_size = SEGMENT,
        .policy = GONG_SPOOL_DROP_OLDEST,
        .sync = gong_dur_s(3600),
        .memory = memory,
        .site = "22015",
        .device = "gw",
    };
    struct gong_spooler *spooler = NULL;
    char why[256] = "";

    for (int i = 0; i < 2 && spooler == NULL; i++) {
        if (gong_spooler_open(&options, &spooler, why, sizeof why) != GONG_OK) {
            assert_null(spooler);
        }
    }
    return spooler;
}

static void
make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/gong-spooler-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static void
remove_folder(void)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    (void)closedir(dir);
    assert_int_equal(rmdir(folder), 0);
}

/* What was answered, by the point's number. */
struct book {
    enum { REFUSED, ACCEPTED, HELD } answers[BATCHES + 1];
    int last;
};

/* One point, padded so that rotation comes soon; its number is its stamp. */
static struct gong_str
point(int number)
{
    int len;

    memset(body, 'x', BODY_SIZE);
    len = snprintf(body, sizeof body, "m text=\"");
    body[len] = 'x';
    len = snprintf(body + BODY_SIZE - 20, 21, "\" %d\n", number);
    return gong_str_from(body, (size_t)(BODY_SIZE - 20 + len));
}

static void
say(struct gong_spooler *spooler, struct book *book)
{
    struct gong_spooler_taken taken = {0};
    int number = ++book->last;
    enum gong_err err = gong_spooler_append(spooler, point(number), &taken);

    assert_true(taken.accepted + taken.held == (err == GONG_OK ? 1u : 0u));
    book->answers[number] = taken.accepted > 0 ? ACCEPTED
                            : taken.held > 0   ? HELD
                                               : REFUSED;
}

static int
number_of(const struct gong_spooled *batch)
{
    char text[16] = "";

    assert_true(batch->body.len > 20);
    memcpy(text,
           strrchr(memcpy(body, batch->body.data, batch->body.len), '"') + 2,
           8);
    return atoi(text);
}

static void
live(struct book *book)
{
    struct gong_spooler *spooler = try_open(1 << 20);

    for (int life = 0; life < 2 && spooler != NULL; life++) {
        for (int i = 0; i < BATCHES / 2; i++) {
            say(spooler, book);
            if (i % 7 == 6) {
                (void)!gong_spool_sync(gong_spooler_spool(spooler));
            }
        }
        gong_spooler_close(spooler);
        spooler = life == 0 ? try_open(1 << 20) : NULL;
    }
    gong_spooler_close(spooler);
}

/* Accepted ones are there but for the oldest; refused ones never; numbers only
 * grow. */
static void
check(const struct book *book)
{
    struct gong_spooler *spooler = try_open(0);
    struct gong_spool_cursor *cursor = NULL;
    struct gong_record record;
    uint64_t seq = 0;
    int last = 0;

    assert_non_null(spooler);
    assert_int_equal(
        gong_spool_cursor_open(gong_spooler_spool(spooler), NULL, &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        struct gong_spooled batch;
        int number;

        assert_int_equal(gong_spooled_parse(&record, &batch), GONG_OK);
        assert_true(batch.seq > seq);
        seq = batch.seq;
        if (strncmp(batch.body.data, "gong_dropped,", 13) == 0) {
            continue; /* what the oldest were (collector/drops.h) */
        }
        body[batch.body.len] = '\0';
        number = number_of(&batch);
        assert_true(number > last);
        assert_int_equal(batch.points, 1);
        assert_true(book->answers[number] != REFUSED);
        for (int i = last + 1; last > 0 && i < number; i++) {
            assert_true(book->answers[i] != ACCEPTED);
        }
        last = number;
    }
    for (int i = last + 1; i <= book->last; i++) {
        assert_true(book->answers[i] != ACCEPTED);
    }
    assert_true(gong_spooler_last_seq(spooler) >= seq);
    gong_spool_cursor_close(cursor);
    gong_spooler_close(spooler);
}

static void
every_call_fails_once(void **state)
{
    (void)state;
    for (int fault = 0; fault < SHIM_FAULTS; fault++) {
        unsigned n = 0;
        bool struck;

        if (fault == SHIM_SHORT_END) {
            continue; /* the spool's own test has it */
        }
        do {
            struct book book = {.last = 0};

            make_folder();
            shim_arm((enum shim_fault)fault, ++n);
            live(&book);
            struck = shim_struck();
            shim_arm((enum shim_fault)fault, 0);
            check(&book);
            shim_disarm();
            remove_folder();
        } while (struck);
        print_message("%s: %u calls\n", shim_name((enum shim_fault)fault),
                      n - 1);
        assert_true(n > 50);
    }
}

/* Sent from memory while the disk fails; the numbers given out meanwhile come
 * never again, whether or not the disk came back before the restart. */
static void
held_batches_are_sent_and_their_numbers_not_used_again(void **state)
{
    for (int back = 0; back < 2; back++) {
        struct gong_lanes_options options = {.backlog_after = gong_dur_s(300),
                                             .backlog_rate = 20};
        struct gong_spooler *spooler;
        struct gong_lanes lanes;
        struct gong_spooled batch;
        struct book book = {.last = 0};
        uint64_t on_disk;
        uint64_t highest = 0;

        (void)state;
        make_folder();
        shim_arm(SHIM_EIO_STAYS, 0);
        spooler = try_open(1 << 20);
        assert_non_null(spooler);
        say(spooler, &book);
        on_disk = gong_spooler_last_seq(spooler);
        assert_true(gong_spooler_writable(spooler));
        shim_arm(SHIM_EIO_STAYS, 1);
        for (int i = 0; i < 5; i++) {
            say(spooler, &book);
            assert_int_equal(book.answers[book.last], HELD);
        }
        assert_false(gong_spooler_writable(spooler));
        assert_int_equal(gong_counter_get(&gong_stats()->spool_writable), 0);
        assert_int_equal(
            gong_lanes_open(&lanes, gong_spooler_spool(spooler), &options),
            GONG_ERR_IO); /* its mark cannot be made: then at a start */
        shim_mend();
        assert_int_equal(
            gong_lanes_open(&lanes, gong_spooler_spool(spooler), &options),
            GONG_OK);
        shim_arm(SHIM_EIO_STAYS, 1);
        for (int i = 1; i <= 6; i++) {
            assert_int_equal(gong_lanes_next(&lanes, GONG_LANE_LIVE,
                                             gong_spooler_last_seq(spooler),
                                             gong_wall_now(), &batch),
                             GONG_OK);
            assert_true(batch.seq > highest);
            assert_true(batch.held == (i > 1));
            highest = batch.seq;
        }
        assert_true(highest > on_disk + GONG_SPOOLER_JUMP);
        gong_lanes_close(&lanes);
        if (back != 0) {
            shim_mend();
        }
        gong_spooler_close(spooler);
        shim_mend();
        spooler = try_open(1 << 20);
        assert_non_null(spooler);
        say(spooler, &book);
        assert_int_equal(book.answers[book.last], ACCEPTED);
        if (back != 0) {
            assert_true(gong_spooler_last_seq(spooler) > highest + 1);
        } else {
            assert_true(gong_spooler_last_seq(spooler) == on_disk + 1);
        }
        gong_spooler_close(spooler);
        shim_disarm();
        remove_folder();
    }
}

/* What is not told yet waits for the disk: each batch in memory is a point. */
static void
nothing_is_told_from_memory(void **state)
{
    struct gong_spooler *spooler;
    struct book book = {.last = 0};
    uint64_t held;

    (void)state;
    make_folder();
    shim_arm(SHIM_EIO_STAYS, 0);
    spooler = try_open(1 << 20);
    assert_non_null(spooler);
    say(spooler, &book);
    gong_drops_hole(gong_spooler_drops(spooler), 1, 1);
    shim_arm(SHIM_EIO_STAYS, 1);
    say(spooler, &book);
    held = gong_spooler_last_seq(spooler);
    for (int i = 1; i <= 5; i++) {
        say(spooler, &book);
        assert_int_equal(book.answers[book.last], HELD);
        assert_true(gong_spooler_last_seq(spooler) == held + (uint64_t)i);
    }
    shim_mend();
    assert_int_equal(gong_spool_sync(gong_spooler_spool(spooler)), GONG_OK);
    say(spooler, &book);
    assert_int_equal(book.answers[book.last], ACCEPTED);
    /* The point, and in one batch the hole and what was skipped. */
    assert_true(gong_spooler_last_seq(spooler) == held + 7);
    say(spooler, &book);
    assert_true(gong_spooler_last_seq(spooler) == held + 8);
    gong_spooler_close(spooler);
    shim_disarm();
    remove_folder();
}

/* What the publisher said last of itself, and how much data it sent. */
static struct {
    char status[512];
    unsigned data;
    unsigned long low;
} said;

static enum gong_err
hear(void *link, const struct gong_mqtt_message *message)
{
    (void)link;
    if (message->retained) {
        (void)snprintf(said.status, sizeof said.status, "%.*s",
                       (int)message->payload.len, message->payload.data);
    } else {
        said.data++;
        (void)sscanf(strstr(message->payload.data, " low="), " low=%lu",
                     &said.low);
    }
    return GONG_OK;
}

/* The centre hears of it: the birth is told again, and data goes on. */
static void
the_birth_says_that_the_disk_fails(void **state)
{
    struct gong_publish_options options = {
        .site = "22015",
        .device = "gw",
        .window = 8,
        .ack_timeout = gong_dur_s(30),
        .lanes = {gong_dur_s(300), 20},
    };
    struct gong_publish_link link = {.publish = hear};
    struct gong_cadence *cadence = gong_cadence_new();
    struct gong_publish *publish = NULL;
    struct gong_mqtt_handlers handlers;
    struct gong_spooler *spooler;
    struct book book = {.last = 0};
    gong_mono_t now = gong_mono_now();

    (void)state;
    make_folder();
    shim_arm(SHIM_EROFS_STAYS, 0);
    spooler = try_open(1 << 20);
    assert_non_null(spooler);
    assert_non_null(cadence);
    assert_int_equal(gong_publish_new(&options, spooler, cadence, &publish),
                     GONG_OK);
    gong_publish_set_link(publish, &link);
    handlers = gong_publish_handlers(publish);
    handlers.connected(handlers.ctx, false);
    (void)gong_publish_step(publish, now, gong_wall_now());
    assert_non_null(strstr(said.status, "\"spool\":\"ok\""));
    shim_arm(SHIM_EROFS_STAYS, 1);
    say(spooler, &book);
    assert_int_equal(book.answers[1], HELD);
    now = gong_mono_add(now, gong_dur_s(6));
    (void)gong_publish_step(publish, now, gong_wall_now());
    assert_non_null(strstr(said.status, "\"spool\":\"memory\""));
    assert_int_equal(said.data, 1);
    /* A restart would go on with number 1: it must not be said to be gone. */
    assert_int_equal(said.low, 1);
    shim_mend();
    assert_int_equal(gong_spool_sync(gong_spooler_spool(spooler)), GONG_OK);
    say(spooler, &book);
    assert_int_equal(book.answers[2], ACCEPTED);
    now = gong_mono_add(now, gong_dur_s(6));
    (void)gong_publish_step(publish, now, gong_wall_now());
    assert_non_null(strstr(said.status, "\"spool\":\"ok\""));
    /* The point, and which numbers will never come. */
    assert_int_equal(said.data, 3);
    gong_publish_free(publish);
    gong_cadence_free(cadence);
    gong_spooler_close(spooler);
    shim_disarm();
    remove_folder();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_fails_once),
        cmocka_unit_test(
            held_batches_are_sent_and_their_numbers_not_used_again),
        cmocka_unit_test(nothing_is_told_from_memory),
        cmocka_unit_test(the_birth_says_that_the_disk_fails),
    };

    gong_log_init("test", GONG_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
