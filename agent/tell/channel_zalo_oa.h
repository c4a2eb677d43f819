/*
 * channel_zalo_oa: what the channels of an Official Account share, messages
 * (zalo_oa) and templates (zns): the account's token, and sending with it.
 */
#ifndef GONG_AGENT_TELL_CHANNEL_ZALO_OA_H
#define GONG_AGENT_TELL_CHANNEL_ZALO_OA_H

#include "agent/tell/channel_zalo.h"
#include "agent/tell/zalo_token.h"

struct gong_zalo_oa_config {
    struct gong_zalo_config zalo; /* first */
    char *app_id;
    char *secret_file;
    char *token_file;
    char *oauth_url;
};

#define GONG_ZALO_OA_AT(member) offsetof(struct gong_zalo_oa_config, member)
/* Keys of a struct that begins with a gong_zalo_oa_config. */
#define GONG_ZALO_OA_OPTIONS(token_codes)                                      \
    {"app_id",                                                                 \
     GONG_OPTION_STRING,                                                       \
     GONG_ZALO_OA_AT(app_id),                                                  \
     NULL,                                                                     \
     0,                                                                        \
     0,                                                                        \
     NULL,                                                                     \
     "",                                                                       \
     "Number of the application that the account is linked to."},              \
        {"secret_file",                                                        \
         GONG_OPTION_SECRET,                                                   \
         GONG_ZALO_OA_AT(secret_file),                                         \
         NULL,                                                                 \
         0,                                                                    \
         0,                                                                    \
         NULL,                                                                 \
         "",                                                                   \
         "File whose only line is the application's secret key."},             \
        {"token_file",                                                         \
         GONG_OPTION_SECRET,                                                   \
         GONG_ZALO_OA_AT(token_file),                                          \
         NULL,                                                                 \
         0,                                                                    \
         0,                                                                    \
         NULL,                                                                 \
         "",                                                                   \
         "JSON file of the account's tokens; it is written at each renewal."}, \
        {"oauth_url",                                                          \
         GONG_OPTION_STRING,                                                   \
         GONG_ZALO_OA_AT(oauth_url),                                           \
         "https://oauth.zaloapp.com",                                          \
         0,                                                                    \
         0,                                                                    \
         NULL,                                                                 \
         "",                                                                   \
         "Address of the service that renews tokens."},                        \
    {                                                                          \
        "token_codes", GONG_OPTION_STRINGS, GONG_ZALO_OA_AT(zalo.codes.token), \
            token_codes, 0, 0, NULL, "",                                       \
            "Error codes that mean that the token must be renewed."            \
    }

/* gong_zalo_oa_open: checks the keys and reads secret and tokens; NULL with
 * why. config is borrowed until the token is closed. */
struct gong_zalo_token *
gong_zalo_oa_open(const struct gong_zalo_oa_config *config, char *why,
                  size_t why_size);

/* gong_zalo_oa_post: sends body (heap, taken) to the account's path with a good
 * token, or renews it first. */
enum gong_err
gong_zalo_oa_post(const struct gong_zalo_oa_config *config,
                  struct gong_zalo_token *token, const char *path, char *body,
                  struct gong_channel_try *attempt) GONG_MUST_CHECK;

/* gong_zalo_oa_judge: of both, a renewal and a message. */
enum gong_channel_outcome gong_zalo_oa_judge(
    const struct gong_zalo_oa_config *config, struct gong_zalo_token *token,
    struct gong_channel_try *attempt, CURLcode code, long status);

#endif
