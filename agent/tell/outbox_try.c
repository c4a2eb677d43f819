/* A try: from begin to its outcome. */
#include "agent/tell/outbox_private.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define TIMEOUT_MAX_MS INT64_C(120000)
#define POLL_MAX_MS    INT64_C(1000)

static size_t
on_answer(char *data, size_t size, size_t count, void *ctx)
{
    struct gong_channel_try *attempt = ctx;
    size_t len = size * count;
    size_t room = GONG_CHANNEL_ANSWER_MAX - attempt->answer_length;
    size_t take = len < room ? len : room;
    char *larger;

    if (take == 0) {
        return len; /* read and forgotten */
    }
    larger = realloc(attempt->answer, attempt->answer_length + take + 1);
    if (larger == NULL) {
        return 0;
    }
    memcpy(larger + attempt->answer_length, data, take);
    attempt->answer = larger;
    attempt->answer_length += take;
    larger[attempt->answer_length] = '\0';
    return len;
}

static void
free_try(struct gong_outbox_try *try)
{
    curl_easy_cleanup(try->attempt.easy);
    curl_slist_free_all(try->attempt.headers);
    curl_slist_free_all(try->attempt.list);
    free(try->attempt.body);
    free(try->attempt.answer);
    json_decref(try->message);
    free(try);
}

static enum gong_err
add_transfer(struct gong_outbox *outbox, struct gong_outbox_try *try)
{
    CURL *easy = try->attempt.easy;

    if (curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &try->attempt) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_PRIVATE, try) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
        curl_multi_add_handle(outbox->multi, easy) != CURLM_OK) {
        return GONG_ERR_MEMORY;
    }
    return GONG_OK;
}

/* Where a kind names no time of its own, ours. */
static gong_mono_t
deadline_of(const struct gong_outbox_try *try)
{
    int64_t length = try->attempt.timeout_ms;

    if (length <= 0 || length > TIMEOUT_MAX_MS) {
        length = TIMEOUT_MAX_MS;
    }
    return gong_mono_add(try->began, gong_dur_ms(length));
}

static const char *
contact_of(const struct gong_outbox_recipient *recipient)
{
    return strncmp(recipient->name, "contact:", 8) == 0 ? recipient->name + 8
                                                        : NULL;
}

/* A channel that cannot begin stops none of the others. */
static void
could_not_begin(struct gong_outbox_try *try, enum gong_err err)
{
    struct gong_channel_try *attempt = &try->attempt;

    if (attempt->easy == NULL && attempt->wait_fd >= 0) {
        (void)try->way->kind->judge(try->way->state, attempt,
                                    CURLE_ABORTED_BY_CALLBACK, 0);
    }
    curl_easy_cleanup(attempt->easy);
    attempt->easy = NULL;
    attempt->wait_fd = -1;
    attempt->at_once = false;
    attempt->outcome = GONG_CHANNEL_RETRY;
    (void)snprintf(attempt->why, sizeof attempt->why, "could not begin: %s",
                   gong_err_text(err));
    try->over = true;
}

static void
begin(struct gong_outbox *outbox, struct gong_outbox_try *try,
      const char *address)
{
    const struct gong_channel_send send = {
        .address = address,
        .contact = contact_of(try->recipient),
        .key = try->key,
        .message = try->message,
        .signer = outbox->options.signer,
    };
    enum gong_err err =
        try->way->kind->begin(try->way->state, &send, &try->attempt);

    if (err == GONG_OK && try->attempt.easy != NULL) {
        err = add_transfer(outbox, try);
    } else {
        try->deadline = deadline_of(try);
        try->over = try->attempt.easy == NULL && try->attempt.wait_fd < 0;
    }
    if (err != GONG_OK) {
        could_not_begin(try, err);
    }
}

enum gong_err
gong_outbox_try_begin(struct gong_outbox *outbox,
                      struct gong_outbox_recipient *recipient,
                      struct gong_outbox_way *way, const char *address)
{
    struct gong_outbox_try *try = calloc(1, sizeof *try);
    enum gong_err err = GONG_ERR_MEMORY;

    if (try == NULL) {
        return err;
    }
    try->recipient = recipient;
    try->way = way;
    try->attempt.wait_fd = -1;
    try->began = gong_mono_now();
    try->began_ms = gong_floor_ms(gong_wall_now().ns);
    (void)snprintf(try->key, sizeof try->key, "%s-%" PRId64,
                   gong_outbox_db_id(outbox->db), recipient->head->id);
    err = gong_outbox_db_message(outbox->db, recipient->head->message,
                                 &try->message);
    if (err != GONG_OK) {
        free_try(try);
        return err;
    }
    begin(outbox, try, address);
    gong_outbox_way_take(way);
    recipient->busy = true;
    try->next = outbox->tries;
    outbox->tries = try;
    return GONG_OK;
}

/* --- its end --- */

/* Nothing failed: the same again, a few times in a row at most. */
static bool
begin_again(struct gong_outbox_try *try, enum gong_channel_outcome outcome)
{
    struct gong_outbox_recipient *recipient = try->recipient;

    if (outcome != GONG_CHANNEL_RETRY || !try->attempt.at_once ||
        recipient->again >= GONG_OUTBOX_AGAIN_MAX) {
        recipient->again = 0;
        return false;
    }
    recipient->again++;
    recipient->busy = false;
    recipient->due.ns = 0;
    try->way->running--;
    try->way->probing = false;
    return true;
}

/* Text from outside: free of control characters, and UTF-8. */
static void
clean(char *why)
{
    json_t *json;

    gong_text_clean(why, strlen(why));
    json = json_string(why);
    if (json == NULL) {
        for (char *c = why; *c != '\0'; c++) {
            *c = (unsigned char)*c >= 0x80 ? '?' : *c;
        }
    }
    json_decref(json);
}

static gong_counter_t *
counter_of(struct gong_outbox_way *way, enum gong_channel_outcome outcome)
{
    switch (outcome) {
    case GONG_CHANNEL_SENT:
        return way->sent;
    case GONG_CHANNEL_RETRY:
        return way->retried;
    case GONG_CHANNEL_REFUSE:
        return way->refused;
    case GONG_CHANNEL_EXHAUSTED:
        break;
    }
    return way->exhausted;
}

static void
note_way(struct gong_outbox_try *try, enum gong_channel_outcome outcome,
         gong_mono_t now)
{
    struct gong_outbox_way *way = try->way;
    bool connected = try->status != 0 || try->attempt.easy == NULL;
    char shown[GONG_OUTBOX_WHY_SIZE];

    gong_counter_increase(counter_of(way, outcome), 1);
    if (!gong_outbox_way_give(way, outcome, connected, try->recipient->hash,
                              now)) {
        return;
    }
    gong_counter_set(way->up, way->open ? 0 : 1);
    atomic_store(&way->away_ms,
                 way->open ? gong_floor_ms(gong_wall_now().ns) : 0);
    gong_log(
        way->open ? GONG_LOG_WARNING : GONG_LOG_INFO,
        way->open ? "channel_away" : "channel_back", "channel=%s reason=%s",
        way->name,
        gong_log_quote(gong_str_of(try->attempt.why), shown, sizeof shown));
}

static void
note_refused(const struct gong_outbox_try *try)
{
    char name[256];
    char shown[GONG_OUTBOX_WHY_SIZE];

    gong_log(
        GONG_LOG_WARNING, "message_refused",
        "channel=%s recipient=%s reason=%s", try->way->name,
        gong_log_quote(gong_str_of(try->recipient->name), name, sizeof name),
        gong_log_quote(gong_str_of(try->attempt.why), shown, sizeof shown));
}

/* How long ago the sample came of one alert in it. */
struct answer {
    gong_timing_t *notified;
    int64_t now_ms;
};

static void
note_answered(void *ctx, int64_t received_ms)
{
    const struct answer *answer = ctx;

    gong_timing_note(answer->notified, answer->now_ms - received_ms);
}

/* Returns when it was answered. */
static int64_t
note_notified(struct gong_outbox *outbox, const struct gong_outbox_try *try)
{
    struct answer answer = {try->way->notified,
                            gong_floor_ms(gong_wall_now().ns)};
    enum gong_err err = gong_outbox_db_received(
        outbox->db, try->recipient->head->message, note_answered, &answer);

    if (err != GONG_OK) {
        gong_counter_increase(outbox->failed, 1);
    }
    return answer.now_ms;
}

static void
finish(struct gong_outbox *outbox, struct gong_outbox_try *try)
{
    const struct gong_channel_kind *kind = try->way->kind;
    enum gong_channel_outcome outcome = try->attempt.outcome;
    gong_mono_t now;
    struct gong_outbox_delivery delivery;

    if (try->attempt.easy != NULL || try->attempt.wait_fd >= 0) {
        outcome =
            kind->judge(try->way->state, &try->attempt, try->code, try->status);
    }
    if (begin_again(try, outcome)) {
        return;
    }
    now = gong_mono_now();
    clean(try->attempt.why);
    note_way(try, outcome, now);
    if (outcome == GONG_CHANNEL_REFUSE) {
        note_refused(try);
    }
    delivery = (struct gong_outbox_delivery){
        .row = try->recipient->head->id,
        .at_ms = try->began_ms,
        .channel = try->way->name,
        .outcome = outcome,
        .why = outcome == GONG_CHANNEL_SENT ? "" : try->attempt.why,
        .latency_ms = gong_mono_since(now, try->began).ns / GONG_NS_PER_MS,
        .stored_ms =
            gong_stored_marks_find(&outbox->stored, try->recipient->head->id),
        .notified_ms =
            outcome == GONG_CHANNEL_SENT ? note_notified(outbox, try) : 0,
    };
    gong_outbox_note_try(outbox, try->recipient, &delivery);
    gong_outbox_note_outcome(outbox, try->recipient, outcome, now);
}

static void
read_transfers(struct gong_outbox *outbox)
{
    int running = 0;
    int queued = 0;
    const CURLMsg *message;

    (void)curl_multi_perform(outbox->multi, &running);
    while ((message = curl_multi_info_read(outbox->multi, &queued)) != NULL) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        struct gong_outbox_try *try = NULL;

        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &try) != CURLE_OK ||
            try == NULL) {
            continue;
        }
        try->code = code;
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &try->status);
        (void)curl_multi_remove_handle(outbox->multi, easy);
        try->over = true;
    }
}

static bool
is_readable(int fd)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};

    return poll(&waiting, 1, 0) > 0;
}

static void
read_waiting(struct gong_outbox_try *try, gong_mono_t now)
{
    const struct gong_channel_kind *kind = try->way->kind;

    if (try->over || try->attempt.wait_fd < 0) {
        return;
    }
    if (is_readable(try->attempt.wait_fd)) {
        try->over =
            kind->ready == NULL || kind->ready(try->way->state, &try->attempt);
    }
    if (!try->over && now.ns >= try->deadline.ns) {
        try->code = CURLE_OPERATION_TIMEDOUT;
        try->over = true;
    }
}

void
gong_outbox_finish_tries(struct gong_outbox *outbox)
{
    struct gong_outbox_try **at = &outbox->tries;
    gong_mono_t now = gong_mono_now();

    read_transfers(outbox);
    while (*at != NULL) {
        struct gong_outbox_try *try = *at;

        read_waiting(try, now);
        if (!try->over) {
            at = &try->next;
            continue;
        }
        *at = try->next;
        finish(outbox, try);
        free_try(try);
    }
}

void
gong_outbox_abort_tries(struct gong_outbox *outbox)
{
    while (outbox->tries != NULL) {
        struct gong_outbox_try *try = outbox->tries;

        outbox->tries = try->next;
        if (try->attempt.easy != NULL && !try->over) {
            (void)curl_multi_remove_handle(outbox->multi, try->attempt.easy);
        } else if (try->attempt.wait_fd >= 0) {
            (void)try->way->kind->judge(try->way->state, &try->attempt,
                                        CURLE_ABORTED_BY_CALLBACK, 0);
        }
        free_try(try);
    }
}

/* --- waiting --- */

static size_t
gather(const struct gong_outbox *outbox, struct curl_waitfd *fds,
       gong_mono_t *when)
{
    size_t count = 0;

    for (const struct gong_outbox_try *try = outbox->tries; try != NULL;
         try = try->next) {
        if (try->over) {
            when->ns = 0;
        } else if (try->attempt.wait_fd >= 0) {
            fds[count].fd = try->attempt.wait_fd;
            fds[count].events = CURL_WAIT_POLLIN;
            fds[count].revents = 0;
            count++;
            when->ns =
                try->deadline.ns < when->ns ? try->deadline.ns : when->ns;
        }
    }
    return count;
}

void
gong_outbox_poll(struct gong_outbox *outbox, gong_mono_t when)
{
    size_t room = outbox->way_count * GONG_OUTBOX_RUNNING_MAX;
    struct curl_waitfd *fds = calloc(room + 1, sizeof *fds);
    size_t count = fds == NULL ? 0 : gather(outbox, fds, &when);
    int64_t left = gong_mono_since(when, gong_mono_now()).ns / GONG_NS_PER_MS;

    /* The next millisecond, or this would spin in the last one. */
    left = left < 0 ? 0 : left + 1;
    if (left > POLL_MAX_MS) {
        left = POLL_MAX_MS;
    }
    if (when.ns == 0) {
        left = 0;
    }
    (void)curl_multi_poll(outbox->multi, fds, (unsigned)count, (int)left, NULL);
    free(fds);
}
