#include "rules/tool/desk_text.h"

#include <inttypes.h>

#include "common/log.h"

const char *
gong_desk_text_kind(enum gong_message_kind kind)
{
    static const char *const kinds[] = {"news", "repeat", "escalate"};

    return kinds[kind];
}

/* Labels may come from devices. */
static void
put_clean(FILE *out, struct gong_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        (void)fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
    }
}

static void
put_item(FILE *out, const struct gong_message_item *item)
{
    static const char *const news[] = {"still", "firing",  "climbed",
                                       "fell",  "overdue", "resolved"};
    const struct gong_desk_incident *is = item->incident;

    (void)fprintf(out, "#%" PRIu64 " ", is->number);
    for (size_t i = 0; i < is->label_count; i++) {
        if (gong_str_is(is->labels[i].name, "alertname")) {
            put_clean(out, is->labels[i].value);
        }
    }
    (void)fprintf(out, " %s", news[item->news]);
    if (is->level > 0) {
        (void)fprintf(out, " level %u", is->level);
    }
    if (item->no_unit) {
        (void)fputs(" without unit", out);
    }
}

void
gong_desk_text_put(FILE *out, const struct gong_desk_message *message)
{
    (void)fprintf(out, "%s %s", gong_desk_text_kind(message->kind),
                  message->receiver->name);
    if (message->unit.len > 0) {
        (void)fputc('@', out);
        put_clean(out, message->unit);
    }
    if (message->step > 0) {
        (void)fprintf(out, " step %u", message->step);
    }
    (void)fputc(':', out);
    for (size_t i = 0; i < message->item_count; i++) {
        (void)fputs(i == 0 ? " " : ", ", out);
        put_item(out, &message->items[i]);
    }
    if (message->omitted_firing + message->omitted_resolved > 0) {
        (void)fprintf(out, "; %zu firing, %zu resolved more",
                      message->omitted_firing, message->omitted_resolved);
    }
}
