/*
 * The flood of 19 November 2025, 14 simulated hours: from readings to the text
 * of every message and who gets it.
 *
 *   readings, births, wills --> engine --> desk --> JSON --> text
 *   acknowledgements ----------------------'          tests/flood/messages.txt
 *
 * With GONG_FLOOD_WRITE=1 the golden list is written anew.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "agent/desk_message_json.h"
#include "agent/message_text.h"
#include "engine_fixture.h"
#include "flood_river.h"
#include "message_fixture.h"
#include "rules/desk/desk_config_load.h"
#include "rules/rule_file.h"
#include "rules/tool/desk_feed.h"

#define FOLDER        GONG_SOURCE_DIR "/tests/flood/"
#define GOLDEN        FOLDER "messages.txt"
#define ZONE_MS       INT64_C(25200000)
#define INCIDENTS_MAX 32
#define TOLD_MAX      1000
#define STEPS         2
#define FAR           INT64_MAX

/* What became of an incident, for the promises beside the golden list. */
struct watched {
    char alert[32];
    char unit[16];
    int64_t critical_ms; /* FAR: never */
    int64_t acked_ms;    /* the first time since then */
    int64_t ended_ms;
    int64_t escalated_ms[STEPS];
};

struct told {
    uint64_t number;
    char receiver[32];
    char unit[16];
    enum gong_message_news news;
    unsigned level;
};

struct flood {
    struct gong_rule_source *source;
    struct gong_desk_config *config;
    struct gong_message_texts *texts;
    struct gong_engine *engine;
    struct gong_desk *desk;
    int64_t now;
    uint64_t offset;
    size_t incidents;
    struct watched watched[INCIDENTS_MAX]; /* by number - 1 */
    size_t told_count;
    struct told told[TOLD_MAX];
    struct text list;
};

static void
copy(char *out, size_t size, struct gong_str text)
{
    (void)snprintf(out, size, "%.*s", (int)text.len, text.data);
}

static enum gong_err
on_incident(void *ctx, const struct gong_desk_incident *incident)
{
    struct flood *flood = ctx;
    struct watched *watched;

    assert_in_range(incident->number, 1, INCIDENTS_MAX);
    watched = &flood->watched[incident->number - 1];
    if (incident->number > flood->incidents) {
        flood->incidents = incident->number;
        *watched = (struct watched){"", "", FAR, FAR, FAR, {FAR, FAR}};
    }
    for (size_t i = 0; i < incident->label_count; i++) {
        const struct gong_label_view *label = &incident->labels[i];

        if (gong_str_is(label->name, "alertname")) {
            copy(watched->alert, sizeof watched->alert, label->value);
        } else if (gong_str_is(label->name, "unit")) {
            copy(watched->unit, sizeof watched->unit, label->value);
        }
    }
    if (watched->critical_ms == FAR &&
        incident->severity == GONG_SEVERITY_CRITICAL) {
        watched->critical_ms = flood->now;
    }
    if (watched->critical_ms != FAR && watched->acked_ms == FAR &&
        incident->state == GONG_INCIDENT_ACKNOWLEDGED) {
        watched->acked_ms = flood->now;
    }
    if (watched->ended_ms == FAR && incident->ended_ms != 0) {
        watched->ended_ms = flood->now;
    }
    return GONG_OK;
}

static enum gong_err
on_event(void *ctx, uint64_t incident, int64_t at_ms,
         enum gong_incident_event event, struct gong_str by,
         struct gong_str text)
{
    (void)ctx;
    (void)incident;
    (void)at_ms;
    (void)event;
    (void)by;
    (void)text;
    return GONG_OK;
}

static enum gong_err
on_silence(void *ctx, const struct gong_desk_silence *silence)
{
    (void)ctx;
    (void)silence;
    return GONG_OK;
}

static enum gong_err
on_group(void *ctx, struct gong_str key, const struct gong_str *state)
{
    (void)ctx;
    (void)key;
    (void)state;
    return GONG_OK;
}

static void
note(struct flood *flood, const struct gong_desk_message *message)
{
    for (size_t i = 0; i < message->item_count; i++) {
        const struct gong_message_item *item = &message->items[i];
        struct watched *watched = &flood->watched[item->incident->number - 1];
        struct told *told = &flood->told[flood->told_count];

        if (message->kind == GONG_MESSAGE_ESCALATE) {
            assert_in_range(message->step, 1, STEPS);
            assert_true(watched->escalated_ms[message->step - 1] == FAR);
            watched->escalated_ms[message->step - 1] = message->at_ms;
            continue;
        }
        assert_int_equal(message->kind, GONG_MESSAGE_NEWS);
        assert_in_range(++flood->told_count, 1, TOLD_MAX - 1);
        *told = (struct told){.number = item->incident->number,
                              .news = item->news,
                              .level = item->incident->level};
        (void)snprintf(told->receiver, sizeof told->receiver, "%s",
                       message->receiver->name);
        copy(told->unit, sizeof told->unit, message->unit);
    }
}

static void
write_part(struct flood *flood, const struct gong_message_view *view,
           enum gong_message_part part)
{
    char *text = gong_message_text(flood->texts, view, part, 0);

    assert_non_null(text);
    text_add(&flood->list, "%s\n", text);
    free(text);
}

/* Mail, as the shipped contacts are reached. */
static void
write_mail(struct flood *flood, const json_t *message, int64_t at_ms,
           const struct gong_contact *contact)
{
    const struct gong_link_signer signer = message_signer();
    const struct gong_message_view view = {message, contact->id, &signer};
    const time_t second = (time_t)((at_ms + ZONE_MS) / 1000);
    struct tm parts;
    char at[32];

    assert_non_null(gmtime_r(&second, &parts));
    assert_true(strftime(at, sizeof at, "%Y-%m-%d %H:%M:%S", &parts) > 0);
    assert_in_range(contact->reach_count, 1, 10);
    text_add(&flood->list, "=== %s %s: %s <%s>\n", at,
             contact->reaches[0].channel, contact->name,
             contact->reaches[0].address);
    write_part(flood, &view, GONG_MESSAGE_SUBJECT);
    text_add(&flood->list, "\n");
    write_part(flood, &view, GONG_MESSAGE_MAIL);
    text_add(&flood->list, "\n");
}

static enum gong_err
on_message(void *ctx, const struct gong_desk_message *message)
{
    struct flood *flood = ctx;
    const struct gong_model *model = flood->source->model;
    const struct gong_unit *unit = gong_model_unit(model, message->unit);
    const struct gong_contact *contacts[8];
    json_t *json = gong_desk_message_to_json(message, model,
                                             "https://gong.example/alerts");
    size_t count;

    assert_non_null(json);
    assert_non_null(unit);
    note(flood, message);
    count =
        gong_model_on_duty(model, unit, gong_str_of(message->receiver->role),
                           message->at_ms, contacts, 8);
    assert_in_range(count, 1, 8);
    for (size_t i = 0; i < count; i++) {
        write_mail(flood, json, message->at_ms, contacts[i]);
    }
    json_decref(json);
    return GONG_OK;
}

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct flood *flood = ctx;

    flood->now = effect->journal_ms;
    assert_int_equal(gong_desk_feed(flood->desk, effect), GONG_OK);
}

static void
load(struct flood *flood)
{
    char flood_rules[] = FOLDER "flood.cfg";
    char presence[] = GONG_SOURCE_DIR "/rules/city/presence.cfg";
    char city[] = GONG_SOURCE_DIR "/rules/city/daklak.cfg";
    char *rule_paths[] = {flood_rules, presence};
    char *model_paths[] = {city};
    const struct gong_strings rules = {rule_paths, 2};
    const struct gong_strings models = {model_paths, 1};
    struct gong_conf_errors errors = {0};
    struct gong_expr_error error;

    flood->source = gong_rule_files_load_city(&rules, &models, &errors);
    gong_conf_errors_print(&errors, stderr);
    assert_non_null(flood->source);
    flood->config = gong_desk_config_load(FOLDER "routes.cfg",
                                          flood->source->model, NULL, &errors);
    gong_conf_errors_print(&errors, stderr);
    assert_non_null(flood->config);
    gong_conf_errors_fini(&errors);
    flood->texts = gong_message_texts_new();
    assert_non_null(flood->texts);
    assert_int_equal(gong_message_texts_add(flood->texts,
                                            GONG_MESSAGE_VIETNAMESE,
                                            (struct gong_str){NULL, 0}, &error),
                     GONG_OK);
}

static void
begin(struct flood *flood)
{
    const struct gong_desk_sink sink = {flood,      on_incident, on_event,
                                        on_message, on_silence,  on_group};

    load(flood);
    text_clear(&flood->list);
    flood->now = FLOOD_FROM_MS;
    flood->desk = gong_desk_new(flood->config, flood->source->model, &sink,
                                FLOOD_FROM_MS);
    flood->engine = gong_engine_new(NULL, on_effect, flood);
    assert_non_null(flood->desk);
    assert_non_null(flood->engine);
    assert_int_equal(gong_desk_restore(flood->desk, 1, 1), GONG_OK);
    assert_int_equal(gong_engine_set_rules(flood->engine, flood->source->set, 0,
                                           FLOOD_FROM_MS, NULL),
                     GONG_OK);
}

static void
end(struct flood *flood)
{
    gong_engine_free(flood->engine);
    gong_desk_free(flood->desk);
    gong_message_texts_free(flood->texts);
    gong_desk_config_free(flood->config);
    gong_rule_source_free(flood->source);
    text_free(&flood->list);
}

static void
apply(struct flood *flood, struct gong_record record)
{
    record.offset = ++flood->offset;
    assert_int_equal(gong_engine_apply(flood->engine, &record), GONG_OK);
}

/* Engine and desk, each timer at its own instant. */
static void
run_to(struct flood *flood, int64_t ms)
{
    for (int64_t due = gong_engine_deadline(flood->engine); due <= ms;
         due = gong_engine_deadline(flood->engine)) {
        apply(flood, clock_record(due));
    }
    flood->now = ms;
    assert_int_equal(gong_desk_feed_to(flood->desk, ms), GONG_OK);
}

static void
acknowledge(struct flood *flood, const struct flood_input *input)
{
    struct gong_desk_act act = {.kind = GONG_ACT_ACKNOWLEDGE,
                                .by = gong_str_of(input->text)};
    char why[256] = "";

    for (size_t i = 0; i < flood->incidents; i++) {
        const struct watched *watched = &flood->watched[i];

        if (watched->ended_ms == FAR &&
            strcmp(watched->alert, input->device) == 0 &&
            strcmp(watched->unit, input->unit) == 0) {
            act.incident = i + 1;
        }
    }
    if (gong_desk_act(flood->desk, &act, input->ms, NULL, why, sizeof why) !=
        GONG_OK) {
        fail_msg("%s %s: %s", input->device, input->unit, why);
    }
}

static void
take(struct flood *flood, const struct flood_input *input)
{
    struct text payload = {0};

    run_to(flood, input->ms - 1);
    flood->now = input->ms;
    switch (input->kind) {
    case FLOOD_DATA:
        apply(flood, data_record(&payload, input->ms, input->unit,
                                 input->device, input->text));
        break;
    case FLOOD_STATUS:
        apply(flood, status_record(&payload, input->ms, input->unit,
                                   input->device, input->text));
        break;
    case FLOOD_ACK:
        run_to(flood, input->ms);
        acknowledge(flood, input);
        break;
    }
    text_free(&payload);
}

static struct flood *
run(void)
{
    struct flood *flood = calloc(1, sizeof *flood);
    struct flood_inputs inputs;

    assert_non_null(flood);
    begin(flood);
    flood_inputs_make(&inputs);
    for (size_t i = 0; i < inputs.count; i++) {
        take(flood, &inputs.items[i]);
    }
    run_to(flood, FLOOD_UNTIL_MS);
    flood_inputs_free(&inputs);
    return flood;
}

static char *
read_golden(void)
{
    FILE *file = fopen(GOLDEN, "r");
    char *text = calloc(1, 1 << 20);

    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    (void)fclose(file);
    return text;
}

static void
write_golden(const struct text *list)
{
    FILE *file = fopen(GOLDEN, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(list->data, 1, list->len, file), list->len);
    assert_int_equal(fclose(file), 0);
}

/* The first line that differs says more than two long texts. */
static void
compare(const char *actual, const char *golden)
{
    for (size_t line = 1; strcmp(actual, golden) != 0; line++) {
        size_t a = strcspn(actual, "\n");
        size_t b = strcspn(golden, "\n");

        if (a != b || strncmp(actual, golden, a + 1) != 0) {
            fail_msg(GOLDEN ":%zu: expected \"%.*s\", found \"%.*s\"", line,
                     (int)b, golden, (int)a, actual);
        }
        actual += a + 1;
        golden += b + 1;
    }
}

static void
every_message_is_as_in_the_golden_list(void **state)
{
    const struct flood *flood = *state;
    char *golden;

    if (getenv("GONG_FLOOD_WRITE") != NULL) {
        write_golden(&flood->list);
    }
    golden = read_golden();
    compare(flood->list.data, golden);
    free(golden);
}

static size_t
count_told(const struct flood *flood, const struct told *wanted)
{
    size_t count = 0;

    for (size_t i = 0; i < flood->told_count; i++) {
        const struct told *told = &flood->told[i];
        bool rises =
            told->news == GONG_NEWS_FIRING || told->news == GONG_NEWS_CLIMBED;

        count += told->number == wanted->number &&
                 strcmp(told->receiver, wanted->receiver) == 0 &&
                 (wanted->unit[0] == '\0' ||
                  strcmp(told->unit, wanted->unit) == 0) &&
                 (wanted->news == GONG_NEWS_CLIMBED
                      ? rises && told->level == wanted->level
                      : told->news == wanted->news);
    }
    return count;
}

static uint64_t
find_incident(const struct flood *flood, const char *alert, const char *unit)
{
    uint64_t number = 0;

    for (size_t i = 0; i < flood->incidents; i++) {
        if (strcmp(flood->watched[i].alert, alert) == 0 &&
            strcmp(flood->watched[i].unit, unit) == 0) {
            assert_int_equal(number, 0); /* one and the same to its end */
            number = i + 1;
        }
    }
    assert_true(number != 0);
    return number;
}

static void
check_gauge(const struct flood *flood, const char *site, const char *device)
{
    const struct gong_model *model = flood->source->model;
    const struct gong_model_device *gauge =
        gong_model_device(model, gong_str_of(site), gong_str_of(device));
    struct told wanted = {.number = find_incident(flood, "Flood", site),
                          .receiver = "unit-duty"};

    assert_non_null(gauge);
    for (size_t i = 0; i < gauge->affects_count; i++) {
        copy(wanted.unit, sizeof wanted.unit,
             gong_str_of(gong_model_unit_at(model, gauge->affects[i])->code));
        wanted.news = GONG_NEWS_CLIMBED;
        for (wanted.level = 1; wanted.level <= 3; wanted.level++) {
            assert_int_equal(count_told(flood, &wanted), 1);
        }
        wanted.news = GONG_NEWS_FELL;
        assert_int_equal(count_told(flood, &wanted), 1);
    }
    /* And nobody else. */
    wanted.unit[0] = '\0';
    assert_int_equal(count_told(flood, &wanted), gauge->affects_count);
    wanted.news = GONG_NEWS_CLIMBED;
    for (wanted.level = 1; wanted.level <= 3; wanted.level++) {
        assert_int_equal(count_told(flood, &wanted), gauge->affects_count);
    }
    wanted.news = GONG_NEWS_RESOLVED;
    assert_int_equal(count_told(flood, &wanted), 0);
    wanted.news = GONG_NEWS_STILL;
    assert_int_equal(count_told(flood, &wanted), 0);
}

static void
units_downstream_hear_each_level_once_and_the_fall_once(void **state)
{
    check_gauge(*state, "22165", "cung-son-1");
    check_gauge(*state, "22240", "phu-lam-1");
}

static int64_t
expected_ms(const struct watched *watched, int64_t after_ms)
{
    int64_t due = watched->critical_ms + after_ms;

    return watched->critical_ms == FAR || watched->acked_ms <= due ||
                   watched->ended_ms <= due || due > FLOOD_UNTIL_MS
               ? FAR
               : due;
}

static void
only_what_nobody_acknowledged_is_escalated(void **state)
{
    const struct flood *flood = *state;
    size_t counts[STEPS + 1] = {0};

    for (size_t i = 0; i < flood->incidents; i++) {
        const struct watched *watched = &flood->watched[i];
        size_t steps = 0;

        for (size_t s = 0; s < STEPS; s++) {
            int64_t due =
                expected_ms(watched, ((int64_t)s + 1) * 10 * FLOOD_MINUTE);

            if (watched->escalated_ms[s] != due) {
                fail_msg("#%zu %s %s: step %zu at %" PRId64
                         ", expected %" PRId64,
                         i + 1, watched->alert, watched->unit, s + 1,
                         watched->escalated_ms[s], due);
            }
            steps += due != FAR;
        }
        counts[steps] += watched->critical_ms != FAR;
    }
    /* Each kind was there. */
    assert_int_equal(counts[0], 3);
    assert_int_equal(counts[1], 1);
    assert_int_equal(counts[2], 4);
}

static void
a_dark_unit_is_told_once_and_its_devices_are_not(void **state)
{
    const struct flood *flood = *state;
    size_t units = 0;

    for (size_t i = 0; i < flood->incidents; i++) {
        const struct watched *watched = &flood->watched[i];
        struct told wanted = {.number = i + 1,
                              .receiver = "operations",
                              .news = GONG_NEWS_FIRING};

        assert_string_not_equal(watched->alert, "DeviceDark");
        if (strcmp(watched->alert, "UnitDark") != 0) {
            continue;
        }
        units++;
        assert_int_equal(count_told(flood, &wanted), 1);
        wanted.news = GONG_NEWS_RESOLVED;
        assert_int_equal(count_told(flood, &wanted), watched->ended_ms != FAR);
    }
    assert_int_equal(units, FLOOD_DARK_UNITS);
}

/* Else the golden list would show nothing of them. */
static void
the_river_is_noisy_and_peaks_where_it_did(void **state)
{
    static const long peaks[] = {4099, 540};
    static const long level2 = 270;
    size_t crossings = 0;
    bool above = false;

    (void)state;
    for (size_t g = 0; g < 2; g++) {
        long peak = 0;

        for (int minute = 10; minute <= 14 * 60; minute += 10) {
            long cm = flood_level_cm(g, minute);

            peak = cm > peak ? cm : peak;
            crossings += g == 1 && above != (cm >= level2);
            above = cm >= level2;
        }
        assert_int_equal(peak, peaks[g]);
    }
    assert_in_range(crossings, 4, 100);
}

static int
setup(void **state)
{
    *state = run();
    return 0;
}

static int
teardown(void **state)
{
    end(*state);
    free(*state);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_as_in_the_golden_list),
        cmocka_unit_test(
            units_downstream_hear_each_level_once_and_the_fall_once),
        cmocka_unit_test(only_what_nobody_acknowledged_is_escalated),
        cmocka_unit_test(a_dark_unit_is_told_once_and_its_devices_are_not),
        cmocka_unit_test(the_river_is_noisy_and_peaks_where_it_did),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
