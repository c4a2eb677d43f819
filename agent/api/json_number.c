#include "agent/api/json_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
gong_json_number(double value, char out[GONG_JSON_NUMBER_SIZE])
{
    if (isnan(value)) {
        (void)snprintf(out, GONG_JSON_NUMBER_SIZE, "NaN");
        return;
    }
    if (isinf(value)) {
        (void)snprintf(out, GONG_JSON_NUMBER_SIZE, value > 0 ? "+Inf" : "-Inf");
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(out, GONG_JSON_NUMBER_SIZE, "%.*g", digits, value);
        if (strtod(out, NULL) == value) {
            return;
        }
    }
}

double
gong_json_number_of(const char *text)
{
    char *end = NULL;
    double value;

    if (text == NULL || text[0] == '\0') {
        return (double)NAN;
    }
    value = strtod(text, &end);
    return *end == '\0' ? value : (double)NAN;
}
