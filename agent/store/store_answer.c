#include "agent/store/store_answer.h"

#include <stdbool.h>

const char *
gong_store_outcome_text(enum gong_store_outcome outcome)
{
    switch (outcome) {
    case GONG_STORE_STORED:
        return "stored";
    case GONG_STORE_RETRY:
        return "retry";
    case GONG_STORE_HOLD:
        return "hold";
    case GONG_STORE_HALVE:
        return "halve";
    case GONG_STORE_BISECT:
        return "bisect";
    case GONG_STORE_PARTIAL:
        return "partial";
    case GONG_STORE_REFUSED:
        return "refused";
    }
    return "unknown";
}

/* Offset of word in text, or text.len. */
static size_t
find(struct gong_str text, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.data + i, word, len) == 0) {
            return i;
        }
    }
    return text.len;
}

static bool
has(struct gong_str text, const char *word)
{
    return find(text, word) < text.len;
}

/* The number after "dropped=", 0 without one. */
static int64_t
dropped_count(struct gong_str body)
{
    size_t at = find(body, "dropped=");
    int64_t count = 0;

    if (at == body.len) {
        return 0;
    }
    for (at += strlen("dropped="); at < body.len; at++) {
        char c = body.data[at];

        if (c < '0' || c > '9' || count > INT32_MAX) {
            break;
        }
        count = count * 10 + (c - '0');
    }
    return count;
}

/* A short code for why InfluxDB left lines out. */
static const char *
partial_reason(struct gong_str body)
{
    static const struct {
        const char *word;
        const char *reason;
    } known[] = {
        {"type conflict", "type_conflict"},
        {"retention policy", "retention"},
        {"max-values-per-tag", "max_values_per_tag"},
        {"max-series-per-database", "max_series"},
        {"unable to parse", "unparsable"},
        {"max key length", "key_too_long"},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (has(body, known[i].word)) {
            return known[i].reason;
        }
    }
    return "partial_write";
}

static struct gong_store_verdict
partial(struct gong_str body)
{
    return (struct gong_store_verdict){
        .outcome = GONG_STORE_PARTIAL,
        .reason = partial_reason(body),
        .dropped = dropped_count(body),
    };
}

static struct gong_store_verdict
hold(const char *reason, const char *todo)
{
    return (struct gong_store_verdict){
        .outcome = GONG_STORE_HOLD, .reason = reason, .todo = todo};
}

static struct gong_store_verdict
plain(enum gong_store_outcome outcome, const char *reason)
{
    return (struct gong_store_verdict){.outcome = outcome, .reason = reason};
}

static struct gong_store_verdict
retry(const char *reason, int64_t retry_after_s)
{
    struct gong_store_verdict verdict = plain(GONG_STORE_RETRY, reason);

    verdict.wait_s = retry_after_s < 0 ? 0 : retry_after_s;
    if (verdict.wait_s > GONG_STORE_RETRY_AFTER_MAX_S) {
        verdict.wait_s = GONG_STORE_RETRY_AFTER_MAX_S;
    }
    return verdict;
}

static struct gong_store_verdict
judge_bad_request(enum gong_store_type type, struct gong_str body)
{
    if (type == GONG_STORE_VICTORIAMETRICS) {
        return plain(GONG_STORE_REFUSED, "bad_request");
    }
    if (has(body, "partial write")) {
        return partial(body);
    }
    if (type == GONG_STORE_INFLUXDB2) {
        return plain(GONG_STORE_BISECT, partial_reason(body));
    }
    if (has(body, "unable to parse")) {
        return plain(GONG_STORE_REFUSED, "unparsable");
    }
    if (has(body, "database") && has(body, "required")) {
        return hold("database_required", "set database for this store");
    }
    return plain(GONG_STORE_BISECT, "bad_request");
}

static struct gong_store_verdict
judge_not_found(enum gong_store_type type)
{
    switch (type) {
    case GONG_STORE_INFLUXDB1:
        return hold("not_found", "create the database (CREATE DATABASE) or "
                                 "correct url and database");
    case GONG_STORE_INFLUXDB2:
        return hold("not_found",
                    "create the bucket or correct url, organization and "
                    "bucket");
    case GONG_STORE_VICTORIAMETRICS:
        return hold("not_found", "correct url");
    }
    return hold("not_found", "correct url");
}

/* Neither an answer of 2xx nor a server's failure. */
static struct gong_store_verdict
judge_client(enum gong_store_type type, long status, struct gong_str body)
{
    switch (status) {
    case 400:
        return judge_bad_request(type, body);
    case 401:
        return hold("unauthorized", "correct the user, password or token");
    case 403:
        return hold("forbidden", "give this user or token the right to write");
    case 404:
        return judge_not_found(type);
    case 413:
        return plain(GONG_STORE_HALVE, "too_large");
    case 422:
        return partial(body);
    default:
        return hold("unexpected_status",
                    "check that url is the store itself and not another "
                    "service");
    }
}

struct gong_store_verdict
gong_store_judge(enum gong_store_type type, long status, struct gong_str body,
                 int64_t retry_after_s)
{
    if (status == 0) {
        return retry("unreachable", 0);
    }
    if (status >= 200 && status <= 299) {
        return plain(GONG_STORE_STORED, "stored");
    }
    if (status == 408) {
        return retry("request_timeout", retry_after_s);
    }
    if (status == 429) {
        return retry("too_many_requests", retry_after_s);
    }
    if (status == 500 && has(body, "retention policy not found")) {
        return hold("no_retention_policy", "create the retention policy or "
                                           "make another one the default");
    }
    if (status >= 500 && status <= 599) {
        return retry("server_error", retry_after_s);
    }
    return judge_client(type, status, body);
}
