#include "agent/tell/channel_email.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store/http_client.h"
#include "agent/tell/mail_compose.h"
#include "common/log.h"
#include "agent/store/http_easy.h"

#define ZONE_MS INT64_C(25200000) /* Viet Nam, where the message names none */

struct mailer {
    const struct gong_email_config *config;
    struct gong_message_texts *texts;
    char *password; /* NULL: none */
    bool loopback;
};

static const char *const tls_names[] = {"auto", "required", "none", NULL};

#define AT(member) offsetof(struct gong_email_config, member)

static const struct gong_option options[] = {
    {"url", GONG_OPTION_STRING, AT(url), NULL, 0, 0, NULL, "",
     "The mail server: smtp://HOST:587 or smtps://HOST:465; /NAME behind it is "
     "what it is greeted with."},
    {"from", GONG_OPTION_STRING, AT(from), NULL, 0, 0, NULL, "",
     "Address that mails come from."},
    {"from_name", GONG_OPTION_STRING, AT(from_name), "", 0, 0, NULL, "",
     "Name beside it."},
    {"user", GONG_OPTION_STRING, AT(user), "", 0, 0, NULL, "",
     "User at the server; empty: none is named."},
    {"password_file", GONG_OPTION_SECRET, AT(password_file), "", 0, 0, NULL, "",
     "File whose only line is the user's password."},
    {"tls", GONG_OPTION_CHOICE, AT(tls), "auto", 0, 0, tls_names, "",
     "STARTTLS of smtp://: auto requires it but on loopback; none is for "
     "loopback only."},
    {"ca_file", GONG_OPTION_FILE, AT(ca_file), "", 0, 0, NULL, "",
     "PEM file of the authorities to trust instead of the system's."},
    {"timeout", GONG_OPTION_DURATION, AT(timeout), "30s", 100, 600000, NULL, "",
     "How long one try may take."},
    {"templates", GONG_OPTION_FOLDER, AT(templates), "", 0, 0, NULL, "",
     "Folder of vi.tmpl and en.tmpl; empty: those built in."},
    {"languages", GONG_OPTION_STRINGS, AT(languages), "vi,en", 0, 0, NULL, "",
     "vi, en: the order in which a message is written."},
};

static const struct gong_option_table table = {
    .name = "channels.email",
    .help = "Mail over SMTP, as text and HTML; addresses are mail addresses.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

static void
email_close(void *state)
{
    struct mailer *mailer = state;

    gong_message_texts_free(mailer->texts);
    gong_channel_wipe(mailer->password);
    free(mailer);
}

/* Whether url is one of a mail server; *loopback of its host. */
static bool
url_valid(const char *url, bool *loopback)
{
    char plain[1024];
    const char *host = strncmp(url, "smtp://", 7) == 0    ? url + 7
                       : strncmp(url, "smtps://", 8) == 0 ? url + 8
                                                          : NULL;

    if (host == NULL || strchr(host, '@') != NULL ||
        snprintf(plain, sizeof plain, "http://%s", host) >= (int)sizeof plain) {
        return false;
    }
    *loopback = gong_http_url_loopback(plain);
    return gong_http_url_valid(plain);
}

static const char *
what_is_wrong(const struct gong_email_config *config, bool *loopback)
{
    if (!url_valid(config->url, loopback)) {
        return "url must be smtp://HOST:PORT or smtps://HOST:PORT";
    }
    if (!gong_mail_address_valid(config->from)) {
        return "from must be a mail address";
    }
    if (config->from_name[0] != '\0' &&
        !gong_channel_line_valid(config->from_name)) {
        return "from_name must be one line of text";
    }
    if (config->tls == GONG_EMAIL_TLS_NONE && !*loopback) {
        return "tls = \"none\" is for loopback only";
    }
    if ((config->user[0] == '\0') != (config->password_file[0] == '\0')) {
        return "user and password_file go together";
    }
    return NULL;
}

static enum gong_err
email_open(const void *config, void **state, char *why, size_t why_size)
{
    const struct gong_email_config *mine = config;
    struct mailer *mailer = calloc(1, sizeof *mailer);
    const char *wrong;

    if (mailer == NULL) {
        return GONG_ERR_MEMORY;
    }
    mailer->config = mine;
    wrong = what_is_wrong(mine, &mailer->loopback);
    if (wrong != NULL) {
        (void)snprintf(why, why_size, "%s", wrong);
    } else if (mine->user[0] == '\0' ||
               (mailer->password = gong_channel_secret(mine->password_file, why,
                                                       why_size)) != NULL) {
        mailer->texts = gong_message_files_load(
            mine->templates, &mine->languages, why, why_size);
    }
    if (mailer->texts == NULL) {
        email_close(mailer);
        return GONG_ERR_INVALID;
    }
    *state = mailer;
    return GONG_OK;
}

static size_t
on_read(char *out, size_t size, size_t count, void *ctx)
{
    struct gong_channel_try *attempt = ctx;
    size_t room = size * count;
    size_t left = attempt->body_length - attempt->body_sent;
    size_t len = left < room ? left : room;

    memcpy(out, attempt->body + attempt->body_sent, len);
    attempt->body_sent += len;
    return len;
}

/* A connection that was kept and is closed is replaced, and what was sent over
 * it is sent again. */
static int
on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct gong_channel_try *attempt = ctx;

    if (origin != SEEK_SET || offset < 0 ||
        (curl_off_t)attempt->body_length < offset) {
        return CURL_SEEKFUNC_FAIL;
    }
    attempt->body_sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static long
use_ssl(const struct mailer *mailer)
{
    switch ((enum gong_email_tls)mailer->config->tls) {
    case GONG_EMAIL_TLS_AUTO:
        return mailer->loopback ? (long)CURLUSESSL_TRY : (long)CURLUSESSL_ALL;
    case GONG_EMAIL_TLS_REQUIRED:
        return (long)CURLUSESSL_ALL;
    case GONG_EMAIL_TLS_NONE:
        break;
    }
    return (long)CURLUSESSL_NONE;
}

static enum gong_err
prepare(const struct mailer *mailer, const char *address,
        struct gong_channel_try *attempt)
{
    char from[GONG_MAIL_ADDRESS_MAX + 3];
    char to[GONG_MAIL_ADDRESS_MAX + 3];
    CURL *easy = gong_http_easy(&(struct gong_http_easy){
        .schemes = "smtp,smtps",
        .ca_file = mailer->config->ca_file,
        .username = mailer->password == NULL ? "" : mailer->config->user,
        .password = mailer->password,
        .timeout = mailer->config->timeout,
    });

    attempt->easy = easy;
    (void)snprintf(from, sizeof from, "<%s>", mailer->config->from);
    (void)snprintf(to, sizeof to, "<%s>", address);
    if (easy != NULL && gong_http_easy_proxy(easy, mailer->loopback) &&
        gong_http_header(&attempt->list, to) &&
        curl_easy_setopt(easy, CURLOPT_URL, mailer->config->url) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_USE_SSL, use_ssl(mailer)) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, attempt->list) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                         (curl_off_t)attempt->body_length) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_READDATA, attempt) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, attempt) == CURLE_OK) {
        return GONG_OK;
    }
    return GONG_ERR_MEMORY;
}

static bool
is_urgent(const json_t *message)
{
    const json_t *items = json_object_get(message, "items");
    const json_t *item;
    size_t i;

    for (i = 0; i < json_array_size(items); i++) {
        const char *severity;
        const char *news;

        item = json_array_get(items, i);
        severity = json_string_value(json_object_get(item, "severity"));
        news = json_string_value(json_object_get(item, "news"));
        if (severity != NULL && strcmp(severity, "critical") == 0 &&
            (news == NULL || strcmp(news, "resolved") != 0)) {
            return true;
        }
    }
    return false;
}

static char *
write_mail(const struct mailer *mailer, const struct gong_channel_send *send,
           size_t *len)
{
    const struct gong_message_view view = {send->message, send->contact,
                                           send->signer};
    const json_t *zone = json_object_get(send->message, "zone");
    json_int_t number = json_integer_value(json_object_get(
        json_array_get(json_object_get(send->message, "items"), 0), "number"));
    char *subject =
        gong_message_text(mailer->texts, &view, GONG_MESSAGE_SUBJECT, 0);
    char *text = gong_message_text(mailer->texts, &view, GONG_MESSAGE_MAIL, 0);
    char *html = gong_message_text(mailer->texts, &view, GONG_MESSAGE_HTML, 0);
    struct gong_mail mail = {
        .from = mailer->config->from,
        .from_name = mailer->config->from_name,
        .to = send->address,
        .key = send->key,
        .subject = subject,
        .text = text,
        .html = html,
        .incident = number > 0 ? (uint64_t)number : 0,
        .at_ms = json_integer_value(json_object_get(send->message, "at")),
        .zone_ms = json_is_integer(zone) ? json_integer_value(zone) : ZONE_MS,
        .urgent = is_urgent(send->message),
    };
    char *bytes = NULL;

    if (subject != NULL && text != NULL && html != NULL) {
        bytes = gong_mail_compose(&mail, len);
    }
    free(subject);
    free(text);
    free(html);
    return bytes;
}

static enum gong_err
email_begin(void *state, const struct gong_channel_send *send,
            struct gong_channel_try *attempt)
{
    const struct mailer *mailer = state;

    if (!gong_mail_address_valid(send->address)) {
        attempt->outcome = GONG_CHANNEL_REFUSE;
        (void)snprintf(attempt->why, sizeof attempt->why, "no mail address");
        return GONG_OK;
    }
    attempt->body = write_mail(mailer, send, &attempt->body_length);
    if (attempt->body == NULL) {
        return GONG_ERR_MEMORY;
    }
    return prepare(mailer, send->address, attempt);
}

enum gong_channel_outcome
gong_email_judge(CURLcode code, long status)
{
    if (code == CURLE_OK) {
        return GONG_CHANNEL_SENT;
    }
    /* Nobody's mail is taken like this, until somebody mends it. */
    if (code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED ||
        code == CURLE_PEER_FAILED_VERIFICATION ||
        code == CURLE_SSL_CACERT_BADFILE) {
        return GONG_CHANNEL_EXHAUSTED;
    }
    /* The server took the connection, and not this mail. */
    return status >= 500 && status <= 599 ? GONG_CHANNEL_REFUSE
                                          : GONG_CHANNEL_RETRY;
}

static enum gong_channel_outcome
email_judge(void *state, struct gong_channel_try *attempt, CURLcode code,
            long status)
{
    enum gong_channel_outcome outcome = gong_email_judge(code, status);

    (void)state;
    if (outcome != GONG_CHANNEL_SENT) {
        (void)snprintf(attempt->why, sizeof attempt->why, "reply %ld: %s",
                       status, curl_easy_strerror(code));
    }
    return outcome;
}

static bool
check(const void *config, char *why, size_t why_size)
{
    const struct gong_email_config *mine = config;

    return gong_message_files_check(mine->templates, &mine->languages, why,
                                    why_size);
}

const struct gong_channel_kind gong_channel_email = {
    .type = "email",
    .options = &table,
    .config_size = sizeof(struct gong_email_config),
    .open = email_open,
    .begin = email_begin,
    .judge = email_judge,
    .close = email_close,
    .rate = 10,
    .burst = 50,
    .check = check,
};
