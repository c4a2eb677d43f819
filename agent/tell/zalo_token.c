#include "agent/tell/zalo_token.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "agent/tell/zalo_answer.h"
#include "agent/tell/zalo_pair.h"
#include "common/log.h"
#include "common/spool_file.h"
#include "common/wipe.h"
#include "agent/store/http_easy.h"

#define PATH_SIZE     4096
#define EARLY_MS      INT64_C(300000) /* renewed so long before it ends */
#define PAUSE_S       60              /* between two renewals at least */
#define LIFE_MAX_S    INT64_C(2592000)
#define ACCESS_HEADER "access_token: "
#define SECRET_HEADER "secret_key: "

struct gong_zalo_token {
    struct gong_zalo_token_options options;
    char *secret_header;
    char folder[PATH_SIZE];
    const char *name; /* of the file in the folder */
    char access[GONG_ZALO_ACCESS_MAX];
    char refresh[GONG_ZALO_ACCESS_MAX];
    int64_t expires_ms; /* wall clock; 0: not known */
    struct stat seen;   /* of the file, when it was read */
    int lock;           /* -1: not held */
    gong_mono_t began;  /* the renewal that holds it */
    bool renewed;       /* at least once, at `began` */
    bool refused;       /* the access token is no longer taken */
    bool unproved;      /* renewed, and not yet taken by the service */
    bool unstored;      /* the file could not be written */
};

static bool
same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Takes over what the file says, if it is another one than before. False: there
 * is none that can be read. */
static bool
read_again(struct gong_zalo_token *token)
{
    char access[GONG_ZALO_ACCESS_MAX] = "";
    char refresh[GONG_ZALO_ACCESS_MAX] = "";
    struct stat about;
    json_t *file;
    bool ok;

    if (stat(token->options.path, &about) == 0 &&
        same_file(&about, &token->seen)) {
        return true;
    }
    file = gong_zalo_pair_load(token->options.path, &about);
    ok = gong_zalo_pair_member(file, "refresh_token", refresh);
    (void)gong_zalo_pair_member(file, "access_token", access);
    if (ok) {
        bool other = strcmp(access, token->access) != 0;

        token->seen = about;
        token->expires_ms =
            json_integer_value(json_object_get(file, "expires"));
        memcpy(token->access, access, sizeof access);
        memcpy(token->refresh, refresh, sizeof refresh);
        token->refused = token->refused && !other;
        token->unproved = token->unproved && !other;
        token->unstored = false;
    }
    json_decref(file);
    gong_wipe(access, sizeof access);
    gong_wipe(refresh, sizeof refresh);
    return ok;
}

static bool
split_path(struct gong_zalo_token *token)
{
    const char *path = token->options.path;
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;

    if (len + 2 > sizeof token->folder) {
        return false;
    }
    memcpy(token->folder, path, len);
    memcpy(token->folder + len, len == 0 ? "." : "", len == 0 ? 2 : 1);
    token->name = path[len] == '\0' ? NULL : path + len;
    return token->name != NULL;
}

static bool
read_secret(struct gong_zalo_token *token, char *why, size_t why_size)
{
    char *secret =
        gong_channel_secret(token->options.secret_file, why, why_size);
    size_t size;

    if (secret == NULL) {
        return false;
    }
    size = strlen(secret) + sizeof SECRET_HEADER;
    token->secret_header = malloc(size);
    if (token->secret_header != NULL) {
        (void)snprintf(token->secret_header, size, SECRET_HEADER "%s", secret);
    }
    gong_channel_wipe(secret);
    return token->secret_header != NULL;
}

static void
unlock(struct gong_zalo_token *token)
{
    if (token->lock >= 0) {
        (void)close(token->lock);
        token->lock = -1;
    }
}

/* Whether nobody else renews it. */
static bool
lock(struct gong_zalo_token *token)
{
    char path[PATH_SIZE];

    if (snprintf(path, sizeof path, "%s.lock", token->options.path) >=
        (int)sizeof path) {
        return false;
    }
    token->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (token->lock >= 0 && flock(token->lock, LOCK_EX | LOCK_NB) != 0) {
        unlock(token);
    }
    return token->lock >= 0;
}

struct gong_zalo_token *
gong_zalo_token_open(const struct gong_zalo_token_options *options, char *why,
                     size_t why_size)
{
    struct gong_zalo_token *token = calloc(1, sizeof *token);

    if (token == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return NULL;
    }
    token->options = *options;
    token->lock = -1;
    if (!read_secret(token, why, why_size)) {
        gong_zalo_token_close(token);
        return NULL;
    }
    if (split_path(token) && lock(token)) {
        gong_zalo_pair_adopt(token->options.path, token->folder);
        unlock(token);
    }
    if (token->name == NULL || !read_again(token)) {
        (void)snprintf(why, why_size,
                       "%s: found no refresh_token, expected "
                       "{\"access_token\":..,\"refresh_token\":..}",
                       options->path);
        gong_zalo_token_close(token);
        return NULL;
    }
    return token;
}

void
gong_zalo_token_close(struct gong_zalo_token *token)
{
    if (token == NULL) {
        return;
    }
    unlock(token);
    gong_channel_wipe(token->secret_header);
    gong_wipe(token->access, sizeof token->access);
    gong_wipe(token->refresh, sizeof token->refresh);
    free(token);
}

static int64_t
now_ms(void)
{
    return gong_floor_ms(gong_wall_now().ns);
}

static bool
usable(const struct gong_zalo_token *token)
{
    return token->access[0] != '\0' && !token->refused &&
           (token->expires_ms == 0 || token->expires_ms - EARLY_MS > now_ms());
}

static json_t *
to_json(const struct gong_zalo_token *token)
{
    return json_pack("{s:s, s:s, s:I}", "access_token", token->access,
                     "refresh_token", token->refresh, "expires",
                     (json_int_t)token->expires_ms);
}

static bool
store(struct gong_zalo_token *token)
{
    json_t *file = to_json(token);
    char *text = file == NULL ? NULL : json_dumps(file, JSON_COMPACT);
    int fd = open(token->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = text != NULL && fd >= 0 &&
              gong_spool_file_replace(fd, token->name, text, strlen(text)) ==
                  GONG_OK &&
              stat(token->options.path, &token->seen) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    json_decref(file);
    gong_channel_wipe(text);
    if (ok && token->unstored) {
        gong_log(GONG_LOG_INFO, "zalo_token_stored", "file=%s",
                 token->options.path);
    } else if (!ok && !token->unstored) {
        gong_log(GONG_LOG_ERROR, "zalo_token_not_stored",
                 "file=%s todo=\"make room or give access: without this file "
                 "access must be granted again after a restart\"",
                 token->options.path);
    }
    token->unstored = !ok;
    return ok;
}

/* Whether the file is the one that was read or written last. */
static bool
is_seen(const struct gong_zalo_token *token)
{
    struct stat about;

    return stat(token->options.path, &about) != 0 ||
           same_file(&about, &token->seen);
}

/* What an earlier try to store could not; but whoever put other tokens there
 * meanwhile knows better. */
static void
keep_up(struct gong_zalo_token *token)
{
    if (token->unstored && (is_seen(token) || !read_again(token))) {
        (void)store(token);
    } else if (!token->unstored) {
        (void)read_again(token);
    }
}

enum gong_zalo_token_state
gong_zalo_token_ask(struct gong_zalo_token *token, const char **access)
{
    gong_dur_t since = gong_mono_since(gong_mono_now(), token->began);

    keep_up(token);
    if (usable(token)) {
        *access = token->access;
        return GONG_ZALO_TOKEN_READY;
    }
    /* A renewal that nobody took the end of is over after its timeout. */
    if (token->lock >= 0 && since.ns > 2 * token->options.timeout.ns) {
        unlock(token);
    }
    if (token->lock >= 0 ||
        (token->renewed && since.ns < PAUSE_S * GONG_NS_PER_S) ||
        !lock(token)) {
        return GONG_ZALO_TOKEN_WAIT;
    }
    /* The one who held the lock may have renewed it. */
    gong_zalo_pair_adopt(token->options.path, token->folder);
    keep_up(token);
    if (usable(token)) {
        unlock(token);
        *access = token->access;
        return GONG_ZALO_TOKEN_READY;
    }
    return GONG_ZALO_TOKEN_RENEW;
}

static char *
form(const struct gong_zalo_token *token)
{
    char *refresh = curl_easy_escape(NULL, token->refresh, 0);
    char *app = curl_easy_escape(NULL, token->options.app_id, 0);
    static const char rest[] =
        "refresh_token=%s&app_id=%s&grant_type=refresh_token";
    size_t size = sizeof rest + (refresh == NULL ? 0 : strlen(refresh)) +
                  (app == NULL ? 0 : strlen(app));
    char *out = refresh == NULL || app == NULL ? NULL : malloc(size);

    if (out != NULL) {
        (void)snprintf(out, size,
                       "refresh_token=%s&app_id=%s&grant_type=refresh_token",
                       refresh, app);
    }
    curl_free(refresh);
    curl_free(app);
    return out;
}

enum gong_err
gong_zalo_token_begin(struct gong_zalo_token *token,
                      struct gong_channel_try *attempt)
{
    char url[1024];
    const char *const headers[] = {
        "Content-Type: application/x-www-form-urlencoded", token->secret_header,
        NULL};
    const struct gong_channel_post post = {
        .url = url,
        .headers = headers,
        .ca_file = token->options.ca_file,
        .timeout = token->options.timeout,
        .body = form(token),
    };
    enum gong_err err;

    (void)snprintf(url, sizeof url, "%s/v4/oa/access_token",
                   token->options.oauth_url);
    token->began = gong_mono_now();
    token->renewed = true;
    err = gong_channel_post(attempt, &post);
    if (err != GONG_OK) {
        unlock(token);
    }
    return err;
}

/* The text behind a header's name; NULL: there is no such header. */
static const char *
header_of(const struct gong_channel_try *attempt, const char *name)
{
    for (const struct curl_slist *at = attempt->headers; at != NULL;
         at = at->next) {
        if (strncmp(at->data, name, strlen(name)) == 0) {
            return at->data + strlen(name);
        }
    }
    return NULL;
}

bool
gong_zalo_token_renews(const struct gong_channel_try *attempt)
{
    return header_of(attempt, SECRET_HEADER) != NULL;
}

/* expires_in is a number, or one in a string. */
static int64_t
life_ms(const json_t *answer)
{
    const json_t *value = json_object_get(answer, "expires_in");
    const char *text = json_string_value(value);
    int64_t seconds =
        text == NULL ? json_integer_value(value) : strtoll(text, NULL, 10);

    return seconds <= 0 || seconds > LIFE_MAX_S ? 0 : seconds * 1000;
}

/* False: it is no new pair. */
static bool
take_pair(struct gong_zalo_token *token, struct gong_str body)
{
    json_t *answer =
        body.len == 0 ? NULL : json_loadb(body.data, body.len, 0, NULL);
    char access[GONG_ZALO_ACCESS_MAX];
    char refresh[GONG_ZALO_ACCESS_MAX];
    bool ok = gong_zalo_pair_member(answer, "access_token", access) &&
              gong_zalo_pair_member(answer, "refresh_token", refresh);

    if (ok) {
        int64_t life = life_ms(answer);

        memcpy(token->access, access, sizeof access);
        memcpy(token->refresh, refresh, sizeof refresh);
        token->expires_ms = life == 0 ? 0 : now_ms() + life;
        token->refused = false;
        token->unproved = true;
        gong_wipe(access, sizeof access);
        gong_wipe(refresh, sizeof refresh);
    }
    json_decref(answer);
    return ok;
}

static enum gong_channel_outcome
refused_renewal(struct gong_zalo_token *token, struct gong_channel_try *attempt,
                CURLcode code, long status)
{
    struct gong_zalo_answer answer;

    gong_zalo_token_hide(token, attempt);
    if (code != CURLE_OK || status < 200 || status > 299) {
        enum gong_channel_outcome outcome;

        /* It may hold new tokens: no word of it is told. */
        attempt->answer_length = 0;
        outcome = gong_channel_judge_status(attempt, code, status);

        return outcome == GONG_CHANNEL_RETRY ? outcome : GONG_CHANNEL_EXHAUSTED;
    }
    if (!gong_zalo_answer_read(
            gong_str_from(attempt->answer, attempt->answer_length), &answer)) {
        (void)snprintf(attempt->why, sizeof attempt->why,
                       "the renewal of the token was not understood");
        return GONG_CHANNEL_RETRY;
    }
    gong_log(GONG_LOG_ERROR, "zalo_token_refused",
             "file=%s code=%" PRId64 " todo=\"grant access again and put the "
             "new tokens into the file\"",
             token->options.path, answer.code);
    (void)snprintf(attempt->why, sizeof attempt->why,
                   "the token could not be renewed: error %" PRId64 ": %s",
                   answer.code, answer.text);
    return GONG_CHANNEL_EXHAUSTED;
}

enum gong_channel_outcome
gong_zalo_token_take(struct gong_zalo_token *token,
                     struct gong_channel_try *attempt, CURLcode code,
                     long status)
{
    struct gong_str body =
        gong_str_from(attempt->answer, attempt->answer_length);
    enum gong_channel_outcome outcome = GONG_CHANNEL_RETRY;
    struct stat about;

    attempt->at_once = true;
    if (stat(token->options.path, &about) == 0 &&
        !same_file(&about, &token->seen) && read_again(token) &&
        usable(token)) {
        /* Somebody put a newer pair there meanwhile. */
        (void)snprintf(attempt->why, sizeof attempt->why,
                       "the token's file is another one");
    } else if (code == CURLE_OK && status >= 200 && status <= 299 &&
               take_pair(token, body)) {
        (void)store(token);
        (void)snprintf(attempt->why, sizeof attempt->why,
                       "the token was renewed");
    } else {
        attempt->at_once = false;
        outcome = refused_renewal(token, attempt, code, status);
        /* Who was not reached may be asked again as soon as he is. */
        token->renewed = outcome != GONG_CHANNEL_RETRY;
    }
    unlock(token);
    return outcome;
}

void
gong_zalo_token_hide(const struct gong_zalo_token *token,
                     struct gong_channel_try *attempt)
{
    gong_channel_hide(attempt, header_of(attempt, ACCESS_HEADER));
    gong_channel_hide(attempt, token->access);
    gong_channel_hide(attempt, token->refresh);
    gong_channel_hide(attempt, token->secret_header + sizeof SECRET_HEADER - 1);
}

bool
gong_zalo_token_header(struct curl_slist **list, const char *access)
{
    char line[sizeof ACCESS_HEADER + GONG_ZALO_ACCESS_MAX];
    bool ok;

    (void)snprintf(line, sizeof line, ACCESS_HEADER "%s", access);
    ok = gong_http_header(list, line);
    gong_wipe(line, sizeof line);
    return ok;
}

enum gong_channel_outcome
gong_zalo_token_refused(struct gong_zalo_token *token,
                        struct gong_channel_try *attempt)
{
    const char *used = header_of(attempt, ACCESS_HEADER);
    bool current = used != NULL && strcmp(used, token->access) == 0;

    /* What was sent with an older one is sent again with this one. */
    attempt->at_once = true;
    if (!current) {
        return GONG_CHANNEL_RETRY;
    }
    token->refused = true;
    if (token->unproved) {
        attempt->at_once = false;
        return GONG_CHANNEL_EXHAUSTED;
    }
    return GONG_CHANNEL_RETRY;
}

void
gong_zalo_token_proved(struct gong_zalo_token *token)
{
    token->unproved = false;
}
