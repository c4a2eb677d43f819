#include "ctl/when.h"

#include <inttypes.h>

#include "common/log.h"
#include "ctl/words.h"

#define DAY_MS INT64_C(86400000)
#define AHEAD  (GONG_CTL_AHEAD_DAYS * DAY_MS)

static int
refuse(struct gong_ctl *ctl, const char *option, const char *text,
       const char *why)
{
    char quoted[120];

    (void)fprintf(ctl->err, "gongctl: --%s %s: %s\n", option,
                  gong_log_quote(gong_str_of(text), quoted, sizeof quoted),
                  why);
    return GONG_CTL_USAGE;
}

static int
refuse_far(struct gong_ctl *ctl, const char *option, const char *text)
{
    char why[160];

    (void)snprintf(why, sizeof why,
                   "xa quá %d ngày, nhiều nhất là %d ngày | more than %d days "
                   "ahead, at most %d are allowed",
                   GONG_CTL_AHEAD_DAYS, GONG_CTL_AHEAD_DAYS,
                   GONG_CTL_AHEAD_DAYS, GONG_CTL_AHEAD_DAYS);
    return refuse(ctl, option, text, why);
}

static int
read_instant(struct gong_ctl *ctl, const char *option, int64_t earliest,
             int64_t *out)
{
    const char *text = gong_ctl_option(&ctl->arguments, option);
    int64_t instant;

    if (text == NULL) {
        return GONG_CTL_OK;
    }
    if (!gong_ctl_read_instant(text, ctl->now_ms, &instant)) {
        return refuse(ctl, option, text,
                      "cần 2h, 7d, 2026-11-22 18:00 hoặc 22/11/2026 18:00, có "
                      "năm, giờ Việt Nam | expected 2h, 7d, 2026-11-22 18:00 "
                      "or 22/11/2026 18:00, with the year, Vietnam's time");
    }
    if (instant <= earliest) {
        char now[GONG_CTL_TIME_SIZE], why[200];

        (void)snprintf(why, sizeof why,
                       "đã qua, bây giờ là %s | it is in the past, now it is "
                       "%s (+07:00)",
                       gong_ctl_day(ctl->now_ms, now), now);
        return refuse(ctl, option, text, why);
    }
    if (instant - ctl->now_ms > AHEAD) {
        return refuse_far(ctl, option, text);
    }
    *out = instant;
    return GONG_CTL_OK;
}

int
gong_ctl_when_until(struct gong_ctl *ctl, const char *option, int64_t *out)
{
    return read_instant(ctl, option, ctl->now_ms, out);
}

int
gong_ctl_when_from(struct gong_ctl *ctl, const char *option, int64_t *out)
{
    return read_instant(ctl, option, ctl->now_ms - DAY_MS - 1, out);
}

int
gong_ctl_when_length(struct gong_ctl *ctl, const char *option, int64_t *out_ms)
{
    const char *text = gong_ctl_option(&ctl->arguments, option);
    int64_t length;

    if (text == NULL) {
        return GONG_CTL_OK;
    }
    if (!gong_ctl_read_length(text, &length) || length == 0) {
        return refuse(ctl, option, text,
                      "cần 30m, 2h, 7d | expected 30m, 2h, 7d");
    }
    if (length > AHEAD) {
        return refuse_far(ctl, option, text);
    }
    *out_ms = length;
    return GONG_CTL_OK;
}
