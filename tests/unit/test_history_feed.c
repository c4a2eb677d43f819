/* What becomes of records in the history: series, labels, states. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/trust/probe.h"
#include "common/batch.h"
#include "common/crc32c.h"
#include "history_logs_fixture.h"
#include "rules/engine/engine.h"
#include "rules/rule_file.h"

#define T0     (SINK_ARRIVAL_MS / 60000 * 60000) /* a full minute */
#define MINUTE INT64_C(60000)

static const char model[] =
    "units = ( { code = \"66\"; name = \"T\"; kind = \"province\"; },\n"
    "{ code = \"1\"; name = \"Mot\"; kind = \"ward\"; parent = \"66\";\n"
    "  aliases = ( { code = \"11\"; } ); } );\n"
    "devices = ( { unit = \"1\"; name = \"g\"; params = { top = 30; }; } );\n";
static const char other_model[] =
    "units = ( { code = \"66\"; name = \"T\"; kind = \"province\"; },\n"
    "{ code = \"1\"; name = \"Mot\"; kind = \"ward\"; parent = \"66\";\n"
    "  aliases = ( { code = \"11\"; } ); } );\n"
    "devices = ( { unit = \"1\"; name = \"g\"; params = { low = 4; }; } );\n";

static void
sketch_is(struct sinks *sinks, const char *series, const char *expected)
{
    assert_string_equal(logs_sketch(logs_path(sinks, "a"), series, T0),
                        expected);
}

/* --- DATA --- */

#define LINES                                                                  \
    "m,k=v,z=y a=1,b=2i,t=\"text\",on=true 1760000000000000000\n"              \
    "m\\ x,unit=u,site=s,device=d,kind=k,__name__=n va\\ l=3 "                 \
    "1760000000001000000\n"                                                    \
    "9m,bad-tag=1,ti\xe1\xba\xbfng=2 value=4,x:y=5 1760000000002000000\n"      \
    "m,k=v,z=y a=6,b=7i,new=8 1760000000003000000\n"
static const char *const metrics[] = {"m_a", "m_b",     "m_on", "m_x_va_l",
                                      "_9m", "_9m_x_y", "m_new"};
#define METRICS (sizeof metrics / sizeof metrics[0])

struct names {
    char text[METRICS * 2 * 4][512];
    size_t count;
};

static int
compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* An alert that is named after its metric has the labels of its series. */
static void
note_labels(void *ctx, const struct gong_effect *effect)
{
    struct names *names = ctx;
    char *out = names->text[names->count];
    size_t len = 0;

    if (effect->to != GONG_ALERT_FIRING) {
        return;
    }
    names->count++;
    len = (size_t)snprintf(out, 512, "%s{", effect->rule->alert);
    for (size_t i = 0, n = 0; i < effect->label_count; i++) {
        const struct gong_label_view *label = &effect->labels[i];

        if (gong_str_is(label->name, "alertname")) {
            continue;
        }
        len += (size_t)snprintf(out + len, 512 - len, "%s%.*s=\"%.*s\"",
                                n++ == 0 ? "" : ",", (int)label->name.len,
                                label->name.data, (int)label->value.len,
                                label->value.data);
    }
    (void)snprintf(out + len, 512 - len, "}");
}

static void
apply_journal(struct sinks *sinks, struct gong_engine *engine)
{
    struct gong_spool_cursor *cursor = NULL;
    struct gong_record record;

    assert_int_equal(gong_spool_cursor_open(gong_journal_spool(sinks->journal),
                                            NULL, &cursor),
                     GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        assert_int_equal(gong_engine_apply(engine, &record), GONG_OK);
    }
    gong_spool_cursor_close(cursor);
}

static void
labels_are_the_engines(void **state)
{
    static const char *const sites[] = {"1", "11", "77"};
    struct sinks *sinks = *state;
    char rules[2048] = "";
    char bundle[8192];
    struct names told = {.count = 0};
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source;
    struct gong_engine *engine;
    char *dump;
    int a;
    int len;

    for (size_t i = 0; i < METRICS; i++) {
        len = (int)strlen(rules);
        (void)snprintf(rules + len, sizeof rules - (size_t)len,
                       "%s{ alert = \"%s\"; expr = \"%s > -1\"; labels = { }; "
                       "annotations = { }; }",
                       i == 0 ? "" : ", ", metrics[i], metrics[i]);
    }
    (void)logs_rules(sinks, T0, rules, model);
    for (size_t i = 0; i < 3; i++) {
        (void)logs_data(sinks, SINK_ARRIVAL_MS + 5000, sites[i], "g", LINES);
    }
    logs_sync(sinks);
    dump = logs_dump(logs_run(sinks, "a"));

    a = snprintf(bundle + 4096, 4096, "group = \"g\"; rules = ( %s );\n",
                 rules);
    len = snprintf(bundle, 4096, "== a.cfg %d\n", a);
    memmove(bundle + len, bundle + 4096, (size_t)a);
    len += a;
    len += snprintf(bundle + len, sizeof bundle - (size_t)len,
                    "== b.cfg %zu\nmodel = \"m\";\n%s",
                    strlen(model) + strlen("model = \"m\";\n"), model);
    source = gong_rule_bundle_load(gong_str_from(bundle, (size_t)len), &errors);
    gong_conf_errors_print(&errors, stderr);
    assert_non_null(source);
    engine = gong_engine_new(NULL, note_labels, &told);
    assert_non_null(engine);
    assert_int_equal(gong_engine_set_rules(engine, source->set, 0, T0, NULL),
                     GONG_OK);
    apply_journal(sinks, engine);
    gong_engine_free(engine);
    gong_rule_source_free(source);

    assert_int_equal(told.count, 3 * METRICS);
    qsort(told.text, told.count, sizeof told.text[0], compare);
    for (size_t i = 0; i < told.count; i++) {
        char line[520];

        (void)snprintf(line, sizeof line, "%s\n", told.text[i]);
        if (strstr(dump, line) == NULL) {
            fail_msg("%s is not in\n%s", line, dump);
        }
    }
    free(dump);
    /* And nothing else; texts are no samples. */
    {
        char *from = logs_dump(logs_path(sinks, "a"));
        size_t series = 0;

        for (const char *at = from; *at != '\0'; at = strchr(at, '\n') + 1) {
            series += *at != ' ' && strncmp(at, "param_", 6) != 0;
        }
        assert_int_equal(series, 3 * METRICS);
        free(from);
    }
}

static uint64_t
put_back(struct sinks *sinks, const char *body)
{
    struct gong_batch_header header = {
        .epoch = 7, .seq = 1, .low = 1, .lane = GONG_LANE_BACK, .points = 2};
    char text[GONG_BATCH_HEADER_SIZE + 512];
    size_t len;

    header.crc = gong_crc32c(0, body, strlen(body));
    len = gong_batch_header_format(&header, text);
    (void)snprintf(text + len, sizeof text - len, "%s", body);
    return logs_data(sinks, T0 + 9000, "77", "x", text);
}

static void
both_lanes_and_any_order(void **state)
{
    struct sinks *sinks = *state;

    (void)logs_data(sinks, SINK_ARRIVAL_MS + 9000, "77", "x",
                    "m a=1 1760000000000000000\nm a=2 1760000001000000000\n");
    (void)logs_data(sinks, SINK_ARRIVAL_MS + 9000, "77", "x",
                    "m a=9 1760000001000000000\nm a=0 1759999999000000000\n");
    (void)put_back(sinks, "m a=5 1759999000000000000\n"
                          "m a=6 1759999001000000000\n");
    logs_sync(sinks);
    (void)logs_run(sinks, "a");
    assert_string_equal(logs_sketch(logs_path(sinks, "a"),
                                    "m_a{device=\"x\",site=\"77\"}",
                                    INT64_C(1759999000000)),
                        "0=5 1000=6 999000=0 1000000=1 1001000=2");
}

static void
what_is_none_is_left_out(void **state)
{
    struct sinks *sinks = *state;
    struct gong_history_config config = logs_config();
    struct gong_history *history;
    char *dump;

    (void)logs_rules(sinks, T0,
                     "{ record = \"mine\"; expr = \"sum(m_a)\"; labels = { }; "
                     "}, { alert = \"A\"; expr = \"m_a > 5\"; labels = { }; "
                     "annotations = { }; }",
                     model);
    /* Proofs, what only the agent may say, lines that are none, and damage. */
    (void)logs_data(sinks, T0, GONG_PROOF_NAME, "a1", "m a=1\n");
    (void)logs_data(sinks, T0, "1", "g",
                    "up value=1\nALERTS value=1\nparam_top value=7\n"
                    "mine value=3\nunit_up value=0\n");
    (void)logs_data(sinks, T0, "1", "g", "broken\nm a=1 -5\n");
    (void)logs_put(sinks, GONG_RECORD_DATA, T0, "\xff", 1);
    (void)logs_put(sinks, GONG_RECORD_RECORDED, T0, "x", 1);
    logs_sync(sinks);
    history = logs_start(sinks, "a", &config);
    assert_int_equal(gong_history_commit(history, gong_dur_s(60)), GONG_OK);
    gong_history_stop(history);
    assert_true(sinks_count(sinks, "gong_agent_history_refused_total", "") >=
                3);
    dump = logs_dump(logs_path(sinks, "a"));
    assert_non_null(strstr(dump, "param_top{device=\"g\",kind=\"ward\","
                                 "site=\"1\",unit=\"1\"}\n"));
    assert_null(strstr(dump, " 7\n"));
    assert_null(strstr(dump, "up{"));
    assert_null(strstr(dump, "mine{"));
    assert_null(strstr(dump, "ALERTS{"));
    assert_null(strstr(dump, "m_a{"));
    free(dump);
}

/* --- RECORDED --- */

static void
recordings_keep_their_names_and_ends(void **state)
{
    struct sinks *sinks = *state;
    char lines[512];

    (void)logs_rules(sinks, T0, "", model);
    (void)snprintf(lines, sizeof lines,
                   "job:m:rate5m,site=1,unit=1 value=1.5 %" PRId64 "000000\n"
                   "job:m:rate5m,site=1,unit=1 ended=true %" PRId64 "000000\n"
                   "plain value=2 %" PRId64 "000000\n",
                   T0 + 1000, T0 + 2000, T0 + 3000);
    (void)logs_recorded(sinks, T0 + 3000, 0, lines);
    (void)logs_put(sinks, GONG_RECORD_CLOCK, T0 + 3 * MINUTE, "", 0);
    logs_sync(sinks);
    (void)logs_run(sinks, "a");
    sketch_is(sinks, "job:m:rate5m{site=\"1\",unit=\"1\"}",
              "1000=1.5 2000=ends");
    sketch_is(sinks, "plain{}", "3000=2");
}

static void
up_stands_until_it_changes(void **state)
{
    struct sinks *sinks = *state;
    char lines[256];

    (void)logs_put(sinks, GONG_RECORD_CLOCK, T0 + 1, "", 0);
    (void)snprintf(lines, sizeof lines,
                   "up,device=g,site=1 value=1 %" PRId64 "000000\n"
                   "device_dark,device=g,site=1 value=0 "
                   "%" PRId64 "000000\n",
                   T0 + 5000, T0 + 5000);
    (void)logs_recorded(sinks, T0 + 5100, 0, lines);
    (void)logs_put(sinks, GONG_RECORD_CLOCK, T0 + 2 * MINUTE + 7, "", 0);
    (void)snprintf(lines, sizeof lines,
                   "up,device=g,site=1 value=0 %" PRId64 "000000\n"
                   "device_dark,device=g,site=1 ended=true %" PRId64 "000000\n",
                   T0 + 2 * MINUTE + 9, T0 + 2 * MINUTE + 9);
    (void)logs_recorded(sinks, T0 + 2 * MINUTE + 9, 0, lines);
    (void)logs_put(sinks, GONG_RECORD_CLOCK, T0 + 3 * MINUTE, "", 0);
    logs_sync(sinks);
    (void)logs_run(sinks, "a");
    sketch_is(sinks, "up{device=\"g\",site=\"1\"}",
              "5000=1 60000=1 120000=1 120009=0 180000=0");
    sketch_is(sinks, "device_dark{device=\"g\",site=\"1\"}",
              "5000=0 60000=0 120000=0 120009=ends");
}

/* --- effects --- */

static void
put_alert(struct sinks *sinks, int64_t ms, uint64_t position, int from, int to)
{
    struct sink_alert alert = {.name = "Hot",
                               .device = "g",
                               .from = from,
                               .to = to,
                               .position = position,
                               .at_ms = ms};

    logs_alert(sinks, ms, &alert);
}

static void
alerts_read_as_in_prometheus(void **state)
{
    struct sinks *sinks = *state;
    uint64_t at[4];

    for (int i = 0; i < 4; i++) {
        at[i] = logs_put(sinks, GONG_RECORD_CLOCK, T0 + i * 50000, "", 0);
    }
    put_alert(sinks, T0, at[0], GONG_ALERT_INACTIVE, GONG_ALERT_PENDING);
    put_alert(sinks, T0 + 50000, at[1], GONG_ALERT_PENDING, GONG_ALERT_FIRING);
    put_alert(sinks, T0 + 50000, at[1], GONG_ALERT_FIRING, GONG_ALERT_UNKNOWN);
    put_alert(sinks, T0 + 100000, at[2], GONG_ALERT_UNKNOWN,
              GONG_ALERT_INACTIVE);
    logs_sync(sinks);
    (void)logs_run(sinks, "a");
    sketch_is(sinks,
              "ALERTS{alertname=\"Hot\",alertstate=\"pending\",device=\"g\","
              "severity=\"critical\",site=\"22015\"}",
              "0=1 50000=ends");
    sketch_is(sinks,
              "ALERTS{alertname=\"Hot\",alertstate=\"firing\",device=\"g\","
              "severity=\"critical\",site=\"22015\"}",
              "50000=1 60000=1 100000=ends");
    sketch_is(sinks,
              "ALERTS_FOR_STATE{alertname=\"Hot\",device=\"g\","
              "severity=\"critical\",site=\"22015\"}",
              "0=1760000000 60000=1760000000 100000=ends");
}

/* --- CONFIG --- */

static void
parameters_follow_the_model(void **state)
{
    struct sinks *sinks = *state;

    (void)logs_rules(sinks, T0 + 1000, "", model);
    (void)logs_rules(sinks, T0 + 2000, "", model);
    (void)logs_put(sinks, GONG_RECORD_CLOCK, T0 + MINUTE, "", 0);
    (void)logs_rules(sinks, T0 + MINUTE + 5, "", other_model);
    (void)logs_put(sinks, GONG_RECORD_CONFIG, T0 + MINUTE + 9,
                   "0000000000000000000000000000000000000000000000000000000000"
                   "000000",
                   64);
    (void)logs_put(sinks, GONG_RECORD_CLOCK, T0 + 2 * MINUTE, "", 0);
    logs_sync(sinks);
    (void)logs_run(sinks, "a");
    sketch_is(sinks,
              "param_top{device=\"g\",kind=\"ward\",site=\"1\",unit=\"1\"}",
              "1000=30 60000=30 60005=ends");
    sketch_is(sinks,
              "param_low{device=\"g\",kind=\"ward\",site=\"1\",unit=\"1\"}",
              "60005=4 120000=4");
    sketch_is(
        sinks,
        "param_expected{device=\"g\",kind=\"ward\",site=\"1\",unit=\"1\"}",
        "1000=1 60000=1 120000=1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(labels_are_the_engines, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test_setup_teardown(both_lanes_and_any_order, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test_setup_teardown(what_is_none_is_left_out, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test_setup_teardown(recordings_keep_their_names_and_ends,
                                        sinks_setup, sinks_teardown),
        cmocka_unit_test_setup_teardown(up_stands_until_it_changes, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test_setup_teardown(alerts_read_as_in_prometheus,
                                        sinks_setup, sinks_teardown),
        cmocka_unit_test_setup_teardown(parameters_follow_the_model,
                                        sinks_setup, sinks_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
