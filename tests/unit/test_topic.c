#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "common/topic.h"

#define NAME_64                                                                \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
good_topics(void **state)
{
    static const struct {
        const char *text;
        const char *site;
        const char *device;
        enum gong_topic_kind kind;
    } rows[] = {
        {"gong/v1/22015/lamp-1/data", "22015", "lamp-1", GONG_TOPIC_DATA},
        {"gong/v1/a/b/status", "a", "b", GONG_TOPIC_STATUS},
        {"gong/v1/_/-/ack", "_", "-", GONG_TOPIC_ACK},
        {"gong/v1/" NAME_64 "/" NAME_64 "/status", NAME_64, NAME_64,
         GONG_TOPIC_STATUS},
        {"gong/v1/x/agents/data", "x", "agents", GONG_TOPIC_DATA},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gong_topic topic;
        char text[GONG_TOPIC_SIZE];

        assert_int_equal(gong_topic_parse(gong_str_of(rows[i].text), &topic),
                         GONG_OK);
        assert_true(gong_str_is(topic.site, rows[i].site));
        assert_true(gong_str_is(topic.device, rows[i].device));
        assert_int_equal(topic.kind, rows[i].kind);
        assert_int_equal(gong_topic_format(&topic, text), GONG_OK);
        assert_string_equal(text, rows[i].text);
    }
}

static void
bad_topics(void **state)
{
    static const char *const rows[] = {
        "",
        "gong",
        "gong/v1/",
        "gong/v1/a/b",
        "gong/v1/a/b/",
        "gong/v1/a/b/data/",
        "gong/v1/a/b/Data",
        "gong/v1/a/b/datax",
        "gong/v1/a//data",
        "gong/v1//b/data",
        "gong/v2/a/b/data",
        "/gong/v1/a/b/data",
        "gong/v1/A/b/data",
        "gong/v1/a.b/c/data",
        "gong/v1/a/b c/data",
        "gong/v1/$a/b/data",
        "gong/v1/+/b/data",
        "gong/v1/a/#",
        "gong/v1/a/\xc4\x91/data",
        ("gong/v1/" NAME_64 "x/b/data"),
        ("gong/v1/a/" NAME_64 "x/data"),
        "gong/v1/agents/north/status",
        "gong/v1/alerts/a/data",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gong_topic topic;

        if (gong_topic_parse(gong_str_of(rows[i]), &topic) !=
            GONG_ERR_INVALID) {
            fail_msg("accepted: %s", rows[i]);
        }
    }
    assert_int_equal(
        gong_topic_parse((struct gong_str){NULL, 0}, &(struct gong_topic){0}),
        GONG_ERR_INVALID);
}

static void
bad_names_are_not_written(void **state)
{
    char text[GONG_TOPIC_SIZE] = "as before";
    struct gong_topic topic = {gong_str_of("a"), gong_str_of("b/c"),
                               GONG_TOPIC_DATA};

    (void)state;
    assert_int_equal(gong_topic_format(&topic, text), GONG_ERR_INVALID);
    topic.device = gong_str_of("");
    assert_int_equal(gong_topic_format(&topic, text), GONG_ERR_INVALID);
    topic.device = gong_str_of("b");
    topic.site = gong_str_of("agents");
    assert_int_equal(gong_topic_format(&topic, text), GONG_ERR_INVALID);
    assert_string_equal(text, "as before");
    assert_false(gong_topic_name_valid(gong_str_from("a\0", 2)));
}

/* Lengths count, whatever the names are. */
static void
names_of_payloads(void **state)
{
    static const struct {
        const char *payload;
        size_t len;
        const char *site; /* NULL: refused */
        const char *device;
        const char *rest;
    } rows[] = {
        {"", 0, NULL, NULL, NULL},         {"\0", 1, NULL, NULL, NULL},
        {"\0\0", 2, "", "", ""},           {"\0\0xy", 4, "", "", "xy"},
        {"\2\3abxyz", 7, "ab", "xyz", ""}, {"\2\3abxyz!", 8, "ab", "xyz", "!"},
        {"\2\3abxy", 6, NULL, NULL, NULL}, {"\xff\xff", 2, NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gong_str payload = gong_str_from(rows[i].payload, rows[i].len);
        struct gong_str site, device, rest;
        bool split = gong_topic_names_split(payload, &site, &device, &rest);

        assert_int_equal(split, rows[i].site != NULL);
        if (split) {
            assert_true(gong_str_is(site, rows[i].site));
            assert_true(gong_str_is(device, rows[i].device));
            assert_true(gong_str_is(rest, rows[i].rest));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_topics),
        cmocka_unit_test(bad_topics),
        cmocka_unit_test(bad_names_are_not_written),
        cmocka_unit_test(names_of_payloads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
