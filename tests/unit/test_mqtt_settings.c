/*
 * Unit tests of common/mqtt_settings.c: what Paho is told at a connect, seen
 * through a table of functions of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/mqtt_settings.h"

/* Copies: what Paho is given lives only for the call. */
static struct told {
    int calls;
    int answer;
    int version;
    int clean;
    int keepalive;
    int reconnect;
    char username[64];
    char password[64];
    bool has_password;
    char will[64];
    int will_retained;
    bool tls;
    int verify;
    int check_server;
    char ca[64];
} told;

static void
note(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text == NULL ? "(none)" : text);
}

static int
fake_connect(MQTTAsync handle, const MQTTAsync_connectOptions *options)
{
    assert_ptr_equal(handle, &told);
    told.calls++;
    told.version = options->MQTTVersion;
    told.clean = options->cleansession;
    told.keepalive = options->keepAliveInterval;
    told.reconnect = options->automaticReconnect;
    note(told.username, sizeof told.username, options->username);
    note(told.password, sizeof told.password, options->password);
    told.has_password = options->password != NULL;
    note(told.will, sizeof told.will,
         options->will == NULL ? NULL : options->will->message);
    told.will_retained = options->will == NULL ? 0 : options->will->retained;
    told.tls = options->ssl != NULL;
    if (options->ssl != NULL) {
        told.verify = options->ssl->verify;
        told.check_server = options->ssl->enableServerCertAuth;
        note(told.ca, sizeof told.ca, options->ssl->trustStore);
    }
    return told.answer;
}

static const char *
fake_strerror(int code)
{
    (void)code;
    return "no";
}

static const struct gong_paho paho = {
    .connect = fake_connect,
    .strerror = fake_strerror,
};

static enum gong_err
connect_with(const struct gong_mqtt_options *options, bool tls,
             const char *will, char why[256])
{
    struct gong_mqtt_settings settings;
    struct gong_mqtt_connect call = {.will_payload = will};
    enum gong_err err;

    why[0] = '\0';
    assert_int_equal(gong_mqtt_settings_init(&settings, options), GONG_OK);
    settings.tls = tls;
    err = gong_mqtt_settings_connect(&settings, &paho, &told, &call, why, 256);
    gong_mqtt_settings_fini(&settings);
    return err;
}

static int
setup(void **state)
{
    (void)state;
    told = (struct told){0};
    return 0;
}

static void
plain(void **state)
{
    struct gong_mqtt_options options = {.client_id = "a", .username = ""};
    char why[256];

    (void)state;
    assert_int_equal(connect_with(&options, false, NULL, why), GONG_OK);
    assert_int_equal(told.version, MQTTVERSION_3_1_1);
    assert_int_equal(told.clean, 0);
    assert_int_equal(told.keepalive, 30);
    assert_int_equal(told.reconnect, 0);
    assert_string_equal(told.username, "(none)");
    assert_false(told.has_password);
    assert_string_equal(told.will, "(none)");
    assert_false(told.tls);
}

static void
longest_wait(void **state)
{
    static const struct {
        gong_dur_t option;
        gong_dur_t longest;
    } cases[] = {
        {{0}, {30 * GONG_NS_PER_S}},
        {{2 * GONG_NS_PER_S}, {2 * GONG_NS_PER_S}},
        {{3600 * GONG_NS_PER_S}, {3600 * GONG_NS_PER_S}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_mqtt_options options = {.client_id = "a",
                                            .retry_max = cases[i].option};
        struct gong_mqtt_settings settings;

        assert_int_equal(gong_mqtt_settings_init(&settings, &options), GONG_OK);
        assert_int_equal(settings.retry_max.ns, cases[i].longest.ns);
        gong_mqtt_settings_fini(&settings);
    }
}

static void
tls_always_checks_the_server(void **state)
{
    struct gong_mqtt_options options = {.client_id = "a",
                                        .ca_file = "/dev/null"};
    char why[256];

    (void)state;
    assert_int_equal(connect_with(&options, true, NULL, why), GONG_OK);
    assert_true(told.tls);
    assert_int_equal(told.verify, 1);
    assert_int_equal(told.check_server, 1);
    assert_string_equal(told.ca, "/dev/null");
}

static void
unreadable_files_are_named(void **state)
{
    static const struct {
        struct gong_mqtt_options options;
        const char *key;
    } cases[] = {
        {{.client_id = "a", .ca_file = "/nonexistent/x"}, "ca_file"},
        {{.client_id = "a", .cert_file = "/nonexistent/x"}, "cert_file"},
        {{.client_id = "a", .key_file = "/nonexistent/x"}, "key_file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char want[64];
        char why[256];

        (void)snprintf(want, sizeof want, "cannot open %s /nonexistent/x ",
                       cases[i].key);
        assert_int_equal(connect_with(&cases[i].options, true, NULL, why),
                         GONG_ERR_NOT_FOUND);
        assert_non_null(strstr(why, want));
        assert_int_equal(told.calls, 0);
        /* Without TLS nobody reads them. */
        assert_int_equal(connect_with(&cases[i].options, false, NULL, why),
                         GONG_OK);
        told.calls = 0;
    }
}

static void
will_of_the_call_wins(void **state)
{
    struct gong_mqtt_options options = {
        .client_id = "a", .will_topic = "t", .will_payload = "fixed"};
    char why[256];

    (void)state;
    assert_int_equal(connect_with(&options, false, NULL, why), GONG_OK);
    assert_string_equal(told.will, "fixed");
    assert_int_equal(told.will_retained, 1);
    assert_int_equal(connect_with(&options, false, "now", why), GONG_OK);
    assert_string_equal(told.will, "now");
    options.will_topic = NULL;
    assert_int_equal(connect_with(&options, false, "now", why), GONG_OK);
    assert_string_equal(told.will, "(none)");
}

static void
password_is_the_first_line(void **state)
{
    static const struct {
        const char *file;
        const char *password; /* NULL: refused */
    } cases[] = {
        {"secret\n", "secret"},         {"secret", "secret"},
        {"secret\r\nmore\n", "secret"}, {"\n", NULL},
        {"\nsecond\n", NULL},           {"", NULL},
    };
    char path[] = "/tmp/gong-password-XXXXXX";
    struct gong_mqtt_options options = {
        .client_id = "a", .username = "u", .password_file = path};
    int fd = mkstemp(path);
    char why[256];

    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        FILE *file = fopen(path, "w");
        enum gong_err err;

        assert_non_null(file);
        (void)fputs(cases[i].file, file);
        assert_int_equal(fclose(file), 0);
        err = connect_with(&options, false, NULL, why);
        if (cases[i].password == NULL) {
            assert_int_equal(err, GONG_ERR_INVALID);
            assert_non_null(strstr(why, path));
        } else {
            assert_int_equal(err, GONG_OK);
            assert_string_equal(told.password, cases[i].password);
        }
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(connect_with(&options, false, NULL, why),
                     GONG_ERR_NOT_FOUND);
    assert_null(strstr(why, "secret"));
}

static void
refusal_is_told(void **state)
{
    struct gong_mqtt_options options = {.client_id = "a"};
    char why[256];

    (void)state;
    told.answer = -9;
    assert_int_equal(connect_with(&options, false, NULL, why),
                     GONG_ERR_INVALID);
    assert_non_null(strstr(why, "-9"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plain, setup),
        cmocka_unit_test(longest_wait),
        cmocka_unit_test_setup(tls_always_checks_the_server, setup),
        cmocka_unit_test_setup(unreadable_files_are_named, setup),
        cmocka_unit_test_setup(will_of_the_call_wins, setup),
        cmocka_unit_test_setup(password_is_the_first_line, setup),
        cmocka_unit_test_setup(refusal_is_told, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
