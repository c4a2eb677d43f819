#include "rules/tool/desk_case_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/hash.h"
#include "rules/query/instant.h"

/* What is read, and where to say why not. */
struct reader {
    struct gong_desk_case *line;
    char *at;
    char *why;
    size_t why_size;
};

static bool refuse(struct reader *r, const char *format, ...) GONG_PRINTF(2, 3);

static bool
refuse(struct reader *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(r->why, r->why_size, format, args);
    va_end(args);
    return false;
}

/* The next word, cut out of the line; NULL at its end. */
static char *
next_word(struct reader *r)
{
    char *word = r->at + strspn(r->at, " \t");
    size_t len = strcspn(word, " \t");

    if (len == 0) {
        return NULL;
    }
    r->at = word + len + (word[len] != '\0');
    word[len] = '\0';
    return word;
}

static bool
read_time(struct reader *r, const char *text, int64_t *ms)
{
    int64_t length = 0;

    if (!gong_length_read(gong_str_of(text), &length)) {
        return refuse(r, "found \"%.40s\", expected a time such as 0s or 1h30m",
                      text);
    }
    *ms = r->line->zero_ms + length;
    return true;
}

static bool
read_count(struct reader *r, const char *text, uint64_t *out)
{
    char *end = NULL;

    *out = strtoull(text, &end, 10);
    return (text[0] >= '0' && text[0] <= '9' && *end == '\0') ||
           refuse(r, "found \"%.40s\", expected a number", text);
}

/* Labels stay sorted by name. */
static bool
add_label(struct reader *r, const char *name, const char *value)
{
    struct gong_desk_alert *alert = &r->line->alert;
    struct gong_label_view *labels = r->line->labels;
    size_t at = alert->label_count;

    if (at == GONG_DESK_CASE_LABELS_MAX) {
        return refuse(r, "found more labels, expected at most %d",
                      GONG_DESK_CASE_LABELS_MAX);
    }
    while (at > 0 &&
           gong_str_compare(labels[at - 1].name, gong_str_of(name)) > 0) {
        labels[at] = labels[at - 1];
        at--;
    }
    if (at > 0 && gong_str_is(labels[at - 1].name, name)) {
        return refuse(r, "found the label %.40s twice, expected it once", name);
    }
    labels[at] =
        (struct gong_label_view){gong_str_of(name), gong_str_of(value)};
    alert->label_count++;
    return true;
}

/* As effects have it; a severity may change. */
static uint64_t
fingerprint(const struct gong_desk_alert *alert)
{
    uint64_t hash = GONG_FNV1A_START;

    for (size_t i = 0; i < alert->label_count; i++) {
        const struct gong_label_view *label = &alert->labels[i];

        if (!gong_str_is(label->name, "severity")) {
            hash = gong_fnv1a(hash, label->name.data, label->name.len);
            hash = gong_fnv1a(hash, "\xff", 1);
            hash = gong_fnv1a(hash, label->value.data, label->value.len);
            hash = gong_fnv1a(hash, "\xff", 1);
        }
    }
    return hash;
}

static bool
read_alert(struct reader *r, enum gong_alert_state state)
{
    struct gong_desk_alert *alert = &r->line->alert;
    char *name = next_word(r);
    uint64_t level = 0;

    if (name == NULL || !add_label(r, "alertname", name)) {
        return refuse(r, "found no alert, expected its name");
    }
    for (char *word = next_word(r); word != NULL; word = next_word(r)) {
        char *equal = strchr(word, '=');

        if (strcmp(word, "trial") == 0) {
            alert->trial = true;
            continue;
        }
        if (equal == NULL || equal == word) {
            return refuse(r, "found \"%.40s\", expected LABEL=VALUE", word);
        }
        *equal = '\0';
        if (strcmp(word, "level") == 0) {
            if (!read_count(r, equal + 1, &level) || level > 1000) {
                return refuse(r, "found no level, expected a number");
            }
        } else if (!add_label(r, word, equal + 1)) {
            return false;
        }
    }
    alert->position = r->line->position;
    alert->rule_id = gong_str_of(name);
    alert->rule = gong_fnv1a(GONG_FNV1A_START, name, strlen(name));
    alert->state = state;
    alert->level = (unsigned)level;
    alert->at_ms = r->line->at_ms;
    alert->since_ms = r->line->at_ms;
    alert->labels = r->line->labels;
    alert->fingerprint = fingerprint(alert);
    r->line->kind = GONG_DESK_CASE_ALERT;
    return true;
}

/* One of `until=TIME`, `from=TIME`, `by=NAME`, `sticky`. */
static bool
read_option(struct reader *r, char *word)
{
    struct gong_desk_act *act = &r->line->act;

    if (strncmp(word, "until=", 6) == 0) {
        return read_time(r, word + 6, &act->until_ms);
    }
    if (strncmp(word, "from=", 5) == 0) {
        return read_time(r, word + 5, &act->from_ms);
    }
    if (strncmp(word, "by=", 3) == 0) {
        act->by = gong_str_of(word + 3);
        return true;
    }
    if (strcmp(word, "sticky") == 0) {
        act->sticky = true;
        return true;
    }
    return refuse(r, "found \"%.40s\", expected until=, from=, by= or sticky",
                  word);
}

static bool
read_act(struct reader *r, enum gong_act_kind kind)
{
    struct gong_desk_act *act = &r->line->act;
    char *about = next_word(r);

    r->line->kind = GONG_DESK_CASE_ACT;
    act->kind = kind;
    act->by = gong_str_of("somebody");
    if (about == NULL) {
        return refuse(r, "found nothing, expected a number%s",
                      kind == GONG_ACT_SILENCE ? " or matchers" : "");
    }
    if (kind == GONG_ACT_UNSILENCE) {
        if (!read_count(r, about, &act->silence)) {
            return false;
        }
    } else if (kind == GONG_ACT_MAINTENANCE ||
               (kind == GONG_ACT_SILENCE && strchr(about, '=') != NULL)) {
        act->matchers = gong_str_of(about);
    } else if (!read_count(r, about[0] == '#' ? about + 1 : about,
                           &act->incident)) {
        return false;
    }
    for (char *word = next_word(r); word != NULL; word = next_word(r)) {
        if (!read_option(r, word)) {
            return false;
        }
    }
    return true;
}

static bool
read_rest(struct reader *r, const char *word)
{
    static const struct {
        const char *word;
        enum gong_act_kind kind;
    } acts[] = {
        {"ack", GONG_ACT_ACKNOWLEDGE},
        {"unack", GONG_ACT_UNACKNOWLEDGE},
        {"resolve", GONG_ACT_RESOLVE},
        {"silence", GONG_ACT_SILENCE},
        {"unsilence", GONG_ACT_UNSILENCE},
        {"maintenance", GONG_ACT_MAINTENANCE},
    };
    static const struct {
        const char *word;
        enum gong_alert_state state;
    } states[] = {
        {"fire", GONG_ALERT_FIRING},
        {"unknown", GONG_ALERT_UNKNOWN},
        {"over", GONG_ALERT_INACTIVE},
    };

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(word, states[i].word) == 0) {
            return read_alert(r, states[i].state);
        }
    }
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (strcmp(word, acts[i].word) == 0) {
            return read_act(r, acts[i].kind);
        }
    }
    if (strcmp(word, "told") == 0) {
        r->line->kind = GONG_DESK_CASE_TOLD;
        r->line->told = r->at + strspn(r->at, " \t");
        return true;
    }
    if (strcmp(word, "end") == 0) {
        r->line->kind = GONG_DESK_CASE_END;
        return true;
    }
    return refuse(r,
                  "found \"%.40s\", expected fire, unknown, over, ack, "
                  "unack, resolve, silence, unsilence, maintenance, told "
                  "or end",
                  word);
}

bool
gong_desk_case_read(char *text, struct gong_desk_case *line, char *why,
                    size_t why_size)
{
    struct reader r = {line, text, why, why_size};
    const char *time = next_word(&r);
    const char *word = NULL;

    if (time == NULL) {
        return refuse(&r, "found nothing, expected a time");
    }
    if (!read_time(&r, time, &line->at_ms)) {
        return false;
    }
    word = next_word(&r);
    if (word == NULL) {
        return refuse(&r, "found a time alone, expected what happens then");
    }
    return read_rest(&r, word);
}
