/* The power is cut after every call that changed the disk: whatever it may hold
 * then, the log opens and keeps its promises. GONG_POWERCUT_SAMPLES: how many
 * of the ways to lose unsynced pages are tried at each moment. */
#include "common/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/spool_format.h"
#include "disk_recorder.h"
#include "spool_fixture.h"

#define SAMPLES   2
#define SEGMENTS  3
#define BIG       15992
#define RECORDS   128
#define NOTES_MAX 400

/* What had been promised and asked for when so many events were over. */
struct note {
    size_t events;
    uint64_t begin;
    uint64_t end;
    uint64_t durable;
    uint64_t committed; /* asked for */
    uint32_t generation;
    uint64_t last; /* the newest number appended */
};

static struct note notes[NOTES_MAX];
static size_t note_count;
static uint64_t offsets[RECORDS]; /* by number; 0: never appended */
static uint64_t ends[RECORDS];
static struct note now;

static void
note(struct gong_spool *spool)
{
    struct gong_spool_stats stats;

    gong_spool_stats(spool, &stats);
    now.events = recorder_events();
    now.begin = stats.begin;
    now.end = stats.end;
    now.durable = stats.durable;
    now.generation = stats.generation;
    assert_true(note_count < NOTES_MAX);
    notes[note_count++] = now;
}

/* --- the session --- */

static void
put(struct gong_spool *spool, size_t len)
{
    uint64_t number = ++now.last;
    uint64_t offset = 0;
    struct gong_spool_stats stats;

    assert_true(number < RECORDS);
    if (fixture_append(spool, number, len, &offset) != GONG_OK) {
        now.last--;
        note(spool);
        return;
    }
    gong_spool_stats(spool, &stats);
    offsets[number] = offset;
    ends[number] = stats.end;
    note(spool);
}

static void
sync_log(struct gong_spool *spool)
{
    assert_int_equal(gong_spool_sync(spool), GONG_OK);
    note(spool);
}

static void
take(struct gong_spool *spool, struct gong_spool_cursor *cursor, int count)
{
    for (int i = 0; i < count && fixture_next(cursor) != UINT64_MAX; i++) {
    }
    now.committed = gong_spool_cursor_offset(cursor);
    note(spool); /* asked for before it is written */
    assert_int_equal(gong_spool_cursor_commit(cursor, now.committed), GONG_OK);
    note(spool);
}

static void
live(enum gong_spool_policy policy, int lives)
{
    for (int life = 0; life < lives; life++) {
        struct gong_spool *spool = fixture_open(SEGMENTS, policy);
        struct gong_spool_cursor *cursor = NULL;

        note(spool);
        assert_int_equal(gong_spool_cursor_open(spool, "a", &cursor), GONG_OK);
        put(spool, 100);
        put(spool, 3000);
        put(spool, 100);
        sync_log(spool);
        put(spool, 20000);
        take(spool, cursor, 2);
        for (int i = 0; i < 6; i++) { /* rotates */
            put(spool, BIG);
        }
        sync_log(spool);
        put(spool, 5000);
        take(spool, cursor, 100);
        for (int i = 0; i < 8; i++) { /* recycles */
            put(spool, BIG);
            if (i % 3 == 2) {
                sync_log(spool);
            }
        }
        take(spool, cursor, 3);
        for (int i = 0; i < 5; i++) { /* fills, or drops */
            put(spool, BIG);
        }
        gong_spool_cursor_close(cursor);
        gong_spool_close(spool);
        now.events = recorder_events();
        now.durable = now.end; /* closing promises that */
        notes[note_count++] = now;
    }
}

/* --- after the cut --- */

static char wreck[64];

static void
empty_wreck(void)
{
    DIR *dir = opendir(wreck);
    const struct dirent *entry;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
        }
    }
    (void)closedir(dir);
}

/* The machine comes up again: another boot. */
static void
reboot(void)
{
    uint8_t bytes[GONG_SPOOL_META_SIZE];
    struct gong_spool_meta meta;
    char path[128];
    ssize_t len;
    int fd;

    (void)snprintf(path, sizeof path, "%s/log.meta", wreck);
    fd = open(path, O_RDWR);
    if (fd < 0) {
        return;
    }
    len = read(fd, bytes, sizeof bytes);
    if (len > 0 &&
        gong_spool_meta_decode(bytes, (size_t)len, &meta) == GONG_OK) {
        meta.boot_id[0] ^= 0xff;
        assert_true((size_t)len == gong_spool_meta_encode(&meta, bytes));
        assert_true(pwrite(fd, bytes, (size_t)len, 0) == len);
    }
    (void)close(fd);
}

/* Every record is one that was appended, at its place; all that were promised
 * are there. Returns where the last one ends. */
static uint64_t
check_records(struct gong_spool *spool, const struct note *promised,
              const struct note *next)
{
    struct gong_spool_cursor *cursor = NULL;
    struct gong_record record;
    bool found[RECORDS] = {false};
    uint64_t end;

    assert_int_equal(gong_spool_cursor_open(spool, NULL, &cursor), GONG_OK);
    end = gong_spool_cursor_offset(cursor); /* the begin */
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        uint64_t number = fixture_number(&record);

        assert_true(number <= next->last);
        assert_true(record.offset == offsets[number]);
        assert_true(record.next >= end);
        found[number] = true;
        end = record.next;
    }
    for (uint64_t number = 1; number <= promised->last; number++) {
        if (ends[number] <= promised->durable &&
            offsets[number] >= next->begin) {
            assert_true(found[number]);
        }
    }
    gong_spool_cursor_close(cursor);
    return end;
}

static void
check_cursor(struct gong_spool *spool, const struct note *next)
{
    struct gong_spool_cursor *cursor = NULL;
    struct gong_spool_stats stats;
    struct gong_record record;
    uint64_t aside;
    uint64_t at;

    gong_spool_stats(spool, &stats);
    aside = stats.set_aside_records;
    assert_int_equal(gong_spool_cursor_open(spool, "a", &cursor), GONG_OK);
    at = gong_spool_cursor_offset(cursor);
    assert_true(at >= stats.begin && at <= stats.end);
    assert_true(at <= next->committed || at == stats.begin);
    if (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        (void)fixture_number(&record);
    }
    gong_spool_stats(spool, &stats);
    assert_true(stats.set_aside_records == aside);
    gong_spool_cursor_close(cursor);
}

/* Positions that may name something else now do not hold any more. */
static void
check_generation(struct gong_spool *spool, const struct note *promised,
                 const struct note *next, uint64_t end)
{
    struct gong_spool_stats stats;

    gong_spool_stats(spool, &stats);
    if (end < promised->end) {
        assert_true(stats.generation > promised->generation);
        assert_false(gong_spool_position_holds(spool, promised->generation,
                                               promised->end));
    }
    if (promised->durable >= next->begin && promised->durable > 64) {
        assert_true(gong_spool_position_holds(spool, promised->generation,
                                              promised->durable));
    }
}

static void
check_wreck(enum gong_spool_policy policy, const struct note *promised,
            const struct note *next)
{
    struct gong_spool_options options = {.dir = wreck,
                                         .segment_size = SEGMENT,
                                         .segments_max = SEGMENTS,
                                         .policy = policy};
    struct gong_spool *spool = NULL;
    char why[256] = "";
    uint64_t offset = 0;
    uint64_t end;

    if (gong_spool_open(&options, &spool, why, sizeof why) != GONG_OK) {
        fail_msg("it does not open: %s", why);
    }
    end = check_records(spool, promised, next);
    check_cursor(spool, next);
    if (promised->events > 0) {
        check_generation(spool, promised, next, end);
    }
    /* It goes on, and what comes now is found again. */
    if (fixture_append(spool, 999, 100, &offset) == GONG_OK) {
        struct gong_spool_cursor *cursor = NULL;

        assert_true(offset >= end);
        gong_spool_close(spool);
        spool = NULL;
        assert_int_equal(gong_spool_open(&options, &spool, why, sizeof why),
                         GONG_OK);
        assert_int_equal(gong_spool_cursor_open(spool, NULL, &cursor), GONG_OK);
        gong_spool_cursor_seek(cursor, offset);
        assert_true(fixture_next(cursor) == 999);
        gong_spool_cursor_close(cursor);
    }
    gong_spool_close(spool);
}

static int
samples(void)
{
    const char *text = getenv("GONG_POWERCUT_SAMPLES");
    int count = text == NULL ? 0 : atoi(text);

    return count > 0 ? count : SAMPLES;
}

static unsigned
cut_everywhere(enum gong_spool_policy policy)
{
    static const struct note none = {.generation = 0};
    size_t events = recorder_events();
    unsigned wrecks = 0;
    size_t at = 0; /* notes[at] is the first that lies beyond the cut */

    for (size_t count = 0; count <= events; count++) {
        int pages = samples();

        while (at < note_count && notes[at].events <= count) {
            at++;
        }
        for (int i = 0; i < 4 + pages; i++) {
            enum recorder_cut cut =
                i < CUT_PAGES ? (enum recorder_cut)i : CUT_PAGES;

            recorder_build(count, cut, count * 1000 + (size_t)i, wreck);
            reboot();
            check_wreck(policy, at > 0 ? &notes[at - 1] : &none,
                        at < note_count ? &notes[at] : &notes[note_count - 1]);
            empty_wreck();
            wrecks++;
        }
    }
    return wrecks;
}

static void
run(enum gong_spool_policy policy)
{
    unsigned wrecks;
    size_t events;

    note_count = 0;
    now = (struct note){0};
    recorder_start(fixture_dir());
    live(policy, 2);
    events = recorder_events();
    recorder_stop();
    (void)snprintf(wreck, sizeof wreck, "/tmp/gong-wreck-XXXXXX");
    assert_non_null(mkdtemp(wreck));
    fixture_watch(); /* syncs do not wait for the disk */
    wrecks = cut_everywhere(policy);
    print_message("%zu events, %u disks\n", events, wrecks);
    assert_int_equal(rmdir(wreck), 0);
    recorder_fini();
}

static void
blocking_log_survives_every_cut(void **state)
{
    (void)state;
    run(GONG_SPOOL_BLOCK);
}

static void
dropping_log_survives_every_cut(void **state)
{
    (void)state;
    run(GONG_SPOOL_DROP_OLDEST);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocking_log_survives_every_cut,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(dropping_log_survives_every_cut,
                                        fixture_setup, fixture_teardown),
    };

    gong_log_init("test", getenv("GONG_POWERCUT_LOG") != NULL ? GONG_LOG_DEBUG
                                                              : GONG_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
