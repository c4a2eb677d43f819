/* What gongctl says when something is wrong: the reason first, what is allowed,
 * where help is; and that nothing looks done that is not. */
#include "ctl/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/incident.h"
#include "ctl_fixture.h"

static void
write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* --- the command line --- */

static void
the_reason_comes_first(void **state)
{
    static const struct {
        const char *words[6];
        const char *first;
        const char *then;
    } rows[] = {
        {{"alert"}, "unknown command \"alert\"", "gongctl alerts\n"},
        {{"acknowledge"}, "unknown command \"acknowledge\"", "gongctl --help"},
        {{"a\x1b[31m"}, "unknown command \"a?[31m\"", "gongctl --help"},
        {{"alerts", "--unti", "1"}, "unknown option: \"--unti\"", "--unit\n"},
        {{"alerts", "--severty=info"},
         "unknown option: \"--severty=info\"",
         "--severity\n"},
        {{"alerts", "-x"}, "unknown option: \"-x\"", "gongctl alerts --help"},
        {{"alerts", "--all=yes"}, "it takes no value", "gongctl alerts --help"},
        {{"alerts", "22015"}, "one word too many", "gongctl alerts --help"},
        {{"comment", "1", "on", "the", "way"},
         "one word too many (quote a text with spaces): \"the\"",
         "gongctl comment N TEXT"},
        {{"report", "--month"}, "a value is missing", "gongctl report --help"},
    };
    struct ctl_world *world = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *end;

        assert_int_equal(ctl_run_at(world, world->agent, rows[i].words),
                         GONG_CTL_USAGE);
        end = strchr(world->err, '\n');
        assert_non_null(end);
        ctl_holds(world->err, rows[i].first);
        assert_true(strstr(world->err, rows[i].first) < end);
        ctl_holds(end, rows[i].then);
        assert_string_equal(world->out, "");
    }
    assert_int_equal(RUN(world, "help", "silence"), GONG_CTL_OK);
    ctl_holds(world->out, "--match MATCHER");
    assert_int_equal(RUN(world, "silence", "-h"), GONG_CTL_OK);
    ctl_holds(world->out, "--match MATCHER");
}

/* Each command refuses the word after its last one. */
static void
no_command_ignores_a_word(void **state)
{
    struct ctl_world *world = *state;

    for (size_t i = 0; i < gong_ctl_command_count; i++) {
        const char *words[20] = {gong_ctl_commands[i].name};
        size_t most = gong_ctl_commands[i].words_max;

        for (size_t word = 0; word <= most; word++) {
            words[1 + word] = "1";
        }
        if (most + 3 > sizeof words / sizeof words[0] ||
            ctl_run_at(world, world->agent, words) != GONG_CTL_USAGE ||
            strstr(world->err, "too many") == NULL) {
            fail_msg("%s: %s", words[0], world->err);
        }
    }
    assert_int_equal(world->api->acts, 0);
}

/* --- instants --- */

static void
times_are_refused_with_what_is_allowed(void **state)
{
    static const struct {
        const char *words[10];
        const char *why;
    } rows[] = {
        {{"silence", "--match", "unit=1", "--until", "22/11 18:00"},
         "with the year"},
        {{"silence", "--match", "unit=1", "--until", "18:00"}, "with the year"},
        {{"silence", "--match", "unit=1", "--until", "2020-01-01 00:00"},
         "it is in the past, now it is"},
        {{"silence", "--match", "unit=1", "--until", "2999-01-01"},
         "more than 366 days ahead"},
        {{"silence", "--match", "unit=1", "--for", "9y"},
         "more than 366 days ahead"},
        {{"silence", "--match", "unit=1", "--for", "99999999999999999999d"},
         "expected 30m, 2h, 7d"},
        {{"silence", "--match", "unit=1", "--for", "2 hours"},
         "expected 30m, 2h, 7d"},
        {{"silence", "--match", "unit=1", "--for", "2h", "--until", "3h"},
         "not both"},
        {{"silence", "1", "--for", "0s"}, "expected 30m, 2h, 7d"},
        {{"maintenance", "add", "--match", "unit=1", "--from", "2020-01-01",
          "--for", "2h"},
         "it is in the past"},
        {{"maintenance", "add", "--match", "unit=1", "--from", "3h", "--until",
          "2h"},
         "later than --from"},
        {{"ack", "1", "--until", "2020-01-01"}, "it is in the past"},
        {{"ack", "1", "--until", "soon"}, "with the year"},
    };
    struct ctl_world *world = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (ctl_run_at(world, world->agent, rows[i].words) != GONG_CTL_USAGE) {
            fail_msg("%s %s", rows[i].words[0], rows[i].words[4]);
        }
        ctl_holds(world->err, rows[i].why);
    }
    assert_int_equal(world->api->acts, 0);
}

/* --- secrets --- */

static void
an_empty_secret_is_named(void **state)
{
    struct ctl_world *world = *state;
    char path[160];

    (void)snprintf(path, sizeof path, "%s/empty", world->api->dir);
    write_file(path, "");
    assert_int_equal(RUN_TCP(world, "alerts", "--token-file", path),
                     GONG_CTL_USAGE);
    ctl_holds(world->err, path);
    ctl_holds(world->err, "its first line is empty: put the token");
    write_file(path, "\nsecond\n");
    assert_int_equal(
        RUN_TCP(world, "login", "--user", "lan", "--password-file", path),
        GONG_CTL_USAGE);
    ctl_holds(world->err, "its first line is empty");
    assert_int_equal(RUN_TCP(world, "alerts", "--token-file", "/nowhere/t"),
                     GONG_CTL_USAGE);
    ctl_holds(world->err, "/nowhere/t: No such file or directory");
    assert_int_equal(RUN_TCP(world, "alerts", "--token-file", world->api->dir),
                     GONG_CTL_USAGE);
    ctl_holds(world->err, "Is a directory");
    assert_int_equal(unlink(path), 0);
}

static void
a_wrong_token_is_no_dead_agent(void **state)
{
    struct ctl_world *world = *state;
    char path[160];

    (void)api_add_user(world->api, "viewer", "all");
    (void)snprintf(path, sizeof path, "%s/token", world->api->dir);
    write_file(path, "gt_nobody\n");
    assert_int_equal(RUN_TCP(world, "watch", "--once", "--token-file", path),
                     GONG_CTL_NO_PERMISSION);
    ctl_holds(world->out, "the agent answers, but this watch may not look");
    assert_int_equal(RUN_TCP(world, "alerts", "--token-file", path),
                     GONG_CTL_NO_PERMISSION);
    ctl_holds(world->err, "the token is wrong or over");
    ctl_holds(world->err, path);
    assert_int_equal(unlink(path), 0);
}

static void
a_watch_can_run_its_program(void **state)
{
    struct ctl_world *world = *state;
    char path[160];

    (void)snprintf(path, sizeof path, "%s/program", world->api->dir);
    write_file(path, "#!/bin/sh\n");
    assert_int_equal(RUN(world, "watch", "--exec", "/nowhere/siren"),
                     GONG_CTL_USAGE);
    ctl_holds(world->err, "--exec /nowhere/siren: No such file or directory");
    assert_int_equal(RUN(world, "watch", "--exec", "no-such-siren"),
                     GONG_CTL_USAGE);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(RUN(world, "watch", "--exec", path), GONG_CTL_USAGE);
    ctl_holds(world->err, "Permission denied");
    assert_int_equal(RUN(world, "watch", "--exec", world->api->dir),
                     GONG_CTL_USAGE);
    assert_string_equal(world->out, "");
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(RUN(world, "watch", "--once", "--exec", path),
                     GONG_CTL_BROKEN);
    assert_int_equal(RUN(world, "watch", "--once", "--exec", "true"),
                     GONG_CTL_BROKEN);
    assert_int_equal(unlink(path), 0);
}

/* --- what is written --- */

static void
what_is_not_written_is_said(void **state)
{
    static const char *const rows[][6] = {
        {"report", "--month", "2025-10", "--output", "/dev/full"},
        {"report", "--month", "2025-10", "--output", "/nowhere/report"},
        {"report", "--incident", "1", "--output", "/dev/full"},
        {"handover", "--to", "Minh", "--output", "/dev/full"},
    };
    struct ctl_world *world = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(ctl_run_at(world, world->agent, rows[i]), GONG_CTL_IO);
        ctl_holds(world->err, rows[i][4] != NULL ? rows[i][4] : "/dev/full");
        ctl_holds(world->err, strcmp(rows[i][4], "/nowhere/report") == 0
                                  ? "No such file or directory"
                                  : "No space left on device");
    }
    /* What was not kept is not in the audit log either. */
    assert_null(strstr(world->err, "sha256="));
    assert_int_equal(RUN(world, "restore", world->api->dir), GONG_CTL_IO);
    ctl_holds(world->err, "Is a directory");
    ctl_holds(world->err, world->api->dir);
    assert_int_equal(RUN(world, "restore", world->api->dir, "--yes"),
                     GONG_CTL_IO);
}

/* Standard output as any other file. */
static void
a_full_standard_output_is_said(void **state)
{
    static const char *const rows[][4] = {
        {"alerts"},    {"units", "--format", "json"},    {"--help"},
        {"--version"}, {"report", "--month", "2025-10"},
    };
    struct ctl_world *world = *state;
    char name[] = "gongctl", option[] = "--agent";

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FILE *full = fopen("/dev/full", "w");
        char *argv[8] = {name}, *said = NULL, copies[4][32];
        size_t len = 0;
        FILE *err = open_memstream(&said, &len);
        int argc = 1;

        assert_non_null(full);
        assert_non_null(err);
        for (size_t word = 0; word < 4 && rows[i][word] != NULL; word++) {
            (void)snprintf(copies[word], sizeof copies[word], "%s",
                           rows[i][word]);
            argv[argc++] = copies[word];
        }
        argv[argc++] = option;
        argv[argc++] = world->agent;
        assert_int_equal(gong_ctl_run(argc, argv, full, err), GONG_CTL_IO);
        (void)fclose(full);
        assert_int_equal(fclose(err), 0);
        ctl_holds(said, "standard output: No space left on device");
        free(said);
    }
}

/* --- the list --- */

static void
every_state_has_a_word(void **state)
{
    static const struct {
        const char *json;
        const char *text;
    } rows[] = {
        {"{\"alert\":\"firing\",\"silenced\":false}", ""},
        {"{\"alert\":\"unknown\"}", "không rõ (mất tín hiệu)"},
        {"{\"silenced\":true}", "tạm ngừng báo"},
        {"{\"in_maintenance\":true}", "bảo trì"},
        {"{\"inhibited\":true}", "bị cảnh báo khác che"},
        {"{\"ack_overdue\":true,\"resolve_overdue\":true}", "quá hạn"},
        {"{\"alert\":\"unknown\",\"silenced\":true,\"ack_overdue\":true}",
         "không rõ (mất tín hiệu), quá hạn, tạm ngừng báo"},
        {"{\"trial\":true,\"lost\":true}",
         "hệ thống không còn giữ, thử nghiệm"},
    };
    struct ctl_world *world = *state;
    char text[GONG_CTL_MARKS_SIZE];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *incident = json_loads(rows[i].json, 0, NULL);

        assert_non_null(incident);
        assert_string_equal(gong_ctl_marks_text(incident, text), rows[i].text);
        json_decref(incident);
    }
    assert_int_equal(RUN(world, "alerts"), 0);
    ctl_holds(world->out, "LƯU Ý");
    ctl_holds(world->out, "\nEnglish: khẩn cấp = critical; ");
    ctl_holds(world->out, "chưa tiếp nhận = open");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, ctl_setup, ctl_teardown)
    const struct CMUnitTest tests[] = {
        T(the_reason_comes_first),
        T(no_command_ignores_a_word),
        T(times_are_refused_with_what_is_allowed),
        T(an_empty_secret_is_named),
        T(a_wrong_token_is_no_dead_agent),
        T(a_watch_can_run_its_program),
        T(what_is_not_written_is_said),
        T(a_full_standard_output_is_said),
        T(every_state_has_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
