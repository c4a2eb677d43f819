#include "flood_world.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "agent/tell/desk_message_json.h"
#include "flood_river.h"
#include "message_fixture.h"
#include "rules/desk/desk_config_load.h"
#include "rules/tool/desk_feed.h"

#define ZONE_MS INT64_C(25200000)

static void
copy(char *out, size_t size, struct gong_str text)
{
    (void)snprintf(out, size, "%.*s", (int)text.len, text.data);
}

static enum gong_err
on_incident(void *ctx, const struct gong_desk_incident *incident)
{
    struct flood *flood = ctx;
    struct flood_watched *watched;

    assert_in_range(incident->number, 1, FLOOD_INCIDENTS_MAX);
    watched = &flood->watched[incident->number - 1];
    if (incident->number > flood->incidents) {
        flood->incidents = incident->number;
        *watched = (struct flood_watched){
            "",          "",          FLOOD_NEVER,
            FLOOD_NEVER, FLOOD_NEVER, {FLOOD_NEVER, FLOOD_NEVER}};
    }
    for (size_t i = 0; i < incident->label_count; i++) {
        const struct gong_label_view *label = &incident->labels[i];

        if (gong_str_is(label->name, "alertname")) {
            copy(watched->alert, sizeof watched->alert, label->value);
        } else if (gong_str_is(label->name, "unit")) {
            copy(watched->unit, sizeof watched->unit, label->value);
        }
    }
    if (watched->critical_ms == FLOOD_NEVER &&
        incident->severity == GONG_SEVERITY_CRITICAL) {
        watched->critical_ms = flood->now;
    }
    if (watched->critical_ms != FLOOD_NEVER &&
        watched->acked_ms == FLOOD_NEVER &&
        incident->state == GONG_INCIDENT_ACKNOWLEDGED) {
        watched->acked_ms = flood->now;
    }
    if (watched->ended_ms == FLOOD_NEVER && incident->ended_ms != 0) {
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
        struct flood_watched *watched =
            &flood->watched[item->incident->number - 1];
        struct flood_told *told = &flood->told[flood->told_count];

        if (message->kind == GONG_MESSAGE_ESCALATE) {
            assert_in_range(message->step, 1, FLOOD_STEPS);
            assert_true(watched->escalated_ms[message->step - 1] ==
                        FLOOD_NEVER);
            watched->escalated_ms[message->step - 1] = message->at_ms;
            continue;
        }
        assert_int_equal(message->kind, GONG_MESSAGE_NEWS);
        assert_in_range(++flood->told_count, 1, FLOOD_TOLD_MAX - 1);
        *told = (struct flood_told){.number = item->incident->number,
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
    char flood_rules[] = FLOOD_FOLDER "flood.cfg";
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
    flood->config = gong_desk_config_load(FLOOD_FOLDER "routes.cfg",
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

void
flood_free(struct flood *flood)
{
    gong_engine_free(flood->engine);
    gong_desk_free(flood->desk);
    gong_message_texts_free(flood->texts);
    gong_desk_config_free(flood->config);
    gong_rule_source_free(flood->source);
    text_free(&flood->list);
    free(flood);
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
        const struct flood_watched *watched = &flood->watched[i];

        if (watched->ended_ms == FLOOD_NEVER &&
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

struct flood *
flood_run(void)
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
