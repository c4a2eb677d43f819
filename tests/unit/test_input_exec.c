/* Programs that behave and programs that do not. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/child.h"
#include "collector/input_exec.h"
#include "common/clock.h"
#include "input_fixture.h"

#define LONG_ENOUGH gong_dur_s(20)

/* A script in a folder of its own. */
struct script_file {
    char folder[32];
    char path[64];
};

static int
set_up(void **state)
{
    struct script_file *file = calloc(1, sizeof *file);

    if (file == NULL) {
        return -1;
    }
    (void)snprintf(file->folder, sizeof file->folder, "/tmp/gong-exec-XXXXXX");
    if (mkdtemp(file->folder) == NULL) {
        return -1;
    }
    (void)snprintf(file->path, sizeof file->path, "%s/run", file->folder);
    *state = file;
    return 0;
}

static int
tear_down(void **state)
{
    struct script_file *file = *state;
    char command[64];
    int code;

    (void)snprintf(command, sizeof command, "rm -rf %s", file->folder);
    code = system(command);
    free(file);
    return code;
}

static struct probe *
open_script(const struct script_file *file, const char *text,
            const char *arguments)
{
    FILE *out = fopen(file->path, "w");

    assert_non_null(out);
    assert_true(fprintf(out, "#!/bin/sh\n%s\n", text) > 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(file->path, 0700), 0);
    return probe_open(&gong_input_exec, "command = [\"%s\"%s];", file->path,
                      arguments);
}

static void
lines_become_points(void **state)
{
    struct probe *probe =
        open_script(*state,
                    "echo 'door,room=3 open=true,n=2i'\n"
                    "echo '# a comment'\n"
                    "printf 'door,room=4 open=f 1760000000000000001'",
                    "");

    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    assert_string_equal(probe->lines,
                        "door,room=3 open=true,n=2i 1760000000000000000\n"
                        "door,room=4 open=false 1760000000000000001\n");
    probe_close(probe);
}

static void
bad_lines_cost_themselves(void **state)
{
    struct probe *probe = open_script(
        *state, "echo 'a v=1'; echo 'b v='; echo 'c v=1 -5'; echo 'd v=4'", "");

    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_ERR_INVALID);
    assert_string_equal(probe->lines, "a v=1 1760000000000000000\n"
                                      "d v=4 1760000000000000000\n");
    assert_non_null(strstr(probe->why, "2 of 4 lines refused, the first: "
                                       "line 2 column "));
    probe_close(probe);
}

/* No shell, no environment, no input, no files of ours. */
static void
the_program_gets_what_it_was_given(void **state)
{
    struct probe *probe;
    int leaked = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */

    assert_true(leaked > STDERR_FILENO);
    assert_int_equal(setenv("GONG_SECRET", "x", 1), 0);
    probe = open_script(
        *state,
        "printf 'e args=\"%s|%s\",vars=\"%s\",files=\"%s\",in=\"%s\"\\n' "
        "\"$1\" \"$2\" \"$GONG_SECRET$LANG\" "
        "\"$(ls /proc/self/fd | tr '\\n' ' ')\" \"$(cat)\"",
        ", \"$(id); *\", \"\"");
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    probe_expect(probe, "vars", "\"C.UTF-8\"");
    probe_expect(probe, "in", "\"\"");
    assert_non_null(strstr(probe->lines, "args=\"$(id); *|\""));
    /* ls itself opens the folder as 3. */
    assert_non_null(strstr(probe->lines, "files=\"0 1 2 3 \""));
    probe_close(probe);
    (void)close(leaked);
}

static void
failures_are_told_with_what_was_said(void **state)
{
    struct probe *probe = open_script(
        *state,
        "echo 'a v=1'; printf 'no \\033[31msensor\\nmore\\n' >&2; exit 3", "");

    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_ERR_INVALID);
    assert_string_equal(probe->lines, "");
    assert_non_null(strstr(probe->why, "ended with code 3: "
                                       "\"no ?[31msensor\""));
    probe_close(probe);
    probe = open_script(*state, "kill -SEGV $$", "");
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_ERR_INVALID);
    assert_non_null(strstr(probe->why, "ended with signal 11"));
    probe_close(probe);
}

static void
a_long_complaint_blocks_nobody(void **state)
{
    struct probe *probe =
        open_script(*state, "head -c 300000 /dev/zero >&2; echo 'a v=1'", "");

    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    assert_string_equal(probe->lines, "a v=1 1760000000000000000\n");
    probe_close(probe);
}

static void
what_is_missing_is_named(void **state)
{
    struct probe *probe =
        probe_open(&gong_input_exec, "command = [\"/nowhere/to/be\"];");

    (void)state;
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_ERR_NOT_FOUND);
    assert_non_null(strstr(probe->why, "/nowhere/to/be cannot be run: "));
    probe_close(probe);
    probe_refused(&gong_input_exec, "command = [];", GONG_ERR_INVALID,
                  "absolute path");
    probe_refused(&gong_input_exec, "command = [\"ls\"];", GONG_ERR_INVALID,
                  "absolute path");
}

static void
too_much_output_is_cut_off(void **state)
{
    struct probe *probe = open_script(*state, "exec cat /dev/zero", "");

    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_ERR_TOO_LARGE);
    assert_non_null(strstr(probe->why, "wrote more than 1048576 bytes"));
    assert_string_equal(probe->lines, "");
    probe_close(probe);
}

/* The number that a script wrote into a file beside it; waits for it. */
static pid_t
read_pid(const struct script_file *file)
{
    char path[96];
    long pid = 0;

    (void)snprintf(path, sizeof path, "%s.pid", file->path);
    for (int i = 0; i < 2000 && pid == 0; i++) {
        FILE *in = fopen(path, "r");
        char text[32] = "";

        if (in != NULL) {
            if (fgets(text, sizeof text, in) != NULL &&
                strchr(text, '\n') != NULL) {
                pid = strtol(text, NULL, 10);
            }
            (void)fclose(in);
        }
        gong_clock_sleep(gong_dur_ms(pid == 0 ? 10 : 0));
    }
    assert_true(pid > 1);
    return (pid_t)pid;
}

/* Gone, or dead and left to whoever adopted it. */
static bool
is_dead(pid_t pid)
{
    char path[64];
    char text[256] = "";
    const char *name_end;
    FILE *in;

    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    in = fopen(path, "r");
    if (in == NULL) {
        return true;
    }
    (void)fread(text, 1, sizeof text - 1, in);
    (void)fclose(in);
    name_end = strrchr(text, ')');
    return name_end == NULL || name_end[2] == 'Z' || name_end[2] == 'X';
}

static void
expect_dead(pid_t pid)
{
    for (int i = 0; i < 2000 && !is_dead(pid); i++) {
        gong_clock_sleep(gong_dur_ms(10));
    }
    assert_true(is_dead(pid));
}

static void
a_slow_program_is_killed_with_its_children(void **opaque)
{
    const struct script_file *file = *opaque;
    struct probe *probe = open_script(
        file, "echo 'a v=1'\nsleep 1000 &\necho $! > $0.pid\nwait", "");

    assert_int_equal(probe_gather(probe, gong_dur_s(1)), GONG_ERR_TIMEOUT);
    assert_non_null(strstr(probe->why, "was killed"));
    assert_string_equal(probe->lines, "");
    expect_dead(read_pid(file));
    probe_close(probe);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* all were reaped */
    assert_int_equal(errno, ECHILD);
}

/* It closes its output and goes on: still under the deadline. */
static void
a_silent_program_is_killed_too(void **opaque)
{
    const struct script_file *file = *opaque;
    struct probe *probe =
        open_script(file, "echo $$ > $0.pid\nexec sleep 1000 >&- 2>&-", "");

    assert_int_equal(probe_gather(probe, gong_dur_s(1)), GONG_ERR_TIMEOUT);
    expect_dead(read_pid(file));
    probe_close(probe);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void
what_a_program_leaves_behind_ends_with_it(void **opaque)
{
    const struct script_file *file = *opaque;
    struct probe *probe = open_script(
        file, "sleep 1000 >&- 2>&- &\necho $! > $0.pid\necho 'a v=1'\nexit 0",
        "");

    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    assert_string_equal(probe->lines, "a v=1 1760000000000000000\n");
    expect_dead(read_pid(file));
    probe_close(probe);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_become_points),
        TEST(bad_lines_cost_themselves),
        TEST(the_program_gets_what_it_was_given),
        TEST(failures_are_told_with_what_was_said),
        TEST(a_long_complaint_blocks_nobody),
        TEST(what_is_missing_is_named),
        TEST(too_much_output_is_cut_off),
        TEST(a_slow_program_is_killed_with_its_children),
        TEST(a_silent_program_is_killed_too),
        TEST(what_a_program_leaves_behind_ends_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
