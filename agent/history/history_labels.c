#include "agent/history/history_labels.h"

#include "common/le.h"

#define LENGTH_SIZE 2

static enum gong_err
put_text(struct gong_buffer *out, struct gong_str text)
{
    uint8_t length[LENGTH_SIZE];
    enum gong_err err;

    if (text.len > UINT16_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    gong_le_put16(length, (uint16_t)text.len);
    err = gong_buffer_append(out, length, sizeof length);
    return err == GONG_OK ? gong_buffer_append(out, text.data, text.len) : err;
}

enum gong_err
gong_history_labels_put(struct gong_buffer *out,
                        const struct gong_label_view *labels, size_t count)
{
    size_t before = out->len;
    enum gong_err err =
        count > GONG_LABELSET_MAX ? GONG_ERR_TOO_LARGE : GONG_OK;

    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        err = put_text(out, labels[i].name);
        if (err == GONG_OK) {
            err = put_text(out, labels[i].value);
        }
    }
    if (err != GONG_OK) {
        out->len = before;
    }
    return err;
}

/* A text that is not empty; what is left of bytes. */
static bool
get_text(struct gong_str *bytes, struct gong_str *text)
{
    size_t len;

    if (bytes->len < LENGTH_SIZE) {
        return false;
    }
    len = gong_le_get16((const uint8_t *)bytes->data);
    if (len == 0 || bytes->len - LENGTH_SIZE < len) {
        return false;
    }
    *text = gong_str_from(bytes->data + LENGTH_SIZE, len);
    *bytes = gong_str_from(bytes->data + LENGTH_SIZE + len,
                           bytes->len - LENGTH_SIZE - len);
    return true;
}

bool
gong_history_labels_get(struct gong_str bytes, struct gong_label_view *out,
                        size_t *count)
{
    *count = 0;
    while (bytes.len > 0) {
        struct gong_label_view *label = out + *count;

        if (*count == GONG_LABELSET_MAX || !get_text(&bytes, &label->name) ||
            !get_text(&bytes, &label->value)) {
            return false;
        }
        if (*count > 0 && gong_str_compare(label[-1].name, label->name) >= 0) {
            return false;
        }
        (*count)++;
    }
    return true;
}
