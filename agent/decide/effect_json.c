#include "agent/decide/effect_json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/api/json_number.h"

#define CLAUSE_MAX  512
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Length of the well-formed UTF-8 sequence at the start of text, 0 if there is
 * none (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF). */
static size_t
sequence_length(const unsigned char *text, size_t left)
{
    unsigned char lead = text[0];
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t need;

    if (lead < 0x80) {
        return lead == 0 ? 0 : 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    need = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (left < need) {
        return 0;
    }
    low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : low;
    high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : high;
    if (text[1] < low || text[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < need; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return need;
}

/* A heap copy in which each bad byte, and NUL, has become U+FFFD. */
static char *
valid_text(struct gong_str text)
{
    char *out;
    size_t used = 0;

    if (text.len > (SIZE_MAX - 1) / 3) {
        return NULL;
    }
    out = malloc(text.len * 3 + 1);
    if (out == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < text.len;) {
        size_t len =
            sequence_length((const unsigned char *)text.data + i, text.len - i);

        if (len == 0) {
            memcpy(out + used, REPLACEMENT, 3);
            used += 3;
            i++;
            continue;
        }
        memcpy(out + used, text.data + i, len);
        used += len;
        i += len;
    }
    out[used] = '\0';
    return out;
}

/* Takes value; false (value freed) where memory is short. */
static bool
put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static bool
put_text(json_t *object, const char *key, const char *text)
{
    char *valid = valid_text(gong_str_of(text == NULL ? "" : text));
    bool done = valid != NULL && put(object, key, json_string(valid));

    free(valid);
    return done;
}

/* A clause is shown to people: of a long one the begin will do. */
static bool
put_clause(json_t *object, const char *text)
{
    struct gong_str clause = gong_str_of(text == NULL ? "" : text);
    char *valid;
    bool done;

    clause.len = clause.len > CLAUSE_MAX ? CLAUSE_MAX : clause.len;
    valid = valid_text(clause);
    done = valid != NULL && put(object, "expr", json_string(valid));
    free(valid);
    return done;
}

static bool
put_integer(json_t *object, const char *key, int64_t value)
{
    return put(object, key, json_integer(value));
}

static json_t *
pairs_to_json(const struct gong_label_view *pairs, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; object != NULL && i < count; i++) {
        char *name = valid_text(pairs[i].name);
        char *value = valid_text(pairs[i].value);

        if (name == NULL || value == NULL ||
            !put(object, name, json_string(value))) {
            json_decref(object);
            object = NULL;
        }
        free(name);
        free(value);
    }
    return object;
}

static json_t *
stamps_to_json(const struct gong_effect *effect, int64_t decided_ms)
{
    json_t *stamps = json_object();

    if (stamps != NULL &&
        put_integer(stamps, "captured", effect->captured_ms) &&
        put_integer(stamps, "published", effect->published_ms) &&
        put_integer(stamps, "received", effect->received_ms) &&
        put_integer(stamps, "decided", decided_ms)) {
        return stamps;
    }
    json_decref(stamps);
    return NULL;
}

static bool
put_decision(json_t *object, const struct gong_effect *effect)
{
    char value[GONG_JSON_NUMBER_SIZE];
    char fingerprint[17];

    gong_json_number(effect->value, value);
    (void)snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64,
                   effect->fingerprint);
    return put_text(object, "rule", effect->rule->id) &&
           put_text(object, "group", effect->rule->group) &&
           put_text(object, "alertname", effect->rule->alert) &&
           put_clause(object, effect->rule->expr_text) &&
           put_text(object, "from", gong_alert_state_text(effect->from)) &&
           put_text(object, "to", gong_alert_state_text(effect->to)) &&
           put_text(object, "reason",
                    gong_effect_reason_text(effect->reason)) &&
           put_text(object, "value", value) &&
           put_integer(object, "at", effect->at_ms) &&
           put_integer(object, "since", effect->since_ms) &&
           put_integer(object, "position", (int64_t)effect->position) &&
           put_integer(object, "ordinal", effect->ordinal) &&
           put_text(object, "fingerprint", fingerprint) &&
           (effect->hidden == 0 ||
            put_integer(object, "hidden", effect->hidden)) &&
           (effect->rule->level_count == 0 ||
            (put_integer(object, "from_level", effect->from_level) &&
             put_integer(object, "level", effect->to_level))) &&
           (!effect->rule->trial || put(object, "trial", json_true()));
}

char *
gong_effect_to_json(const struct gong_effect *effect, int64_t decided_ms)
{
    json_t *object = json_object();
    char *text = NULL;

    if (object != NULL && put_decision(object, effect) &&
        put(object, "labels",
            pairs_to_json(effect->labels, effect->label_count)) &&
        put(object, "annotations",
            pairs_to_json(effect->annotations, effect->annotation_count)) &&
        put(object, "stamps", stamps_to_json(effect, decided_ms))) {
        text = json_dumps(object, JSON_COMPACT);
    }
    json_decref(object);
    return text;
}

static bool
all_of(const json_t *object, const char *const *names, json_type type)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        const json_t *value = json_object_get(object, names[i]);

        if (value == NULL || json_typeof(value) != type) {
            return false;
        }
    }
    return true;
}

static bool
only_strings(json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value)) {
            return false;
        }
    }
    return true;
}

static bool
is_state(const json_t *value)
{
    static const enum gong_alert_state states[] = {
        GONG_ALERT_INACTIVE, GONG_ALERT_PENDING, GONG_ALERT_FIRING,
        GONG_ALERT_KEEPING, GONG_ALERT_UNKNOWN};
    const char *text = json_string_value(value);

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(text, gong_alert_state_text(states[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* What may be absent is of its type where it is there. */
static bool
options_sound(const json_t *object)
{
    static const char *const numbers[] = {"hidden", "from_level", "level"};
    const json_t *trial = json_object_get(object, "trial");
    const json_t *expr = json_object_get(object, "expr");

    if (expr != NULL && !json_is_string(expr)) {
        return false; /* effects of earlier versions have none */
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const json_t *number = json_object_get(object, numbers[i]);

        if (number != NULL && !json_is_integer(number)) {
            return false;
        }
    }
    return trial == NULL || json_is_boolean(trial);
}

static bool
has_shape(const json_t *object)
{
    static const char *const texts[] = {"rule",  "group",       "alertname",
                                        "from",  "to",          "reason",
                                        "value", "fingerprint", NULL};
    static const char *const numbers[] = {"at", "since", "position", "ordinal",
                                          NULL};
    static const char *const objects[] = {"labels", "annotations", "stamps",
                                          NULL};
    static const char *const stamps[] = {"captured", "published", "received",
                                         "decided", NULL};

    return options_sound(object) && all_of(object, texts, JSON_STRING) &&
           all_of(object, numbers, JSON_INTEGER) &&
           all_of(object, objects, JSON_OBJECT) &&
           all_of(json_object_get(object, "stamps"), stamps, JSON_INTEGER) &&
           only_strings(json_object_get(object, "labels")) &&
           only_strings(json_object_get(object, "annotations")) &&
           is_state(json_object_get(object, "from")) &&
           is_state(json_object_get(object, "to"));
}

json_t *
gong_effect_from_json(struct gong_str text)
{
    json_t *object = json_loadb(text.data == NULL ? "" : text.data, text.len,
                                JSON_REJECT_DUPLICATES, NULL);

    if (object != NULL && !has_shape(object)) {
        json_decref(object);
        object = NULL;
    }
    return object;
}

/* What had levels has none any more. */
static bool
leave_level(json_t *object)
{
    json_t *level = json_object_get(object, "level");

    return level == NULL ||
           (json_object_set(object, "from_level", level) == 0 &&
            put_integer(object, "level", 0));
}

char *
gong_effect_lost(struct gong_str text, const struct gong_effect *end,
                 int64_t decided_ms)
{
    static const struct gong_effect no_sample = {0};
    json_t *object = gong_effect_from_json(text);
    char *out = NULL;

    if (object != NULL &&
        put_text(object, "from", gong_alert_state_text(end->from)) &&
        put_text(object, "to", gong_alert_state_text(end->to)) &&
        put_text(object, "reason", "lost") && leave_level(object) &&
        put_integer(object, "at", end->at_ms) &&
        put_integer(object, "position", (int64_t)end->position) &&
        put_integer(object, "ordinal", end->ordinal) &&
        put(object, "stamps", stamps_to_json(&no_sample, decided_ms))) {
        out = json_dumps(object, JSON_COMPACT);
    }
    json_decref(object);
    return out;
}
