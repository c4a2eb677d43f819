/*
 * What a connection says after the link gave it up, from a Paho of the test's
 * own: the first attempt is refused, and while the second one's handle takes
 * its place the first still reports that it is connected.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/mqtt_link.h"
#include "common/mqtt_paho.h"

enum gong_err __wrap_gong_paho_load(bool tls, const struct gong_paho **out,
                                    char *why, size_t why_size);

static char handles[16];
static atomic_int made;
static atomic_int attempts;
static atomic_int up;
static atomic_int subscribed;
static MQTTAsync_connectOptions first;

static int
fake_create(MQTTAsync *handle, const char *uri, const char *client_id,
            int persistence, void *context, MQTTAsync_createOptions *options)
{
    (void)uri;
    (void)client_id;
    (void)persistence;
    (void)context;
    (void)options;
    *handle = &handles[atomic_fetch_add(&made, 1) % 16];
    return MQTTASYNC_SUCCESS;
}

static void
fake_destroy(MQTTAsync *handle)
{
    if (*handle == &handles[0]) {
        MQTTAsync_successData late = {0};

        first.onSuccess(first.context, &late);
    }
    *handle = NULL;
}

static int
fake_set_callbacks(MQTTAsync handle, void *context, MQTTAsync_connectionLost *l,
                   MQTTAsync_messageArrived *a, MQTTAsync_deliveryComplete *d)
{
    (void)handle;
    (void)context;
    (void)l;
    (void)a;
    (void)d;
    return MQTTASYNC_SUCCESS;
}

static int
fake_connect(MQTTAsync handle, const MQTTAsync_connectOptions *options)
{
    (void)handle;
    if (atomic_fetch_add(&attempts, 1) == 0) {
        MQTTAsync_failureData refused = {.code = 3};

        first = *options;
        options->onFailure(options->context, &refused);
    }
    return MQTTASYNC_SUCCESS;
}

static int
fake_disconnect(MQTTAsync handle, const MQTTAsync_disconnectOptions *options)
{
    (void)handle;
    (void)options;
    return MQTTASYNC_FAILURE;
}

static int
fake_subscribe(MQTTAsync handle, int count, char *const *topics, const int *qos,
               MQTTAsync_responseOptions *response)
{
    (void)handle;
    (void)count;
    (void)topics;
    (void)qos;
    (void)response;
    (void)atomic_fetch_add(&subscribed, 1);
    return MQTTASYNC_SUCCESS;
}

enum gong_err
__wrap_gong_paho_load(bool tls, const struct gong_paho **out, char *why,
                      size_t why_size)
{
    static const struct gong_paho fake = {
        .create = fake_create,
        .destroy = fake_destroy,
        .set_callbacks = fake_set_callbacks,
        .connect = fake_connect,
        .disconnect = fake_disconnect,
        .subscribe_many = fake_subscribe,
    };

    (void)tls;
    (void)why;
    (void)why_size;
    *out = &fake;
    return GONG_OK;
}

static void
note_up(void *ctx, bool session_present)
{
    (void)ctx;
    (void)session_present;
    (void)atomic_fetch_add(&up, 1);
}

static void
an_answer_of_the_last_attempt_is_not_this_ones(void **state)
{
    static const char *const topics[] = {"a/b"};
    struct gong_mqtt_options options = {.url = "mqtt://127.0.0.1:1",
                                        .client_id = "late",
                                        .subscriptions = topics,
                                        .subscription_count = 1};
    struct gong_mqtt_handlers handlers = {.connected = note_up};
    struct gong_mqtt *link = NULL;
    char why[256] = "";

    (void)state;
    assert_int_equal(gong_mqtt_new(&options, &handlers, &link, why, sizeof why),
                     GONG_OK);
    assert_int_equal(gong_mqtt_start(link), GONG_OK);
    while (atomic_load(&attempts) < 2) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    assert_false(gong_mqtt_connected(link));
    gong_mqtt_stop(link);
    assert_int_equal(atomic_load(&up), 0);
    assert_int_equal(atomic_load(&subscribed), 0);
    gong_mqtt_free(link);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_of_the_last_attempt_is_not_this_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
