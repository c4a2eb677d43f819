/*
 * Checks over the network against real servers inside this program: what
 * answers, what refuses, what is silent, what lies.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/input_dns_query.h"
#include "collector/input_http_response.h"
#include "collector/input_net_response.h"
#include "http_script.h"
#include "input_fixture.h"
#include "tls_server.h"

#define LONG_ENOUGH gong_dur_s(20)
#define SHORT       gong_dur_ms(300)

/* ---- net_response ---- */

static void
an_open_port_is_a_success_with_its_time(void **state)
{
    unsigned port = 0;
    int fd = tcp_listen(4, &port);
    struct probe *probe = probe_open(&gong_input_net_response,
                                     "address = \"127.0.0.1:%u\";", port);
    char prefix[128];

    (void)state;
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    (void)snprintf(prefix, sizeof prefix,
                   "net_response,port=%u,protocol=tcp,server=127.0.0.1 ", port);
    assert_memory_equal(probe->lines, prefix, strlen(prefix));
    probe_expect(probe, "result_code", "0i");
    assert_true(probe_number(probe, "response_time") > 0);
    probe_close(probe);
    (void)close(fd);
}

static void
a_closed_port_is_a_refused_connection(void **state)
{
    struct probe *probe =
        probe_open(&gong_input_net_response, "address = \"127.0.0.1:%u\";",
                   tcp_closed_port());

    (void)state;
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    probe_expect(probe, "result_code", "2i");
    probe_expect_none(probe, "response_time");
    probe_close(probe);
}

/* A port whose queue is full: SYN packets vanish. */
#define FILLERS 8
struct black_hole {
    int fd;
    unsigned port;
    int fillers[FILLERS];
};

static void
black_hole_open(struct black_hole *hole)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    hole->fd = tcp_listen(0, &hole->port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)hole->port);
    for (size_t i = 0; i < FILLERS; i++) {
        hole->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(hole->fillers[i],
                      (const struct sockaddr *)(const void *)&address,
                      sizeof address);
    }
}

static void
black_hole_close(struct black_hole *hole)
{
    for (size_t i = 0; i < FILLERS; i++) {
        (void)close(hole->fillers[i]);
    }
    (void)close(hole->fd);
}

static void
a_silent_port_is_a_timeout(void **state)
{
    struct black_hole hole;
    struct probe *probe;

    (void)state;
    black_hole_open(&hole);
    probe = probe_open(&gong_input_net_response, "address = \"127.0.0.1:%u\";",
                       hole.port);
    assert_int_equal(probe_gather(probe, SHORT), GONG_OK);
    probe_expect(probe, "result_code", "1i");
    probe_expect_none(probe, "response_time");
    probe_close(probe);
    black_hole_close(&hole);
}

static void
addresses_without_port_are_refused(void **state)
{
    (void)state;
    probe_refused(&gong_input_net_response, "address = \"127.0.0.1\";",
                  GONG_ERR_INVALID, "expected host:port");
    probe_refused(&gong_input_net_response, "address = \"[::1]80\";",
                  GONG_ERR_INVALID, "expected host:port");
    probe_refused(&gong_input_dns_query,
                  "server = \"1.1.1.1:x\"; domain = \"a.vn\";",
                  GONG_ERR_INVALID, "address:port");
}

/* ---- dns_query ---- */

/* Answers each question with rcode; before that, with a wrong id. */
struct name_server {
    int fd;
    unsigned port;
    unsigned char rcode;
    pthread_t thread;
};

static void *
serve_names(void *ctx)
{
    const struct name_server *server = ctx;

    for (;;) {
        unsigned char packet[512];
        struct sockaddr_in from;
        socklen_t from_len = sizeof from;
        ssize_t len = recvfrom(server->fd, packet, sizeof packet, 0,
                               (struct sockaddr *)(void *)&from, &from_len);

        if (len < 12) {
            return NULL; /* the empty packet that ends it */
        }
        packet[2] |= 0x80;
        packet[3] = (unsigned char)((packet[3] & 0xf0) | server->rcode);
        packet[0] ^= 0xff;
        packet[3] ^= 0x05;
        (void)sendto(server->fd, packet, (size_t)len, 0,
                     (const struct sockaddr *)(const void *)&from, from_len);
        packet[0] ^= 0xff;
        packet[3] ^= 0x05;
        (void)sendto(server->fd, packet, (size_t)len, 0,
                     (const struct sockaddr *)(const void *)&from, from_len);
    }
}

static void
name_server_bind(struct name_server *server, struct sockaddr_in *address)
{
    socklen_t len = sizeof *address;

    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(server->fd >= 0);
    assert_int_equal(
        bind(server->fd, (const struct sockaddr *)(const void *)address, len),
        0);
    assert_int_equal(
        getsockname(server->fd, (struct sockaddr *)(void *)address, &len), 0);
    server->port = ntohs(address->sin_port);
}

static void
expect_answer(unsigned char rcode, const char *result_code,
              const char *rcode_value)
{
    struct name_server server = {.rcode = rcode};
    struct sockaddr_in address;
    struct probe *probe;
    char prefix[128];

    name_server_bind(&server, &address);
    assert_int_equal(pthread_create(&server.thread, NULL, serve_names, &server),
                     0);
    probe = probe_open(&gong_input_dns_query,
                       "server = \"127.0.0.1:%u\"; domain = \"phuyen.vn\";",
                       server.port);
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    (void)snprintf(prefix, sizeof prefix,
                   "dns_query,domain=phuyen.vn,record_type=A,"
                   "server=127.0.0.1 result_code=%s,",
                   result_code);
    assert_memory_equal(probe->lines, prefix, strlen(prefix));
    probe_expect(probe, "rcode_value", rcode_value);
    assert_true(probe_number(probe, "query_time_ms") > 0);
    probe_close(probe);
    (void)sendto(server.fd, "", 0, 0,
                 (const struct sockaddr *)(const void *)&address,
                 sizeof address);
    (void)pthread_join(server.thread, NULL);
    (void)close(server.fd);
}

static void
a_name_server_is_asked_and_heard(void **state)
{
    (void)state;
    expect_answer(0, "0i", "0i");
    expect_answer(3, "2i", "3i"); /* NXDOMAIN */
}

static void
a_silent_name_server_is_a_timeout(void **state)
{
    struct name_server server;
    struct sockaddr_in address;
    struct probe *probe;

    (void)state;
    name_server_bind(&server, &address);
    probe = probe_open(&gong_input_dns_query,
                       "server = \"127.0.0.1:%u\"; domain = \"phuyen.vn\"; "
                       "record_type = \"MX\";",
                       server.port);
    assert_int_equal(probe_gather(probe, SHORT), GONG_OK);
    probe_expect(probe, "result_code", "1i");
    probe_expect_none(probe, "query_time_ms");
    probe_expect_none(probe, "rcode_value");
    (void)close(server.fd); /* now the kernel says that nobody listens */
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    probe_expect(probe, "result_code", "2i");
    probe_close(probe);
}

/* ---- http_response ---- */

static void
decide(void *ctx, size_t index, const struct script_request *request,
       struct script_reply *reply)
{
    (void)index;
    (void)request;
    *reply = *(const struct script_reply *)ctx;
}

struct http_case {
    const char *options;
    struct script_reply reply;
    const char *result_code;
    const char *result_type;
    const char *string_match; /* NULL: no such field */
    const char *content_length;
};

static const struct http_case http_cases[] = {
    {"",
     {.status = 200, .body = "all lamps well"},
     "0i",
     "\"success\"",
     NULL,
     "14i"},
    {"", {.status = 404, .body = "?"}, "0i", "\"success\"", NULL, "1i"},
    {"expect_status = 200;",
     {.status = 503, .body = "sorry"},
     "6i",
     "\"response_status_code_mismatch\"",
     NULL,
     "5i"},
    {"expect_status = 503;",
     {.status = 503, .body = "sorry"},
     "0i",
     "\"success\"",
     NULL,
     "5i"},
    {"body_match = \"lamps? (well|ok)$\";",
     {.status = 200, .body = "all lamps well\nend"},
     "0i",
     "\"success\"",
     "1i",
     "18i"},
    {"body_match = \"lamps? (well|ok)$\";",
     {.status = 200, .body = "all lamps broken"},
     "1i",
     "\"response_string_mismatch\"",
     "0i",
     "16i"},
    {"body_match = \"well\"; expect_status = 200;",
     {.status = 500, .body = "unwell"},
     "6i",
     "\"response_status_code_mismatch\"",
     "1i",
     "6i"},
    {"method = \"HEAD\";",
     {.status = 200, .body = "long"},
     "0i",
     "\"success\"",
     NULL,
     "0i"},
};

static void
judge_answer(const struct http_case *c)
{
    struct script_reply reply = c->reply;
    struct script *script = script_start(0, decide, &reply);
    char status[16];
    struct probe *probe = probe_open(&gong_input_http_response,
                                     "url = \"http://127.0.0.1:%u/health\"; %s",
                                     script_port(script), c->options);

    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    (void)snprintf(status, sizeof status, "%di", reply.status);
    probe_expect(probe, "http_response_code", status);
    probe_expect(probe, "result_code", c->result_code);
    probe_expect(probe, "result_type", c->result_type);
    probe_expect(probe, "content_length", c->content_length);
    assert_true(probe_number(probe, "first_byte_time") > 0);
    assert_true(probe_number(probe, "response_time") >=
                probe_number(probe, "first_byte_time"));
    probe_expect_none(probe, "certificate_days");
    if (c->string_match == NULL) {
        probe_expect_none(probe, "response_string_match");
    } else {
        probe_expect(probe, "response_string_match", c->string_match);
    }
    probe_close(probe);
    script_stop(script);
}

static void
answers_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof http_cases / sizeof http_cases[0]; i++) {
        judge_answer(&http_cases[i]);
    }
}

static void
tags_are_the_same_whatever_comes(void **state)
{
    struct script_reply reply = {.status = 200, .body = "well"};
    struct script *script = script_start(0, decide, &reply);
    struct probe *probe =
        probe_open(&gong_input_http_response,
                   "url = \"http://127.0.0.1:%u/\"; method = \"POST\"; "
                   "expect_status = 200;",
                   script_port(script));
    char good[128];
    size_t len;

    (void)state;
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    probe_expect(probe, "result_code", "0i");
    assert_string_equal(script_at(script, 0)->method, "POST");
    len = strcspn(probe->lines, " ");
    assert_true(len < sizeof good);
    memcpy(good, probe->lines, len);
    reply.status = 500;
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    probe_expect(probe, "result_code", "6i");
    assert_memory_equal(probe->lines, good, len);
    script_stop(script);
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    probe_expect(probe, "result_code", "3i");
    assert_memory_equal(probe->lines, good, len);
    assert_int_equal(probe->lines[len], ' ');
    probe_close(probe);
}

static void
what_does_not_answer_says_why(void **state)
{
    unsigned silent = 0;
    int fd = tcp_listen(4, &silent);
    struct probe *probe;

    (void)state;
    probe = probe_open(&gong_input_http_response,
                       "url = \"http://127.0.0.1:%u/\"; body_match = \"x\";",
                       tcp_closed_port());
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    probe_expect(probe, "result_code", "3i");
    probe_expect(probe, "result_type", "\"connection_failed\"");
    probe_expect_none(probe, "http_response_code");
    probe_expect_none(probe, "response_time");
    probe_expect_none(probe, "response_string_match");
    probe_close(probe);

    probe = probe_open(&gong_input_http_response,
                       "url = \"http://127.0.0.1:%u/\";", silent);
    assert_int_equal(probe_gather(probe, SHORT), GONG_OK);
    probe_expect(probe, "result_code", "4i");
    probe_expect(probe, "result_type", "\"timeout\"");
    probe_close(probe);
    (void)close(fd);

    /* An empty label: the resolver refuses it without asking anybody. */
    probe = probe_open(&gong_input_http_response, "url = \"http://a..b/\";");
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    probe_expect(probe, "result_code", "5i");
    probe_expect(probe, "result_type", "\"dns_error\"");
    probe_close(probe);
}

/* Promises more than it sends. */
static void *
serve_half(void *ctx)
{
    static const char half[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    char request[1024];
    int fd = accept(*(const int *)ctx, NULL, NULL);

    if (fd >= 0) {
        (void)read(fd, request, sizeof request);
        (void)write(fd, half, sizeof half - 1);
        (void)close(fd);
    }
    return NULL;
}

static void
a_body_that_breaks_off_is_an_error(void **state)
{
    unsigned port = 0;
    int fd = tcp_listen(4, &port);
    pthread_t thread;
    struct probe *probe;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, serve_half, &fd), 0);
    probe = probe_open(&gong_input_http_response,
                       "url = \"http://127.0.0.1:%u/\";", port);
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    probe_expect(probe, "result_code", "2i");
    probe_expect(probe, "result_type", "\"body_read_error\"");
    probe_close(probe);
    (void)pthread_join(thread, NULL);
    (void)close(fd);
}

static void
the_password_comes_from_its_file(void **state)
{
    char path[] = "/tmp/gong-checks-XXXXXX";
    int fd = mkstemp(path);
    struct script_reply reply = {.status = 200, .body = "well"};
    struct script *script = script_start(0, decide, &reply);
    struct probe *probe =
        probe_open(&gong_input_http_response,
                   "url = \"http://127.0.0.1:%u/\"; username = \"an\"; "
                   "password_file = \"%s\";",
                   script_port(script), path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "bi mat\nrest", 11), 11);
    (void)close(fd);
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
    probe_expect(probe, "result_code", "0i");
    /* base64 of "an:bi mat" */
    assert_string_equal(script_at(script, 0)->authorization,
                        "Basic YW46YmkgbWF0");
    /* No password, no request, and no measurement: the fault is here. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_ERR_IO);
    assert_non_null(strstr(probe->why, path));
    assert_string_equal(probe->lines, "");
    assert_int_equal(script_count(script), 1);
    probe_close(probe);
    script_stop(script);
}

static void
wrong_options_are_named(void **state)
{
    (void)state;
    probe_refused(&gong_input_http_response,
                  "url = \"http://h/\"; body_match = \"a(b\";",
                  GONG_ERR_INVALID, "found body_match a(b, expected a POSIX");
    probe_refused(&gong_input_http_response, "url = \"ftp://h/\";",
                  GONG_ERR_INVALID, "http:// or https://");
    probe_refused(&gong_input_http_response, "url = \"http://u:p@h/\";",
                  GONG_ERR_INVALID, "password_file");
    probe_refused(&gong_input_http_response, "url = \"http://h:0/\";",
                  GONG_ERR_INVALID, "host:port");
    probe_refused(&gong_input_http_response, "url = \"http:///\";",
                  GONG_ERR_INVALID, "host:port");
    probe_refused(&gong_input_http_response, "url = \"http://h/ x\";",
                  GONG_ERR_INVALID, "no blanks");
}

/* ---- certificates ---- */

struct certificate_case {
    int days;
    bool trusted;
    const char *result_code;
};

static void
certificates_tell_how_long_they_last(void **state)
{
    static const struct certificate_case cases[] = {
        {400, true, "0i"},
        {10, true, "0i"},
        {-3, true, "7i"},   /* ended */
        {100, false, "7i"}, /* nobody we know has signed it */
    };
    char folder[] = "/tmp/gong-checks-XXXXXX";
    char ca_file[64];

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(ca_file, sizeof ca_file, "%s/ca.pem", folder);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tls_server *server = tls_server_start(cases[i].days, ca_file);
        struct probe *probe = probe_open(
            &gong_input_http_response,
            "url = \"https://127.0.0.1:%u/\"; ca_file = \"%s\";",
            tls_server_port(server), cases[i].trusted ? ca_file : "");
        double days;

        assert_int_equal(probe_gather(probe, LONG_ENOUGH), GONG_OK);
        probe_expect(probe, "result_code", cases[i].result_code);
        days = probe_number(probe, "certificate_days");
        assert_true(days <= cases[i].days && days > cases[i].days - 0.5);
        if (cases[i].result_code[0] == '0') {
            probe_expect(probe, "http_response_code", "200i");
            probe_expect(probe, "content_length", "4i");
        } else {
            probe_expect(probe, "result_type", "\"certificate_invalid\"");
            probe_expect_none(probe, "http_response_code");
        }
        probe_close(probe);
        tls_server_stop(server);
    }
    assert_int_equal(unlink(ca_file), 0);
    assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_port_is_a_success_with_its_time),
        cmocka_unit_test(a_closed_port_is_a_refused_connection),
        cmocka_unit_test(a_silent_port_is_a_timeout),
        cmocka_unit_test(addresses_without_port_are_refused),
        cmocka_unit_test(a_name_server_is_asked_and_heard),
        cmocka_unit_test(a_silent_name_server_is_a_timeout),
        cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(tags_are_the_same_whatever_comes),
        cmocka_unit_test(what_does_not_answer_says_why),
        cmocka_unit_test(a_body_that_breaks_off_is_an_error),
        cmocka_unit_test(the_password_comes_from_its_file),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(certificates_tell_how_long_they_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
