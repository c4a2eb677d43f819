/* Whatever happens: a desk that is thrown away after any input and restored
 * from what its sink was given says and keeps the same, byte for byte, as one
 * that goes on; and so does one that reads the same routes again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/desk_fixture.h"
#include "tests/unit/desk_model.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define SEEDS  20
#define STEPS  400

static const char config[] =
    "receivers = ("
    " { name = \"hook\"; channels = (\"hook\"); },"
    " { name = \"quiet\"; channels = (\"q\"); send_resolved = false; },"
    " { name = \"duty\"; role = \"duty\"; of = \"unit\"; affects = true; },"
    " { name = \"head\"; role = \"head\"; of = \"unit\"; },"
    " { name = \"province\"; role = \"duty\"; of = \"66\"; });"
    "time_intervals = ({ name = \"night\"; hours = (\"mon-sun 22:00-05:00\");"
    "});"
    "inhibit_rules = ({ source_matchers = (\"alertname=\\\"Dark\\\"\");"
    "  target_matchers = (\"severity=~\\\"warning|info\\\"\");"
    "  equal = (\"unit\"); },"
    " { source_matchers = (\"severity=\\\"critical\\\"\");"
    "  target_matchers = (\"alertname!=\\\"Dark\\\"\");"
    "  equal = (\"device\", \"alertname\"); });"
    "escalation = ({ matchers = (\"severity=\\\"critical\\\"\");"
    "  acknowledge = \"10m\"; resolve = \"1h\";"
    "  steps = ({ after = \"10m\"; receiver = \"head\"; },"
    "           { after = \"20m\"; receiver = \"province\"; }); },"
    " { resolve = \"2h\"; steps = ({ after = \"30m\"; receiver = \"duty\"; });"
    "});"
    "route = { receiver = \"hook\"; group_by = (\"alertname\", \"unit\");"
    " group_wait = \"30s\"; group_interval = \"5m\"; repeat_interval = \"20m\";"
    " routes = ("
    "  { matchers = (\"severity=\\\"critical\\\"\"); receiver = \"duty\";"
    "    continue = true; group_by = (); },"
    "  { matchers = (\"severity=\\\"critical\\\"\"); receiver = \"hook\";"
    "    group_interval = \"2m\"; routes = ("
    "      { matchers = (\"device=\\\"a\\\"\"); group_by = (\"...\"); }); },"
    "  { matchers = (\"severity=\\\"info\\\"\"); receiver = \"quiet\";"
    "    mute_time_intervals = (\"night\"); },"
    "  { matchers = (\"severity=\\\"warning\\\"\"); receiver = \"duty\";"
    "    active_time_intervals = (\"night\"); continue = true;"
    "    group_wait = \"10s\"; },"
    "  { matchers = (\"severity=\\\"warning\\\"\"); receiver = \"province\"; }"
    " ); };";

static uint64_t
next_random(uint64_t *state)
{
    *state =
        *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static unsigned
pick(uint64_t *state, unsigned count)
{
    return (unsigned)(next_random(state) % count);
}

struct text {
    char *data;
    size_t len;
    FILE *out;
};

static void
begin_text(struct text *text)
{
    text->out = open_memstream(&text->data, &text->len);
    assert_non_null(text->out);
}

static void
write_incident(FILE *out, const struct gong_desk_incident *is)
{
    (void)fprintf(
        out,
        "#%" PRIu64 " s%d a%d l%u v%d t%d %d o%" PRId64 " c%" PRId64
        " e%" PRId64 " w%d %.*s|%.*s|%.*s %" PRId64 " %" PRId64
        " %d esc %u %" PRId64 " due %" PRId64 " %" PRId64 " %d%d%d%d%d %.*s",
        is->number, (int)is->state, (int)is->alert, is->level,
        (int)is->severity, is->trial, is->lost, is->opened_ms, is->changed_ms,
        is->ended_ms, is->waits, (int)is->owner.len, is->owner.data,
        (int)is->acked_by.len, is->acked_by.data, (int)is->ack_comment.len,
        is->ack_comment.data, is->acked_ms, is->ack_until_ms, is->sticky,
        is->escalated, is->escalate_ms, is->ack_due_ms, is->resolve_due_ms,
        is->ack_overdue, is->resolve_overdue, is->silenced, is->in_maintenance,
        is->inhibited, (int)is->cause.len, is->cause.data);
    for (size_t i = 0; i < is->label_count; i++) {
        (void)fprintf(out, " %.*s=%.*s", (int)is->labels[i].name.len,
                      is->labels[i].name.data, (int)is->labels[i].value.len,
                      is->labels[i].value.data);
    }
}

/* Everything that a message says. */
static void
write_message(void *ctx, const struct gong_desk_message *m)
{
    FILE *out = ((struct text *)ctx)->out;

    (void)fprintf(out,
                  "message %d %s@%.*s step %u at %" PRId64
                  " groups %zu key %.*s omitted %zu %zu\n",
                  (int)m->kind, m->receiver->name, (int)m->unit.len,
                  m->unit.data, m->step, m->at_ms, m->groups,
                  (int)m->group_key.len, m->group_key.data, m->omitted_firing,
                  m->omitted_resolved);
    for (size_t i = 0; i < m->group_label_count; i++) {
        (void)fprintf(out, "  %.*s=%.*s\n", (int)m->group_labels[i].name.len,
                      m->group_labels[i].name.data,
                      (int)m->group_labels[i].value.len,
                      m->group_labels[i].value.data);
    }
    for (size_t i = 0; i < m->item_count; i++) {
        (void)fprintf(out, "  %d told %u %d ", (int)m->items[i].news,
                      m->items[i].told_level, m->items[i].no_unit);
        write_incident(out, m->items[i].incident);
        (void)fputc('\n', out);
    }
}

static int
compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What is kept, sorted. */
static char *
kept(const struct desk_world *world)
{
    char *lines[4096];
    size_t count = 0;
    struct text all = {0};

    for (const struct desk_kept_incident *i = world->incidents; i != NULL;
         i = i->next) {
        struct text one = {0};

        begin_text(&one);
        write_incident(one.out, &i->is);
        (void)fclose(one.out);
        lines[count++] = one.data;
    }
    for (size_t i = 0; i < DESK_KEPT_BUCKETS; i++) {
        for (const struct desk_kept_group *g = world->groups[i]; g != NULL;
             g = g->next) {
            struct text one = {0};

            begin_text(&one);
            (void)fprintf(one.out, "%s: %s", g->key, g->state);
            (void)fclose(one.out);
            lines[count++] = one.data;
            assert_true(count < 4096);
        }
    }
    qsort(lines, count, sizeof lines[0], compare_lines);
    begin_text(&all);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(all.out, "%s\n", lines[i]);
        free(lines[i]);
    }
    (void)fclose(all.out);
    return all.data;
}

struct input {
    unsigned what;
    char labels[160];
    enum gong_alert_state state;
    unsigned level;
    struct gong_desk_act act;
    int64_t length;
};

static void
make_alert(uint64_t *random, struct input *in)
{
    static const char *const names[] = {"Dark", "Flood", "Lamp"};
    static const char *const site_units[] = {"22015", "22018", "22020", "99"};
    static const char *const devices[] = {"gauge", "a", "b"};
    static const char *const severities[] = {"info", "warning", "critical"};
    static const enum gong_alert_state states[] = {
        GONG_ALERT_FIRING,  GONG_ALERT_FIRING,   GONG_ALERT_FIRING,
        GONG_ALERT_KEEPING, GONG_ALERT_INACTIVE, GONG_ALERT_INACTIVE,
        GONG_ALERT_UNKNOWN, GONG_ALERT_PENDING};
    unsigned severity = pick(random, 3);
    const char *unit = site_units[pick(random, 4)];

    in->state = states[pick(random, 8)];
    in->level = in->state == GONG_ALERT_INACTIVE ? 0 : severity + 1;
    (void)snprintf(in->labels, sizeof in->labels,
                   "alertname=%s,unit=%s,site=%s,device=%s,severity=%s%s",
                   names[pick(random, 3)], unit, unit, devices[pick(random, 3)],
                   severities[severity],
                   pick(random, 30) == 0 ? ",trial=yes" : "");
}

static void
make_act(uint64_t *random, struct input *in, uint64_t numbers, int64_t now)
{
    static const char *const matchers[] = {
        "alertname=\"Flood\"", "unit=~\"2201.\"", "severity!=\"critical\""};

    in->act = (struct gong_desk_act){
        .kind = (enum gong_act_kind)pick(random, 9),
        .by = gong_str_of("lan"),
        .incident = numbers == 0 ? 1 : 1 + pick(random, (unsigned)numbers),
        .silence = 1 + pick(random, 6),
        .comment = gong_str_of(pick(random, 2) ? "seen" : ""),
        .sticky = pick(random, 3) == 0,
        .verdict = GONG_VERDICT_FALSE,
        .cause = gong_str_of("wind"),
    };
    if (in->act.kind == GONG_ACT_MAINTENANCE ||
        (in->act.kind == GONG_ACT_SILENCE && pick(random, 2))) {
        in->act.incident = 0;
        in->act.matchers = gong_str_of(matchers[pick(random, 3)]);
        in->act.from_ms = now + (int64_t)pick(random, 20) * MINUTE;
        in->act.until_ms =
            in->act.from_ms + (int64_t)(1 + pick(random, 60)) * MINUTE;
    } else if (pick(random, 2)) {
        in->act.until_ms = now + (int64_t)(1 + pick(random, 90)) * MINUTE;
    }
}

static void
make_input(uint64_t *random, struct input *in, uint64_t numbers, int64_t now)
{
    static const int64_t lengths[] = {1,           SECOND,     7 * SECOND,
                                      30 * SECOND, 2 * MINUTE, 5 * MINUTE,
                                      23 * MINUTE, 3 * HOUR};

    *in = (struct input){.what = pick(random, 10)};
    if (in->what < 5) {
        make_alert(random, in);
    } else if (in->what < 7) {
        make_act(random, in, numbers, now);
    } else {
        in->length = lengths[pick(random, 8)];
    }
}

static void
put_in(struct desk_world *world, const struct input *in)
{
    if (in->what < 5) {
        assert_int_equal(desk_alert(world, in->labels, in->state, in->level),
                         GONG_OK);
    } else if (in->what < 7) {
        enum gong_err err =
            gong_desk_act(world->desk, &in->act, world->now, NULL, NULL, 0);

        assert_true(err == GONG_OK || err == GONG_ERR_INVALID);
    } else {
        desk_run_to(world, world->now + in->length);
    }
}

static void
init(struct desk_world *world, struct text *text)
{
    desk_world_init(world, config);
    world->now = HOUR;
    begin_text(text);
    world->on_message = write_message;
    world->ctx = text;
}

/* The lines of one that are not in the other. */
static void
show_difference(char *a, char *b)
{
    for (int side = 0; side < 2; side++) {
        char *lines = gong_str_copy(gong_str_of(side == 0 ? a : b));
        char *save = NULL;

        for (char *line = strtok_r(lines, "\n", &save); line != NULL;
             line = strtok_r(NULL, "\n", &save)) {
            if (strstr(side == 0 ? b : a, line) == NULL) {
                print_message("%s %s\n", side == 0 ? "-" : "+", line);
            }
        }
        free(lines);
    }
}

static void
check_same(struct desk_world *a, struct desk_world *b, struct text *said_a,
           struct text *said_b, unsigned seed, unsigned step)
{
    char *kept_a = kept(a);
    char *kept_b = kept(b);

    (void)fflush(said_a->out);
    (void)fflush(said_b->out);
    if (said_a->len != said_b->len ||
        memcmp(said_a->data, said_b->data, said_a->len) != 0) {
        show_difference(said_a->data, said_b->data);
        fail_msg("seed %u step %u: said otherwise", seed, step);
    }
    if (strcmp(kept_a, kept_b) != 0) {
        show_difference(kept_a, kept_b);
        fail_msg("seed %u step %u: kept otherwise", seed, step);
    }
    rewind(said_a->out);
    rewind(said_b->out);
    free(kept_a);
    free(kept_b);
}

static void
run_seed(unsigned seed, void (*interrupt)(struct desk_world *world))
{
    struct desk_world a;
    struct desk_world b;
    struct text said_a = {0};
    struct text said_b = {0};
    uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

    init(&a, &said_a);
    init(&b, &said_b);
    for (unsigned step = 0; step < STEPS; step++) {
        struct input in;

        make_input(&random, &in, a.next_incident - 1, a.now);
        put_in(&a, &in);
        put_in(&b, &in);
        check_same(&a, &b, &said_a, &said_b, seed, step);
        if (pick(&random, 3) == 0) {
            interrupt(&b);
            assert_int_equal(gong_desk_run(b.desk, b.now), GONG_OK);
            check_same(&a, &b, &said_a, &said_b, seed, step);
        }
    }
    assert_true(a.messages > 20);
    (void)fclose(said_a.out);
    (void)fclose(said_b.out);
    free(said_a.data);
    free(said_b.data);
    desk_world_fini(&a);
    desk_world_fini(&b);
}

static void
a_restart_changes_nothing(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        run_seed(seed, desk_again);
    }
}

static void
reload_same(struct desk_world *world)
{
    desk_reload(world, NULL);
}

static void
a_reload_of_the_same_changes_nothing(void **state)
{
    (void)state;
    for (unsigned seed = 1000; seed < 1000 + SEEDS; seed++) {
        run_seed(seed, reload_same);
    }
}

/* What each recipient was told last of each incident. */
#define TOLD_MAX 20000

struct told {
    char recipient[32];
    uint64_t incident;
};

struct memory {
    struct told told[TOLD_MAX];
    size_t count;
    size_t again;
    size_t ends;
};

static struct told *
find_told(struct memory *memory, const char *recipient, uint64_t incident)
{
    for (size_t i = 0; i < memory->count; i++) {
        if (memory->told[i].incident == incident &&
            strcmp(memory->told[i].recipient, recipient) == 0) {
            return &memory->told[i];
        }
    }
    return NULL;
}

/* Nothing fires twice for those who were not told that it was over; and only
 * they are told that it is. */
static void
remember(void *ctx, const struct gong_desk_message *m)
{
    struct memory *memory = ctx;
    char recipient[32];

    if (m->kind == GONG_MESSAGE_ESCALATE) {
        return;
    }
    (void)snprintf(recipient, sizeof recipient, "%s@%.*s", m->receiver->name,
                   (int)m->unit.len, m->unit.data);
    for (size_t i = 0; i < m->item_count; i++) {
        uint64_t number = m->items[i].incident->number;
        struct told *told = find_told(memory, recipient, number);

        if (m->items[i].news == GONG_NEWS_FIRING) {
            memory->again += told != NULL;
            if (told == NULL) {
                assert_true(memory->count < TOLD_MAX);
                told = &memory->told[memory->count++];
                (void)strcpy(told->recipient, recipient);
                told->incident = number;
            }
        } else if (told == NULL) {
            fail_msg("%s is told of #%" PRIu64 " what it never heard of",
                     recipient, number);
        } else if (m->items[i].news == GONG_NEWS_RESOLVED) {
            memory->ends++;
            *told = memory->told[--memory->count];
        }
    }
}

#define PEOPLE                                                                 \
    "receivers = ("                                                            \
    " { name = \"hook\"; channels = (\"hook\"); },"                            \
    " { name = \"quiet\"; channels = (\"q\"); },"                              \
    " { name = \"duty\"; role = \"duty\"; of = \"unit\"; affects = true; });"  \
    "inhibit_rules = ({ source_matchers = (\"alertname=\\\"Dark\\\"\");"       \
    "  target_matchers = (\"severity=\\\"info\\\"\"); equal = (\"unit\"); });"

/* Receivers once each, so that no alert comes to one of them twice. */
static const char *const trees[] = {
    PEOPLE "route = { receiver = \"hook\"; group_by = (\"unit\"); };",
    PEOPLE "route = { receiver = \"hook\"; group_by = (\"alertname\"); routes ="
           " ({ receiver = \"duty\"; continue = true; }, { receiver = "
           "\"hook\"; group_interval = \"1m\"; }); };",
    PEOPLE "route = { receiver = \"hook\"; group_by = (\"...\"); routes = ("
           " { matchers = (\"severity=\\\"critical\\\"\"); receiver = \"duty\""
           "; continue = true; group_by = (); },"
           " { matchers = (\"alertname=~\\\"Flood|Lamp\\\"\"); receiver ="
           " \"quiet\"; group_wait = \"5s\"; }); };",
};

static void
changed_routes_tell_nothing_again(void **state)
{
    static struct memory memory;
    size_t ends = 0;

    (void)state;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct desk_world w;
        uint64_t random = seed + 77;

        memory = (struct memory){.count = 0};
        desk_world_init(&w, trees[0]);
        w.now = HOUR;
        w.on_message = remember;
        w.ctx = &memory;
        for (unsigned step = 0; step < STEPS; step++) {
            struct input in;

            make_input(&random, &in, w.next_incident - 1, w.now);
            put_in(&w, &in);
            if (pick(&random, 6) == 0) {
                desk_reload(&w, trees[pick(&random, 3)]);
            }
            if (pick(&random, 20) == 0) {
                desk_again(&w);
            }
        }
        assert_int_equal(memory.again, 0);
        ends += memory.ends;
        desk_world_fini(&w);
    }
    assert_true(ends > 100);
}

static void
what_no_sink_was_given_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "2:g1",
        "2:g9",
        "2:r1",
        "2:r10:0:1:x1:0",
        "2:r10:0:1:51:1",
        "2:r10:0:1:01:0x",
        "99999999999:g1",
        "2:r10:0:20:999999999999999999991:0",
        "2:r10:0:1:01:01:",
        "2:g14:hook0:2:{}1:05:{}:{}1:01:01:01:01:11:51:0",
    };
    struct desk_world w;
    struct gong_label_view label = {gong_str_of("a"), gong_str_of("b")};
    struct gong_desk_incident is = {.number = 5,
                                    .state = GONG_INCIDENT_OPEN,
                                    .alert = GONG_ALERT_FIRING,
                                    .labels = &label,
                                    .label_count = 1};

    (void)state;
    desk_world_init(&w, config);
    w.lenient = true;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(gong_desk_restore_group(w.desk, gong_str_of("key"),
                                                 gong_str_of(bad[i])),
                         GONG_ERR_INVALID);
    }
    assert_int_equal(gong_desk_restore_group(w.desk, gong_str_of("key"),
                                             gong_str_of("2:r10:0:1:01:0")),
                     GONG_OK);
    assert_int_equal(gong_desk_restore(w.desk, 0, 1), GONG_ERR_INVALID);
    assert_int_equal(gong_desk_restore_incident(w.desk, &is), GONG_OK);
    assert_int_equal(gong_desk_restore_incident(w.desk, &is), GONG_ERR_INVALID);
    is.number = 6;
    is.ended_ms = 3;
    assert_int_equal(gong_desk_restore_incident(w.desk, &is), GONG_ERR_INVALID);
    is.ended_ms = 0;
    is.state = GONG_INCIDENT_NONE;
    assert_int_equal(gong_desk_restore_incident(w.desk, &is), GONG_ERR_INVALID);
    assert_int_equal(
        gong_desk_restore_silence(
            w.desk, &(struct gong_desk_silence){.number = 1,
                                                .matchers = gong_str_of("a")}),
        GONG_ERR_INVALID);
    assert_int_equal(gong_desk_run(w.desk, 0), GONG_OK);
    is.state = GONG_INCIDENT_OPEN;
    assert_int_equal(gong_desk_restore_incident(w.desk, &is), GONG_ERR_INVALID);
    assert_int_equal(gong_desk_restore(w.desk, 9, 9), GONG_ERR_INVALID);
    assert_int_equal(gong_desk_restore_group(w.desk, gong_str_of("k"),
                                             gong_str_of("2:r10:0:1:01:0")),
                     GONG_ERR_INVALID);
    /* Number 5 is given; the next one is 6. */
    assert_int_equal(desk_fire(&w, "alertname=A", 0), GONG_OK);
    assert_non_null(gong_desk_find(w.desk, 6));
    desk_world_fini(&w);
}

/* The engine ends the alert under the old code and begins it under the new one:
 * whoever sees to it goes on, and nobody is told. */
static void
a_unit_that_is_merged(void **state)
{
    static const char was[] = "alertname=A,site=22020,unit=22020";
    static const char is_now[] = "alertname=A,site=22020,unit=22018";
    const struct gong_desk_incident *is = NULL;
    struct desk_world w;

    (void)state;
    desk_world_init(
        &w, "receivers = ({ name = \"duty\"; role = \"duty\"; of = \"unit\"; "
            "}); route = { receiver = \"duty\"; };");
    assert_int_equal(desk_fire(&w, was, 0), GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=A,site=22018,unit=22018", 0),
                     GONG_OK);
    desk_run_to(&w, MINUTE);
    assert_string_equal(desk_said(&w), "30.000 news duty@22018: #2 firing\n"
                                       "30.000 news duty@22020: #1 firing\n");
    (void)desk_do(&w, (struct gong_desk_act){.kind = GONG_ACT_ACKNOWLEDGE,
                                             .incident = 1,
                                             .by = gong_str_of("lan"),
                                             .owner = gong_str_of("minh"),
                                             .sticky = true});
    w.model = desk_model_merged();
    desk_reload(&w, NULL);
    desk_over(&w, was);
    assert_int_equal(desk_fire(&w, is_now, 0), GONG_OK);
    desk_run_to(&w, 20 * MINUTE);
    assert_string_equal(desk_said(&w), "");
    is = gong_desk_find(w.desk, 1);
    assert_non_null(is);
    assert_int_equal(is->state, GONG_INCIDENT_ACKNOWLEDGED);
    assert_true(gong_str_is(is->owner, "minh"));
    assert_true(gong_str_is(is->acked_by, "lan"));
    assert_true(is->sticky);
    assert_null(gong_desk_find(w.desk, 3));
    desk_over(&w, is_now);
    desk_run_to(&w, 30 * MINUTE);
    assert_string_equal(desk_said(&w), "1230.000 news duty@22018: #2 still #1 "
                                       "resolved\n");
    desk_world_fini(&w);
}

/* One that had ended before, and another rule's, are not it. */
static void
what_ends_in_a_merge_stays_ended(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(
        &w, "receivers = ({ name = \"duty\"; role = \"duty\"; of = \"unit\"; "
            "}); route = { receiver = \"duty\"; };");
    assert_int_equal(desk_fire(&w, "alertname=A,site=22020,unit=22020", 0),
                     GONG_OK);
    desk_run_to(&w, MINUTE);
    desk_over(&w, "alertname=A,site=22020,unit=22020");
    w.model = desk_model_merged();
    desk_reload(&w, NULL);
    assert_int_equal(desk_fire(&w, "alertname=A,site=22018,unit=22018", 0),
                     GONG_OK);
    assert_non_null(gong_desk_find(w.desk, 2));
    desk_run_to(&w, 20 * MINUTE);
    /* Its end was told: what comes now is news. */
    assert_int_equal(desk_fire(&w, "alertname=A,site=22020,unit=22018", 0),
                     GONG_OK);
    assert_non_null(gong_desk_find(w.desk, 3));
    desk_world_fini(&w);
}

#define MERGED_ROUTES                                                          \
    "receivers = ({ name = \"duty\"; role = \"duty\"; of = \"unit\"; "         \
    "}); route = { receiver = \"duty\"; };"

/* A person had ended it: it goes on as if nothing had become of its alert, and
 * only a climb is worth a word. */
static void
what_a_person_ended_stays_ended_in_a_merge(void **state)
{
    static const enum gong_act_kind last[] = {GONG_ACT_RESOLVE,
                                              GONG_ACT_OUTCOME};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const struct gong_desk_incident *is = NULL;
        struct desk_world w;

        desk_world_init(&w, MERGED_ROUTES);
        assert_int_equal(desk_fire(&w, "alertname=A,site=22020,unit=22020", 1),
                         GONG_OK);
        desk_run_to(&w, MINUTE);
        for (size_t k = 0; k <= i % 2; k++) {
            (void)desk_do(
                &w, (struct gong_desk_act){.kind = last[k], .incident = 1});
        }
        w.model = desk_model_merged();
        desk_reload(&w, NULL);
        desk_over(&w, "alertname=A,site=22020,unit=22020");
        if (i >= 2) {
            desk_again(&w);
        }
        assert_int_equal(desk_fire(&w, "alertname=A,site=22020,unit=22018", 1),
                         GONG_OK);
        is = gong_desk_find(w.desk, 1);
        assert_non_null(is);
        assert_int_equal(is->state, i % 2 == 0 ? GONG_INCIDENT_ENDED
                                               : GONG_INCIDENT_CLOSED);
        desk_run_to(&w, 20 * MINUTE);
        assert_string_equal(desk_said(&w),
                            "30.000 news duty@22020: #1 firing 1<0\n"
                            "330.000 news duty@22018: #1 resolved 1<1\n");
        assert_null(gong_desk_find(w.desk, 2));
        assert_int_equal(desk_fire(&w, "alertname=A,site=22020,unit=22018", 2),
                         GONG_OK);
        is = gong_desk_find(w.desk, 2);
        assert_non_null(is);
        assert_int_equal(is->state, GONG_INCIDENT_OPEN);
        desk_world_fini(&w);
    }
}

/* Of many that differ in more than their unit. */
static void
each_is_found_by_what_else_it_says(void **state)
{
    struct desk_world w;
    char labels[64];

    (void)state;
    desk_world_init(&w, MERGED_ROUTES);
    for (int unit = 22020; unit >= 22018; unit -= 2) {
        for (int i = 0; i < 50; i++) {
            (void)snprintf(labels, sizeof labels, "a=%d,unit=%d", i,
                           unit == 22018 && i % 2 == 0 ? 22015 : unit);
            assert_int_equal(desk_fire(&w, labels, 0), GONG_OK);
        }
    }
    desk_run_to(&w, MINUTE);
    w.model = desk_model_merged();
    desk_reload(&w, NULL);
    for (int i = 0; i < 50; i += 2) {
        (void)snprintf(labels, sizeof labels, "a=%d,unit=22020", i);
        desk_over(&w, labels);
    }
    for (int i = 48; i >= 0; i -= 2) {
        (void)snprintf(labels, sizeof labels, "a=%d,unit=22018", i);
        assert_int_equal(desk_fire(&w, labels, 0), GONG_OK);
        assert_int_equal(gong_desk_find(w.desk, (uint64_t)i + 1)->state,
                         GONG_INCIDENT_OPEN);
    }
    assert_null(gong_desk_find(w.desk, 101));
    for (int i = 1; i < 50; i += 2) {
        (void)snprintf(labels, sizeof labels, "a=%d,unit=22020", i);
        desk_over(&w, labels);
        (void)snprintf(labels, sizeof labels, "a=%d,unit=22018", i);
        desk_over(&w, labels);
    }
    desk_run_to(&w, HOUR);
    desk_world_fini(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_changes_nothing),
        cmocka_unit_test(a_reload_of_the_same_changes_nothing),
        cmocka_unit_test(changed_routes_tell_nothing_again),
        cmocka_unit_test(what_no_sink_was_given_is_refused),
        cmocka_unit_test(a_unit_that_is_merged),
        cmocka_unit_test(what_ends_in_a_merge_stays_ended),
        cmocka_unit_test(what_a_person_ended_stays_ended_in_a_merge),
        cmocka_unit_test(each_is_found_by_what_else_it_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
