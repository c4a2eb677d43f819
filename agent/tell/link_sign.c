#include "agent/tell/link_sign.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/log.h"
#include "common/lp_text.h"

#define VERSION       1
#define EXPIRY_AT     1
#define NUMBER_AT     5
#define NUMBER_MAX    10
#define MAC_SIZE      16
#define MINUTE_MS     INT64_C(60000)
#define EXPIRY_MAX_MS (INT64_C(253402300799) * 1000) /* the year 9999 */
#define RAW_MAX       (NUMBER_AT + NUMBER_MAX + GONG_LINK_CONTACT_MAX + MAC_SIZE)

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Links of another kind, under the same key, have other codes. */
static const char purpose[] = "gong-link";

static bool
mac_of(const uint8_t key[GONG_LINK_KEY_SIZE], const uint8_t *bytes, size_t len,
       uint8_t out[MAC_SIZE])
{
    uint8_t all[sizeof purpose + RAW_MAX];
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    memcpy(all, purpose, sizeof purpose);
    memcpy(all + sizeof purpose, bytes, len);
    if (HMAC(EVP_sha256(), key, GONG_LINK_KEY_SIZE, all, sizeof purpose + len,
             digest, &size) == NULL ||
        size < MAC_SIZE) {
        return false;
    }
    memcpy(out, digest, MAC_SIZE);
    return true;
}

static size_t
encode(const uint8_t *bytes, size_t len, char *out)
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        count += 8;
        while (count >= 6) {
            count -= 6;
            out[used++] = letters[bits >> count & 63];
        }
    }
    if (count > 0) {
        out[used++] = letters[bits << (6 - count) & 63];
    }
    out[used] = '\0';
    return used;
}

/* Only what encode would have written; 0 for all else. */
static size_t
decode(struct gong_str text, uint8_t out[RAW_MAX])
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t used = 0;

    for (size_t i = 0; i < text.len; i++) {
        const char *letter =
            text.data[i] == '\0' ? NULL : strchr(letters, text.data[i]);

        if (letter == NULL) {
            return 0;
        }
        bits = bits << 6 | (uint32_t)(letter - letters);
        count += 6;
        if (count >= 8) {
            if (used == RAW_MAX) {
                return 0;
            }
            count -= 8;
            out[used++] = (uint8_t)(bits >> count & 0xff);
        }
    }
    return count >= 6 || (bits & ((1u << count) - 1)) != 0 ? 0 : used;
}

static bool
contact_valid(struct gong_str contact)
{
    bool clean = contact.len > 0 && contact.len <= GONG_LINK_CONTACT_MAX &&
                 gong_lp_utf8_valid(contact);

    for (size_t i = 0; clean && i < contact.len; i++) {
        clean = !gong_lp_byte_is(contact.data[i], GONG_LP_BYTE_CONTROL);
    }
    return clean;
}

static size_t
put_number(uint64_t number, uint8_t *out)
{
    size_t used = 0;

    while (number >= 0x80) {
        out[used++] = (uint8_t)(number & 0x7f) | 0x80;
        number >>= 7;
    }
    out[used++] = (uint8_t)number;
    return used;
}

/* The shortest form only; 0 for all else. */
static size_t
take_number(const uint8_t *bytes, size_t len, uint64_t *out)
{
    uint64_t number = 0;

    for (size_t i = 0; i < len && i < NUMBER_MAX; i++) {
        uint64_t part = bytes[i] & 0x7fu;

        if (i == NUMBER_MAX - 1 && bytes[i] > 1) {
            return 0;
        }
        number |= part << (7 * i);
        if ((bytes[i] & 0x80) == 0) {
            *out = number;
            return bytes[i] == 0 && i > 0 ? 0 : i + 1;
        }
    }
    return 0;
}

enum gong_err
gong_link_sign(const uint8_t key[GONG_LINK_KEY_SIZE],
               const struct gong_link *link, char out[GONG_LINK_TOKEN_SIZE])
{
    struct gong_str contact = gong_str_of(link->contact);
    uint8_t raw[RAW_MAX];
    size_t len = NUMBER_AT;
    uint32_t minutes;

    out[0] = '\0';
    if (link->incident == 0 || link->expires_ms < 0 ||
        link->expires_ms > EXPIRY_MAX_MS || !contact_valid(contact)) {
        return GONG_ERR_INVALID;
    }
    minutes = (uint32_t)(link->expires_ms / MINUTE_MS);
    raw[0] = VERSION;
    for (size_t i = 0; i < 4; i++) {
        raw[EXPIRY_AT + i] = (uint8_t)(minutes >> (8 * i) & 0xff);
    }
    len += put_number(link->incident, raw + len);
    memcpy(raw + len, contact.data, contact.len);
    len += contact.len;
    if (!mac_of(key, raw, len, raw + len)) {
        return GONG_ERR_MEMORY;
    }
    (void)encode(raw, len + MAC_SIZE, out);
    return GONG_OK;
}

/* raw: what the code vouches for. */
static enum gong_err
read_link(const uint8_t *raw, size_t len, int64_t now_ms, struct gong_link *out)
{
    size_t number_len =
        take_number(raw + NUMBER_AT, len - NUMBER_AT, &out->incident);
    struct gong_str contact =
        gong_str_from((const char *)raw + NUMBER_AT + number_len,
                      len - NUMBER_AT - number_len);
    uint32_t minutes = 0;

    if (number_len == 0 || out->incident == 0 || !contact_valid(contact)) {
        return GONG_ERR_INVALID;
    }
    for (size_t i = 0; i < 4; i++) {
        minutes |= (uint32_t)raw[EXPIRY_AT + i] << (8 * i);
    }
    out->expires_ms = (int64_t)minutes * MINUTE_MS;
    memcpy(out->contact, contact.data, contact.len);
    out->contact[contact.len] = '\0';
    return now_ms < out->expires_ms ? GONG_OK : GONG_ERR_TIMEOUT;
}

enum gong_err
gong_link_verify(const uint8_t key[GONG_LINK_KEY_SIZE], struct gong_str token,
                 int64_t now_ms, struct gong_link *out)
{
    uint8_t raw[RAW_MAX];
    uint8_t mac[MAC_SIZE];
    size_t len = decode(token, raw);

    memset(out, 0, sizeof *out);
    if (len < NUMBER_AT + 2 + MAC_SIZE || raw[0] != VERSION) {
        return GONG_ERR_INVALID;
    }
    len -= MAC_SIZE;
    if (!mac_of(key, raw, len, mac) ||
        CRYPTO_memcmp(mac, raw + len, MAC_SIZE) != 0) {
        return GONG_ERR_INVALID;
    }
    return read_link(raw, len, now_ms, out);
}

void
gong_link_url(const struct gong_link_signer *signer, uint64_t incident,
              const char *contact, int64_t at_ms, char out[GONG_LINK_SIZE])
{
    struct gong_link link = {.incident = incident};
    char token[GONG_LINK_TOKEN_SIZE];
    size_t len = strlen(contact);

    out[0] = '\0';
    if (signer->base == NULL || signer->base[0] == '\0' ||
        strlen(signer->base) > GONG_LINK_BASE_MAX ||
        len > GONG_LINK_CONTACT_MAX || signer->life_ms < 0 ||
        at_ms > EXPIRY_MAX_MS || signer->life_ms > EXPIRY_MAX_MS) {
        return;
    }
    memcpy(link.contact, contact, len + 1);
    link.expires_ms = at_ms + signer->life_ms;
    if (gong_link_sign(signer->key, &link, token) == GONG_OK) {
        (void)snprintf(out, GONG_LINK_SIZE, "%s/a/%s", signer->base, token);
    }
}
