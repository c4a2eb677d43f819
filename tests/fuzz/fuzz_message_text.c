/* Any JSON as a message of the desk, in every part and both languages, at a
 * length that its first byte names: it fits, and nothing in it steers a
 * terminal, a header or a page. */
#include <string.h>

#include "agent/tell/mail_compose.h"
#include "agent/tell/message_text.h"
#include "agent/tell/utf16.h"
#include "tests/fuzz/fuzz.h"

static struct gong_message_texts *
load(void)
{
    struct gong_message_texts *texts = gong_message_texts_new();
    struct gong_expr_error error;

    FUZZ_CHECK(texts != NULL);
    FUZZ_CHECK(gong_message_texts_add(texts, GONG_MESSAGE_VIETNAMESE,
                                      (struct gong_str){0}, &error) == GONG_OK);
    FUZZ_CHECK(gong_message_texts_add(texts, GONG_MESSAGE_ENGLISH,
                                      (struct gong_str){0}, &error) == GONG_OK);
    return texts;
}

/* Whether the message itself says what a template that fails would. */
static bool
says_error(const json_t *message)
{
    char *dumped = json_dumps(message, JSON_COMPACT | JSON_ENCODE_ANY);
    bool says = dumped != NULL && strstr(dumped, "error expanding") != NULL;

    free(dumped);
    return says;
}

static void
check_text(const char *text, enum gong_message_part part, size_t units)
{
    FUZZ_CHECK(units == 0 || gong_utf16_units(gong_str_of(text)) <= units);
    for (const char *c = text; *c != '\0'; c++) {
        bool line_end = *c == '\n' && part != GONG_MESSAGE_SUBJECT;

        FUZZ_CHECK((unsigned char)*c >= ' ' || line_end);
        FUZZ_CHECK(*c != 0x7f);
    }
}

static void
check_mail(const char *text)
{
    const struct gong_mail mail = {.from = "a@b",
                                   .from_name = text,
                                   .to = "c@d",
                                   .key = text,
                                   .subject = text,
                                   .text = text,
                                   .html = text};
    size_t len = 0;
    char *bytes = gong_mail_compose(&mail, &len);
    size_t column = 0;

    FUZZ_CHECK(bytes != NULL && strlen(bytes) == len);
    for (size_t i = 0; i < len; i++) {
        FUZZ_CHECK(bytes[i] != '\n' || bytes[i - 1] == '\r');
        column = bytes[i] == '\n' ? 0 : column + 1;
        FUZZ_CHECK(column <= 78);
    }
    free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gong_message_texts *texts;
    static const struct gong_link_signer signer = {.base = "https://x.vn",
                                                   .life_ms = 1000};
    struct gong_message_view view = {.contact = "c", .signer = &signer};
    json_t *message;

    if (texts == NULL) {
        texts = load();
    }
    if (size < 2 || size > 16384) {
        return 0;
    }
    message = json_loadb((const char *)data + 1, size - 1, 0, NULL);
    view.message = message;
    for (int part = 0; message != NULL && part <= GONG_MESSAGE_SMS; part++) {
        size_t units = part == GONG_MESSAGE_HTML ? 0 : 8 * (size_t)data[0];
        char *text = gong_message_text(texts, &view,
                                       (enum gong_message_part)part, units);

        FUZZ_CHECK(text != NULL);
        FUZZ_CHECK(strstr(text, "error expanding") == NULL ||
                   says_error(message));
        check_text(text, (enum gong_message_part)part, units);
        if (part == GONG_MESSAGE_SUBJECT) {
            check_mail(text);
        }
        free(text);
    }
    json_decref(message);
    return 0;
}
