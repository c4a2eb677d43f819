/* Ten thousand alerts in a second: one message per recipient and group_wait,
 * and each alert is listed or in exactly one count, once for each recipient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/desk_fixture.h"

#define SECOND     INT64_C(1000)
#define MINUTE     (60 * SECOND)
#define ALERTS     10000
#define RECIPIENTS 8

#define RECEIVERS                                                              \
    "receivers = ({ name = \"hook\"; channels = (\"hook\"); },"                \
    " { name = \"duty\"; role = \"duty\"; of = \"unit\"; },"                   \
    " { name = \"head\"; role = \"head\"; of = \"unit\"; });\n"

struct tally {
    struct {
        char name[64];
        size_t messages;
        size_t listed;
        size_t omitted_firing;
        size_t omitted_resolved;
        int64_t last_ms;
        int64_t apart_ms; /* the least */
    } of[RECIPIENTS];
    size_t count;
    size_t *listed; /* by incident, of hook */
};

static void
add_message(void *ctx, const struct gong_desk_message *m)
{
    struct tally *tally = ctx;
    char name[64];
    size_t i = 0;

    (void)snprintf(name, sizeof name, "%s@%.*s", m->receiver->name,
                   (int)m->unit.len, m->unit.data);
    while (i < tally->count && strcmp(tally->of[i].name, name) != 0) {
        i++;
    }
    if (i == tally->count) {
        assert_true(tally->count < RECIPIENTS);
        (void)strcpy(tally->of[tally->count++].name, name);
        tally->of[i].apart_ms = INT64_MAX;
    } else if (m->at_ms - tally->of[i].last_ms < tally->of[i].apart_ms) {
        tally->of[i].apart_ms = m->at_ms - tally->of[i].last_ms;
    }
    tally->of[i].messages++;
    tally->of[i].listed += m->item_count;
    tally->of[i].omitted_firing += m->omitted_firing;
    tally->of[i].omitted_resolved += m->omitted_resolved;
    assert_int_equal(m->all_count,
                     m->item_count + m->omitted_firing + m->omitted_resolved);
    tally->of[i].last_ms = m->at_ms;
    assert_true(m->item_count <= GONG_MESSAGE_ITEMS_MAX);
    assert_true(m->item_count == GONG_MESSAGE_ITEMS_MAX ||
                m->omitted_firing + m->omitted_resolved == 0);
    for (size_t k = 0; k < m->item_count; k++) {
        const struct gong_desk_incident *is = m->items[k].incident;

        assert_true(is->number <= ALERTS);
        if (strcmp(name, "hook@") == 0) {
            tally->listed[is->number - 1]++;
        }
        /* Worst first. */
        assert_true(k == 0 ||
                    m->items[k - 1].incident->severity >= is->severity);
    }
}

static void
storm(struct desk_world *w, enum gong_alert_state state)
{
    static const char *const units[] = {"22015", "22018", "22020"};
    static const char *const severities[] = {"info", "warning", "critical"};

    for (int i = 0; i < ALERTS; i++) {
        char labels[128];

        (void)snprintf(labels, sizeof labels,
                       "alertname=A%d,unit=%s,device=d%d,severity=%s", i % 7,
                       units[i % 3], i, severities[i % 3]);
        assert_int_equal(desk_alert(w, labels, state, 0), GONG_OK);
        if (i % 10 == 0) {
            w->now++;
        }
    }
}

static void
run(const char *config, size_t most)
{
    struct desk_world w;
    struct tally tally = {0};
    size_t sum = 0;
    size_t writes = 0;

    tally.listed = calloc(ALERTS, sizeof *tally.listed);
    desk_world_init(&w, config);
    w.on_message = add_message;
    w.ctx = &tally;
    storm(&w, GONG_ALERT_FIRING);
    writes = w.writes;
    desk_run_to(&w, 2 * MINUTE);
    for (size_t i = 0; i < tally.count; i++) {
        size_t told = tally.of[i].listed + tally.of[i].omitted_firing;

        assert_int_equal(tally.of[i].omitted_resolved, 0);
        assert_in_range(tally.of[i].messages, 1, most);
        assert_true(tally.of[i].apart_ms >= 30 * SECOND);
        if (strcmp(tally.of[i].name, "hook@") == 0) {
            assert_int_equal(told, ALERTS);
        } else {
            sum += told;
        }
    }
    assert_int_equal(sum, ALERTS); /* of the units together */
    for (size_t i = 0; i < ALERTS; i++) {
        assert_true(tally.listed[i] <= 1);
    }
    /* A group is written when it is made and when it was told, not with each
     * alert. */
    assert_true(writes <= gong_desk_stats(w.desk).groups);
    /* And all of them end. */
    tally.count = 0;
    memset(tally.of, 0, sizeof tally.of);
    memset(tally.listed, 0, ALERTS * sizeof *tally.listed);
    storm(&w, GONG_ALERT_INACTIVE);
    desk_run_to(&w, 20 * MINUTE);
    sum = 0;
    for (size_t i = 0; i < tally.count; i++) {
        assert_true(tally.of[i].apart_ms >= 30 * SECOND);
        assert_int_equal(tally.of[i].omitted_firing, 0);
        sum += tally.of[i].listed + tally.of[i].omitted_resolved;
    }
    assert_int_equal(sum, 2 * ALERTS);
    assert_int_equal(gong_desk_stats(w.desk).incidents, 0);
    assert_int_equal(gong_desk_stats(w.desk).groups, 0);
    free(tally.listed);
    desk_world_fini(&w);
}

#define ROUTE(group_by)                                                        \
    RECEIVERS "route = { receiver = \"hook\"; group_by = (" group_by ");"      \
              " repeat_interval = \"12h\"; routes = ("                         \
              " { receiver = \"hook\"; continue = true; },"                    \
              " { receiver = \"duty\"; }); };"

static void
in_one_group(void **state)
{
    (void)state;
    run(ROUTE(""), 1);
}

static void
in_seven_groups(void **state)
{
    (void)state;
    run(ROUTE("\"alertname\""), 2);
}

/* Each by itself: groups that come due while a recipient is quiet wait. */
static void
in_ten_thousand_groups(void **state)
{
    (void)state;
    run(ROUTE("\"...\""), 3);
}

static void
escalations_are_one_message_too(void **state)
{
    struct desk_world w;
    struct tally tally = {0};
    size_t writes = 0;

    (void)state;
    tally.listed = calloc(ALERTS, sizeof *tally.listed);
    desk_world_init(
        &w, RECEIVERS
        "escalation = ({ steps = ({ after = \"10m\"; receiver = \"head\"; });"
        "}); route = { receiver = \"hook\"; };");
    storm(&w, GONG_ALERT_FIRING);
    desk_run_to(&w, 5 * MINUTE);
    w.on_message = add_message;
    w.ctx = &tally;
    writes = w.writes;
    desk_run_to(&w, 15 * MINUTE);
    assert_int_equal(tally.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(tally.of[i].messages, 1, 2);
        assert_in_range(tally.of[i].listed + tally.of[i].omitted_firing,
                        ALERTS / 3, ALERTS / 3 + 1);
    }
    assert_in_range(w.writes - writes, 3, 20);
    free(tally.listed);
    desk_world_fini(&w);
}

/* As many incidents as there can be: the next is refused, all else goes on. */
static void
bounds_hold(void **state)
{
    struct desk_world w;
    char labels[64];
    size_t max = GONG_DESK_INCIDENTS_MAX;

    (void)state;
    desk_world_init(&w, RECEIVERS "route = { receiver = \"hook\"; };");
    gong_desk_free(w.desk);
    w.desk = gong_desk_new(w.config, w.model, &(struct gong_desk_sink){0}, 0);
    for (size_t i = 0; i < max; i++) {
        (void)snprintf(labels, sizeof labels, "alertname=A,device=d%zu", i);
        assert_int_equal(desk_fire(&w, labels, 0), GONG_OK);
    }
    assert_int_equal(desk_fire(&w, "alertname=B", 0), GONG_ERR_TOO_LARGE);
    assert_int_equal(gong_desk_stats(w.desk).refused, 1);
    desk_over(&w, "alertname=A,device=d1");
    assert_int_equal(desk_fire(&w, "alertname=B", 0), GONG_OK);
    desk_run_to(&w, 30 * SECOND);
    desk_world_fini(&w);
}

static void
too_many_groups_fold(void **state)
{
    struct desk_world w;
    struct tally tally = {0};
    char labels[64];

    (void)state;
    tally.listed = calloc(ALERTS, sizeof *tally.listed);
    desk_world_init(&w, RECEIVERS
                    "route = { receiver = \"hook\"; group_by = (\"...\");"
                    " routes = ({ continue = true; }, { }); };");
    gong_desk_free(w.desk);
    w.desk = gong_desk_new(w.config, w.model, &(struct gong_desk_sink){0}, 0);
    for (size_t i = 0; i < GONG_DESK_GROUPS_MAX / 2 + 10; i++) {
        (void)snprintf(labels, sizeof labels, "alertname=A,device=d%zu", i);
        assert_int_equal(desk_fire(&w, labels, 0), GONG_OK);
    }
    assert_int_equal(gong_desk_stats(w.desk).folded, 20);
    assert_int_equal(gong_desk_stats(w.desk).groups, GONG_DESK_GROUPS_MAX + 2);
    free(tally.listed);
    desk_world_fini(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_one_group),
        cmocka_unit_test(in_seven_groups),
        cmocka_unit_test(in_ten_thousand_groups),
        cmocka_unit_test(escalations_are_one_message_too),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(too_many_groups_fold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
