/* Unit tests of agent/look/ledger_view.c, ledger_text.c and receive_status.c:
 * what is shown, page by page, and what births and goodbyes change. */
#include "agent/look/ledger_view.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "agent/look/ledger_text.h"
#include "agent/receive/receive_epoch.h"

static gong_mono_t now;

static int
setup(void **state)
{
    const struct gong_receive_options options = {.devices_max = 1000,
                                                 .rate = 1,
                                                 .burst = 1000,
                                                 .ack_interval = gong_dur_s(9)};

    *state = gong_receive_new(&options);
    return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    gong_receive_free(*state);
    return 0;
}

static struct gong_device_name
name_of(const char *device)
{
    return (struct gong_device_name){gong_str_of("22015"), gong_str_of(device)};
}

static void
come(struct gong_receive *receive, const char *device, uint64_t epoch,
     uint64_t seq, uint64_t low)
{
    static uint64_t position = 64;
    struct gong_batch_header header = {.epoch = epoch,
                                       .seq = seq,
                                       .low = low,
                                       .points = 5,
                                       .at_ms = 1000000 * (int64_t)seq};

    assert_int_equal(gong_receive_check(receive, name_of(device), &header, now),
                     GONG_RECEIVE_NEW);
    position += 8;
    gong_receive_settle(receive, name_of(device), &header, position, INT64_MAX,
                        now);
}

static void
status(struct gong_receive *receive, const char *device, const char *text)
{
    struct gong_presence_message message;

    /* What is no status goes no further (agent/receive/ingest.h). */
    if (gong_presence_parse(gong_str_of(text), &message) == GONG_OK) {
        gong_receive_status(receive, name_of(device), &message, now);
    }
}

static json_t *
look(struct gong_receive *receive, const struct gong_ledger_query *query)
{
    size_t len = 0;
    char *text = gong_ledger_view_json(receive, query, &len);
    json_t *root;

    assert_non_null(text);
    root = json_loadb(text, len, 0, NULL);
    assert_non_null(root);
    free(text);
    return root;
}

static const struct gong_ledger_query all = {"", "", "", "", 0};

static const char *
state_of(struct gong_receive *receive, size_t epoch)
{
    static char out[32];
    json_t *root = look(receive, &all);
    const json_t *device = json_array_get(json_object_get(root, "devices"), 0);

    (void)snprintf(out, sizeof out, "%s",
                   json_string_value(json_object_get(
                       json_array_get(json_object_get(device, "epochs"), epoch),
                       "state")));
    json_decref(root);
    return out;
}

static void
pages_follow_each_other_by_name(void **state)
{
    struct gong_receive *receive = *state;
    struct gong_ledger_query query = {"22015", "", "22015/lamp", "", 7};
    char after[160] = "";
    char last[64] = "";
    size_t seen = 0;
    bool more = true;

    for (unsigned i = 0; i < 40; i++) {
        char device[32];

        (void)snprintf(device, sizeof device, "%s-%02u",
                       i % 2 == 0 ? "lamp" : "pump", (i * 17) % 40);
        come(receive, device, 7, 1, 1);
    }
    while (more) {
        json_t *root;
        const json_t *devices;
        const char *next;

        query.after = after;
        root = look(receive, &query);
        devices = json_object_get(root, "devices");
        assert_true(json_array_size(devices) <= 7);
        for (size_t i = 0; i < json_array_size(devices); i++) {
            const char *name = json_string_value(
                json_object_get(json_array_get(devices, i), "device"));

            assert_true(strcmp(name, last) > 0);
            (void)snprintf(last, sizeof last, "%s", name);
            seen++;
        }
        next = json_string_value(json_object_get(root, "next"));
        more = next != NULL;
        (void)snprintf(after, sizeof after, "%s", more ? next : "");
        json_decref(root);
    }
    assert_int_equal(seen, 20);
}

static void
queries_from_outside_are_harmless(void **state)
{
    struct gong_receive *receive = *state;
    static const struct gong_ledger_query queries[] = {
        {"nowhere", "", "", "", 0},
        {"", "no\"such", "", "", 0},
        {"", "", "%s%n\x1b[2J", "", 0},
        {"", "", "", "zzzz", SIZE_MAX},
    };

    come(receive, "gw", 7, 1, 1);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        json_t *root = look(receive, &queries[i]);

        assert_int_equal(json_array_size(json_object_get(root, "devices")), 0);
        json_decref(root);
    }
}

static char *
text_of(struct gong_receive *receive, struct gong_ledger_text *told)
{
    size_t len = 0;
    size_t json_len = 0;
    char *text = NULL;
    char *json = gong_ledger_view_json(receive, &all, &json_len);
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    memset(told, 0, sizeof *told);
    assert_int_equal(
        gong_ledger_text_write(gong_str_from(json, json_len), out, told),
        GONG_OK);
    assert_int_equal(fclose(out), 0);
    free(json);
    return text;
}

static void
people_read_until_when_it_is_complete(void **state)
{
    struct gong_receive *receive = *state;
    struct gong_ledger_text told;
    char *text;

    come(receive, "gw", 7, 1, 1);
    assert_int_equal(gong_receive_admit(receive, name_of("plain"), now),
                     GONG_RECEIVE_NEW);
    text = text_of(receive, &told);
    assert_int_equal(told.devices, 2);
    assert_false(told.lost);
    assert_non_null(strstr(text, "22015/gw\n"));
    assert_non_null(strstr(text, "sau đó chưa rõ | complete until 1970-01-01"));
    assert_non_null(strstr(text, "unknown after\n"));
    assert_non_null(strstr(text, "nothing known\n"));
    assert_null(strstr(text, "100"));
    free(text);
    come(receive, "gw", 7, 9, 5);
    text = text_of(receive, &told);
    assert_true(told.lost);
    assert_non_null(strstr(text, "batches 2-4: "));
    free(text);
}

static void
text_from_outside_never_reaches_the_terminal(void **state)
{
    static const char *const pages[] = {
        "{\"devices\":[{\"site\":\"\\u001b[2J\",\"device\":\"x\\ny\","
        "\"epochs\":[{\"epoch\":\"\\u0007\",\"lost_ranges\":[{\"reason\":"
        "\"\\u001b\"}],\"missing_ranges\":[[1],7]}]}],\"next\":\"\"}",
        "{\"devices\":[1,null,[],{\"epochs\":[2]}]}",
    };
    static const char *const bad[] = {"", "{", "[]", "{\"devices\":7}"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct gong_ledger_text told = {0};
        size_t len = 0;
        char *text = NULL;
        FILE *out = open_memstream(&text, &len);

        assert_int_equal(
            gong_ledger_text_write(gong_str_of(pages[i]), out, &told), GONG_OK);
        assert_int_equal(fclose(out), 0);
        assert_null(strchr(text, '\x1b'));
        assert_null(strchr(text, '\x07'));
        free(text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gong_ledger_text told = {0};

        assert_int_equal(
            gong_ledger_text_write(gong_str_of(bad[i]), stdout, &told),
            GONG_ERR_INVALID);
    }
}

/* ---- births and goodbyes ---- */

#define BIRTH(epoch, next)                                                     \
    "{\"state\":\"online\",\"conn\":\"1\",\"epoch\":\"00000000000000" epoch    \
    "\",\"next\":" next "}"
#define GOODBYE(epoch, next)                                                   \
    "{\"state\":\"offline\",\"conn\":\"1\",\"epoch\":\"00000000000000" epoch   \
    "\",\"next\":" next "}"

static void
a_birth_is_acked_at_once(void **state)
{
    struct gong_receive *receive = *state;
    struct gong_receive_ack ack;

    status(receive, "gw", BIRTH("07", "5"));
    assert_true(gong_receive_take_ack(receive, now, &ack));
    assert_int_equal(ack.epoch, 7);
    assert_int_equal(ack.cum, 0);
    assert_int_equal(ack.range_count, 0);
    assert_false(gong_receive_take_ack(receive, now, &ack));
}

static void
a_birth_tells_what_exists(void **state)
{
    struct gong_receive *receive = *state;

    come(receive, "gw", 7, 1, 1);
    assert_string_equal(state_of(receive, 0), "complete");
    status(receive, "gw", BIRTH("07", "5"));
    assert_string_equal(state_of(receive, 0), "open");
    for (uint64_t seq = 2; seq < 5; seq++) {
        come(receive, "gw", 7, seq, 1);
    }
    assert_string_equal(state_of(receive, 0), "complete");
}

static void
another_epoch_cuts_the_one_before(void **state)
{
    struct gong_receive *receive = *state;

    come(receive, "gw", 7, 1, 1);
    status(receive, "gw", BIRTH("08", "1"));
    assert_string_equal(state_of(receive, 1), "cut");
    come(receive, "gw", 7, 2, 1); /* it is back */
    assert_string_equal(state_of(receive, 0), "complete");
}

static void
a_goodbye_leaves_nothing_open(void **state)
{
    struct gong_receive *receive = *state;

    come(receive, "gw", 7, 1, 1);
    status(receive, "gw", GOODBYE("07", "2"));
    come(receive, "gw", 8, 1, 1);
    assert_string_equal(state_of(receive, 1), "complete");
    /* It said that there was more. */
    status(receive, "gw", GOODBYE("07", "4"));
    come(receive, "gw", 9, 1, 1);
    assert_string_equal(state_of(receive, 1), "cut");
}

static void
other_status_changes_nothing(void **state)
{
    struct gong_receive *receive = *state;
    struct gong_receive_ack ack;
    static const char *const texts[] = {
        "",
        "{",
        "7",
        "{}",
        "{\"epoch\":7}",
        "{\"state\":\"online\"}",
        "{\"state\":\"online\",\"epoch\":7}",
        "{\"state\":\"online\",\"epoch\":\"xyz\"}",
        "{\"state\":\"online\",\"epoch\":\"00000000000000zz\"}",
        "{\"state\":7,\"next\":-1}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        status(receive, "gw", texts[i]);
    }
    assert_int_equal(gong_receive_devices(receive), 0);
    assert_false(gong_receive_take_ack(receive, now, &ack));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(pages_follow_each_other_by_name),
        CASE(queries_from_outside_are_harmless),
        CASE(people_read_until_when_it_is_complete),
        CASE(text_from_outside_never_reaches_the_terminal),
        CASE(a_birth_is_acked_at_once),
        CASE(a_birth_tells_what_exists),
        CASE(another_epoch_cuts_the_one_before),
        CASE(a_goodbye_leaves_nothing_open),
        CASE(other_status_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
