/* A reader of JSON that keeps a few members of the outermost object and walks
 * over the rest. */
#include "common/presence.h"

#include <string.h>

#include "common/ascii.h"
#include "common/crc32c.h"
#include "common/lp_number.h"
#include "common/topic.h"

#define DEPTH_MAX 32
#define CONN_MAX  16
#define EPOCH_LEN 16

/* What is left to read. */
struct scan {
    const char *at;
    const char *end;
};

static void
skip_space(struct scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' ||
                                    *scan->at == '\n' || *scan->at == '\r')) {
        scan->at++;
    }
}

/* The next character after white space, NUL at the end. */
static char
peek(struct scan *scan)
{
    skip_space(scan);
    return scan->at < scan->end ? *scan->at : '\0';
}

static bool
take(struct scan *scan, char c)
{
    if (peek(scan) != c || scan->at == scan->end) {
        return false;
    }
    scan->at++;
    return true;
}

static bool
skip_escape(struct scan *scan)
{
    if (scan->at == scan->end) {
        return false;
    }
    if (*scan->at != 'u') {
        return *scan->at != '\0' && strchr("\"\\/bfnrt", *scan->at++) != NULL;
    }
    scan->at++;
    for (int i = 0; i < 4; i++) {
        if (scan->at == scan->end || gong_ascii_hex_value(*scan->at) < 0) {
            return false;
        }
        scan->at++;
    }
    return true;
}

/* The bytes between the quotes as they stand: no name or word of ours needs an
 * escape, so one that holds an escape is none of ours. */
static bool
read_string(struct scan *scan, struct gong_str *out)
{
    const char *start;

    if (!take(scan, '"')) {
        return false;
    }
    start = scan->at;
    while (scan->at < scan->end && *scan->at != '"') {
        char c = *scan->at++;

        if ((unsigned char)c < 0x20 || (c == '\\' && !skip_escape(scan))) {
            return false;
        }
    }
    if (scan->at == scan->end) {
        return false;
    }
    *out = gong_str_from(start, (size_t)(scan->at - start));
    scan->at++;
    return true;
}

static bool
skip_digits(struct scan *scan)
{
    const char *start = scan->at;

    while (scan->at < scan->end && gong_ascii_is_digit(*scan->at)) {
        scan->at++;
    }
    return scan->at > start;
}

static bool
at_one_of(const struct scan *scan, const char *set)
{
    return scan->at < scan->end && *scan->at != '\0' &&
           strchr(set, *scan->at) != NULL;
}

/* JSON's grammar, which is narrower than line protocol's. */
static bool
skip_number(struct scan *scan)
{
    if (at_one_of(scan, "-")) {
        scan->at++;
    }
    if (at_one_of(scan, "0")) {
        scan->at++;
    } else if (!skip_digits(scan)) {
        return false;
    }
    if (at_one_of(scan, ".")) {
        scan->at++;
        if (!skip_digits(scan)) {
            return false;
        }
    }
    if (at_one_of(scan, "eE")) {
        scan->at++;
        if (at_one_of(scan, "+-")) {
            scan->at++;
        }
        return skip_digits(scan);
    }
    return true;
}

static bool
skip_word(struct scan *scan)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);

        if ((size_t)(scan->end - scan->at) >= len &&
            memcmp(scan->at, words[i], len) == 0) {
            scan->at += len;
            return true;
        }
    }
    return false;
}

/* Whatever is no object and no list. */
static bool
skip_plain(struct scan *scan)
{
    struct gong_str unused;
    char c = peek(scan);

    if (c == '"') {
        return read_string(scan, &unused);
    }
    return c == '-' || gong_ascii_is_digit(c) ? skip_number(scan)
                                              : skip_word(scan);
}

/* What closes the list or object that c opens, NUL where it opens none. */
static char
closing(char c)
{
    return c == '{' ? '}' : c == '[' ? ']' : '\0';
}

/* A member's name before its value, where one belongs. */
static bool
skip_name(struct scan *scan, char close)
{
    struct gong_str unused;

    return close != '}' || (read_string(scan, &unused) && take(scan, ':'));
}

/* What closes the lists and objects around the place. */
struct nest {
    char close[DEPTH_MAX];
    size_t depth;
};

/* One plain value, or the opening of a list or object; *inside: of one that
 * holds something. */
static bool
skip_start(struct scan *scan, struct nest *nest, bool *inside)
{
    char close = closing(peek(scan));

    *inside = false;
    if (close == '\0') {
        return skip_plain(scan);
    }
    if (nest->depth == DEPTH_MAX) {
        return false;
    }
    scan->at++;
    nest->close[nest->depth++] = close;
    *inside = peek(scan) != close;
    return !*inside || skip_name(scan, close);
}

/* What ends after a value, and the comma before the next one. */
static bool
skip_end(struct scan *scan, struct nest *nest)
{
    while (nest->depth > 0 && take(scan, nest->close[nest->depth - 1])) {
        nest->depth--;
    }
    return nest->depth == 0 ||
           (take(scan, ',') && skip_name(scan, nest->close[nest->depth - 1]));
}

/* Any value, without recursion. */
static bool
skip_value(struct scan *scan)
{
    struct nest nest = {.depth = 0};
    bool inside = false;

    do {
        if (!skip_start(scan, &nest, &inside) ||
            (!inside && !skip_end(scan, &nest))) {
            return false;
        }
    } while (nest.depth > 0);
    return true;
}

static bool
read_state(struct scan *scan, struct gong_presence_message *out)
{
    struct gong_str word;

    if (!read_string(scan, &word)) {
        return false;
    }
    if (gong_str_is(word, "online")) {
        out->kind = GONG_PRESENCE_ONLINE;
    } else if (gong_str_is(word, "offline")) {
        out->kind = GONG_PRESENCE_OFFLINE;
    } else {
        return false;
    }
    return true;
}

static bool
read_conn(struct scan *scan, struct gong_presence_message *out)
{
    struct gong_str word;

    if (!read_string(scan, &word) || word.len == 0 || word.len > CONN_MAX) {
        return false;
    }
    for (size_t i = 0; i < word.len; i++) {
        int digit = gong_ascii_hex_value(word.data[i]);

        if (digit < 0) {
            return false;
        }
        out->conn = out->conn << 4 | (uint64_t)digit;
    }
    out->has_conn = true;
    return true;
}

static bool
read_seconds(struct scan *scan, int64_t *ms)
{
    const char *start;
    struct gong_lp_value value = {0};
    double seconds = 0;

    skip_space(scan);
    start = scan->at;
    if (!skip_number(scan) ||
        gong_lp_number_scan(&start, scan->at, &value) != NULL ||
        !gong_lp_number(&value, &seconds) || !(seconds > 0)) {
        return false;
    }
    *ms = seconds * 1000 >= (double)GONG_PRESENCE_EVERY
              ? GONG_PRESENCE_EVERY
              : (int64_t)(seconds * 1000);
    *ms = *ms < 1 ? 1 : *ms;
    return true;
}

static bool
read_one_every(struct scan *scan, struct gong_str *measurement, int64_t *ms)
{
    return read_string(scan, measurement) && take(scan, ':') &&
           read_seconds(scan, ms);
}

static bool
read_every(struct scan *scan, struct gong_presence_message *out)
{
    const char *start;

    if (!take(scan, '{')) {
        return false;
    }
    if (take(scan, '}')) {
        return true;
    }
    start = scan->at;
    do {
        struct gong_str measurement;
        int64_t ms = 0;

        if (!read_one_every(scan, &measurement, &ms)) {
            return false;
        }
        if (out->every_ms == 0 || ms < out->every_ms) {
            out->every_ms = ms;
        }
    } while (take(scan, ','));
    out->every = gong_str_from(start, (size_t)(scan->at - start));
    return take(scan, '}');
}

static bool
read_epoch(struct scan *scan, struct gong_presence_message *out)
{
    struct gong_str word;
    uint64_t epoch = 0;

    if (peek(scan) != '"') {
        return skip_value(scan);
    }
    if (!read_string(scan, &word)) {
        return false;
    }
    if (word.len != EPOCH_LEN) {
        return true;
    }
    for (size_t i = 0; i < word.len; i++) {
        int digit = gong_ascii_hex_value(word.data[i]);

        if (digit < 0 || (word.data[i] >= 'A' && word.data[i] <= 'F')) {
            return true;
        }
        epoch = epoch << 4 | (uint64_t)digit;
    }
    out->has_epoch = true;
    out->epoch = epoch;
    return true;
}

static bool
read_next(struct scan *scan, struct gong_presence_message *out)
{
    const char *start;
    uint64_t next = 0;

    if (!gong_ascii_is_digit(peek(scan))) {
        return skip_value(scan);
    }
    start = scan->at;
    if (!skip_number(scan)) {
        return false;
    }
    for (; start < scan->at; start++) {
        uint64_t digit = (uint64_t)(*start - '0');

        if (!gong_ascii_is_digit(*start) || next > (INT64_MAX - digit) / 10) {
            return true;
        }
        next = next * 10 + digit;
    }
    out->next = next;
    return true;
}

bool
gong_presence_every(struct gong_str *every, struct gong_str *measurement,
                    int64_t *ms)
{
    struct scan scan = {NULL, NULL};

    if (every->len > 0) {
        scan = (struct scan){every->data, every->data + every->len};
    }
    if (every->len == 0 || !read_one_every(&scan, measurement, ms)) {
        *every = gong_str_from(NULL, 0);
        return false;
    }
    (void)take(&scan, ',');
    *every = gong_str_from(scan.at, (size_t)(scan.end - scan.at));
    return true;
}

struct member {
    const char *name;
    bool (*read)(struct scan *scan, struct gong_presence_message *out);
};

static const struct member members[] = {{"state", read_state},
                                        {"conn", read_conn},
                                        {"every", read_every},
                                        {"epoch", read_epoch},
                                        {"next", read_next}};
#define MEMBERS (sizeof members / sizeof members[0])

/* One member of the outermost object; each of ours once. */
static bool
read_member(struct scan *scan, struct gong_presence_message *out,
            unsigned *seen)
{
    struct gong_str name;

    if (!read_string(scan, &name) || !take(scan, ':')) {
        return false;
    }
    for (unsigned i = 0; i < MEMBERS; i++) {
        if (gong_str_is(name, members[i].name)) {
            bool again = (*seen & 1u << i) != 0;

            *seen |= 1u << i;
            return !again && members[i].read(scan, out);
        }
    }
    return skip_value(scan);
}

static bool
read_object(struct scan *scan, struct gong_presence_message *out)
{
    unsigned seen = 0;

    if (!take(scan, '{')) {
        return false;
    }
    do {
        if (!read_member(scan, out, &seen)) {
            return false;
        }
    } while (take(scan, ','));
    return take(scan, '}') && peek(scan) == '\0' && scan->at == scan->end &&
           (seen & 1u) != 0;
}

enum gong_err
gong_presence_parse(struct gong_str text, struct gong_presence_message *out)
{
    struct scan scan = {text.data,
                        text.data == NULL ? NULL : text.data + text.len};

    *out = (struct gong_presence_message){.kind = GONG_PRESENCE_CLEARED};
    if (text.len == 0) {
        return GONG_OK;
    }
    if (text.len > GONG_PRESENCE_MAX || !read_object(&scan, out)) {
        *out = (struct gong_presence_message){.kind = GONG_PRESENCE_CLEARED};
        return GONG_ERR_CORRUPT;
    }
    out->crc = gong_crc32c(0, text.data, text.len);
    return GONG_OK;
}

enum gong_err
gong_presence_open(struct gong_str payload, struct gong_presence_record *out)
{
    struct gong_str message;

    if (!gong_topic_names_split(payload, &out->site, &out->device, &message) ||
        !gong_topic_name_valid(out->site) ||
        !gong_topic_name_valid(out->device)) {
        return GONG_ERR_CORRUPT;
    }
    return gong_presence_parse(message, &out->message);
}
