#include "rules/engine/template_output.h"

#include <string.h>

#include "rules/engine/promql_literal.h"

void
gong_toutput_put(struct gong_toutput *output, struct gong_str text)
{
    size_t room = output->size - output->used;

    if (output->full || output->size == 0) {
        return;
    }
    if (text.len > room - 1) {
        text.len = room - 1;
        output->full = true;
    }
    if (text.len > 0) {
        memcpy(output->out + output->used, text.data, text.len);
        output->used += text.len;
    }
}

size_t
gong_toutput_end(struct gong_toutput *output)
{
    size_t start = output->used;

    if (output->size == 0) {
        return 0;
    }
    /* Where it was cut, the last character may be a part of one. */
    while (output->full && start > 0 && output->used - start < 4) {
        size_t len = 0;

        start--;
        if (((unsigned char)output->out[start] & 0xc0) == 0x80) {
            continue;
        }
        len = gong_promql_rune(
            gong_str_from(output->out + start, output->used - start), NULL);
        if (len == 0) {
            output->used = start;
        }
        break;
    }
    output->out[output->used] = '\0';
    return output->used;
}
