#include "ctl/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
gong_ctl_base64_encode(const unsigned char *bytes, size_t len, char *out)
{
    for (size_t i = 0; i < len; i += 3) {
        size_t here = len - i < 3 ? len - i : 3;
        uint32_t word = (uint32_t)bytes[i] << 16;

        word |= here > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        word |= here > 2 ? (uint32_t)bytes[i + 2] : 0;
        for (size_t j = 0; j < 4; j++) {
            *out++ = j <= here ? alphabet[word >> (18 - 6 * j) & 63] : '=';
        }
    }
    *out = '\0';
}

bool
gong_ctl_base64_decode(const char *text, unsigned char *out, size_t *len)
{
    size_t count = strlen(text), padding = 0;

    *len = 0;
    if (count % 4 != 0) {
        return false;
    }
    while (padding < 2 && padding < count && text[count - 1 - padding] == '=') {
        padding++;
    }
    for (size_t i = 0; i < count; i += 4) {
        uint32_t word = 0;

        for (size_t j = 0; j < 4; j++) {
            /* Never the NUL behind it: text has none before its end. */
            const char *at = i + j >= count - padding
                                 ? alphabet
                                 : strchr(alphabet, text[i + j]);

            if (at == NULL) {
                return false;
            }
            word = word << 6 | (uint32_t)(at - alphabet);
        }
        for (size_t j = 0; j < 3; j++) {
            out[(*len)++] = (unsigned char)(word >> (16 - 8 * j));
        }
    }
    *len -= padding;
    return true;
}
