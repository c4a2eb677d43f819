/* The commands of gong-rules as a whole: what they say of files and options,
 * and what they return. */
#include "rules/tool/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS_MAX 20
#define FILES_MAX 4

struct file {
    const char *name;
    const char *text;
};

/* Words are cut at blanks, but for what stands between ' and '. */
struct row {
    const char *words;
    struct file files[FILES_MAX];
    int status;
    const char *out; /* is in what is written; NULL: anything goes */
    const char *err; /* is what is said; NULL: nothing */
};

static size_t
cut(char *text, char **words)
{
    size_t count = 0;

    while (*(text += strspn(text, " ")) != '\0') {
        char end = *text == '\'' ? '\'' : ' ';

        text += end == '\'';
        assert_true(count < WORDS_MAX);
        words[count++] = text;
        text += strcspn(text, end == '\'' ? "'" : " ");
        if (*text != '\0') {
            *text++ = '\0';
        }
    }
    return count;
}

static void
put_file(const struct file *file)
{
    FILE *out = fopen(file->name, "we");

    assert_non_null(out);
    (void)fputs(file->text, out);
    assert_int_equal(fclose(out), 0);
}

static void
run_row(const struct row *row)
{
    char *words[WORDS_MAX + 1] = {(char *)(uintptr_t) "gong-rules"};
    char *text = strdup(row->words);
    char *out = NULL;
    char *err = NULL;
    size_t out_len = 0;
    size_t err_len = 0;
    FILE *out_file = open_memstream(&out, &out_len);
    FILE *err_file = open_memstream(&err, &err_len);
    int status;
    size_t count;

    for (size_t i = 0; i < FILES_MAX && row->files[i].name != NULL; i++) {
        put_file(&row->files[i]);
    }
    count = cut(text, words + 1);
    status = gong_rules_run((int)count + 1, words, out_file, err_file);
    assert_int_equal(fclose(out_file), 0);
    assert_int_equal(fclose(err_file), 0);
    if (status != row->status ||
        strcmp(err, row->err == NULL ? "" : row->err) != 0 ||
        (row->out != NULL && strstr(out, row->out) == NULL)) {
        fail_msg("%s: exit %d, expected %d\n-- err\n%s-- expected\n%s\n"
                 "-- out\n%s-- expected in it\n%s\n",
                 row->words, status, row->status, err,
                 row->err == NULL ? "" : row->err, out,
                 row->out == NULL ? "" : row->out);
    }
    for (size_t i = 0; i < FILES_MAX && row->files[i].name != NULL; i++) {
        (void)unlink(row->files[i].name);
    }
    free(out);
    free(err);
    free(text);
}

#define RUN(rows) run_rows(rows, sizeof(rows) / sizeof(rows)[0])

/* In a folder of their own. */
static void
run_rows(const struct row *rows, size_t count)
{
    char folder[] = "/tmp/gong-commands-XXXXXX";
    char *before = getcwd(NULL, 0);

    assert_non_null(before);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < count; i++) {
        run_row(&rows[i]);
    }
    assert_int_equal(chdir(before), 0);
    assert_int_equal(rmdir(folder), 0);
    free(before);
}

#define ONE_RULE                                                               \
    {                                                                          \
        "r.cfg", "group = \"g\"; rules = ( { alert = \"A\"; expr = \"m_t > "   \
                 "1\"; } );\n"                                                 \
    }
#define ONE_LINE                                                               \
    {                                                                          \
        "d.lp", "m,device=d t=2 1760000000000000000\n"                         \
    }
#define SUMMARY                                                                \
    "r.cfg:1: warning: A: found no annotation summary, expected one "          \
    "(summary)\n"
#define ACTION                                                                 \
    "r.cfg:1: warning: A: found no annotation action, expected one (action)\n"
#define REPLAY "replay --rules r.cfg --data d.lp"

static const struct row option_rows[] = {
    {"check --every -1 r.cfg",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules check: found --every \"-1\", expected a length such as 90, "
     "15s or 1h30m\n"},
    {"check r.cfg --every",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules check: found nothing after --every, expected LENGTH\n"},
    {"check r.cfg --budget 64Q",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules check: found --budget \"64Q\", expected bytes above 0, such "
     "as 64M\n"},
    {"check r.cfg --series 0",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules check: found --series \"0\", expected a number above 0, such "
     "as 1000 or 5K\n"},
    {REPLAY " --format xml",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules replay: found --format \"xml\", expected table, json or "
     "csv\n"},
    {REPLAY " --data other.lp",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules replay: found --data twice, expected it once\n"},
    {REPLAY " other.lp",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules replay: found the word \"other.lp\", expected options only\n"},
    {"replay --rules r.cfg",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules replay: found no --data, expected --rules and --data; "
     "gong-rules replay --help tells more\n"},
    {"eval --expr m --at 1",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules eval: found no --data, expected --expr and --data, or "
     "--cases; gong-rules eval --help tells more\n"},
    {"eval --expr m --data d.lp --at noon",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules eval: found --at \"noon\", expected seconds since 1970, or "
     "2026-01-31T08:00:00+07:00\n"},
    {"eval --expr m --data d.lp --at 1 --from 1",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules eval: found --at beside a range, expected --at, or --from, "
     "--to and --step; gong-rules eval --help tells more\n"},
    {"eval --expr m --data d.lp --from 9 --to 1 --step 1",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules eval: found --to \"1\", expected nothing before --from\n"},
    {"eval --expr m --data d.lp --from 1 --to 9 --step 0",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules eval: found --step \"0\", expected a length above 0\n"},
    {"eval --expr m --data d.lp --from 0 --to 99999 --step 1s",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules eval: found --step \"1s\", expected at most 11000 steps in "
     "the range\n"},
    {"eval --expr m --data d.lp --at 1 --data-format xml",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules eval: found --data-format \"xml\", expected lines, "
     "prometheus or openmetrics\n"},
    {"explain --rules r.cfg --rule A --data d.lp",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules explain: found no --at, expected --rules, --rule, --at and "
     "--data; gong-rules explain --help tells more\n"},
    {"explain --rules r.cfg --rule B --data d.lp --at 1",
     {ONE_RULE, ONE_LINE},
     GONG_TOOL_USAGE,
     "",
     "gong-rules explain: found --rule \"B\", expected the id or the name of "
     "one of the rules\n"},
    {"explain --rules r.cfg --rule A --data d.lp --at 1 --labels x=y",
     {ONE_RULE, ONE_LINE},
     GONG_TOOL_USAGE,
     "",
     "gong-rules explain: found --labels \"x=y\", expected {name=\"value\", "
     "...}\n"},
    {"import a.yml b.yml",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules import: found the word \"b.yml\", expected one file only\n"},
    {"check --cost --cost --no-lint r.cfg", {ONE_RULE}, GONG_TOOL_OK, "", NULL},
};

static void
what_is_wrong_with_an_option_is_named(void **state)
{
    (void)state;
    RUN(option_rows);
}

#define FAULTY                                                                 \
    {                                                                          \
        "r.cfg", "group = \"g\"; rules = ( { alert = \"A\"; expr = \"m_t * "   \
                 "on (device) m_t > 1\"; } );\n"                               \
    }
#define TWO_LINES                                                              \
    {                                                                          \
        "d.lp", "m,device=d,k=a t=2 1760000000000000000\n"                     \
                "m,device=d,k=b t=2 1760000000000000000\n"                     \
    }
#define FAULT                                                                  \
    "r.cfg:1: warning: g/A: 1 fault without a result, the first at "           \
    "2025-10-09T08:53:20Z: many-to-many\n"

#define LACKING                                                                \
    {                                                                          \
        "r.cfg",                                                               \
            "group = \"g\"; rules = ( { alert = \"A\"; expr = \"m_t > on "     \
            "(site, device) group_left () param_top\"; on_missing = "          \
            "\"fire\"; } );\n"                                                 \
    }
#define MODEL(params)                                                          \
    {                                                                          \
        "m.cfg",                                                               \
            "model = \"m\"; units = ( { code = \"66\"; name = \"T\"; kind = "  \
            "\"province\"; } ); devices = ( { unit = \"66\"; name = \"d\"; "   \
            "params = { " params " }; } );\n"                                  \
    }

/* What becomes of a rule whose parameter nobody has is told. */
static const struct row lacking_rows[] = {
    {"explain --rules r.cfg --model m.cfg --rule A --at 1760000000 --data d.lp",
     {LACKING, TWO_LINES, MODEL("low = 1;")},
     GONG_TOOL_OK,
     "  parameter        no device of the city model has param_top: the rule "
     "is evaluated as a whole\n",
     NULL},
    {"explain --rules r.cfg --rule A --at 1760000000 --data d.lp",
     {LACKING, TWO_LINES},
     GONG_TOOL_OK,
     "  on_missing       resolve: it counts as false; ",
     NULL},
    {"explain --rules r.cfg --model m.cfg --rule A --at 1760000000 --data d.lp",
     {LACKING, TWO_LINES, MODEL("top = 1;")},
     GONG_TOOL_OK,
     "  on_missing       fire: it counts as true; ",
     NULL},
};

static const struct row faulty_rows[] = {
    {REPLAY, {FAULTY, TWO_LINES}, GONG_TOOL_OK, NULL, FAULT},
    {REPLAY " --format json",
     {FAULTY, TWO_LINES},
     GONG_TOOL_OK,
     "\"faults\":1,\"rules\":[{\"rule\":\"g/A\",\"fired\":0,\"alerts\":0,"
     "\"open\":0,\"flaps\":0,\"faults\":1,",
     FAULT},
    {"explain --rules r.cfg --rule A --at 1760000000 --data d.lp",
     {FAULTY, TWO_LINES},
     GONG_TOOL_OK,
     "\nThe expression fails, and has no result.\n",
     NULL},
    {"explain --rules r.cfg --rule A --at 1760000000 --data d.lp",
     {FAULTY, TWO_LINES},
     GONG_TOOL_OK,
     "expr: fails\n",
     NULL},
    {"explain --rules r.cfg --rule A --at 1760000000 --data d.lp",
     {FAULTY, TWO_LINES},
     GONG_TOOL_OK,
     "inactive\n    why: the rule has no result (many-to-many)\n",
     NULL},
    {"test --rules r.cfg c.cases",
     {FAULTY, {"c.cases", "A quiet 0 0 1 m,k=a t=2 & m,k=b t=2\n"}},
     GONG_TOOL_NO,
     "c.cases:1: A: the rule has no result: many-to-many: m,k=a t=2 & m,k=b "
     "t=2\n",
     NULL},
};

static void
a_rule_without_a_result_does_not_look_sound(void **state)
{
    (void)state;
    RUN(faulty_rows);
}

#define CASES "eval --cases c.json"

static const struct row question_rows[] = {
    {CASES,
     {{"c.json", "{\"expr\": \"1\", \"at\": 1, \"series\": []}\n\n"
                 "{\"expr\": \"1 +\", \"at\": 1}\n"
                 "{\"expr\": \"2\", \"at\": 1}"}},
     GONG_TOOL_OK,
     "\"2\"]}}\n",
     NULL},
    {CASES,
     {{"c.json", "{\"expr\": \"1\", \"at\": 1, \"data\": \"none.lp\"}\n5\n"}},
     GONG_TOOL_INPUT,
     "found data that cannot be read",
     "none.lp: cannot be read: No such file or directory\n"},
    {CASES,
     {{"c.json", "{\"expr\": \"1\", \"at\": 1, \"data\": \"d.lp\"}\n"},
      {"d.lp", "m x\n"}},
     GONG_TOOL_DATA,
     "found data that cannot be read",
     "d.lp:1: refused: no_field_value: \"m x\"\nd.lp: 1 line refused\n"},
    {CASES, {{"c.json", "5\n"}}, GONG_TOOL_NO, "no JSON object", NULL},
    {CASES,
     {{"c.json", "{\"expr\": \"1\", \"series\": []}\n"}},
     GONG_TOOL_NO,
     "incomplete case",
     NULL},
    {CASES,
     {{"c.json", "{\"expr\": \"1\", \"at\": 1, \"series\": {\"a\": 1}}\n"}},
     GONG_TOOL_NO,
     "found data that cannot be read",
     NULL},
    {CASES,
     {{"c.json", "{\"expr\": \"1\", \"at\": 1, \"series\": [1]}\n"}},
     GONG_TOOL_NO,
     "found data that cannot be read",
     NULL},
    {CASES,
     {{0}},
     GONG_TOOL_INPUT,
     "",
     "c.json: cannot be read: No such file or directory\n"},
    {CASES " --at 5",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules eval: found another option beside --cases, expected it in the "
     "lines of the file; gong-rules eval --help tells more\n"},
    {"eval --expr 1 --data d.lp --at 1 --lookback 0",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules eval: found --lookback \"0\", expected a length above 0\n"},
    {"check --every 0s r.cfg",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules check: found --every \"0s\", expected a length above 0\n"},
};

/* A line that no memory shall hold, and one behind it. */
static void
a_question_has_a_longest_line(void **state)
{
    static const char next[] =
        "\n{\"expr\": \"5\", \"at\": 1, \"series\": []}\n";
    size_t len = 5u << 20;
    char *text = malloc(len + sizeof next);
    const struct row row = {
        CASES, {{"c.json", text}}, GONG_TOOL_NO, "\"5\"]}}\n", NULL};

    (void)state;
    assert_non_null(text);
    memset(text, '7', len);
    memcpy(text + len, next, sizeof next);
    run_rows(&row, 1);
    free(text);
}

static void
lines_that_are_no_questions_are_told(void **state)
{
    (void)state;
    RUN(question_rows);
}

static const struct row budget_rows[] = {
    {"check --no-lint --budget 64M r.cfg",
     {ONE_RULE},
     GONG_TOOL_OK,
     "bytes for 1000 series a rule, all alerts open; budget 67108864: fits\n",
     NULL},
    {"check --no-lint --budget 1K r.cfg",
     {ONE_RULE},
     GONG_TOOL_NO,
     "budget 1024: does not fit\n",
     NULL},
    {"check --no-lint --series 17000000000G --budget 1G r.cfg",
     {ONE_RULE},
     GONG_TOOL_NO,
     "\n18446744073709551615 bytes for 18253611008000000000 series a rule, all "
     "alerts open; budget 1073741824: does not fit\n",
     NULL},
    {"check --no-lint --series 7 r.cfg",
     {ONE_RULE},
     GONG_TOOL_OK,
     "bytes for 7 series a rule, all alerts open\n",
     NULL},
    {"check --no-lint --cost r.cfg",
     {ONE_RULE},
     GONG_TOOL_OK,
     "bytes for 1000 series a rule, all alerts open\n",
     NULL},
};

static void
a_budget_implies_that_the_cost_is_measured(void **state)
{
    (void)state;
    RUN(budget_rows);
}

#define SECOND                                                                 \
    {                                                                          \
        "s.cfg", "group = \"h\"; rules = ( { alert = \"B\"; expr = \"m_t > "   \
                 "1\"; } );\n"                                                 \
    }

static const struct row several_rows[] = {
    {REPLAY " --rules s.cfg --format json",
     {ONE_RULE, SECOND, ONE_LINE},
     GONG_TOOL_OK,
     "\"rules\":[{\"rule\":\"g/A\",\"fired\":1,",
     NULL},
    {REPLAY " --rules s.cfg --format json",
     {ONE_RULE, SECOND, ONE_LINE},
     GONG_TOOL_OK,
     "{\"rule\":\"h/B\",\"fired\":1,",
     NULL},
    {"explain --rules s.cfg --rules r.cfg --rule B --at 1760000000 --data d.lp",
     {ONE_RULE, SECOND, ONE_LINE},
     GONG_TOOL_OK,
     "h/B (s.cfg:1)",
     NULL},
    {"explain --rules s.cfg --rules r.cfg --rule A --at 1760000000 --data d.lp",
     {ONE_RULE, SECOND, ONE_LINE},
     GONG_TOOL_OK,
     "g/A (r.cfg:1)",
     NULL},
    {"test --rules r.cfg --rules s.cfg c.cases",
     {ONE_RULE,
      SECOND,
      {"c.cases", "g/A fires 0 0 1 m t=2\nh/B fires 0 0 1 m t=2\n"}},
     GONG_TOOL_OK,
     "SUCCESS",
     NULL},
    {REPLAY " --rules t.cfg",
     {ONE_RULE,
      ONE_LINE,
      {"t.cfg",
       "group = \"g\"; rules = ( { alert = \"A\"; expr = \"b\"; } );"}},
     GONG_TOOL_NO,
     "",
     "t.cfg:1:24: found a second rule with the id \"g/A\", expected each id "
     "once (also at r.cfg:1)\n"},
};

static void
several_files_of_rules_are_one_set(void **state)
{
    (void)state;
    RUN(several_rows);
}

static const char tiers[] =
    "group = \"g\"; rules = (\n"
    "  { alert = \"A\"; expr = \"m_t > 1\"; labels = { severity = \"info\"; }; "
    "},\n"
    "  { alert = \"A\"; id = \"A-2\"; expr = \"m_t > 2\"; },\n"
    "  { alert = \"A-2\"; id = \"other\"; expr = \"m_t > 2\"; } );\n";

static const struct row name_rows[] = {
    {"explain --rules r.cfg --rule A --at 1 --data d.lp",
     {{"r.cfg", tiers}, ONE_LINE},
     GONG_TOOL_USAGE,
     "",
     "gong-rules explain: found 2 rules of the name \"A\", expected the id of "
     "one:\n"
     "  --rule 'g/A/severity=info'  (r.cfg:2)\n"
     "  --rule 'A-2'  (r.cfg:3)\n"},
    /* An id comes before names. */
    {"explain --rules r.cfg --rule A-2 --at 1 --data d.lp",
     {{"r.cfg", tiers}, ONE_LINE},
     GONG_TOOL_OK,
     "A-2 (r.cfg:3)",
     NULL},
};

static void
a_name_of_several_rules_is_refused_with_their_ids(void **state)
{
    (void)state;
    RUN(name_rows);
}

static const struct row case_rows[] = {
    /* Of a series that comes twice the last one counts, as a whole. */
    {"test t.yml",
     {{"t.yml", "tests:\n- interval: 1m\n  input_series:\n"
                "  - {series: 'a{x=\"1\"}', values: '0 0 0 9'}\n"
                "  - {series: 'a{x=\"1\"}', values: '6 7'}\n"
                "  promql_expr_test:\n  - expr: a\n    eval_time: 3m\n"
                "    exp_samples: [{labels: 'a{x=\"1\"}', value: 7}]\n"}},
     GONG_TOOL_OK,
     "SUCCESS",
     NULL},
    {"test --rules r.cfg c.cases",
     {{"r.cfg", tiers}, {"c.cases", "A fires 0 0 1 m t=3\n"}},
     GONG_TOOL_NO,
     "  c.cases:1: A: found several rules of this name, expected the id of one",
     NULL},
};

static void
cases_are_about_one_rule_and_series(void **state)
{
    (void)state;
    RUN(case_rows);
}

static const struct row plural_rows[] = {
    {"check --no-lint r.cfg",
     {ONE_RULE},
     GONG_TOOL_OK,
     "1 rule, 0 warnings\n",
     NULL},
    {"check --no-lint r.cfg s.cfg",
     {ONE_RULE, SECOND},
     GONG_TOOL_OK,
     "2 rules, 0 warnings\n",
     NULL},
    {"check r.cfg",
     {{"r.cfg", "group = \"g\"; rules = ( { alert = \"A\"; expr = \"m_t\";"
                " annotations = { summary = \"s\"; }; } );"}},
     GONG_TOOL_OK,
     "1 rule, 1 warning\n",
     ACTION},
    {"check none.yml",
     {{"none.yml", "groups: 1\n"}},
     GONG_TOOL_NO,
     "",
     "none.yml:1:9: found another kind of value, expected a list of groups\n1 "
     "problem\n"},
    {REPLAY,
     {ONE_RULE, ONE_LINE},
     GONG_TOOL_OK,
     ": 1 point, 1 sample, 0 lines refused\n",
     NULL},
    {"explain --rules r.cfg --rule A --at 1760000000 --data d.lp",
     {{"r.cfg", "group = \"g\"; rules = ( { alert = \"A\"; expr = "
                "\"max_over_time(m_t[1m]) > 1\"; } );"},
      ONE_LINE},
     GONG_TOOL_OK,
     "1 sample, the last one 2 0s before\n",
     NULL},
    {"eval --expr m_t --at 1760000000 --data d.lp",
     {{"d.lp", "m t=2 1760000000000000000\nm t=\n"}},
     GONG_TOOL_DATA,
     "m_t => 2 @[1760000000]\n",
     "d.lp:2: refused: no_field_value: \"m t=\"\nd.lp: 1 line refused\n"},
    {"test --rules r.cfg c.cases",
     {ONE_RULE, {"c.cases", "A fires 0 0 1 m t=2\n"}},
     GONG_TOOL_OK,
     "  NOTE: 1 of 1 alert lacks a case that fires, or one that is quiet\n",
     NULL},
};

static void
one_of_a_kind_has_no_plural(void **state)
{
    (void)state;
    RUN(plural_rows);
}

#define LATE_LINES                                                             \
    "m,device=d t=2 1760000000000000000\nm,device=d t=\nm x\n"                 \
    "m,device=d t=3 1760000001000000000\nm,device=d t=4 0x\n"
#define TWELVE_BAD                                                             \
    "m t=2 1760000000000000000\nm a\nm b\nm c\nm d\nm e\nm f\nm g\nm h\nm i\n" \
    "m j\nm k\nm l\n"
#define BAD(line, letter)                                                      \
    "d.lp:" line ": refused: no_field_value: \"m " letter "\"\n"
#define TEN_BAD                                                                \
    BAD("2", "a")                                                              \
    BAD("3", "b")                                                              \
    BAD("4", "c")                                                              \
    BAD("5", "d")                                                              \
    BAD("6", "e")                                                              \
    BAD("7", "f") BAD("8", "g") BAD("9", "h") BAD("10", "i") BAD("11", "j")

static const struct row refused_rows[] = {
    {REPLAY,
     {ONE_RULE, {"d.lp", LATE_LINES}},
     GONG_TOOL_DATA,
     ": 2 points, 2 samples, 3 lines refused\n",
     "d.lp:2: refused: no_field_value: \"m,device=d t=\"\n"
     "d.lp:3: refused: no_field_value: \"m x\"\n"
     "d.lp:5: refused: bad_time: \"m,device=d t=4 0x\"\n"
     "d.lp: 3 lines refused\n"},
    {REPLAY,
     {ONE_RULE, {"d.lp", TWELVE_BAD}},
     GONG_TOOL_DATA,
     ": 1 point, 1 sample, 12 lines refused\n",
     TEN_BAD "d.lp: 12 lines refused, 2 more than are named\n"},
    {"eval --expr m_t --at 1760000000 --data d.lp",
     {{"d.lp", TWELVE_BAD}},
     GONG_TOOL_DATA,
     "m_t => 2 @[1760000000]\n",
     TEN_BAD "d.lp: 12 lines refused, 2 more than are named\n"},
    {"explain --rules r.cfg --rule A --at 1760000000 --data d.lp",
     {ONE_RULE, {"d.lp", TWELVE_BAD}},
     GONG_TOOL_DATA,
     "firing since",
     TEN_BAD "d.lp: 12 lines refused, 2 more than are named\n"},
    /* Also where lines are put in order. */
    {REPLAY " --tolerance 5",
     {ONE_RULE,
      {"d.lp", "m t=2 1760000001000000000\nm t=1 1760000000000000000\n"
               "m t=3 1760000001000000000\nm x\n"}},
     GONG_TOOL_DATA,
     "1 line refused\n",
     "d.lp:4: refused: no_field_value: \"m x\"\nd.lp: 1 line refused\n"},
};

static void
what_lacks_its_parameter_is_explained(void **state)
{
    (void)state;
    RUN(lacking_rows);
}

static void
refused_lines_are_named(void **state)
{
    (void)state;
    RUN(refused_rows);
}

#define IN_S                                                                   \
    {                                                                          \
        "d.lp", "m t=2 1760000000\nm t=2 1760000001\n"                         \
    }
#define IN_MS                                                                  \
    {                                                                          \
        "d.lp", "m t=2 1760000000000\nm t=2 1760000001000\n"                   \
    }
#define IN_US                                                                  \
    {                                                                          \
        "d.lp", "m t=2 1760000000000000\nm t=2 1760000001000000\n"             \
    }
#define DOUBT(instant, unit, word)                                             \
    "d.lp:1: warning: found the stamp " instant                                \
    " in nanoseconds, expected one after 2000, which it is in " unit           \
    ": --precision " word                                                      \
    " reads all so, --precision ns as now without this warning\n"
#define FROM_2025 "2025-10-09T08:53:20Z .. 2025-10-09T08:53:21Z: 2 points"
#define EVAL      "eval --expr m_t --data d.lp "
#define EXPLAIN   "explain --rules r.cfg --rule A --data d.lp --at 1760000000 "

static const struct row precision_rows[] = {
    {REPLAY,
     {ONE_RULE, IN_S},
     GONG_TOOL_OK,
     "1970-01-01T00:00:01.760Z ..",
     DOUBT("1970-01-01T00:00:01.760Z", "seconds", "s")},
    {REPLAY,
     {ONE_RULE, IN_MS},
     GONG_TOOL_OK,
     "1970-01-01T00:29:20Z ..",
     DOUBT("1970-01-01T00:29:20Z", "milliseconds", "ms")},
    {REPLAY,
     {ONE_RULE, IN_US},
     GONG_TOOL_OK,
     "1970-01-21T08:53:20Z ..",
     DOUBT("1970-01-21T08:53:20Z", "microseconds", "us")},
    {REPLAY " --precision s", {ONE_RULE, IN_S}, GONG_TOOL_OK, FROM_2025, NULL},
    {REPLAY " --precision ms",
     {ONE_RULE, IN_MS},
     GONG_TOOL_OK,
     FROM_2025,
     NULL},
    {REPLAY " --precision us",
     {ONE_RULE, IN_US},
     GONG_TOOL_OK,
     FROM_2025,
     NULL},
    {REPLAY " --precision ns",
     {ONE_RULE, IN_US},
     GONG_TOOL_OK,
     "1970-01-21T08:53:20Z ..",
     NULL},
    {REPLAY " --precision s",
     {ONE_RULE, {"d.lp", "# lamps\nm t=2 1760000000000000000\n"}},
     GONG_TOOL_DATA,
     "",
     "d.lp:2: found a stamp out of range, expected one in seconds, as "
     "--precision s says\n"},
    /* Behind others it is refused, and not taken for nanoseconds. */
    {REPLAY " --precision s",
     {ONE_RULE, {"d.lp", "m t=2 1760000000\nm t=2 1760000000000000000\n"}},
     GONG_TOOL_DATA,
     ": 1 point, 1 sample, 1 line refused\n",
     "d.lp:2: refused: time: \"m t=2 1760000000000000000000000000\"\n"
     "d.lp: 1 line refused\n"},
    {REPLAY " --precision ms",
     {ONE_RULE, {"d.lp", "m t=2\n"}},
     GONG_TOOL_DATA,
     "",
     "d.lp: found no line with a stamp, expected line protocol with stamps in "
     "ms\n"},
    /* With a byte order mark. */
    {REPLAY,
     {ONE_RULE, {"d.lp", "\xef\xbb\xbfm t=2 1760000000000000000\n"}},
     GONG_TOOL_OK,
     ": 1 point, 1 sample, 0 lines refused\n",
     NULL},
    {REPLAY " --precision s",
     {ONE_RULE, {"d.lp", "\xef\xbb\xbfm t=2 1760000000\n"}},
     GONG_TOOL_OK,
     ": 1 point, 1 sample, 0 lines refused\n",
     NULL},
    {EVAL "--at 1760000000",
     {{"d.lp", "\xef\xbb\xbfm t=2 1760000000000000000\n"}},
     GONG_TOOL_OK,
     "m_t => 2 @[1760000000]\n",
     NULL},
    {"eval --expr m --at 2 --data d.prom",
     {{"d.prom", "m 1 2000\nm{a= 1 2000\r\nm 3\nm x"}},
     GONG_TOOL_DATA,
     "m => 1 @[2]\n",
     "d.prom:2: refused: label_value: \"m{a= 1 2000\"\n"
     "d.prom:3: refused: no_time: \"m 3\"\n"
     "d.prom:4: refused: value: \"m x\"\nd.prom: 3 lines refused\n"},
    {REPLAY " --precision m",
     {ONE_RULE, IN_S},
     GONG_TOOL_USAGE,
     "",
     "gong-rules replay: found --precision \"m\", expected ns, us, ms or s\n"},
    {"replay --rules r.cfg --data . --precision s",
     {ONE_RULE},
     GONG_TOOL_USAGE,
     "",
     "gong-rules replay: found --precision \"s\", expected none with data that "
     "is no line protocol: its stamps have one unit\n"},
    {EVAL "--at 1760000000 --precision s",
     {IN_S},
     GONG_TOOL_OK,
     "m_t => 2 @[1760000000]\n",
     NULL},
    {EVAL "--at 2",
     {IN_S},
     GONG_TOOL_OK,
     "m_t => 2 @[2]\n",
     DOUBT("1970-01-01T00:00:01.760Z", "seconds", "s")},
    {EVAL "--at 1760000000 --precision s",
     {{"d.lp", "m t=2 9300000000\n"}},
     GONG_TOOL_DATA,
     "",
     "d.lp:1: refused: time: \"m\"\nd.lp: 1 line refused\n"},
    {"eval --expr m_t --data d.prom --at 1 --precision s",
     {{0}},
     GONG_TOOL_USAGE,
     "",
     "gong-rules eval: found --precision \"s\", expected none with data that "
     "is no line protocol: its stamps have one unit\n"},
    {EXPLAIN "--precision s",
     {ONE_RULE, IN_S},
     GONG_TOOL_OK,
     "firing since 2025-10-09T08:53:20Z",
     NULL},
    {EXPLAIN,
     {ONE_RULE, IN_S},
     GONG_TOOL_OK,
     "The expression does not hold.",
     DOUBT("1970-01-01T00:00:01.760Z", "seconds", "s")},
};

static void
stamps_have_a_unit(void **state)
{
    (void)state;
    RUN(precision_rows);
}

#define IS_FOLDER                                                              \
    ".: found a folder, expected a file of line protocol, NAME.prom or "       \
    "NAME.om; a journal is for replay\n"

static const struct row folder_rows[] = {
    {"replay --rules r.cfg --data .",
     {ONE_RULE},
     GONG_TOOL_INPUT,
     "",
     ".: found a folder that is no journal, expected an agent's "
     "(STATE/journal, with a log.meta in it) or a file of line protocol\n"},
    {"eval --expr m_t --at 1 --data .", {{0}}, GONG_TOOL_INPUT, "", IS_FOLDER},
    {"explain --rules r.cfg --rule A --at 1 --data .",
     {ONE_RULE},
     GONG_TOOL_INPUT,
     "",
     IS_FOLDER},
};

static void
a_folder_that_is_no_journal_is_told(void **state)
{
    (void)state;
    RUN(folder_rows);
}

#define AT_RULES                                                               \
    {                                                                          \
        "rules.yml",                                                           \
            "groups:\n- name: g\n  rules:\n  - {alert: Hot, expr: m > 2}\n"    \
            "  - {alert: At, expr: m @ 60 > 0}\n"                              \
    }
#define AT_HEAD                                                                \
    "rule_files: [rules.yml]\ntests:\n- interval: 1m\n"                        \
    "  input_series: [{series: 'm{a=\"x\"}', values: '0 1 2 3 4'}]\n"          \
    "  alert_rule_test:\n"
#define AT_REFUSED                                                             \
    "rules.yml:5:23: found an @ modifier, expected none: a rule looks at the " \
    "present\n"

static const struct row at_rows[] = {
    {"test t.yml",
     {AT_RULES,
      {"t.yml", AT_HEAD
       "  - {eval_time: 3m, alertname: At}\n"
       "  - {eval_time: 3m, alertname: Hot, exp_alerts: [{exp_labels: {a: "
       "x}}]}\n"
       "  - {eval_time: 4m, alertname: Hot}\n"
       "  promql_expr_test:\n"
       "  - {expr: m @ 120, eval_time: 4m, exp_samples: [{labels: "
       "'m{a=\"x\"}', value: 2}]}\n"
       "  - {expr: m, eval_time: 4m, exp_samples: [{labels: 'm{a=\"x\"}', "
       "value: 5}]}\n"}},
     GONG_TOOL_NO,
     "Unit Testing:  t.yml\n  FAILED:\n" AT_REFUSED
     "    t.yml:6: alertname: At, time: 180 s: its rule is refused, as is said "
     "above\n"
     "    t.yml:8: alertname: Hot, time: 240 s\n"
     "      exp:\n        nothing\n      got:\n"
     "        {a=\"x\", alertname=\"Hot\"} annotations {}\n"
     "    t.yml:11: expr: m, time: 240 s\n"
     "      exp:\n        m{a=\"x\"} 5\n"
     "      got:\n        m{a=\"x\"} 4\n",
     NULL},
    {"test t.yml",
     {AT_RULES, {"t.yml", "group_eval_order: [a, b, a]\n"}},
     GONG_TOOL_NO,
     "t.yml:1:26: found a group twice, expected each once\n",
     NULL},
    /* The verdict, though all that was asked for is so. */
    {"test t.yml",
     {AT_RULES,
      {"t.yml", AT_HEAD "  - {eval_time: 3m, alertname: Hot, exp_alerts: "
                        "[{exp_labels: {a: x}}]}\n"}},
     GONG_TOOL_NO,
     "Unit Testing:  t.yml\n  FAILED:\n" AT_REFUSED "\n",
     NULL},
};

static void
a_rule_that_is_refused_fails_alone(void **state)
{
    (void)state;
    RUN(at_rows);
}

#define NOTE(line, name, series, more)                                         \
    "p.yml:" line ": note: " name ": " series                                  \
    " is the agent's own series of presence here: whether a device is there, " \
    "by site and device, on the agent's clock, never too old; not whether a "  \
    "target of a Prometheus could be scraped, by job and instance" more "\n"

/* A file whose rules are written once each and named by 5,999 aliases. */
static char *
many_rules(const char *name)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    (void)fprintf(out, "groups: [{name: %s, rules: [&r {alert: A, expr: m}",
                  name);
    for (int i = 0; i < 5999; i++) {
        (void)fputs(", *r", out);
    }
    (void)fputs("]}]\n", out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void
rules_of_all_files_have_a_bound(void **state)
{
    char *a = many_rules("a");
    char *b = many_rules("b");
    const struct row rows[] = {
        {"replay --rules a.yml --data d.lp",
         {{"a.yml", a}, {"d.lp", "m v=1 1000000\n"}},
         GONG_TOOL_OK,
         NULL,
         NULL},
        {"replay --rules a.yml --rules b.yml --data d.lp",
         {{"a.yml", a}, {"b.yml", b}, {"d.lp", "m v=1 1000000\n"}},
         GONG_TOOL_NO,
         "",
         "rules: found more than 10000 rules in all, expected fewer\n"},
    };

    (void)state;
    RUN(rows);
    free(a);
    free(b);
}

/* 300 alerts that have ended, and then one that is open. */
static void
an_open_alert_is_told_before_ended_ones(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct row row = {
        .words = "explain --rules r.cfg --rule A --at 10 --precision ns "
                 "--data d.lp",
        .status = GONG_TOOL_OK,
        .out = "\nstate:\n  firing",
    };

    assert_non_null(out);
    for (int i = 0; i < 300; i++) {
        (void)fprintf(out, "m,d=%d t=2 1000000000\nm,d=%d t=0 2000000000\n", i,
                      i);
    }
    (void)fputs("m,d=x t=2 3000000000\n", out);
    assert_int_equal(fclose(out), 0);
    row.files[0] = (struct file){
        "r.cfg",
        "group = \"g\"; rules = ( { alert = \"A\"; expr = \"m_t > 1\"; } );\n"};
    row.files[1] = (struct file){"d.lp", text};
    (void)state;
    run_rows(&row, 1);
    free(text);
}

/* Milliseconds of which int64 does not hold the nanoseconds. */
static const struct row far_rows[] = {
    {"explain --rules r.cfg --rule A --at 9999-12-31T00:00:00Z --precision ns "
     "--data d.lp",
     {ONE_RULE, {"d.lp", "m t=2 1000000000\n"}},
     GONG_TOOL_OK,
     NULL,
     NULL},
    {"check --cost --no-lint p.yml",
     {{"p.yml", "groups:\n- name: g\n  rules:\n"
                "  - {alert: A, expr: m > 1, for: 260y}\n"}},
     GONG_TOOL_OK,
     NULL,
     NULL},
};

static void
what_lies_far_off_does_no_harm(void **state)
{
    (void)state;
    RUN(far_rows);
}

static const struct row import_rows[] = {
    {"import p.yml",
     {{"p.yml", "groups:\n- name: g\n  rules:\n"
                "  - {alert: Down, expr: up == 0}\n"
                "  - {alert: Hot, expr: m > 2}\n"
                "  - {record: r, expr: 'sum(up{job=\"x\", site=\"y\"})'}\n"
                "  - {alert: Dark, expr: m > 1 and device_dark == 1}\n"}},
     GONG_TOOL_OK,
     "expr = \"up == 0\"",
     NOTE("4", "Down", "up", "") NOTE("6", "r", "up", "; it has no label job")
         NOTE("7", "Dark", "device_dark", "")},
    /* Names that the agent's files cannot have. */
    {"import p.yml",
     {{"p.yml", "groups:\n- name: g\n  rules:\n"
                "  - {alert: A, expr: m, labels: {_a: x, alertname: y}}\n"
                "  - {alert: B, expr: m, annotations: {_b: x}}\n"
                "  - {alert: C, expr: m}\n"
                "  - {record: ALERTS, expr: m}\n"}},
     GONG_TOOL_NO,
     "rules = (\n  {\n    alert = \"C\";\n    expr = \"m\";\n  }\n);\n",
     "p.yml:4:38: found the name _a, expected one that begins with a letter, "
     "and not alertname\n"
     "p.yml:4:52: found the name alertname, expected one that begins with a "
     "letter, and not alertname\n"
     "p.yml:5:43: found the name _b, expected one that begins with a letter, "
     "and not alertname\n"
     "p.yml:7:5: found a recording ALERTS, expected another name: what has "
     "this one is the agent's own\n"},
};

static void
an_imported_rule_over_up_is_noted(void **state)
{
    (void)state;
    RUN(import_rows);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_with_an_option_is_named),
        cmocka_unit_test(a_rule_without_a_result_does_not_look_sound),
        cmocka_unit_test(a_question_has_a_longest_line),
        cmocka_unit_test(lines_that_are_no_questions_are_told),
        cmocka_unit_test(a_budget_implies_that_the_cost_is_measured),
        cmocka_unit_test(several_files_of_rules_are_one_set),
        cmocka_unit_test(a_name_of_several_rules_is_refused_with_their_ids),
        cmocka_unit_test(cases_are_about_one_rule_and_series),
        cmocka_unit_test(one_of_a_kind_has_no_plural),
        cmocka_unit_test(what_lacks_its_parameter_is_explained),
        cmocka_unit_test(refused_lines_are_named),
        cmocka_unit_test(stamps_have_a_unit),
        cmocka_unit_test(a_folder_that_is_no_journal_is_told),
        cmocka_unit_test(a_rule_that_is_refused_fails_alone),
        cmocka_unit_test(an_imported_rule_over_up_is_noted),
        cmocka_unit_test(rules_of_all_files_have_a_bound),
        cmocka_unit_test(what_lies_far_off_does_no_harm),
        cmocka_unit_test(an_open_alert_is_told_before_ended_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
