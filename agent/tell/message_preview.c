#include "agent/tell/message_preview.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "agent/tell/message_files.h"
#include "agent/tell/sms_text.h"
#include "agent/tell/utf16.h"
#include "common/log.h"

#define CHAT_UNITS 2000
#define SMS_PARTS  5 /* as channels of type exec by default */
#define BASE       "https://gong.example"
#define DAY_MS     INT64_C(86400000)

static const struct {
    const char *channel;
    size_t units;
    enum gong_message_part part;
    bool subject;
} views[] = {
    {"email", 0, GONG_MESSAGE_MAIL, true},
    {"html", 0, GONG_MESSAGE_HTML, false},
    {"chat", CHAT_UNITS, GONG_MESSAGE_CHAT, false},
    {"sms", 0, GONG_MESSAGE_SMS, false},
};

#define VIEWS (sizeof views / sizeof views[0])

static json_t *
load(const char *path, FILE *err)
{
    json_error_t error;
    json_t *message = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    char quoted[512];

    if (message == NULL) {
        (void)fprintf(
            err, "%s:%d:%d: %s\n", path, error.line, error.column,
            gong_log_quote(gong_str_of(error.text), quoted, sizeof quoted));
    } else if (!json_is_object(message) ||
               json_array_size(json_object_get(message, "items")) == 0) {
        (void)fprintf(err, "%s: found no items, expected a message\n", path);
        json_decref(message);
        message = NULL;
    }
    return message;
}

static bool
print_part(const struct gong_message_texts *texts,
           const struct gong_message_view *view, enum gong_message_part part,
           size_t units, FILE *out)
{
    char *text = gong_message_text(texts, view, part, units);

    if (text == NULL) {
        return false;
    }
    (void)fprintf(out, "%s\n", text);
    if (units > 0) {
        (void)fprintf(out, "\n(%zu / %zu)\n",
                      gong_utf16_units(gong_str_of(text)), units);
    }
    free(text);
    return true;
}

/* How many parts it is sent in, which is what it costs. */
static bool
print_sms(const struct gong_message_texts *texts,
          const struct gong_message_view *view, FILE *out)
{
    char *text = gong_sms_text(texts, view, SMS_PARTS);
    struct gong_sms_size size;

    if (text == NULL) {
        return false;
    }
    size = gong_sms_size(gong_str_of(text));
    (void)fprintf(out, "%s\n\n(%zu / %d phần | parts, %s: %zu)\n", text,
                  size.parts, SMS_PARTS, size.gsm ? "GSM-7" : "UCS-2",
                  size.units);
    free(text);
    return true;
}

static bool
print_message(const struct gong_message_texts *texts, const json_t *message,
              size_t view, FILE *out)
{
    struct gong_link_signer signer = {.base = BASE, .life_ms = DAY_MS};
    const struct gong_message_view shown = {message, "preview", &signer};

    if (views[view].part == GONG_MESSAGE_SMS) {
        return print_sms(texts, &shown, out);
    }
    if (views[view].subject) {
        if (!print_part(texts, &shown, GONG_MESSAGE_SUBJECT, 0, out)) {
            return false;
        }
        (void)fprintf(out, "\n");
    }
    return print_part(texts, &shown, views[view].part, views[view].units, out);
}

enum gong_err
gong_message_preview(const struct gong_preview_options *options, FILE *out,
                     FILE *err)
{
    static char vi[] = "vi";
    static char en[] = "en";
    char *names[] = {vi, en};
    const struct gong_strings languages = {names, 2};
    const char *channel =
        options->channel != NULL ? options->channel : views[0].channel;
    struct gong_message_texts *texts;
    json_t *message;
    char why[512];
    size_t view = 0;
    bool ok;

    while (view < VIEWS && strcmp(channel, views[view].channel) != 0) {
        view++;
    }
    if (view == VIEWS) {
        (void)fprintf(err, "expected --channel email, html, chat or sms\n");
        return GONG_ERR_INVALID;
    }
    texts = gong_message_files_load(options->templates, &languages, why,
                                    sizeof why);
    if (texts == NULL) {
        (void)fprintf(err, "%s\n", why);
        return GONG_ERR_INVALID;
    }
    message = load(options->path, err);
    ok = message != NULL && print_message(texts, message, view, out);
    json_decref(message);
    gong_message_texts_free(texts);
    return ok ? GONG_OK : GONG_ERR_INVALID;
}
