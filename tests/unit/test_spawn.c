/* Unit tests of common/spawn.c. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/spawn.h"

/* Runs a shell text; its output in out. Returns the exit code. */
static int
run(char *script, char *const *environment, int in, char *out, size_t size)
{
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char *argv[] = {shell, option, script, NULL};
    int fds[2] = {-1, -1};
    struct gong_spawn spawn = {
        .argv = argv, .environment = environment, .in = in};
    pid_t pid = 0;
    int status = 0;
    ssize_t got;

    assert_int_equal(gong_spawn_pipe(fds), 0);
    spawn.out = fds[1];
    spawn.err = fds[1];
    assert_int_equal(gong_spawn(&spawn, &pid), 0);
    (void)close(fds[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    got = read(fds[0], out, size - 1);
    out[got > 0 ? got : 0] = '\0';
    (void)close(fds[0]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
program_gets_files_environment_and_its_own_group(void **state)
{
    char script[] = "read line; echo \"$line $GONG_X\"; "
                    "me=$$; set -- $(cat /proc/$$/stat); "
                    "test $5 = $me && echo leads; "
                    "ls /proc/$$/fd | wc -l; exit 7";
    char variable[] = "GONG_X=here";
    char *const environment[] = {variable, NULL};
    char out[256];
    int fds[2];

    (void)state;
    assert_int_equal(gong_spawn_pipe(fds), 0);
    assert_int_equal(write(fds[1], "hello\n", 6), 6);
    assert_int_equal(run(script, environment, fds[0], out, sizeof out), 7);
    (void)close(fds[0]);
    (void)close(fds[1]);
    /* Standard input, output and error, and no file of ours. */
    assert_string_equal(out, "hello here\nleads\n3\n");
}

static void
plain_environment_has_path_and_lang_only(void **state)
{
    char script[] = "read line; env | sed 's/=.*//' | grep -v -E '^(_|PWD|"
                    "SHLVL|OLDPWD)$' | sort | tr '\\n' ' '";
    char out[256];

    (void)state;
    assert_int_equal(run(script, NULL, -1, out, sizeof out), 0);
    assert_string_equal(out, "LANG PATH ");
}

static void
a_missing_program_is_an_errno(void **state)
{
    char missing[] = "/nowhere/at/all";
    char *argv[] = {missing, NULL};
    struct gong_spawn spawn = {.argv = argv, .in = -1, .out = 1, .err = 2};
    pid_t pid = 0;

    (void)state;
    assert_int_equal(gong_spawn(&spawn, &pid), ENOENT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(program_gets_files_environment_and_its_own_group),
        cmocka_unit_test(plain_environment_has_path_and_lang_only),
        cmocka_unit_test(a_missing_program_is_an_errno),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
