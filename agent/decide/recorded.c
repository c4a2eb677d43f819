#include "agent/decide/recorded.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/trust/probe.h"
#include "common/le.h"
#include "common/log.h"
#include "common/lp_encode.h"
#include "rules/engine/labelset.h"
#include "rules/engine/sample.h"

#define CHUNKS_START 64
#define AGAIN_S      1 /* after a failure, before it is tried again */

/* The lines of one record, in the order of the buffer. */
struct chunk {
    uint64_t position;
    uint32_t ordinal; /* of the last */
    uint32_t samples;
    size_t len;
};

struct gong_recorder {
    struct gong_journal *journal;
    gong_counter_t *kept;
    gong_counter_t *repeated;
    gong_counter_t *not_finite;
    gong_counter_t *lost;

    struct gong_buffer lines; /* of the chunks that wait */
    struct chunk *chunks;
    size_t count;
    size_t capacity;

    /* The last sample that the journal has, as far as it was read. */
    bool any;
    uint64_t position;
    uint32_t ordinal;
    bool complete;    /* that is all of it */
    uint64_t read_to; /* offset of the next record */
    bool failing;
    gong_mono_t failed_at;
};

bool
gong_recorded_read(const struct gong_record *record,
                   struct gong_recorded_batch *out)
{
    const uint8_t *bytes = (const uint8_t *)record->payload.data;

    if (record->meta.type != GONG_RECORD_RECORDED ||
        record->payload.len <= GONG_RECORDED_PREFIX ||
        gong_le_get32(bytes + 12) != GONG_RECORDED_FORMAT) {
        return false;
    }
    out->position = gong_le_get64(bytes);
    out->ordinal = gong_le_get32(bytes + 8);
    out->lines = gong_str_from(record->payload.data + GONG_RECORDED_PREFIX,
                               record->payload.len - GONG_RECORDED_PREFIX);
    return true;
}

struct gong_recorder *
gong_recorder_new(struct gong_journal *journal, struct gong_counters *counters)
{
    struct gong_recorder *recorder = calloc(1, sizeof *recorder);

    if (recorder == NULL) {
        return NULL;
    }
    recorder->journal = journal;
    recorder->kept = gong_counter_add(
        counters, GONG_COUNTER, "gong_agent_recorded_samples_total",
        "Samples of recorded series and of presence put into the journal.", "");
    recorder->repeated = gong_counter_add(
        counters, GONG_COUNTER, "gong_agent_recorded_repeated_total",
        "Samples of recorded series said again after a start, kept before.",
        "");
    recorder->not_finite = gong_counter_add(
        counters, GONG_COUNTER, "gong_agent_recorded_not_finite_total",
        "Samples of recorded series that are no finite number: stores do not "
        "get them.",
        "");
    recorder->lost = gong_counter_add(
        counters, GONG_COUNTER, "gong_agent_recorded_lost_total",
        "Samples of recorded series that could not be kept.", "");
    if (recorder->kept == NULL || recorder->repeated == NULL ||
        recorder->not_finite == NULL || recorder->lost == NULL) {
        gong_recorder_free(recorder);
        return NULL;
    }
    return recorder;
}

void
gong_recorder_free(struct gong_recorder *recorder)
{
    if (recorder == NULL) {
        return;
    }
    gong_buffer_fini(&recorder->lines);
    free(recorder->chunks);
    free(recorder);
}

bool
gong_recorder_pending(const struct gong_recorder *recorder)
{
    return recorder->count > 0;
}

void
gong_recorder_restart(struct gong_recorder *recorder)
{
    recorder->lines.len = 0;
    recorder->count = 0;
}

/* --- what the journal has --- */

static bool
is_known(const struct gong_recorder *recorder, uint64_t position,
         uint32_t ordinal)
{
    if (!recorder->any || position > recorder->position) {
        return false;
    }
    return position < recorder->position || ordinal <= recorder->ordinal;
}

static void
learn(struct gong_recorder *recorder, uint64_t position, uint32_t ordinal)
{
    if (!is_known(recorder, position, ordinal)) {
        recorder->any = true;
        recorder->position = position;
        recorder->ordinal = ordinal;
    }
}

void
gong_recorder_seen(struct gong_recorder *recorder,
                   const struct gong_record *record)
{
    struct gong_recorded_batch batch;

    recorder->read_to = record->next;
    if (gong_recorded_read(record, &batch)) {
        learn(recorder, batch.position, batch.ordinal);
    }
}

/* To the end, so that no more need wait. */
static void
look_ahead(struct gong_recorder *recorder)
{
    struct gong_spool_cursor *cursor;
    struct gong_recorded_batch batch;
    struct gong_record record;
    enum gong_err err;

    if (gong_spool_cursor_open(gong_journal_spool(recorder->journal), NULL,
                               &cursor) != GONG_OK) {
        return;
    }
    gong_spool_cursor_seek(cursor, recorder->read_to);
    while ((err = gong_spool_cursor_next(cursor, UINT64_MAX, &record)) ==
           GONG_OK) {
        if (gong_recorded_read(&record, &batch)) {
            learn(recorder, batch.position, batch.ordinal);
        }
    }
    gong_spool_cursor_close(cursor);
    /* What could not be read may say that some are there already. */
    recorder->complete = err == GONG_ERR_AGAIN;
}

/* --- what waits --- */

/* The first n chunks go. */
static void
drop_first(struct gong_recorder *recorder, size_t n, gong_counter_t *counter)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        len += recorder->chunks[i].len;
        gong_counter_increase(counter, recorder->chunks[i].samples);
    }
    if (n == 0) {
        return;
    }
    recorder->lines.len -= len;
    memmove(recorder->lines.data, recorder->lines.data + len,
            recorder->lines.len);
    recorder->count -= n;
    memmove(recorder->chunks, recorder->chunks + n,
            recorder->count * sizeof recorder->chunks[0]);
}

static void
drop_known(struct gong_recorder *recorder)
{
    size_t n = 0;

    while (n < recorder->count &&
           is_known(recorder, recorder->chunks[n].position,
                    recorder->chunks[n].ordinal)) {
        n++;
    }
    drop_first(recorder, n, recorder->repeated);
}

static void
drop_oldest(struct gong_recorder *recorder)
{
    size_t left = recorder->lines.len;
    size_t n = 0;

    while (n < recorder->count && left > GONG_RECORDED_PENDING) {
        left -= recorder->chunks[n++].len;
    }
    drop_first(recorder, n, recorder->lost);
}

static enum gong_err
append(struct gong_recorder *recorder, const struct chunk *chunk,
       const char *lines)
{
    uint8_t prefix[GONG_RECORDED_PREFIX];
    struct iovec parts[2] = {
        {prefix, sizeof prefix},
        {(void *)(uintptr_t)lines, chunk->len},
    };

    gong_le_put64(prefix, chunk->position);
    gong_le_put32(prefix + 8, chunk->ordinal);
    gong_le_put32(prefix + 12, GONG_RECORDED_FORMAT);
    return gong_journal_append(recorder->journal, GONG_RECORD_RECORDED, parts,
                               2, 0, NULL);
}

static void
note_failure(struct gong_recorder *recorder, enum gong_err err)
{
    bool failing = err != GONG_OK;

    if (failing) {
        recorder->failed_at = gong_mono_now();
    }
    if (failing != recorder->failing) {
        recorder->failing = failing;
        gong_log(failing ? GONG_LOG_WARNING : GONG_LOG_INFO,
                 failing ? "recorded_waiting" : "recorded_kept",
                 "reason=\"%s\" samples_lost=%" PRIu64, gong_err_text(err),
                 gong_counter_get(recorder->lost));
    }
}

/* The first count chunks, as far as the journal takes them. */
static void
append_first(struct gong_recorder *recorder, size_t count)
{
    enum gong_err err = GONG_OK;
    size_t at = 0;
    size_t n = 0;

    while (n < count && err == GONG_OK) {
        const struct chunk *chunk = &recorder->chunks[n];

        err = append(recorder, chunk, recorder->lines.data + at);
        if (err == GONG_ERR_TOO_LARGE) {
            gong_counter_increase(recorder->lost, chunk->samples);
            err = GONG_OK;
        } else if (err == GONG_OK) {
            gong_counter_increase(recorder->kept, chunk->samples);
        }
        if (err == GONG_OK) {
            learn(recorder, chunk->position, chunk->ordinal);
            at += chunk->len;
            n++;
        }
    }
    for (size_t i = 0; i < n; i++) {
        recorder->chunks[i].samples = 0; /* counted */
    }
    drop_first(recorder, n, recorder->kept);
    note_failure(recorder, err);
}

/* All but the last open, which may still grow. */
static void
flush(struct gong_recorder *recorder, size_t open)
{
    if (!recorder->complete && recorder->lines.len > GONG_RECORDED_PENDING) {
        look_ahead(recorder);
    }
    drop_known(recorder);
    if (!recorder->complete) {
        drop_oldest(recorder);
        return;
    }
    if (recorder->count > open &&
        (!recorder->failing ||
         gong_mono_since(gong_mono_now(), recorder->failed_at).ns >=
             gong_dur_s(AGAIN_S).ns)) {
        append_first(recorder, recorder->count - open);
    }
    drop_oldest(recorder);
}

void
gong_recorder_flush(struct gong_recorder *recorder, bool complete)
{
    recorder->complete = recorder->complete || complete;
    if (recorder->count > 0) {
        flush(recorder, 0);
    }
}

/* --- what comes --- */

/* The line, at the end of the buffer; GONG_OK with nothing where it is no
 * finite number. */
static enum gong_err
encode(struct gong_recorder *recorder, const struct gong_recorded *recorded)
{
    static const struct gong_lp_dialect dialect = {0};
    struct gong_lp_tag tags[GONG_LABELSET_MAX];
    struct gong_lp_field field = {
        .key = gong_str_of("value"),
        .value = {.type = GONG_LP_FLOAT, .as = {.number = recorded->value}}};
    struct gong_lp_line line = {
        .measurement = gong_str_of(recorded->name),
        .tags = tags,
        .tag_count = recorded->label_count,
        .fields = &field,
        .field_count = 1,
    };
    struct gong_lp_losses losses = {0};
    enum gong_err err;

    if (recorded->label_count > GONG_LABELSET_MAX || recorded->at_ms < 0 ||
        recorded->at_ms > INT64_MAX / GONG_NS_PER_MS) {
        return GONG_ERR_INVALID;
    }
    for (size_t i = 0; i < recorded->label_count; i++) {
        tags[i] = (struct gong_lp_tag){recorded->labels[i].name,
                                       recorded->labels[i].value};
    }
    if (gong_is_stale(recorded->value)) {
        field.key = gong_str_of(GONG_RECORDED_END);
        field.value = (struct gong_lp_value){.type = GONG_LP_BOOL,
                                             .as = {.boolean = true}};
    }
    line.time_ns = recorded->at_ms * GONG_NS_PER_MS;
    err = gong_lp_encode(&recorder->lines, &line, &dialect, &losses);
    gong_counter_increase(recorder->not_finite, losses.not_finite);
    return err;
}

static bool
reserve_chunk(struct gong_recorder *recorder)
{
    size_t capacity =
        recorder->capacity == 0 ? CHUNKS_START : recorder->capacity * 2;
    struct chunk *chunks;

    if (recorder->count < recorder->capacity) {
        return true;
    }
    chunks = realloc(recorder->chunks, capacity * sizeof *chunks);
    if (chunks == NULL) {
        return false;
    }
    recorder->chunks = chunks;
    recorder->capacity = capacity;
    return true;
}

/* Whether a line of len bytes goes with the last ones: a matter of the samples
 * alone, so that a later run cuts them in the same places. */
static bool
goes_with_last(const struct gong_recorder *recorder,
               const struct gong_recorded *recorded, size_t len)
{
    const struct chunk *last =
        recorder->count == 0 ? NULL : &recorder->chunks[recorder->count - 1];

    return last != NULL && last->position == recorded->position &&
           last->len + len <= GONG_RECORDED_BYTES;
}

/* The presence of what sends probes is no history, as they are none. */
static bool
is_of_probe(const struct gong_recorded *recorded)
{
    if (recorded->rule != NULL) {
        return false;
    }
    for (size_t i = 0; i < recorded->label_count; i++) {
        if (gong_str_is(recorded->labels[i].name, "site")) {
            return gong_probe_of(recorded->labels[i].value) != GONG_PROBE_NONE;
        }
    }
    return false;
}

void
gong_recorder_put(struct gong_recorder *recorder,
                  const struct gong_recorded *recorded)
{
    size_t before = recorder->lines.len;
    size_t len;

    if (is_of_probe(recorded)) {
        return;
    }
    if (is_known(recorder, recorded->position, recorded->ordinal)) {
        gong_counter_increase(recorder->repeated, 1);
        return;
    }
    if (!reserve_chunk(recorder) || encode(recorder, recorded) != GONG_OK) {
        gong_counter_increase(recorder->lost, 1);
        return;
    }
    len = recorder->lines.len - before;
    if (len == 0) {
        return;
    }
    if (!goes_with_last(recorder, recorded, len)) {
        recorder->chunks[recorder->count++] =
            (struct chunk){.position = recorded->position};
    }
    recorder->chunks[recorder->count - 1].len += len;
    recorder->chunks[recorder->count - 1].samples++;
    recorder->chunks[recorder->count - 1].ordinal = recorded->ordinal;
    if (recorder->lines.len > GONG_RECORDED_PENDING) {
        flush(recorder, 1);
    }
}
