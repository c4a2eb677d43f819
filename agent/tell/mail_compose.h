/*
 * mail_compose: a mail as it goes over the wire (RFC 5322, 2045 to 2047):
 *
 *   headers, ASCII only, folded
 *   multipart/alternative
 *     text/plain; charset=utf-8, base64
 *     text/html; charset=utf-8, base64
 *
 * No text of a message can end a header or a part: subjects and names become
 * encoded words, bodies base64, and the boundary holds "=_", which base64 never
 * does. Pure.
 */
#ifndef GONG_AGENT_TELL_MAIL_COMPOSE_H
#define GONG_AGENT_TELL_MAIL_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Everything is borrowed. Addresses must be valid (below). */
struct gong_mail {
    const char *from;
    const char *from_name; /* "" for none */
    const char *to;
    const char *key; /* idempotency key: names the mail */
    const char *subject;
    const char *text; /* lines end with \n */
    const char *html;
    uint64_t incident; /* mails of one incident are one thread; 0: none */
    int64_t at_ms;
    int64_t zone_ms; /* east of UTC */
    bool urgent;
};

#define GONG_MAIL_ADDRESS_MAX 254

/* gong_mail_address_valid: user@host of ASCII without spaces, controls, quotes,
 * commas and brackets: what may stand in a header and a command as it is. */
bool gong_mail_address_valid(const char *address);

/* gong_mail_compose: heap, NUL-terminated; NULL without memory. */
char *gong_mail_compose(const struct gong_mail *mail, size_t *len);

#endif
