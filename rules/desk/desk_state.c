/*
 * The state of groups and recipients as text: fields, each "length:bytes", so
 * that no label needs an escape.
 *
 *   group      "g1" receiver unit identity twin name base due told_ms
 *              labels (name value)* members (incident told flags)*
 *   recipient  "r1" receiver unit quiet_ms pendings (incident step at)*
 */
#include "rules/desk/desk_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_private.h"

static void
put_text(FILE *out, struct gong_str text)
{
    (void)fprintf(out, "%zu:", text.len);
    if (text.len > 0) {
        (void)fwrite(text.data, 1, text.len, out);
    }
}

static void
put_number(FILE *out, int64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, number);
    put_text(out, gong_str_of(text));
}

static int
compare_members(const void *a, const void *b)
{
    const struct gong_desk_member *const *x = a;
    const struct gong_desk_member *const *y = b;
    uint64_t m = (*x)->entry->is.number;
    uint64_t n = (*y)->entry->is.number;

    return (m > n) - (m < n);
}

static bool
put_members(FILE *out, const struct gong_desk_group *group)
{
    struct gong_desk_member **told =
        calloc(group->count + 1, sizeof(struct gong_desk_member *));
    size_t count = 0;

    if (told == NULL) {
        return false;
    }
    for (size_t i = 0; i < group->count; i++) {
        if (group->members[i]->told != 0) {
            told[count++] = group->members[i];
        }
    }
    if (count > 1) {
        qsort(told, count, sizeof(struct gong_desk_member *), compare_members);
    }
    put_number(out, (int64_t)count);
    for (size_t i = 0; i < count; i++) {
        put_number(out, (int64_t)told[i]->entry->is.number);
        put_number(out, told[i]->told);
        put_number(out, (told[i]->fell ? GONG_DESK_FLAG_FELL : 0) |
                            (told[i]->left ? GONG_DESK_FLAG_LEFT : 0) |
                            (told[i]->late ? GONG_DESK_FLAG_LATE : 0) |
                            (told[i]->paged ? GONG_DESK_FLAG_PAGED : 0));
    }
    free(told);
    return true;
}

/* The text is where it stays only when it is closed. */
static char *
finish(FILE *out, char **text, bool ok)
{
    ok = ok && ferror(out) == 0;
    if (fclose(out) != 0 || !ok) {
        free(*text);
        return NULL;
    }
    return *text;
}

char *
gong_desk_state_group(const struct gong_desk_group *group,
                      const struct gong_desk *desk, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (out == NULL) {
        return NULL;
    }
    put_text(out, gong_str_of("g1"));
    put_text(
        out,
        gong_str_of(desk->config->receivers[group->recipient->receiver].name));
    put_text(out, gong_str_of(group->recipient->unit));
    put_text(out, group->route == GONG_DESK_NONE
                      ? gong_str_from("", 0)
                      : gong_str_of(group->identity));
    put_number(out, (int64_t)group->twin);
    put_text(out, gong_str_of(group->name));
    put_number(out, group->base);
    put_number(out, group->due);
    put_number(out, group->told_ms);
    put_number(out, (int64_t)group->label_count);
    for (size_t i = 0; i < group->label_count; i++) {
        put_text(out, group->labels[i].name);
        put_text(out, group->labels[i].value);
    }
    return finish(out, &text, put_members(out, group));
}

char *
gong_desk_state_recipient(const struct gong_desk_recipient *recipient,
                          const struct gong_desk *desk, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (out == NULL) {
        return NULL;
    }
    put_text(out, gong_str_of("r1"));
    put_text(out,
             gong_str_of(desk->config->receivers[recipient->receiver].name));
    put_text(out, gong_str_of(recipient->unit));
    put_number(out, recipient->quiet_ms);
    put_number(out, (int64_t)recipient->pending_count);
    for (size_t i = 0; i < recipient->pending_count; i++) {
        put_number(out, (int64_t)recipient->pendings[i].incident);
        put_number(out, recipient->pendings[i].step);
        put_number(out, recipient->pendings[i].at_ms);
    }
    return finish(out, &text, true);
}

/* What is left to read; ok turns false for good at the first mistake. */
struct cursor {
    struct gong_str rest;
    bool ok;
};

static struct gong_str
get_text(struct cursor *c)
{
    size_t len = 0;
    size_t at = 0;
    struct gong_str text = gong_str_from("", 0);

    while (at < c->rest.len && at < 8 && c->rest.data[at] >= '0' &&
           c->rest.data[at] <= '9') {
        len = len * 10 + (size_t)(c->rest.data[at] - '0');
        at++;
    }
    if (!c->ok || at == 0 || at >= c->rest.len || c->rest.data[at] != ':' ||
        len > c->rest.len - at - 1) {
        c->ok = false;
        return text;
    }
    text = gong_str_from(c->rest.data + at + 1, len);
    c->rest = gong_str_from(text.data + len, c->rest.len - at - 1 - len);
    return text;
}

static int64_t
get_number(struct cursor *c)
{
    struct gong_str text = get_text(c);
    int64_t number = 0;

    if (text.len == 0 || text.len > 19) {
        c->ok = false;
    }
    for (size_t i = 0; c->ok && i < text.len; i++) {
        int digit = text.data[i] - '0';

        if (digit < 0 || digit > 9 || number > (INT64_MAX - digit) / 10) {
            c->ok = false;
            break;
        }
        number = number * 10 + digit;
    }
    return c->ok ? number : 0;
}

/* At least 6 bytes stand for an element of any list. */
static size_t
get_count(struct cursor *c)
{
    int64_t count = get_number(c);

    if (count < 0 || (uint64_t)count > c->rest.len / 4) {
        c->ok = false;
        return 0;
    }
    return (size_t)count;
}

static bool
get_told(struct cursor *c, struct gong_desk_raw *raw)
{
    size_t count = get_count(c);

    raw->told = calloc(count + 1, sizeof *raw->told);
    if (raw->told == NULL) {
        return false;
    }
    for (size_t i = 0; c->ok && i < count; i++) {
        raw->told[i].incident = (uint64_t)get_number(c);
        raw->told[i].told = (uint64_t)get_number(c);
        raw->told[i].flags = get_number(c);
        c->ok =
            c->ok && raw->told[i].told > 0 && raw->told[i].told <= UINT32_MAX;
    }
    raw->told_count = count;
    return true;
}

static bool
get_group(struct cursor *c, struct gong_desk_raw *raw)
{
    size_t count = 0;

    raw->identity = get_text(c);
    raw->twin = (uint64_t)get_number(c);
    raw->name = get_text(c);
    raw->base = get_number(c);
    raw->due = get_number(c);
    raw->told_ms = get_number(c);
    count = get_count(c);
    raw->labels = calloc(count + 1, sizeof *raw->labels);
    if (raw->labels == NULL) {
        return false;
    }
    for (size_t i = 0; c->ok && i < count; i++) {
        raw->labels[i].name = get_text(c);
        raw->labels[i].value = get_text(c);
    }
    raw->label_count = count;
    return get_told(c, raw);
}

void
gong_desk_raw_free(struct gong_desk_raw *raw)
{
    if (raw != NULL) {
        free(raw->key);
        free(raw->text);
        free(raw->labels);
        free(raw->told);
        free(raw);
    }
}

static struct gong_desk_raw *
give_up(struct gong_desk_raw *raw, enum gong_err *err, enum gong_err why)
{
    gong_desk_raw_free(raw);
    *err = why;
    return NULL;
}

struct gong_desk_raw *
gong_desk_raw_read(struct gong_str key, struct gong_str state,
                   enum gong_err *err)
{
    struct gong_desk_raw *raw = calloc(1, sizeof *raw);
    struct cursor c = {.ok = true};
    struct gong_str kind;
    bool memory = false;

    if (raw != NULL) {
        raw->key = gong_str_copy(key);
        raw->text = gong_str_copy(state);
    }
    if (raw == NULL || raw->key == NULL || raw->text == NULL) {
        return give_up(raw, err, GONG_ERR_MEMORY);
    }
    c.rest = gong_str_from(raw->text, state.len);
    kind = get_text(&c);
    raw->receiver = get_text(&c);
    raw->unit = get_text(&c);
    if (gong_str_is(kind, "g1")) {
        raw->group = true;
        memory = !get_group(&c, raw);
    } else if (gong_str_is(kind, "r1")) {
        raw->due = get_number(&c);
        memory = !get_told(&c, raw);
    } else {
        c.ok = false;
    }
    if (memory) {
        return give_up(raw, err, GONG_ERR_MEMORY);
    }
    if (!c.ok || c.rest.len > 0) {
        return give_up(raw, err, GONG_ERR_INVALID);
    }
    return raw;
}
