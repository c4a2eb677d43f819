/*
 * send_message: one message by one channel, as the outbox sends it:
 *
 *   send_message CONFIG ADDRESS KEY MESSAGE.json
 *
 * CONFIG holds the keys of an e-mail channel. Prints the outcome and the
 * reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/tell/channel.h"

static const char *
outcome_text(enum gong_channel_outcome outcome)
{
    switch (outcome) {
    case GONG_CHANNEL_SENT:
        return "sent";
    case GONG_CHANNEL_RETRY:
        return "retry";
    case GONG_CHANNEL_REFUSE:
        return "refuse";
    case GONG_CHANNEL_EXHAUSTED:
        break;
    }
    return "exhausted";
}

static void *
read_config(const struct gong_channel_kind *kind, const char *path)
{
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf = gong_conf_open(path, &errors);
    void *config = calloc(1, kind->config_size);

    if (conf == NULL || config == NULL ||
        !gong_conf_read(gong_conf_root(conf), kind->options, config, &errors)) {
        gong_conf_errors_print(&errors, stderr);
        free(config);
        config = NULL;
    }
    gong_conf_close(conf);
    gong_conf_errors_fini(&errors);
    return config;
}

static int
send_message(const struct gong_channel_kind *kind, void *state,
             const struct gong_channel_send *send)
{
    struct gong_channel_try attempt = {.wait_fd = -1};

    if (kind->begin(state, send, &attempt) != GONG_OK) {
        return 1;
    }
    if (attempt.easy != NULL) {
        CURLcode code = curl_easy_perform(attempt.easy);
        long status = 0;

        (void)curl_easy_getinfo(attempt.easy, CURLINFO_RESPONSE_CODE, &status);
        attempt.outcome = kind->judge(state, &attempt, code, status);
    }
    (void)printf("%s %s\n", outcome_text(attempt.outcome), attempt.why);
    curl_easy_cleanup(attempt.easy);
    curl_slist_free_all(attempt.headers);
    curl_slist_free_all(attempt.list);
    free(attempt.body);
    return 0;
}

int
main(int argc, char **argv)
{
    const struct gong_channel_kind *kind = &gong_channel_email;
    const struct gong_link_signer signer = {.base = "https://gong.example",
                                            .life_ms = 86400000};
    struct gong_channel_send send = {.contact = "cs-duty-1", .signer = &signer};
    void *config = argc == 5 ? read_config(kind, argv[1]) : NULL;
    json_t *message = argc == 5 ? json_load_file(argv[4], 0, NULL) : NULL;
    void *state = NULL;
    char why[512] = "";
    int status = 2;

    if (config == NULL || message == NULL) {
        return 2;
    }
    send.address = argv[2];
    send.key = argv[3];
    send.message = message;
    if (kind->open(config, &state, why, sizeof why) == GONG_OK) {
        status = send_message(kind, state, &send);
        kind->close(state);
    } else {
        (void)fprintf(stderr, "%s\n", why);
    }
    json_decref(message);
    gong_conf_free(kind->options, config);
    free(config);
    return status;
}
