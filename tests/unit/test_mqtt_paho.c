/* Unit tests of common/mqtt_paho.c: one library per process, for good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/mqtt_paho.h"

static void
first_caller_decides(void **state)
{
    const struct gong_paho *first = NULL;
    const struct gong_paho *again = NULL;
    const struct gong_paho *tls = NULL;
    char why[256] = "";

    (void)state;
    assert_int_equal(gong_paho_load(false, &first, why, sizeof why), GONG_OK);
    assert_false(first->tls);
    assert_non_null(first->strerror(-1));
    assert_int_equal(gong_paho_load(false, &again, why, sizeof why), GONG_OK);
    assert_ptr_equal(first, again);
    assert_int_equal(gong_paho_load(true, &tls, why, sizeof why),
                     GONG_ERR_UNSUPPORTED);
    assert_null(tls);
    assert_non_null(strstr(why, "TLS"));
}

/* The end of the last handle stops Paho's threads and frees its state; the
 * next one must start afresh. */
static void
handles_come_and_go(void **state)
{
    const struct gong_paho *paho = NULL;
    char why[256] = "";

    (void)state;
    assert_int_equal(gong_paho_load(false, &paho, why, sizeof why), GONG_OK);
    for (int i = 0; i < 20; i++) {
        MQTTAsync a = NULL;
        MQTTAsync b = NULL;

        assert_int_equal(gong_paho_create(paho, &a, "tcp://127.0.0.1:1", "a"),
                         MQTTASYNC_SUCCESS);
        assert_int_equal(gong_paho_create(paho, &b, "tcp://127.0.0.1:1", "b"),
                         MQTTASYNC_SUCCESS);
        gong_paho_destroy(paho, &a);
        gong_paho_destroy(paho, &b);
        assert_null(a);
        gong_paho_destroy(paho, &a);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_caller_decides),
        cmocka_unit_test(handles_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
