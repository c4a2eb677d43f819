/* The desk: who is told what, when; against lists of messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/desk_fixture.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
/* In a table, where gong_str_of is no constant. */
#define LIT(text)                                                              \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

#define RECEIVERS                                                              \
    "receivers = ({ name = \"hook\"; channels = (\"hook\"); },"                \
    " { name = \"other\"; channels = (\"other\"); },"                          \
    " { name = \"quiet\"; channels = (\"q\"); send_resolved = false; },"       \
    " { name = \"duty\"; role = \"duty\"; of = \"unit\"; affects = true; },"   \
    " { name = \"head\"; role = \"head\"; of = \"unit\"; },"                   \
    " { name = \"province\"; role = \"duty\"; of = \"66\"; });\n"

#define ROUTE                                                                  \
    "route = { receiver = \"hook\"; group_by = (\"alertname\");"               \
    " group_wait = \"30s\"; group_interval = \"5m\"; repeat_interval = "       \
    "\"1h\";"

#define ESCALATION                                                             \
    "escalation = ({ matchers = (\"severity=\\\"critical\\\"\");"              \
    " acknowledge = \"10m\"; resolve = \"4h\";"                                \
    " steps = ({ after = \"10m\"; receiver = \"head\"; },"                     \
    "          { after = \"20m\"; receiver = \"province\"; }); });\n"

#define expect(world, text) assert_string_equal(desk_said(world), text)

static void
a_group_waits_then_ticks(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE " };");
    assert_int_equal(desk_fire(&w, "alertname=A,device=1", 0), GONG_OK);
    desk_run_to(&w, 10 * SECOND);
    assert_int_equal(desk_fire(&w, "alertname=A,device=2", 0), GONG_OK);
    desk_run_to(&w, 29999);
    expect(&w, "");
    desk_run_to(&w, 30 * SECOND);
    expect(&w, "30.000 news hook: #1 firing #2 firing\n");
    /* News in a group that is there comes with its next tick. */
    desk_run_to(&w, MINUTE);
    assert_int_equal(desk_fire(&w, "alertname=A,device=3", 0), GONG_OK);
    desk_over(&w, "alertname=A,device=1");
    desk_run_to(&w, 10 * MINUTE);
    expect(&w, "330.000 news hook: #3 firing #2 still #1 resolved\n");
    /* Nothing new: an hour after the last message, at a tick. */
    desk_run_to(&w, 2 * HOUR);
    expect(&w, "4230.000 repeat hook: #2 still #3 still\n");
    desk_over(&w, "alertname=A,device=2");
    desk_over(&w, "alertname=A,device=3");
    desk_run_to(&w, 3 * HOUR);
    expect(&w, "7230.000 news hook: #2 resolved #3 resolved\n");
    assert_true(gong_desk_next(w.desk) == INT64_MAX);
    assert_int_equal(gong_desk_stats(w.desk).groups, 0);
    assert_int_equal(gong_desk_stats(w.desk).incidents, 0);
    desk_world_fini(&w);
}

static void
what_nobody_heard_of_ends_unheard(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE " };");
    assert_int_equal(desk_fire(&w, "alertname=A", 0), GONG_OK);
    desk_run_to(&w, 10 * SECOND);
    desk_over(&w, "alertname=A");
    desk_run_to(&w, HOUR);
    expect(&w, "");
    /* The same alert fires, is told, ends and fires before that is told: the
     * same incident, and no news. */
    assert_int_equal(desk_fire(&w, "alertname=A", 0), GONG_OK);
    desk_run_to(&w, HOUR + 40 * SECOND);
    desk_over(&w, "alertname=A");
    desk_run_to(&w, HOUR + MINUTE);
    assert_int_equal(desk_fire(&w, "alertname=A", 0), GONG_OK);
    desk_run_to(&w, HOUR + 30 * MINUTE);
    expect(&w, "3630.000 news hook: #2 firing\n");
    desk_world_fini(&w);
}

static void
receivers_that_want_no_end(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE
                    " routes = ({ receiver = \"quiet\"; }); };");
    assert_int_equal(desk_fire(&w, "alertname=A,x=1", 0), GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=A,x=2", 0), GONG_OK);
    desk_run_to(&w, MINUTE);
    expect(&w, "30.000 news quiet: #1 firing #2 firing\n");
    desk_over(&w, "alertname=A,x=1");
    desk_run_to(&w, 20 * MINUTE);
    expect(&w, "");
    desk_over(&w, "alertname=A,x=2");
    desk_run_to(&w, 40 * MINUTE);
    expect(&w, "");
    assert_int_equal(gong_desk_stats(w.desk).incidents, 0);
    desk_world_fini(&w);
}

static void
routes_are_walked_as_alertmanager_does(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE
                    " routes = ("
                    "{ matchers = (\"a=\\\"1\\\"\"); receiver = \"other\";"
                    "  continue = true; },"
                    "{ matchers = (\"b=\\\"1\\\"\"); receiver = \"quiet\";"
                    "  routes = ({ matchers = (\"c=\\\"1\\\"\");"
                    "              receiver = \"province\"; }); },"
                    "{ matchers = (\"a=\\\"1\\\"\"); receiver = \"province\"; }"
                    "); };");
    assert_int_equal(desk_fire(&w, "alertname=A,x=0", 0), GONG_OK);
    desk_run_to(&w, MINUTE);
    expect(&w, "30.000 news hook: #1 firing\n");
    assert_int_equal(desk_fire(&w, "alertname=B,a=1", 0), GONG_OK);
    desk_run_to(&w, 2 * MINUTE);
    expect(&w, "90.000 news other: #2 firing\n"
               "90.000 news province@66: #2 firing\n");
    assert_int_equal(desk_fire(&w, "alertname=C,a=1,b=1", 0), GONG_OK);
    desk_run_to(&w, 3 * MINUTE);
    expect(&w, "150.000 news other: #3 firing\n"
               "150.000 news quiet: #3 firing\n");
    assert_int_equal(desk_fire(&w, "alertname=D,b=1,c=1", 0), GONG_OK);
    desk_run_to(&w, 4 * MINUTE);
    expect(&w, "210.000 news province@66: #4 firing\n");
    desk_world_fini(&w);
}

static void
units_hear_of_their_own_and_what_affects_them(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w,
                    RECEIVERS ROUTE " routes = ({ receiver = \"duty\"; }); };");
    assert_int_equal(
        desk_fire(&w, "alertname=A,unit=22015,site=22015,device=gauge", 0),
        GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=A,unit=22016,device=x", 0),
                     GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=A,unit=99,device=x", 0), GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=A,site=22020", 0), GONG_OK);
    desk_run_to(&w, MINUTE);
    expect(&w, "30.000 news duty@22015: #1 firing #2 firing\n"
               "30.000 news duty@22018: #1 firing\n"
               "30.000 news duty@22020: #1 firing #4 firing\n"
               "30.000 news duty@66: #3 firing no-unit\n");
    desk_world_fini(&w);
}

static void
one_message_for_what_is_due_together(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE " };");
    /* Three groups of one recipient, 10 s apart. */
    assert_int_equal(desk_fire(&w, "alertname=A,severity=info", 0), GONG_OK);
    desk_run_to(&w, 10 * SECOND);
    assert_int_equal(desk_fire(&w, "alertname=B,severity=critical", 0),
                     GONG_OK);
    desk_run_to(&w, 20 * SECOND);
    assert_int_equal(desk_fire(&w, "alertname=C,severity=warning", 0), GONG_OK);
    desk_run_to(&w, 2 * MINUTE);
    expect(&w, "30.000 news hook: #1 firing\n"
               "60.000 news hook 2 groups: #2 firing #3 firing\n");
    desk_world_fini(&w);
}

static void
levels_climb_once_each_and_fall_once(void **state)
{
    static const char labels[] =
        "alertname=Flood,unit=22015,site=22015,device=g,severity=warning";
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE " };");
    assert_int_equal(desk_fire(&w, labels, 1), GONG_OK);
    desk_run_to(&w, MINUTE);
    expect(&w, "30.000 news hook: #1 firing 1<0\n");
    /* A climb waits for group_wait, not for the tick; one that is gone again by
     * then is nothing. */
    assert_int_equal(desk_fire(&w, labels, 2), GONG_OK);
    desk_run_to(&w, 70 * SECOND);
    assert_int_equal(desk_fire(&w, labels, 1), GONG_OK);
    desk_run_to(&w, 4 * MINUTE);
    expect(&w, "");
    assert_int_equal(desk_fire(&w, labels, 2), GONG_OK);
    desk_run_to(&w, 10 * MINUTE);
    assert_int_equal(desk_fire(&w, labels, 3), GONG_OK);
    desk_run_to(&w, 20 * MINUTE);
    expect(&w, "270.000 news hook: #1 climbed 2<1\n"
               "630.000 news hook: #1 climbed 3<2\n");
    /* Up and down between levels that were told. */
    assert_int_equal(desk_fire(&w, labels, 2), GONG_OK);
    desk_run_to(&w, 30 * MINUTE);
    expect(&w, "1230.000 news hook: #1 fell 2<3\n");
    assert_int_equal(desk_fire(&w, labels, 1), GONG_OK);
    desk_run_to(&w, 40 * MINUTE);
    assert_int_equal(desk_fire(&w, labels, 2), GONG_OK);
    desk_run_to(&w, 50 * MINUTE);
    expect(&w, "");
    /* Above what they were told last. */
    assert_int_equal(desk_fire(&w, labels, 3), GONG_OK);
    desk_run_to(&w, 60 * MINUTE);
    expect(&w, "3030.000 news hook: #1 climbed 3<2\n");
    desk_over(&w, labels);
    desk_run_to(&w, 70 * MINUTE);
    expect(&w, "3630.000 news hook: #1 resolved 3<3\n");
    desk_world_fini(&w);
}

/* A climb changes severity, and so the route. */
static void
a_climb_that_routes_elsewhere(void **state)
{
    static const char warning[] = "alertname=F,device=g,severity=warning";
    static const char critical[] = "alertname=F,device=g,severity=critical";
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE
                    " routes = ("
                    "{ matchers = (\"severity=\\\"critical\\\"\");"
                    "  receiver = \"other\"; continue = true; },"
                    "{ matchers = (\"severity=\\\"critical\\\"\");"
                    "  receiver = \"hook\"; },"
                    "{ matchers = (\"severity=\\\"warning\\\"\");"
                    "  receiver = \"hook\"; routes = ("
                    "    { receiver = \"hook\"; continue = true; },"
                    "    { receiver = \"quiet\"; }); }"
                    "); };");
    assert_int_equal(desk_fire(&w, warning, 1), GONG_OK);
    desk_run_to(&w, MINUTE);
    expect(&w, "30.000 news hook: #1 firing 1<0\n"
               "30.000 news quiet: #1 firing 1<0\n");
    assert_int_equal(desk_fire(&w, critical, 2), GONG_OK);
    desk_run_to(&w, 10 * MINUTE);
    /* hook heard of it: it climbs; for other it is new; quiet's route no longer
     * takes it. */
    expect(&w, "90.000 news hook: #1 climbed 2<1\n"
               "90.000 news other: #1 firing 2<0\n");
    desk_over(&w, critical);
    desk_run_to(&w, 20 * MINUTE);
    expect(&w, "690.000 news hook: #1 resolved 2<2\n"
               "690.000 news other: #1 resolved 2<2\n");
    assert_int_equal(gong_desk_stats(w.desk).incidents, 0);
    desk_world_fini(&w);
}

static void
intervals_mute_and_make_active(void **state)
{
    struct desk_world w;

    (void)state;
    /* 1970-01-01 is a Thursday. */
    desk_world_init(
        &w, RECEIVERS
        "time_intervals = ({ name = \"night\"; zone = \"+00:00\";"
        " hours = (\"mon-sun 00:00-06:00\"); });" ROUTE " routes = ("
        "{ matchers = (\"m=\\\"1\\\"\"); mute_time_intervals = (\"night\"); },"
        "{ matchers = (\"m=\\\"2\\\"\"); active_time_intervals = (\"night\"); "
        "}); };");
    assert_int_equal(desk_fire(&w, "alertname=A,m=1", 0), GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=B,m=2", 0), GONG_OK);
    desk_run_to(&w, 5 * HOUR);
    expect(&w, "30.000 news hook: #2 firing\n"
               "3930.000 repeat hook: #2 still\n"
               "7830.000 repeat hook: #2 still\n"
               "11730.000 repeat hook: #2 still\n"
               "15630.000 repeat hook: #2 still\n");
    desk_over(&w, "alertname=B,m=2");
    desk_run_to(&w, 6 * HOUR + 10 * MINUTE);
    /* 06:00:30 is the first tick of the muted one. */
    expect(&w, "18030.000 news hook: #2 resolved\n"
               "21630.000 news hook: #1 firing\n");
    desk_world_fini(&w);
}

/* Eight hours of a night: what is critical is told in it, what is not waits,
 * also where both share a group. */
static void
critical_ones_are_never_muted(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS
                    "time_intervals = ({ name = \"night\"; zone = \"+00:00\";"
                    " hours = (\"mon-sun 00:00-08:00\"); });" ROUTE
                    " routes = ("
                    "{ mute_time_intervals = (\"night\"); }); };");
    assert_int_equal(desk_fire(&w, "alertname=A,severity=warning", 0), GONG_OK);
    desk_run_to(&w, HOUR);
    expect(&w, "");
    assert_int_equal(desk_fire(&w, "alertname=A,severity=critical,x=1", 0),
                     GONG_OK);
    desk_run_to(&w, HOUR + 10 * MINUTE);
    expect(&w, "3630.000 news hook: #2 firing\n");
    /* One that climbs to it is told, too. */
    assert_int_equal(desk_fire(&w, "alertname=B,severity=warning", 1), GONG_OK);
    desk_run_to(&w, 2 * HOUR);
    expect(&w, "");
    assert_int_equal(desk_fire(&w, "alertname=B,severity=critical", 2),
                     GONG_OK);
    desk_over(&w, "alertname=A,severity=critical,x=1");
    desk_run_to(&w, 2 * HOUR + 10 * MINUTE);
    expect(&w, "7230.000 news hook 2 groups: #3 firing 2<0 #2 resolved\n");
    desk_over(&w, "alertname=B,severity=critical");
    desk_run_to(&w, 7 * HOUR);
    expect(&w, "7830.000 news hook: #3 resolved 2<2\n");
    /* 08:00:30 is the first tick. */
    desk_run_to(&w, 8 * HOUR + 10 * MINUTE);
    expect(&w, "28830.000 news hook: #1 firing\n");
    desk_world_fini(&w);
}

#define AT_NIGHT                                                               \
    RECEIVERS "time_intervals = ({ name = \"night\"; zone = \"+00:00\";"       \
              " hours = (\"mon-sun 00:00-08:00\"); });" ROUTE " routes = ("

/* Who was woken by it need not stay up for it: its fall and its end are told at
 * night, what becomes of it otherwise waits. */
static void
what_was_told_as_critical_falls_and_ends_at_night(void **state)
{
    static const char *const routes[] = {
        AT_NIGHT "{ mute_time_intervals = (\"night\"); }); };",
        /* Its fall takes it into another route. */
        AT_NIGHT "{ matchers = (\"severity=\\\"critical\\\"\"); },"
                 "{ mute_time_intervals = (\"night\"); }); };",
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct desk_world w;

        desk_world_init(&w, routes[i % 2]);
        assert_int_equal(desk_fire(&w, "alertname=A,severity=critical", 3),
                         GONG_OK);
        desk_run_to(&w, 10 * MINUTE);
        expect(&w, "30.000 news hook: #1 firing 3<0\n");
        assert_int_equal(desk_fire(&w, "alertname=A,severity=info", 1),
                         GONG_OK);
        desk_run_to(&w, 30 * MINUTE);
        expect(&w, "630.000 news hook: #1 fell 1<3\n");
        if (i >= 2) {
            desk_again(&w);
        }
        /* Neither is repeated at night nor told that it climbs a little. */
        assert_int_equal(desk_fire(&w, "alertname=A,severity=warning", 2),
                         GONG_OK);
        desk_run_to(&w, 3 * HOUR);
        expect(&w, "");
        desk_over(&w, "alertname=A,severity=warning");
        desk_run_to(&w, 4 * HOUR);
        expect(&w, "10830.000 news hook: #1 resolved 2<1\n");
        desk_world_fini(&w);
    }
}

/* Of two incidents that a group holds one is escalated before the group told
 * it: the other is repeated when it would have been. */
static void
an_escalation_is_no_repetition(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ESCALATION
                    "route = { receiver = \"head\"; group_by = ();"
                    " group_wait = \"30s\"; group_interval = \"30m\";"
                    " repeat_interval = \"1h\"; };");
    assert_int_equal(
        desk_fire(&w, "alertname=A,unit=22018,severity=warning", 0), GONG_OK);
    desk_run_to(&w, 31 * MINUTE);
    expect(&w, "30.000 news head@22018: #1 firing\n");
    assert_int_equal(
        desk_fire(&w, "alertname=B,unit=22018,severity=critical", 0), GONG_OK);
    desk_run_to(&w, 45 * MINUTE);
    expect(&w, "2460.000 escalate head@22018 step 1: #2 firing\n");
    (void)desk_do(&w, (struct gong_desk_act){.kind = GONG_ACT_ACKNOWLEDGE,
                                             .incident = 2});
    desk_run_to(&w, 95 * MINUTE);
    expect(&w, "5430.000 repeat head@22018: #1 still\n");
    desk_world_fini(&w);
}

static void
add_waited(void *ctx, const struct gong_desk_message *message)
{
    char *text = ctx;

    if (message->kind == GONG_MESSAGE_ESCALATE) {
        (void)snprintf(text + strlen(text), 200 - strlen(text), "%lld.%03lld ",
                       (long long)message->waited_ms / 1000,
                       (long long)message->waited_ms % 1000);
    }
}

/* Not by the step's time, nor since it was opened where somebody had it. */
static void
an_escalation_says_how_long_nobody_had_it(void **state)
{
    char waited[200] = "";
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ESCALATION ROUTE " };");
    w.on_message = add_waited;
    w.ctx = waited;
    desk_run_to(&w, 1500);
    assert_int_equal(desk_fire(&w, "alertname=A,severity=critical", 1),
                     GONG_OK);
    desk_run_to(&w, 5 * MINUTE);
    /* Held back for 20 minutes: the step comes later, and says so. */
    (void)desk_do(
        &w, (struct gong_desk_act){.kind = GONG_ACT_SILENCE,
                                   .matchers = gong_str_of("alertname=\"A\""),
                                   .until_ms = 25 * MINUTE});
    desk_run_to(&w, 36 * MINUTE);
    assert_string_equal(waited, "2098.500 ");
    (void)desk_do(&w, (struct gong_desk_act){.kind = GONG_ACT_ACKNOWLEDGE,
                                             .incident = 1,
                                             .until_ms = 60 * MINUTE});
    desk_run_to(&w, 65 * MINUTE);
    waited[0] = '\0';
    desk_again(&w);
    desk_run_to(&w, 71 * MINUTE);
    assert_string_equal(waited, "600.000 ");
    assert_int_equal(desk_fire(&w, "alertname=A,severity=critical", 2),
                     GONG_OK);
    waited[0] = '\0';
    desk_run_to(&w, 82 * MINUTE);
    assert_string_equal(waited, "600.000 ");
    desk_world_fini(&w);
}

static void
routes_that_hold_critical_ones_are_named(void **state)
{
    struct desk_world w;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    desk_world_init(
        &w, RECEIVERS
        "time_intervals = ({ name = \"night\"; hours = (\"mon-sun "
        "22:00-06:00\"); });" ROUTE " routes = ("
        "{ matchers = (\"severity=\\\"info\\\"\");"
        "  mute_time_intervals = (\"night\");"
        "  routes = ({ matchers = (\"m=\\\"0\\\"\");"
        "    mute_time_intervals = (\"night\"); }); },"
        "{ matchers = (\"m=\\\"1\\\"\"); mute_time_intervals = (\"night\"); },"
        "{ matchers = (\"severity=~\\\"critical|info\\\"\", \"m=\\\"2\\\"\");"
        "  active_time_intervals = (\"night\"); },"
        "{ matchers = (\"severity!=\\\"critical\\\"\");"
        "  mute_time_intervals = (\"night\"); },"
        "{ matchers = (\"m=\\\"3\\\"\"); }); };");
    assert_non_null(out);
    assert_int_equal(gong_desk_config_warn(w.config, "r.cfg", out), 2);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "m=\\\"1\\\""));
    assert_non_null(strstr(text, "m=\\\"2\\\""));
    free(text);
    desk_world_fini(&w);
}

#define INHIBIT                                                                \
    "inhibit_rules = ({ source_matchers = (\"alertname=\\\"Dark\\\"\");"       \
    " target_matchers = (\"severity=~\\\"warning|info\\\"\");"                 \
    " equal = (\"unit\"); });\n"

static void
sources_inhibit_targets(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS INHIBIT ROUTE " };");
    assert_int_equal(desk_fire(&w, "alertname=A,unit=1,severity=warning", 0),
                     GONG_OK);
    desk_run_to(&w, 20 * SECOND);
    /* The source comes after its target, within group_wait. */
    assert_int_equal(desk_fire(&w, "alertname=Dark,unit=1,severity=warning", 0),
                     GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=A,unit=2,severity=warning", 0),
                     GONG_OK);
    assert_int_equal(
        desk_fire(&w, "alertname=A,unit=1,severity=critical,x=1", 0), GONG_OK);
    desk_run_to(&w, 10 * MINUTE);
    expect(&w, "30.000 news hook: #4 firing #3 firing\n"
               "60.000 news hook: #2 firing\n");
    /* The source is over: what is left is told, later. */
    desk_over(&w, "alertname=Dark,unit=1,severity=warning");
    desk_run_to(&w, 20 * MINUTE);
    expect(&w, "630.000 news hook: #4 still #1 firing #3 still\n"
               "660.000 news hook: #2 resolved\n");
    /* Labels that both lack are equal. */
    assert_int_equal(desk_fire(&w, "alertname=Dark,severity=critical", 0),
                     GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=Z,severity=info", 0), GONG_OK);
    desk_run_to(&w, 30 * MINUTE);
    expect(&w, "1230.000 news hook: #5 firing\n");
    desk_world_fini(&w);
}

static void
silences_hold_back(void **state)
{
    struct desk_world w;
    uint64_t number = 0;

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE " };");
    (void)desk_do(&w, (struct gong_desk_act){.kind = GONG_ACT_MAINTENANCE,
                                             .matchers = gong_str_of("x=\"1\""),
                                             .from_ms = 10 * SECOND,
                                             .until_ms = 20 * MINUTE});
    assert_int_equal(desk_fire(&w, "alertname=A,x=1", 0), GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=A,x=2", 0), GONG_OK);
    desk_run_to(&w, 10 * MINUTE);
    expect(&w, "30.000 news hook: #2 firing\n");
    assert_true(gong_desk_find(w.desk, 1)->in_maintenance);
    desk_run_to(&w, 30 * MINUTE);
    expect(&w, "1230.000 news hook: #1 firing #2 still\n");
    /* One incident until it is over, which is told again. */
    number = desk_do(
        &w, (struct gong_desk_act){.kind = GONG_ACT_SILENCE, .incident = 2});
    assert_int_equal(number, 2);
    assert_true(gong_desk_find(w.desk, 2)->silenced);
    desk_over(&w, "alertname=A,x=2");
    desk_run_to(&w, 40 * MINUTE);
    expect(&w, "1830.000 news hook: #1 still #2 resolved\n");
    /* A person ends a silence early. */
    number = desk_do(
        &w, (struct gong_desk_act){.kind = GONG_ACT_SILENCE,
                                   .matchers = gong_str_of("{x=~\"1|3\"}"),
                                   .until_ms = 10 * HOUR});
    desk_run_to(&w, 5 * HOUR);
    expect(&w, "");
    (void)desk_do(&w, (struct gong_desk_act){.kind = GONG_ACT_UNSILENCE,
                                             .silence = number});
    desk_run_to(&w, 5 * HOUR + 20 * MINUTE);
    expect(&w, "18030.000 repeat hook: #1 still\n");
    assert_int_equal(gong_desk_stats(w.desk).silences, 0);
    /* What is over says since when. */
    for (const struct desk_kept_silence *s = w.silences; s != NULL;
         s = s->next) {
        assert_true(s->is.until_ms <= w.now);
    }
    desk_world_fini(&w);
}

static void
nobody_acknowledges(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ESCALATION ROUTE
                    " routes = ({ receiver = \"duty\"; }); };");
    assert_int_equal(
        desk_fire(&w, "alertname=A,unit=22018,severity=critical", 0), GONG_OK);
    assert_int_equal(
        desk_fire(&w, "alertname=A,unit=22018,severity=info,x=1", 0), GONG_OK);
    desk_run_to(&w, 30 * MINUTE);
    expect(&w, "30.000 news duty@22018: #1 firing #2 firing\n"
               "600.000 escalate head@22018 step 1: #1 firing\n"
               "1200.000 escalate province@66 step 2: #1 firing\n");
    assert_true(gong_desk_find(w.desk, 1)->ack_overdue);
    assert_false(gong_desk_find(w.desk, 2)->ack_overdue);
    desk_run_to(&w, 5 * HOUR);
    expect(&w, "3930.000 repeat duty@22018: #1 still #2 still\n"
               "7830.000 repeat duty@22018: #1 still #2 still\n"
               "11730.000 repeat duty@22018: #1 still #2 still\n"
               "14430.000 news duty@22018: #1 overdue #2 still\n");
    assert_true(gong_desk_find(w.desk, 1)->resolve_overdue);
    assert_string_equal(desk_events(&w), "0 #1 fire  critical\n"
                                         "0 #2 fire  info\n"
                                         "600 #1 ack-overdue  \n"
                                         "600 #1 escalate  head\n"
                                         "1200 #1 escalate  province\n"
                                         "14400 #1 resolve-overdue  \n");
    desk_world_fini(&w);
}

/* An owner who lets the deadline pass keeps nobody quiet any more. */
static void
past_the_deadline_an_owner_is_told(void **state)
{
    static const char one[] = "alertname=A,unit=22018,severity=critical";
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ESCALATION ROUTE " };");
    assert_int_equal(desk_fire(&w, one, 0), GONG_OK);
    desk_run_to(&w, MINUTE);
    (void)desk_do(&w, (struct gong_desk_act){.kind = GONG_ACT_ACKNOWLEDGE,
                                             .incident = 1});
    desk_run_to(&w, 4 * HOUR - 1000);
    expect(&w, "30.000 news hook: #1 firing\n");
    desk_again(&w);
    desk_run_to(&w, 5 * HOUR);
    expect(&w, "14430.000 news hook: #1 overdue acked\n");
    desk_again(&w);
    desk_run_to(&w, 7 * HOUR);
    expect(&w, "18330.000 repeat hook: #1 overdue acked\n"
               "22230.000 repeat hook: #1 overdue acked\n");
    desk_over(&w, one);
    desk_run_to(&w, 10 * HOUR);
    expect(&w, "25230.000 news hook: #1 resolved\n");
    desk_world_fini(&w);
}

static void
an_acknowledgement_stops_and_ends(void **state)
{
    static const char one[] = "alertname=A,unit=22018,severity=critical";
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ESCALATION ROUTE " };");
    assert_int_equal(desk_fire(&w, one, 1), GONG_OK);
    desk_run_to(&w, 5 * MINUTE);
    (void)desk_do(&w, (struct gong_desk_act){.kind = GONG_ACT_ACKNOWLEDGE,
                                             .incident = 1,
                                             .until_ms = 3 * HOUR});
    desk_run_to(&w, 170 * MINUTE);
    expect(&w, "30.000 news hook: #1 firing 1<0\n");
    assert_true(gong_str_is(gong_desk_find(w.desk, 1)->owner, "lan"));
    assert_false(gong_desk_find(w.desk, 1)->ack_overdue);
    /* It expires: repeats and escalation go on, from the start. */
    desk_run_to(&w, 200 * MINUTE);
    expect(&w, "10830.000 repeat hook: #1 still 1<1\n"
               "11400.000 escalate head@22018 step 1: #1 firing 1<0\n"
               "12000.000 escalate province@66 step 2: #1 firing 1<0\n");
    /* A climb ends it unless it is sticky. */
    (void)desk_do(&w, (struct gong_desk_act){.kind = GONG_ACT_ACKNOWLEDGE,
                                             .incident = 1});
    assert_int_equal(desk_fire(&w, one, 2), GONG_OK);
    assert_int_equal(gong_desk_find(w.desk, 1)->state, GONG_INCIDENT_OPEN);
    desk_run_to(&w, 205 * MINUTE);
    (void)desk_do(&w, (struct gong_desk_act){.kind = GONG_ACT_ACKNOWLEDGE,
                                             .incident = 1,
                                             .sticky = true});
    assert_int_equal(desk_fire(&w, one, 3), GONG_OK);
    desk_run_to(&w, 250 * MINUTE);
    expect(&w, "12030.000 news hook: #1 climbed 2<1\n"
               "12330.000 news hook: #1 climbed 3<2 acked\n"
               "14430.000 news hook: #1 overdue 3<3 acked\n");
    (void)desk_do(
        &w, (struct gong_desk_act){.kind = GONG_ACT_RESOLVE, .incident = 1});
    desk_run_to(&w, 260 * MINUTE);
    expect(&w, "15030.000 news head@22018: #1 resolved 3<1\n"
               "15030.000 news hook: #1 resolved 3<3\n"
               "15030.000 news province@66: #1 resolved 3<1\n");
    /* The alert goes on: told no more, unless it climbs. */
    assert_int_equal(desk_fire(&w, one, 2), GONG_OK);
    assert_int_equal(desk_fire(&w, one, 3), GONG_OK);
    assert_int_equal(gong_desk_stats(w.desk).incidents, 1);
    assert_int_equal(desk_fire(&w, one, 4), GONG_OK);
    desk_run_to(&w, 261 * MINUTE);
    expect(&w, "15630.000 news hook: #2 firing 4<0\n");
    desk_world_fini(&w);
}

/* Once each, and nothing else: not who was not told, not of the fall. */
static void
whoever_was_escalated_to_hears_the_end(void **state)
{
    static const char one[] = "alertname=A,unit=22018,severity=critical";
    static const char two[] = "alertname=B,unit=22018,severity=critical";
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ESCALATION ROUTE " };");
    assert_int_equal(desk_fire(&w, one, 3), GONG_OK);
    assert_int_equal(desk_fire(&w, two, 3), GONG_OK);
    desk_run_to(&w, 15 * MINUTE);
    (void)desk_do(&w, (struct gong_desk_act){.kind = GONG_ACT_ACKNOWLEDGE,
                                             .incident = 1});
    assert_int_equal(desk_fire(&w, one, 2), GONG_OK);
    desk_run_to(&w, 30 * MINUTE);
    expect(&w, "30.000 news hook 2 groups: #1 firing 3<0 #2 firing 3<0\n"
               "600.000 escalate head@22018 step 1: #1 firing 3<0 #2 firing "
               "3<0\n"
               "930.000 news hook: #1 fell 2<3 acked\n"
               "1200.000 escalate province@66 step 2: #2 firing 3<0\n");
    desk_over(&w, one);
    desk_over(&w, two);
    desk_run_to(&w, 5 * HOUR);
    expect(&w, "1830.000 news head@22018: #2 resolved 3<3 #1 resolved 2<3\n"
               "1830.000 news hook 2 groups: #2 resolved 3<3 #1 resolved 2<2\n"
               "1830.000 news province@66: #2 resolved 3<3\n");
    assert_int_equal(gong_desk_stats(w.desk).groups, 0);
    assert_int_equal(gong_desk_stats(w.desk).incidents, 0);
    desk_world_fini(&w);
}

/* A route that tells the same recipient does so as ever; what only its
 * escalation told is told by the route no more. */
static void
nobody_hears_the_end_twice(void **state)
{
    static const char one[] = "alertname=A,unit=22018,severity=critical";
    struct desk_world w;

    (void)state;
    desk_world_init(
        &w, RECEIVERS ESCALATION
        "route = { receiver = \"head\"; group_by = (\"alertname\");"
        " group_wait = \"30s\"; group_interval = \"5m\"; repeat_interval = "
        "\"10h\"; routes = ({ receiver = \"head\"; continue = true; },"
        " { receiver = \"province\"; group_wait = \"25m\"; }); };");
    assert_int_equal(desk_fire(&w, one, 1), GONG_OK);
    desk_run_to(&w, 50 * MINUTE);
    desk_over(&w, one);
    desk_run_to(&w, 5 * HOUR);
    expect(&w, "30.000 news head@22018: #1 firing 1<0\n"
               "600.000 escalate head@22018 step 1: #1 still 1<1\n"
               "1200.000 escalate province@66 step 2: #1 firing 1<0\n"
               "3030.000 news head@22018: #1 resolved 1<1\n"
               "4500.000 news province@66: #1 resolved 1<1\n");
    desk_world_fini(&w);
}

static void
what_holds_back_holds_escalation(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ESCALATION ROUTE " };");
    assert_int_equal(desk_fire(&w, "alertname=A,severity=critical", 0),
                     GONG_OK);
    desk_run_to(&w, 5 * MINUTE);
    (void)desk_do(
        &w, (struct gong_desk_act){.kind = GONG_ACT_SILENCE,
                                   .matchers = gong_str_of("alertname=\"A\""),
                                   .until_ms = 30 * MINUTE});
    desk_run_to(&w, 50 * MINUTE);
    /* The wait for a step begins anew after it; the deadline did not wait. */
    expect(&w, "30.000 news hook: #1 firing\n"
               "2400.000 escalate head@66 step 1: #1 firing no-unit\n"
               "3000.000 escalate province@66 step 2: #1 firing\n");
    assert_non_null(strstr(desk_events(&w), "600 #1 ack-overdue"));
    desk_world_fini(&w);
}

static void
trials_are_recorded_only(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ESCALATION INHIBIT ROUTE " };");
    assert_int_equal(
        desk_fire(&w, "alertname=Dark,unit=1,severity=critical,trial=yes", 0),
        GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=A,unit=1,severity=info", 0),
                     GONG_OK);
    desk_run_to(&w, HOUR);
    expect(&w, "30.000 news hook: #2 firing\n");
    assert_int_equal(gong_desk_find(w.desk, 1)->state, GONG_INCIDENT_OPEN);
    desk_over(&w, "alertname=Dark,unit=1,severity=critical,trial=yes");
    assert_null(gong_desk_find(w.desk, 1));
    desk_world_fini(&w);
}

static void
the_dark_stay_open(void **state)
{
    static const char one[] = "alertname=A,severity=critical";
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ESCALATION ROUTE " };");
    assert_int_equal(desk_fire(&w, one, 0), GONG_OK);
    desk_run_to(&w, MINUTE);
    assert_int_equal(desk_alert(&w, one, GONG_ALERT_UNKNOWN, 0), GONG_OK);
    desk_run_to(&w, 15 * MINUTE);
    expect(&w, "30.000 news hook: #1 firing\n"
               "600.000 escalate head@66 step 1: #1 firing no-unit\n");
    assert_string_equal(desk_events(&w), "0 #1 fire  critical\n"
                                         "60 #1 keep  unknown\n"
                                         "600 #1 ack-overdue  \n"
                                         "600 #1 escalate  head\n");
    desk_world_fini(&w);
}

/* When it was ended, however late that was heard, but after the beginning. */
static void
an_end_has_its_own_time(void **state)
{
    static const char one[] = "alertname=A,severity=critical";
    static const struct {
        int64_t age_ms;
        int64_t ended_ms;
    } cases[] = {{0, 50000},     {1, 49999},     {40000, 10000},
                 {41000, 10000}, {50000, 50000}, /* without a time */
                 {-1, 50000}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct desk_world w;

        desk_world_init(&w, RECEIVERS ROUTE " };");
        desk_run_to(&w, 10000);
        assert_int_equal(desk_fire(&w, one, 0), GONG_OK);
        desk_run_to(&w, 50000);
        w.age_ms = cases[i].age_ms;
        desk_over(&w, one);
        assert_int_equal(w.incidents->is.ended_ms, cases[i].ended_ms);
        desk_world_fini(&w);
    }
}

/* What people took is measured by the agent's clock, what the alert took by the
 * device's: neither is ever negative, and nothing is said of the future. */
static void
a_device_whose_clock_is_off(void **state)
{
    static const char one[] = "alertname=A,severity=critical";
    static const struct {
        int64_t off_ms;
        int64_t since_ms;
        int64_t over_ms;
    } cases[] = {
        {0, 20 * HOUR, 21 * HOUR},           {-5 * HOUR, 15 * HOUR, 16 * HOUR},
        {5 * HOUR, 20 * HOUR, 21 * HOUR},    {MINUTE, 20 * HOUR, 21 * HOUR},
        {-30 * HOUR, -10 * HOUR, 21 * HOUR}, /* an end before 1970 is none */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gong_desk_incident *is = NULL;
        struct desk_world w;

        desk_world_init(&w, RECEIVERS ROUTE " };");
        desk_run_to(&w, 20 * HOUR);
        w.off_ms = cases[i].off_ms;
        assert_int_equal(desk_fire(&w, one, 1), GONG_OK);
        desk_run_to(&w, 20 * HOUR + 30 * MINUTE);
        /* The condition is no younger because the level is. */
        assert_int_equal(desk_fire(&w, one, 2), GONG_OK);
        desk_run_to(&w, 21 * HOUR);
        desk_over(&w, one);
        is = &w.incidents->is;
        assert_int_equal(is->since_ms, cases[i].since_ms);
        assert_int_equal(is->over_ms, cases[i].over_ms);
        assert_int_equal(is->opened_ms, 20 * HOUR);
        assert_int_equal(is->ended_ms, 21 * HOUR);
        desk_world_fini(&w);
    }
}

static void
add_words(void *ctx, const struct gong_desk_message *message)
{
    const struct gong_desk_incident *is = message->items[0].incident;
    char *text = ctx;

    (void)snprintf(text + strlen(text), 200 - strlen(text), "%.*s in %.*s; ",
                   (int)is->annotations[0].value.len,
                   is->annotations[0].value.data, (int)is->labels[1].value.len,
                   is->labels[1].value.data);
}

/* With the value that was seen last, as of the alert that it was. */
static void
an_end_has_its_own_words(void **state)
{
    char words[200] = "";
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE " };");
    w.on_message = add_words;
    w.ctx = words;
    w.summary = "5,61 m";
    assert_int_equal(desk_fire(&w, "alertname=A,severity=critical", 3),
                     GONG_OK);
    desk_run_to(&w, 10 * MINUTE);
    w.summary = "2,93 m";
    desk_over(&w, "alertname=A,severity=info");
    desk_run_to(&w, HOUR);
    assert_string_equal(words, "5,61 m in critical; 2,93 m in critical; ");
    desk_world_fini(&w);
}

/* A person's end is on the agent's clock alone. */
static void
a_person_ends_what_a_device_began_later(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE " };");
    desk_run_to(&w, HOUR);
    w.off_ms = 5 * HOUR;
    assert_int_equal(desk_fire(&w, "alertname=A", 0), GONG_OK);
    desk_run_to(&w, 2 * HOUR);
    (void)desk_do(
        &w, (struct gong_desk_act){.kind = GONG_ACT_RESOLVE, .incident = 1});
    assert_int_equal(w.incidents->is.since_ms, HOUR);
    assert_int_equal(w.incidents->is.over_ms, 0);
    assert_int_equal(w.incidents->is.ended_ms, 2 * HOUR);
    desk_world_fini(&w);
}

static void
acts_that_mean_nothing(void **state)
{
    static const struct {
        struct gong_desk_act act;
        const char *why;
    } rows[] = {
        {{.kind = GONG_ACT_ACKNOWLEDGE, .incident = 9}, "no incident 9"},
        {{.kind = GONG_ACT_UNACKNOWLEDGE, .incident = 1}, "means nothing"},
        {{.kind = GONG_ACT_ACKNOWLEDGE, .incident = 1, .until_ms = 1},
         "over already"},
        {{.kind = GONG_ACT_COMMENT, .incident = 1}, "empty"},
        {{.kind = GONG_ACT_SILENCE, .incident = 1, .until_ms = INT64_MAX},
         "last longer than 366 days"},
        {{.kind = GONG_ACT_SILENCE,
          .matchers = LIT("a=\"b\""),
          .until_ms = INT64_MAX},
         "last longer than 366 days"},
        {{.kind = GONG_ACT_MAINTENANCE,
          .matchers = LIT("a=\"b\""),
          .from_ms = INT64_MAX - 1,
          .until_ms = INT64_MAX},
         "begin in more than 366 days"},
        {{.kind = GONG_ACT_SILENCE,
          .matchers = LIT("a=\"b\""),
          .until_ms = 1122}, /* a date without its year */
         "end before it begins"},
        {{.kind = GONG_ACT_SILENCE,
          .matchers = LIT("a=\"b\""),
          .from_ms = INT64_MIN,
          .until_ms = INT64_MIN},
         "end before it begins"},
        {{.kind = GONG_ACT_SILENCE,
          .matchers = LIT("unit==~\"2201.\""),
          .until_ms = 10 * HOUR},
         "found"},
        {{.kind = GONG_ACT_SILENCE,
          .matchers = LIT("unit=\"=~2201.\""),
          .until_ms = 10 * HOUR},
         "value of unit begins with an operator"},
        {{.kind = GONG_ACT_SILENCE}, "either an incident or matchers"},
        {{.kind = GONG_ACT_SILENCE, .incident = 1, .matchers = {"a=\"b\"", 5}},
         "either"},
        {{.kind = GONG_ACT_SILENCE, .matchers = {"a=\"b\"", 5}}, "until when"},
        {{.kind = GONG_ACT_SILENCE, .matchers = {"a=\"b\"", 5}, .until_ms = 1},
         "before it begins"},
        {{.kind = GONG_ACT_SILENCE,
          .matchers = {"a=b", 3},
          .until_ms = 10 * HOUR},
         "found"},
        {{.kind = GONG_ACT_SILENCE,
          .matchers = {"{}", 2},
          .until_ms = 10 * HOUR},
         "no matcher"},
        {{.kind = GONG_ACT_UNSILENCE, .silence = 3}, "no silence 3"},
    };
    struct desk_world w;
    char why[200];

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE " };");
    assert_int_equal(desk_fire(&w, "alertname=A", 0), GONG_OK);
    desk_run_to(&w, MINUTE);
    (void)desk_events(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_desk_act act = rows[i].act;
        size_t writes = w.writes;

        why[0] = '\0';
        assert_int_equal(
            gong_desk_act(w.desk, &act, w.now, NULL, why, sizeof why),
            GONG_ERR_INVALID);
        assert_string_equal(
            why, "không nêu ai thực hiện | it does not say who does it");
        act.by = gong_str_of("lan");
        assert_int_equal(
            gong_desk_act(w.desk, &act, w.now, NULL, why, sizeof why),
            GONG_ERR_INVALID);
        if (strstr(why, rows[i].why) == NULL) {
            fail_msg("%s, not %s", why, rows[i].why);
        }
        assert_int_equal(w.writes, writes);
    }
    assert_string_equal(desk_events(&w), "");
    desk_world_fini(&w);
}

/* An outcome is often said when all is over and told. */
static void
acts_on_what_is_over(void **state)
{
    struct desk_world w;
    struct desk_kept_incident *kept = NULL;

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE " };");
    assert_int_equal(desk_fire(&w, "alertname=A", 0), GONG_OK);
    desk_run_to(&w, MINUTE);
    desk_over(&w, "alertname=A");
    desk_run_to(&w, HOUR);
    assert_null(gong_desk_find(w.desk, 1));
    kept = w.incidents;
    assert_int_equal(kept->is.state, GONG_INCIDENT_ENDED);
    assert_false(kept->is.waits);
    assert_int_equal(gong_desk_restore_incident(w.desk, &kept->is), GONG_OK);
    (void)desk_do(&w, (struct gong_desk_act){.kind = GONG_ACT_OUTCOME,
                                             .incident = 1,
                                             .verdict = GONG_VERDICT_REAL,
                                             .cost = 500,
                                             .cause = gong_str_of("cable")});
    assert_int_equal(kept->is.state, GONG_INCIDENT_CLOSED);
    assert_int_equal(kept->is.verdict, GONG_VERDICT_REAL);
    assert_true(gong_str_is(kept->is.cause, "cable"));
    assert_null(gong_desk_find(w.desk, 1));
    /* Handed back twice, and for an act that means nothing. */
    assert_int_equal(gong_desk_restore_incident(w.desk, &kept->is), GONG_OK);
    assert_int_equal(gong_desk_restore_incident(w.desk, &kept->is), GONG_OK);
    assert_int_equal(
        gong_desk_act(w.desk,
                      &(struct gong_desk_act){.kind = GONG_ACT_RESOLVE,
                                              .incident = 1,
                                              .by = gong_str_of("lan")},
                      w.now, NULL, NULL, 0),
        GONG_ERR_INVALID);
    assert_null(gong_desk_find(w.desk, 1));
    /* It does not stand in the way of the next one. */
    assert_int_equal(gong_desk_restore_incident(w.desk, &kept->is), GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=A", 0), GONG_OK);
    desk_run_to(&w, 2 * HOUR);
    expect(&w, "30.000 news hook: #1 firing\n330.000 news hook: #1 resolved\n"
               "3630.000 news hook: #2 firing\n");
    desk_world_fini(&w);
}

/* Every alert by itself, at once. */
static void
without_a_routing_file(void **state)
{
    static const char *const channels[] = {"hook"};
    struct desk_world w;
    struct gong_desk_config *config = gong_desk_config_plain(channels, 1);

    (void)state;
    desk_world_init(&w, RECEIVERS ROUTE " };");
    gong_desk_config_free(w.config);
    w.config = config;
    assert_non_null(config);
    desk_again(&w);
    w.now = 5;
    assert_int_equal(desk_fire(&w, "alertname=A,x=1", 0), GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=A,x=2", 0), GONG_OK);
    w.now = 9;
    desk_over(&w, "alertname=A,x=1");
    expect(&w, "0.005 news all: #1 firing\n0.005 news all: #2 firing\n"
               "0.009 news all: #1 resolved\n");
    desk_world_fini(&w);
}

static void
a_reload_tells_nothing_again(void **state)
{
    struct desk_world w;

    (void)state;
    desk_world_init(&w, RECEIVERS INHIBIT ROUTE " };");
    assert_int_equal(desk_fire(&w, "alertname=A,unit=1,severity=warning", 0),
                     GONG_OK);
    assert_int_equal(
        desk_fire(&w, "alertname=Dark,unit=1,severity=critical", 0), GONG_OK);
    assert_int_equal(desk_fire(&w, "alertname=B,unit=2,severity=warning", 0),
                     GONG_OK);
    desk_run_to(&w, MINUTE);
    expect(&w, "30.000 news hook 2 groups: #2 firing #3 firing\n");
    /* The same; then other groups of the same receiver; the inhibited one is
     * silent all the while. */
    desk_reload(&w, NULL);
    desk_run_to(&w, 10 * MINUTE);
    desk_reload(&w, RECEIVERS INHIBIT
                "route = { receiver = \"hook\"; group_by = (\"unit\");"
                " group_wait = \"10s\"; };");
    desk_run_to(&w, 20 * MINUTE);
    expect(&w, "");
    /* A receiver that is new hears of what is open. */
    desk_reload(&w, RECEIVERS INHIBIT
                "route = { receiver = \"hook\"; group_by = (\"unit\");"
                " group_wait = \"10s\"; routes = ({ receiver = \"other\"; "
                "continue = true; }, { receiver = \"hook\"; }); };");
    desk_run_to(&w, 30 * MINUTE);
    expect(&w, "1210.000 news other 2 groups: #2 firing #3 firing\n");
    /* Those who were told and are no longer meant hear of the end. */
    desk_reload(&w, RECEIVERS INHIBIT
                "route = { receiver = \"hook\"; group_by = (\"unit\");"
                " group_wait = \"10s\"; };");
    desk_over(&w, "alertname=B,unit=2,severity=warning");
    desk_run_to(&w, 40 * MINUTE);
    expect(&w, "1810.000 news hook: #3 resolved\n"
               "1810.000 news other: #3 resolved\n");
    desk_world_fini(&w);
}

static void
a_sink_that_fails(void **state)
{
    struct desk_world w;

    (void)state;
    for (uint64_t after = 1; after < 12; after++) {
        enum gong_err err = GONG_OK;

        desk_world_init(&w, RECEIVERS ESCALATION ROUTE " };");
        w.fail_after = after;
        err = desk_fire(&w, "alertname=A,severity=critical", 0);
        for (int i = 1; i <= 20 && err == GONG_OK; i++) {
            w.now = i * MINUTE;
            err = gong_desk_run(w.desk, w.now);
        }
        assert_int_equal(err, GONG_ERR_IO);
        /* And from then on. */
        assert_int_equal(gong_desk_run(w.desk, w.now), GONG_ERR_IO);
        assert_int_equal(desk_fire(&w, "alertname=B", 0), GONG_ERR_IO);
        desk_world_fini(&w);
    }
}

/* What else was said is not cut off with a long comment, nor is a character. */
static void
a_long_comment_leaves_the_facts(void **state)
{
    const struct gong_desk_act act = {
        .kind = GONG_ACT_SILENCE,
        .comment = gong_str_of("đđđđ"), /* of two bytes each */
        .matchers = gong_str_of("a=\"1\""),
    };
    static const struct {
        size_t max;
        const char *text;
    } rows[] = {
        {8, "đđđđ [matchers=\"a=\\\"1\\\"\"]"},
        {7, "đđđ... [matchers=\"a=\\\"1\\\"\"]"},
        {6, "đđđ... [matchers=\"a=\\\"1\\\"\"]"},
        {0, "... [matchers=\"a=\\\"1\\\"\"]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = gong_desk_act_text(&act, 0, rows[i].max);

        assert_string_equal(text, rows[i].text);
        free(text);
    }
}

static void
any_time_has_a_text(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {1, "[until=1970-01-01T07:00:00+07:00]"},
        {INT64_MAX, "[until=292278994-08-17T14:12:55+07:00]"},
        {INT64_MIN, "[until=-292275055-05-16T23:47:05+07:00]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gong_desk_act act = {.kind = GONG_ACT_ACKNOWLEDGE,
                                          .until_ms = rows[i].ms};
        char *text = gong_desk_act_text(&act, 7 * 60 * MINUTE, 0);

        assert_string_equal(text, rows[i].text);
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_comment_leaves_the_facts),
        cmocka_unit_test(any_time_has_a_text),
        cmocka_unit_test(a_group_waits_then_ticks),
        cmocka_unit_test(what_nobody_heard_of_ends_unheard),
        cmocka_unit_test(receivers_that_want_no_end),
        cmocka_unit_test(routes_are_walked_as_alertmanager_does),
        cmocka_unit_test(units_hear_of_their_own_and_what_affects_them),
        cmocka_unit_test(one_message_for_what_is_due_together),
        cmocka_unit_test(levels_climb_once_each_and_fall_once),
        cmocka_unit_test(a_climb_that_routes_elsewhere),
        cmocka_unit_test(intervals_mute_and_make_active),
        cmocka_unit_test(critical_ones_are_never_muted),
        cmocka_unit_test(what_was_told_as_critical_falls_and_ends_at_night),
        cmocka_unit_test(an_escalation_is_no_repetition),
        cmocka_unit_test(an_escalation_says_how_long_nobody_had_it),
        cmocka_unit_test(routes_that_hold_critical_ones_are_named),
        cmocka_unit_test(sources_inhibit_targets),
        cmocka_unit_test(silences_hold_back),
        cmocka_unit_test(nobody_acknowledges),
        cmocka_unit_test(an_acknowledgement_stops_and_ends),
        cmocka_unit_test(whoever_was_escalated_to_hears_the_end),
        cmocka_unit_test(nobody_hears_the_end_twice),
        cmocka_unit_test(past_the_deadline_an_owner_is_told),
        cmocka_unit_test(what_holds_back_holds_escalation),
        cmocka_unit_test(trials_are_recorded_only),
        cmocka_unit_test(the_dark_stay_open),
        cmocka_unit_test(an_end_has_its_own_time),
        cmocka_unit_test(a_device_whose_clock_is_off),
        cmocka_unit_test(an_end_has_its_own_words),
        cmocka_unit_test(a_person_ends_what_a_device_began_later),
        cmocka_unit_test(acts_that_mean_nothing),
        cmocka_unit_test(acts_on_what_is_over),
        cmocka_unit_test(without_a_routing_file),
        cmocka_unit_test(a_reload_tells_nothing_again),
        cmocka_unit_test(a_sink_that_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
