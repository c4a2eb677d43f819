#include "agent/tell/notify_number.h"

#include <stdlib.h>

#include "agent/tell/notify.h"

static double
value_of(const json_t *effect)
{
    return strtod(gong_notify_text(effect, "value"), NULL);
}

void
gong_notify_number(const json_t *effect, char decimal_point,
                   char out[GONG_NOTIFY_NUMBER_SIZE])
{
    gong_number_short(value_of(effect), decimal_point, out);
}

void
gong_notify_put_commas(const json_t *effect, char *text, size_t len)
{
    gong_number_put_commas(value_of(effect), text, len);
}
