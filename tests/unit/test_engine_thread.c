#include "agent/decide/engine_thread.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/decide/recorded.h"
#include "agent/decide/rules_reload.h"
#include "agent_fixture.h"
#include "common/batch.h"

/* The names are the linker's. NOLINTBEGIN(bugprone-reserved-identifier) */
enum gong_err __real_gong_engine_set_rules(struct gong_engine *engine,
                                           const struct gong_ruleset *set,
                                           uint64_t position,
                                           int64_t journal_ms,
                                           struct gong_rules_report *report);
enum gong_err __wrap_gong_engine_set_rules(struct gong_engine *engine,
                                           const struct gong_ruleset *set,
                                           uint64_t position,
                                           int64_t journal_ms,
                                           struct gong_rules_report *report);

/* What the next calls answer for sets of so many rules. */
static enum gong_err set_rules_error;
static atomic_int set_rules_errors;
static size_t set_rules_size;

enum gong_err
__wrap_gong_engine_set_rules(struct gong_engine *engine,
                             const struct gong_ruleset *set, uint64_t position,
                             int64_t journal_ms,
                             struct gong_rules_report *report)
{
    if (set->count == set_rules_size && atomic_load(&set_rules_errors) > 0) {
        atomic_fetch_sub(&set_rules_errors, 1);
        return set_rules_error;
    }
    return __real_gong_engine_set_rules(engine, set, position, journal_ms,
                                        report);
}

/* So many sets are not read for want of memory. */
static atomic_int store_gets_short;

struct gong_rule_source *
__real_gong_rule_store_get(const char *state_dir, const char *sha,
                           struct gong_conf_errors *errors);
struct gong_rule_source *
__wrap_gong_rule_store_get(const char *state_dir, const char *sha,
                           struct gong_conf_errors *errors);

struct gong_rule_source *
__wrap_gong_rule_store_get(const char *state_dir, const char *sha,
                           struct gong_conf_errors *errors)
{
    if (atomic_load(&store_gets_short) > 0) {
        atomic_fetch_sub(&store_gets_short, 1);
        gong_conf_errors_no_memory(errors, "rules");
        return NULL;
    }
    return __real_gong_rule_store_get(state_dir, sha, errors);
}
/* NOLINTEND(bugprone-reserved-identifier) */

struct world {
    struct sinks *sinks;
    struct gong_strings paths;
    struct gong_rules_reload reload;
    struct gong_engine_thread *engine;
    int64_t stamp_ns; /* of the next line */
};

/* Says that the rules are these now; whether they were taken. */
static bool
load(struct world *world, const char *rules)
{
    struct gong_conf_errors errors = {0};
    bool taken;

    agent_write(world->sinks->dir, "a.cfg", rules);
    world->reload = (struct gong_rules_reload){
        .paths = &world->paths,
        .state_dir = world->sinks->dir,
        .journal = world->sinks->journal,
    };
    assert_true(gong_rules_reload_init(&world->reload, world->sinks->counters));
    taken = gong_rules_reload_run(&world->reload, NULL, &errors);
    gong_conf_errors_fini(&errors);
    return taken;
}

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    void *sinks = NULL;

    assert_non_null(world);
    assert_int_equal(sinks_setup(&sinks), 0);
    world->sinks = sinks;
    world->stamp_ns = SINK_ARRIVAL_NS - gong_dur_s(10).ns;
    world->paths = agent_rules(world->sinks->dir, "a.cfg", RULES_HOT);
    assert_true(load(world, RULES_HOT));
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;
    void *sinks = world->sinks;

    gong_engine_thread_stop(world->engine);
    agent_rules_free(&world->paths);
    (void)sinks_teardown(&sinks);
    free(world);
    return 0;
}

static void
start(struct world *world)
{
    world->engine = agent_engine(world->sinks);
}

static void
stop(struct world *world)
{
    gong_engine_thread_stop(world->engine);
    world->engine = NULL;
}

static void
lamp(struct world *world, const char *device, const char *line)
{
    char text[2048];

    (void)snprintf(text, sizeof text, "%s %" PRId64, line, world->stamp_ns);
    world->stamp_ns += GONG_NS_PER_MS;
    (void)sinks_put_data(world->sinks, "22015", device, text);
}

static void
records_become_effects(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;

    start(world);
    (void)agent_engine_settled(world->sinks, world->engine); /* live */
    lamp(world, "lamp-1", "lamp temp=80");
    lamp(world, "lamp-2", "lamp temp=60");
    lamp(world, "lamp-1", "lamp temp=50");
    report = agent_engine_settled(world->sinks, world->engine);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; "
                        "Hot lamp-1 firing>inactive; ");
    assert_int_equal(report.engine.rules, 1);
    assert_int_equal(report.engine.points, 3);
    assert_int_equal(report.engine.firing, 0);
    assert_int_equal(report.decided.count, 2);
}

/* Killed and started again, at every place: never an effect twice or lost. */
static void
a_restart_repeats_nothing(void **state)
{
    struct world *world = *state;

    lamp(world, "lamp-1", "lamp temp=80");
    for (int i = 0; i < 3; i++) {
        start(world);
        (void)agent_engine_settled(world->sinks, world->engine);
        stop(world);
        assert_string_equal(agent_effects(world->sinks),
                            "Hot lamp-1 inactive>firing; ");
        sinks_reopen(world->sinks);
    }
    lamp(world, "lamp-1", "lamp temp=50");
    start(world);
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; "
                        "Hot lamp-1 firing>inactive; ");
}

static void
what_came_while_it_was_away_is_evaluated(void **state)
{
    struct world *world = *state;

    start(world);
    lamp(world, "lamp-1", "lamp temp=80");
    (void)agent_engine_settled(world->sinks, world->engine);
    stop(world);
    lamp(world, "lamp-2", "lamp temp=90");
    start(world);
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; "
                        "Hot lamp-2 inactive>firing; ");
}

static void
another_rule_does_not_disturb_a_firing_one(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;

    start(world);
    lamp(world, "lamp-1", "lamp temp=80");
    assert_true(load(world, RULES_HOT_AND_DIM));
    report = agent_engine_settled(world->sinks, world->engine);
    assert_int_equal(report.engine.rules, 2);
    assert_int_equal(report.engine.firing, 1);
    lamp(world, "lamp-1", "lamp temp=81,lux=1");
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; "
                        "Dim lamp-1 inactive>firing; ");
}

static void
a_changed_rule_starts_anew(void **state)
{
    struct world *world = *state;

    start(world);
    lamp(world, "lamp-1", "lamp temp=72");
    assert_true(load(world, RULES_HOTTER));
    lamp(world, "lamp-1", "lamp temp=73");
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; "
                        "Hot lamp-1 firing>inactive; ");
    lamp(world, "lamp-1", "lamp temp=76");
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_non_null(strstr(agent_effects(world->sinks),
                           "firing>inactive; Hot lamp-1 inactive>firing; "));
}

static void
bad_rules_keep_the_running_set(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;

    start(world);
    assert_false(load(world, "group = \"t\"; rules = ( { alert = 5; } );"));
    lamp(world, "lamp-1", "lamp temp=80");
    report = agent_engine_settled(world->sinks, world->engine);
    assert_int_equal(report.engine.rules, 1);
    assert_int_equal(report.rules_refused, 0);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; ");
}

/* A CONFIG whose bundle is gone, and one that is none. */
static void
a_config_that_cannot_be_followed_is_counted(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;
    char sha[GONG_RULE_SHA_SIZE];
    struct iovec part = {sha, 10};

    memset(sha, '0', sizeof sha);
    sha[GONG_RULE_SHA_SIZE - 1] = '\0';
    assert_int_equal(gong_rules_announce(world->sinks->journal, sha), GONG_OK);
    assert_int_equal(gong_journal_append(world->sinks->journal,
                                         GONG_RECORD_CONFIG, &part, 1, 0, NULL),
                     GONG_OK);
    lamp(world, "lamp-1", "lamp temp=80");
    start(world);
    report = agent_engine_settled(world->sinks, world->engine);
    assert_int_equal(report.rules_refused, 2);
    assert_int_equal(report.engine.rules, 1);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; ");
}

/* Rules for which there was no memory are not refused: the engine begins anew,
 * as often as it takes. */
static void
rules_without_memory_are_tried_again(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;

    lamp(world, "lamp-1", "lamp temp=80");
    assert_true(load(world, RULES_HOT_AND_DIM));
    lamp(world, "lamp-1", "lamp lux=1");
    set_rules_error = GONG_ERR_MEMORY;
    set_rules_size = 2;
    atomic_store(&set_rules_errors, 1);
    start(world);
    report = agent_engine_settled(world->sinks, world->engine);
    assert_int_equal(atomic_load(&set_rules_errors), 0);
    assert_int_equal(report.restarts, 1);
    assert_int_equal(report.rules_refused, 0);
    assert_int_equal(report.engine.rules, 2);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; "
                        "Dim lamp-1 inactive>firing; ");
}

/* Likewise for the first ones. */
static void
first_rules_without_memory_are_tried_again(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;

    lamp(world, "lamp-1", "lamp temp=80");
    set_rules_error = GONG_ERR_MEMORY;
    set_rules_size = 1;
    atomic_store(&set_rules_errors, 2);
    start(world);
    report = agent_engine_settled(world->sinks, world->engine);
    assert_int_equal(report.restarts, 1);
    assert_int_equal(report.rules_refused, 0);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; ");
}

/* Nor are those that could not be read for want of it. */
static void
rules_read_without_memory_are_tried_again(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;

    lamp(world, "lamp-1", "lamp temp=80");
    atomic_store(&store_gets_short, 1);
    start(world);
    report = agent_engine_settled(world->sinks, world->engine);
    assert_int_equal(atomic_load(&store_gets_short), 0);
    assert_int_equal(report.restarts, 1);
    assert_int_equal(report.rules_refused, 0);
    assert_int_equal(report.engine.rules, 1);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; ");
}

static void
rules_that_the_engine_refuses_are_counted(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;

    assert_true(load(world, RULES_HOT_AND_DIM));
    lamp(world, "lamp-1", "lamp temp=80");
    set_rules_error = GONG_ERR_INVALID;
    set_rules_size = 2;
    atomic_store(&set_rules_errors, 1);
    start(world);
    report = agent_engine_settled(world->sinks, world->engine);
    assert_int_equal(report.restarts, 0);
    assert_int_equal(report.rules_refused, 1);
    assert_int_equal(report.engine.rules, 1);
}

/* `for` is over though nothing more comes: a CLOCK record says so. */
static void
time_moves_without_data(void **state)
{
    struct world *world = *state;
    struct gong_engine_report report;

    assert_true(load(world, "group = \"t\"; interval = \"0s\"; rules = (\n"
                            " { alert = \"Hot\"; expr = \"lamp_temp > 70\";\n"
                            "   for = \"200ms\"; } );"));
    start(world);
    lamp(world, "lamp-1", "lamp temp=80");
    do {
        gong_clock_sleep(gong_dur_ms(5));
        gong_engine_thread_report(world->engine, &report);
    } while (report.engine.firing == 0);
    assert_true(report.clock_records >= 1);
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>pending; "
                        "Hot lamp-1 pending>firing; ");
}

/* Each segment of the journal names the rules in force. */
static void
a_recycled_journal_still_knows_its_rules(void **state)
{
    struct world *world = *state;
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    char line[1200];
    uint64_t segment = UINT64_MAX;
    uint64_t segments = 0;
    uint64_t configs = 0;

    (void)snprintf(line, sizeof line, "other text=\"%01000d\"", 1);
    start(world);
    for (int i = 0; i < 300; i++) {
        lamp(world, "lamp-1", line);
        if (i % 20 == 0) {
            (void)agent_engine_settled(world->sinks, world->engine);
        }
    }
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        segments += record.offset / 65536 != segment;
        segment = record.offset / 65536;
        configs += record.meta.type == GONG_RECORD_CONFIG;
    }
    gong_spool_cursor_close(cursor);
    assert_true(segments >= 4);
    assert_true(configs >= segments - 1 && configs <= segments);
}

static void
alerts_can_be_looked_at(void **state)
{
    struct world *world = *state;
    struct gong_alert_view *view = NULL;
    json_t *answer, *alerts, *alert;

    start(world);
    lamp(world, "lamp-1", "lamp temp=80");
    for (;;) {
        view = gong_engine_thread_alerts(world->engine);
        if (view != NULL && strstr(view->json, "lamp-1") != NULL) {
            break;
        }
        gong_alert_view_release(view);
        gong_clock_sleep(gong_dur_ms(5));
    }
    answer = json_loadb(view->json, view->len, 0, NULL);
    assert_non_null(answer);
    assert_string_equal(json_string_value(json_object_get(answer, "status")),
                        "success");
    alerts = json_object_get(json_object_get(answer, "data"), "alerts");
    assert_int_equal(json_array_size(alerts), 1);
    alert = json_array_get(alerts, 0);
    assert_string_equal(json_string_value(json_object_get(alert, "state")),
                        "firing");
    assert_true(strtod(json_string_value(json_object_get(alert, "value")),
                       NULL) == 80.0);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(alert, "labels"), "alertname")),
                        "Hot");
    assert_non_null(json_object_get(alert, "activeAt"));
    json_decref(answer);
    gong_alert_view_release(view);
}

#define RULES_RECORD                                                           \
    "group = \"t\"; interval = \"1s\"; rules = (\n"                            \
    "  { record = \"site:temp:sum\";\n"                                        \
    "    expr = \"sum by (site) (lamp_temp)\"; },\n"                           \
    "  { alert = \"Warm\"; expr = \"site:temp:sum > 100\"; } );"

/* A line that comes now. */
static void
lamp_now(struct world *world, const char *device, const char *line)
{
    char prefix[GONG_BATCH_PREFIX_SIZE];
    struct iovec parts[2] = {
        {prefix,
         gong_batch_prefix(gong_str_of("22015"), gong_str_of(device), prefix)},
        {(void *)(uintptr_t)line, strlen(line)},
    };

    assert_int_equal(gong_journal_append(world->sinks->journal,
                                         GONG_RECORD_DATA, parts, 2, 0, NULL),
                     GONG_OK);
}

/* Whether a record is about presence; counted are those that say that lamp-1 is
 * up. */
static bool
is_presence(struct gong_str lines, size_t *ups)
{
    static const char *const names[] = {"up,", "unit_up,", "device_dark,"};
    static const char up[] = "up,device=lamp-1,site=22015 value=1 ";
    bool found = false;

    for (size_t i = 0; i < 3; i++) {
        found = found || (lines.len > strlen(names[i]) &&
                          memcmp(lines.data, names[i], strlen(names[i])) == 0);
    }
    for (size_t i = 0; found && i + strlen(up) < lines.len; i++) {
        *ups += (i == 0 || lines.data[i - 1] == '\n') &&
                memcmp(lines.data + i, up, strlen(up)) == 0;
    }
    return found;
}

/* The samples in the journal, each counted; fails where one is there twice. */
static size_t
recorded_samples(struct world *world, char *last, size_t size)
{
    size_t ups = 0;
    struct gong_spool_cursor *cursor;
    struct gong_recorded_batch batch;
    struct gong_record record;
    uint64_t position = 0;
    int64_t time_ns = 0;
    size_t count = 0;

    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        const char *stamp;

        if (!gong_recorded_read(&record, &batch)) {
            continue;
        }
        assert_true(batch.position >= position);
        assert_true(batch.position < record.offset);
        position = batch.position;
        if (is_presence(batch.lines, &ups)) {
            continue;
        }
        assert_true(batch.lines.len < size);
        memcpy(last, batch.lines.data, batch.lines.len);
        last[batch.lines.len] = '\0';
        stamp = strrchr(last, ' ');
        assert_non_null(stamp);
        assert_true(strtoll(stamp, NULL, 10) > time_ns);
        time_ns = strtoll(stamp, NULL, 10);
        count++;
    }
    gong_spool_cursor_close(cursor);
    assert_int_equal(ups, 1);
    return count;
}

/* Killed and started again: each sample of a recording, and of presence, is in
 * the journal once, whatever of it a start says again. */
static void
recordings_are_kept_once(void **state)
{
    struct world *world = *state;
    static const char wanted[] = "site:temp:sum,site=22015 value=130 ";
    char last[256] = "";
    size_t count = 0;

    assert_true(load(world, RULES_RECORD));
    for (int life = 0; life < 3; life++) {
        size_t more = count + 2;

        start(world);
        while (count < more) {
            lamp_now(world, "lamp-1", "lamp temp=60");
            lamp_now(world, "lamp-2", "lamp temp=70");
            gong_clock_sleep(gong_dur_ms(20));
            count = recorded_samples(world, last, sizeof last);
        }
        assert_int_equal(strncmp(last, wanted, strlen(wanted)), 0);
        stop(world);
        assert_true(recorded_samples(world, last, sizeof last) - count <= 1);
        count = recorded_samples(world, last, sizeof last);
        assert_int_equal(
            sinks_count(world->sinks, "gong_agent_recorded_lost_total", ""), 0);
        assert_true(life == 0 ||
                    sinks_count(world->sinks,
                                "gong_agent_recorded_repeated_total", "") > 0);
        sinks_reopen(world->sinks);
    }
    assert_non_null(strstr(agent_effects(world->sinks), "inactive>firing"));
}

#define RULES_FAULT                                                            \
    "group = \"t\"; interval = \"1s\"; rules = (\n"                            \
    "  { id = \"join\"; alert = \"Join\";\n"                                   \
    "    expr = \"lamp_temp * on (site) lamp_volt > 0\"; } );"

/* Two lamps of a site meet one voltage: that rule has no result. */
static void
a_rule_that_fails_is_named(void **state)
{
    struct world *world = *state;

    assert_true(load(world, RULES_FAULT));
    start(world);
    while (sinks_count(world->sinks, "gong_engine_rule_faults_total",
                       "rule=\"join\"") < 2) {
        lamp_now(world, "lamp-1", "lamp temp=60,volt=220");
        lamp_now(world, "lamp-2", "lamp temp=70");
        gong_clock_sleep(gong_dur_ms(50));
    }
    assert_int_equal(
        sinks_count(world->sinks, "gong_engine_rule_failing", "rule=\"join\""),
        1);
    assert_true(load(world, RULES_RECORD));
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_int_equal(
        sinks_count(world->sinks, "gong_engine_rule_failing", "rule=\"join\""),
        0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(records_become_effects),
        T(a_restart_repeats_nothing),
        T(what_came_while_it_was_away_is_evaluated),
        T(another_rule_does_not_disturb_a_firing_one),
        T(a_changed_rule_starts_anew),
        T(bad_rules_keep_the_running_set),
        T(a_config_that_cannot_be_followed_is_counted),
        T(rules_without_memory_are_tried_again),
        T(first_rules_without_memory_are_tried_again),
        T(rules_read_without_memory_are_tried_again),
        T(rules_that_the_engine_refuses_are_counted),
        T(time_moves_without_data),
        T(a_recycled_journal_still_knows_its_rules),
        T(alerts_can_be_looked_at),
        T(recordings_are_kept_once),
        T(a_rule_that_fails_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
