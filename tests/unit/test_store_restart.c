/* Unit tests of agent/store/store_influx.c with store_recent.c and
 * store_send.c: a VictoriaMetrics that was started anew is written what the one
 * before may have lost, each line once, whenever it or the agent is killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store_fixture.h"

/* As a process that is gone. One that went on answering when it was started
 * would be believed to close each connection, and be written to unasked. */
#define CUT "RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR"

/* Numbered lines, each a record. */
static void
put(struct sinks *sinks, int from, int to)
{
    for (int i = from; i <= to; i++) {
        char line[64];

        (void)snprintf(line, sizeof line, "m,n=%d,k=fine v=1 %d\n", i, i);
        (void)sinks_put_data(sinks, "22015", "lamp-1", line);
    }
}

/* Another process where the server was: it has nothing. fresh: as often it says
 * that it has just started. */
static void
start_server(struct store_fixture *f, unsigned started, unsigned fresh,
             const char *plan)
{
    unsigned port = script_port(f->script);

    script_stop(f->script);
    f->server.started = started;
    f->server.fresh = fresh;
    f->server.plan = plan;
    f->server.stored_len = 0;
    f->server.stored[0] = '\0';
    f->script = script_start(port, script_store_decide, &f->server);
}

static void
replace_server(struct store_fixture *f, unsigned started, const char *plan)
{
    start_server(f, started, 0, plan);
}

static void
wait_stored(struct store_fixture *f, int n)
{
    for (int i = 0; i < 4000; i++) {
        if (store_fixture_occurrences(store_fixture_stored(f), n) > 0) {
            /* An answer on its way that is cut off would come again. */
            store_fixture_wait_heard(f);
            return;
        }
        gong_clock_sleep(gong_dur_ms(5));
    }
    fail_msg("line %d was not stored", n);
}

/* The process has just these, once, and was asked before it was written to. */
static void
check_once(struct store_fixture *f, int from, int to)
{
    const char *stored = store_fixture_stored(f);

    for (int i = 1; i <= to; i++) {
        assert_int_equal(store_fixture_occurrences(stored, i), i >= from);
    }
    assert_string_equal(script_at(f->script, 0)->method, "GET");
}

/* A store whose requests hold two lines. */
static struct store_fixture *
begin(const char *plan)
{
    struct store_fixture *f =
        store_fixture_begin(GONG_STORE_VICTORIAMETRICS, plan);

    f->config.batch_lines = 2;
    f->config.timeout = gong_dur_s(10); /* none here is too slow */
    f->server.started = 100;
    return f;
}

/* Writes 1 to last, and returns when the server has them. */
static struct store_fixture *
begin_with(struct sinks *sinks, int last)
{
    struct store_fixture *f = begin("");

    put(sinks, 1, last);
    store_fixture_start(f, sinks);
    wait_stored(f, last);
    check_once(f, 1, last);
    return f;
}

static void
between_two_writes(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = begin_with(sinks, 6);

    replace_server(f, 200, "");
    put(sinks, 7, 7);
    wait_stored(f, 7);
    put(sinks, 8, 8);
    wait_stored(f, 8);
    check_once(f, 1, 8);
    store_fixture_end(f);
}

static void
after_an_unanswered_write(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = begin_with(sinks, 6);
    size_t count;

    replace_server(f, 100, ".r" CUT);
    put(sinks, 7, 7);
    script_wait(f->script, 1);
    count = script_count(f->script);
    script_wait(f->script, count + 2);
    replace_server(f, 200, "");
    wait_stored(f, 7);
    put(sinks, 8, 8);
    wait_stored(f, 8);
    check_once(f, 1, 8);
    store_fixture_end(f);
}

/* The same process behind another connection has all that it answered for. */
static void
not_where_only_the_connection_broke(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = begin_with(sinks, 6);

    replace_server(f, 100, "");
    put(sinks, 7, 8);
    wait_stored(f, 8);
    check_once(f, 7, 8);
    store_fixture_end(f);
}

/* Nothing is written to a process that another one may follow within the same
 * second, unseen. */
static void
started_twice_within_a_second(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = begin_with(sinks, 6);

    start_server(f, 200, 1000, "");
    put(sinks, 7, 7);
    script_wait(f->script, 2);
    assert_string_equal(store_fixture_stored(f), "");
    start_server(f, 200, 2, "");
    wait_stored(f, 7);
    put(sinks, 8, 8);
    wait_stored(f, 8);
    check_once(f, 1, 8);
    assert_string_equal(script_at(f->script, 2)->method, "GET");
    store_fixture_end(f);
}

static void
while_it_is_sent_again(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = begin_with(sinks, 6);

    replace_server(f, 200, "..." CUT);
    put(sinks, 7, 7);
    wait_stored(f, 4);
    check_once(f, 1, 4);
    replace_server(f, 300, "");
    wait_stored(f, 7);
    put(sinks, 8, 8);
    wait_stored(f, 8);
    check_once(f, 1, 8);
    store_fixture_end(f);
}

/* All that outlasts the agent is what it has in files. */
static void
restart_agent(struct store_fixture *f, struct sinks *sinks)
{
    gong_store_stop(f->store);
    f->store = NULL;
    sinks_reopen(sinks);
    script_store_plan(&f->server, "");
    store_fixture_start(f, sinks);
}

static void
agent_ends_while_it_sends_again(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = begin_with(sinks, 10);

    replace_server(f, 200, "..." CUT);
    put(sinks, 11, 11);
    wait_stored(f, 4);
    restart_agent(f, sinks);
    wait_stored(f, 11);
    put(sinks, 12, 12);
    wait_stored(f, 12);
    check_once(f, 1, 12);

    /* It is over: the next one begins where it should. */
    restart_agent(f, sinks);
    put(sinks, 13, 13);
    wait_stored(f, 13);
    check_once(f, 1, 13);
    store_fixture_end(f);
}

/* Then the store too: all of it, once. */
static void
both_end_while_it_is_sent_again(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = begin_with(sinks, 10);

    replace_server(f, 200, "..." CUT);
    put(sinks, 11, 11);
    wait_stored(f, 4);
    gong_store_stop(f->store);
    f->store = NULL;
    sinks_reopen(sinks);
    replace_server(f, 300, "");
    store_fixture_start(f, sinks);
    wait_stored(f, 11);
    put(sinks, 12, 12);
    wait_stored(f, 12);
    check_once(f, 1, 12);
    store_fixture_end(f);
}

/* One half was answered, then the store is another: both halves go to it. */
static void
between_two_halves(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = begin("..." CUT);

    f->config.batch_lines = 5000;
    f->server.lines_max = 5;
    store_fixture_put_ten(sinks, false);
    store_fixture_start(f, sinks);
    wait_stored(f, 5);
    check_once(f, 1, 5);
    f->server.lines_max = 0;
    replace_server(f, 200, "");
    wait_stored(f, 10);
    check_once(f, 1, 10);
    store_fixture_end(f);
}

/* A server that closes each connection is asked each time, and written to. */
static void
connections_of_one_answer(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = begin("");

    f->server.close_each = true;
    put(sinks, 1, 4);
    store_fixture_start(f, sinks);
    wait_stored(f, 4);
    put(sinks, 5, 6);
    wait_stored(f, 6);
    check_once(f, 1, 6);
    store_fixture_end(f);
}

/* Where /metrics is no help, lines are sent all the same. */
static void
it_does_not_say(void **state)
{
    static const int statuses[] = {200, 401, 404, 503};

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct store_fixture *f;

        assert_int_equal(sinks_setup(state), 0);
        f = begin("");
        f->server.started = 0;
        f->server.metrics_status = statuses[i];
        put(*state, 1, 4);
        store_fixture_start(f, *state);
        wait_stored(f, 4);
        check_once(f, 1, 4);
        store_fixture_end(f);
        assert_int_equal(sinks_teardown(state), 0);
    }
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, sinks_setup, sinks_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(between_two_writes),
        TEST(after_an_unanswered_write),
        TEST(not_where_only_the_connection_broke),
        TEST(started_twice_within_a_second),
        TEST(while_it_is_sent_again),
        TEST(agent_ends_while_it_sends_again),
        TEST(both_end_while_it_is_sent_again),
        TEST(between_two_halves),
        TEST(connections_of_one_answer),
        cmocka_unit_test(it_does_not_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
