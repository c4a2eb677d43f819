#include "agent/tell/exec_given.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/tell/channel_easy.h"
#include "agent/tell/message_view.h"
#include "agent/tell/sms_text.h"
#include "common/log.h"
#include "common/spawn.h"

static bool
write_all(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t written = write(fd, text, left);

        if (written <= 0) {
            return false;
        }
        text += written;
        left -= (size_t)written;
    }
    return true;
}

static int
make_input(const char *text)
{
    int fd = memfd_create("gong-message", MFD_CLOEXEC);

    if (fd >= 0 && write_all(fd, text) && write_all(fd, "\n") &&
        lseek(fd, 0, SEEK_SET) == 0) {
        return fd;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return -1;
}

/* Name and value; control characters never pass, but for a text's line ends. */
static char *
variable(const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 2;
    char *text = malloc(size);
    char *line = text;

    if (text == NULL) {
        return NULL;
    }
    (void)snprintf(text, size, "%s=%s", name, value);
    while (line != NULL) {
        char *end = strchr(line, '\n');

        gong_text_clean(line,
                        end == NULL ? strlen(line) : (size_t)(end - line));
        line = end == NULL ? NULL : end + 1;
    }
    return text;
}

/* One line of what may have several. */
static void
flatten(char *text)
{
    for (char *c = strchr(text, '\n'); c != NULL; c = strchr(c, '\n')) {
        *c = '?';
    }
}

static char *
integer(const json_t *object, const char *name, char out[32])
{
    (void)snprintf(out, 32, "%lld", (long long)gong_view_int(object, name));
    return out;
}

/* A link of its own where there is one, else where all alerts are. */
static const char *
link_of(const struct gong_message_vars *vars, const json_t *message)
{
    const char *link = gong_message_vars_find(vars, "link");

    return link[0] != '\0' ? link : gong_view_text(message, "link");
}

static bool
make_environment(struct gong_exec_given *given,
                 const struct gong_channel_send *send,
                 const struct gong_message_vars *vars, const char *text)
{
    const json_t *message = send->message;
    const json_t *worst = json_array_get(json_object_get(message, "items"), 0);
    struct gong_sms_size size = gong_sms_size(gong_str_of(text));
    char summary[GONG_VIEW_SUMMARY_SIZE];
    char number[32];
    char step[32];
    char level[32];
    char parts[32];
    const struct {
        const char *name;
        const char *value;
    } values[] = {
        {"PATH", GONG_SPAWN_PATH},
        {"LANG", GONG_SPAWN_LANG},
        {"GONG_TEXT", text},
        {"GONG_TEXT_PARTS", parts},
        {"GONG_ADDRESS", send->address},
        {"GONG_CONTACT", send->contact == NULL ? "" : send->contact},
        {"GONG_KEY", send->key},
        {"GONG_KIND", gong_view_text(message, "kind")},
        {"GONG_STATUS", gong_message_vars_find(vars, "status")},
        {"GONG_STEP", integer(message, "step", step)},
        {"GONG_RECEIVER", gong_view_text(message, "receiver")},
        {"GONG_UNIT", gong_view_text(message, "unit")},
        {"GONG_UNIT_NAME", gong_view_text(message, "unit_name")},
        {"GONG_LINK", link_of(vars, message)},
        {"GONG_NUMBER", integer(worst, "number", number)},
        {"GONG_ALERTNAME", gong_view_label(worst, "alertname")},
        {"GONG_SEVERITY", gong_view_text(worst, "severity")},
        {"GONG_LEVEL", integer(worst, "level", level)},
        {"GONG_VALUE", gong_view_text(worst, "value")},
        {"GONG_NEWS", gong_view_text(worst, "news")},
        {"GONG_SUMMARY",
         gong_view_summary(worst, GONG_MESSAGE_VIETNAMESE, summary)},
    };
    bool ok = true;

    _Static_assert(sizeof values / sizeof values[0] <= GONG_EXEC_VARIABLES,
                   "there is room for all");
    (void)snprintf(parts, sizeof parts, "%zu", size.parts);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        given->environment[i] = variable(values[i].name, values[i].value);
        ok = ok && given->environment[i] != NULL;
        if (given->environment[i] != NULL &&
            strcmp(values[i].name, "GONG_TEXT") != 0) {
            flatten(given->environment[i]);
        }
    }
    return ok;
}

static const char *
secret_of(const struct gong_message_vars *vars)
{
    const char *link = gong_message_vars_find(vars, "link");
    const char *slash = strrchr(link, '/');

    return slash == NULL ? "" : slash + 1;
}

static bool
fill(struct gong_exec_given *given, const struct gong_exec_wanted *wanted,
     const struct gong_channel_send *send, const struct gong_message_vars *vars)
{
    const struct gong_message_view view = {send->message, send->contact,
                                           send->signer};
    char *text = gong_sms_text(wanted->texts, &view, wanted->parts);
    char *json = NULL;
    bool ok;

    given->secret = gong_str_copy(gong_str_of(secret_of(vars)));
    if (wanted->json) {
        json = json_dumps(send->message, JSON_COMPACT);
    }
    ok = text != NULL && given->secret != NULL &&
         (!wanted->json || json != NULL) &&
         make_environment(given, send, vars, text);
    if (ok) {
        given->input = make_input(wanted->json ? json : text);
    }
    free(text);
    free(json);
    return ok;
}

enum gong_err
gong_exec_given_make(struct gong_exec_given *given,
                     const struct gong_exec_wanted *wanted,
                     const struct gong_channel_send *send)
{
    const struct gong_message_view view = {send->message, send->contact,
                                           send->signer};
    const struct gong_message_vars_options options = {
        .language = wanted->language, .text_max = GONG_VIEW_SUMMARY_SIZE};
    struct gong_message_vars *vars = gong_message_vars_new(&view, &options);
    bool ok;

    memset(given, 0, sizeof *given);
    given->input = -1;
    ok = vars != NULL && fill(given, wanted, send, vars);
    gong_message_vars_free(vars);
    return ok ? GONG_OK : GONG_ERR_MEMORY;
}

void
gong_exec_given_fini(struct gong_exec_given *given)
{
    for (size_t i = 0; i < GONG_EXEC_VARIABLES; i++) {
        free(given->environment[i]);
        given->environment[i] = NULL;
    }
    free(given->secret);
    given->secret = NULL;
    if (given->input >= 0) {
        (void)close(given->input);
        given->input = -1;
    }
}
