/* Unit tests of agent/tell/notify.c: a receiver that answers as told; order,
 * cursor over restarts, and that a dead receiver delays no other. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/tell/notify.h"
#include "sink_fixture.h"

#define TOLD_MAX 64

/* A receiver; its config, too. */
struct receiver {
    pthread_mutex_t mutex;
    const char *plan; /* one letter per attempt: d done, r retry, x refuse;
                         past its end, done */
    bool dead;        /* every attempt: retry */
    size_t attempts;
    size_t told;
    char names[TOLD_MAX][32]; /* "alertname firing" of what was answered */
    int opened;
    int closed;
    int interrupted;
};

static enum gong_err
receiver_open(const void *config, void **state, char *why, size_t why_size)
{
    struct receiver *receiver = (struct receiver *)(uintptr_t)config;

    if (receiver->plan == NULL) {
        (void)snprintf(why, why_size, "no plan");
        return GONG_ERR_INVALID;
    }
    receiver->opened++;
    *state = receiver;
    return GONG_OK;
}

static enum gong_notify_outcome
receiver_deliver(void *state, const json_t *effect, char *why, size_t why_size)
{
    struct receiver *receiver = state;
    enum gong_notify_outcome outcome = GONG_NOTIFY_DONE;
    char step;

    (void)pthread_mutex_lock(&receiver->mutex);
    step = receiver->attempts < strlen(receiver->plan)
               ? receiver->plan[receiver->attempts]
               : 'd';
    receiver->attempts++;
    if (receiver->dead || step == 'r') {
        outcome = GONG_NOTIFY_RETRY;
        (void)snprintf(why, why_size, "away");
    } else {
        outcome = step == 'x' ? GONG_NOTIFY_REFUSE : GONG_NOTIFY_DONE;
        assert_true(receiver->told < TOLD_MAX);
        (void)snprintf(receiver->names[receiver->told++], 32, "%s %s",
                       gong_notify_text(effect, "alertname"),
                       gong_notify_news(effect) == GONG_NOTIFY_FIRING
                           ? "firing"
                           : "resolved");
    }
    (void)pthread_mutex_unlock(&receiver->mutex);
    return outcome;
}

static void
receiver_close(void *state)
{
    ((struct receiver *)state)->closed++;
}

static void
receiver_interrupt(void *state)
{
    ((struct receiver *)state)->interrupted++;
}

static const struct gong_notify_kind kind = {
    .type = "scripted",
    .open = receiver_open,
    .deliver = receiver_deliver,
    .close = receiver_close,
    .interrupt = receiver_interrupt,
    .retry_min_ms = 1,
    .retry_max_ms = 5,
};

static struct receiver
make_receiver(const char *plan)
{
    struct receiver receiver = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                                .plan = plan};

    return receiver;
}

static void
put(struct sinks *sinks, const char *name, int from, int to)
{
    struct sink_alert alert = {.name = name,
                               .device = "lamp-1",
                               .from = from,
                               .to = to,
                               .at_ms = SINK_ARRIVAL_MS};

    sinks_put_alert(sinks, &alert);
}

static void
put_firing(struct sinks *sinks, const char *name)
{
    put(sinks, name, GONG_ALERT_PENDING, GONG_ALERT_FIRING);
}

static size_t
value_of(struct receiver *receiver, const size_t *member)
{
    size_t value;

    (void)pthread_mutex_lock(&receiver->mutex);
    value = *member;
    (void)pthread_mutex_unlock(&receiver->mutex);
    return value;
}

static void
wait_for(struct receiver *receiver, const size_t *member, size_t value)
{
    for (int i = 0; i < 4000; i++) {
        if (value_of(receiver, member) >= value) {
            return;
        }
        gong_clock_sleep(gong_dur_ms(5));
    }
    fail_msg("only %zu of %zu", value_of(receiver, member), value);
}

static struct gong_notifier *
start(struct sinks *sinks, const char *name, struct receiver *receiver)
{
    struct gong_notifier *notifier = NULL;

    assert_int_equal(gong_notifier_start(name, &kind, receiver, sinks->effects,
                                         sinks->counters, &notifier),
                     GONG_OK);
    return notifier;
}

static void
only_news_is_told_in_order(void **state)
{
    struct sinks *sinks = *state;
    struct receiver receiver = make_receiver("");
    struct gong_notifier *notifier = start(sinks, "people", &receiver);

    put_firing(sinks, "Z");
    wait_for(&receiver, &receiver.told, 1);
    put(sinks, "A", GONG_ALERT_INACTIVE, GONG_ALERT_PENDING);
    put(sinks, "A", GONG_ALERT_PENDING, GONG_ALERT_INACTIVE);
    put(sinks, "B", GONG_ALERT_PENDING, GONG_ALERT_FIRING);
    put(sinks, "B", GONG_ALERT_FIRING, GONG_ALERT_KEEPING);
    put(sinks, "B", GONG_ALERT_KEEPING, GONG_ALERT_FIRING);
    put(sinks, "B", GONG_ALERT_FIRING, GONG_ALERT_UNKNOWN);
    put(sinks, "B", GONG_ALERT_UNKNOWN, GONG_ALERT_FIRING);
    put(sinks, "B", GONG_ALERT_KEEPING, GONG_ALERT_UNKNOWN);
    put(sinks, "B", GONG_ALERT_UNKNOWN, GONG_ALERT_KEEPING);
    put(sinks, "C", GONG_ALERT_INACTIVE, GONG_ALERT_FIRING);
    put(sinks, "B", GONG_ALERT_KEEPING, GONG_ALERT_INACTIVE);
    put(sinks, "C", GONG_ALERT_FIRING, GONG_ALERT_INACTIVE);
    wait_for(&receiver, &receiver.told, 5);
    gong_notifier_stop(notifier);
    assert_int_equal(receiver.told, 5);
    assert_string_equal(receiver.names[1], "B firing");
    assert_string_equal(receiver.names[2], "C firing");
    assert_string_equal(receiver.names[3], "B resolved");
    assert_string_equal(receiver.names[4], "C resolved");
    assert_int_equal(receiver.opened, 1);
    assert_int_equal(receiver.closed, 1);
    assert_int_equal(receiver.interrupted, 1);
}

/* What was first may have been told before the agent died. */
static void
what_is_over_after_a_start_is_not_told(void **state)
{
    struct sinks *sinks = *state;
    struct receiver receiver = make_receiver("");
    struct gong_notifier *notifier;

    put(sinks, "A", GONG_ALERT_PENDING, GONG_ALERT_FIRING);
    put(sinks, "B", GONG_ALERT_PENDING, GONG_ALERT_FIRING);
    put(sinks, "A", GONG_ALERT_FIRING, GONG_ALERT_INACTIVE);
    put(sinks, "C", GONG_ALERT_PENDING, GONG_ALERT_FIRING);
    put(sinks, "B", GONG_ALERT_FIRING, GONG_ALERT_UNKNOWN);
    put(sinks, "B", GONG_ALERT_UNKNOWN, GONG_ALERT_INACTIVE);
    put(sinks, "B", GONG_ALERT_INACTIVE, GONG_ALERT_FIRING);
    put(sinks, "D", GONG_ALERT_FIRING, GONG_ALERT_INACTIVE);
    notifier = start(sinks, "people", &receiver);
    wait_for(&receiver, &receiver.told, 5);
    put(sinks, "B", GONG_ALERT_FIRING, GONG_ALERT_INACTIVE);
    put(sinks, "C", GONG_ALERT_FIRING, GONG_ALERT_INACTIVE);
    wait_for(&receiver, &receiver.told, 7);
    gong_notifier_stop(notifier);
    assert_int_equal(receiver.told, 7);
    assert_string_equal(receiver.names[0], "A firing");
    assert_string_equal(receiver.names[1], "A resolved");
    assert_string_equal(receiver.names[2], "C firing");
    assert_string_equal(receiver.names[3], "B firing");
    assert_string_equal(receiver.names[4], "D resolved");
    assert_string_equal(receiver.names[5], "B resolved");
    assert_string_equal(receiver.names[6], "C resolved");
    assert_int_equal(sinks_count(sinks, "gong_agent_notifications_total",
                                 "notifier=\"people\",outcome=\"over\""),
                     2);
}

/* The log lost something: people may wait for an end that is lost too. */
static void
all_is_told_where_the_log_has_gaps(void **state)
{
    struct sinks *sinks = *state;
    struct receiver receiver = make_receiver("");
    struct gong_notifier *notifier;
    struct gong_spool_stats stats;
    char path[128];
    int fd;

    put(sinks, "A", GONG_ALERT_PENDING, GONG_ALERT_FIRING);
    gong_spool_stats(gong_effects_spool(sinks->effects), &stats);
    put(sinks, "A", GONG_ALERT_FIRING, GONG_ALERT_INACTIVE);
    put(sinks, "B", GONG_ALERT_PENDING, GONG_ALERT_FIRING);
    put(sinks, "A", GONG_ALERT_PENDING, GONG_ALERT_FIRING);
    put(sinks, "A", GONG_ALERT_FIRING, GONG_ALERT_INACTIVE);
    (void)snprintf(path, sizeof path, "%s/effects/0000000000000000.segment",
                   sinks->dir);
    fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "x", 1, (off_t)stats.end + 80), 1);
    (void)close(fd);
    sinks_reopen(sinks);
    notifier = start(sinks, "people", &receiver);
    wait_for(&receiver, &receiver.told, 4);
    gong_notifier_stop(notifier);
    assert_string_equal(receiver.names[0], "A firing");
    assert_string_equal(receiver.names[1], "B firing");
    assert_string_equal(receiver.names[2], "A firing");
    assert_string_equal(receiver.names[3], "A resolved");
}

static void
what_is_over_when_the_receiver_is_back_is_not_told(void **state)
{
    struct sinks *sinks = *state;
    struct receiver receiver = make_receiver("");
    struct gong_notifier *notifier;

    receiver.dead = true;
    notifier = start(sinks, "people", &receiver);
    put(sinks, "A", GONG_ALERT_PENDING, GONG_ALERT_FIRING);
    wait_for(&receiver, &receiver.attempts, 2);
    put(sinks, "B", GONG_ALERT_PENDING, GONG_ALERT_FIRING);
    put(sinks, "B", GONG_ALERT_FIRING, GONG_ALERT_INACTIVE);
    put(sinks, "A", GONG_ALERT_FIRING, GONG_ALERT_INACTIVE);
    put(sinks, "C", GONG_ALERT_PENDING, GONG_ALERT_FIRING);
    (void)pthread_mutex_lock(&receiver.mutex);
    receiver.dead = false;
    (void)pthread_mutex_unlock(&receiver.mutex);
    wait_for(&receiver, &receiver.told, 3);
    gong_notifier_stop(notifier);
    assert_int_equal(receiver.told, 3);
    assert_string_equal(receiver.names[0], "A firing");
    assert_string_equal(receiver.names[1], "A resolved");
    assert_string_equal(receiver.names[2], "C firing");
}

static void
retries_until_answered_and_passes_over_refused(void **state)
{
    struct sinks *sinks = *state;
    struct receiver receiver = make_receiver("rrrdxrd");
    struct gong_notifier *notifier = start(sinks, "people", &receiver);

    put_firing(sinks, "A");
    put_firing(sinks, "B");
    put_firing(sinks, "C");
    wait_for(&receiver, &receiver.told, 3);
    gong_notifier_stop(notifier);
    assert_int_equal(receiver.attempts, 7);
    assert_string_equal(receiver.names[0], "A firing");
    assert_string_equal(receiver.names[1], "B firing");
    assert_string_equal(receiver.names[2], "C firing");
    assert_int_equal(sinks_count(sinks, "gong_agent_notifications_total",
                                 "notifier=\"people\",outcome=\"delivered\""),
                     2);
    assert_int_equal(sinks_count(sinks, "gong_agent_notifications_total",
                                 "notifier=\"people\",outcome=\"refused\""),
                     1);
    assert_int_equal(sinks_count(sinks, "gong_agent_notifications_total",
                                 "notifier=\"people\",outcome=\"retried\""),
                     4);
    assert_int_equal(
        sinks_count(sinks, "gong_agent_notifier_up", "notifier=\"people\""), 1);
}

static void
a_dead_receiver_delays_no_other(void **state)
{
    struct sinks *sinks = *state;
    struct receiver dead = make_receiver("");
    struct receiver alive = make_receiver("");
    struct gong_notifier *first;
    struct gong_notifier *second;

    dead.dead = true;
    first = start(sinks, "dead", &dead);
    second = start(sinks, "alive", &alive);
    put_firing(sinks, "A");
    wait_for(&dead, &dead.attempts, 1);
    put_firing(sinks, "B");
    wait_for(&alive, &alive.told, 2);
    assert_int_equal(value_of(&dead, &dead.told), 0);
    assert_int_equal(
        sinks_count(sinks, "gong_agent_notifier_up", "notifier=\"dead\""), 0);
    gong_notifier_stop(first);
    gong_notifier_stop(second);
}

static void
the_cursor_survives_a_restart(void **state)
{
    struct sinks *sinks = *state;
    struct receiver receiver = make_receiver("");
    struct gong_notifier *notifier = start(sinks, "people", &receiver);
    uint64_t end;
    struct gong_spool_stats stats;

    put_firing(sinks, "A");
    wait_for(&receiver, &receiver.told, 1);
    gong_notifier_stop(notifier);
    gong_spool_stats(gong_effects_spool(sinks->effects), &stats);
    end = stats.end;

    /* Not answered: told after the restart. Answered: not told again. */
    receiver.dead = true;
    notifier = start(sinks, "people", &receiver);
    put_firing(sinks, "B");
    wait_for(&receiver, &receiver.attempts, 2);
    gong_notifier_stop(notifier);
    sinks_reopen(sinks);
    assert_int_equal(
        sinks_cursor(gong_effects_spool(sinks->effects), "notify-people"), end);

    receiver.dead = false;
    notifier = start(sinks, "people", &receiver);
    wait_for(&receiver, &receiver.told, 2);
    put_firing(sinks, "C");
    wait_for(&receiver, &receiver.told, 3);
    gong_notifier_stop(notifier);
    assert_int_equal(receiver.told, 3);
    assert_string_equal(receiver.names[1], "B firing");
    assert_string_equal(receiver.names[2], "C firing");
}

static void
damaged_effects_are_passed_over(void **state)
{
    struct sinks *sinks = *state;
    struct receiver receiver = make_receiver("");
    struct gong_notifier *notifier;
    char junk[] = "twelve bytes{\"rule\":";
    char brief[] = "short";
    struct iovec parts[2] = {{junk, sizeof junk - 1}, {brief, 5}};
    struct gong_record_meta meta = {.type = GONG_RECORD_EFFECT};
    struct gong_record_meta mark = {.type = GONG_RECORD_RESUME};

    for (int i = 0; i < 2; i++) {
        assert_int_equal(gong_spool_append(gong_effects_spool(sinks->effects),
                                           &meta, &parts[i], 1, NULL),
                         GONG_OK);
    }
    assert_int_equal(gong_spool_append(gong_effects_spool(sinks->effects),
                                       &mark, parts, 1, NULL),
                     GONG_OK);
    put_firing(sinks, "A");
    notifier = start(sinks, "people", &receiver);
    wait_for(&receiver, &receiver.told, 1);
    gong_notifier_stop(notifier);
    assert_int_equal(sinks_count(sinks, "gong_agent_notifications_total",
                                 "notifier=\"people\",outcome=\"damaged\""),
                     2);
}

/* The byte at offset in the first file of the log of effects. */
static void
damage(const struct sinks *sinks, uint64_t offset)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/effects/%016x.segment", sinks->dir,
                   0);
    file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
    assert_int_equal(fputc('~', file), '~');
    assert_int_equal(fclose(file), 0);
}

/* What cannot be read may be the log's last record: nothing to be told, nor
 * reason to look again before something follows. */
static void
what_cannot_be_read_yet_is_waited_for(void **state)
{
    struct sinks *sinks = *state;
    struct receiver receiver = make_receiver("");
    struct gong_notifier *notifier;
    struct gong_spool_stats stats;
    clock_t used;

    put_firing(sinks, "A");
    sinks_reopen(sinks); /* now the log knows that something is there */
    gong_spool_stats(gong_effects_spool(sinks->effects), &stats);
    damage(sinks, stats.end - 16);
    notifier = start(sinks, "people", &receiver);
    used = clock();
    gong_clock_sleep(gong_dur_ms(400));
    used = clock() - used;
    put_firing(sinks, "B");
    wait_for(&receiver, &receiver.told, 1);
    gong_notifier_stop(notifier);
    assert_string_equal(receiver.names[0], "B firing");
    /* Of the processor, not of the day: a thread that waits uses none. */
    assert_true(used < CLOCKS_PER_SEC / 20);
}

static void
what_cannot_open_does_not_start(void **state)
{
    struct sinks *sinks = *state;
    struct receiver receiver = make_receiver(NULL);
    struct receiver good = make_receiver("");
    struct gong_notifier *notifier = NULL;

    assert_int_equal(gong_notifier_start("people", &kind, &receiver,
                                         sinks->effects, sinks->counters,
                                         &notifier),
                     GONG_ERR_INVALID);
    assert_int_equal(gong_notifier_start("Not A Name", &kind, &good,
                                         sinks->effects, sinks->counters,
                                         &notifier),
                     GONG_ERR_INVALID);
    gong_notifier_stop(NULL);
}

static void
all_kinds_are_listed(void **state)
{
    size_t count = 0;

    (void)state;
    for (; gong_notify_kinds[count] != NULL; count++) {
        assert_non_null(gong_notify_kinds[count]->type);
        assert_non_null(gong_notify_kinds[count]->options);
        assert_true(gong_notify_kinds[count]->config_size > 0);
    }
    assert_int_equal(count, 3);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, sinks_setup, sinks_teardown)

/* Levels are news while it is open; what is on trial never is. */
static void
what_is_news(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        int from_level;
        int level;
        enum gong_notify_news news;
    } rows[] = {
        {"inactive", "pending", 0, 0, GONG_NOTIFY_NOTHING},
        {"pending", "firing", 0, 2, GONG_NOTIFY_FIRING},
        {"firing", "firing", 1, 2, GONG_NOTIFY_CLIMBED},
        {"firing", "firing", 3, 1, GONG_NOTIFY_FELL},
        {"keeping", "firing", 1, 2, GONG_NOTIFY_CLIMBED},
        {"unknown", "firing", 2, 1, GONG_NOTIFY_FELL},
        {"firing", "unknown", 2, 2, GONG_NOTIFY_NOTHING},
        {"firing", "keeping", 0, 0, GONG_NOTIFY_NOTHING},
        {"firing", "inactive", 2, 0, GONG_NOTIFY_RESOLVED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *effect = json_pack("{s:s, s:s, s:i, s:i}", "from", rows[i].from,
                                   "to", rows[i].to, "from_level",
                                   rows[i].from_level, "level", rows[i].level);

        assert_int_equal(gong_notify_news(effect), rows[i].news);
        assert_int_equal(json_object_set_new(effect, "trial", json_true()), 0);
        assert_int_equal(gong_notify_news(effect), GONG_NOTIFY_NOTHING);
        json_decref(effect);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_news),
        TEST(only_news_is_told_in_order),
        TEST(what_is_over_after_a_start_is_not_told),
        TEST(all_is_told_where_the_log_has_gaps),
        TEST(what_is_over_when_the_receiver_is_back_is_not_told),
        TEST(retries_until_answered_and_passes_over_refused),
        TEST(a_dead_receiver_delays_no_other),
        TEST(the_cursor_survives_a_restart),
        TEST(damaged_effects_are_passed_over),
        TEST(what_cannot_be_read_yet_is_waited_for),
        TEST(what_cannot_open_does_not_start),
        cmocka_unit_test(all_kinds_are_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
