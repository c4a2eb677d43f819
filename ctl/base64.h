/* base64: RFC 4648 with padding. */
#ifndef GONG_CTL_BASE64_H
#define GONG_CTL_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#define GONG_CTL_BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)

/* out: GONG_CTL_BASE64_SIZE(len), with NUL. */
void gong_ctl_base64_encode(const unsigned char *bytes, size_t len, char *out);
/* gong_ctl_base64_decode: out: as long as text. false where text is none. */
bool gong_ctl_base64_decode(const char *text, unsigned char *out, size_t *len);

#endif
