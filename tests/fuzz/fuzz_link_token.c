/* Any bytes as a link's token. The first 16 are a code's: none of what follows
 * is true unless it was signed here. Then what they name is signed, and read
 * back. */
#include <string.h>

#include "agent/tell/link_sign.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[GONG_LINK_KEY_SIZE] = {7};
    struct gong_link link;
    struct gong_link read;
    struct gong_link_signer signer = {.base = "https://x"};
    char token[GONG_LINK_TOKEN_SIZE];
    char url[GONG_LINK_SIZE];
    size_t len = size < GONG_LINK_CONTACT_MAX ? size : GONG_LINK_CONTACT_MAX;
    enum gong_err err = gong_link_verify(
        key, gong_str_from((const char *)data, size), INT64_MAX, &link);

    FUZZ_CHECK(err == GONG_ERR_INVALID || err == GONG_ERR_TIMEOUT);
    if (err == GONG_ERR_TIMEOUT) {
        /* A true one is the only text of what it says. */
        FUZZ_CHECK(gong_link_sign(key, &link, token) == GONG_OK);
        FUZZ_CHECK(strlen(token) == size && memcmp(token, data, size) == 0);
    }
    memset(&link, 0, sizeof link);
    link.incident = size + 1;
    link.expires_ms = (int64_t)size * 60000;
    memcpy(link.contact, data, len);
    if (gong_link_sign(key, &link, token) == GONG_OK) {
        FUZZ_CHECK(gong_link_verify(key, gong_str_of(token), 0, &read) ==
                   (size == 0 ? GONG_ERR_TIMEOUT : GONG_OK));
        FUZZ_CHECK(read.incident == link.incident &&
                   strcmp(read.contact, link.contact) == 0);
        /* A link is its base and that token. */
        memcpy(signer.key, key, sizeof key);
        signer.life_ms = link.expires_ms;
        gong_link_url(&signer, link.incident, link.contact, 0, url);
        FUZZ_CHECK(strncmp(url, "https://x/a/", 12) == 0 &&
                   strcmp(url + 12, token) == 0);
        token[size % strlen(token)] ^= 1;
        FUZZ_CHECK(gong_link_verify(key, gong_str_of(token), 0, &read) ==
                   GONG_ERR_INVALID);
    }
    return 0;
}
