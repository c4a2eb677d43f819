/* Unit tests of agent/desk/desk_schema.c, desk_db*.c, desk_row.c, desk_read.c:
 * what is kept comes back; who reads; what is pruned; files that are not ours.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/desk/desk_db.h"
#include "agent/tell/desk_message_json.h"
#include "agent/desk/desk_read.h"
#include "outbox_fixture.h"

static struct gong_label_view
view(const char *name, const char *value)
{
    return (struct gong_label_view){gong_str_of(name), gong_str_of(value)};
}

static struct gong_label_view labels[3];
static struct gong_label_view annotations[1];

/* Every member other than its default. */
static struct gong_desk_incident
make(uint64_t number, const char *site)
{
    labels[0] = view("alertname", "A");
    labels[1] = view("severity", "critical");
    labels[2] = view("site", site);
    annotations[0] = view("summary", "Nước dâng 50%");
    return (struct gong_desk_incident){
        .number = number,
        .rule = UINT64_MAX - 1,
        .fingerprint = UINT64_C(0x8000000000000000) + number,
        .state = GONG_INCIDENT_ACKNOWLEDGED,
        .alert = GONG_ALERT_UNKNOWN,
        .level = 3,
        .severity = GONG_SEVERITY_CRITICAL,
        .trial = true,
        .lost = true,
        .value = -0.1,
        .opened_ms = 11,
        .since_ms = -12,
        .changed_ms = 13,
        .ended_ms = 0,
        .over_ms = 21,
        .untaken_ms = 22,
        .waits = false,
        .owner = gong_str_of("lan"),
        .acked_by = gong_str_of("minh"),
        .ack_comment = gong_str_of("đang xem"),
        .acked_ms = 15,
        .ack_until_ms = 16,
        .sticky = true,
        .cause = gong_str_of("mưa"),
        .verdict = GONG_VERDICT_LATE,
        .cost = -17,
        .escalated = 2,
        .escalate_ms = 18,
        .ack_due_ms = 19,
        .resolve_due_ms = 20,
        .ack_overdue = true,
        .resolve_overdue = true,
        .silenced = true,
        .in_maintenance = true,
        .inhibited = true,
        .rule_id = gong_str_of("river/High"),
        .labels = labels,
        .label_count = 3,
        .annotations = annotations,
        .annotation_count = 1,
    };
}

static struct gong_desk_db *
open_db(const struct desk_files *files)
{
    struct gong_desk_db *db;
    char why[256];

    if (gong_desk_db_open(files->path, &db, why, sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    return db;
}

static void
put(struct gong_desk_db *db, const struct gong_desk_incident *incident)
{
    struct gong_desk_sink sink = gong_desk_db_sink(db);

    assert_int_equal(gong_desk_db_begin(db), GONG_OK);
    assert_int_equal(sink.incident(sink.ctx, incident), GONG_OK);
    assert_int_equal(gong_desk_db_commit(db), GONG_OK);
}

static void
assert_text(struct gong_str text, struct gong_str expected)
{
    assert_true(gong_str_equal(text, expected));
}

/* ctx: what it has to be. */
static enum gong_err
compare(void *ctx, const struct gong_desk_incident *is)
{
    const struct gong_desk_incident *expected = ctx;
    struct gong_desk_incident plain = *is;

    assert_text(is->owner, expected->owner);
    assert_text(is->acked_by, expected->acked_by);
    assert_text(is->ack_comment, expected->ack_comment);
    assert_text(is->cause, expected->cause);
    assert_text(is->rule_id, expected->rule_id);
    assert_int_equal(is->label_count, expected->label_count);
    for (size_t i = 0; i < is->label_count; i++) {
        assert_text(is->labels[i].name, expected->labels[i].name);
        assert_text(is->labels[i].value, expected->labels[i].value);
    }
    assert_int_equal(is->annotation_count, 1);
    assert_text(is->annotations[0].value, expected->annotations[0].value);
    assert_true(isnan(is->value) == isnan(expected->value));
    assert_true(isnan(is->value) || is->value == expected->value);
    /* The rest byte for byte. */
    plain.owner = expected->owner;
    plain.acked_by = expected->acked_by;
    plain.ack_comment = expected->ack_comment;
    plain.cause = expected->cause;
    plain.rule_id = expected->rule_id;
    plain.labels = expected->labels;
    plain.annotations = expected->annotations;
    plain.value = expected->value;
    assert_int_equal(plain.number, expected->number);
    assert_true(
        plain.rule == expected->rule &&
        plain.fingerprint == expected->fingerprint &&
        plain.state == expected->state && plain.alert == expected->alert &&
        plain.level == expected->level &&
        plain.severity == expected->severity &&
        plain.trial == expected->trial && plain.lost == expected->lost &&
        plain.opened_ms == expected->opened_ms &&
        plain.since_ms == expected->since_ms &&
        plain.changed_ms == expected->changed_ms &&
        plain.ended_ms == expected->ended_ms &&
        plain.over_ms == expected->over_ms &&
        plain.untaken_ms == expected->untaken_ms &&
        plain.waits == expected->waits);
    assert_true(plain.acked_ms == expected->acked_ms &&
                plain.ack_until_ms == expected->ack_until_ms &&
                plain.sticky == expected->sticky &&
                plain.verdict == expected->verdict &&
                plain.cost == expected->cost &&
                plain.escalated == expected->escalated &&
                plain.escalate_ms == expected->escalate_ms &&
                plain.ack_due_ms == expected->ack_due_ms &&
                plain.resolve_due_ms == expected->resolve_due_ms &&
                plain.ack_overdue == expected->ack_overdue &&
                plain.resolve_overdue == expected->resolve_overdue &&
                plain.silenced == expected->silenced &&
                plain.in_maintenance == expected->in_maintenance &&
                plain.inhibited == expected->inhibited);
    return GONG_OK;
}

static void
what_is_kept_comes_back(void **state)
{
    struct desk_files files;
    struct gong_desk_db *db;
    struct gong_desk_incident is = make(7, "22015");
    const double values[] = {0.1, -HUGE_VAL, (double)NAN, 0};

    (void)state;
    desk_files_init(&files);
    db = open_db(&files);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        is.value = values[i];
        put(db, &is);
        assert_int_equal(gong_desk_db_numbered(db, 7, compare, &is), GONG_OK);
    }
    assert_int_equal(
        gong_desk_db_newest(db, is.rule, is.fingerprint, compare, &is),
        GONG_OK);
    assert_int_equal(gong_desk_db_each_open(db, compare, &is), GONG_OK);
    assert_int_equal(gong_desk_db_numbered(db, 8, compare, &is),
                     GONG_ERR_NOT_FOUND);
    /* A label set that changes leaves no old label behind. */
    labels[2] = view("site", "22018");
    put(db, &is);
    assert_int_equal(
        desk_number(&files, "SELECT count(*) FROM incident_labels"), 3);
    assert_int_equal(desk_number(&files, "SELECT count(*) FROM incident_labels"
                                         " WHERE value = '22018'"),
                     1);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

static void
place_comes_back_and_a_rollback_leaves_it(void **state)
{
    struct desk_files files;
    struct gong_desk_db *db;
    struct gong_desk_place place = {.known = true,
                                    .generation = 3,
                                    .offset = UINT64_C(1) << 62,
                                    .position = UINT64_MAX,
                                    .ordinal = UINT32_MAX,
                                    .now_ms = 99};
    struct gong_desk_place read;

    (void)state;
    for (size_t i = 0; i < 16; i++) {
        place.log_id[i] = (uint8_t)(200 + i);
    }
    desk_files_init(&files);
    db = open_db(&files);
    assert_int_equal(gong_desk_db_place(db, &read), GONG_OK);
    assert_false(read.known);
    assert_int_equal(gong_desk_db_begin(db), GONG_OK);
    assert_int_equal(gong_desk_db_put_place(db, &place), GONG_OK);
    assert_int_equal(gong_desk_db_commit(db), GONG_OK);
    gong_desk_db_close(db);
    db = open_db(&files);
    assert_int_equal(gong_desk_db_place(db, &read), GONG_OK);
    assert_memory_equal(&read, &place, sizeof read);
    place.offset = 1;
    assert_int_equal(gong_desk_db_begin(db), GONG_OK);
    assert_int_equal(gong_desk_db_put_place(db, &place), GONG_OK);
    gong_desk_db_rollback(db);
    assert_int_equal(gong_desk_db_place(db, &read), GONG_OK);
    assert_true(read.offset == UINT64_C(1) << 62);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

static void
file_is_private_and_newer_ones_are_left_alone(void **state)
{
    struct desk_files files;
    struct gong_desk_db *db;
    struct stat status;
    char why[256];

    (void)state;
    desk_files_init(&files);
    assert_int_equal(stat(files.path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    desk_sql(&files, "PRAGMA user_version = 99");
    assert_int_equal(gong_desk_db_open(files.path, &db, why, sizeof why),
                     GONG_ERR_UNSUPPORTED);
    assert_non_null(strstr(why, "newer"));
    assert_int_not_equal(
        gong_desk_db_open("/nowhere/desk.db", &db, why, sizeof why), GONG_OK);
    desk_files_fini(&files);
}

static enum gong_err
note_decision(void *ctx, const struct gong_desk_read_decision *decision)
{
    struct gong_desk_read_decision *out = ctx;

    assert_true(gong_str_is(decision->is.reason, "for"));
    assert_true(gong_str_is(decision->is.expr, "lamp_temp > 70"));
    *out = *decision;
    return GONG_OK;
}

/* Kept with what the alert did; not with what people and time do. */
static void
why_an_alert_went_so_is_kept(void **state)
{
    static const struct gong_desk_decision is = {{"for", 3},
                                                 {"lamp_temp > 70", 14},
                                                 71.5,
                                                 2,
                                                 UINT64_C(1) << 40,
                                                 7,
                                                 1,
                                                 2,
                                                 3,
                                                 4,
                                                 5};
    struct gong_desk_read_decision read = {0};
    struct gong_desk_incident incident = make(1, "22015");
    struct desk_files files;
    struct gong_desk_reader *reader;
    struct gong_desk_db *db;
    struct gong_desk_sink sink;
    char why[256];

    (void)state;
    desk_files_init(&files);
    db = open_db(&files);
    sink = gong_desk_db_sink(db);
    put(db, &incident);
    assert_int_equal(gong_desk_db_begin(db), GONG_OK);
    gong_desk_db_decide(db, &is);
    assert_int_equal(sink.event(db, 1, 9, GONG_INCIDENT_FIRE, gong_str_of(""),
                                gong_str_of("")),
                     GONG_OK);
    assert_int_equal(sink.event(db, 1, 9, GONG_INCIDENT_ESCALATE,
                                gong_str_of(""), gong_str_of("")),
                     GONG_OK);
    gong_desk_db_decide(db, NULL);
    assert_int_equal(sink.event(db, 1, 9, GONG_INCIDENT_END, gong_str_of(""),
                                gong_str_of("")),
                     GONG_OK);
    assert_int_equal(gong_desk_db_commit(db), GONG_OK);
    assert_int_equal(desk_number(&files, "SELECT count(*) FROM decisions"), 1);
    assert_int_equal(
        gong_desk_reader_open(files.path, &reader, why, sizeof why), GONG_OK);
    assert_int_equal(gong_desk_read_decisions(reader, 2, note_decision, NULL),
                     GONG_OK);
    assert_int_equal(gong_desk_read_decisions(reader, 1, note_decision, &read),
                     GONG_OK);
    assert_true(read.kept_ms == 9 && read.event == GONG_INCIDENT_FIRE);
    assert_true(read.is.value == 71.5 && read.is.level == 2);
    assert_true(read.is.position == is.position && read.is.ordinal == 7);
    assert_true(read.is.at_ms == 1 && read.is.captured_ms == 2 &&
                read.is.published_ms == 3 && read.is.received_ms == 4 &&
                read.is.decided_ms == 5);
    desk_sql(&files, "PRAGMA foreign_keys = ON; DELETE FROM incidents");
    assert_int_equal(desk_number(&files, "SELECT count(*) FROM decisions"), 0);
    gong_desk_reader_close(reader);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

/* Takes back what came after the first version. */
#define VERSION_1                                                              \
    "DROP TABLE decisions;"                                                    \
    "ALTER TABLE message_incidents DROP COLUMN captured_ms;"                   \
    "ALTER TABLE message_incidents DROP COLUMN published_ms;"                  \
    "ALTER TABLE message_incidents DROP COLUMN received_ms;"                   \
    "ALTER TABLE message_incidents DROP COLUMN decided_ms;"                    \
    "ALTER TABLE deliveries DROP COLUMN stored_ms;"                            \
    "ALTER TABLE deliveries DROP COLUMN notified_ms;"                          \
    "ALTER TABLE incidents DROP COLUMN over_ms;"                               \
    "ALTER TABLE incidents DROP COLUMN untaken_ms;"                            \
    "PRAGMA user_version = 1"

/* A file that was made before messages had stamps. */
static void
file_of_before_gets_the_stamps(void **state)
{
    struct desk_files files;
    struct gong_desk_db *db;
    char why[256];

    (void)state;
    desk_files_init(&files);
    desk_sql(&files, VERSION_1);
    desk_incident(&files, 1);
    (void)desk_post(&files, "channel:one", "[[\"one\",\"\"]]", 1);
    if (gong_desk_db_open(files.path, &db, why, sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    gong_desk_db_close(db);
    assert_int_equal(desk_number(&files, "SELECT captured_ms + published_ms +"
                                         " received_ms + decided_ms"
                                         " FROM message_incidents"),
                     0);
    assert_int_equal(desk_number(&files, "SELECT count(*) FROM deliveries WHERE"
                                         " stored_ms = notified_ms"),
                     0);
    desk_files_fini(&files);
}

/* Its unit was merged into another: the same incident, another alert. */
static void
an_incident_goes_on_under_another_fingerprint(void **state)
{
    struct gong_desk_incident incident = make(7, "22015");
    struct desk_files files;
    struct gong_desk_db *db;

    (void)state;
    desk_files_init(&files);
    db = open_db(&files);
    put(db, &incident);
    incident.fingerprint = 99;
    labels[2] = view("site", "22016");
    put(db, &incident);
    assert_int_equal(
        gong_desk_db_newest(db, incident.rule, 99, compare, &incident),
        GONG_OK);
    assert_int_equal(gong_desk_db_numbered(db, 7, compare, &incident), GONG_OK);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

/* What version 1 wrote is read, and gets what came later. */
static void
an_older_file_is_brought_up_to_date(void **state)
{
    struct gong_desk_incident incident = make(7, "22015");
    struct desk_files files;
    struct gong_desk_db *db;

    (void)state;
    desk_files_init(&files);
    db = open_db(&files);
    put(db, &incident);
    gong_desk_db_close(db);
    desk_sql(&files, VERSION_1);
    db = open_db(&files);
    assert_int_equal(desk_number(&files, "PRAGMA user_version"), 4);
    incident.over_ms = 0; /* nobody knew */
    incident.untaken_ms = incident.changed_ms;
    assert_int_equal(desk_number(&files, "SELECT count(*) FROM decisions"), 0);
    assert_int_equal(gong_desk_db_numbered(db, 7, compare, &incident), GONG_OK);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

static void
old_things_are_pruned_and_their_numbers_never_given_again(void **state)
{
    struct desk_files files;
    struct gong_desk_db *db;
    struct gong_desk_incident is;
    bool more = true;
    int steps = 0;

    (void)state;
    desk_files_init(&files);
    db = open_db(&files);
    for (uint64_t i = 1; i <= 450; i++) {
        is = make(i, "22015");
        is.state = i == 450 ? GONG_INCIDENT_OPEN : GONG_INCIDENT_ENDED;
        is.ended_ms = i == 450 ? 0 : i == 449 ? 2000 : 1000;
        put(db, &is);
    }
    (void)desk_post(&files, "channel:one", "[]", 1);
    desk_sql(&files,
             "UPDATE messages SET at_ms = 1000;"
             "INSERT INTO deliveries(id, outbox, at_ms, channel, outcome, why, "
             "latency_ms) VALUES(1, 1, 2, 'one', 0, '', 3);"
             "INSERT INTO events VALUES(1, 1, 2, 0, '', '')");
    while (more) {
        assert_int_equal(gong_desk_db_prune(db, 1500, &more), GONG_OK);
        steps++;
    }
    assert_int_equal(steps, 3);
    assert_int_equal(desk_number(&files, "SELECT count(*) FROM incidents"), 2);
    assert_int_equal(desk_number(&files,
                                 "SELECT (SELECT count(*) FROM messages) +"
                                 " (SELECT count(*) FROM outbox) +"
                                 " (SELECT count(*) FROM deliveries) +"
                                 " (SELECT count(*) FROM message_incidents) +"
                                 " (SELECT count(*) FROM events)"),
                     0);
    desk_sql(&files, "DELETE FROM incidents");
    assert_int_equal(desk_number(&files, "SELECT value FROM meta WHERE"
                                         " name = 'next_incident'"),
                     451);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

/* --- reading --- */

struct seen {
    size_t count;
    uint64_t numbers[32];
};

static enum gong_err
note(void *ctx, const struct gong_desk_incident *incident)
{
    struct seen *seen = ctx;

    seen->numbers[seen->count++] = incident->number;
    return seen->count == 32 ? GONG_ERR_TOO_LARGE : GONG_OK;
}

static struct gong_desk_reader *
open_reader(const struct desk_files *files)
{
    struct gong_desk_reader *reader;
    char why[256];

    if (gong_desk_reader_open(files->path, &reader, why, sizeof why) !=
        GONG_OK) {
        fail_msg("%s", why);
    }
    return reader;
}

static void
expect(struct gong_desk_reader *reader, const struct gong_desk_filter *filter,
       const char *numbers)
{
    struct seen seen = {0};
    char text[256] = "";

    assert_int_equal(gong_desk_read_incidents(reader, filter, note, &seen),
                     GONG_OK);
    for (size_t i = 0; i < seen.count; i++) {
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%d ",
                       (int)seen.numbers[i]);
    }
    assert_string_equal(text, numbers);
}

static void
filters_choose(void **state)
{
    struct desk_files files;
    struct gong_desk_db *db;
    struct gong_desk_reader *reader;
    static const char *const one[] = {"22015"};
    static const char *const both[] = {"22015", "22018"};
    struct gong_desk_incident is;

    (void)state;
    desk_files_init(&files);
    db = open_db(&files);
    for (uint64_t i = 1; i <= 6; i++) {
        is = make(i, i % 2 == 0 ? "22015" : "22018");
        is.state = i <= 2 ? GONG_INCIDENT_OPEN : GONG_INCIDENT_ACKNOWLEDGED;
        is.severity = i == 3 ? GONG_SEVERITY_INFO : GONG_SEVERITY_CRITICAL;
        is.changed_ms = (int64_t)i * 100;
        is.opened_ms = (int64_t)i * 10;
        put(db, &is);
    }
    /* The label unit counts before the label site. */
    desk_sql(&files, "INSERT INTO incident_labels VALUES(6, 'unit', '22020')");
    reader = open_reader(&files);
    expect(reader, &(struct gong_desk_filter){0}, "6 5 4 3 2 1 ");
    expect(reader, &(struct gong_desk_filter){.oldest_first = true, .limit = 2},
           "1 2 ");
    expect(reader,
           &(struct gong_desk_filter){.states = 1u << GONG_INCIDENT_OPEN},
           "2 1 ");
    expect(reader, &(struct gong_desk_filter){.units = one, .unit_count = 1},
           "4 2 ");
    expect(reader, &(struct gong_desk_filter){.units = both, .unit_count = 2},
           "5 4 3 2 1 ");
    expect(reader, &(struct gong_desk_filter){.units = both, .unit_count = 0},
           "");
    expect(reader,
           &(struct gong_desk_filter){.severity = GONG_SEVERITY_WARNING},
           "6 5 4 2 1 ");
    expect(reader, &(struct gong_desk_filter){.since_ms = 500}, "6 5 ");
    expect(reader, &(struct gong_desk_filter){.until_ms = 30}, "2 1 ");
    expect(reader, &(struct gong_desk_filter){.after = 4}, "6 5 ");
    expect(reader, &(struct gong_desk_filter){.before = 3}, "2 1 ");
    expect(reader, &(struct gong_desk_filter){.text = gong_str_of("dâng 50%")},
           "6 5 4 3 2 1 ");
    expect(reader, &(struct gong_desk_filter){.text = gong_str_of("d%g")}, "");
    expect(reader, &(struct gong_desk_filter){.text = gong_str_of("22018")},
           "5 3 1 ");
    gong_desk_reader_close(reader);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

static enum gong_err
note_delivery(void *ctx, const struct gong_desk_read_delivery *delivery)
{
    size_t *count = ctx;

    if ((*count)++ == 0) {
        assert_true(gong_str_is(delivery->recipient, "contact:p"));
        assert_true(gong_str_is(delivery->channel, "one"));
        assert_true(gong_str_is(delivery->why, "away"));
        assert_int_equal(delivery->outcome, GONG_CHANNEL_RETRY);
        assert_int_equal(delivery->latency_ms, 3);
    } else {
        assert_int_equal(delivery->channel.len, 0);
    }
    return GONG_OK;
}

static enum gong_err
note_event(void *ctx, const struct gong_desk_read_event *event)
{
    size_t *count = ctx;

    ++*count;
    assert_int_equal(event->event, GONG_INCIDENT_COMMENT);
    assert_true(gong_str_is(event->by, "lan"));
    return GONG_OK;
}

static enum gong_err
note_silence(void *ctx, const struct gong_desk_silence *silence)
{
    size_t *count = ctx;

    ++*count;
    assert_true(gong_str_is(silence->matchers, "a=\"b\""));
    return GONG_OK;
}

static void
history_deliveries_silences_and_counts_are_read(void **state)
{
    struct desk_files files;
    struct gong_desk_db *db;
    struct gong_desk_sink sink;
    struct gong_desk_reader *reader;
    struct gong_desk_counts counts;
    struct gong_desk_incident is = make(1, "22015");
    struct gong_desk_silence silence = {
        .number = 5, .matchers = gong_str_of("a=\"b\""), .until_ms = INT64_MAX};
    size_t count = 0;

    (void)state;
    desk_files_init(&files);
    db = open_db(&files);
    sink = gong_desk_db_sink(db);
    put(db, &is);
    assert_int_equal(gong_desk_db_begin(db), GONG_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sink.event(sink.ctx, 1, 5, GONG_INCIDENT_COMMENT,
                                    gong_str_of("lan"), gong_str_of("đã gọi")),
                         GONG_OK);
    }
    assert_int_equal(sink.silence(sink.ctx, &silence), GONG_OK);
    silence.number = 6;
    silence.ended = true;
    assert_int_equal(sink.silence(sink.ctx, &silence), GONG_OK);
    assert_int_equal(gong_desk_db_commit(db), GONG_OK);
    (void)desk_post(&files, "contact:p", "[]", 1);
    (void)desk_post(&files, "contact:q", "[]", 1);
    desk_sql(&files,
             "INSERT INTO deliveries(id, outbox, at_ms, channel, outcome, why, "
             "latency_ms) VALUES(1, 1, 2, 'one', 1, 'away',"
             " 3)");
    reader = open_reader(&files);
    assert_int_equal(
        gong_desk_read_deliveries(reader, 1, note_delivery, &count), GONG_OK);
    assert_int_equal(count, 2);
    count = 0;
    assert_int_equal(gong_desk_read_events(reader, 1, 0, note_event, &count),
                     GONG_OK);
    assert_int_equal(gong_desk_read_events(reader, 0, 1, note_event, &count),
                     GONG_OK);
    assert_int_equal(count, 3);
    count = 0;
    assert_int_equal(
        gong_desk_read_silences(reader, false, note_silence, &count), GONG_OK);
    assert_int_equal(count, 1);
    assert_int_equal(
        gong_desk_read_silences(reader, true, note_silence, &count), GONG_OK);
    assert_int_equal(count, 3);
    assert_int_equal(gong_desk_read_silence(reader, 6, note_silence, &count),
                     GONG_OK);
    assert_int_equal(count, 4);
    assert_int_equal(gong_desk_read_silence(reader, 7, note_silence, &count),
                     GONG_ERR_NOT_FOUND);
    assert_int_equal(count, 4);
    assert_int_equal(gong_desk_read_incident(reader, 1, compare, &is), GONG_OK);
    assert_int_equal(gong_desk_read_incident(reader, 2, compare, &is),
                     GONG_ERR_NOT_FOUND);
    assert_int_equal(gong_desk_read_counts(reader, &counts), GONG_OK);
    assert_int_equal(counts.acknowledged, 1);
    assert_int_equal(counts.open, 0);
    assert_int_equal(counts.critical, 1);
    assert_int_equal(counts.overdue, 1);
    assert_int_equal(counts.waiting, 2);
    gong_desk_reader_close(reader);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

static void
a_reader_blocks_no_writer(void **state)
{
    struct desk_files files;
    struct gong_desk_db *db;
    struct gong_desk_reader *reader;
    struct gong_desk_incident is = make(1, "22015");
    struct seen seen = {0};

    (void)state;
    desk_files_init(&files);
    db = open_db(&files);
    put(db, &is);
    reader = open_reader(&files);
    desk_sql(&files, "BEGIN; SELECT * FROM incidents");
    is.number = 2;
    put(db, &is);
    assert_int_equal(gong_desk_read_incidents(
                         reader, &(struct gong_desk_filter){0}, note, &seen),
                     GONG_OK);
    assert_int_equal(seen.count, 2);
    desk_sql(&files, "COMMIT");
    gong_desk_reader_close(reader);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

struct span {
    size_t count;
    uint64_t first;
    uint64_t last;
};

static enum gong_err
note_id(void *ctx, const struct gong_desk_read_event *event)
{
    struct span *span = ctx;

    span->first = span->count == 0 ? event->id : span->first;
    assert_true(event->id > span->last);
    span->last = event->id;
    span->count++;
    return GONG_OK;
}

static enum gong_err
note_try(void *ctx, const struct gong_desk_read_delivery *delivery)
{
    struct span *span = ctx;
    uint64_t at = (uint64_t)delivery->at_ms;

    span->first = span->count == 0 ? at : span->first;
    assert_true(at > span->last);
    span->last = at;
    span->count++;
    return GONG_OK;
}

static void
of_one_incident_the_newest_are_read(void **state)
{
    struct desk_files files;
    struct gong_desk_db *db;
    struct gong_desk_sink sink;
    struct gong_desk_reader *reader;
    struct gong_desk_incident is = make(1, "22015");
    struct span events = {0};
    struct span tries = {0};
    char sql[256];

    (void)state;
    desk_files_init(&files);
    db = open_db(&files);
    sink = gong_desk_db_sink(db);
    put(db, &is);
    assert_int_equal(gong_desk_db_begin(db), GONG_OK);
    for (int i = 0; i < GONG_DESK_READ_MAX + 5; i++) {
        assert_int_equal(sink.event(sink.ctx, 1, 5, GONG_INCIDENT_COMMENT,
                                    gong_str_of("lan"), gong_str_of("x")),
                         GONG_OK);
    }
    assert_int_equal(gong_desk_db_commit(db), GONG_OK);
    (void)desk_post(&files, "contact:p", "[]", 1);
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
                   " FROM n WHERE i < %d) INSERT INTO deliveries(id, outbox, "
                   "at_ms, channel, outcome, why, latency_ms)"
                   " SELECT i, 1, i, 'one', 1, 'away', 3 FROM n",
                   GONG_DESK_READ_MAX + 5);
    desk_sql(&files, "%s", sql);
    reader = open_reader(&files);
    assert_int_equal(gong_desk_read_events(reader, 1, 0, note_id, &events),
                     GONG_OK);
    assert_int_equal(events.count, GONG_DESK_READ_MAX);
    assert_int_equal(events.last, GONG_DESK_READ_MAX + 5);
    assert_int_equal(gong_desk_read_deliveries(reader, 1, note_try, &tries),
                     GONG_OK);
    assert_int_equal(tries.count, GONG_DESK_READ_MAX);
    assert_int_equal(tries.first, 6);
    gong_desk_reader_close(reader);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

static void
what_has_the_name_is_read(void **state)
{
    struct desk_files files;
    struct gong_desk_db *db;
    struct gong_desk_reader *reader;
    struct gong_desk_incident is = make(1, "22015");
    struct seen seen = {0};
    char aside[128];

    (void)state;
    desk_files_init(&files);
    db = open_db(&files);
    put(db, &is);
    reader = open_reader(&files);
    expect(reader, &(struct gong_desk_filter){0}, "1 ");
    (void)snprintf(aside, sizeof aside, "%s.damaged-1", files.path);
    gong_desk_db_close(db);
    assert_int_equal(rename(files.path, aside), 0);
    assert_int_not_equal(gong_desk_read_incidents(reader,
                                                  &(struct gong_desk_filter){0},
                                                  note, &seen),
                         GONG_OK);
    assert_int_equal(seen.count, 0);
    db = open_db(&files);
    is.number = 7;
    put(db, &is);
    expect(reader, &(struct gong_desk_filter){0}, "7 ");
    gong_desk_reader_close(reader);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

/* --- the message --- */

static void
message_is_json_with_all_its_parts(void **state)
{
    char name[] = "unit-duty";
    const struct gong_desk_receiver receiver = {.name = name};
    struct gong_desk_incident is = make(17, "22015");
    struct gong_message_item item = {&is, GONG_NEWS_CLIMBED, 2, true};
    const struct gong_desk_message message = {
        .kind = GONG_MESSAGE_ESCALATE,
        .receiver = &receiver,
        .unit = gong_str_of("22015"),
        .step = 2,
        .waited_ms = 600000,
        .at_ms = 1234,
        .groups = 1,
        .group_labels = labels,
        .group_label_count = 1,
        .group_key = gong_str_of("{}:{alertname=\"A\"}"),
        .items = &item,
        .item_count = 1,
        .omitted_firing = 3,
        .omitted_resolved = 4,
    };
    static const char expected[] =
        "{\"kind\":\"escalate\",\"receiver\":\"unit-duty\",\"unit\":\"22015\","
        "\"unit_name\":\"\",\"step\":2,\"waited\":600000,\"at\":1234,\"link\":"
        "\"https://g\","
        "\"groups\":1,\"group_key\":\"{}:{alertname=\\\"A\\\"}\","
        "\"group_labels\":{\"alertname\":\"A\"},"
        "\"omitted\":{\"firing\":3,\"resolved\":4},\"items\":[{\"number\":17,"
        "\"news\":\"climbed\",\"state\":\"acknowledged\",\"alert\":\"unknown\","
        "\"rule\":\"river/High\",\"labels\":{\"alertname\":\"A\","
        "\"severity\":\"critical\",\"site\":\"22015\"},\"annotations\":{"
        "\"summary\":\"Nước dâng 50%\"},\"value\":\"-0.1\",\"level\":3,"
        "\"told_level\":2,\"severity\":\"critical\",\"since\":-12,"
        "\"opened\":11,\"ended\":0,\"over\":21,\"owner\":\"lan\",\"acked_by\":"
        "\"minh\","
        "\"lost\":true,\"no_unit\":true,\"fingerprint\":\"8000000000000011\"}]"
        "}";
    json_t *json = gong_desk_message_to_json(&message, NULL, "https://g");
    char *text = json_dumps(json, JSON_COMPACT);

    (void)state;
    assert_string_equal(text, expected);
    free(text);
    json_decref(json);
}

/* --- channels that hold the state of each alert --- */

static char hook[] = "hook";
static char wall[] = "wall";
static char *both[] = {hook, wall};
static const char *const retained[] = {"wall"};

/* Numbers that rows of a channel are about, each once. */
static int64_t
told(struct desk_files *files, const char *channel)
{
    return desk_number(files,
                       "SELECT count(DISTINCT json_extract(i.value,"
                       " '$.number')) FROM outbox AS o JOIN messages AS m"
                       " ON m.id = o.message, json_each(m.body, '$.items')"
                       " AS i WHERE o.recipient = 'channel:%s'",
                       channel);
}

static void
what_a_message_only_counts_is_told_where_all_is_needed(void **state)
{
    static struct gong_desk_incident incidents[250];
    static struct gong_message_item items[250];
    struct gong_desk_receiver receiver = {
        .name = hook, .channels = {.items = both, .count = 2}};
    struct gong_desk_message message = {
        .receiver = &receiver,
        .unit = gong_str_of(""),
        .group_key = gong_str_of(""),
        .at_ms = 5,
        .items = items,
        .item_count = 100,
        .all_count = 250,
        .omitted_firing = 150,
    };
    struct desk_files files;
    struct gong_desk_db *db;
    struct gong_desk_sink sink;

    (void)state;
    desk_files_init(&files);
    db = open_db(&files);
    gong_desk_db_retain(db, retained, 1);
    sink = gong_desk_db_sink(db);
    assert_int_equal(gong_desk_db_begin(db), GONG_OK);
    for (size_t i = 0; i < 250; i++) {
        incidents[i] = make(i + 1, "22015");
        items[i] = (struct gong_message_item){.incident = &incidents[i],
                                              .news = GONG_NEWS_FIRING};
        assert_int_equal(sink.incident(sink.ctx, &incidents[i]), GONG_OK);
    }
    assert_int_equal(sink.message(sink.ctx, &message), GONG_OK);
    assert_int_equal(gong_desk_db_commit(db), GONG_OK);
    assert_int_equal(desk_number(&files, "SELECT count(*) FROM messages"), 3);
    assert_int_equal(told(&files, "hook"), 100);
    assert_int_equal(told(&files, "wall"), 250);
    assert_int_equal(
        desk_number(&files, "SELECT count(*) FROM messages WHERE"
                            " json_extract(body, '$.omitted.firing') <> 0"),
        1);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

/* Acknowledged or not; nothing of what is over, or was never told there. */
static void
what_is_open_is_told_again(void **state)
{
    struct desk_files files;
    struct gong_desk_db *db;
    struct gong_desk_config *config =
        gong_desk_config_plain((const char *const *)both, 2);
    struct gong_desk *desk;
    struct gong_desk_sink sink = {NULL};

    (void)state;
    desk_files_init(&files);
    db = open_db(&files);
    gong_desk_db_retain(db, retained, 1);
    desk = gong_desk_new(config, NULL, &sink, 1000);
    assert_non_null(desk);
    for (uint64_t i = 1; i <= 230; i++) {
        struct gong_desk_incident is = make(i, "22015");

        is.state = i % 2 == 0 ? GONG_INCIDENT_OPEN : GONG_INCIDENT_ACKNOWLEDGED;
        is.trial = false;
        put(db, &is);
        assert_int_equal(gong_desk_restore_incident(desk, &is), GONG_OK);
        if (i > 10) {
            (void)desk_post(&files, "channel:wall", "[]", (int64_t)i);
        }
    }
    desk_sql(&files, "UPDATE incidents SET ended_ms = 9 WHERE number = 230");
    assert_int_equal(gong_desk_run(desk, 1000), GONG_OK);
    desk_sql(&files, "DELETE FROM outbox WHERE id %% 2 = 0;"
                     "UPDATE messages SET body = '{}'");
    assert_int_equal(gong_desk_db_begin(db), GONG_OK);
    assert_int_equal(gong_desk_db_refresh(db, desk, 2000), GONG_OK);
    assert_int_equal(gong_desk_db_commit(db), GONG_OK);
    assert_int_equal(told(&files, "wall"), 110);
    assert_int_equal(told(&files, "hook"), 0);
    assert_int_equal(desk_number(&files, "SELECT count(*) FROM messages WHERE"
                                         " at_ms = 2000 AND kind = 1"),
                     2);
    gong_desk_free(desk);
    gong_desk_config_free(config);
    gong_desk_db_close(db);
    desk_files_fini(&files);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_comes_back),
        cmocka_unit_test(place_comes_back_and_a_rollback_leaves_it),
        cmocka_unit_test(file_is_private_and_newer_ones_are_left_alone),
        cmocka_unit_test(why_an_alert_went_so_is_kept),
        cmocka_unit_test(an_older_file_is_brought_up_to_date),
        cmocka_unit_test(an_incident_goes_on_under_another_fingerprint),
        cmocka_unit_test(file_of_before_gets_the_stamps),
        cmocka_unit_test(
            old_things_are_pruned_and_their_numbers_never_given_again),
        cmocka_unit_test(filters_choose),
        cmocka_unit_test(history_deliveries_silences_and_counts_are_read),
        cmocka_unit_test(a_reader_blocks_no_writer),
        cmocka_unit_test(of_one_incident_the_newest_are_read),
        cmocka_unit_test(what_has_the_name_is_read),
        cmocka_unit_test(message_is_json_with_all_its_parts),
        cmocka_unit_test(
            what_a_message_only_counts_is_told_where_all_is_needed),
        cmocka_unit_test(what_is_open_is_told_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
