#include "agent/tell/channel_zalo_bot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bot {
    const struct gong_zalo_bot_config *config;
    struct gong_message_texts *texts;
    char *token;
    char *url; /* with the token */
};

static const struct gong_option options[] = {
    {"token_file", GONG_OPTION_SECRET,
     offsetof(struct gong_zalo_bot_config, token_file), NULL, 0, 0, NULL, "",
     "File whose only line is the bot's token."},
    GONG_ZALO_OPTIONS("https://bot-api.zaloplatforms.com",
                      "408,429,500,502,503,504", "401"),
};

static const struct gong_option_table table = {
    .name = "channels.zalo_bot",
    .help = "Messages from a bot of the Zalo Bot platform; addresses are chat "
            "ids. Not tried against the live service.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

static void
bot_close(void *state)
{
    struct bot *bot = state;

    gong_message_texts_free(bot->texts);
    gong_channel_wipe(bot->url);
    gong_channel_wipe(bot->token);
    free(bot);
}

/* Letters, digits and the few signs that tokens have: nothing that could make
 * another address of it. */
static bool
token_valid(const char *token)
{
    for (const char *c = token; *c != '\0'; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || strchr(":_-.", *c) != NULL;

        if (!plain) {
            return false;
        }
    }
    return token[0] != '\0';
}

static char *
make_url(const struct gong_zalo_bot_config *config, const char *token,
         char *why, size_t why_size)
{
    char *url = NULL;
    size_t size;

    size = strlen(config->zalo.base_url) + strlen(token) +
           sizeof "/bot/sendMessage";
    if (!token_valid(token)) {
        (void)snprintf(why, why_size, "%s: found no token of a bot",
                       config->token_file);
    } else {
        url = malloc(size);
    }
    if (url != NULL) {
        (void)snprintf(url, size, "%s/bot%s/sendMessage", config->zalo.base_url,
                       token);
    }
    return url;
}

static enum gong_err
bot_open(const void *config, void **state, char *why, size_t why_size)
{
    const struct gong_zalo_bot_config *mine = config;
    struct bot *bot = calloc(1, sizeof *bot);
    enum gong_err err = GONG_ERR_INVALID;

    if (bot == NULL) {
        return GONG_ERR_MEMORY;
    }
    bot->config = mine;
    if (gong_zalo_config_check(&mine->zalo, why, why_size) == GONG_OK) {
        bot->texts = gong_message_files_load(
            mine->zalo.templates, &mine->zalo.languages, why, why_size);
    }
    if (bot->texts != NULL) {
        bot->token = gong_channel_secret(mine->token_file, why, why_size);
    }
    if (bot->token != NULL) {
        bot->url = make_url(mine, bot->token, why, why_size);
    }
    if (bot->url != NULL) {
        *state = bot;
        return GONG_OK;
    }
    bot_close(bot);
    return err;
}

static enum gong_err
bot_begin(void *state, const struct gong_channel_send *send,
          struct gong_channel_try *attempt)
{
    const struct bot *bot = state;
    static const char *const headers[] = {"Content-Type: application/json",
                                          NULL};
    const struct gong_message_view view = {send->message, send->contact,
                                           send->signer};
    struct gong_channel_post post = {.url = bot->url,
                                     .headers = headers,
                                     .ca_file = bot->config->zalo.ca_file,
                                     .timeout = bot->config->zalo.timeout};
    char *text;
    json_t *body;

    if (!gong_channel_line_valid(send->address)) {
        (void)snprintf(attempt->why, sizeof attempt->why, "no chat id");
        attempt->outcome = GONG_CHANNEL_REFUSE;
        return GONG_OK;
    }
    text = gong_message_text(bot->texts, &view, GONG_MESSAGE_CHAT,
                             GONG_ZALO_TEXT_MAX);
    body = text == NULL ? NULL
                        : json_pack("{s:s, s:s}", "chat_id", send->address,
                                    "text", text);
    free(text);
    post.body = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return gong_channel_post(attempt, &post);
}

static enum gong_channel_outcome
bot_judge(void *state, struct gong_channel_try *attempt, CURLcode code,
          long status)
{
    const struct bot *bot = state;
    enum gong_zalo_meaning meaning;

    gong_channel_hide(attempt, bot->token);
    return gong_zalo_judge(&bot->config->zalo.codes, attempt, code, status,
                           &meaning);
}

static bool
check(const void *config, char *why, size_t why_size)
{
    const struct gong_zalo_bot_config *mine = config;

    return gong_message_files_check(mine->zalo.templates, &mine->zalo.languages,
                                    why, why_size);
}

const struct gong_channel_kind gong_channel_zalo_bot = {
    .type = "zalo_bot",
    .options = &table,
    .config_size = sizeof(struct gong_zalo_bot_config),
    .open = bot_open,
    .begin = bot_begin,
    .judge = bot_judge,
    .close = bot_close,
    .rate = 5,
    .burst = 20,
    .check = check,
};
