#include "receive_fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/receive/receive_epoch.h"
#include "common/crc32c.h"

struct gong_receive *
received_new(size_t devices_max)
{
    struct gong_receive_options options = {.devices_max = devices_max,
                                           .rate = 10000,
                                           .burst = 10000,
                                           .ack_interval = gong_dur_s(10)};
    struct gong_receive *receive = gong_receive_new(&options);

    assert_non_null(receive);
    return receive;
}

int
received_setup(void **state)
{
    struct received *world = calloc(1, sizeof *world);
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
    world->receive = received_new(1000);
    world->ingest = gong_ingest_new(&options, world->sinks->journal,
                                    world->receive, world->sinks->counters);
    assert_non_null(world->ingest);
    *state = world;
    return 0;
}

int
received_teardown(void **state)
{
    struct received *world = *state;
    void *sinks = world->sinks;

    gong_ingest_free(world->ingest);
    gong_receive_free(world->receive);
    (void)sinks_teardown(&sinks);
    free(world);
    return 0;
}

void
received_send_body(const struct received *world, unsigned device,
                   uint64_t epoch, uint64_t seq, uint64_t low, const char *body)
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

void
received_send(const struct received *world, unsigned device, uint64_t epoch,
              uint64_t seq, uint64_t low)
{
    received_send_body(world, device, epoch, seq, low,
                       "lamp temp=41.5,volt=220\n");
}

void
received_send_some(const struct received *world)
{
    for (unsigned device = 0; device < 40; device++) {
        received_send(world, device, 7, 1, 1);
        received_send(world, device, 7, 5 + device, 1);
        received_send(world, device, 7, 100 + device, 90);
        received_send(world, device, 7, 1, 1); /* again */
        if (device % 2 == 0) {
            received_send(world, device, 8, 3, 2);
        }
        if (device % 4 == 3) {
            received_send_body(
                world, device, 7, 150, 141,
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

struct gong_receive_place
received_place(const struct received *world)
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

void
received_save_at(const struct received *world,
                 const struct gong_receive_place *place)
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

void
received_save(const struct received *world)
{
    struct gong_receive_place place = received_place(world);

    received_save_at(world, &place);
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

void
received_same(struct gong_receive *a, struct gong_receive *b)
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

void
received_learn(const struct received *world, struct gong_receive *receive,
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

struct gong_receive *
received_load(const struct received *world, uint64_t *from)
{
    struct gong_receive *receive = received_new(1000);

    gong_receive_load(receive, world->path,
                      gong_journal_spool(world->sinks->journal), from);
    return receive;
}

struct gong_receive_keeper *
received_keeper(const struct received *world, size_t points)
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
