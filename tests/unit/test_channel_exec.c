/* Unit tests of agent/tell/channel_exec.c. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel_fixture.h"
#include "message_fixture.h"

static enum gong_channel_outcome
run(struct channel_case *test, const char *script)
{
    char options[1024];

    (void)snprintf(options, sizeof options,
                   "command = (\"/bin/sh\", \"-c\", \"%s\");", script);
    assert_int_equal(channel_open(test, &gong_channel_exec, options), GONG_OK);
    channel_begin(test, channel_message, "0905");
    return channel_end(test, CURLE_OK);
}

/* The text message is on standard input and in GONG_TEXT, all that belongs to
 * it in the environment, and nothing of ours. */
static void
program_gets_text_and_values(void **state)
{
    struct channel_case test;

    (void)state;
    assert_int_equal(run(&test,
                         "cat; echo $GONG_ADDRESS $GONG_CONTACT $GONG_KEY "
                         "$GONG_KIND $GONG_RECEIVER $GONG_UNIT $GONG_NUMBER "
                         "$GONG_ALERTNAME $GONG_SEVERITY $GONG_NEWS "
                         "$GONG_LEVEL $GONG_VALUE $GONG_STEP $GONG_TEXT_PARTS "
                         "$GONG_LINK; echo $GONG_STATUS; "
                         "echo \\\"$GONG_UNIT_NAME/$GONG_SUMMARY\\\"; "
                         "test \\\"$GONG_TEXT\\\" = \\\"$GONG_TEXT\\\" && exit "
                         "3"),
                     GONG_CHANNEL_REFUSE);
    assert_string_equal(
        test.attempt.answer,
        "#17 KHẨN CẤP mức III, Xã Sơn Hoà: Nước dâng 34,5. Làm ngay: Sơ tán\n"
        "#18 CHÚ Ý đã kết thúc sau dưới 1 phút, 22018: Đã rút. Giá trị "
        "cuối cùng: 1\n"
        "và 3 cảnh báo khác, 4 cảnh báo khác đã kết thúc, xem: https://g\n"
        "0905 duty-1 abc-7 news unit-duty 22015 17 A critical firing 3 34.5 0 "
        "4 https://g\n"
        "KHẨN CẤP, đang diễn ra\n"
        "Xã Sơn Hoà/#17 [KHẨN CẤP] đang diễn ra: Nước dâng?34,5 | việc cần "
        "làm: Sơ tán\n");
    assert_memory_equal(test.attempt.why, "exit code 3: #17", 16);
    channel_close(&test);
}

/* With a person there is a link, the word that it is escalated, and no more
 * parts than may be; what the program prints of the link is not told. */
static void
an_escalation_is_a_text_message(void **state)
{
    static const char expected[] =
        "CHUYỂN CẤP TRÊN, 10 phút chưa ai tiếp nhận: #17 KHẨN CẤP tăng lên mức "
        "III, Xã Sơn Hoà: Củng Sơn 40,31 m, trên báo động III 5,81 m, tăng "
        "0,42 m/giờ. Làm ngay: Sơ tán dân vùng ngập. " MESSAGE_LINK "\n";
    char start[sizeof expected];
    const struct gong_link_signer signer = message_signer();
    json_t *message = message_flood("escalate");
    struct channel_case test;

    (void)state;
    /* What is told ends where the link's own part begins. */
    (void)snprintf(start, sizeof start, "%.*s",
                   (int)(strstr(expected, "/a/") + 3 - expected), expected);
    assert_int_equal(
        channel_open(&test, &gong_channel_exec,
                     "command = (\"/bin/sh\", \"-c\", \"cat; echo $GONG_STATUS;"
                     " echo $GONG_LINK; exit 1\");"),
        GONG_OK);
    channel_begin_to(&test, message, "0905", &signer);
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_REFUSE);
    assert_memory_equal(test.attempt.answer, start, strlen(start));
    assert_non_null(strstr(test.attempt.answer, "****\nCHUYỂN CẤP TRÊN, KHẨN "
                                                "CẤP\n"
                                                "https://gong.example/a/***"));
    assert_null(strstr(test.attempt.answer, strrchr(MESSAGE_LINK, '/') + 1));
    channel_close(&test);
}

static void
text_messages_have_so_many_parts(void **state)
{
    const struct gong_link_signer signer = message_signer();
    struct channel_case test;

    (void)state;
    for (int parts = 4; parts <= 7; parts++) {
        char options[256];

        (void)snprintf(options, sizeof options,
                       "parts = %d; command = (\"/bin/sh\", \"-c\", \"test "
                       "$GONG_TEXT_PARTS -le %d -a \\\"${GONG_TEXT%%"
                       "$GONG_LINK}\\\" != \\\"$GONG_TEXT\\\"\");",
                       parts, parts);
        assert_int_equal(channel_open(&test, &gong_channel_exec, options),
                         GONG_OK);
        channel_begin_to(&test, message_flood("escalate"), "0905", &signer);
        assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_SENT);
        channel_close(&test);
    }
}

/* More than one read takes, all of it there before the first one. */
static void
what_an_ended_program_wrote_is_read(void **state)
{
    struct channel_case test;
    siginfo_t info = {0};

    (void)state;
    assert_int_equal(channel_open(&test, &gong_channel_exec,
                                  "command = (\"/bin/sh\", \"-c\", \"printf "
                                  "%03000d 7; exit 1\");"),
                     GONG_OK);
    channel_begin(&test, channel_message, "");
    assert_int_equal(
        waitid(P_PID, (id_t)test.attempt.process, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_REFUSE);
    assert_int_equal(strlen(test.attempt.answer), 3000);
    assert_int_equal(test.attempt.answer[2999], '7');
    channel_close(&test);
}

static void
program_gets_json_where_it_asks(void **state)
{
    struct channel_case test;
    json_t *got;

    (void)state;
    assert_int_equal(channel_open(&test, &gong_channel_exec,
                                  "input = \"json\"; languages = (\"en\"); "
                                  "command = (\"/bin/sh\", \"-c\", \"cat; exit "
                                  "1\");"),
                     GONG_OK);
    channel_begin(&test, channel_message, "");
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_REFUSE);
    got = json_loads(test.attempt.answer, 0, NULL);
    assert_non_null(got);
    assert_string_equal(json_string_value(json_object_get(got, "receiver")),
                        "unit-duty");
    json_decref(got);
    channel_close(&test);
    assert_int_equal(channel_open(&test, &gong_channel_exec,
                                  "languages = (\"en\"); command = "
                                  "(\"/bin/cat\");"),
                     GONG_OK);
    channel_begin(&test, channel_message, "");
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_SENT);
    assert_memory_equal(test.attempt.answer, "#17 CRITICAL level III, ", 24);
    channel_close(&test);
    assert_int_equal(channel_open(&test, &gong_channel_exec,
                                  "languages = (\"xx\"); command = "
                                  "(\"/bin/cat\");"),
                     GONG_ERR_INVALID);
    assert_string_equal(test.why, "languages: found xx, expected vi or en");
}

/* Nothing of the agent's environment, and of its files only three. */
static void
nothing_of_ours_is_inherited(void **state)
{
    struct channel_case test;

    (void)state;
    assert_int_equal(setenv("GONG_LEAK", "secret", 1), 0);
    assert_int_equal(run(&test,
                         "env | sed 's/=.*//' | grep -v -e ^GONG_ -e ^PWD$ -e "
                         "^SHLVL$ -e ^_$ -e ^OLDPWD$ | sort | tr '\\\\n' ' '; "
                         "echo $GONG_LEAK"),
                     GONG_CHANNEL_SENT);
    /* The other lines of GONG_TEXT have no name before a sign. */
    assert_non_null(strstr(test.attempt.answer, "LANG PATH"));
    assert_null(strstr(test.attempt.answer, "secret"));
    assert_null(strstr(test.attempt.answer, "HOME"));
    assert_int_equal(unsetenv("GONG_LEAK"), 0);
    channel_close(&test);
}

/* Programs could take such an address for an option, or for two. */
static void
an_address_is_one_word_of_its_own(void **state)
{
    static const char *const addresses[] = {"-rf", "--help", "0905\n0906",
                                            "0905\x1b[2J", "\xff"};
    struct channel_case test;

    (void)state;
    assert_int_equal(
        channel_open(&test, &gong_channel_exec, "command = (\"/bin/cat\");"),
        GONG_OK);
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        channel_begin(&test, channel_message, addresses[i]);
        assert_int_equal(test.attempt.process, 0);
        assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_REFUSE);
        assert_string_equal(test.attempt.why, "no address for a program");
    }
    channel_close(&test);
}

static void
exit_codes_mean_what_sysexits_says(void **state)
{
    static const struct {
        const char *script;
        enum gong_channel_outcome outcome;
    } cases[] = {
        {"exit 0", GONG_CHANNEL_SENT},
        {"exit 75", GONG_CHANNEL_RETRY},
        {"exit 1", GONG_CHANNEL_REFUSE},
        {"exit 255", GONG_CHANNEL_REFUSE},
        {"kill -9 $$", GONG_CHANNEL_RETRY},
        /* What closes its output goes on all the same. */
        {"exec >&- 2>&-; sleep 0.05; exit 0", GONG_CHANNEL_SENT},
        /* What it leaves behind keeps its output open, and does not matter. */
        {"sleep 100 & exit 0", GONG_CHANNEL_SENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct channel_case test;

        if (run(&test, cases[i].script) != cases[i].outcome) {
            fail_msg("%s: %s", cases[i].script, test.attempt.why);
        }
        channel_close(&test);
    }
}

static void
no_shell_reads_what_comes_from_outside(void **state)
{
    struct channel_case test;

    (void)state;
    assert_int_equal(channel_open(&test, &gong_channel_exec,
                                  "command = (\"/bin/echo\", \"$(id)\", "
                                  "\"; id\");"),
                     GONG_OK);
    channel_begin(&test, channel_message, "$(id)");
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_SENT);
    assert_string_equal(test.attempt.answer, "$(id) ; id\n");
    channel_close(&test);
}

static void
endless_output_is_bounded(void **state)
{
    struct channel_case test;

    (void)state;
    assert_int_equal(run(&test, "head -c 3000000 /dev/zero | tr '\\\\0' x"),
                     GONG_CHANNEL_SENT);
    assert_in_range(test.attempt.answer_length, 1, 4096);
    channel_close(&test);
}

static void
its_time_over_the_whole_group_is_killed(void **state)
{
    static const CURLcode ends[] = {CURLE_OPERATION_TIMEDOUT,
                                    CURLE_ABORTED_BY_CALLBACK};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct channel_case test;
        pid_t group;

        assert_int_equal(channel_open(&test, &gong_channel_exec,
                                      "command = (\"/bin/sh\", \"-c\", "
                                      "\"sleep 1000 & sleep 1000\");"
                                      "timeout = \"700ms\";"),
                         GONG_OK);
        channel_begin(&test, channel_message, "");
        assert_int_equal(test.attempt.timeout_ms, 700);
        group = (pid_t)test.attempt.process;
        assert_true(group > 0);
        assert_int_equal(channel_end(&test, ends[i]), GONG_CHANNEL_RETRY);
        assert_string_equal(test.attempt.why, "killed after its time");
        /* Nobody of it is left; what was orphaned may be a zombie yet. */
        assert_int_equal(kill(group, 0), -1);
        assert_int_equal(errno, ESRCH);
        channel_close(&test);
    }
}

static void
what_cannot_be_a_program_is_refused(void **state)
{
    struct channel_case test;

    (void)state;
    assert_int_equal(
        channel_open(&test, &gong_channel_exec, "command = (\"ls\");"),
        GONG_ERR_INVALID);
    assert_int_equal(
        channel_open(&test, &gong_channel_exec, "command = (\"/no/where\");"),
        GONG_ERR_INVALID);
    assert_string_equal(test.why, "/no/where: No such file or directory");
    /* Executable, but nothing that runs. */
    assert_int_equal(
        channel_open(&test, &gong_channel_exec, "command = (\"/tmp\");"),
        GONG_OK);
    channel_begin(&test, channel_message, "");
    assert_int_equal(channel_end(&test, CURLE_OK), GONG_CHANNEL_RETRY);
    assert_string_equal(test.attempt.why, "/tmp: Permission denied");
    channel_close(&test);
}

static int
lowest_free_file(void)
{
    int fd = dup(STDIN_FILENO);

    assert_true(fd >= 0);
    (void)close(fd);
    return fd;
}

static void
without_files_nothing_is_started(void **state)
{
    struct channel_case test;
    struct rlimit limit;
    int lowest;
    int sent = 0;

    (void)state;
    assert_int_equal(
        channel_open(&test, &gong_channel_exec,
                     "command = (\"/bin/sh\", \"-c\", \"exit 0\");"),
        GONG_OK);
    lowest = lowest_free_file();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int more = 0; more < 8; more++) {
        const struct rlimit few = {(rlim_t)(lowest + more), limit.rlim_max};
        bool started;

        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        channel_begin(&test, channel_message, "");
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        started = test.attempt.process != 0;
        assert_int_equal(channel_end(&test, CURLE_OK),
                         started ? GONG_CHANNEL_SENT : GONG_CHANNEL_RETRY);
        sent += started;
        assert_int_equal(lowest_free_file(), lowest);
    }
    assert_in_range(sent, 1, 4);
    channel_close(&test);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(program_gets_text_and_values),
        cmocka_unit_test(an_escalation_is_a_text_message),
        cmocka_unit_test(text_messages_have_so_many_parts),
        cmocka_unit_test(what_an_ended_program_wrote_is_read),
        cmocka_unit_test(program_gets_json_where_it_asks),
        cmocka_unit_test(nothing_of_ours_is_inherited),
        cmocka_unit_test(an_address_is_one_word_of_its_own),
        cmocka_unit_test(exit_codes_mean_what_sysexits_says),
        cmocka_unit_test(no_shell_reads_what_comes_from_outside),
        cmocka_unit_test(endless_output_is_bounded),
        cmocka_unit_test(its_time_over_the_whole_group_is_killed),
        cmocka_unit_test(what_cannot_be_a_program_is_refused),
        cmocka_unit_test(without_files_nothing_is_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
