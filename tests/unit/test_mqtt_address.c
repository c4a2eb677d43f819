/* Unit tests of common/mqtt_address.c: what must parse and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/mqtt_address.h"

static const struct {
    const char *url;
    const char *uri; /* NULL: must not parse */
} cases[] = {
    {"mqtt://localhost:1883", "tcp://localhost:1883"},
    {"mqtt://localhost", "tcp://localhost:1883"},
    {"mqtt://localhost/", "tcp://localhost:1883"},
    {"mqtts://broker.example.vn", "ssl://broker.example.vn:8883"},
    {"mqtts://10.0.0.1:65535", "ssl://10.0.0.1:65535"},
    {"mqtt://[::1]:1884", "tcp://[::1]:1884"},
    {"mqtt://[2001:db8::1]", "tcp://[2001:db8::1]:1883"},
    {"", NULL},
    {"localhost:1883", NULL},
    {"tcp://localhost", NULL},
    {"MQTT://localhost", NULL},
    {"mqtt://", NULL},
    {"mqtt://:1883", NULL},
    {"mqtt://host:0", NULL},
    {"mqtt://host:", NULL},
    {"mqtt://host:65536", NULL},
    {"mqtt://host:99999999999999999999", NULL},
    {"mqtt://host:12x", NULL},
    {"mqtt://user@host:1883", NULL},
    {"mqtt://user:secret@host", NULL},
    {"mqtt://host/path", NULL},
    {"mqtt://ho st", NULL},
    {"mqtt://host\n", NULL},
    {"mqtt://[::1", NULL},
    {"mqtt://[]:1", NULL},
    {"mqtt://::1", NULL},
};

static void
urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_mqtt_address address;
        char why[128] = "";
        enum gong_err err =
            gong_mqtt_address_parse(cases[i].url, &address, why, sizeof why);

        if (cases[i].uri == NULL) {
            assert_int_equal(err, GONG_ERR_INVALID);
            assert_true(why[0] != '\0');
            continue;
        }
        assert_int_equal(err, GONG_OK);
        assert_string_equal(address.uri, cases[i].uri);
        assert_int_equal(address.tls, strncmp(address.uri, "ssl", 3) == 0);
    }
}

static void
null_and_long_hosts(void **state)
{
    struct gong_mqtt_address address;
    char url[400] = "mqtt://";
    char why[128];

    (void)state;
    assert_int_equal(gong_mqtt_address_parse(NULL, &address, why, sizeof why),
                     GONG_ERR_INVALID);
    memset(url + 7, 'a', GONG_MQTT_HOST_MAX);
    assert_int_equal(gong_mqtt_address_parse(url, &address, why, sizeof why),
                     GONG_OK);
    assert_int_equal(strlen(address.uri), 6 + GONG_MQTT_HOST_MAX + 5);
    url[7 + GONG_MQTT_HOST_MAX] = 'a';
    assert_int_equal(gong_mqtt_address_parse(url, &address, why, sizeof why),
                     GONG_ERR_INVALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(null_and_long_hosts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
