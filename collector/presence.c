#include "collector/presence.h"

#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

char *
gong_presence_birth(uint64_t conn, const struct gong_presence_spool *spool,
                    struct gong_cadence *cadence)
{
    char conn_text[17];
    char epoch_text[17];
    json_t *every = gong_cadence_json(cadence);
    json_t *birth = NULL;
    char *text = NULL;

    (void)snprintf(conn_text, sizeof conn_text, "%016" PRIx64, conn);
    (void)snprintf(epoch_text, sizeof epoch_text, "%016" PRIx64, spool->epoch);
    if (every == NULL) {
        return NULL;
    }
    /* "o" takes the reference, also on failure. */
    birth = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:o}", "state", "online",
                      "conn", conn_text, "version", GONG_VERSION, "epoch",
                      epoch_text, "next", (json_int_t)spool->next, "spool",
                      spool->writable ? "ok" : "memory", "every", every);
    if (birth != NULL) {
        text = json_dumps(birth, JSON_COMPACT | JSON_REAL_PRECISION(6));
    }
    json_decref(birth);
    return text;
}

void
gong_presence_will(uint64_t conn, char out[GONG_PRESENCE_WILL_SIZE])
{
    (void)snprintf(out, GONG_PRESENCE_WILL_SIZE,
                   "{\"state\":\"offline\",\"conn\":\"%016" PRIx64 "\"}", conn);
}

void
gong_presence_goodbye(uint64_t conn, uint64_t epoch, uint64_t next,
                      char out[GONG_PRESENCE_GOODBYE_SIZE])
{
    (void)snprintf(out, GONG_PRESENCE_GOODBYE_SIZE,
                   "{\"state\":\"offline\",\"conn\":\"%016" PRIx64
                   "\",\"epoch\":\"%016" PRIx64 "\",\"next\":%" PRIu64 "}",
                   conn, epoch, next);
}
