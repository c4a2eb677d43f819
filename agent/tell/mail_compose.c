#include "agent/tell/mail_compose.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/lp_encode.h"
#include "common/lp_text.h"

#define WORD_BYTES 39 /* of text in an encoded word: "Subject: " and it fit */
#define LINE_BYTES 57 /* of a body in a line of 76 */
#define KEY_MAX    48
#define ZONE_MAX   (INT64_C(14) * 3600000)

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The mail being written. */
struct writer {
    struct gong_buffer out;
    bool failed;
};

static void
put(struct writer *writer, const char *bytes, size_t len)
{
    if (gong_buffer_append(&writer->out, bytes, len) != GONG_OK) {
        writer->failed = true;
    }
}

static void
put_text(struct writer *writer, const char *text)
{
    put(writer, text, strlen(text));
}

static void
put_base64(struct writer *writer, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = (uint32_t)(unsigned char)bytes[i] << 16;
        char four[4] = {0, 0, '=', '='};

        if (i + 1 < len) {
            bits |= (uint32_t)(unsigned char)bytes[i + 1] << 8;
        }
        if (i + 2 < len) {
            bits |= (unsigned char)bytes[i + 2];
        }
        four[0] = letters[bits >> 18 & 63];
        four[1] = letters[bits >> 12 & 63];
        if (i + 1 < len) {
            four[2] = letters[bits >> 6 & 63];
        }
        if (i + 2 < len) {
            four[3] = letters[bits & 63];
        }
        put(writer, four, 4);
    }
}

/* Lines end with CRLF in what is encoded, too. */
static void
put_body(struct writer *writer, const char *text)
{
    struct writer lines = {0};
    const char *bytes;

    for (const char *c = text; *c != '\0'; c++) {
        put(&lines, *c == '\n' ? "\r\n" : c, *c == '\n' ? 2 : 1);
    }
    put_text(&lines, "\r\n");
    bytes = (const char *)lines.out.data;
    for (size_t at = 0; !lines.failed && at < lines.out.len; at += LINE_BYTES) {
        size_t rest = lines.out.len - at;

        put_base64(writer, bytes + at, rest < LINE_BYTES ? rest : LINE_BYTES);
        put_text(writer, "\r\n");
    }
    writer->failed = writer->failed || lines.failed;
    gong_buffer_fini(&lines.out);
}

/* The bytes of the longest beginning of whole characters that fit a word. */
static size_t
word_length(const char *text, size_t len)
{
    size_t used = 0;

    while (used < len) {
        size_t more = gong_lp_utf8_next(text + used, text + len);

        more = more == 0 ? 1 : more;
        if (used + more > WORD_BYTES) {
            break;
        }
        used += more;
    }
    return used;
}

/* Encoded words, also of what is ASCII: nothing in it can be a header. */
static void
put_words(struct writer *writer, const char *text)
{
    size_t len = strlen(text);
    size_t at = 0;

    while (at < len) {
        size_t used = word_length(text + at, len - at);

        put_text(writer, at == 0 ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        put_base64(writer, text + at, used);
        put_text(writer, "?=");
        at += used;
    }
}

static bool
is_atom(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL;
}

bool
gong_mail_address_valid(const char *address)
{
    size_t len = strlen(address);
    const char *at = strchr(address, '@');

    if (len > GONG_MAIL_ADDRESS_MAX || at == NULL || at == address ||
        at[1] == '\0' || strchr(at + 1, '@') != NULL) {
        return false;
    }
    for (const char *c = address; *c != '\0'; c++) {
        bool literal = c > at && strchr("[]:", *c) != NULL;

        if (!is_atom(*c) && c != at && !literal) {
            return false;
        }
    }
    return true;
}

/* A key as a part of a name: what may not stand there becomes a dash. */
static void
put_key(struct writer *writer, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = len > KEY_MAX ? len - KEY_MAX : 0; i < len; i++) {
        bool plain = (key[i] >= 'a' && key[i] <= 'z') ||
                     (key[i] >= 'A' && key[i] <= 'Z') ||
                     (key[i] >= '0' && key[i] <= '9') || key[i] == '_';

        put(writer, plain ? key + i : "-", 1);
    }
}

static void
put_date(struct writer *writer, int64_t at_ms, int64_t zone_ms)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed",
                                       "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr",
                                         "May", "Jun", "Jul", "Aug",
                                         "Sep", "Oct", "Nov", "Dec"};
    int64_t zone = zone_ms < -ZONE_MAX || zone_ms > ZONE_MAX ? 0 : zone_ms;
    int64_t minutes = (zone < 0 ? -zone : zone) / 60000;
    time_t seconds = (time_t)((at_ms + zone) / 1000);
    struct tm parts;
    char line[96];

    if (gmtime_r(&seconds, &parts) == NULL) {
        return;
    }
    (void)snprintf(
        line, sizeof line, "Date: %s, %d %s %d %02d:%02d:%02d %c%02d%02d\r\n",
        days[parts.tm_wday], parts.tm_mday, months[parts.tm_mon],
        parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec,
        zone < 0 ? '-' : '+', (int)(minutes / 60), (int)(minutes % 60));
    put_text(writer, line);
}

static const char *
domain_of(const struct gong_mail *mail)
{
    const char *at = strchr(mail->from, '@');

    return at == NULL ? "localhost" : at + 1;
}

static void
put_headers(struct writer *writer, const struct gong_mail *mail)
{
    char thread[64];

    put_date(writer, mail->at_ms, mail->zone_ms);
    put_text(writer, "From: ");
    if (mail->from_name[0] != '\0') {
        put_words(writer, mail->from_name);
        put_text(writer, "\r\n ");
    }
    put_text(writer, "<");
    put_text(writer, mail->from);
    put_text(writer, ">\r\nTo: <");
    put_text(writer, mail->to);
    put_text(writer, ">\r\nSubject: ");
    put_words(writer, mail->subject);
    put_text(writer, "\r\nMessage-ID: <");
    put_key(writer, mail->key);
    put_text(writer, "@");
    put_text(writer, domain_of(mail));
    if (mail->incident != 0) {
        (void)snprintf(thread, sizeof thread,
                       ">\r\nReferences: <gong-incident-%" PRIu64 "@",
                       mail->incident);
        put_text(writer, thread);
        put_text(writer, domain_of(mail));
    }
    put_text(writer, ">\r\nAuto-Submitted: auto-generated\r\n"
                     "X-Auto-Response-Suppress: All\r\n"
                     "MIME-Version: 1.0\r\n");
    if (mail->urgent) {
        put_text(writer, "Importance: high\r\nX-Priority: 1\r\n");
    }
}

static void
put_boundary(struct writer *writer, const struct gong_mail *mail)
{
    put_text(writer, "=_gong_");
    put_key(writer, mail->key);
}

static void
put_part(struct writer *writer, const struct gong_mail *mail, const char *type,
         const char *text)
{
    put_text(writer, "--");
    put_boundary(writer, mail);
    put_text(writer, "\r\nContent-Type: ");
    put_text(writer, type);
    put_text(writer, "; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: base64\r\n\r\n");
    put_body(writer, text);
}

char *
gong_mail_compose(const struct gong_mail *mail, size_t *len)
{
    struct writer writer = {0};

    put_headers(&writer, mail);
    put_text(&writer, "Content-Type: multipart/alternative;\r\n boundary=\"");
    put_boundary(&writer, mail);
    put_text(&writer, "\"\r\n\r\n");
    put_part(&writer, mail, "text/plain", mail->text);
    put_part(&writer, mail, "text/html", mail->html);
    put_text(&writer, "--");
    put_boundary(&writer, mail);
    put_text(&writer, "--\r\n");
    put(&writer, "", 1);
    if (writer.failed) {
        gong_buffer_fini(&writer.out);
        return NULL;
    }
    *len = writer.out.len - 1;
    return (char *)writer.out.data;
}
