#include "collector/drops_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"

#define HEAD_SIZE 80
#define RUN_SIZE  12

static const char *const reasons[] = {
    [GONG_DROP_OLDEST] = "drop_oldest",
    [GONG_DROP_DAMAGED] = "damaged",
    [GONG_DROP_TORN] = "torn",
};

void
gong_drops_event_fini(struct gong_drops_event *event)
{
    free(event->runs);
    *event = (struct gong_drops_event){0};
}

const char *
gong_drops_event_reason(const struct gong_drops_event *event)
{
    return reasons[event->reason];
}

static void
forget_sizes(struct gong_drops_event *event)
{
    free(event->runs);
    event->runs = NULL;
    event->run_count = event->run_capacity = 0;
    event->no_sizes = true;
}

static bool
grow(struct gong_drops_event *event)
{
    size_t capacity = event->run_capacity == 0 ? 4 : 2 * event->run_capacity;
    struct gong_drops_run *runs;

    if (event->run_count < event->run_capacity) {
        return true;
    }
    runs = event->run_count >= GONG_DROPS_RUNS_MAX
               ? NULL
               : realloc(event->runs, capacity * sizeof *runs);
    if (runs == NULL) {
        return false;
    }
    event->runs = runs;
    event->run_capacity = capacity;
    return true;
}

static void
add_run(struct gong_drops_event *event, const struct gong_drops_run *run)
{
    struct gong_drops_run *last =
        event->run_count == 0 ? NULL : &event->runs[event->run_count - 1];

    if (event->no_sizes) {
        return;
    }
    if (last != NULL && last->points == run->points &&
        last->samples == run->samples &&
        last->count <= UINT32_MAX - run->count) {
        last->count += run->count;
    } else if (grow(event) && event->runs != NULL) {
        event->runs[event->run_count++] = *run;
    } else {
        forget_sizes(event);
    }
}

void
gong_drops_event_extend(struct gong_drops_event *event,
                        const struct gong_drops_run *batch, uint64_t seq,
                        int64_t ms)
{
    if (event->batches == 0) {
        event->first = seq;
        event->from_ms = ms;
    }
    event->last = seq;
    event->to_ms = ms;
    event->batches++;
    event->points += batch->points;
    event->samples += batch->samples;
    add_run(event, batch);
}

void
gong_drops_event_join(struct gong_drops_event *event,
                      struct gong_drops_event *later)
{
    if (later->no_sizes || event->last + 1 != later->first) {
        forget_sizes(event);
    }
    for (size_t i = 0; i < later->run_count; i++) {
        add_run(event, &later->runs[i]);
    }
    event->last = later->last;
    event->batches += later->batches;
    event->points += later->points;
    event->samples += later->samples;
    event->from_ms = event->from_ms != 0 ? event->from_ms : later->from_ms;
    event->to_ms = later->to_ms != 0 ? later->to_ms : event->to_ms;
    event->stamp_ns = later->stamp_ns;
    event->told_seq = 0;
    event->logged = event->logged && later->logged;
    gong_drops_event_fini(later);
}

static enum gong_err
put_sizes(const struct gong_drops_event *event, struct gong_buffer *out)
{
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < event->run_count && err == GONG_OK; i++) {
        const struct gong_drops_run *run = &event->runs[i];
        char text[48];
        int len = snprintf(text, sizeof text, "%s%" PRIu32 "/%" PRIu32,
                           i == 0 ? "" : ",", run->points, run->samples);

        if (run->count > 1) {
            len += snprintf(text + len, sizeof text - (size_t)len, "x%" PRIu32,
                            run->count);
        }
        err = gong_buffer_append(out, text, (size_t)len);
    }
    return err;
}

enum gong_err
gong_drops_event_line(const struct gong_drops_event *event, uint64_t epoch,
                      struct gong_buffer *out)
{
    char text[512];
    int len = snprintf(
        text, sizeof text,
        "gong_dropped,reason=%s epoch=\"%016" PRIx64 "\",first_seq=%" PRIu64
        "i,last_seq=%" PRIu64 "i,batches=%" PRIu64 "i,points=%" PRIu64
        "i,samples=%" PRIu64 "i,from_ms=%" PRId64 "i,to_ms=%" PRId64 "i",
        gong_drops_event_reason(event), epoch, event->first, event->last,
        event->batches, event->points, event->samples, event->from_ms,
        event->to_ms);
    enum gong_err err = gong_buffer_append(out, text, (size_t)len);

    if (err == GONG_OK && event->run_count > 0) {
        err = gong_buffer_append(out, ",sizes=\"", 8);
        if (err == GONG_OK) {
            err = put_sizes(event, out);
        }
        if (err == GONG_OK) {
            err = gong_buffer_append(out, "\"", 1);
        }
    }
    if (err == GONG_OK) {
        len = snprintf(text, sizeof text, " %" PRId64 "\n", event->stamp_ns);
        err = gong_buffer_append(out, text, (size_t)len);
    }
    return err;
}

enum gong_err
gong_drops_event_encode(const struct gong_drops_event *event,
                        struct gong_buffer *out)
{
    uint8_t head[HEAD_SIZE] = {(uint8_t)event->reason, event->no_sizes,
                               (uint8_t)(event->run_count & 0xff),
                               (uint8_t)(event->run_count >> 8)};
    const uint64_t values[] = {
        event->first,           event->last,
        event->batches,         event->points,
        event->samples,         (uint64_t)event->from_ms,
        (uint64_t)event->to_ms, (uint64_t)event->stamp_ns,
        event->told_seq,
    };
    enum gong_err err;

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        gong_le_put64(head + 8 + 8 * i, values[i]);
    }
    err = gong_buffer_append(out, head, sizeof head);
    for (size_t i = 0; i < event->run_count && err == GONG_OK; i++) {
        uint8_t run[RUN_SIZE];

        gong_le_put32(run, event->runs[i].points);
        gong_le_put32(run + 4, event->runs[i].samples);
        gong_le_put32(run + 8, event->runs[i].count);
        err = gong_buffer_append(out, run, sizeof run);
    }
    return err;
}

static enum gong_err
decode_runs(const uint8_t *at, size_t count, struct gong_drops_event *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct gong_drops_run run = {
            .points = gong_le_get32(at + RUN_SIZE * i),
            .samples = gong_le_get32(at + RUN_SIZE * i + 4),
            .count = gong_le_get32(at + RUN_SIZE * i + 8),
        };

        if (!grow(out)) {
            return GONG_ERR_MEMORY;
        }
        out->runs[out->run_count++] = run;
    }
    return GONG_OK;
}

enum gong_err
gong_drops_event_decode(struct gong_str *bytes, struct gong_drops_event *out)
{
    const uint8_t *head = (const uint8_t *)bytes->data;
    size_t count;

    *out = (struct gong_drops_event){0};
    if (bytes->len < HEAD_SIZE) {
        return GONG_ERR_CORRUPT;
    }
    count = (size_t)head[2] | (size_t)head[3] << 8;
    if (head[0] > GONG_DROP_TORN || count > GONG_DROPS_RUNS_MAX ||
        (bytes->len - HEAD_SIZE) / RUN_SIZE < count) {
        return GONG_ERR_CORRUPT;
    }
    out->reason = (enum gong_drop_reason)head[0];
    out->no_sizes = head[1] != 0;
    out->first = gong_le_get64(head + 8);
    out->last = gong_le_get64(head + 16);
    out->batches = gong_le_get64(head + 24);
    out->points = gong_le_get64(head + 32);
    out->samples = gong_le_get64(head + 40);
    out->from_ms = (int64_t)gong_le_get64(head + 48);
    out->to_ms = (int64_t)gong_le_get64(head + 56);
    out->stamp_ns = (int64_t)gong_le_get64(head + 64);
    out->told_seq = gong_le_get64(head + 72);
    if (out->first == 0 || out->last < out->first) {
        return GONG_ERR_CORRUPT;
    }
    *bytes = gong_str_from(bytes->data + HEAD_SIZE + RUN_SIZE * count,
                           bytes->len - HEAD_SIZE - RUN_SIZE * count);
    return decode_runs(head + HEAD_SIZE, count, out);
}
