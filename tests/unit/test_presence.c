/* What a status says, and who is up by that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/presence.h"
#include "rules/engine/presence.h"

struct row {
    const char *text;
    bool good;
    enum gong_presence_kind kind;
    bool has_conn;
    uint64_t conn;
    int64_t every_ms;
};

#define ON  GONG_PRESENCE_ONLINE
#define OFF GONG_PRESENCE_OFFLINE
#define BAD 0, 0, 0, 0, 0

static const struct row rows[] = {
    {"", 1, GONG_PRESENCE_CLEARED, 0, 0, 0},
    {"{\"state\":\"online\"}", 1, ON, 0, 0, 0},
    {"{\"state\":\"offline\"}", 1, OFF, 0, 0, 0},
    {" {\t\"state\" : \"online\" ,\r\n \"conn\":\"0a\"} ", 1, ON, 1, 10, 0},
    {"{\"conn\":\"FFFFFFFFFFFFFFFF\",\"state\":\"offline\"}", 1, OFF, 1,
     UINT64_MAX, 0},
    {"{\"state\":\"online\",\"every\":{}}", 1, ON, 0, 0, 0},
    {"{\"state\":\"online\",\"every\":{\"cpu\":10.0,\"m\":2.5,\"x\":60}}", 1,
     ON, 0, 0, 2500},
    {"{\"state\":\"online\",\"every\":{\"a\":1e-9}}", 1, ON, 0, 0, 1},
    {"{\"state\":\"online\",\"every\":{\"a\":1E300}}", 1, ON, 0, 0,
     GONG_PRESENCE_EVERY},
    {"{\"state\":\"online\",\"version\":\"0.1\",\"x\":[1,{\"a\":[]},null,true,"
     "-0.5e+3,{}],\"y\":{\"state\":\"offline\",\"b\":[[],[2]]}}",
     1, ON, 0, 0, 0},
    {"{\"state\":\"online\",\"n\\u0061me\":\"a\\\"b\\\\\\n\"}", 1, ON, 0, 0, 0},
    /* no object, or more than one */
    {"online", BAD},
    {"[]", BAD},
    {"{}", BAD},
    {"{\"state\":\"online\"", BAD},
    {"{\"state\":\"online\"}x", BAD},
    {"{\"state\":\"online\"}{}", BAD},
    {"{\"state\":\"online\",}", BAD},
    {"{\"state\":\"online\" \"conn\":\"1\"}", BAD},
    {"{state:\"online\"}", BAD},
    /* ours, wrongly */
    {"{\"state\":\"gone\"}", BAD},
    {"{\"state\":1}", BAD},
    {"{\"state\":\"online\",\"state\":\"online\"}", BAD},
    {"{\"conn\":\"1\"}", BAD},
    {"{\"state\":\"online\",\"conn\":\"\"}", BAD},
    {"{\"state\":\"online\",\"conn\":\"g\"}", BAD},
    {"{\"state\":\"online\",\"conn\":\"00000000000000001\"}", BAD},
    {"{\"state\":\"online\",\"conn\":7}", BAD},
    {"{\"state\":\"online\",\"every\":[]}", BAD},
    {"{\"state\":\"online\",\"every\":{\"a\":0}}", BAD},
    {"{\"state\":\"online\",\"every\":{\"a\":-1}}", BAD},
    {"{\"state\":\"online\",\"every\":{\"a\":\"1\"}}", BAD},
    {"{\"state\":\"online\",\"every\":{\"a\":1e999}}", BAD},
    {"{\"state\":\"online\",\"every\":{\"a\":1,}}", BAD},
    /* what is passed over must be JSON all the same */
    {"{\"state\":\"online\",\"x\":01}", BAD},
    {"{\"state\":\"online\",\"x\":1.}", BAD},
    {"{\"state\":\"online\",\"x\":.5}", BAD},
    {"{\"state\":\"online\",\"x\":+1}", BAD},
    {"{\"state\":\"online\",\"x\":nul}", BAD},
    {"{\"state\":\"online\",\"x\":[1 2]}", BAD},
    {"{\"state\":\"online\",\"x\":[1,]}", BAD},
    {"{\"state\":\"online\",\"x\":{1:2}}", BAD},
    {"{\"state\":\"online\",\"x\":[}", BAD},
    {"{\"state\":\"online\",\"x\":\"a\\q\"}", BAD},
    {"{\"state\":\"online\",\"x\":\"\\u12g4\"}", BAD},
    {"{\"state\":\"online\",\"x\":\"a\nb\"}", BAD},
    {"{\"state\":\"online\",\"x\":\"a", BAD},
    {"{\"state\":\"online\",\"x\":\"a\\", BAD},
};

static void
a_status_is_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        size_t len = strlen(row->text);
        char *exact = malloc(len == 0 ? 1 : len); /* so that overruns show */
        struct gong_presence_message m;
        enum gong_err err;

        assert_non_null(exact);
        memcpy(exact, row->text, len);
        err = gong_presence_parse(gong_str_from(exact, len), &m);
        free(exact);
        if ((err == GONG_OK) != row->good ||
            (row->good &&
             (m.kind != row->kind || m.has_conn != row->has_conn ||
              m.conn != row->conn || m.every_ms != row->every_ms))) {
            fail_msg("%s", row->text);
        }
    }
}

struct told {
    const char *members;
    bool has_epoch;
    uint64_t epoch;
    uint64_t next;
};

#define EPOCH "\"epoch\":\"5f1c09e2a7b4d310\""
#define ID    0x5f1c09e2a7b4d310U

/* What the ledger reads: of another shape it is passed over, as what is not
 * known is. */
static const struct told tolds[] = {
    {"\"x\":1", 0, 0, 0},
    {EPOCH, 1, ID, 0},
    {EPOCH ",\"next\":7", 1, ID, 7},
    {"\"next\" : 9223372036854775807 ," EPOCH, 1, ID, INT64_MAX},
    {"\"epoch\":\"0000000000000000\",\"next\":0", 1, 0, 0},
    {"\"next\":7", 0, 0, 7},
    {"\"epoch\":\"5f1c09e2a7b4d31\"", 0, 0, 0},
    {"\"epoch\":\"5f1c09e2a7b4d3100\"", 0, 0, 0},
    {"\"epoch\":\"5F1C09E2A7B4D310\"", 0, 0, 0},
    {"\"epoch\":\"5f1c09e2a7b4d31g\"", 0, 0, 0},
    {"\"epoch\":\"\\u0035f1c09e2a7b\"", 0, 0, 0},
    {"\"epoch\":7", 0, 0, 0},
    {"\"epoch\":[\"5f1c09e2a7b4d310\"]", 0, 0, 0},
    {EPOCH ",\"next\":9223372036854775808", 1, ID, 0},
    {EPOCH ",\"next\":99999999999999999999999999", 1, ID, 0},
    {EPOCH ",\"next\":-1", 1, ID, 0},
    {EPOCH ",\"next\":1.0", 1, ID, 0},
    {EPOCH ",\"next\":1e3", 1, ID, 0},
    {EPOCH ",\"next\":\"7\"", 1, ID, 0},
    {EPOCH ",\"next\":{\"next\":7}", 1, ID, 0},
    {"\"x\":{" EPOCH "}", 0, 0, 0},
};

static void
what_the_ledger_needs_is_read(void **state)
{
    static const char *const bad[] = {EPOCH "," EPOCH, "\"next\":1,\"next\":1",
                                      "\"next\":01",
                                      "\"next\":", "\"epoch\":\"5f"};
    struct gong_presence_message m;
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof tolds / sizeof tolds[0]; i++) {
        const struct told *told = &tolds[i];

        (void)snprintf(text, sizeof text, "{\"state\":\"online\",%s}",
                       told->members);
        if (gong_presence_parse(gong_str_of(text), &m) != GONG_OK ||
            m.has_epoch != told->has_epoch || m.epoch != told->epoch ||
            m.next != told->next) {
            fail_msg("%s", text);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(text, sizeof text, "{\"state\":\"online\",%s}", bad[i]);
        assert_int_equal(gong_presence_parse(gong_str_of(text), &m),
                         GONG_ERR_CORRUPT);
        assert_false(m.has_epoch);
    }
}

static void
nesting_and_length_have_bounds(void **state)
{
    static const char head[] = "{\"state\":\"online\",\"x\":";
    struct gong_presence_message m;
    size_t size = GONG_PRESENCE_MAX + 1;
    char *text = malloc(size);

    (void)state;
    assert_non_null(text);
    for (size_t depth = 30; depth < 40; depth++) {
        size_t len = sizeof head - 1;

        memcpy(text, head, len);
        memset(text + len, '[', depth);
        memset(text + len + depth, ']', depth);
        text[len + 2 * depth] = '}';
        assert_int_equal(
            gong_presence_parse(gong_str_from(text, len + 2 * depth + 1), &m),
            depth <= 32 ? GONG_OK : GONG_ERR_CORRUPT);
    }
    memset(text, ' ', size);
    memcpy(text, "{\"state\":\"online\"}", 18);
    assert_int_equal(gong_presence_parse(gong_str_from(text, size - 1), &m),
                     GONG_OK);
    assert_int_equal(gong_presence_parse(gong_str_from(text, size), &m),
                     GONG_ERR_CORRUPT);
    free(text);
}

static void
a_record_has_its_names_first(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool good;
    } records[] = {
        {"\1\2sd1", 5, true},    {"\1\2sd1{\"state\":\"offline\"}", 24, true},
        {"", 0, false},          {"\1", 1, false},
        {"\1\2sd", 4, false},    {"\0\2d1", 4, false},
        {"\2\0s1", 4, false},    {"\1\2Sd1", 5, false},
        {"\377\377s", 3, false}, {"\1\2sd1{", 6, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        struct gong_presence_record record;
        enum gong_err err = gong_presence_open(
            gong_str_from(records[i].bytes, records[i].len), &record);

        if ((err == GONG_OK) != records[i].good) {
            fail_msg("record %zu", i);
        }
        if (err == GONG_OK) {
            assert_true(gong_str_is(record.site, "s"));
            assert_true(gong_str_is(record.device, "d1"));
        }
    }
}

static void
silence_follows_from_what_was_declared(void **state)
{
    (void)state;
    assert_true(gong_presence_silence(0) == 0);
    assert_true(gong_presence_silence(1) == 30000);
    assert_true(gong_presence_silence(12000) == 30000);
    assert_true(gong_presence_silence(12001) == 30002);
    assert_true(gong_presence_silence(600000) == 1500000);
    assert_true(gong_presence_silence(GONG_PRESENCE_EVERY) > 0);
}

static void
metrics_have_names(void **state)
{
    (void)state;
    assert_int_equal(gong_presence_metric(gong_str_of("up")), GONG_PRESENCE_UP);
    assert_int_equal(gong_presence_metric(gong_str_of("unit_up")),
                     GONG_PRESENCE_UNIT_UP);
    assert_int_equal(gong_presence_metric(gong_str_of("device_dark")),
                     GONG_PRESENCE_DEVICE_DARK);
    assert_int_equal(gong_presence_metric(gong_str_of("ups")),
                     GONG_PRESENCE_METRICS);
}

static void
a_unit_is_dark_when_all_of_two_or_more_are(void **state)
{
    static const struct gong_hash_key key = {{1, 2}};
    struct gong_budget budget = {0};
    struct gong_presences all;
    struct gong_presences before;
    uint32_t site = 0;

    (void)state;
    assert_true(gong_presences_init(&all, &budget, &budget, &key));
    assert_true(gong_presences_room(&all, 3));
    assert_true(gong_presences_room(&all, 2));
    assert_int_equal(gong_presences_find_site(&all, 9), 0);
    assert_true(gong_presences_add(&all, 1, 9, 5));
    site = gong_presences_find_site(&all, 9);
    gong_presences_turn(&all, 1, true, 6);
    assert_false(gong_site_is_dark(gong_site_at(&all, site)));
    assert_true(gong_presences_add(&all, 2, 9, 7));
    assert_true(gong_presences_add(&all, 3, 8, 7));
    assert_false(gong_site_is_dark(gong_site_at(&all, site)));
    gong_presences_turn(&all, 2, true, 8);
    assert_true(gong_site_is_dark(gong_site_at(&all, site)));
    assert_true(gong_presence_is_dark(&all, 2));
    assert_false(gong_presence_is_dark(&all, 3));
    assert_int_equal(all.known, 3);
    assert_int_equal(all.dark, 2);
    before = all;
    gong_presences_link(&all);
    assert_int_equal(all.known, before.known);
    assert_int_equal(all.dark, before.dark);
    assert_int_equal(gong_site_at(&all, site)->first, 2);
    assert_int_equal(gong_presence_at(&all, 2)->next, 1);
    gong_presences_turn(&all, 1, false, 9);
    assert_false(gong_site_is_dark(gong_site_at(&all, site)));
    gong_presences_fini(&all);
    assert_int_equal(budget.used, 0);
}

static void
a_watch_comes_at_its_earliest(void **state)
{
    static const struct gong_hash_key key = {{1, 2}};
    struct gong_budget budget = {0};
    struct gong_presences all;
    int64_t due = 0;

    (void)state;
    assert_true(gong_presences_init(&all, &budget, &budget, &key));
    assert_true(gong_presences_room(&all, 2));
    assert_true(gong_presences_watch(&all, 1, 100));
    assert_true(gong_presences_watch(&all, 1, 200)); /* early enough */
    assert_true(gong_presences_watch(&all, 2, 90));
    assert_true(gong_presences_watch(&all, 1, 50));
    assert_int_equal(gong_presences_pop(&all, 50, &due), 0);
    assert_int_equal(gong_presences_pop(&all, 51, &due), 1);
    assert_true(due == 50 && gong_presence_at(&all, 1)->timer == 0);
    assert_int_equal(gong_presences_pop(&all, 1000, &due), 2);
    assert_int_equal(gong_presences_pop(&all, 1000, &due), 0);
    budget.limit = budget.used;
    assert_false(gong_presences_room(&all, 100000));
    gong_presences_fini(&all);
    assert_int_equal(budget.used, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_is_read_or_refused),
        cmocka_unit_test(what_the_ledger_needs_is_read),
        cmocka_unit_test(nesting_and_length_have_bounds),
        cmocka_unit_test(a_record_has_its_names_first),
        cmocka_unit_test(silence_follows_from_what_was_declared),
        cmocka_unit_test(metrics_have_names),
        cmocka_unit_test(a_unit_is_dark_when_all_of_two_or_more_are),
        cmocka_unit_test(a_watch_comes_at_its_earliest),
    };

    return cmocka_run_group_tests_name("presence", tests, NULL, NULL);
}
