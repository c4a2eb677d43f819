#include "agent/journal/journal_tool.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sink_fixture.h"

struct said {
    char *text;
    size_t len;
    enum gong_err err;
};

static struct said
ask(const struct sinks *sinks, bool dump, uint64_t from)
{
    struct said said = {0};
    char dir[128];
    FILE *out = open_memstream(&said.text, &said.len);

    assert_non_null(out);
    (void)snprintf(dir, sizeof dir, "%s/journal", sinks->dir);
    said.err = dump ? gong_journal_dump(dir, from, out, out)
                    : gong_journal_check(dir, out, out);
    assert_int_equal(fclose(out), 0);
    return said;
}

static size_t
lines_of(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++) {
        count += *text == '\n';
    }
    return count;
}

/* The journal is open, and belongs to a running program, all the while. */
static void
each_record_is_a_line(void **state)
{
    struct sinks *sinks = *state;
    uint64_t second;
    struct said said;

    (void)sinks_put_data(sinks, "22015", "lamp-1", "lamp temp=80");
    second = sinks_put_data(sinks, "22015", "lamp-2", "lamp temp=81");
    said = ask(sinks, true, 0);
    assert_int_equal(said.err, GONG_OK);
    assert_int_equal(lines_of(said.text), 2);
    assert_non_null(strstr(said.text, " DATA journal_ms="));
    assert_non_null(strstr(said.text, "lamp-1"));
    free(said.text);
    said = ask(sinks, true, second);
    assert_int_equal(lines_of(said.text), 1);
    assert_non_null(strstr(said.text, "lamp-2"));
    free(said.text);
    said = ask(sinks, false, 0);
    assert_int_equal(said.err, GONG_OK);
    assert_non_null(strstr(said.text, "records=2 "));
    assert_non_null(strstr(said.text, " damaged=0 "));
    free(said.text);
}

static void
control_characters_do_not_pass(void **state)
{
    struct sinks *sinks = *state;
    char payload[] = "\4\3\033[2Jd\ne";
    struct iovec part = {payload, sizeof payload - 1};
    struct said said;

    assert_int_equal(gong_journal_append(sinks->journal, GONG_RECORD_DATA,
                                         &part, 1, 0, NULL),
                     GONG_OK);
    assert_int_equal(gong_journal_append(sinks->journal, GONG_RECORD_CONFIG,
                                         &part, 1, 0, NULL),
                     GONG_OK);
    part.iov_len = 3;
    assert_int_equal(gong_journal_append(sinks->journal, GONG_RECORD_DATA,
                                         &part, 1, 0, NULL),
                     GONG_OK);
    said = ask(sinks, true, 0);
    assert_int_equal(lines_of(said.text), 3);
    assert_null(strchr(said.text, '\033'));
    assert_non_null(strstr(said.text, "names=damaged"));
    free(said.text);
}

static void
damage_is_named(void **state)
{
    struct sinks *sinks = *state;
    struct said said;
    uint64_t first = sinks_put_data(sinks, "22015", "lamp-1", "lamp temp=80");
    uint64_t second = sinks_put_data(sinks, "22015", "lamp-2", "lamp temp=81");
    char path[128];
    char want[64];
    int fd;

    (void)snprintf(path, sizeof path, "%s/journal/0000000000000000.segment",
                   sinks->dir);
    fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "x", 1, (off_t)first + 70), 1);
    said = ask(sinks, false, 0);
    assert_int_equal(said.err, GONG_ERR_CORRUPT);
    (void)snprintf(want, sizeof want, "%llu damaged bytes=%llu",
                   (unsigned long long)first,
                   (unsigned long long)(second - first));
    assert_non_null(strstr(said.text, want));
    assert_non_null(strstr(said.text, "records=1 "));
    free(said.text);
    /* The last one too: then it is a torn tail. */
    assert_int_equal(pwrite(fd, "x", 1, (off_t)second + 70), 1);
    (void)close(fd);
    said = ask(sinks, false, 0);
    assert_int_equal(said.err, GONG_OK);
    assert_non_null(strstr(said.text, "records=0 "));
    assert_null(strstr(said.text, "torn_tail_bytes=0"));
    free(said.text);
}

/* Emptied or taken away: what came before and after it is not all. */
static void
a_segment_that_is_gone_is_named(void **state)
{
    struct sinks *sinks = *state;
    struct said said;
    char line[3000];
    char path[128];

    memset(line, 'x', sizeof line);
    memcpy(line, "lamp text=\"", 11);
    memcpy(line + sizeof line - 2, "\"", 2);
    for (int i = 0; i < 100; i++) { /* five segments */
        (void)sinks_put_data(sinks, "22015", "lamp-1", line);
    }
    said = ask(sinks, false, 0);
    assert_int_equal(said.err, GONG_OK);
    free(said.text);
    (void)snprintf(path, sizeof path, "%s/journal/0000000000000001.segment",
                   sinks->dir);
    assert_int_equal(truncate(path, 0), 0);
    said = ask(sinks, false, 0);
    assert_int_equal(said.err, GONG_ERR_CORRUPT);
    assert_non_null(strstr(said.text, "65536 damaged bytes=65536\n"));
    free(said.text);
    assert_int_equal(unlink(path), 0);
    said = ask(sinks, false, 0);
    assert_int_equal(said.err, GONG_ERR_CORRUPT);
    assert_non_null(strstr(said.text, "65536 damaged bytes=65536\n"));
    free(said.text);
}

static void
what_is_no_journal_is_refused(void **state)
{
    struct sinks *sinks = *state;
    struct said said = {0};
    FILE *out = open_memstream(&said.text, &said.len);

    assert_non_null(out);
    assert_int_equal(gong_journal_check("/nowhere", out, out),
                     GONG_ERR_NOT_FOUND);
    assert_int_not_equal(gong_journal_check(sinks->dir, out, out), GONG_OK);
    assert_int_equal(fclose(out), 0);
    free(said.text);
}

int
main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(name, sinks_setup, sinks_teardown)
    const struct CMUnitTest tests[] = {
        T(each_record_is_a_line),
        T(control_characters_do_not_pass),
        T(damage_is_named),
        T(a_segment_that_is_gone_is_named),
        T(what_is_no_journal_is_refused),
    };

    return cmocka_run_group_tests_name("journal_tool", tests, NULL, NULL);
}
