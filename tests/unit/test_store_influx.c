/* Unit tests of agent/store/store_influx.c, store_send.c and store_http.c:
 * against a server that answers as told, every line is stored or in the
 * dead-letter file as the table says, and the cursors stand where they should
 * afterwards. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sink_fixture.h"
#include "store_fixture.h"

static void
wait_settled(struct sinks *sinks)
{
    struct gong_spool_stats stats;
    uint64_t behind = 1;

    gong_spool_stats(gong_journal_spool(sinks->journal), &stats);
    for (int i = 0; i < 4000 && behind > 0; i++) {
        uint64_t settled = sinks_count(sinks, "gong_agent_store_lines_total",
                                       "store=\"main\"");

        for (size_t r = 0; r < 5; r++) {
            static const char *const labels[] = {
                "store=\"main\",reason=\"type_conflict\"",
                "store=\"main\",reason=\"unparsable\"",
                "store=\"main\",reason=\"too_large\"",
                "store=\"main\",reason=\"bad_request\"",
                "store=\"main\",reason=\"retention\""};

            settled += sinks_count(
                sinks, "gong_agent_store_lines_refused_total", labels[r]);
        }
        behind = settled >= 10 ? 0 : 1;
        gong_clock_sleep(gong_dur_ms(5));
    }
    assert_int_equal(behind, 0);
}

/* Runs the plan over ten lines until all are settled, then stops the store and
 * checks that its cursor is at the end. */
static void
run(struct store_fixture *f, struct sinks *sinks, bool with_bad)
{
    struct gong_spool_stats stats;

    store_fixture_put_ten(sinks, with_bad);
    store_fixture_start(f, sinks);
    wait_settled(sinks);
    gong_store_stop(f->store);
    f->store = NULL;
    gong_spool_stats(gong_journal_spool(sinks->journal), &stats);
    sinks_reopen(sinks);
    assert_int_equal(
        sinks_cursor(gong_journal_spool(sinks->journal), "store-main"),
        stats.end);
}

/* Good lines stored (at least once), bad ones in the file and nowhere else. */
static void
check_outcome(struct store_fixture *f, struct sinks *sinks, bool with_bad)
{
    char *dead = sinks_read(sinks, "dead-letter-main.lp");

    for (int i = 1; i <= 10; i++) {
        bool bad = with_bad && i % 4 == 0;

        assert_int_equal(
            store_fixture_occurrences(store_fixture_stored(f), i) > 0, !bad);
        assert_int_equal(store_fixture_occurrences(dead, i), bad ? 1 : 0);
    }
    free(dead);
}

static void
plain_writes(void **state)
{
    static const char *const urls[] = {
        [GONG_STORE_INFLUXDB1] = "/write?db=city one&precision=n",
        [GONG_STORE_INFLUXDB2] =
            "/api/v2/write?org=city one&bucket=main&precision=ns",
        [GONG_STORE_VICTORIAMETRICS] = "/write?precision=ns",
    };

    for (int type = 0; type <= GONG_STORE_VICTORIAMETRICS; type++) {
        struct store_fixture *f;
        const struct script_request *request;

        size_t writes = type == GONG_STORE_VICTORIAMETRICS ? 1 : 0;

        assert_int_equal(sinks_setup(state), 0);
        f = store_fixture_begin(type, "");
        run(f, *state, false);
        check_outcome(f, *state, false);
        request = script_at(f->script, writes);
        assert_string_equal(request->method, "POST");
        assert_string_equal(request->url, urls[type]);
        assert_string_equal(request->content_type, "text/plain; charset=utf-8");
        assert_string_equal(request->expect, "");
        assert_string_equal(request->content_encoding, "");
        store_fixture_end(f);
        assert_int_equal(sinks_teardown(state), 0);
    }
}

/* After each of these the same lines are sent again and stored. */
static void
what_passes_is_sent_again(void **state)
{
    static const char *const plans[] = {"5", "9", "r", "t",
                                        "a", "d", "p", "rrr5599"};

    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        struct store_fixture *f;

        assert_int_equal(sinks_setup(state), 0);
        f = store_fixture_begin(GONG_STORE_INFLUXDB1, plans[i]);
        run(f, *state, false);
        check_outcome(f, *state, false);
        assert_true(script_count(f->script) > strlen(plans[i]));
        store_fixture_end(f);
        assert_int_equal(sinks_teardown(state), 0);
    }
}

static void
retry_after_is_honoured(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = store_fixture_begin(GONG_STORE_INFLUXDB2, "w");
    gong_mono_t start = gong_mono_now();

    run(f, sinks, false);
    check_outcome(f, sinks, false);
    /* The configured waits are at most 25 ms. */
    assert_true(gong_mono_since(gong_mono_now(), start).ns >= GONG_NS_PER_S);
    store_fixture_end(f);
}

static void
partial_write_of_1x_leaves_only_bad_lines(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = store_fixture_begin(GONG_STORE_INFLUXDB1, "");
    char *dead;

    f->server.partial = true;
    run(f, sinks, true);
    check_outcome(f, sinks, true);
    dead = sinks_read(sinks, "dead-letter-main.lp");
    assert_non_null(strstr(dead, " store=main lines=1 reason=type_conflict "
                                 "status=400 answer=\"{"));
    assert_int_equal(script_store_count_lines(dead), 4);
    free(dead);
    store_fixture_end(f);
}

/* One sender of many bad lines must not cost a request for each of them. */
static void
narrowing_is_bounded(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = store_fixture_begin(GONG_STORE_INFLUXDB1, "");
    static char lines[32768];
    size_t used = 0;
    char *dead;

    for (int i = 0; i < 1000; i++) {
        used += (size_t)snprintf(lines + used, sizeof lines - used,
                                 "m,n=%d,k=bad v=1 1\n", i);
    }
    f->server.partial = true;
    (void)sinks_put_data(sinks, "22015", "lamp-1", lines);
    store_fixture_start(f, sinks);
    while (sinks_count(sinks, "gong_agent_store_lines_refused_total",
                       "store=\"main\",reason=\"type_conflict\"") < 1000) {
        gong_clock_sleep(gong_dur_ms(5));
    }
    gong_store_stop(f->store);
    f->store = NULL;
    assert_in_range(script_count(f->script), 3, 65);
    dead = sinks_read(sinks, "dead-letter-main.lp");
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(store_fixture_occurrences(dead, i), 1);
    }
    free(dead);
    store_fixture_end(f);
}

static void
whole_refusal_of_2x_is_bisected(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = store_fixture_begin(GONG_STORE_INFLUXDB2, "");

    f->server.all_or_nothing = true;
    run(f, sinks, true);
    check_outcome(f, sinks, true);
    store_fixture_end(f);
}

static void
nothing_taken_by_1x_goes_to_the_file(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = store_fixture_begin(GONG_STORE_INFLUXDB1, "x");
    char *dead;

    run(f, sinks, false);
    dead = sinks_read(sinks, "dead-letter-main.lp");
    assert_string_equal(store_fixture_stored(f), "");
    for (int i = 1; i <= 10; i++) {
        assert_int_equal(store_fixture_occurrences(dead, i), 1);
    }
    assert_non_null(strstr(dead, "lines=10 reason=unparsable status=400"));
    free(dead);
    store_fixture_end(f);
}

/* VictoriaMetrics may have stored a part, and keeps duplicates: not again. */
static void
bad_request_of_victoriametrics_is_not_repeated(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f =
        store_fixture_begin(GONG_STORE_VICTORIAMETRICS, ".x");
    char *dead;

    run(f, sinks, false);
    dead = sinks_read(sinks, "dead-letter-main.lp");
    assert_non_null(strstr(dead, "lines=10 reason=bad_request"));
    assert_int_equal(script_count(f->script), 2);
    free(dead);
    store_fixture_end(f);
}

static void
too_large_is_halved(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = store_fixture_begin(GONG_STORE_INFLUXDB1, "");

    f->server.lines_max = 3;
    run(f, sinks, false);
    check_outcome(f, sinks, false);
    for (int i = 1; i <= 10; i++) {
        assert_int_equal(store_fixture_occurrences(store_fixture_stored(f), i),
                         1);
    }
    store_fixture_end(f);
}

/* A record is not torn apart by batching, but its request is. */
static void
a_request_keeps_its_bounds(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = store_fixture_begin(GONG_STORE_INFLUXDB1, "");

    f->config.batch_lines = 2;
    f->server.lines_max = 4;
    run(f, sinks, false);
    check_outcome(f, sinks, false);
    for (size_t i = 0; i < script_count(f->script); i++) {
        assert_true(script_store_count_lines(script_at(f->script, i)->body) <=
                    4);
    }
    store_fixture_end(f);
}

static void
a_dead_store_holds_its_place(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = store_fixture_begin(GONG_STORE_INFLUXDB1, "");
    unsigned port = script_port(f->script);
    uint64_t place =
        sinks_cursor(gong_journal_spool(sinks->journal), "store-main");

    script_stop(f->script);
    f->script = NULL;
    store_fixture_put_ten(sinks, false);
    store_fixture_start(f, sinks);
    while (sinks_count(sinks, "gong_agent_store_requests_total",
                       "store=\"main\",outcome=\"retry\"") < 3) {
        gong_clock_sleep(gong_dur_ms(5));
    }
    assert_int_equal(
        sinks_count(sinks, "gong_agent_store_up", "store=\"main\""), 0);
    gong_store_stop(f->store);
    f->store = NULL;
    sinks_reopen(sinks);
    assert_int_equal(
        sinks_cursor(gong_journal_spool(sinks->journal), "store-main"), place);

    f->script = script_start(port, script_store_decide, &f->server);
    store_fixture_start(f, sinks);
    wait_settled(sinks);
    check_outcome(f, sinks, false);
    store_fixture_end(f);
}

static void
undecodable_lines_are_kept_once(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = store_fixture_begin(GONG_STORE_INFLUXDB1, "");
    char *dead;

    (void)sinks_put_data(sinks, "22015", "lamp-2",
                         "m v=1 1\nevil\x1b[2J v=oops 1\n");
    run(f, sinks, false);
    dead = sinks_read(sinks, "dead-letter-decode.lp");
    assert_non_null(strstr(dead, "site=22015 device=lamp-2 line=2 "));
    assert_non_null(strstr(dead, "\nevil?[2J v=oops 1\n"));
    assert_int_equal(script_store_count_lines(dead), 2);
    free(dead);
    store_fixture_end(f);

    f = store_fixture_begin(GONG_STORE_INFLUXDB1, "");
    f->config.keeps_undecodable = false;
    (void)sinks_put_data(sinks, "22015", "lamp-3", "nonsense\n");
    run(f, sinks, false);
    dead = sinks_read(sinks, "dead-letter-decode.lp");
    assert_null(strstr(dead, "lamp-3"));
    free(dead);
    store_fixture_end(f);
}

static void
alerts_wait_until_their_cause_is_durable(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = store_fixture_begin(GONG_STORE_INFLUXDB1, "");
    struct sink_alert alert = {.name = "Caused",
                               .device = "lamp-1",
                               .from = GONG_ALERT_PENDING,
                               .to = GONG_ALERT_FIRING,
                               .at_ms = SINK_ARRIVAL_MS};
    struct gong_spool_stats before;
    struct gong_spool_stats stats;
    size_t sent;

    store_fixture_start(f, sinks);
    gong_spool_stats(gong_effects_spool(sinks->effects), &before);
    alert.position = 0;
    sinks_put_alert(sinks, &alert);
    alert.name = "Early";
    alert.position = UINT64_MAX; /* of a record that is not durable */
    sinks_put_alert(sinks, &alert);
    store_fixture_put_ten(sinks, false);
    wait_settled(sinks);
    gong_store_stop(f->store);
    f->store = NULL;
    assert_non_null(
        strstr(store_fixture_stored(f), "gong_alert,alertname=Caused,"));
    assert_null(strstr(store_fixture_stored(f), "Early"));
    gong_spool_stats(gong_effects_spool(sinks->effects), &stats);
    sinks_reopen(sinks);
    assert_in_range(
        sinks_cursor(gong_effects_spool(sinks->effects), "store-main"),
        before.end + 1, stats.end - 1);

    /* What an earlier run left is sent whatever became of its cause. */
    (void)sinks_put_data(sinks, "22015", "lamp-1", "m v=1 1\n");
    sent = script_count(f->script);
    store_fixture_start(f, sinks);
    script_wait(f->script, sent + 1);
    gong_store_stop(f->store);
    f->store = NULL;
    assert_non_null(strstr(store_fixture_stored(f), "alertname=Early,"));
    store_fixture_end(f);
}

static void
credentials_are_sent_and_read_again(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = store_fixture_begin(GONG_STORE_INFLUXDB2, "a");
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/token", sinks->dir);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("secret-1\n", file);
    (void)fclose(file);
    f->config.token_file = path;
    f->config.retry_max = gong_dur_ms(300);
    store_fixture_put_ten(sinks, false);
    store_fixture_start(f, sinks);
    script_wait(f->script, 1);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("secret-2\n", file);
    (void)fclose(file);
    wait_settled(sinks);
    assert_string_equal(script_at(f->script, 0)->authorization,
                        "Token secret-1");
    assert_string_equal(
        script_at(f->script, script_count(f->script) - 1)->authorization,
        "Token secret-2");
    store_fixture_end(f);
}

static void
bad_configurations_do_not_start(void **state)
{
    struct sinks *sinks = *state;
    struct store_fixture *f = store_fixture_begin(GONG_STORE_INFLUXDB1, "");
    char nothing[] = "";
    char bad_name[] = "Main Store";
    char bad_url[] = "ftp://x";
    char missing[] = "/nonexistent/token";
    struct gong_store_config configs[4];

    for (size_t i = 0; i < 4; i++) {
        configs[i] = f->config;
    }
    configs[0].name = bad_name;
    configs[1].url = bad_url;
    configs[2].database = nothing;
    configs[3].token_file = missing;
    for (size_t i = 0; i < 4; i++) {
        assert_int_not_equal(gong_store_start(&configs[i], sinks->dir,
                                              sinks->journal, sinks->effects,
                                              sinks->counters, &f->store),
                             GONG_OK);
    }
    store_fixture_end(f);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, sinks_setup, sinks_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_writes),
        cmocka_unit_test(what_passes_is_sent_again),
        TEST(retry_after_is_honoured),
        TEST(partial_write_of_1x_leaves_only_bad_lines),
        TEST(narrowing_is_bounded),
        TEST(whole_refusal_of_2x_is_bisected),
        TEST(nothing_taken_by_1x_goes_to_the_file),
        TEST(bad_request_of_victoriametrics_is_not_repeated),
        TEST(too_large_is_halved),
        TEST(a_request_keeps_its_bounds),
        TEST(a_dead_store_holds_its_place),
        TEST(undecodable_lines_are_kept_once),
        TEST(alerts_wait_until_their_cause_is_durable),
        TEST(credentials_are_sent_and_read_again),
        TEST(bad_configurations_do_not_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
