#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/hash.h"
#include "tests/unit/desk_fixture.h"
#include "tests/unit/desk_model.h"

#define LABELS_MAX 16

static const char *const kinds[] = {"news", "repeat", "escalate"};
static const char *const news[] = {"still", "firing",  "climbed",
                                   "fell",  "overdue", "resolved"};

static void append(char **text, size_t *len, const char *format, ...)
    GONG_PRINTF(3, 4);

static void
append(char **text, size_t *len, const char *format, ...)
{
    char line[4096];
    va_list args;
    int size = 0;

    va_start(args, format);
    size = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert_true(size >= 0 && (size_t)size < sizeof line);
    *text = realloc(*text, *len + (size_t)size + 1);
    assert_non_null(*text);
    memcpy(*text + *len, line, (size_t)size + 1);
    *len += (size_t)size;
}

static enum gong_err
count_call(struct desk_world *world)
{
    if (world->fail_after > 0 && --world->fail_after == 0) {
        return GONG_ERR_IO;
    }
    return GONG_OK;
}

static struct gong_str
own(struct gong_str text)
{
    return gong_str_from(gong_str_copy(text), text.len);
}

static struct gong_label_view *
own_views(const struct gong_label_view *views, size_t count)
{
    struct gong_label_view *copy = calloc(count + 1, sizeof *copy);

    assert_non_null(copy);
    for (size_t i = 0; i < count; i++) {
        copy[i].name = own(views[i].name);
        copy[i].value = own(views[i].value);
    }
    return copy;
}

static void
disown(struct gong_str text)
{
    free((void *)(uintptr_t)text.data);
}

static void
disown_views(const struct gong_label_view *views, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        disown(views[i].name);
        disown(views[i].value);
    }
    free((void *)(uintptr_t)views);
}

static void
disown_incident(struct gong_desk_incident *is)
{
    disown(is->owner);
    disown(is->acked_by);
    disown(is->ack_comment);
    disown(is->cause);
    disown(is->rule_id);
    disown_views(is->labels, is->label_count);
    disown_views(is->annotations, is->annotation_count);
}

static struct desk_kept_incident *
find_kept(struct desk_world *world, uint64_t number)
{
    if (number >= world->numbers) {
        size_t more = (size_t)number * 2 + 64;

        world->by_number =
            realloc(world->by_number, more * sizeof *world->by_number);
        assert_non_null(world->by_number);
        for (size_t i = world->numbers; i < more; i++) {
            world->by_number[i] = NULL;
        }
        world->numbers = more;
    }
    return world->by_number[number];
}

static enum gong_err
keep_incident(void *ctx, const struct gong_desk_incident *incident)
{
    struct desk_world *world = ctx;
    struct desk_kept_incident *kept = find_kept(world, incident->number);

    if (kept == NULL) {
        kept = calloc(1, sizeof *kept);
        assert_non_null(kept);
        kept->next = world->incidents;
        world->incidents = kept;
        world->by_number[incident->number] = kept;
    } else {
        disown_incident(&kept->is);
    }
    kept->is = *incident;
    kept->is.owner = own(incident->owner);
    kept->is.acked_by = own(incident->acked_by);
    kept->is.ack_comment = own(incident->ack_comment);
    kept->is.cause = own(incident->cause);
    kept->is.rule_id = own(incident->rule_id);
    kept->is.labels = own_views(incident->labels, incident->label_count);
    kept->is.annotations =
        own_views(incident->annotations, incident->annotation_count);
    if (incident->number >= world->next_incident) {
        world->next_incident = incident->number + 1;
    }
    return count_call(world);
}

static enum gong_err
keep_event(void *ctx, uint64_t incident, int64_t at_ms,
           enum gong_incident_event event, struct gong_str by,
           struct gong_str text)
{
    struct desk_world *world = ctx;
    const struct desk_kept_incident *kept = find_kept(world, incident);

    assert_non_null(kept); /* it was told before what happened to it */
    assert_int_equal(at_ms, world->now);
    append(&world->events, &world->events_len,
           "%" PRId64 " #%" PRIu64 " %s %.*s %.*s\n", at_ms / 1000, incident,
           gong_incident_event_text(event), (int)by.len, by.data, (int)text.len,
           text.data);
    return count_call(world);
}

static void
say_item(struct desk_world *world, const struct gong_message_item *item)
{
    append(&world->said, &world->said_len, " #%" PRIu64 " %s",
           item->incident->number, news[item->news]);
    if (item->incident->level > 0) {
        append(&world->said, &world->said_len, " %u<%u", item->incident->level,
               item->told_level);
    }
    if (item->no_unit) {
        append(&world->said, &world->said_len, " no-unit");
    }
    if (item->incident->state == GONG_INCIDENT_ACKNOWLEDGED) {
        append(&world->said, &world->said_len, " acked");
    }
}

static enum gong_err
keep_message(void *ctx, const struct gong_desk_message *message)
{
    struct desk_world *world = ctx;

    world->messages++;
    if (world->on_message != NULL) {
        world->on_message(world->ctx, message);
        return count_call(world);
    }
    append(&world->said, &world->said_len, "%" PRId64 ".%03d %s %s",
           message->at_ms / 1000, (int)(message->at_ms % 1000),
           kinds[message->kind], message->receiver->name);
    if (message->unit.len > 0) {
        append(&world->said, &world->said_len, "@%.*s", (int)message->unit.len,
               message->unit.data);
    }
    if (message->step > 0) {
        append(&world->said, &world->said_len, " step %u", message->step);
    }
    if (message->groups > 1) {
        append(&world->said, &world->said_len, " %zu groups", message->groups);
    }
    append(&world->said, &world->said_len, ":");
    for (size_t i = 0; i < message->item_count; i++) {
        say_item(world, &message->items[i]);
    }
    if (message->omitted_firing + message->omitted_resolved > 0) {
        append(&world->said, &world->said_len, " +%zu +%zu",
               message->omitted_firing, message->omitted_resolved);
    }
    append(&world->said, &world->said_len, "\n");
    return count_call(world);
}

static enum gong_err
keep_silence(void *ctx, const struct gong_desk_silence *silence)
{
    struct desk_world *world = ctx;
    struct desk_kept_silence **at = &world->silences;
    struct desk_kept_silence *kept = NULL;

    while (*at != NULL && (*at)->is.number != silence->number) {
        at = &(*at)->next;
    }
    kept = *at;
    if (kept == NULL) {
        kept = calloc(1, sizeof *kept);
        assert_non_null(kept);
        kept->next = world->silences;
        world->silences = kept;
    } else {
        disown(kept->is.matchers);
        disown(kept->is.by);
        disown(kept->is.comment);
    }
    kept->is = *silence;
    kept->is.matchers = own(silence->matchers);
    kept->is.by = own(silence->by);
    kept->is.comment = own(silence->comment);
    if (silence->number >= world->next_silence) {
        world->next_silence = silence->number + 1;
    }
    return count_call(world);
}

static enum gong_err
keep_group(void *ctx, struct gong_str key, const struct gong_str *state)
{
    struct desk_world *world = ctx;
    struct desk_kept_group **bucket =
        &world->groups[gong_fnv1a(GONG_FNV1A_START, key.data, key.len) %
                       DESK_KEPT_BUCKETS];
    struct desk_kept_group **at = bucket;
    struct desk_kept_group *kept = NULL;

    world->writes++;
    while (*at != NULL && !gong_str_is(key, (*at)->key)) {
        at = &(*at)->next;
    }
    kept = *at;
    if (state == NULL) {
        if (kept == NULL) {
            assert_true(world->lenient); /* only what was kept goes */
            return GONG_OK;
        }
        *at = kept->next;
        free(kept->key);
        free(kept->state);
        free(kept);
        return count_call(world);
    }
    assert_true(state->len <= GONG_DESK_STATE_MAX);
    if (kept == NULL) {
        kept = calloc(1, sizeof *kept);
        assert_non_null(kept);
        kept->key = gong_str_copy(key);
        kept->next = *bucket;
        *bucket = kept;
    }
    free(kept->state);
    kept->state = gong_str_copy(*state);
    kept->len = state->len;
    return count_call(world);
}

struct gong_desk_config *
desk_config_of(const char *text)
{
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("routes.cfg", gong_str_of(text), &errors);
    struct gong_desk_config *config =
        conf == NULL ? NULL : gong_desk_config_read(conf, NULL, &errors);

    if (config == NULL) {
        gong_conf_errors_print(&errors, stderr);
    }
    assert_non_null(config);
    gong_conf_errors_fini(&errors);
    gong_conf_close(conf);
    return config;
}

static void
begin(struct desk_world *world)
{
    struct gong_desk_sink sink = {world,        keep_incident, keep_event,
                                  keep_message, keep_silence,  keep_group};

    world->desk = gong_desk_new(world->config, world->model, &sink, world->now);
    assert_non_null(world->desk);
}

void
desk_world_init(struct desk_world *world, const char *config)
{
    *world =
        (struct desk_world){.now = 0, .next_incident = 1, .next_silence = 1};
    world->config = desk_config_of(config);
    world->model = desk_model();
    begin(world);
}

static void
forget(struct desk_world *world)
{
    while (world->incidents != NULL) {
        struct desk_kept_incident *one = world->incidents;

        world->incidents = one->next;
        disown_incident(&one->is);
        free(one);
    }
    while (world->silences != NULL) {
        struct desk_kept_silence *one = world->silences;

        world->silences = one->next;
        disown(one->is.matchers);
        disown(one->is.by);
        disown(one->is.comment);
        free(one);
    }
    for (size_t i = 0; i < DESK_KEPT_BUCKETS; i++) {
        while (world->groups[i] != NULL) {
            struct desk_kept_group *one = world->groups[i];

            world->groups[i] = one->next;
            free(one->key);
            free(one->state);
            free(one);
        }
    }
    free(world->by_number);
}

void
desk_world_fini(struct desk_world *world)
{
    gong_desk_free(world->desk);
    gong_desk_config_free(world->config);
    forget(world);
    free(world->said);
    free(world->events);
}

static size_t
read_labels(char *text, struct gong_label_view *out)
{
    size_t count = 0;
    char *save = NULL;

    for (char *part = strtok_r(text, ",", &save); part != NULL;
         part = strtok_r(NULL, ",", &save)) {
        char *equal = strchr(part, '=');
        size_t at = count++;

        assert_true(equal != NULL && count <= LABELS_MAX);
        *equal = '\0';
        while (at > 0 &&
               gong_str_compare(out[at - 1].name, gong_str_of(part)) > 0) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] =
            (struct gong_label_view){gong_str_of(part), gong_str_of(equal + 1)};
    }
    return count;
}

static uint64_t
fingerprint(const struct gong_label_view *labels, size_t count)
{
    uint64_t hash = GONG_FNV1A_START;

    for (size_t i = 0; i < count; i++) {
        if (!gong_str_is(labels[i].name, "severity")) {
            hash = gong_fnv1a(hash, labels[i].name.data, labels[i].name.len);
            hash = gong_fnv1a(hash, "\xff", 1);
            hash = gong_fnv1a(hash, labels[i].value.data, labels[i].value.len);
            hash = gong_fnv1a(hash, "\xff", 1);
        }
    }
    return hash;
}

enum gong_err
desk_alert(struct desk_world *world, const char *text,
           enum gong_alert_state state, unsigned level)
{
    char *copy = gong_str_copy(gong_str_of(text));
    struct gong_label_view labels[LABELS_MAX];
    struct gong_label_view annotation = {
        gong_str_of("summary"),
        gong_str_of(world->summary == NULL ? "text" : world->summary)};
    size_t count = read_labels(copy, labels);
    struct gong_desk_alert alert = {
        .rule = 7,
        .rule_id = gong_str_of("group/Rule"),
        .fingerprint = fingerprint(labels, count),
        .state = state,
        .level = level,
        .trial = strstr(text, "trial=yes") != NULL,
        .value = 1.5,
        .at_ms = world->now - world->age_ms + world->off_ms,
        .since_ms = world->now + world->off_ms,
        .stamps = {.decided_ms = world->now - world->age_ms},
        .labels = labels,
        .label_count = count,
        .annotations = &annotation,
        .annotation_count = 1,
    };
    enum gong_err err = gong_desk_alert(world->desk, &alert, world->now);

    free(copy);
    return err;
}

enum gong_err
desk_fire(struct desk_world *world, const char *labels, unsigned level)
{
    return desk_alert(world, labels, GONG_ALERT_FIRING, level);
}

void
desk_over(struct desk_world *world, const char *labels)
{
    assert_int_equal(desk_alert(world, labels, GONG_ALERT_INACTIVE, 0),
                     GONG_OK);
}

void
desk_run_to(struct desk_world *world, int64_t ms)
{
    for (int64_t next = gong_desk_next(world->desk); next <= ms;
         next = gong_desk_next(world->desk)) {
        world->now = next > world->now ? next : world->now;
        assert_int_equal(gong_desk_run(world->desk, world->now), GONG_OK);
        /* Nothing is left that was due. */
        assert_true(gong_desk_next(world->desk) > world->now);
    }
    world->now = ms;
    assert_int_equal(gong_desk_run(world->desk, ms), GONG_OK);
}

uint64_t
desk_do(struct desk_world *world, struct gong_desk_act act)
{
    char why[200] = "";
    uint64_t number = 0;
    enum gong_err err = GONG_OK;

    if (act.by.len == 0) {
        act.by = gong_str_of("lan");
    }
    err =
        gong_desk_act(world->desk, &act, world->now, &number, why, sizeof why);
    if (err != GONG_OK) {
        fail_msg("%s", why);
    }
    return number;
}

void
desk_again(struct desk_world *world)
{
    gong_desk_free(world->desk);
    begin(world);
    assert_int_equal(gong_desk_restore(world->desk, world->next_incident,
                                       world->next_silence),
                     GONG_OK);
    for (size_t i = 0; i < DESK_KEPT_BUCKETS; i++) {
        for (const struct desk_kept_group *g = world->groups[i]; g != NULL;
             g = g->next) {
            assert_int_equal(
                gong_desk_restore_group(world->desk, gong_str_of(g->key),
                                        gong_str_from(g->state, g->len)),
                GONG_OK);
        }
    }
    for (const struct desk_kept_silence *s = world->silences; s != NULL;
         s = s->next) {
        if (!s->is.ended) {
            assert_int_equal(gong_desk_restore_silence(world->desk, &s->is),
                             GONG_OK);
        }
    }
    for (const struct desk_kept_incident *i = world->incidents; i != NULL;
         i = i->next) {
        if (i->is.ended_ms == 0 || i->is.waits) {
            assert_int_equal(gong_desk_restore_incident(world->desk, &i->is),
                             GONG_OK);
        }
    }
}

void
desk_reload(struct desk_world *world, const char *config)
{
    struct gong_desk_config *old = world->config;

    if (config != NULL) {
        world->config = desk_config_of(config);
    }
    assert_int_equal(
        gong_desk_reload(world->desk, world->config, world->model, world->now),
        GONG_OK);
    if (config != NULL) {
        gong_desk_config_free(old);
    }
}

static const char *
take(char **text, size_t *len)
{
    static char taken[1 << 16];

    assert_true(*len < sizeof taken);
    memcpy(taken, *len == 0 ? "" : *text, *len + 1);
    *len = 0;
    return taken;
}

const char *
desk_said(struct desk_world *world)
{
    return take(&world->said, &world->said_len);
}

const char *
desk_events(struct desk_world *world)
{
    return take(&world->events, &world->events_len);
}
