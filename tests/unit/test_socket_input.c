/*
 * Unit tests of collector/socket_client.c and socket_input.c: the conversation
 * as a table, then over a real socket, with programs that misbehave.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/socket_input.h"
#include "common/log.h"

static struct kept {
    struct gong_buffer lines;
    uint64_t limit; /* lines still accepted */
    enum gong_err otherwise;
    bool hold; /* the disk fails */
} kept;

static enum gong_err
keep(void *ctx, struct gong_str lines, struct gong_spooler_taken *taken)
{
    uint64_t count = 0;

    assert_ptr_equal(ctx, &kept);
    for (size_t i = 0; i < lines.len; i++) {
        count += lines.data[i] == '\n';
    }
    if (count > kept.limit) {
        return kept.otherwise;
    }
    kept.limit -= count;
    taken->accepted = kept.hold ? 0 : count;
    taken->held = kept.hold ? count : 0;
    return gong_buffer_append(&kept.lines, lines.data, lines.len);
}

static const struct gong_socket_sink sink = {keep, &kept};

static int
setup(void **state)
{
    (void)state;
    kept = (struct kept){.limit = UINT64_MAX, .otherwise = GONG_ERR_NO_SPACE};
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    gong_buffer_fini(&kept.lines);
    return 0;
}

static void
assert_text(const struct gong_buffer *buffer, const char *want)
{
    if (buffer->len != strlen(want) ||
        (buffer->len > 0 && memcmp(buffer->data, want, buffer->len) != 0)) {
        print_error("found:\n%.*s\nexpected:\n%s\n", (int)buffer->len,
                    buffer->data, want);
        fail();
    }
}

/* ---- the conversation ---- */

static const struct {
    const char *in;
    const char *lines;
    const char *answers;
} talks[] = {
    {"a v=1 5\n\n", "a v=1 5\n", "accepted=1 refused=0 reason=-\n"},
    {"a v=1\n\n", "a v=1 42\n", "accepted=1 refused=0 reason=-\n"},
    {"a v=1 5\r\nb v=2i 6\r\n\r\n", "a v=1 5\nb v=2i 6\n",
     "accepted=2 refused=0 reason=-\n"},
    {"a v=1 5\n\nb v=1 6\n\n", "a v=1 5\nb v=1 6\n",
     "accepted=1 refused=0 reason=-\naccepted=1 refused=0 reason=-\n"},
    {"# a comment\na v=1 5\n\n", "a v=1 5\n",
     "accepted=1 refused=0 reason=-\n"},
    {"\n", "", "accepted=0 refused=0 reason=-\n"},
    {"", "", ""},
    {"a v=1 5\n", "a v=1 5\n", "accepted=1 refused=0 reason=-\n"},
    {"a v=1 5", "a v=1 5\n", "accepted=1 refused=0 reason=-\n"},
    {"a v=1 -5\nb v=2 6\n", "b v=2 6\n", "accepted=1 refused=1 reason=time\n"},
    {"a\nb v=nan 1\nc v=1 5\n\n", "c v=1 5\n",
     "accepted=1 refused=2 reason=no_fields\n"},
};

static void talk(const char *in, size_t step, struct gong_buffer *answers);

/* "Accepted" is said of nothing that a restart would lose. */
static void
what_is_only_in_memory_is_said_so(void **state)
{
    struct gong_buffer answers = {0};

    (void)state;
    kept.hold = true;
    talk("a v=1 5\nb v=2 6\nc v=3 -7\n\n", 1000, &answers);
    kept.hold = false;
    talk("d v=1 8\n\n", 1000, &answers);
    assert_text(&answers, "accepted=0 refused=1 held=2 reason=time\n"
                          "accepted=1 refused=0 reason=-\n");
    answers.len = 0;
    kept.hold = true;
    talk("a v=1 5\n", 1000, &answers);
    assert_text(&answers, "accepted=0 refused=0 held=1 reason=disk_failed\n");
    gong_buffer_fini(&answers);
}

/* step: how many bytes arrive at a time. */
static void
talk(const char *in, size_t step, struct gong_buffer *answers)
{
    struct gong_socket_desk desk = {.sink = sink,
                                    .reader = gong_lp_reader_new(false)};
    struct gong_socket_client client = {0};
    size_t len = strlen(in);

    assert_non_null(desk.reader);
    for (size_t at = 0; at < len; at += step) {
        size_t part = len - at < step ? len - at : step;

        assert_int_equal(gong_socket_client_feed(&client, &desk,
                                                 gong_str_from(in + at, part),
                                                 42, answers),
                         GONG_OK);
    }
    assert_int_equal(gong_socket_client_end(&client, &desk, 42, answers),
                     GONG_OK);
    gong_socket_client_fini(&client);
    gong_lp_reader_free(desk.reader);
    gong_buffer_fini(&desk.lines);
}

static void
conversations(void **state)
{
    static const size_t steps[] = {1, 2, 3, 7, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof talks / sizeof talks[0]; i++) {
        for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
            struct gong_buffer answers = {0};

            kept.lines.len = 0;
            talk(talks[i].in, steps[s], &answers);
            assert_text(&kept.lines, talks[i].lines);
            if (strstr(talks[i].answers, "no_fields") != NULL) {
                /* Which reason is the reader's business; the counts are ours.
                 */
                assert_memory_equal(answers.data, talks[i].answers, 28);
            } else {
                assert_text(&answers, talks[i].answers);
            }
            gong_buffer_fini(&answers);
        }
    }
}

static void
a_long_batch_takes_little_memory(void **state)
{
    struct gong_socket_desk desk = {.sink = sink,
                                    .reader = gong_lp_reader_new(false)};
    struct gong_socket_client client = {0};
    struct gong_buffer answers = {0};

    (void)state;
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(gong_socket_client_feed(&client, &desk,
                                                 gong_str_of("a v=1 5\n"), 42,
                                                 &answers),
                         GONG_OK);
        assert_true(client.in.capacity < (128u << 10));
    }
    assert_int_equal(answers.len, 0);
    assert_int_equal(gong_socket_client_feed(&client, &desk, gong_str_of("\n"),
                                             42, &answers),
                     GONG_OK);
    assert_text(&answers, "accepted=100000 refused=0 reason=-\n");
    gong_socket_client_fini(&client);
    gong_lp_reader_free(desk.reader);
    gong_buffer_fini(&desk.lines);
    gong_buffer_fini(&answers);
}

static void
an_endless_line_ends_the_talk(void **state)
{
    struct gong_socket_desk desk = {.sink = sink,
                                    .reader = gong_lp_reader_new(false)};
    struct gong_socket_client client = {0};
    struct gong_buffer answers = {0};
    enum gong_err err = GONG_OK;

    (void)state;
    for (int i = 0; i < 20 && err == GONG_OK; i++) {
        char part[4096];

        memset(part, 'x', sizeof part);
        err = gong_socket_client_feed(
            &client, &desk, gong_str_from(part, sizeof part), 42, &answers);
    }
    assert_int_equal(err, GONG_ERR_TOO_LARGE);
    assert_text(&answers, "accepted=0 refused=1 reason=line_too_long\n");
    gong_socket_client_fini(&client);
    gong_lp_reader_free(desk.reader);
    gong_buffer_fini(&desk.lines);
    gong_buffer_fini(&answers);
}

static void
full_spool_is_said(void **state)
{
    struct gong_buffer answers = {0};

    (void)state;
    kept.limit = 0;
    talk("a v=1 5\nb v=1 5\n\n", 1000, &answers);
    assert_text(&answers, "accepted=0 refused=2 reason=spool_full\n");
    answers.len = 0;
    kept.otherwise = GONG_ERR_IO;
    talk("a v=1 5\n\n", 1000, &answers);
    assert_text(&answers, "accepted=0 refused=1 reason=spool_failed\n");
    gong_buffer_fini(&answers);
}

/* ---- the socket ---- */

struct place {
    char dir[64];
    char path[80];
};

static struct gong_socket *
open_socket(struct place *place, size_t clients, gong_dur_t idle)
{
    struct gong_socket_options options = {place->path, clients, idle};
    struct gong_socket *sock = NULL;
    char why[256] = "";

    if (place->dir[0] == '\0') {
        (void)snprintf(place->dir, sizeof place->dir,
                       "/tmp/gong-socket-XXXXXX");
        assert_non_null(mkdtemp(place->dir));
        (void)snprintf(place->path, sizeof place->path, "%s/s", place->dir);
    }
    assert_int_equal(gong_socket_new(&options, &sink, &sock, why, sizeof why),
                     GONG_OK);
    assert_int_equal(gong_socket_start(sock), GONG_OK);
    return sock;
}

static int
dial(const struct place *place)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 30};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s",
                   place->path);
    assert_true(fd >= 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    return fd;
}

static void
say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
}

/* One line of answer, or "" at the end. */
static const char *
hear(int fd)
{
    static char line[256];
    size_t len = 0;

    while (len + 1 < sizeof line && read(fd, line + len, 1) == 1) {
        if (line[len++] == '\n') {
            break;
        }
    }
    line[len] = '\0';
    return line;
}

static void
serves_programs(void **state)
{
    struct place place = {.dir = ""};
    struct gong_socket *sock = open_socket(&place, 2, gong_dur_s(60));
    struct stat info;
    int a = dial(&place);
    int b = dial(&place);
    int c;

    (void)state;
    assert_int_equal(stat(place.path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0660);
    say(a, "a v=1 5\n\n");
    assert_string_equal(hear(a), "accepted=1 refused=0 reason=-\n");
    say(b, "b v=1 5\nwrong\n\n");
    assert_memory_equal(hear(b), "accepted=1 refused=1", 20);
    c = dial(&place);
    assert_string_equal(hear(c),
                        "accepted=0 refused=0 reason=too_many_clients\n");
    assert_string_equal(hear(c), "");
    (void)close(c);
    say(a, "c v=1 5");
    assert_int_equal(shutdown(a, SHUT_WR), 0);
    assert_string_equal(hear(a), "accepted=1 refused=0 reason=-\n");
    assert_string_equal(hear(a), "");
    (void)close(a);
    (void)close(b);
    gong_socket_free(sock);
    assert_text(&kept.lines, "a v=1 5\nb v=1 5\nc v=1 5\n");
    assert_int_equal(stat(place.path, &info), -1);
    assert_int_equal(rmdir(place.dir), 0);
}

static void
silence_ends(void **state)
{
    struct place place = {.dir = ""};
    struct gong_socket *sock = open_socket(&place, 2, gong_dur_ms(50));
    int fd = dial(&place);

    (void)state;
    say(fd, "half a li");
    assert_string_equal(hear(fd), "");
    (void)close(fd);
    gong_socket_free(sock);
    assert_int_equal(kept.lines.len, 0);
    assert_int_equal(rmdir(place.dir), 0);
}

/* A crash leaves the file; a file that is no socket, or a living one, stays. */
static void
takes_over_only_what_is_dead(void **state)
{
    struct place place = {.dir = ""};
    struct gong_socket *sock = open_socket(&place, 2, gong_dur_s(60));
    struct gong_socket_options options = {place.path, 1, gong_dur_s(1)};
    struct gong_socket *other = NULL;
    char why[256] = "";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    FILE *file;
    int fd;

    (void)state;
    assert_int_not_equal(
        gong_socket_new(&options, &sink, &other, why, sizeof why), GONG_OK);
    assert_null(other);
    assert_non_null(strstr(why, place.path));
    gong_socket_free(sock);

    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", place.path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    (void)close(fd);
    sock = open_socket(&place, 2, gong_dur_s(60));
    gong_socket_free(sock);

    file = fopen(place.path, "w");
    assert_non_null(file);
    (void)fclose(file);
    assert_int_not_equal(
        gong_socket_new(&options, &sink, &other, why, sizeof why), GONG_OK);
    assert_int_equal(unlink(place.path), 0);
    assert_int_equal(rmdir(place.dir), 0);
}

/* A living socket that does not answer us at once stays, too. */
static void
takes_over_no_busy_or_foreign_socket(void **state)
{
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct place place = {.dir = ""};
        struct gong_socket *sock = open_socket(&place, 1, gong_dur_s(60));
        struct gong_socket_options options = {place.path, 1, gong_dur_s(1)};
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct gong_socket *other = NULL;
        struct stat info;
        char why[256] = "";
        int queued[2] = {-1, -1};
        int fd = socket(AF_UNIX, types[i], 0);

        gong_socket_free(sock);
        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s",
                       place.path);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address),
                         0);
        if (types[i] == SOCK_STREAM) {
            /* With a queue of none, one connection fills it. */
            assert_int_equal(listen(fd, 0), 0);
            for (int k = 0; k < 2; k++) {
                queued[k] = socket(AF_UNIX, SOCK_STREAM, 0);
                assert_int_equal(fcntl(queued[k], F_SETFL, O_NONBLOCK), 0);
                (void)connect(queued[k], (struct sockaddr *)&address,
                              sizeof address);
            }
        }
        assert_int_not_equal(
            gong_socket_new(&options, &sink, &other, why, sizeof why), GONG_OK);
        assert_null(other);
        assert_int_equal(lstat(place.path, &info), 0);
        (void)close(fd);
        for (int k = 0; k < 2 && queued[k] >= 0; k++) {
            (void)close(queued[k]);
        }
        assert_int_equal(unlink(place.path), 0);
        assert_int_equal(rmdir(place.dir), 0);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(conversations),
        TEST(what_is_only_in_memory_is_said_so),
        TEST(a_long_batch_takes_little_memory),
        TEST(an_endless_line_ends_the_talk),
        TEST(full_spool_is_said),
        TEST(serves_programs),
        TEST(silence_ends),
        TEST(takes_over_only_what_is_dead),
        TEST(takes_over_no_busy_or_foreign_socket),
    };

    gong_log_init("test_socket_input", GONG_LOG_DEBUG);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
