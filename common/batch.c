#include "common/batch.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/crc32c.h"
#include "common/topic.h"

#define HEADER_START     "#gong "
#define OFF_TOLERATED_MS 2000
#define STAMP_DIGITS     19 /* of a nanosecond stamp since 2001 */
/* Keeps ms * 10^6 within int64: some 285 years either way. */
#define MS_MAX INT64_C(9000000000000)

static const char *const lane_names[] = {
    [GONG_LANE_LIVE] = "live",
    [GONG_LANE_BACK] = "back",
};

/* What the header line may say; each at most once. */
enum header_key {
    KEY_V,
    KEY_EPOCH,
    KEY_SEQ,
    KEY_LOW,
    KEY_LANE,
    KEY_N,
    KEY_CRC,
    KEY_OFF,
    KEY_SENT,
    KEY_SAMPLES,
    KEY_AT,
    KEY_LOST,
    KEY_CLOCK,
    KEY_COUNT,
};

#define KEYS_REQUIRED ((1u << (KEY_CRC + 1)) - 1)

static const char *const key_names[KEY_COUNT] = {
    [KEY_V] = "v",         [KEY_EPOCH] = "epoch", [KEY_SEQ] = "seq",
    [KEY_LOW] = "low",     [KEY_LANE] = "lane",   [KEY_N] = "n",
    [KEY_CRC] = "crc",     [KEY_OFF] = "off",     [KEY_SENT] = "sent",
    [KEY_SAMPLES] = "s",   [KEY_AT] = "at",       [KEY_LOST] = "lost",
    [KEY_CLOCK] = "clock",
};

/* The words that say nothing where they are zero. */
static size_t
format_optional(const struct gong_batch_header *header, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    if (header->samples != 0) {
        len += (size_t)snprintf(out + len, size - len, " s=%" PRIu32,
                                header->samples);
    }
    if (header->at_ms > 0) {
        len += (size_t)snprintf(out + len, size - len, " at=%" PRId64,
                                header->at_ms);
    }
    if (header->lost_points != 0) {
        len += (size_t)snprintf(out + len, size - len, " lost=%" PRIu64,
                                header->lost_points);
    }
    if (header->placed) {
        len += (size_t)snprintf(out + len, size - len, " clock=placed");
    }
    return len;
}

/* Fits: at most 255 bytes with every word at its longest. */
size_t
gong_batch_header_format(const struct gong_batch_header *header,
                         char out[GONG_BATCH_HEADER_SIZE])
{
    size_t len = (size_t)snprintf(
        out, GONG_BATCH_HEADER_SIZE,
        HEADER_START "v=1 epoch=%016" PRIx64 " seq=%" PRIu64 " low=%" PRIu64
                     " lane=%s off=%" PRId64 " sent=%" PRId64 " n=%" PRIu32,
        header->epoch, header->seq, header->low, lane_names[header->lane],
        header->off_ms, header->sent_ms, header->points);

    len += format_optional(header, out + len, GONG_BATCH_HEADER_SIZE - len);
    len += (size_t)snprintf(out + len, GONG_BATCH_HEADER_SIZE - len,
                            " crc=%08" PRIx32 "\n", header->crc);
    return len;
}

static bool
read_unsigned(struct gong_str text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (text.len == 0) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned char)text.data[i] - (unsigned)'0';

        if (digit > 9 || value > (max - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static bool
read_ms(struct gong_str text, bool may_be_negative, int64_t *out)
{
    bool negative = may_be_negative && text.len > 0 && text.data[0] == '-';
    uint64_t value;

    if (negative) {
        text = gong_str_from(text.data + 1, text.len - 1);
    }
    if (!read_unsigned(text, (uint64_t)MS_MAX, &value)) {
        return false;
    }
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static bool
read_hex(struct gong_str text, size_t digits, uint64_t *out)
{
    uint64_t value = 0;

    if (text.len != digits) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        char byte = text.data[i];

        if (byte >= '0' && byte <= '9') {
            value = value << 4 | (uint64_t)(byte - '0');
        } else if (byte >= 'a' && byte <= 'f') {
            value = value << 4 | (uint64_t)(byte - 'a' + 10);
        } else {
            return false;
        }
    }
    *out = value;
    return true;
}

static bool
read_lane(struct gong_str text, enum gong_lane *out)
{
    for (size_t i = 0; i < sizeof(lane_names) / sizeof(lane_names[0]); i++) {
        if (gong_str_is(text, lane_names[i])) {
            *out = (enum gong_lane)i;
            return true;
        }
    }
    return false;
}

static bool
read_pair(enum header_key key, struct gong_str text,
          struct gong_batch_header *header)
{
    uint64_t value = 0;
    bool fits = false;

    switch (key) {
    case KEY_V:
        return gong_str_is(text, "1");
    case KEY_EPOCH:
        return read_hex(text, 16, &header->epoch);
    case KEY_SEQ:
        return read_unsigned(text, GONG_BATCH_SEQ_MAX, &header->seq) &&
               header->seq > 0;
    case KEY_LOW:
        return read_unsigned(text, GONG_BATCH_SEQ_MAX, &header->low);
    case KEY_LANE:
        return read_lane(text, &header->lane);
    case KEY_N:
        fits = read_unsigned(text, UINT32_MAX, &value);
        header->points = (uint32_t)value;
        return fits;
    case KEY_CRC:
        fits = read_hex(text, 8, &value);
        header->crc = (uint32_t)value;
        return fits;
    case KEY_OFF:
        return read_ms(text, true, &header->off_ms);
    case KEY_SENT:
        return read_ms(text, false, &header->sent_ms);
    case KEY_SAMPLES:
        fits = read_unsigned(text, UINT32_MAX, &value);
        header->samples = (uint32_t)value;
        return fits;
    case KEY_AT:
        return read_ms(text, false, &header->at_ms);
    case KEY_LOST:
        return read_unsigned(text, GONG_BATCH_SEQ_MAX, &header->lost_points);
    case KEY_CLOCK: /* other words are a later collector's */
        header->placed = gong_str_is(text, "placed");
        return true;
    case KEY_COUNT:
        break;
    }
    return false;
}

/* One word of the line, "key=value". Unknown keys are a later collector's and
 * pass, save enc: a body in another encoding cannot be read here. */
static bool
read_word(struct gong_str word, unsigned *seen,
          struct gong_batch_header *header)
{
    const char *equals =
        word.len == 0 ? NULL : memchr(word.data, '=', word.len);
    struct gong_str name, text;

    if (equals == NULL) {
        return false;
    }
    name = gong_str_from(word.data, (size_t)(equals - word.data));
    text = gong_str_from(equals + 1, word.len - name.len - 1);
    for (unsigned key = 0; key < KEY_COUNT; key++) {
        if (gong_str_is(name, key_names[key])) {
            bool first = (*seen & 1u << key) == 0;

            *seen |= 1u << key;
            return first && read_pair((enum header_key)key, text, header);
        }
    }
    return !gong_str_is(name, "enc");
}

/* The line behind its first word, without newline: words, one blank each. */
static bool
read_header_line(struct gong_str line, struct gong_batch_header *header)
{
    unsigned seen = 0;

    while (line.len > 0) {
        const char *blank = memchr(line.data, ' ', line.len);
        size_t len = blank == NULL ? line.len : (size_t)(blank - line.data);
        size_t step = blank == NULL ? len : len + 1;

        if (!read_word(gong_str_from(line.data, len), &seen, header)) {
            return false;
        }
        line = gong_str_from(line.data + step, line.len - step);
    }
    return (seen & KEYS_REQUIRED) == KEYS_REQUIRED;
}

enum gong_batch_kind
gong_batch_header_parse(struct gong_str message,
                        struct gong_batch_header *header, struct gong_str *body)
{
    const size_t start = sizeof(HEADER_START) - 1;
    const char *newline;
    size_t line_len;

    *body = message;
    if (message.len < start || memcmp(message.data, HEADER_START, start) != 0) {
        return GONG_BATCH_PLAIN;
    }
    *header = (struct gong_batch_header){0};
    newline = memchr(message.data, '\n', message.len);
    if (newline == NULL) {
        return GONG_BATCH_DAMAGED;
    }
    line_len = (size_t)(newline - message.data);
    *body = gong_str_from(newline + 1, message.len - line_len - 1);
    if (!read_header_line(gong_str_from(message.data + start, line_len - start),
                          header) ||
        header->crc != gong_crc32c(0, body->data, body->len)) {
        return GONG_BATCH_DAMAGED;
    }
    return GONG_BATCH_HEADED;
}

size_t
gong_batch_prefix(struct gong_str site, struct gong_str device,
                  char out[GONG_BATCH_PREFIX_SIZE])
{
    out[0] = (char)site.len;
    out[1] = (char)device.len;
    memcpy(out + 2, site.data, site.len);
    memcpy(out + 2 + site.len, device.data, device.len);
    return 2 + site.len + device.len;
}

/* Stays within +-INT64_MAX, so that every result can be negated. */
static int64_t
add_saturating(int64_t a, int64_t b)
{
    if (b > 0 && a > INT64_MAX - b) {
        return INT64_MAX;
    }
    if (b < 0 && a < -INT64_MAX - b) {
        return -INT64_MAX;
    }
    return a + b;
}

/* A limit that stamps are held against, as a number and as it is written. */
struct limit {
    uint64_t value;
    bool wide; /* text holds all of its digits */
    char text[STAMP_DIGITS];
};

static struct limit
limit_from(int64_t value)
{
    struct limit limit = {.value = (uint64_t)value};
    uint64_t rest = limit.value;

    for (size_t i = STAMP_DIGITS; i-- > 0; rest /= 10) {
        limit.text[i] = (char)('0' + rest % 10);
    }
    limit.wide = limit.text[0] != '0';
    return limit;
}

/*
 * The usual line ends in a blank and 19 digits: then they are not above a limit
 * of as many digits if their text is not. Where some of the 19 bytes are no
 * digits, fewer digits end the line, and their number is smaller still.
 */
static bool
line_within(const char *start, const char *end, const struct limit *limit)
{
    return limit->wide && end - start > STAMP_DIGITS &&
           end[-1 - STAMP_DIGITS] == ' ' &&
           memcmp(end - STAMP_DIGITS, limit->text, STAMP_DIGITS) <= 0;
}

/* Whether the digits that the line ends with, if any, are above limit. */
static bool
line_may_exceed(const char *start, const char *end, const struct limit *limit)
{
    const char *p = end;
    const char *digits;
    uint64_t value = 0;

    if (p > start && p[-1] == '\r') {
        p--;
    }
    while (p > start && p[-1] == ' ') {
        p--;
    }
    digits = p;
    while (digits > start && digits[-1] >= '0' && digits[-1] <= '9') {
        digits--;
    }
    if (digits == p || digits == start || digits[-1] != ' ') {
        return false;
    }
    if (p - digits > STAMP_DIGITS) {
        return true;
    }
    for (; digits < p; digits++) {
        value = value * 10 + (uint64_t)(*digits - '0');
    }
    return value > limit->value;
}

/*
 * Whether some line of body may end in a stamp above limit: reads the digits
 * before each newline and at the end, from the back. Text in strings can only
 * add false hits, so a "no" is certain, and much cheaper than decoding.
 */
static bool
may_exceed(struct gong_str body, int64_t limit)
{
    const char *start = body.data;
    const char *end = body.data + body.len;
    struct limit written;

    if (limit < 0) {
        return true;
    }
    written = limit_from(limit);
    while (start < end) {
        const char *newline = memchr(start, '\n', (size_t)(end - start));
        const char *stop = newline == NULL ? end : newline;

        if (!line_within(start, stop, &written) &&
            line_may_exceed(start, stop, &written)) {
            return true;
        }
        start = newline == NULL ? end : newline + 1;
    }
    return false;
}

/* The newest stamp of body as written; false if no point has one. */
static bool
newest_stamp(struct gong_lp_reader *reader, struct gong_str body,
             int64_t *newest)
{
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;
    enum gong_lp_result result;
    bool found = false;

    gong_lp_reader_start(reader, body);
    while ((result = gong_lp_reader_next(reader, &point, &error)) !=
           GONG_LP_END) {
        if (result == GONG_LP_POINT && point->has_time &&
            (!found || point->time > *newest)) {
            *newest = point->time;
            found = true;
        }
    }
    return found;
}

static int64_t
find_shift(const struct gong_batch *batch, struct gong_lp_reader *reader)
{
    const int64_t tolerated =
        batch->has_header ? OFF_TOLERATED_MS * GONG_NS_PER_MS : 0;
    const int64_t latest = add_saturating(batch->arrival_ns, tolerated);
    const int64_t off = batch->has_header ? batch->header.off_ms : 0;
    int64_t shift = 0;
    int64_t newest = 0;

    if (off > OFF_TOLERATED_MS || off < -OFF_TOLERATED_MS) {
        shift = -off * GONG_NS_PER_MS;
    }
    if (!may_exceed(batch->body, add_saturating(latest, -shift)) ||
        !newest_stamp(reader, batch->body, &newest)) {
        return shift;
    }
    if (add_saturating(newest, shift) > latest) {
        shift = add_saturating(batch->arrival_ns,
                               newest == INT64_MIN ? INT64_MAX : -newest);
    }
    return shift;
}

/* Splits a data record into names and message. */
static bool
split_payload(struct gong_batch *batch, struct gong_str payload,
              struct gong_str *message)
{
    if (!gong_topic_names_split(payload, &batch->site, &batch->device,
                                message)) {
        return false;
    }
    if (batch->site.len == 0 && batch->device.len == 0) {
        return true; /* from a file */
    }
    return gong_topic_name_valid(batch->site) &&
           gong_topic_name_valid(batch->device);
}

enum gong_err
gong_batch_open(struct gong_batch *batch, struct gong_lp_reader *reader,
                struct gong_str payload, int64_t arrival_ns)
{
    struct gong_str message;

    *batch = (struct gong_batch){.arrival_ns = arrival_ns};
    if (!split_payload(batch, payload, &message)) {
        return GONG_ERR_CORRUPT;
    }
    switch (gong_batch_header_parse(message, &batch->header, &batch->body)) {
    case GONG_BATCH_PLAIN:
        break;
    case GONG_BATCH_HEADED:
        batch->has_header = true;
        break;
    case GONG_BATCH_DAMAGED:
        return GONG_ERR_CORRUPT;
    }
    batch->shift_ns = find_shift(batch, reader);
    gong_lp_reader_start(reader, batch->body);
    return GONG_OK;
}

enum gong_lp_result
gong_batch_next(struct gong_batch *batch, struct gong_lp_reader *reader,
                const struct gong_lp_point **point,
                const struct gong_lp_error **error, int64_t *time_ns)
{
    enum gong_lp_result result = gong_lp_reader_next(reader, point, error);
    int64_t shift = batch->shift_ns;

    if (result != GONG_LP_POINT) {
        return result;
    }
    if (!(*point)->has_time) {
        *time_ns = batch->arrival_ns;
        return GONG_LP_POINT;
    }
    /* Not before 1970, and not past the last instant int64 can name. */
    if ((shift < 0 && (*point)->time < -shift) ||
        (shift >= 0 &&
         ((*point)->time > INT64_MAX - shift || (*point)->time + shift < 0))) {
        *error = gong_lp_reader_refuse(reader, "time");
        return GONG_LP_REFUSED;
    }
    *time_ns = (*point)->time + shift;
    return GONG_LP_POINT;
}

/* Whether the point carries a tag of that name. */
static bool
has_tag(const struct gong_lp_point *point, const char *name)
{
    for (size_t i = 0; i < point->tag_count; i++) {
        if (gong_str_is(point->tags[i].key, name)) {
            return true;
        }
    }
    return false;
}

size_t
gong_batch_labels(const struct gong_batch *batch,
                  const struct gong_lp_point *point,
                  struct gong_lp_tag out[GONG_LP_TAGS_MAX + 2])
{
    static const struct {
        const char *plain;
        const char *exported;
    } ours[] = {{"site", "exported_site"}, {"device", "exported_device"}};
    size_t count = 0;

    if (batch->site.len == 0) {
        if (point->tag_count != 0) {
            memcpy(out, point->tags, point->tag_count * sizeof(out[0]));
        }
        return point->tag_count;
    }
    out[count++] = (struct gong_lp_tag){gong_str_of("site"), batch->site};
    out[count++] = (struct gong_lp_tag){gong_str_of("device"), batch->device};
    for (size_t i = 0; i < point->tag_count; i++) {
        struct gong_lp_tag tag = point->tags[i];
        bool keep = true;

        for (size_t k = 0; k < sizeof(ours) / sizeof(ours[0]); k++) {
            if (gong_str_is(tag.key, ours[k].plain)) {
                tag.key = gong_str_of(ours[k].exported);
            } else if (gong_str_is(tag.key, ours[k].exported) &&
                       has_tag(point, ours[k].plain)) {
                keep = false; /* the renamed one has that name now */
            }
        }
        if (keep) {
            out[count++] = tag;
        }
    }
    return count;
}
