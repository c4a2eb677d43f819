/*
 * Reads what a program exposes for Prometheus. Names, labels and the sample
 * `up` are as a Prometheus server would store them, so that rules published
 * for it fit: a point is the metric's name with one field "value".
 */
#include "collector/input_prometheus.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/check_url.h"
#include "collector/fetch.h"
#include "common/prom_text.h"
#include "collector/stats.h"

/* A sample may be stamped this much later than it was read. One further ahead
 * would move the stamps of its whole batch (docs/WIRE.md). */
#define AHEAD_S 2

struct config {
    char *url;
    char *job;
    struct gong_fetch_access access;
};

static const struct gong_option options[] = {
    {.name = "url",
     .type = GONG_OPTION_STRING,
     .offset = offsetof(struct config, url),
     .unit = "",
     .help = "Address of the metrics, http or https, without login."},
    {.name = "job",
     .type = GONG_OPTION_STRING,
     .offset = offsetof(struct config, job),
     .default_value = "",
     .unit = "",
     .help = "Tag job of each sample; empty: none."},
    GONG_FETCH_ACCESS_OPTIONS(offsetof(struct config, access)),
};
static const struct gong_option_table table = {
    .name = "inputs.prometheus",
    .help = "Metrics that a program exposes for Prometheus.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

struct state {
    const struct config *config;
    struct gong_fetch *fetch;
    char instance[GONG_INSTANCE_SIZE];
    struct gong_prom_text reader;
};

/* What one reading came to. */
struct tally {
    uint64_t samples;
    uint64_t refused;
    size_t first_line; /* the first refused */
    const char *first_reason;
};

static void
prometheus_close(void *opaque)
{
    struct state *state = opaque;

    if (state != NULL) {
        gong_fetch_free(state->fetch);
        free(state);
    }
}

static enum gong_err
prometheus_open(const void *config, const char *proc_root, void **out,
                char *why, size_t why_size)
{
    const struct config *mine = config;
    struct state *state = calloc(1, sizeof *state);
    enum gong_err err = GONG_OK;

    (void)proc_root;
    if (state == NULL) {
        return GONG_ERR_MEMORY;
    }
    state->config = mine;
    if (!gong_check_url(mine->url, state->instance, why, why_size)) {
        err = GONG_ERR_INVALID;
    } else {
        state->fetch = gong_fetch_new(why, why_size);
        err = state->fetch != NULL ? GONG_OK : GONG_ERR_UNSUPPORTED;
    }
    if (err != GONG_OK) {
        prometheus_close(state);
        return err;
    }
    *out = state;
    return GONG_OK;
}

/* Labels that would hide ours are renamed, as Prometheus does. */
static struct gong_str
tag_name(const struct state *state, struct gong_str name)
{
    if (gong_str_is(name, "instance")) {
        return gong_str_of("exported_instance");
    }
    if (gong_str_is(name, "job") && state->config->job[0] != '\0') {
        return gong_str_of("exported_job");
    }
    return name;
}

/* The stamp in ns; false: not to be believed. */
static bool
find_time(const struct gong_prom_sample *sample, int64_t now_ns, int64_t *out)
{
    if (!sample->has_time) {
        *out = now_ns;
        return true;
    }
    if (sample->time_ms < 0 ||
        sample->time_ms > now_ns / GONG_NS_PER_MS + AHEAD_S * INT64_C(1000)) {
        return false;
    }
    *out = sample->time_ms * GONG_NS_PER_MS;
    return true;
}

/* False where its stamp is refused. */
static bool
emit(const struct state *state, const struct gong_prom_sample *sample,
     struct gong_points *points)
{
    struct gong_lp_tag tags[GONG_PROM_LABELS_MAX + 2];
    const struct gong_lp_field field = {
        .key = gong_str_of("value"),
        .value = {.type = GONG_LP_FLOAT, .as.number = sample->value},
    };
    struct gong_lp_line line = {
        .measurement = sample->name,
        .tags = tags,
        .fields = &field,
        .field_count = 1,
    };

    if (!find_time(sample, points->time_ns, &line.time_ns)) {
        return false;
    }
    tags[line.tag_count++] = (struct gong_lp_tag){gong_str_of("instance"),
                                                  gong_str_of(state->instance)};
    if (state->config->job[0] != '\0') {
        tags[line.tag_count++] = (struct gong_lp_tag){
            gong_str_of("job"), gong_str_of(state->config->job)};
    }
    for (size_t i = 0; i < sample->label_count; i++) {
        tags[line.tag_count++] = (struct gong_lp_tag){
            tag_name(state, sample->labels[i].name), sample->labels[i].value};
    }
    gong_points_line(points, &line);
    return true;
}

static void
refuse(struct tally *tally, size_t line, const char *reason)
{
    gong_counter_increase(&gong_stats()->points_refused, 1);
    if (tally->refused++ == 0) {
        tally->first_line = line;
        tally->first_reason = reason;
    }
}

static void
read_samples(struct state *state, struct gong_str body,
             struct gong_points *points, struct tally *tally)
{
    struct gong_prom_text *reader = &state->reader;
    enum gong_prom_result result;

    gong_prom_text_start(reader, body);
    while ((result = gong_prom_text_next(reader)) != GONG_PROM_END &&
           points->err == GONG_OK) {
        if (result == GONG_PROM_REFUSED) {
            refuse(tally, reader->line, reader->reason);
        } else if (gong_str_is(reader->sample.name, "up")) {
            continue; /* ours is the one that tells the truth */
        } else if (emit(state, &reader->sample, points)) {
            tally->samples++;
        } else {
            refuse(tally, reader->line, "time");
        }
    }
}

static void
emit_up(const struct state *state, bool up, struct gong_points *points)
{
    gong_points_begin(points, "up");
    gong_points_tag(points, "instance", state->instance);
    gong_points_tag(points, "job", state->config->job);
    gong_points_float(points, "value", up ? 1.0 : 0.0);
    gong_points_end(points);
}

static enum gong_err
judge(const struct gong_fetch_answer *answer, const struct tally *tally,
      char *why, size_t why_size)
{
    if (answer->result != GONG_FETCH_OK) {
        (void)snprintf(why, why_size, "%s", answer->why);
        return answer->result == GONG_FETCH_TIMEOUT ? GONG_ERR_TIMEOUT
                                                    : GONG_ERR_IO;
    }
    if (answer->status != 200) {
        (void)snprintf(why, why_size, "found status %ld, expected 200",
                       answer->status);
        return GONG_ERR_INVALID;
    }
    if (tally->refused > 0) {
        (void)snprintf(why, why_size,
                       "%" PRIu64 " of %" PRIu64
                       " lines refused, the first: line %zu: %s",
                       tally->refused, tally->refused + tally->samples,
                       tally->first_line, tally->first_reason);
        return GONG_ERR_INVALID;
    }
    return GONG_OK;
}

static enum gong_err
prometheus_gather(void *opaque, struct gong_points *points, gong_dur_t timeout,
                  char *why, size_t why_size)
{
    struct state *state = opaque;
    const struct config *config = state->config;
    const struct gong_fetch_request request = {
        .url = config->url,
        .method = "GET",
        .username = config->access.username,
        .password_file = config->access.password_file,
        .ca_file = config->access.ca_file,
        .follow_redirects = true,
        .timeout = timeout,
    };
    struct gong_fetch_answer answer;
    struct tally tally = {0};
    bool up;

    gong_fetch_run(state->fetch, &request, &answer);
    up = answer.result == GONG_FETCH_OK && answer.status == 200;
    emit_up(state, up, points);
    if (up) {
        read_samples(state, gong_str_from(answer.body, answer.body_len), points,
                     &tally);
    }
    return judge(&answer, &tally, why, why_size);
}

const struct gong_input_kind gong_input_prometheus = {
    .type = "prometheus",
    .help = "Metrics that a program exposes for Prometheus, and whether it "
            "answers.",
    .options = &table,
    .config_size = sizeof(struct config),
    .slow = true,
    .open = prometheus_open,
    .gather = prometheus_gather,
    .close = prometheus_close,
};
