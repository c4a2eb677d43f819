/* gong-rules over an agent's history: export, replay, eval and explain. */
#include "rules/tool/commands.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/history_fixture.h"

#define T0        INT64_C(1760000000000)
#define WORDS_MAX 20

struct said {
    int status;
    char *out;
    char *err;
};

static void
free_said(struct said *said)
{
    free(said->out);
    free(said->err);
}

/* Words are cut at blanks, but for what stands between ' and '. */
static struct said
run(const char *line)
{
    char *words[WORDS_MAX] = {(char *)(uintptr_t) "gong-rules"};
    char *text = strdup(line);
    char *at = text;
    int count = 1;
    struct said said = {0, NULL, NULL};
    size_t out_len = 0;
    size_t err_len = 0;
    FILE *out = open_memstream(&said.out, &out_len);
    FILE *err = open_memstream(&said.err, &err_len);

    while (*(at += strspn(at, " ")) != '\0') {
        char end = *at == '\'' ? '\'' : ' ';

        at += end == '\'';
        assert_true(count < WORDS_MAX);
        words[count++] = at;
        at += strcspn(at, end == '\'' ? "'" : " ");
        if (*at != '\0') {
            *at++ = '\0';
        }
    }
    said.status = gong_rules_run(count, words, out, err);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(fclose(err), 0);
    free(text);
    return said;
}

static void
is(const struct said *said, int status, const char *out, const char *err)
{
    if (said->status != status || strcmp(said->out, out) != 0 ||
        strcmp(said->err, err) != 0) {
        fail_msg("exit %d, expected %d\n-- out\n%s-- expected\n%s-- err\n%s-- "
                 "expected\n%s",
                 said->status, status, said->out, out, said->err, err);
    }
}

static void
has(const struct said *said, int status, const char *out, const char *err)
{
    if (said->status != status || strstr(said->out, out) == NULL ||
        strstr(said->err, err) == NULL) {
        fail_msg("exit %d, expected %d\n-- out\n%s-- expected in it\n%s\n-- "
                 "err\n%s-- expected in it\n%s\n",
                 said->status, status, said->out, out, said->err, err);
    }
}

static void
put_file(const char *name, const char *text)
{
    FILE *out = fopen(name, "we");

    assert_non_null(out);
    (void)fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static struct history_fixture fixture;

/* Each test has a history of its own, in the folder that it works in. */
static int
set_up(void **state)
{
    static const double temps[] = {20, 60, 80, 81, 82, 83, 50, 20};
    static const double others[] = {1, 2.5, NAN, 4, INFINITY, 6};

    (void)state;
    history_fixture_open(&fixture);
    assert_int_equal(chdir(fixture.folder), 0);
    history_fixture_put(&fixture,
                        "lamp_temp{site=\"66\",device=\"d1\",lamp=\"a b\","
                        "unit=\"66\",kind=\"ward\"}",
                        T0, 10000, temps, 8);
    history_fixture_put(&fixture, "lamp_volt{site=\"66\",device=\"d2\"}",
                        T0 + 5000, 10000, others, 6);
    history_fixture_put(&fixture, "site:temp:max{site=\"66\"}", T0 + 70000, 1,
                        temps, 1);
    put_file("r.cfg",
             "group = \"g\"; rules = (\n"
             "  { alert = \"Hot\"; expr = \"lamp_temp > 70\"; for = \"10s\";\n"
             "    annotations = { summary = \"{{ $labels.lamp }} {{ $value "
             "}}\"; }; } );\n");
    return 0;
}

static int
tear_down(void **state)
{
    static const char *const names[] = {"r.cfg", "m.cfg", "d.lp"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(names[i]);
    }
    assert_int_equal(chdir("/"), 0);
    history_fixture_close(&fixture);
    return 0;
}

#define BEGIN "history:history.db: raw samples begin at 2025-10-09T08:00:00Z\n"

static void
export_is_line_protocol(void **state)
{
    struct said said = run("export --data history:history.db --from "
                           "1760000040 --match '{site=\"66\"}'");

    (void)state;
    is(&said, 0,
       "lamp_temp,device=d1,kind=ward,lamp=a\\ b,site=66,unit=66 value=82 "
       "1760000040000000000\n"
       "lamp_temp,device=d1,kind=ward,lamp=a\\ b,site=66,unit=66 value=83 "
       "1760000050000000000\n"
       "lamp_volt,device=d2,site=66 value=6 1760000055000000000\n"
       "lamp_temp,device=d1,kind=ward,lamp=a\\ b,site=66,unit=66 value=50 "
       "1760000060000000000\n"
       "lamp_temp,device=d1,kind=ward,lamp=a\\ b,site=66,unit=66 value=20 "
       "1760000070000000000\n"
       "site:temp:max,site=66 value=20 1760000070000000000\n",
       "history:history.db: 1 sample left out that no line can say (NaN, "
       "infinity, the end of a series)\n");
    free_said(&said);
    said = run("export --data history:. --match lamp_volt --to 1760000005");
    is(&said, 0, "lamp_volt,device=d2,site=66 value=1 1760000005000000000\n",
       "history:.: raw samples begin at 2025-10-09T08:00:00Z\n");
    free_said(&said);
}

static void
what_a_model_gives_is_left_out(void **state)
{
    struct said said;

    (void)state;
    put_file(
        "m.cfg",
        "model = \"m\"; units = ( { code = \"66\"; kind = \"province\"; name = "
        "\"Dak Lak\"; } );\n");
    said = run("export --data history:history.db --to 1760000000 --model "
               "m.cfg");
    is(&said, 0,
       "lamp_temp,device=d1,lamp=a\\ b,site=66 value=20 1760000000000000000\n",
       BEGIN);
    free_said(&said);
}

/* The same alerts, whether rules run over the history or over what it wrote. */
static void
replay_of_both_is_one(void **state)
{
    struct said over = run("replay --rules r.cfg --format json --data "
                           "history:history.db");
    struct said lines = run("export --data history:history.db");
    struct said file;

    (void)state;
    put_file("d.lp", lines.out);
    file = run("replay --rules r.cfg --format json --data d.lp");
    has(&over, 0, "\"state\":\"firing\"", BEGIN);
    has(&over, 0, "\"device\":\"d1\"", "");
    has(&over, 0, "\"lamp\":\"a b\"", "");
    assert_int_equal(file.status, 0);
    /* What counts points and lines comes last. */
    *strstr(over.out, "{\"event\":\"summary\"") = '\0';
    *strstr(file.out, "{\"event\":\"summary\"") = '\0';
    assert_string_equal(over.out, file.out);
    free_said(&over);
    free_said(&lines);
    free_said(&file);
}

static void
replay_takes_a_time(void **state)
{
    struct said said = run("replay --rules r.cfg --format csv --data "
                           "history:history.db --to 1760000029");

    (void)state;
    assert_null(strstr(said.out, "firing"));
    has(&said, 0, "pending", "");
    free_said(&said);
    said = run("replay --rules r.cfg --data history:history.db --from "
               "1770000000");
    is(&said, 65, "",
       "history:history.db: found no sample that rules may read in this time, "
       "expected another --from or --to\n");
    free_said(&said);
}

/* Labels of the model are its own, not those of the day when it was kept. */
static void
the_model_is_the_one_of_today(void **state)
{
    struct said said;

    (void)state;
    put_file(
        "m.cfg",
        "model = \"m\"; units = ( { code = \"66\"; kind = \"province\"; name = "
        "\"Dak Lak\"; } );\n"
        "devices = ( { unit = \"66\"; name = \"d1\"; params = { top = "
        "70; }; } );\n");
    put_file("r.cfg",
             "group = \"g\"; rules = (\n"
             "  { alert = \"Hot\"; expr = \"lamp_temp > on (site, device) "
             "group_left () param_top\"; on_missing = \"resolve\"; } );\n");
    said = run("replay --rules r.cfg --model m.cfg --format json --data "
               "history:history.db");
    has(&said, 0, "\"kind\":\"province\"", "");
    assert_null(strstr(said.out, "exported_"));
    assert_null(strstr(said.out, "ward"));
    free_said(&said);
}

/* A device is down when the history says so, and up when it says so again. */
static void
presence_is_what_it_was(void **state)
{
    static const double ups[] = {1, 1, 0, 0, 0, 1, 1};
    struct said said;

    (void)state;
    history_fixture_put(&fixture, "up{site=\"66\",device=\"d1\"}", T0, 10000,
                        ups, 7);
    put_file("r.cfg", "group = \"g\"; rules = ( { alert = \"Down\"; expr = "
                      "\"up == 0\"; } );\n");
    said = run("replay --rules r.cfg --format csv --data history:history.db");
    has(&said, 0, "2025-10-09T08:53:40Z", "");
    if (strstr(said.out, "firing") == NULL || strstr(said.out, "d2") != NULL) {
        fail_msg("%s", said.out);
    }
    free_said(&said);
}

static void
eval_asks_the_history(void **state)
{
    struct said said =
        run("eval --data history:history.db --expr 'max_over_time(lamp_temp["
            "1m])' --at 1760000060");

    (void)state;
    is(&said, 0,
       "{device=\"d1\", kind=\"ward\", lamp=\"a b\", site=\"66\", unit=\"66\"} "
       "=> 83 @[1760000060]\n",
       "");
    free_said(&said);
    said = run("eval --data history:history.db --expr 'lamp_temp +' --at 1");
    has(&said, 1, "", "--expr:1:");
    free_said(&said);
    said = run("eval --data history:nothing.db --expr lamp_temp --at 1");
    has(&said, 66, "", "history:nothing.db: cannot be read: ");
    free_said(&said);
}

static void
explain_reads_the_history(void **state)
{
    struct said said = run("explain --rules r.cfg --rule Hot --data "
                           "history:history.db --at 1760000050");

    (void)state;
    has(&said, 0, "firing", "");
    has(&said, 0, "lamp_temp", "");
    free_said(&said);
    said = run("explain --rules r.cfg --rule Hot --data history:history.db "
               "--at 1760000050 --from 1760000045");
    assert_null(strstr(said.out, "for 10s: firing"));
    has(&said, 0, "pending", "");
    free_said(&said);
}

static void
diff_compares_over_the_history(void **state)
{
    struct said said;

    (void)state;
    put_file("m.cfg",
             "receivers = ({ name = \"hook\"; channels = (\"h\"); });\n"
             "route = { receiver = \"hook\"; group_by = (\"alertname\"); };\n");
    said = run("diff --routes --old m.cfg --new m.cfg --rules r.cfg --data "
               "history:history.db");
    has(&said, 0, "0 of 1 rows differ; messages: 1 before, 1 after\n", BEGIN);
    free_said(&said);
    said = run("diff --routes --old m.cfg --new m.cfg --rules r.cfg --data "
               "history:history.db --to 1760000025");
    has(&said, 0, "0 of 0 rows differ; messages: 0 before, 0 after\n", BEGIN);
    free_said(&said);
}

struct refusal {
    const char *words;
    int status;
    const char *err;
};

static void
what_cannot_be_is_refused(void **state)
{
    static const struct refusal rows[] = {
        {"replay --rules r.cfg --data r.cfg --from 1", 64,
         "gong-rules replay: found --from, expected it beside --data "
         "history:PATH only"},
        {"replay --rules r.cfg --data history:x --from 5 --to 4", 64,
         "expected nothing before --from"},
        {"replay --rules r.cfg --data history:x --precision s", 64,
         "--precision"},
        {"replay --rules r.cfg --data history:nothing.db", 66,
         "history:nothing.db: cannot be read: "},
        {"replay --rules r.cfg --data history:r.cfg", 65,
         "history:r.cfg: cannot be read: "},
        {"export", 64, "expected --data history:PATH"},
        {"export --data r.cfg", 64, "expected --data history:PATH"},
        {"export --data history:history.db --match 'a + b'", 64,
         "expected a selector"},
        {"export --data history:history.db --match 'a[5m]'", 64,
         "expected a selector"},
        {"export --data history:history.db word", 64, "expected options only"},
        {"explain --rules r.cfg --rule Hot --data r.cfg --at 1 --from 0", 64,
         "expected it beside --data history:PATH only"},
        {"diff --routes --old a --new b --rules r.cfg --data r.cfg --to 1", 64,
         "expected it beside --data history:PATH only"},
        {"eval --data history:history.db --data-format lines --expr a --at 1",
         64, "expected it with files"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct said said = run(rows[i].words);

        if (said.status != rows[i].status ||
            strstr(said.err, rows[i].err) == NULL || said.out[0] != '\0') {
            fail_msg("%s: exit %d, expected %d\n-- err\n%s-- expected in "
                     "it\n%s\n-- out\n%s",
                     rows[i].words, said.status, rows[i].status, said.err,
                     rows[i].err, said.out);
        }
        free_said(&said);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(export_is_line_protocol),
        TEST(what_a_model_gives_is_left_out),
        TEST(replay_of_both_is_one),
        TEST(replay_takes_a_time),
        TEST(the_model_is_the_one_of_today),
        TEST(presence_is_what_it_was),
        TEST(eval_asks_the_history),
        TEST(explain_reads_the_history),
        TEST(diff_compares_over_the_history),
        TEST(what_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
