#include "agent/tell/sms_text.h"

#include <stdint.h>
#include <stdlib.h>

#include "agent/tell/utf16.h"

#define GSM_ALONE  160
#define GSM_PART   153
#define UCS2_ALONE 70
#define UCS2_PART  67

/* What of the GSM alphabet is no ASCII. */
static const uint16_t gsm_letters[] = {
    0xa1,  0xa3,  0xa4,  0xa5,  0xa7,  0xbf,  0xc4,  0xc5,  0xc6, 0xc7,
    0xc9,  0xd1,  0xd6,  0xd8,  0xdc,  0xdf,  0xe0,  0xe4,  0xe5, 0xe6,
    0xe8,  0xe9,  0xec,  0xf1,  0xf2,  0xf6,  0xf8,  0xf9,  0xfc, 0x393,
    0x394, 0x398, 0x39b, 0x39e, 0x3a0, 0x3a3, 0x3a6, 0x3a8, 0x3a9};

#define EURO 0x20acu

/* Septets of a character; 0: it is not in the alphabet. */
static size_t
septets_of(uint32_t character)
{
    if (character < 0x80) {
        if (character == '`' ||
            (character < ' ' && character != '\n' && character != '\r')) {
            return 0;
        }
        return character != 0x7f && strchr("^{}\\[~]|", (int)character) != NULL
                   ? 2
                   : character != 0x7f;
    }
    for (size_t i = 0; i < sizeof gsm_letters / sizeof gsm_letters[0]; i++) {
        if (gsm_letters[i] == character) {
            return 1;
        }
    }
    return character == EURO ? 2 : 0;
}

static bool
is_gsm(struct gong_str text)
{
    size_t len = 0;

    for (size_t at = 0; at < text.len; at += len) {
        if (septets_of(gong_utf16_character(text.data + at,
                                            text.data + text.len, &len)) == 0) {
            return false;
        }
    }
    return true;
}

struct gong_sms_size
gong_sms_size(struct gong_str text)
{
    struct gong_sms_size size = {.gsm = is_gsm(text), .parts = 1};
    size_t room = size.gsm ? GSM_PART : UCS2_PART;
    size_t used = 0; /* of the last part */
    size_t len = 0;

    for (size_t at = 0; at < text.len; at += len) {
        uint32_t character =
            gong_utf16_character(text.data + at, text.data + text.len, &len);
        size_t units =
            size.gsm ? septets_of(character) : (character > 0xffffu ? 2 : 1);

        if (used + units > room) {
            size.parts++;
            used = 0;
        }
        used += units;
        size.units += units;
    }
    if (size.units <= (size.gsm ? GSM_ALONE : UCS2_ALONE)) {
        size.parts = 1;
    }
    return size;
}

/* What is GSM's may be longer; what is not is cut shorter, until it fits: where
 * characters take two units some stay empty at the ends of parts. */
char *
gong_sms_text(const struct gong_message_texts *texts,
              const struct gong_message_view *view, size_t parts_max)
{
    const size_t limits[] = {parts_max * GSM_PART, parts_max * UCS2_PART,
                             parts_max * (UCS2_PART - 1),
                             parts_max * (UCS2_PART / 2)};
    char *text = NULL;

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        free(text);
        text = gong_message_text(texts, view, GONG_MESSAGE_SMS, limits[i]);
        if (text == NULL ||
            gong_sms_size(gong_str_of(text)).parts <= parts_max) {
            break;
        }
    }
    return text;
}
