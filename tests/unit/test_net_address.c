#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/check_url.h"
#include "collector/net_address.h"

struct address_case {
    const char *text;
    const char *default_port;
    const char *host; /* NULL: refused */
    const char *port;
};

static void
addresses_are_taken_apart(void **state)
{
    static const struct address_case cases[] = {
        {"example.vn:80", NULL, "example.vn", "80"},
        {"10.0.0.1", "53", "10.0.0.1", "53"},
        {"10.0.0.1:5353", "53", "10.0.0.1", "5353"},
        {"[::1]:443", NULL, "::1", "443"},
        {"[fe80::1]", "53", "fe80::1", "53"},
        {"h:65535", NULL, "h", "65535"},
        {"h", NULL, NULL, NULL},
        {"", "53", NULL, NULL},
        {":80", NULL, NULL, NULL},
        {"h:", NULL, NULL, NULL},
        {"h:0", NULL, NULL, NULL},
        {"h:65536", NULL, NULL, NULL},
        {"h:99999999999999999999", NULL, NULL, NULL},
        {"h:+80", NULL, NULL, NULL},
        {"h:80x", NULL, NULL, NULL},
        {"::1", "53", NULL, NULL},
        {"[::1", "53", NULL, NULL},
        {"[::1]80", NULL, NULL, NULL},
        {"[]:80", NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_net_address out = {"", ""};
        bool ok =
            gong_net_address_parse(cases[i].text, cases[i].default_port, &out);

        if (ok != (cases[i].host != NULL)) {
            fail_msg("\"%s\"", cases[i].text);
        }
        if (ok) {
            assert_string_equal(out.host, cases[i].host);
            assert_string_equal(out.port, cases[i].port);
        }
    }
}

static void
a_host_must_fit(void **state)
{
    char text[GONG_HOST_SIZE + 8];
    struct gong_net_address out;

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text + GONG_HOST_SIZE - 1, ":80", sizeof ":80");
    assert_true(gong_net_address_parse(text, NULL, &out));
    assert_int_equal(strlen(out.host), GONG_HOST_SIZE - 1);
    memcpy(text + GONG_HOST_SIZE - 1, "a:80", sizeof "a:80");
    assert_false(gong_net_address_parse(text, NULL, &out));
}

static void
waiting_ends_with_data_or_time(void **state)
{
    gong_mono_t past = {gong_mono_now().ns - GONG_NS_PER_S};
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_false(gong_net_wait(
        fds[0], POLLIN, gong_mono_add(gong_mono_now(), gong_dur_ms(20))));
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_true(gong_net_wait(fds[0], POLLIN,
                              gong_mono_add(gong_mono_now(), gong_dur_s(20))));
    assert_false(gong_net_wait(fds[0], POLLIN, past));
    (void)close(fds[0]);
    (void)close(fds[1]);
}

struct url_case {
    const char *url;
    const char *instance; /* NULL: refused */
};

static void
urls_name_an_instance(void **state)
{
    static const struct url_case cases[] = {
        {"http://h", "h:80"},
        {"https://h", "h:443"},
        {"http://h:9100/metrics?x=a@b", "h:9100"},
        {"https://[::1]/", "[::1]:443"},
        {"https://[::1]:8443#x", "[::1]:8443"},
        {"HTTP://h", NULL},
        {"h:80", NULL},
        {"http://", NULL},
        {"http://u@h", NULL},
        {"http://h:port", NULL},
        {"http://h\n", NULL},
        {"file:///etc/passwd", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char instance[GONG_INSTANCE_SIZE] = "";
        char why[256] = "";
        bool ok = gong_check_url(cases[i].url, instance, why, sizeof why);

        if (ok != (cases[i].instance != NULL)) {
            fail_msg("\"%s\"", cases[i].url);
        }
        if (ok) {
            assert_string_equal(instance, cases[i].instance);
        } else {
            assert_string_not_equal(why, "");
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(a_host_must_fit),
        cmocka_unit_test(waiting_ends_with_data_or_time),
        cmocka_unit_test(urls_name_an_instance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
