/* gongctl drill: a marked test alert through the whole chain, hop by hop. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "ctl/commands.h"
#include "ctl/words.h"

#define TIMEOUT_MS INT64_C(60000)
#define EVERY_MS   INT64_C(250)

struct hop {
    const char *name; /* as the agent has it */
    const char *stamp;
    const char *vi, *en;
};

static const struct hop hops[] = {
    {"broker", "sent", "đã gửi tới broker MQTT", "sent to the broker"},
    {"receive", "received", "broker đã trả về, đã ghi vào nhật ký",
     "came back from the broker, journaled"},
    {"rules", "decided", "quy tắc đã báo động", "its rule fires"},
    {"desk", "desk", "bàn trực đã nhận", "the desk has it"},
};

#define HOPS (sizeof hops / sizeof hops[0])

/* What was printed so far. */
struct progress {
    size_t hops;
    size_t tries;
};

static void
print_clock(FILE *out, int64_t ms)
{
    int64_t second = (ms + GONG_STAFF_ZONE_MS) / 1000 % 86400;

    (void)fprintf(out, "%02d:%02d:%02d  ", (int)(second / 3600),
                  (int)(second / 60 % 60), (int)(second % 60));
}

static void
print_try(struct gong_ctl *ctl, const json_t *try)
{
    const char *outcome = gong_ctl_text(try, "outcome");
    bool sent = strcmp(outcome, "sent") == 0;

    print_clock(ctl->out, gong_ctl_int(try, "at"));
    (void)fputs(sent ? "đã báo | told: " : "chưa báo được | not told: ",
                ctl->out);
    gong_ctl_put(ctl->out, gong_ctl_text(try, "recipient"));
    (void)fputs(", kênh | channel ", ctl->out);
    gong_ctl_put(ctl->out, gong_ctl_text(try, "channel"));
    if (!sent) {
        (void)fprintf(ctl->out, ": %s: ", outcome);
        gong_ctl_put(ctl->out, gong_ctl_text(try, "why"));
    }
    (void)fputc('\n', ctl->out);
}

static size_t
tries_in(const json_t *deliveries)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(deliveries); i++) {
        count += gong_ctl_int(json_array_get(deliveries, i), "at") != 0;
    }
    return count;
}

static void
print_progress(struct gong_ctl *ctl, const json_t *drill,
               struct progress *progress)
{
    const json_t *deliveries = json_object_get(drill, "deliveries");

    while (progress->hops < HOPS &&
           gong_ctl_int(drill, hops[progress->hops].stamp) != 0) {
        const struct hop *hop = &hops[progress->hops++];

        print_clock(ctl->out, gong_ctl_int(drill, hop->stamp));
        (void)fprintf(ctl->out, "%s | %s\n", hop->vi, hop->en);
    }
    if (progress->hops == HOPS && tries_in(deliveries) > progress->tries) {
        size_t seen = 0;

        for (size_t i = 0; i < json_array_size(deliveries); i++) {
            const json_t *try = json_array_get(deliveries, i);

            if (gong_ctl_int(try, "at") != 0 && seen++ >= progress->tries) {
                print_try(ctl, try);
            }
        }
        progress->tries = seen;
    }
    (void)fflush(ctl->out);
}

/* Whether nothing more will come of it. */
static bool
is_over(const json_t *drill)
{
    const json_t *deliveries = json_object_get(drill, "deliveries");

    if (gong_ctl_int(drill, "sent") == 0 &&
        gong_ctl_int(drill, "received") == 0) {
        return true; /* it was not taken, and is not sent again */
    }
    if (gong_ctl_int(drill, "desk") == 0) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(deliveries); i++) {
        if (strcmp(gong_ctl_text(json_array_get(deliveries, i), "state"),
                   "waiting") == 0) {
            return false;
        }
    }
    return true;
}

/* Who was not told, and why. */
static void
print_untold(FILE *out, const json_t *drill)
{
    const json_t *deliveries = json_object_get(drill, "deliveries");

    for (size_t i = 0; i < json_array_size(deliveries); i++) {
        const json_t *try = json_array_get(deliveries, i);

        if (strcmp(gong_ctl_text(try, "state"), "sent") != 0) {
            (void)fputs("  ", out);
            gong_ctl_put(out, gong_ctl_text(try, "recipient"));
            (void)fputs(", kênh | channel ", out);
            gong_ctl_put(out, gong_ctl_text(try, "channel"));
            (void)fputs(": ", out);
            gong_ctl_put(out, gong_ctl_text(try, "why"));
            (void)fputc('\n', out);
        }
    }
}

/* Chains pass over them without a try, so that no line above names them. */
static void
print_away(FILE *out, const json_t *drill)
{
    const json_t *away = json_object_get(drill, "away");

    for (size_t i = 0; i < json_array_size(away); i++) {
        const json_t *channel = json_array_get(away, i);
        char since[GONG_CTL_TIME_SIZE];

        (void)fputs("  kênh | channel ", out);
        gong_ctl_put(out, gong_ctl_text(channel, "channel"));
        (void)fprintf(out, ": mất kết nối từ | away since %s\n",
                      gong_ctl_stamp(gong_ctl_int(channel, "since"), since));
    }
}

static int
judge(struct gong_ctl *ctl, const json_t *drill)
{
    const char *hop = gong_ctl_text(drill, "hop");
    const char *why = gong_ctl_text(drill, "why");

    if (hop[0] == '\0') {
        if (!ctl->json) {
            (void)fputs("DIỄN TẬP ĐẠT: mọi người nhận đã được báo | THE DRILL "
                        "PASSED: everybody was told\n",
                        ctl->out);
            print_away(ctl->out, drill);
        }
        return GONG_CTL_OK;
    }
    (void)fprintf(ctl->err, "ĐỨT Ở: %s | BROKEN AT: ", gong_ctl_word(hop));
    gong_ctl_put(ctl->err, hop);
    if (why[0] != '\0') {
        (void)fputs(": ", ctl->err);
        gong_ctl_put(ctl->err, why);
    }
    (void)fputc('\n', ctl->err);
    print_untold(ctl->err, drill);
    print_away(ctl->err, drill);
    return GONG_CTL_BROKEN;
}

static json_t *
body_of(const struct gong_ctl *ctl)
{
    static const char *const names[] = {"receiver", "contact", "unit",
                                        "severity", "service"};
    json_t *body = json_object();

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = gong_ctl_option(&ctl->arguments, names[i]);

        if (value != NULL) {
            (void)json_object_set_new(body, names[i], json_string(value));
        }
    }
    return body;
}

/* Looks at it until it is over; *last is the caller's. */
static int
follow(struct gong_ctl *ctl, int64_t number, int64_t timeout_ms, json_t **last)
{
    struct progress progress = {0};
    gong_mono_t until = gong_mono_add(gong_mono_now(), gong_dur_ms(timeout_ms));

    *last = NULL;
    for (;;) {
        json_t *drill;
        int code = gong_ctl_do(ctl, "GET", "/api/gong/v1/drill", NULL, &drill);

        if (code != GONG_CTL_OK) {
            return code;
        }
        json_decref(*last);
        *last = drill;
        if (gong_ctl_int(drill, "number") != number) {
            (void)fputs("gongctl: có cuộc diễn tập khác | another drill has "
                        "begun\n",
                        ctl->err);
            return GONG_CTL_REFUSED;
        }
        if (!ctl->json) {
            print_progress(ctl, drill, &progress);
        }
        if (is_over(drill) || gong_mono_since(until, gong_mono_now()).ns <= 0) {
            return GONG_CTL_OK;
        }
        gong_clock_sleep(gong_dur_ms(EVERY_MS));
    }
}

int
gong_ctl_drill(struct gong_ctl *ctl)
{
    const char *timeout = gong_ctl_option(&ctl->arguments, "timeout");
    int64_t timeout_ms = TIMEOUT_MS;
    int64_t number;
    json_t *answer, *drill = NULL;
    int code;

    if (timeout != NULL && !gong_ctl_read_length(timeout, &timeout_ms)) {
        return gong_ctl_wrong(ctl, "--timeout: 60s");
    }
    code =
        gong_ctl_do(ctl, "POST", "/api/gong/v1/drill", body_of(ctl), &answer);
    if (code != GONG_CTL_OK) {
        return code;
    }
    number = gong_ctl_int(answer, "number");
    json_decref(answer);
    code = follow(ctl, number, timeout_ms, &drill);
    if (code == GONG_CTL_OK) {
        code = judge(ctl, drill);
        if (ctl->json) {
            (void)gong_ctl_print_json(ctl, json_incref(drill));
        }
    }
    json_decref(drill);
    return code;
}
