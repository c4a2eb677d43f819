#include "agent/store/store_send.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/store/dead_letter.h"
#include "agent/stop_latch.h"
#include "agent/store/store_answer.h"
#include "agent/store/store_http.h"
#include "common/backoff.h"
#include "common/log.h"

/* A partial write is idempotent, so resending halves finds the bad lines; but
 * one device with a wrong type must not turn each batch into a thousand
 * requests. Past this many the rest goes to the dead-letter file whole. */
#define NARROWING_MAX 32
/* Halving is at most this deep; each level leaves one part waiting. */
#define PARTS_MAX              65
#define OUTCOMES               ((size_t)GONG_STORE_REFUSED + 1)
#define ANSWER_SHOWN           300 /* bytes of an answer in logs and comments */
#define REFUSAL_LOG_INTERVAL_S 60
/* A proxy may answer for a store that is not there yet; where it does so each
 * time, lines are sent without knowing which process takes them. */
#define ASKED_IN_VAIN_MAX 5
/* A server may close each connection after one answer: then the next write is
 * sent on a new one, just after asking. */
#define CLOSED_MAX 2
#define FRESH_MS   250 /* until a store that has just started is asked again */

enum link_state {
    LINK_UP,
    LINK_AWAY,
    LINK_HELD, /* a person has to act */
};

struct part {
    size_t first;
    size_t count;
};

struct gong_store_sender {
    const struct gong_store_config *config;
    struct gong_counters *counters;
    uint64_t (*behind)(void *ctx);
    bool (*started)(void *ctx, uint64_t seconds); /* or NULL */
    void *ctx;
    struct gong_store_http *http;
    struct gong_dead_letter *letter;
    struct gong_backoff backoff;
    struct gong_stop_latch stop;
    _Atomic int64_t give_up_ns; /* on the monotonic clock */

    enum link_state link;
    const char *held_reason;
    gong_mono_t away_since;
    bool dedup_checked;
    bool asked;             /* on this connection */
    unsigned asked_in_vain; /* in a row */

    gong_mono_t refusals_logged;
    uint64_t refusals_unlogged;

    gong_counter_t *lines;
    gong_counter_t *up;
    gong_counter_t *bytes_behind;
    gong_counter_t *dead_letters_lost;
    gong_counter_t *requests[OUTCOMES];

    /* Parts still to be sent, the next on top. */
    struct part parts[PARTS_MAX];
    size_t part_count;
    unsigned narrowing;
};

static gong_counter_t *
counter(struct gong_store_sender *sender, enum gong_counter_type type,
        const char *name, const char *help, const char *extra)
{
    char labels[256];

    (void)snprintf(labels, sizeof labels, "store=\"%s\"%s",
                   sender->config->name, extra);
    return gong_counter_add(sender->counters, type, name, help, labels);
}

static bool
add_counters(struct gong_store_sender *sender)
{
    bool ok = true;

    sender->lines =
        counter(sender, GONG_COUNTER, "gong_agent_store_lines_total",
                "Lines that a store has taken.", "");
    sender->up = counter(sender, GONG_GAUGE, "gong_agent_store_up",
                         "Whether the store's last answer was a good one.", "");
    sender->bytes_behind =
        counter(sender, GONG_GAUGE, "gong_agent_store_behind_bytes",
                "Journal bytes that a store has not read.", "");
    sender->dead_letters_lost = counter(
        sender, GONG_COUNTER, "gong_agent_store_dead_letters_lost_total",
        "Refused lines that could not even be kept.", "");
    for (size_t i = 0; i < OUTCOMES; i++) {
        char extra[64];

        (void)snprintf(extra, sizeof extra, ",outcome=\"%s\"",
                       gong_store_outcome_text((enum gong_store_outcome)i));
        sender->requests[i] =
            counter(sender, GONG_COUNTER, "gong_agent_store_requests_total",
                    "Requests to a store by what came of them.", extra);
        ok = ok && sender->requests[i] != NULL;
    }
    return ok && sender->lines != NULL && sender->up != NULL &&
           sender->bytes_behind != NULL && sender->dead_letters_lost != NULL;
}

static bool
expired(void *ctx)
{
    struct gong_store_sender *sender = ctx;

    return gong_mono_now().ns > atomic_load(&sender->give_up_ns);
}

enum gong_err
gong_store_sender_new(const struct gong_store_sender_options *options,
                      struct gong_store_sender **out, char *why,
                      size_t why_size)
{
    struct gong_store_sender *sender = calloc(1, sizeof *sender);
    enum gong_err err;

    (void)snprintf(why, why_size, "out of memory");
    if (sender == NULL) {
        return GONG_ERR_MEMORY;
    }
    sender->config = options->config;
    sender->counters = options->counters;
    sender->behind = options->behind;
    sender->started = options->started;
    sender->ctx = options->ctx;
    atomic_init(&sender->give_up_ns, INT64_MAX);
    err = gong_stop_latch_init(&sender->stop);
    if (err != GONG_OK) {
        free(sender);
        return err;
    }
    gong_backoff_init(&sender->backoff, options->config->retry_min,
                      options->config->retry_max, gong_random_u64());
    err = gong_store_http_open(options->config, expired, sender, &sender->http,
                               why, why_size);
    if (err == GONG_OK) {
        err = add_counters(sender) ? GONG_OK : GONG_ERR_MEMORY;
    }
    if (err == GONG_OK) {
        sender->letter = gong_dead_letter_new(options->dead_letter_file,
                                              GONG_DEAD_LETTER_BYTES,
                                              sender->dead_letters_lost);
        err = sender->letter == NULL ? GONG_ERR_MEMORY : GONG_OK;
    }
    if (err != GONG_OK) {
        gong_store_sender_free(sender);
        return err;
    }
    gong_counter_set(sender->up, 1);
    *out = sender;
    return GONG_OK;
}

void
gong_store_sender_free(struct gong_store_sender *sender)
{
    if (sender == NULL) {
        return;
    }
    gong_dead_letter_free(sender->letter);
    gong_store_http_close(sender->http);
    gong_stop_latch_fini(&sender->stop);
    free(sender);
}

void
gong_store_sender_stop(struct gong_store_sender *sender, gong_dur_t grace)
{
    atomic_store(&sender->give_up_ns, gong_mono_add(gong_mono_now(), grace).ns);
    gong_stop_latch_set(&sender->stop);
    gong_store_http_wake(sender->http);
}

bool
gong_store_sender_stopping(struct gong_store_sender *sender)
{
    return gong_stop_latch_is_set(&sender->stop);
}

bool
gong_store_sender_expired(struct gong_store_sender *sender)
{
    return expired(sender);
}

bool
gong_store_sender_pause(struct gong_store_sender *sender, gong_dur_t length)
{
    return gong_stop_latch_wait(&sender->stop, length);
}

/* What the server said, or why there was no answer, fit for a log. */
static void
show_answer(const struct gong_http_answer *answer, char *out, size_t size)
{
    struct gong_str text =
        answer->status == 0 ? gong_str_of(answer->why) : answer->body;

    while (text.len > 0 && text.data[text.len - 1] == '\n') {
        text.len--;
    }
    (void)gong_log_quote(text, out, size);
}

static void
note_away(struct gong_store_sender *sender,
          const struct gong_store_verdict *verdict,
          const struct gong_http_answer *answer, size_t lines)
{
    char shown[ANSWER_SHOWN];
    bool held = verdict->outcome == GONG_STORE_HOLD;

    show_answer(answer, shown, sizeof shown);
    if (sender->link == LINK_UP) {
        sender->away_since = gong_mono_now();
        gong_counter_set(sender->up, 0);
    }
    if (held && (sender->link != LINK_HELD ||
                 strcmp(sender->held_reason, verdict->reason) != 0)) {
        gong_log(GONG_LOG_ERROR, "store_operator_needed",
                 "store=%s status=%ld reason=%s answer=%s todo=\"%s\" "
                 "lines_waiting=%zu",
                 sender->config->name, answer->status, verdict->reason, shown,
                 verdict->todo, lines);
    } else if (!held && sender->link == LINK_UP) {
        gong_log(GONG_LOG_WARNING, "store_away",
                 "store=%s status=%ld reason=%s answer=%s lines_waiting=%zu",
                 sender->config->name, answer->status, verdict->reason, shown,
                 lines);
    }
    if (held) {
        sender->held_reason = verdict->reason;
        sender->link = LINK_HELD;
    } else if (sender->link == LINK_UP) {
        sender->link = LINK_AWAY;
    }
}

static void
note_back(struct gong_store_sender *sender, size_t lines)
{
    gong_backoff_reset(&sender->backoff);
    if (sender->link == LINK_UP) {
        return;
    }
    gong_log(GONG_LOG_INFO, "store_back",
             "store=%s seconds=%.1f lines_waiting=%zu bytes_waiting=%" PRIu64,
             sender->config->name,
             (double)gong_mono_since(gong_mono_now(), sender->away_since).ns /
                 (double)GONG_NS_PER_S,
             lines, sender->behind(sender->ctx));
    sender->link = LINK_UP;
    gong_counter_set(sender->up, 1);
}

/* Waits before the same part is sent again; false when stopping. */
static bool
wait_to_retry(struct gong_store_sender *sender,
              const struct gong_store_verdict *verdict)
{
    gong_dur_t length;
    char why[256];

    if (verdict->outcome == GONG_STORE_HOLD) {
        length = sender->config->retry_max;
    } else if (verdict->wait_s > 0) {
        length = gong_dur_s(verdict->wait_s);
    } else {
        length = gong_backoff_next(&sender->backoff);
        /* Never at once: the jitter may be zero. */
        length.ns += sender->config->retry_min.ns / 4;
    }
    if (gong_stop_latch_wait(&sender->stop, length)) {
        return false;
    }
    /* The old credentials go on where the files cannot be read; what to do was
     * said when the store refused them. */
    if (verdict->outcome == GONG_STORE_HOLD &&
        gong_store_http_reload(sender->http, why, sizeof why) != GONG_OK) {
        gong_log(GONG_LOG_DEBUG, "store_secret_unreadable", "store=%s",
                 sender->config->name);
    }
    return true;
}

/* --- one request --- */

static void
check_dedup(struct gong_store_sender *sender, struct gong_str metrics)
{
    if (!sender->dedup_checked && !gong_store_http_dedup_set(metrics)) {
        gong_log(GONG_LOG_WARNING, "store_keeps_duplicates",
                 "store=%s todo=\"start VictoriaMetrics with "
                 "-dedup.minScrapeInterval=1ms\"",
                 sender->config->name);
    }
    sender->dedup_checked = true;
}

static struct gong_store_verdict
judge(const struct gong_store_sender *sender,
      const struct gong_http_answer *answer)
{
    return gong_store_judge((enum gong_store_type)sender->config->type,
                            answer->status, answer->body,
                            answer->retry_after_s);
}

/* Asks VictoriaMetrics when it was started, and once whether it keeps both
 * copies of a line that was sent again. True when *said is set, or it will not
 * say: any other answer than that it is away is as good as none. */
static bool
ask(struct gong_store_sender *sender, uint64_t *said, bool *fresh,
    struct gong_http_answer *answer)
{
    *said = 0;
    *fresh = false;
    gong_store_http_metrics(sender->http, answer);
    if (answer->status == 0) {
        return false;
    }
    if (judge(sender, answer).outcome == GONG_STORE_RETRY &&
        sender->asked_in_vain < ASKED_IN_VAIN_MAX) {
        sender->asked_in_vain++;
        return false;
    }
    sender->asked_in_vain = 0;
    sender->asked = true;
    if (answer->status == 200) {
        *said = gong_store_http_started(answer->body);
        *fresh = gong_store_http_fresh(answer->body);
        check_dedup(sender, answer->body);
    }
    return true;
}

/* Asks until it runs for a second. SENT with asked not set: *answer is there to
 * be judged. */
static enum gong_store_sent
ask_settled(struct gong_store_sender *sender, uint64_t *said,
            struct gong_http_answer *answer)
{
    bool fresh;

    while (ask(sender, said, &fresh, answer) && fresh) {
        sender->asked = false;
        if (gong_stop_latch_wait(&sender->stop, gong_dur_ms(FRESH_MS))) {
            return GONG_STORE_STOPPED;
        }
    }
    return GONG_STORE_SENT;
}

/* One attempt to write, and what must come before it. SENT: *answer is there
 * to be judged. */
static enum gong_store_sent
attempt(struct gong_store_sender *sender, struct gong_str lines,
        struct gong_http_answer *answer)
{
    enum gong_store_sent sent;
    uint64_t said;

    if (sender->started == NULL) {
        gong_store_http_write(sender->http, lines, false, answer);
        return GONG_STORE_SENT;
    }
    for (unsigned closed = 0; closed <= CLOSED_MAX; closed++) {
        if (!sender->asked) {
            sent = ask_settled(sender, &said, answer);
            if (sent != GONG_STORE_SENT || !sender->asked) {
                return sent;
            }
            if (sender->started(sender->ctx, said)) {
                return GONG_STORE_ANEW;
            }
        }
        gong_store_http_write(sender->http, lines, closed < CLOSED_MAX, answer);
        sender->asked = answer->status != 0 && closed < CLOSED_MAX;
        if (!answer->disconnected || expired(sender)) {
            break;
        }
    }
    return GONG_STORE_SENT;
}

/* One part until there is an answer that settles it. */
static enum gong_store_sent
send_part(struct gong_store_sender *sender, struct gong_str lines, size_t count,
          struct gong_store_verdict *verdict, struct gong_http_answer *answer)
{
    enum gong_store_sent sent;

    for (;;) {
        if (expired(sender)) {
            return GONG_STORE_STOPPED;
        }
        sent = attempt(sender, lines, answer);
        if (sent != GONG_STORE_SENT) {
            return sent;
        }
        if (answer->status == 0 && expired(sender)) {
            return GONG_STORE_STOPPED;
        }
        *verdict = judge(sender, answer);
        gong_counter_increase(sender->requests[verdict->outcome], 1);
        gong_counter_set(sender->bytes_behind,
                         (int64_t)sender->behind(sender->ctx));
        if (verdict->outcome != GONG_STORE_RETRY &&
            verdict->outcome != GONG_STORE_HOLD) {
            note_back(sender, count);
            return GONG_STORE_SENT;
        }
        sender->asked = false;
        note_away(sender, verdict, answer, count);
        if (!wait_to_retry(sender, verdict)) {
            return GONG_STORE_STOPPED;
        }
    }
}

static void
log_refusals(struct gong_store_sender *sender, const char *reason,
             const char *shown, size_t count)
{
    gong_mono_t now = gong_mono_now();

    sender->refusals_unlogged += count;
    if (sender->refusals_logged.ns != 0 &&
        gong_mono_since(now, sender->refusals_logged).ns <
            gong_dur_s(REFUSAL_LOG_INTERVAL_S).ns) {
        return;
    }
    gong_log(GONG_LOG_WARNING, "store_lines_refused",
             "store=%s lines=%" PRIu64 " reason=%s answer=%s",
             sender->config->name, sender->refusals_unlogged, reason, shown);
    sender->refusals_logged = now;
    sender->refusals_unlogged = 0;
}

static void
refuse(struct gong_store_sender *sender, const struct gong_store_batch *batch,
       struct part part, const struct gong_store_verdict *verdict,
       const struct gong_http_answer *answer)
{
    char shown[ANSWER_SHOWN];
    char comment[2 * ANSWER_SHOWN];
    char extra[64];
    gong_counter_t *refused;

    show_answer(answer, shown, sizeof shown);
    (void)snprintf(comment, sizeof comment,
                   "store=%s lines=%zu reason=%s status=%ld answer=%s",
                   sender->config->name, part.count, verdict->reason,
                   answer->status, shown);
    gong_dead_letter_add(sender->letter, comment,
                         gong_store_batch_part(batch, part.first, part.count),
                         part.count);
    (void)snprintf(extra, sizeof extra, ",reason=\"%s\"", verdict->reason);
    refused =
        counter(sender, GONG_COUNTER, "gong_agent_store_lines_refused_total",
                "Lines that a store refused, by reason.", extra);
    if (refused != NULL) {
        gong_counter_increase(refused, part.count);
    }
    log_refusals(sender, verdict->reason, shown, part.count);
}

static void
push_halves(struct gong_store_sender *sender, struct part part)
{
    size_t half = part.count / 2;

    sender->parts[sender->part_count++] =
        (struct part){part.first + half, part.count - half};
    sender->parts[sender->part_count++] = (struct part){part.first, half};
}

/* Whether a partial write is worth sending by halves. */
static bool
may_narrow(struct gong_store_sender *sender, struct part part,
           const struct gong_store_verdict *verdict)
{
    if (part.count == 1 ||
        (verdict->dropped > 0 && (uint64_t)verdict->dropped >= part.count)) {
        return false;
    }
    return sender->narrowing++ < NARROWING_MAX;
}

static void
settle(struct gong_store_sender *sender, const struct gong_store_batch *batch,
       struct part part, const struct gong_store_verdict *verdict,
       const struct gong_http_answer *answer)
{
    bool split = false;

    switch (verdict->outcome) {
    case GONG_STORE_STORED:
        gong_counter_increase(sender->lines, part.count);
        return;
    case GONG_STORE_HALVE:
    case GONG_STORE_BISECT:
        split = part.count > 1;
        break;
    case GONG_STORE_PARTIAL:
        split = may_narrow(sender, part, verdict);
        break;
    case GONG_STORE_REFUSED:
    case GONG_STORE_RETRY:
    case GONG_STORE_HOLD:
        break;
    }
    if (split) {
        push_halves(sender, part);
    } else {
        refuse(sender, batch, part, verdict, answer);
    }
}

/* A record is never torn apart between batches, so one may exceed the bounds
 * of a request. */
static bool
over_bounds(const struct gong_store_sender *sender, struct part part,
            struct gong_str lines)
{
    return part.count > 1 &&
           (part.count > 2 * (size_t)sender->config->batch_lines ||
            lines.len > 2 * sender->config->batch_bytes);
}

enum gong_store_sent
gong_store_sender_send(struct gong_store_sender *sender,
                       const struct gong_store_batch *batch)
{
    struct gong_store_verdict verdict;
    struct gong_http_answer answer;
    enum gong_store_sent sent = GONG_STORE_SENT;

    sender->narrowing = 0;
    sender->part_count = 0;
    if (batch->count > 0) {
        sender->parts[sender->part_count++] = (struct part){0, batch->count};
    }
    while (sent == GONG_STORE_SENT && sender->part_count > 0) {
        struct part part = sender->parts[--sender->part_count];
        struct gong_str lines =
            gong_store_batch_part(batch, part.first, part.count);

        if (over_bounds(sender, part, lines)) {
            push_halves(sender, part);
            continue;
        }
        sent = send_part(sender, lines, part.count, &verdict, &answer);
        if (sent == GONG_STORE_SENT) {
            settle(sender, batch, part, &verdict, &answer);
        }
    }
    gong_dead_letter_flush(sender->letter);
    gong_counter_set(sender->bytes_behind,
                     (int64_t)sender->behind(sender->ctx));
    return sent;
}
