#include "agent/api/http_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
addresses(void **state)
{
    static const struct {
        const char *text;
        enum gong_err err;
    } cases[] = {
        {"127.0.0.1:9470", GONG_OK},
        {"127.9.9.9:0", GONG_OK},
        {"[::1]:65535", GONG_OK},
        {"0.0.0.0:9470", GONG_ERR_UNSUPPORTED},
        {"192.168.1.2:9470", GONG_ERR_UNSUPPORTED},
        {"[::]:9470", GONG_ERR_UNSUPPORTED},
        {"[::ffff:127.0.0.1]:1", GONG_ERR_UNSUPPORTED},
        {"127.0.0.1", GONG_ERR_INVALID},
        {"127.0.0.1:", GONG_ERR_INVALID},
        {"127.0.0.1:65536", GONG_ERR_INVALID},
        {"127.0.0.1:99999999999999999999", GONG_ERR_INVALID},
        {"127.0.0.1:-1", GONG_ERR_INVALID},
        {":9470", GONG_ERR_INVALID},
        {"[]:9470", GONG_ERR_INVALID},
        {"[::1:9470", GONG_ERR_INVALID},
        {"::1:9470", GONG_ERR_INVALID},
        {"localhost:9470", GONG_ERR_INVALID},
        {"", GONG_ERR_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_http_address address;
        char why[256] = "";
        enum gong_err err =
            gong_http_address_parse(cases[i].text, &address, why, sizeof why);

        if (err == GONG_OK) {
            assert_int_equal(
                gong_http_address_guarded(&address, true, why, sizeof why),
                GONG_OK);
            err = gong_http_address_guarded(&address, false, why, sizeof why);
        }
        if (err != cases[i].err) {
            fail_msg("%s: %s", cases[i].text, gong_err_text(err));
        }
        assert_true((err == GONG_OK) == (why[0] == '\0'));
    }
}

static void
hosts_and_networks(void **state)
{
    struct gong_http_address address;
    char why[256], host[GONG_HTTP_HOST_SIZE];

    (void)state;
    assert_int_equal(gong_http_address_parse("[2001:db8:1:2:3:4:5:6]:1",
                                             &address, why, sizeof why),
                     GONG_OK);
    gong_http_address_host(&address, false, host);
    assert_string_equal(host, "2001:db8:1:2:3:4:5:6");
    gong_http_address_host(&address, true, host);
    assert_string_equal(host, "2001:db8:1:2::");
    assert_int_equal(
        gong_http_address_parse("10.1.2.3:1", &address, why, sizeof why),
        GONG_OK);
    gong_http_address_host(&address, true, host);
    assert_string_equal(host, "10.1.2.3");
}

static void
hosts_that_name_this_machine(void **state)
{
    static const struct {
        const char *host;
        bool good;
    } rows[] = {
        {"localhost", true},
        {"LocalHost:9470", true},
        {"127.0.0.1", true},
        {"127.8.7.6:1", true},
        {"[::1]", true},
        {"[::1]:9470", true},
        {"", false},
        {"evil.example", false},
        {"127.evil.example", false},
        {"localhost.evil.example", false},
        {"127.0.0.1.evil.example", false},
        {"[::1].evil.example", false},
        {"localhost:", false},
        {"localhost:x", false},
        {"localhost:1:2", false},
        {"127.0.0.1@evil", false},
        {"[::2]", false},
        {"128.0.0.1", false},
        {"[::1", false},
        {"10.0.0.1:9470", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (gong_http_host_loopback(rows[i].host) != rows[i].good) {
            fail_msg("%s", rows[i].host);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(hosts_and_networks),
        cmocka_unit_test(hosts_that_name_this_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
