/* *.desk files, and gong-rules' commands about routes: what passes, what fails
 * and what is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/tool/commands.h"
#include "rules/tool/desk_cases.h"

#define ROUTES                                                                 \
    "receivers = ({ name = \"hook\"; channels = (\"h\"); });\n"                \
    "route = { receiver = \"hook\"; group_by = (\"alertname\"); };\n"

static char folder[64];

static void
write_text(const char *name, const char *text)
{
    char path[128];
    FILE *file = NULL;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static int
make_folder(void **state)
{
    (void)state;
    (void)strcpy(folder, "/tmp/gong-desk-XXXXXX");
    assert_non_null(mkdtemp(folder));
    write_text("routes.cfg", ROUTES);
    return 0;
}

static int
remove_folder(void **state)
{
    static const char *const names[] = {"routes.cfg", "new.cfg", "a.desk",
                                        "bad.cfg",    "r.cfg",   "d.lp"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

/* What the cases say on out, the folder's name cut out; owned. */
static char *
run_cases(const char *cases, bool *passed)
{
    char path[128];
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    write_text("a.desk", cases);
    (void)snprintf(path, sizeof path, "%s/a.desk", folder);
    *passed = gong_desk_cases_run(path, NULL, NULL, out);
    (void)fclose(out);
    for (char *at = strstr(text, folder); at != NULL; at = strstr(at, folder)) {
        memmove(at, at + strlen(folder) + 1, strlen(at + strlen(folder)));
    }
    return text;
}

static void
cases_pass_and_fail(void **state)
{
    static const struct {
        const char *cases;
        const char *says; /* "": it passes */
    } rows[] = {
        {"routes routes.cfg\ncase one\n0s fire A x=1\n30s told news hook: #1 A "
         "firing\n1m end\n",
         ""},
        {"routes routes.cfg\n# nothing is told\n\ncase one\n0s fire A x=1\n"
         "10s over A x=1\n1m end\ncase two\n1m end\n",
         ""},
        {"routes routes.cfg\ncase one\n0s fire A x=1\n1m end\n",
         "  a.desk: case one:\n    expected\n    got\n"
         "      30s told news hook: #1 A firing\n"},
        {"routes routes.cfg\ncase one\n30s told news hook: #1 A firing\n",
         "  a.desk: case one:\n    expected\n"
         "      30s told news hook: #1 A firing\n    got\n"},
        /* What was told is not told of by the next case. */
        {"routes routes.cfg\ncase one\n0s fire A severity=info level=2\n"
         "30s told news hook: #1 A firing level 2\n"
         "40s fire A severity=critical level=3\n"
         "1m10s told news hook: #1 A climbed level 3\n"
         "2m resolve #1 by=an\n"
         "5m30s told news hook: #1 A resolved level 3\n"
         "case two\n0s maintenance x=\"1\" from=0s until=5m\n"
         "1s fire A x=1\n1s unknown A x=1\n2s fire B x=2 trial\n"
         "3s unsilence 1\n4s silence 1 until=1h\n5s ack 1 sticky until=1h\n"
         "6s unack 1\n10m end\n",
         ""},
        {"", "  a.desk:0: found no case, expected `case NAME`\n"},
        {"0s end\n",
         "  a.desk:1: found a line before the first case, expected `case "
         "NAME`\n"},
        {"case a\n",
         "  a.desk:1: found no routes, expected a line `routes FILE` before "
         "the first case, or --routes\n"},
        {"routes routes.cfg\ncase a\nroutes x\n0s\nx end\n0s jump\n0s fire\n"
         "0s fire A x\n0s fire A x=1 x=2\n0s fire A level=x\n0s ack\n"
         "0s ack x\n0s ack 1\n0s silence a=b until=1h\n0s ack 1 for=3\n"
         "5s end\n4s end\n",
         "  a.desk:3: found a file behind a case, expected it before all "
         "cases\n"
         "  a.desk:4: found a time alone, expected what happens then\n"
         "  a.desk:5: found \"x\", expected a time such as 0s or 1h30m\n"
         "  a.desk:6: found \"jump\", expected fire, unknown, over, ack, "
         "unack, resolve, silence, unsilence, maintenance, told or end\n"
         "  a.desk:7: found no alert, expected its name\n"
         "  a.desk:8: found \"x\", expected LABEL=VALUE\n"
         "  a.desk:9: found the label x twice, expected it once\n"
         "  a.desk:10: found no level, expected a number\n"
         "  a.desk:11: found nothing, expected a number\n"
         "  a.desk:12: found \"x\", expected a number\n"
         "  a.desk:13: không có cảnh báo 1, hoặc đã kết thúc | no incident 1 "
         "is "
         "open\n"
         "  a.desk:14: không đọc được điều kiện lọc | found \"b\", expected a "
         "string\n"
         "  a.desk:15: found \"for=3\", expected until=, from=, by= or "
         "sticky\n"
         "  a.desk:17: found a time before that of the line above, expected "
         "rising times\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool passed = false;
        char *says = run_cases(rows[i].cases, &passed);

        if (strcmp(says, rows[i].says) != 0) {
            fail_msg("row %zu says\n%s\nnot\n%s", i, says, rows[i].says);
        }
        assert_true(passed == (rows[i].says[0] == '\0'));
        free(says);
    }
}

/* A command; what it says on out and err together; owned. */
static char *
run(int *status, const char *words)
{
    char line[1024];
    char *argv[32] = {NULL};
    int argc = 0;
    char *save = NULL;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)snprintf(line, sizeof line, "gong-rules %s", words);
    for (char *word = strtok_r(line, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        argv[argc++] = word;
    }
    assert_int_equal(chdir(folder), 0);
    *status = gong_rules_run(argc, argv, out, out);
    (void)fclose(out);
    return text;
}

static void
expect_run(const char *words, int status, const char *part)
{
    int got = -1;
    char *text = run(&got, words);

    if (got != status || strstr(text, part) == NULL) {
        fail_msg("%s: %d, not %d:\n%s\nlacks\n%s", words, got, status, text,
                 part);
    }
    free(text);
}

static void
the_province_keeps_its_cases(void **state)
{
    (void)state;
    expect_run("test " GONG_SOURCE_DIR "/tests/desk/daklak.desk", 0,
               "  SUCCESS\n");
}

static void
routes_are_checked(void **state)
{
    (void)state;
    write_text("r.cfg", "group = \"g\"; rules = ({ alert = \"A\"; expr = \"m_f "
                        "> 5\"; labels = { severity = \"info\"; };\n"
                        "annotations = { summary = \"s\"; action = \"a\"; }; "
                        "});\n");
    write_text("bad.cfg", ROUTES "rute = 3;\n");
    expect_run("check routes.cfg", 0,
               "routes.cfg: 1 routes, 1 receivers, 0 inhibit rules, 0 "
               "escalations\n");
    expect_run("check --no-lint routes.cfg r.cfg", 0, "1 rule, 0 warnings");
    expect_run("check bad.cfg", 1, "bad.cfg:3:1: found unknown key \"rute\"");
    expect_run("check --no-lint r.cfg bad.cfg", 1, "1 rule, 0 warnings");
    expect_run("check --model " GONG_SOURCE_DIR
               "/rules/city/daklak.cfg " GONG_SOURCE_DIR "/deploy/routes.cfg",
               0, "4 receivers");
    write_text(
        "bad.cfg",
        "receivers = ({ name = \"a\"; role = \"chef\"; of = \"77\"; });\n"
        "route = { receiver = \"a\"; };\n");
    expect_run("check --model " GONG_SOURCE_DIR "/rules/city/daklak.cfg "
               "bad.cfg",
               1, "bad.cfg:1:49: found \"77\", expected");
    expect_run("check bad.cfg", 0, "1 receivers");
    write_text(
        "p.cfg",
        "group = \"g\"; rules = ({ alert = \"A\"; expr = \"m_f > on "
        "(site, device) group_left () param_levl1\"; labels = { severity "
        "= \"info\"; }; annotations = { summary = \"s\"; action = \"a\"; "
        "}; });\n");
    expect_run("check --model " GONG_SOURCE_DIR "/rules/city/daklak.cfg p.cfg",
               0, "found param_levl1, expected a parameter");
}

static void
routes_are_compared(void **state)
{
    (void)state;
    write_text("r.cfg", "group = \"g\"; rules = ({ alert = \"A\"; expr = \"m_f "
                        "> 5\"; });\n");
    write_text("new.cfg",
               "receivers = ({ name = \"hook\"; channels = (\"h\"); },\n"
               " { name = \"more\"; channels = (\"h\"); });\n"
               "route = { receiver = \"hook\"; group_by = (\"...\"); routes = "
               "({ receiver = \"hook\"; continue = true; }, { receiver = "
               "\"more\"; }); };\n");
    write_text("d.lp", "m,site=s,device=a f=6 1767546000000000000\n"
                       "m,site=s,device=b f=6 1767546010000000000\n"
                       "m,site=s,device=a f=1 1767546100000000000\n"
                       "m,site=s,device=b f=6 1767549700000000000\n");
#define DIFF "diff --routes --old routes.cfg --data d.lp --rules r.cfg "
    expect_run(DIFF "--new routes.cfg", 0,
               "0 of 1 rows differ; messages: 2 before, 2 after\n");
    expect_run(DIFF "--new new.cfg", 1,
               "hook                 -          2026-01-04 22:00         2     "
               "   4        3        3  +1\n"
               "more                 -          2026-01-04 22:00         0     "
               "   0        3        3  +3\n"
               "2 of 2 rows differ; messages: 2 before, 6 after\n");
    expect_run(DIFF "--new new.cfg --format json --shift 1h --shift-begin 30m",
               1,
               "{\"receiver\":\"hook\",\"unit\":\"\",\"shift\":\"2026-01-04 "
               "23:30\",\"old\":{\"news\":2,\"repeat\":0,\"escalate\":0,"
               "\"alerts\":4},\"new\":{\"news\":3,\"repeat\":0,\"escalate\":0,"
               "\"alerts\":3}}\n");
    expect_run(DIFF "--new r.cfg", 1, "found no route");
    expect_run(DIFF "--new new.cfg --shift 1s", 64, "another shift");
    expect_run(DIFF "--new new.cfg --format xml", 64, "another format");
    expect_run("diff --old routes.cfg", 64, "other words");
    expect_run("diff --routes --old routes.cfg --new new.cfg --rules r.cfg "
               "--data none.lp",
               66, "none.lp");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_pass_and_fail),
        cmocka_unit_test(the_province_keeps_its_cases),
        cmocka_unit_test(routes_are_checked),
        cmocka_unit_test(routes_are_compared),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
