#include "ctl/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>

#include <curl/curl.h>

#define TIMEOUT_S  60L
#define CONNECT_S  10L
#define BASE_MAX   512
#define HEADER_MAX 4160 /* of a token of any length that is read */
#define UNIX       "unix:"
#define HTTPS      "https://"

struct gong_ctl_client {
    CURL *curl;
    struct curl_slist *headers;
    char base[BASE_MAX]; /* of URLs, without a slash at its end */
    bool local;
    char *bytes; /* of the answer */
    size_t len;
    bool too_large;
};

void
gong_ctl_client_patience(struct gong_ctl_client *client, long seconds)
{
    (void)curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, seconds);
}

static size_t
take(char *bytes, size_t size, size_t count, void *ctx)
{
    struct gong_ctl_client *client = ctx;
    size_t len = size * count;
    char *grown;

    if (client->len + len > GONG_CTL_ANSWER_MAX) {
        client->too_large = true;
        return 0;
    }
    grown = realloc(client->bytes, client->len + len + 1);
    if (grown == NULL) {
        return 0;
    }
    memcpy(grown + client->len, bytes, len);
    client->bytes = grown;
    client->len += len;
    return len;
}

static bool
add_header(struct gong_ctl_client *client, const char *header)
{
    struct curl_slist *grown = curl_slist_append(client->headers, header);

    if (grown != NULL) {
        client->headers = grown;
    }
    return grown != NULL;
}

static bool
set_up(struct gong_ctl_client *client, const char *agent, const char *token,
       const char *ca_file)
{
    CURL *curl = client->curl;
    bool plain = strncasecmp(agent, HTTPS, strlen(HTTPS)) != 0;
    char header[HEADER_MAX];
    bool good = add_header(client, "Content-Type: application/json") &&
                add_header(client, "Expect:");

    if (token != NULL && token[0] != '\0') {
        (void)snprintf(header, sizeof header, "Authorization: Bearer %s",
                       token);
        good = good && add_header(client, header);
    }
    client->local = strncmp(agent, UNIX, strlen(UNIX)) == 0;
    (void)snprintf(client->base, sizeof client->base, "%s",
                   client->local ? "http://localhost" : agent);
    if (client->local) {
        good = good && curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH,
                                        agent + strlen(UNIX)) == CURLE_OK;
    }
    if (ca_file != NULL) {
        good =
            good && curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file) == CURLE_OK;
    }
    return good &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROXY,
                            plain ? "*" : "localhost,127.0.0.1,::1") ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, client) == CURLE_OK;
}

/* This machine and no name that merely begins like it. */
static bool
is_loopback(const char *host)
{
    struct in_addr address;

    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &address) == 1 &&
            ntohl(address.s_addr) >> 24 == 127);
}

static bool
has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return has;
}

/* A URL as curl reads it, so that both mean the same host. */
static bool
is_safe_url(CURLU *url, const char *agent)
{
    char *scheme = NULL, *host = NULL;
    bool safe =
        curl_url_set(url, CURLUPART_URL, agent, 0) == CURLUE_OK &&
        !has_part(url, CURLUPART_USER) && !has_part(url, CURLUPART_PASSWORD) &&
        !has_part(url, CURLUPART_QUERY) && !has_part(url, CURLUPART_FRAGMENT) &&
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        (strcmp(scheme, "https") == 0 ||
         (strcmp(scheme, "http") == 0 && is_loopback(host)));

    curl_free(scheme);
    curl_free(host);
    return safe;
}

/* NULL: it is one. */
static const char *
wrong_agent(const char *agent)
{
    size_t len = strlen(agent);
    CURLU *url;
    bool safe;

    if (len >= BASE_MAX || (len > 0 && agent[len - 1] == '/')) {
        return "địa chỉ không hợp lệ | the address is none, or ends in /";
    }
    if (strncmp(agent, UNIX, strlen(UNIX)) == 0) {
        return NULL;
    }
    url = curl_url();
    safe = url != NULL && is_safe_url(url, agent);
    curl_url_cleanup(url);
    return safe ? NULL
                : "cần unix:ĐƯỜNG_DẪN hoặc https://MÁY | expected unix:PATH "
                  "or https://HOST";
}

enum gong_err
gong_ctl_client_open(const char *agent, const char *token, const char *ca_file,
                     struct gong_ctl_client **out, char *why, size_t why_size)
{
    const char *wrong = wrong_agent(agent);
    struct gong_ctl_client *client;

    *out = NULL;
    if (wrong != NULL) {
        (void)snprintf(why, why_size, "%s", wrong);
        return GONG_ERR_INVALID;
    }
    client = calloc(1, sizeof *client);
    if (client != NULL) {
        client->curl = curl_easy_init();
    }
    if (client == NULL || client->curl == NULL ||
        !set_up(client, agent, token, ca_file)) {
        (void)snprintf(why, why_size, "hết bộ nhớ | out of memory");
        gong_ctl_client_close(client);
        return GONG_ERR_MEMORY;
    }
    *out = client;
    return GONG_OK;
}

void
gong_ctl_client_close(struct gong_ctl_client *client)
{
    if (client == NULL) {
        return;
    }
    curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    free(client->bytes);
    free(client);
}

void
gong_ctl_client_hurry(struct gong_ctl_client *client, long seconds)
{
    (void)curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, seconds);
}

bool
gong_ctl_client_local(const struct gong_ctl_client *client)
{
    return client->local;
}

static bool
set_request(struct gong_ctl_client *client, const char *method,
            const char *path, const char *body)
{
    char url[BASE_MAX + 4096];
    bool reads = strcmp(method, "GET") == 0;
    CURL *curl = client->curl;

    (void)snprintf(url, sizeof url, "%s%s", client->base, path);
    if (curl_easy_setopt(curl, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) != CURLE_OK) {
        return false;
    }
    if (!reads && curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS,
                                   body == NULL ? "" : body) != CURLE_OK) {
        return false;
    }
    return curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK;
}

void
gong_ctl_ask(struct gong_ctl_client *client, const char *method,
             const char *path, const json_t *body,
             struct gong_ctl_answer *answer)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    CURLcode code = CURLE_OUT_OF_MEMORY;

    memset(answer, 0, sizeof *answer);
    client->len = 0;
    client->too_large = false;
    if ((body == NULL || text != NULL) &&
        set_request(client, method, path, text)) {
        code = curl_easy_perform(client->curl);
    }
    free(text);
    if (code != CURLE_OK) {
        (void)snprintf(answer->why, sizeof answer->why, "%s",
                       client->too_large ? "the answer is too large"
                                         : curl_easy_strerror(code));
        return;
    }
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE,
                            &answer->status);
    answer->json =
        json_loadb(client->len == 0 ? "" : client->bytes, client->len, 0, NULL);
}

void
gong_ctl_answer_fini(struct gong_ctl_answer *answer)
{
    json_decref(answer->json);
    answer->json = NULL;
}

char *
gong_ctl_escape(struct gong_ctl_client *client, const char *text)
{
    char *escaped = curl_easy_escape(client->curl, text, 0);
    char *copy = escaped == NULL ? NULL : strdup(escaped);

    curl_free(escaped);
    return copy;
}
