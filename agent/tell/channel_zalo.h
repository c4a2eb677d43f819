/*
 * channel_zalo: what the three channels to Zalo have in common: their keys in
 * the configuration, and how an answer becomes an outcome.
 */
#ifndef GONG_AGENT_TELL_CHANNEL_ZALO_H
#define GONG_AGENT_TELL_CHANNEL_ZALO_H

#include "agent/tell/channel_easy.h"
#include "agent/tell/zalo_answer.h"

#define GONG_ZALO_TEXT_MAX 2000 /* UTF-16 units */

/* Keys of all three. */
struct gong_zalo_config {
    char *base_url;
    char *ca_file;
    gong_dur_t timeout;
    char *templates;
    struct gong_strings languages;
    struct gong_zalo_codes codes;
};

/* The keys of a struct that begins with a gong_zalo_config, with the service's
 * address and codes (commas between them) as defaults. */
#define GONG_ZALO_AT(member) offsetof(struct gong_zalo_config, member)
#define GONG_ZALO_OPTIONS(url, retry_codes, exhausted_codes)                   \
    {"base_url",                                                               \
     GONG_OPTION_STRING,                                                       \
     GONG_ZALO_AT(base_url),                                                   \
     url,                                                                      \
     0,                                                                        \
     0,                                                                        \
     NULL,                                                                     \
     "",                                                                       \
     "Address of the service."},                                               \
        {"ca_file",                                                            \
         GONG_OPTION_FILE,                                                     \
         GONG_ZALO_AT(ca_file),                                                \
         "",                                                                   \
         0,                                                                    \
         0,                                                                    \
         NULL,                                                                 \
         "",                                                                   \
         "PEM file of the authorities to trust instead of the system's."},     \
        {"timeout",                                                            \
         GONG_OPTION_DURATION,                                                 \
         GONG_ZALO_AT(timeout),                                                \
         "10s",                                                                \
         100,                                                                  \
         60000,                                                                \
         NULL,                                                                 \
         "",                                                                   \
         "How long one try may take."},                                        \
        {"templates",                                                          \
         GONG_OPTION_FOLDER,                                                   \
         GONG_ZALO_AT(templates),                                              \
         "",                                                                   \
         0,                                                                    \
         0,                                                                    \
         NULL,                                                                 \
         "",                                                                   \
         "Folder of vi.tmpl and en.tmpl; empty: those built in."},             \
        {"languages",                                                          \
         GONG_OPTION_STRINGS,                                                  \
         GONG_ZALO_AT(languages),                                              \
         "vi,en",                                                              \
         0,                                                                    \
         0,                                                                    \
         NULL,                                                                 \
         "",                                                                   \
         "vi, en: the order in which a message is written."},                  \
        {"retry_codes",                                                        \
         GONG_OPTION_STRINGS,                                                  \
         GONG_ZALO_AT(codes.retry),                                            \
         retry_codes,                                                          \
         0,                                                                    \
         0,                                                                    \
         NULL,                                                                 \
         "",                                                                   \
         "Error codes after which the same is tried again."},                  \
    {                                                                          \
        "exhausted_codes", GONG_OPTION_STRINGS, GONG_ZALO_AT(codes.exhausted), \
            exhausted_codes, 0, 0, NULL, "",                                   \
            "Error codes that mean that nobody is reached this way for now: "  \
            "a quota is used up, an account is closed."                        \
    }

/* gong_zalo_config_check: INVALID with why. */
enum gong_err gong_zalo_config_check(const struct gong_zalo_config *config,
                                     char *why,
                                     size_t why_size) GONG_MUST_CHECK;

/* gong_zalo_judge: *meaning: what the answer says; the outcome is that of a
 * channel whose token cannot be renewed. Fills why unless SENT. */
enum gong_channel_outcome gong_zalo_judge(const struct gong_zalo_codes *codes,
                                          struct gong_channel_try *attempt,
                                          CURLcode code, long status,
                                          enum gong_zalo_meaning *meaning);

#endif
