/* Unit tests of common/monitor.c. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/monitor.h"

struct shared {
    struct gong_monitor monitor;
    bool ready;
};

static void *
set_ready(void *context)
{
    struct shared *shared = context;

    gong_monitor_lock(&shared->monitor);
    shared->ready = true;
    gong_monitor_wake(&shared->monitor);
    gong_monitor_unlock(&shared->monitor);
    return NULL;
}

static void
wakes_another_thread(void **state)
{
    struct shared shared = {.ready = false};
    pthread_t thread;

    (void)state;
    assert_int_equal(gong_monitor_init(&shared.monitor), GONG_OK);
    gong_monitor_lock(&shared.monitor);
    assert_int_equal(pthread_create(&thread, NULL, set_ready, &shared), 0);
    while (!shared.ready) {
        (void)gong_monitor_wait(&shared.monitor, gong_dur_s(30));
    }
    gong_monitor_unlock(&shared.monitor);
    assert_int_equal(pthread_join(thread, NULL), 0);
    gong_monitor_fini(&shared.monitor);
}

static void
wait_ends_by_itself(void **state)
{
    struct shared shared = {.ready = false};
    gong_mono_t before = gong_mono_now();

    (void)state;
    assert_int_equal(gong_monitor_init(&shared.monitor), GONG_OK);
    gong_monitor_lock(&shared.monitor);
    while (gong_monitor_wait(&shared.monitor, gong_dur_ms(5))) {
    }
    assert_false(gong_monitor_wait(&shared.monitor, (gong_dur_t){-1}));
    gong_monitor_unlock(&shared.monitor);
    assert_true(gong_mono_since(gong_mono_now(), before).ns >=
                gong_dur_ms(5).ns);
    gong_monitor_fini(&shared.monitor);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wakes_another_thread),
        cmocka_unit_test(wait_ends_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
