#include "agent/tell/channel_zalo.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/store/http_client.h"

enum gong_err
gong_zalo_config_check(const struct gong_zalo_config *config, char *why,
                       size_t why_size)
{
    if (!gong_http_url_valid(config->base_url)) {
        (void)snprintf(why, why_size,
                       "base_url must start with http:// or https:// and name "
                       "a host");
        return GONG_ERR_INVALID;
    }
    if (!gong_http_url_private(config->base_url)) {
        (void)snprintf(why, why_size,
                       "base_url: tokens go by https:// only, but on loopback");
        return GONG_ERR_INVALID;
    }
    return gong_zalo_codes_valid(&config->codes, why, why_size)
               ? GONG_OK
               : GONG_ERR_INVALID;
}

static enum gong_channel_outcome
outcome_of(enum gong_zalo_meaning meaning)
{
    switch (meaning) {
    case GONG_ZALO_SENT:
        return GONG_CHANNEL_SENT;
    case GONG_ZALO_RETRY:
        return GONG_CHANNEL_RETRY;
    case GONG_ZALO_EXHAUSTED:
    case GONG_ZALO_TOKEN:
        return GONG_CHANNEL_EXHAUSTED;
    case GONG_ZALO_REFUSE:
        break;
    }
    return GONG_CHANNEL_REFUSE;
}

enum gong_channel_outcome
gong_zalo_judge(const struct gong_zalo_codes *codes,
                struct gong_channel_try *attempt, CURLcode code, long status,
                enum gong_zalo_meaning *meaning)
{
    struct gong_zalo_answer answer;

    if (code == CURLE_OK && status != 0 &&
        gong_zalo_answer_read(
            gong_str_from(attempt->answer, attempt->answer_length), &answer)) {
        *meaning = gong_zalo_meaning(codes, answer.code);
        if (*meaning != GONG_ZALO_SENT) {
            (void)snprintf(attempt->why, sizeof attempt->why,
                           "error %" PRId64 ": %s", answer.code, answer.text);
        }
        /* Said to be sent, by something that is not the service. */
        if (*meaning == GONG_ZALO_SENT && (status < 200 || status > 299)) {
            *meaning = GONG_ZALO_RETRY;
            (void)snprintf(attempt->why, sizeof attempt->why,
                           "status %ld with an answer that says it is sent",
                           status);
        }
        return outcome_of(*meaning);
    }
    *meaning = GONG_ZALO_RETRY;
    if (gong_channel_judge_status(attempt, code, status) == GONG_CHANNEL_SENT) {
        (void)snprintf(attempt->why, sizeof attempt->why,
                       "status %ld with an answer that is not Zalo's", status);
        return GONG_CHANNEL_RETRY;
    }
    *meaning = status == 401 ? GONG_ZALO_TOKEN
               : status == 0 || code != CURLE_OK || status == 408 ||
                       status == 429 || status >= 500
                   ? GONG_ZALO_RETRY
                   : GONG_ZALO_REFUSE;
    return outcome_of(*meaning);
}
