/* Unit tests of agent/tell/mail_compose.c and agent/tell/channel_email.c: what
 * goes over the wire line by line, and what replies come to. A real server gets
 * it in e2e.mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/tell/channel_email.h"
#include "agent/tell/mail_compose.h"
#include "try_fixture.h"
#include "message_fixture.h"

static const struct gong_mail plain = {
    .from = "gong@example.vn",
    .from_name = "",
    .to = "duty@example.vn",
    .key = "k-1",
    .subject = "Alert",
    .text = "one\ntwo",
    .html = "<p>",
    .at_ms = MESSAGE_AT_MS,
    .zone_ms = 25200000,
};

static char *
compose(const struct gong_mail *mail)
{
    size_t len = 0;
    char *bytes = gong_mail_compose(mail, &len);

    assert_non_null(bytes);
    assert_int_equal(strlen(bytes), len);
    return bytes;
}

static void
the_whole_of_a_mail(void **state)
{
    char *bytes = compose(&plain);

    (void)state;
    assert_string_equal(bytes, "Date: Thu, 20 Nov 2025 08:10:00 +0700\r\n"
                               "From: <gong@example.vn>\r\n"
                               "To: <duty@example.vn>\r\n"
                               "Subject: =?UTF-8?B?QWxlcnQ=?=\r\n"
                               "Message-ID: <k-1@example.vn>\r\n"
                               "Auto-Submitted: auto-generated\r\n"
                               "X-Auto-Response-Suppress: All\r\n"
                               "MIME-Version: 1.0\r\n"
                               "Content-Type: multipart/alternative;\r\n"
                               " boundary=\"=_gong_k-1\"\r\n"
                               "\r\n"
                               "--=_gong_k-1\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Transfer-Encoding: base64\r\n"
                               "\r\n"
                               "b25lDQp0d28NCg==\r\n"
                               "--=_gong_k-1\r\n"
                               "Content-Type: text/html; charset=utf-8\r\n"
                               "Content-Transfer-Encoding: base64\r\n"
                               "\r\n"
                               "PHA+DQo=\r\n"
                               "--=_gong_k-1--\r\n");
    free(bytes);
}

/* No line is longer than 76, none but those that were meant begins a header,
 * and nothing is beyond ASCII. */
static void
check_lines(const char *bytes)
{
    size_t headers = 0;
    bool in_headers = true;

    for (const char *line = bytes; *line != '\0';) {
        const char *end = strstr(line, "\r\n");

        assert_non_null(end);
        assert_true(end - line <= 76);
        for (const char *c = line; c < end; c++) {
            assert_true(*c >= ' ' && *c <= '~');
        }
        in_headers = in_headers && end != line;
        headers += in_headers && *line != ' ' ? 1 : 0;
        line = end + 2;
    }
    assert_int_equal(headers, 12);
}

static void
nothing_becomes_a_header(void **state)
{
    static const char *const texts[] = {
        "a\r\nBcc: thief@example.vn",
        "\r\n\r\n--=_gong_k-1",
        "?==?UTF-8?B?",
        "Xã Sơn Hoà: Củng Sơn 40,31 m, trên báo động III 5,81 m, tăng 0,42 "
        "m/giờ, và nhiều hơn nữa cho đến khi dòng này phải gấp lại",
        "\xff\xfe bad bytes \xc3",
    };
    struct gong_mail mail = plain;

    (void)state;
    mail.urgent = true;
    mail.incident = 17;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *bytes;

        mail.subject = texts[i];
        mail.from_name = texts[i];
        mail.key = texts[i];
        mail.text = texts[i];
        mail.html = texts[i];
        bytes = compose(&mail);
        check_lines(bytes);
        assert_null(strstr(bytes, "Bcc:"));
        assert_non_null(
            strstr(bytes, "References: <gong-incident-17@example.vn>\r\n"));
        assert_non_null(strstr(bytes, "X-Priority: 1\r\n"));
        free(bytes);
    }
}

static const struct {
    const char *address;
    bool valid;
} addresses[] = {
    {"a@b", true},
    {"duty+1.x_y-z@ioc.daklak.gov.vn", true},
    {"a@[127.0.0.1]", true},
    {"a@[IPv6:::1]", true},
    {"", false},
    {"a", false},
    {"@b", false},
    {"a@", false},
    {"a@b@c", false},
    {"a b@c", false},
    {"a@b>", false},
    {"<a@b>", false},
    {"a@b,c@d", false},
    {"a@b\r\nRCPT TO:<x@y>", false},
    {"\"a\"@b", false},
    {"[a]@b", false},
    {"trực@ban.vn", false},
};

static void
addresses_of_mail(void **state)
{
    char text[300];

    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        if (gong_mail_address_valid(addresses[i].address) !=
            addresses[i].valid) {
            fail_msg("%s", addresses[i].address);
        }
    }
    memset(text, 'a', sizeof text);
    memcpy(text + 253, "@b", 3);
    assert_false(gong_mail_address_valid(text));
    assert_true(gong_mail_address_valid(text + 1));
}

static const struct {
    CURLcode code;
    long status;
    enum gong_channel_outcome outcome;
} replies[] = {
    {CURLE_OK, 250, GONG_CHANNEL_SENT},
    {CURLE_SEND_ERROR, 550, GONG_CHANNEL_REFUSE},
    {CURLE_SEND_ERROR, 451, GONG_CHANNEL_RETRY},
    {CURLE_WEIRD_SERVER_REPLY, 554, GONG_CHANNEL_REFUSE},
    {CURLE_COULDNT_CONNECT, 0, GONG_CHANNEL_RETRY},
    {CURLE_COULDNT_RESOLVE_HOST, 0, GONG_CHANNEL_RETRY},
    {CURLE_OPERATION_TIMEDOUT, 354, GONG_CHANNEL_RETRY},
    {CURLE_LOGIN_DENIED, 535, GONG_CHANNEL_EXHAUSTED},
    {CURLE_USE_SSL_FAILED, 250, GONG_CHANNEL_EXHAUSTED},
    {CURLE_PEER_FAILED_VERIFICATION, 220, GONG_CHANNEL_EXHAUSTED},
    {CURLE_SSL_CACERT_BADFILE, 0, GONG_CHANNEL_EXHAUSTED},
};

static void
what_replies_come_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        assert_int_equal(gong_email_judge(replies[i].code, replies[i].status),
                         replies[i].outcome);
    }
}

static void
what_is_refused_at_start(void **state)
{
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {"url = \"http://x\"; from = \"a@b\";", "url must be"},
        {"url = \"smtp://\"; from = \"a@b\";", "url must be"},
        {"url = \"smtp://user:secret@x\"; from = \"a@b\";", "url must be"},
        {"url = \"smtp://x\"; from = \"a\";", "from must be"},
        {"url = \"smtp://x\"; from = \"a@b\"; from_name = \"a\\nb\";",
         "one line"},
        {"url = \"smtp://x\"; from = \"a@b\"; tls = \"none\";", "loopback"},
        {"url = \"smtp://127.0.0.1.example.org\"; from = \"a@b\"; "
         "tls = \"none\";",
         "loopback"},
        {"url = \"smtp://x\"; from = \"a@b\"; user = \"u\";", "go together"},
        {"url = \"smtp://x\"; from = \"a@b\"; user = \"u\"; "
         "password_file = \"/nonexistent/p\";",
         "/nonexistent/p: "},
        {"url = \"smtp://x\"; from = \"a@b\"; languages = (\"fr\");",
         "found fr"},
        {"url = \"smtp://x\"; from = \"a@b\"; languages = ();",
         "languages: found none"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        channel_refused(&gong_channel_email, cases[i].text, cases[i].part);
    }
}

/* Neither a server that is away nor an address that is none brings the password
 * into what is told. */
static void
a_server_that_is_away(void **state)
{
    char path[] = "/tmp/gong-mail-XXXXXX";
    int fd = mkstemp(path);
    char text[256];
    json_t *message = message_flood("news");
    struct gong_channel_send send = {
        .address = "a@b", .contact = "c", .key = "k", .message = message};
    struct channel_result result;
    void *config;
    void *mailer;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "hush-hush\n", 10), 10);
    assert_int_equal(close(fd), 0);
    (void)snprintf(text, sizeof text,
                   "url = \"smtp://127.0.0.1:1\"; from = \"a@b\"; user = "
                   "\"u\"; password_file = \"%s\";",
                   path);
    config = channel_read_config(&gong_channel_email, text);
    mailer = channel_open(&gong_channel_email, config);
    result = channel_send(&gong_channel_email, mailer, &send);
    assert_int_equal(result.outcome, GONG_CHANNEL_RETRY);
    assert_null(strstr(result.why, "hush"));
    send.address = "nobody";
    result = channel_send(&gong_channel_email, mailer, &send);
    assert_int_equal(result.outcome, GONG_CHANNEL_REFUSE);
    assert_false(result.asked);
    gong_channel_email.close(mailer);
    channel_free_config(&gong_channel_email, config);
    assert_int_equal(unlink(path), 0);
    json_decref(message);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_of_a_mail),
        cmocka_unit_test(nothing_becomes_a_header),
        cmocka_unit_test(addresses_of_mail),
        cmocka_unit_test(what_replies_come_to),
        cmocka_unit_test(what_is_refused_at_start),
        cmocka_unit_test(a_server_that_is_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
