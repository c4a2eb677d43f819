/* Unit tests of agent/receive_save.c and receive_load.c: what was saved with
 * the journal after it is what was there; nothing else is believed. */
#include "agent/receive_file.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/ingest.h"
#include "agent/receive_epoch.h"
#include "agent/receive_format.h"
#include "agent/receive_keeper.h"
#include "common/crc32c.h"
#include "common/le.h"
#include "sink_fixture.h"

struct world {
    struct sinks *sinks;
    struct gong_receive *receive;
    struct gong_ingest *ingest;
    char path[128];
    char aside[128];
};

static struct gong_receive *
new_receive(size_t devices_max)
{
    struct gong_receive_options options = {.devices_max = devices_max,
                                           .rate = 10000,
                                           .burst = 10000,
                                           .ack_interval = gong_dur_s(10)};
    struct gong_receive *receive = gong_receive_new(&options);

    assert_non_null(receive);
    return receive;
}

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct gong_ingest_options options = {.message_max = 65536};
    void *sinks = NULL;

    assert_non_null(world);
    assert_int_equal(sinks_setup(&sinks), 0);
    world->sinks = sinks;
    (void)snprintf(world->path, sizeof world->path, "%s/receive",
                   world->sinks->dir);
    (void)snprintf(world->aside, sizeof world->aside, "%s/aside",
                   world->sinks->dir);
    options.set_aside_file = world->aside;
    world->receive = new_receive(1000);
    world->ingest = gong_ingest_new(&options, world->sinks->journal,
                                    world->receive, world->sinks->counters);
    assert_non_null(world->ingest);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;
    void *sinks = world->sinks;

    gong_ingest_free(world->ingest);
    gong_receive_free(world->receive);
    (void)sinks_teardown(&sinks);
    free(world);
    return 0;
}

static void
send_body(const struct world *world, unsigned device, uint64_t epoch,
          uint64_t seq, uint64_t low, const char *body)
{
    char message[GONG_BATCH_HEADER_SIZE + 512];
    size_t size = strlen(body);
    char topic[64];
    struct gong_batch_header header = {.epoch = epoch,
                                       .seq = seq,
                                       .low = low,
                                       .points = 1,
                                       .samples = 2,
                                       .at_ms = (int64_t)seq * 1000,
                                       .crc = gong_crc32c(0, body, size)};
    size_t len = gong_batch_header_format(&header, message);

    assert_true(size <= 512);
    memcpy(message + len, body, size);
    (void)snprintf(topic, sizeof topic, "gong/v1/22015/lamp-%u/data", device);
    gong_ingest_message(world->ingest, gong_str_of(topic),
                        gong_str_from(message, len + size));
}

static void
send_batch(const struct world *world, unsigned device, uint64_t epoch,
           uint64_t seq, uint64_t low)
{
    send_body(world, device, epoch, seq, low, "lamp temp=41.5,volt=220\n");
}

static void
send_some(const struct world *world)
{
    for (unsigned device = 0; device < 40; device++) {
        send_batch(world, device, 7, 1, 1);
        send_batch(world, device, 7, 5 + device, 1);
        send_batch(world, device, 7, 100 + device, 90);
        send_batch(world, device, 7, 1, 1); /* again */
        if (device % 2 == 0) {
            send_batch(world, device, 8, 3, 2);
        }
        if (device % 4 == 3) {
            send_body(world, device, 7, 150, 141,
                      "gong_dropped,reason=drop_oldest epoch="
                      "\"0000000000000007\",first_seq=60i,last_seq=62i,"
                      "batches=3i,points=9i,samples=9i,sizes=\"3/3x3\" 1\n"
                      "gong_dropped,reason=damaged epoch="
                      "\"0000000000000007\",first_seq=70i,last_seq=71i,"
                      "batches=2i 1\n");
        }
    }
    gong_ingest_message(world->ingest, gong_str_of("gong/v1/22015/plain/data"),
                        gong_str_of("lamp temp=1"));
}

static struct gong_receive_place
place_of(const struct world *world)
{
    struct gong_spool *journal = gong_journal_spool(world->sinks->journal);
    struct gong_receive_place place = {0};
    struct gong_spool_stats stats;

    gong_spool_id(journal, place.journal_id);
    gong_spool_stats(journal, &stats);
    place.generation = stats.generation;
    place.from = stats.end;
    place.through = stats.end;
    return place;
}

static void
save_at(const struct world *world, const struct gong_receive_place *place)
{
    struct gong_receive_writer *writer;
    bool more = true;

    assert_int_equal(
        gong_receive_save_begin(world->receive, world->path, place, &writer),
        GONG_OK);
    while (more) {
        assert_int_equal(gong_receive_save_step(writer, &more), GONG_OK);
    }
    assert_int_equal(gong_receive_save_end(writer, place->through), GONG_OK);
}

static void
save(const struct world *world)
{
    struct gong_receive_place place = place_of(world);

    save_at(world, &place);
}

/* All that is known, as text that can be compared. */
struct listing {
    char *lines[256];
    size_t count;
};

static void
list_device(void *ctx, struct gong_device *device)
{
    struct listing *list = ctx;
    size_t len = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    (void)fprintf(out, "%.*s", (int)(device->site_len + device->device_len),
                  device->names);
    for (const struct gong_receive_epoch *epoch = device->state; epoch != NULL;
         epoch = epoch->next) {
        uint64_t counts[GONG_LEDGER_COUNTS];

        memcpy(counts, &epoch->ledger.counts, sizeof counts);
        (void)fprintf(out, " | %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
                      epoch->epoch, epoch->low, epoch->position,
                      epoch->settled.cum);
        (void)fprintf(out,
                      " base=%" PRIu64 " exp=%" PRIu64 " until=%" PRId64
                      " closed=%d",
                      epoch->ledger.base, epoch->ledger.expected,
                      epoch->ledger.until_ms, epoch->ledger.closed);
        for (size_t i = 0; i < GONG_LEDGER_COUNTS; i++) {
            (void)fprintf(out, " %" PRIu64, counts[i]);
        }
        for (uint32_t i = 0; i < epoch->settled.count; i++) {
            (void)fprintf(out, " +%" PRIu64 "-%" PRIu64,
                          epoch->settled.items[i].first,
                          epoch->settled.items[i].last);
        }
        for (uint32_t i = 0; i < epoch->ledger.told_count; i++) {
            (void)fprintf(out, " ?%" PRIu64 "-%" PRIu64 "=%" PRIu64 "/%d",
                          epoch->ledger.told[i].first,
                          epoch->ledger.told[i].last,
                          epoch->ledger.told[i].points,
                          (int)epoch->ledger.told[i].reason);
        }
        for (uint32_t i = 0; i < epoch->ledger.gap_count; i++) {
            (void)fprintf(out, " !%" PRIu64 "-%" PRIu64,
                          epoch->ledger.gaps[i].first,
                          epoch->ledger.gaps[i].last);
        }
    }
    assert_int_equal(fclose(out), 0);
    assert_true(list->count < 256);
    list->lines[list->count++] = text;
}

static int
compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
list_all(struct gong_receive *receive, struct listing *list)
{
    size_t place = 0;

    list->count = 0;
    while (gong_receive_visit(receive, &place, list_device, list)) {
    }
    qsort(list->lines, list->count, sizeof list->lines[0], compare_lines);
}

static void
free_listing(struct listing *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->lines[i]);
    }
}

static void
assert_same(struct gong_receive *a, struct gong_receive *b)
{
    struct listing left;
    struct listing right;

    list_all(a, &left);
    list_all(b, &right);
    assert_int_equal(left.count, right.count);
    for (size_t i = 0; i < left.count; i++) {
        assert_string_equal(left.lines[i], right.lines[i]);
    }
    free_listing(&left);
    free_listing(&right);
}

static void
learn_from(const struct world *world, struct gong_receive *receive,
           uint64_t from)
{
    struct gong_spool_cursor *cursor;
    struct gong_record record;

    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        if (record.offset >= from) {
            gong_receive_learn(receive, &record);
        }
    }
    gong_spool_cursor_close(cursor);
}

static struct gong_receive *
load(const struct world *world, uint64_t *from)
{
    struct gong_receive *receive = new_receive(1000);

    gong_receive_load(receive, world->path,
                      gong_journal_spool(world->sinks->journal), from);
    return receive;
}

static void
what_is_saved_comes_back(void **state)
{
    struct world *world = *state;
    struct gong_receive *back;
    uint64_t from = 0;

    send_some(world);
    save(world);
    back = load(world, &from);
    assert_true(from > 0);
    assert_int_equal(gong_receive_devices(back), 41);
    assert_same(world->receive, back);
    gong_receive_free(back);
}

/* A state taken while messages went on: each is in it or behind `from`, some
 * are both, and none counts twice. */
static void
the_journal_after_it_is_learnt_once(void **state)
{
    struct world *world = *state;
    struct gong_receive_place early;
    struct gong_receive *back;
    uint64_t from = 0;

    send_batch(world, 1, 7, 1, 1);
    early = place_of(world);
    send_some(world); /* behind from, and in the state */
    early.through = place_of(world).through;
    save_at(world, &early);
    send_batch(world, 3, 7, 104, 90);
    send_batch(world, 99, 9, 1, 1);
    back = load(world, &from);
    assert_true(from == early.from);
    learn_from(world, back, from);
    assert_same(world->receive, back);
    gong_receive_free(back);
}

static void
the_whole_journal_gives_the_same(void **state)
{
    struct world *world = *state;
    struct gong_receive *back = new_receive(1000);

    for (uint64_t seq = 1; seq < 20; seq++) {
        send_batch(world, 1, 7, seq, 1);
        send_batch(world, 2, 7, 3 * seq, 1 + 2 * seq);
    }
    learn_from(world, back, 0);
    assert_same(world->receive, back);
    gong_receive_free(back);
}

static void
an_absent_state_is_learnt_from_the_journal(void **state)
{
    struct world *world = *state;
    struct gong_receive *back;
    uint64_t from = 77;

    back = load(world, &from);
    assert_int_equal(from, 0);
    assert_int_equal(gong_receive_devices(back), 0);
    gong_receive_free(back);
}

static void
a_state_of_another_journal_is_refused(void **state)
{
    struct world *world = *state;
    struct gong_receive_place place;
    struct gong_receive *back;
    uint64_t from = 77;

    send_some(world);
    place = place_of(world);
    place.journal_id[3] ^= 1;
    save_at(world, &place);
    back = load(world, &from);
    assert_int_equal(from, 0);
    assert_int_equal(gong_receive_devices(back), 0);
    gong_receive_free(back);
}

/* It knows of records that the journal has not got any more. */
static void
a_state_past_a_cut_tail_is_refused(void **state)
{
    struct world *world = *state;
    struct gong_receive_place place;
    struct gong_receive *back;
    uint64_t from = 77;

    send_some(world);
    place = place_of(world);
    place.through += 8;
    save_at(world, &place);
    back = load(world, &from);
    assert_int_equal(from, 0);
    gong_receive_free(back);
    place = place_of(world);
    place.generation++;
    save_at(world, &place);
    back = load(world, &from);
    assert_int_equal(from, 0);
    assert_int_equal(gong_receive_devices(back), 0);
    gong_receive_free(back);
}

static char *
read_state(const struct world *world, size_t *len)
{
    FILE *file = fopen(world->path, "rb");
    char *bytes = malloc(1u << 20);

    assert_non_null(file);
    assert_non_null(bytes);
    *len = fread(bytes, 1, 1u << 20, file);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

static void
every_damaged_byte_is_seen(void **state)
{
    struct world *world = *state;
    struct gong_receive *back = new_receive(1000);
    struct gong_receive_place place;
    const char *why = NULL;
    size_t len;
    char *bytes;

    send_some(world);
    save(world);
    bytes = read_state(world, &len);
    for (size_t at = 0; at < len; at += at < 256 ? 1 : 37) {
        bytes[at] = (char)(bytes[at] ^ 0x10);
        assert_int_equal(
            gong_receive_decode(back, gong_str_from(bytes, len), &place, &why),
            GONG_ERR_CORRUPT);
        assert_non_null(why);
        bytes[at] = (char)(bytes[at] ^ 0x10);
    }
    for (size_t cut = 0; cut < len; cut += 61) {
        assert_int_equal(
            gong_receive_decode(back, gong_str_from(bytes, cut), &place, &why),
            GONG_ERR_CORRUPT);
    }
    assert_int_equal(gong_receive_devices(back), 0);
    assert_int_equal(
        gong_receive_decode(back, gong_str_from(bytes, len), &place, &why),
        GONG_OK);
    free(bytes);
    gong_receive_free(back);
}

/* Sealed again, so that only the contents can be refused. */
static void
seal(char *bytes, size_t len)
{
    uint8_t *head = (uint8_t *)bytes;

    gong_le_put32(head + len - 8, gong_crc32c(0, head + GONG_RECEIVE_HEAD,
                                              len - GONG_RECEIVE_HEAD - 8));
    gong_le_put32(head + len - 4, gong_crc32c(0, head, GONG_RECEIVE_HEAD));
}

static void
sealed_nonsense_is_refused(void **state)
{
    struct world *world = *state;
    struct gong_receive *back = new_receive(1000);
    struct gong_receive *tiny = new_receive(1);
    struct gong_receive_place place;
    const char *why = NULL;
    size_t refused = 0;
    size_t len;
    char *bytes;

    send_some(world);
    save(world);
    bytes = read_state(world, &len);
    assert_int_equal(
        gong_receive_decode(tiny, gong_str_from(bytes, len), &place, &why),
        GONG_ERR_CORRUPT);
    assert_int_equal(gong_receive_devices(tiny), 0);
    for (size_t at = GONG_RECEIVE_AT_DEVICES; at < len - 8; at += 7) {
        char kept = bytes[at];

        bytes[at] = (char)(kept ^ 0xff);
        seal(bytes, len);
        if (gong_receive_decode(back, gong_str_from(bytes, len), &place,
                                &why) != GONG_OK) {
            refused++;
            assert_int_equal(gong_receive_devices(back), 0);
        } else {
            gong_receive_free(back);
            back = new_receive(1000);
        }
        bytes[at] = kept;
    }
    assert_true(refused > 20);
    free(bytes);
    gong_receive_free(back);
    gong_receive_free(tiny);
}

static void
a_folder_that_is_gone_fails_the_save(void **state)
{
    struct world *world = *state;
    struct gong_receive_place place = place_of(world);
    struct gong_receive_writer *writer = NULL;

    assert_int_equal(gong_receive_save_begin(world->receive,
                                             "/nowhere/at/all/receive", &place,
                                             &writer),
                     GONG_ERR_NOT_FOUND);
    assert_null(writer);
}

static void
an_abandoned_save_leaves_the_old_one(void **state)
{
    struct world *world = *state;
    struct gong_receive_place place;
    struct gong_receive_writer *writer;
    struct gong_receive *back;
    char part[160];
    uint64_t from = 0;

    send_batch(world, 1, 7, 1, 1);
    save(world);
    send_some(world);
    place = place_of(world);
    assert_int_equal(
        gong_receive_save_begin(world->receive, world->path, &place, &writer),
        GONG_OK);
    gong_receive_save_abandon(writer);
    (void)snprintf(part, sizeof part, "%s.part", world->path);
    assert_int_equal(access(part, F_OK), -1);
    back = load(world, &from);
    assert_int_equal(gong_receive_devices(back), 1);
    gong_receive_free(back);
}

static struct gong_receive_keeper *
new_keeper(const struct world *world, size_t points)
{
    struct gong_receive_keeper_options options = {
        .agent = "a1",
        .path = world->path,
        .interval = gong_dur_s(3600),
        .points = points,
        .receive = world->receive,
        .journal = world->sinks->journal,
    };
    struct gong_receive_keeper *keeper;

    assert_int_equal(
        gong_receive_keeper_new(&options, world->sinks->counters, &keeper),
        GONG_OK);
    return keeper;
}

/* How many gong_ledger points the journal holds. */
static size_t
points_told(const struct world *world)
{
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    size_t count = 0;

    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        struct gong_str left = record.payload;

        while (left.len > 12) {
            count += memcmp(left.data, "gong_ledger,", 12) == 0;
            left = gong_str_from(left.data + 1, left.len - 1);
        }
    }
    gong_spool_cursor_close(cursor);
    return count;
}

static void
a_round_adds_up_tells_and_saves(void **state)
{
    struct world *world = *state;
    struct gong_receive_keeper *keeper;
    struct gong_receive *back;
    uint64_t from = 0;

    keeper = new_keeper(world, 1000);
    send_some(world);
    gong_receive_keeper_round(keeper);
    assert_int_equal(sinks_count(world->sinks, "gong_agent_ledger_batches", ""),
                     150);
    assert_int_equal(sinks_count(world->sinks, "gong_agent_ledger_samples", ""),
                     300);
    assert_int_equal(
        sinks_count(world->sinks, "gong_agent_ledger_duplicate_batches", ""),
        40);
    assert_int_equal(sinks_count(world->sinks, "gong_agent_ledger_devices",
                                 "state=\"plain\""),
                     1);
    assert_int_equal(
        sinks_count(world->sinks, "gong_agent_ledger_dropped_points", ""), 90);
    assert_int_equal(
        sinks_count(world->sinks, "gong_agent_ledger_damaged_batches", ""), 20);
    assert_int_equal(
        sinks_count(world->sinks, "gong_agent_ledger_devices", "state=\"cut\""),
        20);
    assert_int_equal(points_told(world), 60); /* epochs */
    gong_receive_keeper_round(keeper);        /* nothing has changed */
    assert_int_equal(points_told(world), 60);
    back = load(world, &from);
    assert_true(from > 0);
    assert_same(world->receive, back);
    gong_receive_free(back);
    gong_receive_keeper_stop(keeper);
}

/* Saves between a batch's append and its settling, as another thread may. */
static struct gong_receive_keeper *saver;

bool __real_gong_journal_held(struct gong_journal *journal, uint64_t position);
bool __wrap_gong_journal_held(struct gong_journal *journal, uint64_t position);

bool
__wrap_gong_journal_held(struct gong_journal *journal, uint64_t position)
{
    struct gong_receive_keeper *keeper = saver;
    struct gong_journal_health health;

    saver = NULL;
    if (keeper != NULL) {
        do {
            (void)gong_journal_wait(journal, position, true, gong_dur_s(5));
            gong_journal_health(journal, &health);
        } while (health.durable <= position);
        gong_receive_keeper_save(keeper);
    }
    return __real_gong_journal_held(journal, position);
}

static void
a_batch_that_is_being_settled_is_learnt_again(void **state)
{
    struct world *world = *state;
    struct gong_receive_keeper *keeper = new_keeper(world, 0);
    struct gong_receive *back;
    uint64_t from = 0;

    send_batch(world, 1, 7, 1, 1);
    saver = keeper;
    send_batch(world, 1, 7, 2, 1);
    send_batch(world, 1, 7, 3, 1);
    back = load(world, &from);
    assert_true(from > 0);
    learn_from(world, back, from);
    assert_same(world->receive, back);
    gong_receive_free(back);
    gong_receive_keeper_stop(keeper);
}

/* A batch that was refused must not hold back what is saved. */
static void
a_refused_batch_is_not_waited_for(void **state)
{
    struct world *world = *state;
    struct gong_receive_keeper *keeper = new_keeper(world, 0);
    struct gong_receive *back;
    uint64_t from = 0;
    struct gong_spool_stats stats;
    char *body = malloc(65537);

    assert_non_null(body);
    memset(body, 'x', 65536);
    body[65536] = '\0';
    gong_ingest_message(world->ingest, gong_str_of("gong/v1/22015/plain/data"),
                        gong_str_from(body, 65536));
    free(body);
    send_batch(world, 1, 7, 1, 1);
    gong_receive_keeper_save(keeper); /* waits until all is durable */
    gong_receive_keeper_save(keeper);
    gong_spool_stats(gong_journal_spool(world->sinks->journal), &stats);
    back = load(world, &from);
    assert_int_equal(from, stats.end);
    gong_receive_free(back);
    gong_receive_keeper_stop(keeper);
}

static void
a_round_tells_its_share(void **state)
{
    struct world *world = *state;
    struct gong_receive_keeper *keeper;
    size_t before = 0;

    keeper = new_keeper(world, 10);
    for (unsigned device = 0; device < 25; device++) {
        send_batch(world, device, 7, 1, 1);
    }
    for (size_t round = 0; round < 3; round++) {
        size_t now;

        gong_receive_keeper_round(keeper);
        now = points_told(world);
        assert_int_equal(now - before, round < 2 ? 10 : 5);
        before = now;
    }
    gong_receive_keeper_stop(keeper);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(what_is_saved_comes_back),
        CASE(the_journal_after_it_is_learnt_once),
        CASE(the_whole_journal_gives_the_same),
        CASE(an_absent_state_is_learnt_from_the_journal),
        CASE(a_state_of_another_journal_is_refused),
        CASE(a_state_past_a_cut_tail_is_refused),
        CASE(every_damaged_byte_is_seen),
        CASE(sealed_nonsense_is_refused),
        CASE(a_folder_that_is_gone_fails_the_save),
        CASE(an_abandoned_save_leaves_the_old_one),
        CASE(a_round_adds_up_tells_and_saves),
        CASE(a_round_tells_its_share),
        CASE(a_batch_that_is_being_settled_is_learnt_again),
        CASE(a_refused_batch_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
