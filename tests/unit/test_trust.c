/* Proofs and drills: what is sent, how far it came, what is said of it. */
#include "agent/trust/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "agent/decide/incidents.h"
#include "agent/tell/channel.h"
#include "common/counter.h"
#include "rules/rule_file.h"

/* --- pure --- */

static void
names_stand_for_kinds(void **state)
{
    static const struct {
        const char *name;
        enum gong_probe_kind kind;
    } rows[] = {
        {"gong-proof", GONG_PROBE_PROOF},
        {"gong-drill", GONG_PROBE_DRILL},
        {"gong", GONG_PROBE_NONE},
        {"gong-proofs", GONG_PROBE_NONE},
        {"", GONG_PROBE_NONE},
        {"22015", GONG_PROBE_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(gong_probe_of(gong_str_of(rows[i].name)),
                         rows[i].kind);
        assert_int_equal(gong_probe_of_key(gong_incident_rule(rows[i].name)),
                         rows[i].kind);
    }
}

static void
each_hop_is_named(void **state)
{
    struct gong_trust_probe probe = {.number = 1};

    (void)state;
    assert_int_equal(gong_probe_hop(&probe), GONG_HOP_BROKER);
    probe.sent_ms = 1;
    assert_int_equal(gong_probe_hop(&probe), GONG_HOP_RECEIVE);
    probe.received_ms = 2;
    assert_int_equal(gong_probe_hop(&probe), GONG_HOP_RULES);
    probe.decided_ms = 3;
    assert_int_equal(gong_probe_hop(&probe), GONG_HOP_DESK);
    probe.desk_ms = 4; /* it has nobody to tell */
    assert_int_equal(gong_probe_hop(&probe), GONG_HOP_DESK);
    probe.messages = 1;
    assert_int_equal(gong_probe_hop(&probe), GONG_HOP_OUTBOX);
    probe.told_ms = 5;
    assert_int_equal(gong_probe_hop(&probe), GONG_HOP_NONE);
    assert_string_equal(gong_probe_hop_text(GONG_HOP_NONE), "");
    assert_string_equal(gong_probe_hop_text(GONG_HOP_RULES), "rules");
}

static void
lines_end_the_one_before(void **state)
{
    const struct gong_drill drill = {
        .contact = "duty-22015", .unit = "22015", .severity = "critical"};
    char lines[GONG_PROBE_LINES_MAX];
    size_t len = gong_probe_lines(NULL, 17, 1760000000123456789, lines);

    (void)state;
    assert_string_equal(lines, "gong_proof value=0 1760000000122456789\n"
                               "gong_proof value=17 1760000000123456789\n");
    assert_int_equal(len, strlen(lines));
    assert_true(gong_probe_is_in(gong_str_of(lines), 17));
    assert_false(gong_probe_is_in(gong_str_of(lines), 1));
    assert_false(gong_probe_is_in(gong_str_of(lines), 170));
    assert_false(gong_probe_is_in(gong_str_of(""), 17));
    (void)gong_probe_lines(&drill, 5, 2000000, lines);
    assert_string_equal(lines,
                        "gong_drill,drill_contact=duty-22015,drill_unit=22015,"
                        "severity=critical value=0 1000000\n"
                        "gong_drill,drill_contact=duty-22015,drill_unit=22015,"
                        "severity=critical value=5 2000000\n");
}

static void
the_longest_drill_fits(void **state)
{
    char word[GONG_DRILL_WORD_MAX + 1];
    struct gong_drill drill = {NULL, word, word, word, word};
    char lines[GONG_PROBE_LINES_MAX];
    const char *why = "";

    (void)state;
    memset(word, 'x', GONG_DRILL_WORD_MAX);
    word[GONG_DRILL_WORD_MAX] = '\0';
    assert_true(gong_drill_check(&drill, &why));
    (void)gong_probe_lines(&drill, UINT64_C(0xffffffffff), INT64_MAX, lines);
    assert_true(gong_probe_is_in(gong_str_of(lines), UINT64_C(0xffffffffff)));
    assert_int_equal(lines[strlen(lines) - 1], '\n');
}

static void
words_that_would_be_syntax_are_refused(void **state)
{
    static const char *const bad[] = {"a,b",  "a=b", "a b", "a\nb",
                                      "a\"b", "đèn", "a\\b"};
    const char *why = "";

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct gong_drill drill = {.unit = bad[i]};

        assert_false(gong_drill_check(&drill, &why));
    }
    assert_false(gong_drill_check(
        &(struct gong_drill){"a", "b", NULL, NULL, NULL}, &why));
    assert_true(gong_drill_check(&(struct gong_drill){0}, &why));
    assert_true(gong_drill_check(
        &(struct gong_drill){.receiver = "unit-duty_1.x"}, &why));
}

static void
its_rules_are_rules(void **state)
{
    struct gong_strings none = {0};
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = gong_rule_files_load_with(
        &none, NULL,
        &(struct gong_rule_extra){GONG_PROBE_RULES,
                                  gong_str_of(gong_probe_rules())},
        1, &errors);

    (void)state;
    assert_int_equal(errors.count, 0);
    assert_non_null(source);
    assert_int_equal(source->set->count, 2);
    assert_int_equal(gong_ruleset_listed(source->set), 0);
    gong_rule_source_free(source);
}

/* --- the trust --- */

struct world {
    struct gong_counters *counters;
    struct gong_trust *trust;
    bool connected;
    unsigned sent;
    char topic[128];
    char payload[GONG_PROBE_LINES_MAX];
};

static bool
connected(void *ctx)
{
    return ((struct world *)ctx)->connected;
}

static bool
catch_it(void *ctx, const char *topic, struct gong_str payload)
{
    struct world *world = ctx;

    world->sent++;
    (void)snprintf(world->topic, sizeof world->topic, "%s", topic);
    (void)snprintf(world->payload, sizeof world->payload, "%.*s",
                   (int)payload.len, payload.data);
    return true;
}

/* The names are the linker's. NOLINTBEGIN(bugprone-reserved-identifier) */
gong_wall_t __real_gong_wall_now(void);
gong_mono_t __real_gong_mono_now(void);
gong_wall_t __wrap_gong_wall_now(void);
gong_mono_t __wrap_gong_mono_now(void);

static _Atomic int64_t wall_moved; /* ns */
static _Atomic int64_t mono_moved;

gong_wall_t
__wrap_gong_wall_now(void)
{
    gong_wall_t now = __real_gong_wall_now();

    now.ns += wall_moved;
    return now;
}

gong_mono_t
__wrap_gong_mono_now(void)
{
    gong_mono_t now = __real_gong_mono_now();

    now.ns += mono_moved;
    return now;
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* Without proofs of its own: drills only, on this thread. */
static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct gong_trust_way way = {world, connected, catch_it};

    assert_non_null(world);
    world->connected = true;
    world->counters = gong_counters_new();
    world->trust = gong_trust_new(&(struct gong_trust_options){
        .agent = "agent-1", .counters = world->counters});
    assert_non_null(world->trust);
    assert_int_equal(gong_trust_start(world->trust, &way), GONG_OK);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;

    wall_moved = 0;
    mono_moved = 0;
    gong_trust_free(world->trust);
    gong_counters_free(world->counters);
    free(world);
    return 0;
}

static enum gong_probe_hop
hop_of(struct world *world)
{
    struct gong_trust_probe drill;

    gong_trust_last_drill(world->trust, &drill);
    return gong_probe_hop(&drill);
}

static void
a_drill_is_followed(void **state)
{
    struct world *world = *state;
    struct gong_trust_posted posted = {.kind = GONG_PROBE_DRILL,
                                       .messages = 2,
                                       .first_message = 5,
                                       .last_message = 6,
                                       .why = ""};
    struct gong_trust_probe drill;
    const char *why = "";
    uint64_t number = 0;

    assert_int_equal(gong_trust_drill(world->trust,
                                      &(struct gong_drill){.unit = "22015"},
                                      &number, &why),
                     GONG_OK);
    assert_true(number > 0);
    assert_string_equal(world->topic, "gong/v1/gong-drill/agent-1/data");
    assert_int_equal(hop_of(world), GONG_HOP_RECEIVE);
    /* One of an earlier run, or of another kind, is not it. */
    gong_trust_received(world->trust, GONG_PROBE_DRILL,
                        gong_str_of("gong_drill value=1 1\n"));
    gong_trust_received(world->trust, GONG_PROBE_PROOF,
                        gong_str_of(world->payload));
    assert_int_equal(hop_of(world), GONG_HOP_RECEIVE);
    gong_trust_received(world->trust, GONG_PROBE_DRILL,
                        gong_str_of(world->payload));
    assert_int_equal(hop_of(world), GONG_HOP_RULES);
    gong_trust_decided(world->trust, GONG_PROBE_DRILL, (double)number + 2);
    assert_int_equal(hop_of(world), GONG_HOP_RULES);
    gong_trust_decided(world->trust, GONG_PROBE_DRILL, (double)number);
    assert_int_equal(hop_of(world), GONG_HOP_DESK);
    posted.number = (double)number;
    gong_trust_posted(world->trust, &posted);
    assert_int_equal(hop_of(world), GONG_HOP_OUTBOX);
    gong_trust_last_drill(world->trust, &drill);
    assert_int_equal(drill.first_message, 5);
    assert_int_equal(drill.last_message, 6);
    /* Another one has to wait a little. */
    assert_int_equal(
        gong_trust_drill(world->trust, &(struct gong_drill){0}, &number, &why),
        GONG_ERR_AGAIN);
}

/* What a set clock says has nothing to do with how long ago the last one was.
 */
static void
a_clock_that_is_set_holds_no_drill_up(void **state)
{
    struct world *world = *state;
    const char *why = "";
    uint64_t number = 0;

    assert_int_equal(
        gong_trust_drill(world->trust, &(struct gong_drill){0}, &number, &why),
        GONG_OK);
    wall_moved = -gong_dur_s(3600).ns;
    mono_moved = gong_dur_ms(999).ns;
    assert_int_equal(
        gong_trust_drill(world->trust, &(struct gong_drill){0}, &number, &why),
        GONG_ERR_AGAIN);
    mono_moved = gong_dur_s(100).ns;
    assert_int_equal(
        gong_trust_drill(world->trust, &(struct gong_drill){0}, &number, &why),
        GONG_OK);
    wall_moved = gong_dur_s(3600).ns;
    assert_int_equal(
        gong_trust_drill(world->trust, &(struct gong_drill){0}, &number, &why),
        GONG_ERR_AGAIN);
}

static void
a_drill_without_a_broker_says_so(void **state)
{
    struct world *world = *state;
    const char *why = "";
    uint64_t number = 0;

    world->connected = false;
    assert_int_equal(
        gong_trust_drill(world->trust, &(struct gong_drill){0}, &number, &why),
        GONG_OK);
    assert_int_equal(world->sent, 0);
    assert_int_equal(hop_of(world), GONG_HOP_BROKER);
}

/* --- proofs: the channel at the end, on the thread's beat --- */

struct proofs {
    struct gong_counters *counters;
    struct gong_trust *trust;
    _Atomic bool answers;
    _Atomic unsigned sent;
};

/* The whole chain in one call: what is published comes back as a message. */
static bool
come_back(void *ctx, const char *topic, struct gong_str payload)
{
    struct proofs *proofs = ctx;
    const char *value = strstr(payload.data, "value=0");
    char number[24];
    json_t *message;
    void *state = NULL;
    char why[8];
    struct gong_channel_send send = {.address = "", .key = ""};
    struct gong_channel_try attempt = {.wait_fd = -1};

    proofs->sent++;
    if (!proofs->answers) {
        return true;
    }
    value = strstr(value + 1, "value=") + 6;
    (void)snprintf(number, sizeof number, "%.*s", (int)strcspn(value, " "),
                   value);
    assert_string_equal(topic, "gong/v1/gong-proof/agent-1/data");
    message = json_pack("{s:[{s:s}]}", "items", "value", number);
    send.message = message;
    assert_int_equal(
        gong_channel_proof.open(proofs->trust, &state, why, sizeof why),
        GONG_OK);
    assert_int_equal(gong_channel_proof.begin(state, &send, &attempt), GONG_OK);
    assert_int_equal(attempt.outcome, GONG_CHANNEL_SENT);
    gong_channel_proof.close(state);
    json_decref(message);
    return true;
}

static bool
always(void *ctx)
{
    (void)ctx;
    return true;
}

static void
wait_for(struct proofs *proofs, unsigned count)
{
    for (unsigned before = proofs->sent; proofs->sent < before + count;) {
        gong_clock_sleep(gong_dur_ms(5));
    }
}

static void
proofs_come_back_or_are_lost(void **state)
{
    struct proofs proofs = {.counters = gong_counters_new(), .answers = true};
    struct gong_trust_report report;
    const gong_counter_t *lost;

    (void)state;
    proofs.trust = gong_trust_new(&(struct gong_trust_options){
        "agent-1", gong_dur_ms(50), proofs.counters});
    assert_non_null(proofs.trust);
    lost = gong_counter_add(proofs.counters, GONG_COUNTER, "gong_proofs_total",
                            "", "result=\"lost\"");
    gong_trust_report(proofs.trust, &report);
    assert_int_equal(report.last_ms, 0);
    assert_true(report.well);
    assert_int_equal(
        gong_trust_start(proofs.trust,
                         &(struct gong_trust_way){&proofs, always, come_back}),
        GONG_OK);
    wait_for(&proofs, 3);
    gong_trust_report(proofs.trust, &report);
    assert_true(report.last_ms > 0);
    assert_int_equal(report.broken, GONG_HOP_NONE);
    assert_int_equal(gong_counter_get(lost), 0);
    proofs.answers = false;
    wait_for(&proofs, 3);
    gong_trust_report(proofs.trust, &report);
    assert_int_equal(report.broken, GONG_HOP_RECEIVE);
    assert_true(gong_counter_get(lost) >= 1);
    proofs.answers = true;
    wait_for(&proofs, 2);
    gong_trust_report(proofs.trust, &report);
    assert_int_equal(report.broken, GONG_HOP_NONE);
    gong_trust_stop(proofs.trust);
    gong_trust_free(proofs.trust);
    gong_counters_free(proofs.counters);
}

static void
without_a_trust_all_is_quiet(void **state)
{
    struct gong_trust_report report;

    (void)state;
    gong_trust_received(NULL, GONG_PROBE_PROOF, gong_str_of("x"));
    gong_trust_decided(NULL, GONG_PROBE_PROOF, 1);
    gong_trust_posted(NULL, NULL);
    gong_trust_stop(NULL);
    gong_trust_free(NULL);
    gong_trust_report(NULL, &report);
    assert_true(report.well);
    assert_int_equal(report.interval.ns, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_stand_for_kinds),
        cmocka_unit_test(each_hop_is_named),
        cmocka_unit_test(lines_end_the_one_before),
        cmocka_unit_test(the_longest_drill_fits),
        cmocka_unit_test(words_that_would_be_syntax_are_refused),
        cmocka_unit_test(its_rules_are_rules),
        cmocka_unit_test_setup_teardown(a_drill_is_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_holds_no_drill_up,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_drill_without_a_broker_says_so, setup,
                                        teardown),
        cmocka_unit_test(proofs_come_back_or_are_lost),
        cmocka_unit_test(without_a_trust_all_is_quiet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
