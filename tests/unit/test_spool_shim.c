/* A whole life of a log, with the n-th call that changes the disk failing, for
 * n = 1, 2, 3, ... until a life passes untouched. */
#include "common/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/log.h"
#include "disk_shim.h"
#include "spool_fixture.h"

#define SMALL     100
#define LARGE     20000
#define BIG       7992
#define A_SEGMENT 8 /* BIG records */
#define SEGMENTS  4
#define BOOK_MAX  256

/* What the log said about each number, and what was done with it. */
struct book {
    enum gong_spool_policy policy;
    uint64_t last;         /* the newest number tried */
    bool kept[BOOK_MAX];   /* append said OK */
    uint64_t committed;    /* the newest number that commit was asked for */
    uint64_t committed_ok; /* and said OK to */
    uint64_t read;         /* in this life of the cursor */
    bool unheld;           /* no cursor could be opened: all may go */
};

static struct gong_spool *
try_open(struct book *book)
{
    struct gong_spool_options options = {.dir = fixture_dir(),
                                         .segment_size = SEGMENT,
                                         .segments_max = SEGMENTS,
                                         .policy = book->policy};
    struct gong_spool *spool = NULL;
    char why[256] = "";

    /* Once more, as whoever starts the program again would. */
    for (int i = 0; i < 2 && spool == NULL; i++) {
        if (gong_spool_open(&options, &spool, why, sizeof why) != GONG_OK) {
            assert_null(spool);
            assert_string_not_equal(why, "");
        }
    }
    return spool;
}

static void
put(struct gong_spool *spool, struct book *book, size_t len)
{
    uint64_t number = ++book->last;
    struct gong_spool_stats before;
    struct gong_spool_stats after;

    assert_true(number < BOOK_MAX);
    gong_spool_stats(spool, &before);
    book->kept[number] = fixture_append(spool, number, len, NULL) == GONG_OK;
    gong_spool_stats(spool, &after);
    assert_true(book->kept[number] == (after.end > before.end));
}

static void
fill(struct gong_spool *spool, struct book *book, int count)
{
    for (int i = 0; i < count; i++) {
        put(spool, book, BIG);
    }
}

static void
sync_log(struct gong_spool *spool)
{
    struct gong_spool_stats before;
    struct gong_spool_stats after;
    enum gong_err err;

    gong_spool_stats(spool, &before);
    err = gong_spool_sync(spool);
    gong_spool_stats(spool, &after);
    assert_true(after.durable == (err == GONG_OK ? after.end : before.durable));
}

/* Reads at most count, each must be the next one kept, and commits. */
static void
take(struct book *book, struct gong_spool_cursor *cursor, int count)
{
    uint64_t number = book->read;

    for (int i = 0; cursor != NULL && i < count; i++) {
        uint64_t found = fixture_next(cursor);

        if (found == UINT64_MAX) {
            break;
        }
        assert_true(found > number && book->kept[found]);
        if (book->policy == GONG_SPOOL_BLOCK && !book->unheld) {
            for (number++; number < found; number++) {
                assert_true(!book->kept[number] || number <= book->committed);
            }
        }
        number = found;
    }
    book->read = number;
    if (cursor != NULL && number > book->committed) {
        book->committed = number;
        if (gong_spool_cursor_commit(
                cursor, gong_spool_cursor_offset(cursor)) == GONG_OK) {
            book->committed_ok = number;
        }
    }
}

static void
end(struct gong_spool *spool, struct gong_spool_cursor *cursor)
{
    gong_spool_cursor_close(cursor);
    gong_spool_close(spool);
}

static struct gong_spool_cursor *
try_cursor(struct gong_spool *spool)
{
    struct gong_spool_cursor *cursor = NULL;

    if (gong_spool_cursor_open(spool, "a", &cursor) != GONG_OK) {
        assert_null(cursor);
    }
    return cursor;
}

static void
live(struct book *book)
{
    struct gong_spool *spool = try_open(book);
    struct gong_spool_cursor *cursor;

    if (spool == NULL) {
        return;
    }
    cursor = try_cursor(spool);
    book->unheld = cursor == NULL;
    for (int i = 0; i < 3; i++) {
        put(spool, book, SMALL);
    }
    put(spool, book, LARGE);
    sync_log(spool);
    take(book, cursor, 2);
    fill(spool, book, A_SEGMENT); /* rotates */
    sync_log(spool);
    take(book, cursor, 100);
    fill(spool, book, 4 * A_SEGMENT); /* recycles */
    sync_log(spool);
    fill(spool, book, 2 * A_SEGMENT); /* block: full; else: the oldest goes */
    sync_log(spool);
    take(book, cursor, 10);
    put(spool, book, SMALL);
    end(spool, cursor);

    spool = try_open(book);
    if (spool == NULL) {
        return;
    }
    cursor = try_cursor(spool);
    book->read = book->committed_ok;
    put(spool, book, SMALL);
    take(book, cursor, 5);
    put(spool, book, SMALL);
    end(spool, cursor);
}

/* Where a new life of the cursor begins: after what it surely committed (a
 * mark that broke half-way says nothing: then at the begin), and not after
 * what it never asked for. */
static void
check_cursor(struct gong_spool *spool, const struct book *book)
{
    struct gong_spool_cursor *cursor = NULL;
    uint64_t next;

    assert_int_equal(gong_spool_cursor_open(spool, "a", &cursor), GONG_OK);
    next = fixture_next(cursor);
    if (book->policy == GONG_SPOOL_BLOCK && !book->unheld &&
        next != UINT64_MAX) {
        for (uint64_t n = book->committed + 1; n < next; n++) {
            assert_false(book->kept[n]);
        }
    }
    gong_spool_cursor_close(cursor);
}

/* What was taken is there, in order, but for the oldest that the policy let
 * go; what was refused is not. A record whose taking failed at its last bytes,
 * on a disk that from then on takes nothing, may come back: nothing could be
 * written over it. Whoever was refused sends again, so it is known. */
static void
check(const struct book *book, enum shim_fault fault)
{
    struct gong_spool *spool = fixture_open(SEGMENTS, book->policy);
    struct gong_spool_cursor *cursor = NULL;
    struct gong_spool_stats stats;
    uint64_t number = 0;
    uint64_t found;
    unsigned returned = 0;

    check_cursor(spool, book);
    assert_int_equal(gong_spool_cursor_open(spool, NULL, &cursor), GONG_OK);
    while ((found = fixture_next(cursor)) != UINT64_MAX) {
        assert_true(found > number && found <= book->last);
        for (uint64_t n = number + 1; n < found; n++) {
            /* Only before the first, and only what may go. */
            assert_true(
                !book->kept[n] ||
                (number == 0 && (book->policy == GONG_SPOOL_DROP_OLDEST ||
                                 book->unheld || n <= book->committed)));
        }
        returned += !book->kept[found];
        number = found;
    }
    for (uint64_t n = number + 1; n <= book->last; n++) {
        assert_false(book->kept[n]);
    }
    assert_true(returned <= (fault == SHIM_SHORT_END ? 1u : 0u));
    gong_spool_stats(spool, &stats);
    assert_int_equal(stats.set_aside_records, 0);
    gong_spool_cursor_close(cursor);
    /* And it goes on. */
    assert_int_equal(fixture_append(spool, 255, SMALL, NULL),
                     stats.end > 0 ? GONG_OK : GONG_ERR_IO);
    gong_spool_close(spool);
}

static unsigned
run(enum shim_fault fault, enum gong_spool_policy policy)
{
    unsigned n = 0;
    bool struck;

    do {
        struct book book = {.policy = policy};

        assert_int_equal(fixture_setup(NULL), 0);
        shim_arm(fault, ++n);
        live(&book);
        struck = shim_struck();
        shim_arm(fault, 0);
        check(&book, fault);
        shim_disarm();
        assert_int_equal(fixture_teardown(NULL), 0);
    } while (struck);
    assert_true(n > 100);
    return n - 1;
}

static void
every_call_fails_once(void **state)
{
    (void)state;
    for (int fault = 0; fault < SHIM_FAULTS; fault++) {
        unsigned block = run((enum shim_fault)fault, GONG_SPOOL_BLOCK);
        unsigned drop = run((enum shim_fault)fault, GONG_SPOOL_DROP_OLDEST);

        print_message("%s: %u calls with block, %u with drop_oldest\n",
                      shim_name((enum shim_fault)fault), block, drop);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_fails_once),
    };

    gong_log_init("test", GONG_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
