#include "agent/tell/rfc3339.h"

#include <stdio.h>
#include <time.h>

void
gong_rfc3339(int64_t ms, char out[GONG_RFC3339_SIZE])
{
    int64_t fraction = ms % 1000;
    time_t seconds;
    struct tm parts = {0};
    char whole[GONG_RFC3339_SIZE - 8] = "1970-01-01T00:00:00";

    if (fraction < 0) {
        fraction += 1000;
    }
    seconds = (time_t)((ms - fraction) / 1000);
    if (gmtime_r(&seconds, &parts) != NULL) {
        (void)strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &parts);
    }
    (void)snprintf(out, GONG_RFC3339_SIZE, "%s.%03dZ", whole, (int)fraction);
}
