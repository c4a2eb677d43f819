#include "agent/tell/channel_zalo_oa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store/http_client.h"

#define URL_SIZE 1024

struct account {
    const struct gong_zalo_oa_config *config;
    struct gong_message_texts *texts;
    struct gong_zalo_token *token;
};

/* Published codes; what is in none of the lists is permanent. -32 rate, -200 no
 * answer in time; -211 the account's quota, -204, -205 it is gone, -221, -223,
 * -224 it may not, -320, -321 its cloud account is missing or empty. */
static const struct gong_option options[] = {
    GONG_ZALO_OPTIONS("https://openapi.zalo.me", "-32,-200",
                      "-204,-205,-211,-221,-223,-224,-320,-321"),
    GONG_ZALO_OA_OPTIONS("-216,-220"),
};

static const struct gong_option_table table = {
    .name = "channels.zalo_oa",
    .help = "Messages of a Zalo Official Account; addresses are user ids. Not "
            "tried against the live service.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

struct gong_zalo_token *
gong_zalo_oa_open(const struct gong_zalo_oa_config *config, char *why,
                  size_t why_size)
{
    const struct gong_zalo_token_options token = {
        .path = config->token_file,
        .app_id = config->app_id,
        .secret_file = config->secret_file,
        .oauth_url = config->oauth_url,
        .ca_file = config->zalo.ca_file,
        .timeout = config->zalo.timeout,
    };

    if (gong_zalo_config_check(&config->zalo, why, why_size) != GONG_OK) {
        return NULL;
    }
    if (!gong_http_url_valid(config->oauth_url)) {
        (void)snprintf(why, why_size,
                       "oauth_url must start with http:// or https:// and "
                       "name a host");
        return NULL;
    }
    if (!gong_http_url_private(config->oauth_url)) {
        (void)snprintf(why, why_size,
                       "oauth_url: secrets go by https:// only, but on "
                       "loopback");
        return NULL;
    }
    return gong_zalo_token_open(&token, why, why_size);
}

static enum gong_err
send_with(const struct gong_zalo_oa_config *config, const char *access,
          const char *path, char *body, struct gong_channel_try *attempt)
{
    static const char *const headers[] = {"Content-Type: application/json",
                                          NULL};
    char url[URL_SIZE];
    const struct gong_channel_post post = {.url = url,
                                           .headers = headers,
                                           .ca_file = config->zalo.ca_file,
                                           .timeout = config->zalo.timeout,
                                           .body = body};

    (void)snprintf(url, sizeof url, "%s%s", config->zalo.base_url, path);
    /* Before post, which hands the list to the handle. */
    if (!gong_zalo_token_header(&attempt->headers, access)) {
        free(body);
        return GONG_ERR_MEMORY;
    }
    return gong_channel_post(attempt, &post);
}

enum gong_err
gong_zalo_oa_post(const struct gong_zalo_oa_config *config,
                  struct gong_zalo_token *token, const char *path, char *body,
                  struct gong_channel_try *attempt)
{
    const char *access = NULL;

    if (body == NULL) {
        return GONG_ERR_MEMORY;
    }
    switch (gong_zalo_token_ask(token, &access)) {
    case GONG_ZALO_TOKEN_READY:
        return send_with(config, access, path, body, attempt);
    case GONG_ZALO_TOKEN_RENEW:
        free(body);
        return gong_zalo_token_begin(token, attempt);
    case GONG_ZALO_TOKEN_WAIT:
        break;
    }
    free(body);
    attempt->outcome = GONG_CHANNEL_RETRY;
    (void)snprintf(attempt->why, sizeof attempt->why,
                   "waiting for another token");
    return GONG_OK;
}

enum gong_channel_outcome
gong_zalo_oa_judge(const struct gong_zalo_oa_config *config,
                   struct gong_zalo_token *token,
                   struct gong_channel_try *attempt, CURLcode code, long status)
{
    enum gong_zalo_meaning meaning;
    enum gong_channel_outcome outcome;

    if (gong_zalo_token_renews(attempt)) {
        return gong_zalo_token_take(token, attempt, code, status);
    }
    gong_zalo_token_hide(token, attempt);
    outcome =
        gong_zalo_judge(&config->zalo.codes, attempt, code, status, &meaning);
    if (meaning == GONG_ZALO_TOKEN) {
        return gong_zalo_token_refused(token, attempt);
    }
    if (meaning == GONG_ZALO_SENT) {
        gong_zalo_token_proved(token);
    }
    return outcome;
}

static void
oa_close(void *state)
{
    struct account *account = state;

    gong_message_texts_free(account->texts);
    gong_zalo_token_close(account->token);
    free(account);
}

static enum gong_err
oa_open(const void *config, void **state, char *why, size_t why_size)
{
    const struct gong_zalo_oa_config *mine = config;
    struct account *account = calloc(1, sizeof *account);

    if (account == NULL) {
        return GONG_ERR_MEMORY;
    }
    account->config = mine;
    account->token = gong_zalo_oa_open(mine, why, why_size);
    if (account->token != NULL) {
        account->texts = gong_message_files_load(
            mine->zalo.templates, &mine->zalo.languages, why, why_size);
    }
    if (account->texts == NULL) {
        oa_close(account);
        return GONG_ERR_INVALID;
    }
    *state = account;
    return GONG_OK;
}

/* The type is "cs", never "promotion", which is refused at night. */
static enum gong_err
oa_begin(void *state, const struct gong_channel_send *send,
         struct gong_channel_try *attempt)
{
    const struct account *account = state;
    const struct gong_message_view view = {send->message, send->contact,
                                           send->signer};
    char *text;
    json_t *body;
    char *bytes;

    if (!gong_channel_line_valid(send->address)) {
        attempt->outcome = GONG_CHANNEL_REFUSE;
        (void)snprintf(attempt->why, sizeof attempt->why, "no user id");
        return GONG_OK;
    }
    text = gong_message_text(account->texts, &view, GONG_MESSAGE_CHAT,
                             GONG_ZALO_TEXT_MAX);
    body = text == NULL
               ? NULL
               : json_pack("{s:{s:s}, s:{s:s}}", "recipient", "user_id",
                           send->address, "message", "text", text);
    bytes = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    json_decref(body);
    free(text);
    return gong_zalo_oa_post(account->config, account->token,
                             "/v3.0/oa/message/cs", bytes, attempt);
}

static enum gong_channel_outcome
oa_judge(void *state, struct gong_channel_try *attempt, CURLcode code,
         long status)
{
    const struct account *account = state;

    return gong_zalo_oa_judge(account->config, account->token, attempt, code,
                              status);
}

static bool
check(const void *config, char *why, size_t why_size)
{
    const struct gong_zalo_oa_config *mine = config;

    return gong_message_files_check(mine->zalo.templates, &mine->zalo.languages,
                                    why, why_size);
}

const struct gong_channel_kind gong_channel_zalo_oa = {
    .type = "zalo_oa",
    .options = &table,
    .config_size = sizeof(struct gong_zalo_oa_config),
    .open = oa_open,
    .begin = oa_begin,
    .judge = oa_judge,
    .close = oa_close,
    .rate = 5,
    .burst = 20,
    .check = check,
};
