/* Unit tests of agent/receive/receive_save.c and receive_load.c: what was saved
 * with the journal after it is what was there; nothing else is believed. */
#include "agent/receive/receive_file.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/receive/receive_epoch.h"
#include "agent/receive/receive_format.h"
#include "common/crc32c.h"
#include "common/le.h"
#include "receive_fixture.h"

static void
what_is_saved_comes_back(void **state)
{
    struct received *world = *state;
    struct gong_receive *back;
    uint64_t from = 0;

    received_send_some(world);
    received_save(world);
    back = received_load(world, &from);
    assert_true(from > 0);
    assert_int_equal(gong_receive_devices(back), 41);
    received_same(world->receive, back);
    gong_receive_free(back);
}

/* A state taken while messages went on: each is in it or behind `from`, some
 * are both, and none counts twice. */
static void
the_journal_after_it_is_learnt_once(void **state)
{
    struct received *world = *state;
    struct gong_receive_place early;
    struct gong_receive *back;
    uint64_t from = 0;

    received_send(world, 1, 7, 1, 1);
    early = received_place(world);
    received_send_some(world); /* behind from, and in the state */
    early.through = received_place(world).through;
    received_save_at(world, &early);
    received_send(world, 3, 7, 104, 90);
    received_send(world, 99, 9, 1, 1);
    back = received_load(world, &from);
    assert_true(from == early.from);
    received_learn(world, back, from);
    received_same(world->receive, back);
    gong_receive_free(back);
}

static void
the_whole_journal_gives_the_same(void **state)
{
    struct received *world = *state;
    struct gong_receive *back = received_new(1000);

    for (uint64_t seq = 1; seq < 20; seq++) {
        received_send(world, 1, 7, seq, 1);
        received_send(world, 2, 7, 3 * seq, 1 + 2 * seq);
    }
    received_learn(world, back, 0);
    received_same(world->receive, back);
    gong_receive_free(back);
}

static void
an_absent_state_is_learnt_from_the_journal(void **state)
{
    struct received *world = *state;
    struct gong_receive *back;
    uint64_t from = 77;

    back = received_load(world, &from);
    assert_int_equal(from, 0);
    assert_int_equal(gong_receive_devices(back), 0);
    gong_receive_free(back);
}

static void
a_state_of_another_journal_is_refused(void **state)
{
    struct received *world = *state;
    struct gong_receive_place place;
    struct gong_receive *back;
    uint64_t from = 77;

    received_send_some(world);
    place = received_place(world);
    place.journal_id[3] ^= 1;
    received_save_at(world, &place);
    back = received_load(world, &from);
    assert_int_equal(from, 0);
    assert_int_equal(gong_receive_devices(back), 0);
    gong_receive_free(back);
}

/* It knows of records that the journal has not got any more. */
static void
a_state_past_a_cut_tail_is_refused(void **state)
{
    struct received *world = *state;
    struct gong_receive_place place;
    struct gong_receive *back;
    uint64_t from = 77;

    received_send_some(world);
    place = received_place(world);
    place.through += 8;
    received_save_at(world, &place);
    back = received_load(world, &from);
    assert_int_equal(from, 0);
    gong_receive_free(back);
    place = received_place(world);
    place.generation++;
    received_save_at(world, &place);
    back = received_load(world, &from);
    assert_int_equal(from, 0);
    assert_int_equal(gong_receive_devices(back), 0);
    gong_receive_free(back);
}

static char *
read_state(const struct received *world, size_t *len)
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
    struct received *world = *state;
    struct gong_receive *back = received_new(1000);
    struct gong_receive_place place;
    const char *why = NULL;
    size_t len;
    char *bytes;

    received_send_some(world);
    received_save(world);
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
    struct received *world = *state;
    struct gong_receive *back = received_new(1000);
    struct gong_receive *tiny = received_new(1);
    struct gong_receive_place place;
    const char *why = NULL;
    size_t refused = 0;
    size_t len;
    char *bytes;

    received_send_some(world);
    received_save(world);
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
            back = received_new(1000);
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
    struct received *world = *state;
    struct gong_receive_place place = received_place(world);
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
    struct received *world = *state;
    struct gong_receive_place place;
    struct gong_receive_writer *writer;
    struct gong_receive *back;
    char part[160];
    uint64_t from = 0;

    received_send(world, 1, 7, 1, 1);
    received_save(world);
    received_send_some(world);
    place = received_place(world);
    assert_int_equal(
        gong_receive_save_begin(world->receive, world->path, &place, &writer),
        GONG_OK);
    gong_receive_save_abandon(writer);
    (void)snprintf(part, sizeof part, "%s.part", world->path);
    assert_int_equal(access(part, F_OK), -1);
    back = received_load(world, &from);
    assert_int_equal(gong_receive_devices(back), 1);
    gong_receive_free(back);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, received_setup, received_teardown)
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
