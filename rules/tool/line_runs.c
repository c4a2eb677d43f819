#include "rules/tool/line_runs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/lp_decode.h"
#include "common/lp_number.h"

#define NAMES      2 /* bytes before a run's lines */
#define START_SIZE (4u << 20)
#define SIZE_MAX_  (16u << 20)
#define READ_SIZE  (256u << 10) /* still in the cache when lines are cut */
#define LITTLE     8            /* a part so mean of what lies before it */
#define STAMP_MAX  24

struct reader {
    struct gong_input *input;
    gong_line_run_fn take;
    void *ctx;
    char *bytes;
    size_t size;
    size_t end;  /* of what was read */
    size_t run;  /* where the run's lines begin */
    size_t next; /* of the first line that no run has yet */
    int64_t ms;  /* of the run */
    uint64_t line;
    uint64_t run_line;
    /* The stamp of the line before, with the blank in front of it: most lines
     * have the same. */
    char stamp[STAMP_MAX];
    size_t stamp_len;
    struct gong_precision precision;
    uint64_t far_line; /* as in gong_line_run */
    bool begun;        /* the file's first bytes were seen */
    /* The run with zeros behind its stamps, where the precision wants some. */
    char *scaled;
    size_t scaled_len;
    size_t scaled_size;
};

/* The field section: behind the first blank that no backslash escapes. */
static const char *
skip_key(const char *p, const char *end)
{
    while (p < end && *p != ' ') {
        p += *p == '\\' && p + 1 < end ? 2 : 1;
    }
    return p;
}

/* The line's end where it has strings; NULL where it does not end here. */
static const char *
quoted_end(const char *line, const char *end)
{
    const char *p = skip_key(line, end);
    bool inside = false;

    for (; p < end; p++) {
        if (inside && *p == '\\') {
            p++;
        } else if (inside) {
            inside = *p != '"';
        } else if (*p == '\n') {
            return p;
        } else if (*p == '"' && p > line && p[-1] == '=') {
            inside = true;
        }
    }
    return NULL;
}

/* The newline of the line that begins at line, NULL where it was not read.
 * *quote is the first one behind it, or lies before it. */
static const char *
line_end(const char *line, const char *end, const char **quote)
{
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    const char *quoted;

    if (newline == NULL || *line == '#') {
        return newline;
    }
    if (*quote < line) {
        *quote = memchr(line, '"', (size_t)(end - line));
        *quote = *quote == NULL ? end : *quote;
    }
    if (*quote > newline) {
        return newline;
    }
    if (end - line <= GONG_LP_LINE_MAX) {
        return quoted_end(line, end);
    }
    /* No line is longer: strings that go on end with it. */
    quoted = quoted_end(line, line + GONG_LP_LINE_MAX + 1);
    return quoted == NULL ? newline : quoted;
}

/* Whether the line has the stamp of the one before. */
static bool
same_stamp(const struct reader *r, const char *line, const char *end)
{
    return r->stamp_len > 0 && (size_t)(end - line) > r->stamp_len &&
           memcmp(end - r->stamp_len, r->stamp, r->stamp_len) == 0;
}

/* The line's own stamp, in *ms; false where it has none, or *far: one that is
 * out of range. */
static bool
read_stamp(struct reader *r, const char *line, const char *end, int64_t *ms,
           bool *far)
{
    const char *p = end;
    const char *at;
    int64_t ns = 0;
    size_t len;

    while (p > line && p[-1] != ' ') {
        p--;
    }
    at = p;
    if (p == line || *line == '#' || p == end ||
        gong_lp_number_stamp(&at, end, &ns) != NULL || at != end) {
        return false;
    }
    if (!gong_precision_scale(r->precision, &ns)) {
        *far = true;
        return false;
    }
    len = (size_t)(end - p) + 1;
    r->stamp_len = len <= STAMP_MAX ? len : 0;
    memcpy(r->stamp, p - 1, r->stamp_len);
    *ms = gong_floor_ms(ns);
    return true;
}

static uint64_t
count_lines(const char *at, const char *end)
{
    uint64_t count = 0;

    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        count++;
        at++;
    }
    return count;
}

uint64_t
gong_line_run_number(const struct gong_line_run *run, size_t at)
{
    const struct gong_line_part *part = run->parts;

    for (size_t i = 1; i < run->part_count && run->parts[i].at <= at; i++) {
        part = &run->parts[i];
    }
    return part->line + count_lines(run->payload + part->at, run->payload + at);
}

static enum gong_err
hand_out(struct reader *r, size_t to)
{
    struct gong_line_part part = {NAMES, r->run_line};
    struct gong_line_run run = {
        .ms = r->ms, .parts = &part, .part_count = 1, .far_line = r->far_line};

    if (to == r->run) {
        return GONG_OK;
    }
    memset(r->bytes + r->run - NAMES, 0, NAMES);
    run.payload = r->bytes + r->run - NAMES;
    run.len = to - r->run + NAMES;
    if (r->precision.zeros > 0) {
        run.payload = r->scaled;
        run.len = r->scaled_len;
        r->scaled_len = 0;
    }
    r->run = to;
    r->run_line = r->line;
    return r->take(r->ctx, &run);
}

/* The line behind those of the run, with zeros where it has a stamp. */
static enum gong_err
add_scaled(struct reader *r, const char *line, const char *end, bool stamped)
{
    size_t len = (size_t)(end - line);
    size_t zeros = stamped ? r->precision.zeros : 0;
    size_t need = NAMES + r->scaled_len + len + zeros + 1;
    char *out;

    if (r->scaled == NULL || need > r->scaled_size) {
        char *grown = realloc(r->scaled, 2 * need);

        if (grown == NULL) {
            return GONG_ERR_MEMORY;
        }
        r->scaled = grown;
        r->scaled_size = 2 * need;
    }
    if (r->scaled_len == 0) {
        memset(r->scaled, 0, NAMES);
        r->scaled_len = NAMES;
    }
    out = r->scaled + r->scaled_len;
    memcpy(out, line, len);
    memset(out + len, '0', zeros);
    out[len + zeros] = '\n';
    r->scaled_len += len + zeros + 1;
    return GONG_OK;
}

/* One line, up to its newline at end; a run ends before it where its stamp is
 * of another millisecond. */
static enum gong_err
take_line(struct reader *r, const char *line, const char *end)
{
    int64_t ms = r->ms;
    enum gong_err err = GONG_OK;
    bool stamped;
    bool far = false;

    while (end > line && (end[-1] == '\r' || end[-1] == ' ')) {
        end--;
    }
    stamped = same_stamp(r, line, end) || read_stamp(r, line, end, &ms, &far);
    if (far && r->far_line == 0) {
        r->far_line = r->line;
    }
    if (ms != r->ms) {
        if (r->ms != INT64_MIN) {
            err = hand_out(r, r->next);
        }
        r->ms = ms;
    }
    /* A stamp that is out of range stays so: it is refused, and no other. */
    return err == GONG_OK && r->precision.zeros > 0
               ? add_scaled(r, line, end, stamped || far)
               : err;
}

static enum gong_err
take_lines(struct reader *r, bool last)
{
    const char *quote = r->bytes; /* before any line */
    enum gong_err err = GONG_OK;

    while (r->next < r->end && err == GONG_OK) {
        const char *line = r->bytes + r->next;
        const char *newline = line_end(line, r->bytes + r->end, &quote);

        if (newline == NULL && !last) {
            break;
        }
        if (newline == NULL) {
            newline = r->bytes + r->end;
        }
        err = take_line(r, line, newline);
        r->next = (size_t)(newline - r->bytes) + 1;
        r->next = r->next > r->end ? r->end : r->next;
        /* Only a string holds more line ends. */
        r->line += quote < newline ? count_lines(line, newline) + 1 : 1;
    }
    return err;
}

/* What was read of a line without an end. */
static enum gong_err
add_whole(struct reader *r)
{
    return r->precision.zeros == 0
               ? GONG_OK
               : add_scaled(r, r->bytes + r->run, r->bytes + r->end, false);
}

/* What was handed out goes. */
static void
move_down(struct reader *r)
{
    memmove(r->bytes + NAMES, r->bytes + r->run, r->end - r->run);
    r->end -= r->run - NAMES;
    r->next -= r->run - NAMES;
    r->run = NAMES;
}

/* Room for more at the end: what was handed out goes, or the buffer grows, or
 * the run is cut. */
static enum gong_err
make_room(struct reader *r)
{
    enum gong_err err = GONG_OK;
    char *bytes;

    /* At once where little has to move: the less memory, the more of it is in
     * the cache. */
    if (r->end - r->run <= r->run / LITTLE) {
        move_down(r);
    }
    if (r->size - r->end >= r->size / 4) {
        return GONG_OK;
    }
    if (r->size - (r->end - r->run) < r->size / 2 && r->size < SIZE_MAX_) {
        bytes = realloc(r->bytes, r->size * 2);
        if (bytes == NULL) {
            return GONG_ERR_MEMORY;
        }
        r->bytes = bytes;
        r->size *= 2;
        return GONG_OK;
    }
    if (r->size - (r->end - r->run) < r->size / 4) {
        /* Even a line without an end makes room: it becomes two. */
        if (r->next == r->run) {
            r->next = r->end;
            err = add_whole(r);
        }
        err = err == GONG_OK ? hand_out(r, r->next) : err;
    }
    move_down(r);
    return err;
}

/* A byte order mark, which some editors put in front; false while more of it
 * may come. */
static bool
skip_mark(struct reader *r, bool last)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t len = sizeof mark - 1;

    if (r->begun) {
        return true;
    }
    if (r->end - NAMES < len && !last) {
        return false;
    }
    r->begun = true;
    if (r->end - NAMES >= len && memcmp(r->bytes + NAMES, mark, len) == 0) {
        r->run += len;
        r->next += len;
    }
    return true;
}

enum gong_err
gong_line_runs_read(struct gong_input *input, struct gong_precision precision,
                    gong_line_run_fn take, void *ctx)
{
    struct reader r = {
        .input = input,
        .take = take,
        .ctx = ctx,
        .bytes = malloc(START_SIZE),
        .size = START_SIZE,
        .end = NAMES,
        .run = NAMES,
        .next = NAMES,
        .ms = INT64_MIN,
        .line = 1,
        .run_line = 1,
        .precision = precision,
    };
    enum gong_err err = r.bytes == NULL ? GONG_ERR_MEMORY : GONG_OK;
    size_t got = 1;

    while (err == GONG_OK && got > 0) {
        err = make_room(&r);
        if (err == GONG_OK) {
            size_t room = r.size - r.end;

            err = gong_input_read(input, r.bytes + r.end,
                                  room < READ_SIZE ? room : READ_SIZE, &got);
        }
        if (err == GONG_OK) {
            r.end += got;
            err = skip_mark(&r, got == 0) ? take_lines(&r, got == 0) : GONG_OK;
        }
    }
    if (err == GONG_OK) {
        err = hand_out(&r, r.end);
    }
    free(r.bytes);
    free(r.scaled);
    return err;
}
