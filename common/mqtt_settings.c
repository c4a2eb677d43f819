#include "common/mqtt_settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD_MAX 1024
#define RETRY_MAX_S  30

/* False without memory. NULL and "" both become NULL. */
static bool
copy_text(char **out, const char *text)
{
    *out = NULL;
    if (text == NULL || text[0] == '\0') {
        return true;
    }
    *out = strdup(text);
    return *out != NULL;
}

static bool
copy_topics(struct gong_mqtt_settings *to, const struct gong_mqtt_options *from)
{
    to->topic_count = from->subscription_count;
    if (to->topic_count == 0) {
        return true;
    }
    to->topics = (char **)calloc(to->topic_count, sizeof to->topics[0]);
    to->qos = calloc(to->topic_count, sizeof to->qos[0]);
    if (to->topics == NULL || to->qos == NULL) {
        return false;
    }
    for (size_t i = 0; i < to->topic_count; i++) {
        to->topics[i] = strdup(from->subscriptions[i]);
        to->qos[i] = 1;
        if (to->topics[i] == NULL) {
            return false;
        }
    }
    return true;
}

enum gong_err
gong_mqtt_settings_init(struct gong_mqtt_settings *settings,
                        const struct gong_mqtt_options *options)
{
    bool ok;

    *settings = (struct gong_mqtt_settings){
        .clean_session = options->clean_session,
        .keepalive_s = options->keepalive_s > 0 ? options->keepalive_s : 30,
        .connect_timeout_s =
            options->connect_timeout_s > 0 ? options->connect_timeout_s : 10,
        .retry_max = options->retry_max.ns > 0 ? options->retry_max
                                               : gong_dur_s(RETRY_MAX_S),
    };
    ok = copy_text(&settings->client_id, options->client_id) &&
         copy_text(&settings->username, options->username) &&
         copy_text(&settings->password_file, options->password_file) &&
         copy_text(&settings->ca_file, options->ca_file) &&
         copy_text(&settings->cert_file, options->cert_file) &&
         copy_text(&settings->key_file, options->key_file) &&
         copy_text(&settings->will_topic, options->will_topic) &&
         copy_text(&settings->will_payload, options->will_payload) &&
         copy_topics(settings, options);
    return ok ? GONG_OK : GONG_ERR_MEMORY;
}

void
gong_mqtt_settings_fini(struct gong_mqtt_settings *settings)
{
    for (size_t i = 0; settings->topics != NULL && i < settings->topic_count;
         i++) {
        free(settings->topics[i]);
    }
    free((void *)settings->topics);
    free(settings->qos);
    free(settings->client_id);
    free(settings->username);
    free(settings->password_file);
    free(settings->ca_file);
    free(settings->cert_file);
    free(settings->key_file);
    free(settings->will_topic);
    free(settings->will_payload);
    *settings = (struct gong_mqtt_settings){0};
}

/* The first line of the password file. */
static enum gong_err
read_password(const char *path, char out[PASSWORD_MAX], char *why,
              size_t why_size)
{
    FILE *file = fopen(path, "re");
    bool ok;

    if (file == NULL) {
        (void)snprintf(why, why_size, "cannot open password_file %s (errno %d)",
                       path, errno);
        return GONG_ERR_NOT_FOUND;
    }
    /* Unbuffered: no copy of the secret stays behind in a freed buffer. */
    (void)setvbuf(file, NULL, _IONBF, 0);
    ok = fgets(out, PASSWORD_MAX, file) != NULL;
    (void)fclose(file);
    out[ok ? strcspn(out, "\r\n") : 0] = '\0';
    ok = out[0] != '\0';
    if (!ok) {
        (void)snprintf(why, why_size,
                       "password_file %s: its first line is empty: put the "
                       "password there",
                       path);
    }
    return ok ? GONG_OK : GONG_ERR_INVALID;
}

/* A compiler may drop memset on memory that is not read again. */
static void
wipe(char *secret, size_t size)
{
    volatile char *byte = secret;

    while (size-- > 0) {
        *byte++ = '\0';
    }
}

/* The library says nothing of a file that it cannot read. */
static bool
readable(const char *key, const char *path, char *why, size_t why_size)
{
    FILE *file;

    if (path == NULL) {
        return true;
    }
    file = fopen(path, "re");
    if (file == NULL) {
        (void)snprintf(why, why_size, "cannot open %s %s (errno %d)", key, path,
                       errno);
        return false;
    }
    (void)fclose(file);
    return true;
}

static int
call_connect(const struct gong_mqtt_settings *settings,
             const struct gong_paho *paho, MQTTAsync handle,
             const struct gong_mqtt_connect *call, const char *password)
{
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    MQTTAsync_SSLOptions ssl = MQTTAsync_SSLOptions_initializer;

    options.keepAliveInterval = settings->keepalive_s;
    options.cleansession = settings->clean_session;
    options.connectTimeout = settings->connect_timeout_s;
    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.automaticReconnect = 0;
    options.retryInterval = 0;
    options.onSuccess = call->connected;
    options.onFailure = call->failed;
    options.context = call->context;
    options.username = settings->username;
    options.password = password;
    if (settings->will_topic != NULL) {
        will.topicName = settings->will_topic;
        will.message = call->will_payload != NULL       ? call->will_payload
                       : settings->will_payload != NULL ? settings->will_payload
                                                        : "";
        will.retained = 1;
        will.qos = 1;
        options.will = &will;
    }
    if (settings->tls) {
        ssl.trustStore = settings->ca_file;
        ssl.disableDefaultTrustStore = settings->ca_file != NULL;
        ssl.keyStore = settings->cert_file;
        ssl.privateKey = settings->key_file;
        ssl.enableServerCertAuth = 1;
        ssl.verify = 1;
        options.ssl = &ssl;
    }
    return paho->connect(handle, &options);
}

enum gong_err
gong_mqtt_settings_connect(const struct gong_mqtt_settings *settings,
                           const struct gong_paho *paho, MQTTAsync handle,
                           const struct gong_mqtt_connect *call, char *why,
                           size_t why_size)
{
    char password[PASSWORD_MAX] = "";
    const char *secret = NULL;
    int rc;

    if (settings->tls &&
        !(readable("ca_file", settings->ca_file, why, why_size) &&
          readable("cert_file", settings->cert_file, why, why_size) &&
          readable("key_file", settings->key_file, why, why_size))) {
        return GONG_ERR_NOT_FOUND;
    }
    if (settings->password_file != NULL) {
        enum gong_err err =
            read_password(settings->password_file, password, why, why_size);

        if (err != GONG_OK) {
            return err;
        }
        secret = password;
    }
    rc = call_connect(settings, paho, handle, call, secret);
    wipe(password, sizeof password);
    if (rc != MQTTASYNC_SUCCESS) {
        (void)snprintf(why, why_size, "the MQTT library refuses: %s (%d)",
                       paho->strerror(rc), rc);
        return GONG_ERR_INVALID;
    }
    return GONG_OK;
}
