/*
 * Applies the journal that an agent left behind to a new engine, from its
 * oldest record, and compares what it decides with the effects that the agent
 * kept: (position, ordinal) and every byte of the JSON but the instant of the
 * decision. Prints the counts, then each kept one, also those that a mark took
 * back later, as effect_line.h says:
 *
 *   journal_replay STATE
 *   kept=412 same=412 different=0 missing=0 extra=0 transitions=412 timers=96
 *
 * missing: decided now, not kept then. extra: kept then, not decided now. Where
 * a mark takes back what was kept (agent/decide/effects.h), it is taken back
 * here.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/decide/effect_json.h"
#include "agent/decide/effects.h"
#include "agent/decide/rule_store.h"
#include "common/le.h"
#include "rules/engine/engine.h"
#include "tests/faults/effect_line.h"
#include "tests/faults/log_reader.h"

struct kept {
    uint64_t position;
    uint32_t ordinal;
    char *text; /* canonical JSON without the decision's instant */
};

struct kepts {
    struct kept *items;
    size_t count;
    size_t capacity;
};

struct replay {
    const char *state;
    struct gong_engine *engine;
    struct gong_rule_source *rules;
    char sha[GONG_RULE_SHA_SIZE];
    struct kepts then; /* without what marks took back */
    json_t *log;       /* all that was kept, in order */
    struct kepts now;
    size_t timers;
    bool failed;
};

static void
add(struct replay *replay, struct kepts *list, struct kept kept)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 256 : 2 * list->capacity;
        struct kept *items =
            realloc(list->items, capacity * sizeof list->items[0]);

        if (items == NULL) {
            replay->failed = true;
            free(kept.text);
            return;
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = kept;
}

static void
cut_after(struct kepts *list, uint64_t position, uint32_t ordinal)
{
    while (list->count > 0) {
        struct kept *last = &list->items[list->count - 1];

        if (last->position < position ||
            (last->position == position && last->ordinal <= ordinal)) {
            return;
        }
        free(last->text);
        list->count--;
    }
}

static void
fini(struct kepts *list)
{
    while (list->count > 0) {
        free(list->items[--list->count].text);
    }
    free(list->items);
}

static char *
canonical(struct gong_str text)
{
    json_t *effect = gong_effect_from_json(text);
    char *out = NULL;

    if (effect != NULL) {
        (void)json_object_del(json_object_get(effect, "stamps"), "decided");
        out = json_dumps(effect, JSON_COMPACT | JSON_SORT_KEYS);
    }
    json_decref(effect);
    return out;
}

/* --- what was kept --- */

static void
keep_whole(struct replay *replay, struct gong_str text)
{
    json_t *effect = gong_effect_from_json(text);

    if (effect == NULL || json_array_append_new(replay->log, effect) != 0) {
        replay->failed = true;
    }
}

static void
read_kept(struct replay *replay)
{
    struct gong_record record;
    struct log_reader log;

    replay->failed = !log_reader_open(&log, replay->state, "effects");
    while (!replay->failed && log_reader_next(&log, &record)) {
        const uint8_t *bytes = (const uint8_t *)record.payload.data;

        if (record.payload.len < GONG_EFFECTS_PREFIX) {
            continue;
        }
        if (record.meta.type == GONG_RECORD_RESUME) {
            cut_after(&replay->then, gong_le_get64(bytes),
                      gong_le_get32(bytes + 8));
        } else if (record.meta.type == GONG_RECORD_EFFECT) {
            struct gong_str text =
                gong_str_from(record.payload.data + GONG_EFFECTS_PREFIX,
                              record.payload.len - GONG_EFFECTS_PREFIX);

            add(replay, &replay->then,
                (struct kept){gong_le_get64(bytes), gong_le_get32(bytes + 8),
                              canonical(text)});
            keep_whole(replay, text);
        }
    }
    log_reader_close(&log);
}

/* --- what is decided now --- */

static void
emit(void *ctx, const struct gong_effect *effect)
{
    struct replay *replay = ctx;
    char *json = gong_effect_to_json(effect, 0);

    if (json == NULL) {
        replay->failed = true;
        return;
    }
    if (effect->reason == GONG_REASON_FOR ||
        effect->reason == GONG_REASON_KEEP ||
        effect->reason == GONG_REASON_MISSING) {
        replay->timers++;
    }
    add(replay, &replay->now,
        (struct kept){effect->position, effect->ordinal,
                      canonical(gong_str_of(json))});
    free(json);
}

static void
set_rules(struct replay *replay, const struct gong_record *record)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = NULL;
    char sha[GONG_RULE_SHA_SIZE] = "";

    if (gong_rule_sha_valid(record->payload)) {
        memcpy(sha, record->payload.data, record->payload.len);
    }
    if (sha[0] != '\0' && strcmp(sha, replay->sha) != 0) {
        source = gong_rule_store_get(replay->state, sha, &errors);
        if (source == NULL ||
            gong_engine_set_rules(replay->engine, source->set, record->offset,
                                  record->meta.journal_ms, NULL) != GONG_OK) {
            (void)fprintf(stderr, "rules %.64s cannot be read\n", sha);
            gong_rule_source_free(source);
            replay->failed = true;
        } else {
            gong_rule_source_free(replay->rules);
            replay->rules = source;
            memcpy(replay->sha, sha, sizeof sha);
        }
    }
    gong_conf_errors_fini(&errors);
}

static void
decide(struct replay *replay)
{
    struct gong_record record;
    struct log_reader log;

    replay->failed = !log_reader_open(&log, replay->state, "journal");
    while (!replay->failed && log_reader_next(&log, &record)) {
        if (record.meta.type == GONG_RECORD_CONFIG) {
            set_rules(replay, &record);
        } else if (gong_engine_apply(replay->engine, &record) != GONG_OK) {
            replay->failed = true;
        }
    }
    log_reader_close(&log);
}

/* --- the verdict --- */

static int
order(const struct kept *a, const struct kept *b)
{
    if (a->position != b->position) {
        return a->position < b->position ? -1 : 1;
    }
    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

struct counts {
    size_t same;
    size_t different;
    size_t missing;
    size_t extra;
};

static void
compare_two(struct counts *counts, const struct kept *then,
            const struct kept *now)
{
    if (then->text != NULL && now->text != NULL &&
        strcmp(then->text, now->text) == 0) {
        counts->same++;
        return;
    }
    counts->different++;
    (void)fprintf(stderr, "then %s\nnow  %s\n", then->text, now->text);
}

static bool
compare(const struct replay *replay)
{
    struct counts counts = {0};
    size_t i = 0;
    size_t j = 0;

    while (i < replay->then.count || j < replay->now.count) {
        const struct kept *then = &replay->then.items[i];
        const struct kept *now = &replay->now.items[j];
        int which = i == replay->then.count  ? 1
                    : j == replay->now.count ? -1
                                             : order(then, now);

        if (which == 0) {
            compare_two(&counts, then, now);
        } else if (which < 0) {
            counts.extra++;
            (void)fprintf(stderr, "extra %s\n", then->text);
        } else {
            counts.missing++;
            (void)fprintf(stderr, "missing %s\n", now->text);
        }
        i += which <= 0;
        j += which >= 0;
    }
    (void)printf("kept=%zu same=%zu different=%zu missing=%zu extra=%zu "
                 "transitions=%zu timers=%zu\n",
                 replay->then.count, counts.same, counts.different,
                 counts.missing, counts.extra, replay->now.count,
                 replay->timers);
    return counts.different == 0 && counts.missing == 0 && counts.extra == 0;
}

int
main(int argc, char **argv)
{
    const struct gong_engine_limits limits = {0};
    struct replay replay = {0};
    bool equal = false;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: journal_replay STATE\n");
        return EXIT_FAILURE;
    }
    replay.state = argv[1];
    replay.engine = gong_engine_new(&limits, emit, &replay);
    replay.log = json_array();
    if (replay.engine != NULL && replay.log != NULL) {
        read_kept(&replay);
        if (!replay.failed) {
            decide(&replay);
        }
    }
    if (replay.engine != NULL && replay.log != NULL && !replay.failed) {
        equal = compare(&replay);
        for (size_t i = 0; i < json_array_size(replay.log); i++) {
            equal &= effect_line_print(json_array_get(replay.log, i));
        }
    }
    json_decref(replay.log);
    gong_engine_free(replay.engine);
    gong_rule_source_free(replay.rules);
    fini(&replay.then);
    fini(&replay.now);
    return equal ? EXIT_SUCCESS : EXIT_FAILURE;
}
