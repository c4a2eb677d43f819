#include "agent/api/api_prometheus.h"

#include <inttypes.h>
#include <string.h>

#include "agent/api/api_handlers.h"
#include "rules/query/answer_text.h"

/* The API of this version of Prometheus is what the agent offers, and its
 * PromQL what the agent evaluates: programs look there for what they may ask.
 */
#define SPEAKS_AS "2.42.0"

/* More than a sample, or what stands around the labels of a series, takes. */
#define SAMPLE_BYTES 48
#define SERIES_BYTES 64

/* --- queries --- */

/* At most, before it is written. */
static size_t
bytes_of(const struct gong_answer *answer)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < answer->count && bytes < GONG_PROM_ANSWER_MAX;
         i++) {
        struct gong_label_view labels[GONG_LABELSET_MAX];
        uint32_t series = answer->order[i];
        size_t samples = 0;
        size_t count = gong_eval_memory_labels(answer->memory, series, labels);

        (void)gong_eval_memory_samples(answer->memory, series, &samples);
        bytes += SERIES_BYTES + samples * SAMPLE_BYTES;
        for (size_t j = 0; j < count; j++) {
            bytes += labels[j].name.len + labels[j].value.len + 6;
        }
    }
    return bytes;
}

static void
put_remarks(struct gong_prom_text *text,
            const struct gong_history_remarks *remarks)
{
    if (remarks->coarse != 0) {
        gong_prom_warn(
            text,
            "số liệu gốc không còn giữ: một phần kết quả lấy từ số "
            "liệu gộp theo %s, thô hơn số liệu đã đo | raw samples "
            "are no longer kept: part of the result comes from "
            "roll-ups of %s and is coarser than what was measured",
            (remarks->coarse & 1U << GONG_RESOLUTION_1H) != 0 ? "1 giờ"
                                                              : "5 phút",
            (remarks->coarse & 1U << GONG_RESOLUTION_1H) != 0 ? "1 h"
                                                              : "5 min");
    } else if ((remarks->used & ~(1U << GONG_RESOLUTION_RAW)) != 0) {
        gong_prom_warn(text,
                       "tính từ số liệu gộp, cho cùng kết quả với số liệu gốc "
                       "| computed from roll-ups, which say the same as raw "
                       "samples here");
    }
    if (remarks->damaged != 0) {
        gong_prom_warn(text,
                       "bỏ qua %" PRIu64
                       " khối số liệu bị hỏng trên đĩa | %" PRIu64
                       " damaged chunks on the disk were left out",
                       remarks->damaged, remarks->damaged);
    }
}

static void
put_answer(struct gong_api_call *call, struct gong_answer *answer,
           const struct gong_history_remarks *remarks, size_t limit)
{
    struct gong_prom_text text;
    bool cut = answer->count > limit;

    if (cut) {
        answer->count = (uint32_t)limit;
    }
    if (bytes_of(answer) > GONG_PROM_ANSWER_MAX) {
        gong_prom_failed(call, GONG_ERR_TOO_LARGE, "");
        return;
    }
    if (!gong_prom_begin(call, &text)) {
        return;
    }
    /* It is a whole answer; warnings come in before its last brace. */
    rewind(text.file);
    gong_answer_put_api(text.file, answer);
    (void)fseeko(text.file, -1, SEEK_CUR);
    put_remarks(&text, remarks);
    if (cut) {
        gong_prom_warn(&text,
                       "chỉ có %zu chuỗi đầu | results truncated due to "
                       "limit",
                       limit);
    }
    gong_prom_end(call, &text);
}

/* Where in the expression it is: 1:14, columns in bytes. */
static void
put_bad_query(struct gong_api_call *call, const struct gong_query_error *error)
{
    const char *text = gong_api_argument(call->request, "query");
    size_t line = 1, column = 1;

    for (size_t i = 0; i < error->detail.at && text[i] != '\0'; i++) {
        line += text[i] == '\n';
        column = text[i] == '\n' ? 1 : column + 1;
    }
    gong_prom_error(call, "bad_data",
                    "invalid parameter \"query\": %zu:%zu: %s", line, column,
                    error->detail.message);
}

static void
put_error(struct gong_api_call *call, enum gong_err err,
          const struct gong_query_error *error)
{
    /* Nothing is wrong with a question that memory was too little for. */
    if (err == GONG_ERR_MEMORY || error->type == NULL ||
        error->detail.message[0] == '\0') {
        gong_prom_failed(call, err, "");
    } else if (strcmp(error->type, "bad_data") == 0) {
        put_bad_query(call, error);
    } else {
        gong_prom_error(call, error->type, "%s", error->detail.message);
    }
}

static void
run(struct gong_api_call *call, const struct gong_query *query, size_t limit)
{
    const struct gong_api_history *history = &call->api->options.history;
    struct gong_history_query_limits limits = history->limits;
    struct gong_history_question question = {
        .path = history->path,
        .recent = gong_prom_recent(history),
        .query = *query,
        .limits = &limits,
        .rollups = true,
        .visible = gong_prom_visible(call),
        .visible_ctx = call,
        .cancelled = call->request->cancelled,
    };
    struct gong_answer answer = {0};
    struct gong_history_remarks remarks = {0};
    struct gong_query_error error = {0};
    struct gong_prom_patience patience;
    enum gong_err err;

    if (!gong_prom_patience(call, &patience)) {
        return;
    }
    limits.timeout = gong_mono_since(patience.deadline, gong_mono_now());
    limits.timeout.ns = limits.timeout.ns > 0 ? limits.timeout.ns : 1;
    err = history->query(&question, &answer, &remarks, &error);
    if (err == GONG_OK) {
        put_answer(call, &answer, &remarks, limit);
    } else {
        put_error(call, err, &error);
    }
    gong_answer_fini(&answer);
}

void
gong_api_prom_query(struct gong_api_call *call)
{
    struct gong_query query = {.expr =
                                   gong_api_argument(call->request, "query")};
    size_t limit;

    if (gong_prom_has_history(call) &&
        gong_prom_time(call, "time", call->now_ms, &query.from_ms) &&
        gong_prom_length(call, "lookback_delta", 0, &query.lookback_ms) &&
        gong_prom_limit(call, "limit", &limit)) {
        query.to_ms = query.from_ms;
        run(call, &query, limit);
    }
}

/* In Prometheus' words: programs show them to people who know these. */
static bool
check_range(struct gong_api_call *call, const struct gong_query *query)
{
    if (query->to_ms < query->from_ms) {
        gong_prom_error(call, "bad_data",
                        "invalid parameter \"end\": end timestamp must not be "
                        "before start time");
        return false;
    }
    if ((query->to_ms - query->from_ms) / query->step_ms >
        GONG_QUERY_STEPS_MAX) {
        gong_prom_error(call, "bad_data",
                        "exceeded maximum resolution of 11,000 points per "
                        "timeseries. Try decreasing the query resolution "
                        "(?step=XX)");
        return false;
    }
    return true;
}

static bool
read_step(struct gong_api_call *call, int64_t *ms)
{
    if (gong_api_argument(call->request, "step")[0] != '\0') {
        return gong_prom_length(call, "step", 0, ms);
    }
    gong_prom_error(call, "bad_data",
                    "invalid parameter \"step\": cannot parse \"\" to a valid "
                    "duration");
    return false;
}

void
gong_api_prom_query_range(struct gong_api_call *call)
{
    struct gong_query query = {
        .expr = gong_api_argument(call->request, "query"), .range = true};
    size_t limit;

    if (gong_prom_has_history(call) &&
        gong_prom_time_required(call, "start", &query.from_ms) &&
        gong_prom_time_required(call, "end", &query.to_ms) &&
        read_step(call, &query.step_ms) && check_range(call, &query) &&
        gong_prom_length(call, "lookback_delta", 0, &query.lookback_ms) &&
        gong_prom_limit(call, "limit", &limit)) {
        run(call, &query, limit);
    }
}

/* --- what there is none of, and what it is --- */

/* The history keeps no exemplars. */
void
gong_api_prom_exemplars(struct gong_api_call *call)
{
    gong_api_json(call->answer, 200,
                  json_pack("{s:s,s:[]}", "status", "success", "data"));
}

void
gong_api_prom_buildinfo(struct gong_api_call *call)
{
    gong_api_json(call->answer, 200,
                  json_pack("{s:s,s:{s:s,s:s,s:s,s:s,s:s,s:s}}", "status",
                            "success", "data", "version", SPEAKS_AS, "revision",
                            "gong-agent " GONG_VERSION, "branch", "gong",
                            "buildUser", "", "buildDate", "", "goVersion", ""));
}
