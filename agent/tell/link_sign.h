/*
 * link_sign: links to one incident for one person, that anyone who holds them
 * can use until they expire: BASE/a/TOKEN. GET shows, POST acknowledges as that
 * person. A token is URL-safe base64 without padding of
 *
 *   byte     0        1         5                n - 16
 *            version  expiry    number  contact  mac
 *                     minutes   varint  UTF-8    HMAC-SHA-256 of all before,
 *                     little                     its first 16 bytes
 *                     endian                     (RFC 2104, section 5)
 *
 * so that a link is short enough for a text message. Nothing is stored: the key
 * alone tells a true token, and a new key ends all links. Pure.
 */
#ifndef GONG_AGENT_TELL_LINK_SIGN_H
#define GONG_AGENT_TELL_LINK_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define GONG_LINK_KEY_SIZE    32
#define GONG_LINK_CONTACT_MAX 64 /* bytes of a contact's id */
/* 4/3 of 1 + 4 + 10 + contact + 16, and the NUL. */
#define GONG_LINK_TOKEN_SIZE 128
#define GONG_LINK_BASE_MAX   512
#define GONG_LINK_SIZE       (GONG_LINK_BASE_MAX + 3 + GONG_LINK_TOKEN_SIZE)

/* Plain data; base is borrowed, "" for no links. */
struct gong_link_signer {
    uint8_t key[GONG_LINK_KEY_SIZE];
    const char *base; /* https://gong.example.vn, no slash at its end */
    int64_t life_ms;  /* from the message on */
};

struct gong_link {
    uint64_t incident;
    int64_t expires_ms; /* full minutes */
    char contact[GONG_LINK_CONTACT_MAX + 1];
};

/* gong_link_sign: INVALID: a contact that is empty, too long or holds control
 * characters, incident 0, an expiry before 1970 or after the year 10000. */
enum gong_err gong_link_sign(const uint8_t key[GONG_LINK_KEY_SIZE],
                             const struct gong_link *link,
                             char out[GONG_LINK_TOKEN_SIZE]) GONG_MUST_CHECK;

/* gong_link_verify: INVALID: no token, or not of this key; TIMEOUT: true, but
 * expired; out is filled then too. Takes the same time whatever differs. */
enum gong_err gong_link_verify(const uint8_t key[GONG_LINK_KEY_SIZE],
                               struct gong_str token, int64_t now_ms,
                               struct gong_link *out) GONG_MUST_CHECK;

/* gong_link_url: the whole link for a message made at at_ms; "" where base or
 * contact is empty or cannot be signed. */
void gong_link_url(const struct gong_link_signer *signer, uint64_t incident,
                   const char *contact, int64_t at_ms,
                   char out[GONG_LINK_SIZE]);

#endif
