#include <arpa/inet.h>
#include <string.h>

#include "rules/engine/promql_literal.h"
#include "rules/engine/template_function.h"
#include "rules/engine/template_quote.h"

/* Runs of small letters and their capitals: by a constant distance, or where
 * that is 0 in pairs, the capital first. Latin with Vietnamese, Greek,
 * Cyrillic, Armenian. */
static const struct {
    uint16_t first; /* of the small letters, or of the pairs */
    uint16_t last;
    int16_t up;
} letters[] = {
    {'a', 'z', -32},     {0xb5, 0xb5, 743},   {0xe0, 0xf6, -32},
    {0xf8, 0xfe, -32},   {0xff, 0xff, 121},   {0x131, 0x131, -232},
    {0x100, 0x12f, 0},   {0x132, 0x137, 0},   {0x139, 0x148, 0},
    {0x14a, 0x177, 0},   {0x179, 0x17e, 0},   {0x17f, 0x17f, -300},
    {0x180, 0x180, 195}, {0x182, 0x185, 0},   {0x187, 0x188, 0},
    {0x18b, 0x18c, 0},   {0x191, 0x192, 0},   {0x198, 0x199, 0},
    {0x1a0, 0x1a5, 0},   {0x1a7, 0x1a8, 0},   {0x1ac, 0x1ad, 0},
    {0x1af, 0x1b0, 0},   {0x1b3, 0x1b6, 0},   {0x1b8, 0x1b9, 0},
    {0x1bc, 0x1bd, 0},   {0x1cd, 0x1dc, 0},   {0x1de, 0x1ef, 0},
    {0x1f4, 0x1f5, 0},   {0x1f8, 0x21f, 0},   {0x222, 0x233, 0},
    {0x3ac, 0x3ac, -38}, {0x3ad, 0x3af, -37}, {0x3b1, 0x3c1, -32},
    {0x3c2, 0x3c2, -31}, {0x3c3, 0x3cb, -32}, {0x3cc, 0x3cc, -64},
    {0x3cd, 0x3ce, -63}, {0x430, 0x44f, -32}, {0x450, 0x45f, -80},
    {0x460, 0x481, 0},   {0x48a, 0x4bf, 0},   {0x4c1, 0x4ce, 0},
    {0x4cf, 0x4cf, -15}, {0x4d0, 0x52f, 0},   {0x561, 0x586, -48},
    {0x1e00, 0x1e95, 0}, {0x1ea0, 0x1eff, 0},
};

static uint32_t
upper_of(uint32_t rune)
{
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        if (rune < letters[i].first || rune > letters[i].last) {
            continue;
        }
        if (letters[i].up == 0) {
            return rune - (rune - letters[i].first) % 2;
        }
        return (uint32_t)((int32_t)rune + letters[i].up);
    }
    return rune;
}

static uint32_t
lower_of(uint32_t rune)
{
    if (rune == 0x130) {
        return 'i'; /* the Turkish capital with a dot */
    }
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        uint32_t small = (uint32_t)((int32_t)rune - letters[i].up);
        /* What several small letters share goes back to the plain one. */
        bool back = letters[i].first != 0xb5 && letters[i].first != 0x17f &&
                    letters[i].first != 0x3c2;

        if (letters[i].up == 0 && rune >= letters[i].first &&
            rune <= letters[i].last) {
            return rune + 1 - (rune - letters[i].first) % 2;
        }
        if (letters[i].up != 0 && back && small >= letters[i].first &&
            small <= letters[i].last) {
            return small;
        }
    }
    return rune;
}

/* Takes the character at *at; bytes that are not UTF-8 one by one. */
static uint32_t
take_rune(struct gong_str text, size_t *at)
{
    uint32_t rune = 0xfffd;
    size_t len =
        gong_promql_rune(gong_str_from(text.data + *at, text.len - *at), &rune);

    *at += len == 0 ? 1 : len;
    return len == 0 ? 0xfffd : rune;
}

bool
gong_tfn_upper(struct gong_trender *render, const struct gong_tvalue *args,
               size_t count, struct gong_tvalue *out)
{
    struct gong_tbuilder text = {.render = render};

    (void)count;
    for (size_t at = 0; at < args[0].as.text.len && !render->failed;) {
        gong_tquote_rune(&text, upper_of(take_rune(args[0].as.text, &at)));
    }
    return gong_tbuilder_finish(&text, out);
}

bool
gong_tfn_lower(struct gong_trender *render, const struct gong_tvalue *args,
               size_t count, struct gong_tvalue *out)
{
    struct gong_tbuilder text = {.render = render};

    (void)count;
    for (size_t at = 0; at < args[0].as.text.len && !render->failed;) {
        gong_tquote_rune(&text, lower_of(take_rune(args[0].as.text, &at)));
    }
    return gong_tbuilder_finish(&text, out);
}

/* In ASCII what is no letter, digit or "_"; beyond it only space. */
static bool
separates(uint32_t rune)
{
    if (rune < 0x80) {
        return !((rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z') ||
                 (rune >= '0' && rune <= '9') || rune == '_');
    }
    return rune == 0x85 || rune == 0xa0 || rune == 0x1680 ||
           (rune >= 0x2000 && rune <= 0x200a) || rune == 0x2028 ||
           rune == 0x2029 || rune == 0x202f || rune == 0x205f || rune == 0x3000;
}

bool
gong_tfn_title(struct gong_trender *render, const struct gong_tvalue *args,
               size_t count, struct gong_tvalue *out)
{
    struct gong_tbuilder text = {.render = render};
    uint32_t before = ' ';

    (void)count;
    for (size_t at = 0; at < args[0].as.text.len && !render->failed;) {
        uint32_t rune = take_rune(args[0].as.text, &at);

        gong_tquote_rune(&text, separates(before) ? upper_of(rune) : rune);
        before = rune;
    }
    return gong_tbuilder_finish(&text, out);
}

bool
gong_tfn_safe_html(struct gong_trender *render, const struct gong_tvalue *args,
                   size_t count, struct gong_tvalue *out)
{
    (void)render;
    (void)count;
    *out = args[0];
    out->kind = GONG_TKIND_HTML;
    return true;
}

static bool
has(struct gong_str text, char c)
{
    return text.len != 0 && memchr(text.data, c, text.len) != NULL;
}

/* "host:port" and "[v6]:port"; false where it is neither. */
static bool
split_port(struct gong_str text, struct gong_str *host, struct gong_str *port)
{
    size_t colon = text.len;

    while (colon > 0 && text.data[colon - 1] != ':') {
        colon--;
    }
    if (colon == 0) {
        return false;
    }
    *port = gong_str_from(text.data + colon, text.len - colon);
    *host = gong_str_from(text.data, colon - 1);
    if (host->len > 0 && host->data[0] == '[') {
        if (host->data[host->len - 1] != ']') {
            return false;
        }
        *host = gong_str_from(host->data + 1, host->len - 2);
    } else if (has(*host, ':')) {
        return false;
    }
    return !has(*host, '[') && !has(*host, ']') && !has(*port, '[') &&
           !has(*port, ']');
}

bool
gong_tfn_strip_port(struct gong_trender *render, const struct gong_tvalue *args,
                    size_t count, struct gong_tvalue *out)
{
    struct gong_str host = {0};
    struct gong_str port = {0};

    (void)render;
    (void)count;
    *out = args[0];
    if (split_port(args[0].as.text, &host, &port)) {
        out->as.text = host;
    }
    return true;
}

static bool
is_address(struct gong_str text)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (text.len >= sizeof copy || has(text, '\0')) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return inet_pton(AF_INET, copy, &address) == 1 ||
           inet_pton(AF_INET6, copy, &address) == 1;
}

bool
gong_tfn_strip_domain(struct gong_trender *render,
                      const struct gong_tvalue *args, size_t count,
                      struct gong_tvalue *out)
{
    struct gong_tbuilder text = {.render = render};
    struct gong_str host = {0};
    struct gong_str port = {0};
    const char *dot = NULL;

    (void)count;
    *out = args[0];
    if (!split_port(args[0].as.text, &host, &port)) {
        host = args[0].as.text;
        port.len = 0;
    }
    if (host.len == 0 || is_address(host)) {
        out->as.text = host.len == 0 && port.len == 0 ? host : args[0].as.text;
        return true;
    }
    dot = memchr(host.data, '.', host.len);
    host.len = dot == NULL ? host.len : (size_t)(dot - host.data);
    bool brackets = port.len > 0 && has(host, ':');
    gong_tbuilder_put(&text, gong_str_of(brackets ? "[" : ""));
    gong_tbuilder_put(&text, host);
    gong_tbuilder_put(&text, gong_str_of(brackets ? "]" : ""));
    if (port.len > 0) {
        gong_tbuilder_put(&text, gong_str_of(":"));
        gong_tbuilder_put(&text, port);
    }
    return gong_tbuilder_finish(&text, out);
}

static struct gong_str
url_of(const struct gong_trender *render)
{
    const char *url = render->context->external_url;

    return gong_str_of(url == NULL ? "" : url);
}

bool
gong_tfn_external_url(struct gong_trender *render,
                      const struct gong_tvalue *args, size_t count,
                      struct gong_tvalue *out)
{
    (void)args;
    (void)count;
    *out = gong_tvalue_text(url_of(render));
    return true;
}

/* What stands behind the host: from the third slash up to ? or #. */
bool
gong_tfn_path_prefix(struct gong_trender *render,
                     const struct gong_tvalue *args, size_t count,
                     struct gong_tvalue *out)
{
    struct gong_str url = url_of(render);
    size_t at = 0;
    size_t len = 0;

    (void)args;
    (void)count;
    for (size_t i = 0; i + 2 < url.len && at == 0; i++) {
        at = memcmp(url.data + i, "://", 3) == 0 ? i + 3 : 0;
    }
    while (at > 0 && at < url.len && url.data[at] != '/') {
        at++;
    }
    while (at + len < url.len && url.data[at + len] != '?' &&
           url.data[at + len] != '#') {
        len++;
    }
    *out = gong_tvalue_text(gong_str_from(url.data + at, len));
    return true;
}
