#include "collector/socket_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collector/lines.h"
#include "collector/points.h"
#include "collector/stats.h"

#define PIECE (32u << 10)

void
gong_socket_client_fini(struct gong_socket_client *client)
{
    gong_buffer_fini(&client->in);
    *client = (struct gong_socket_client){0};
}

static void
refuse(struct gong_socket_client *client, uint64_t count, const char *reason)
{
    client->refused += count;
    if (client->reason == NULL) {
        client->reason = reason;
    }
}

static enum gong_err
encode(struct gong_socket_desk *desk, const struct gong_lp_point *point,
       int64_t now_ns)
{
    struct gong_lp_losses losses = {0};
    struct gong_lp_line line = gong_lp_line_of(point, now_ns);

    return gong_lp_encode(&desk->lines, &line, &gong_points_dialect, &losses);
}

static void
hand_over(struct gong_socket_client *client, struct gong_socket_desk *desk,
          uint64_t count)
{
    struct gong_spooler_taken taken = {0};
    enum gong_err err;

    if (count == 0) {
        return;
    }
    err = desk->sink.take(desk->sink.ctx,
                          gong_str_from(desk->lines.data, desk->lines.len),
                          &taken);
    client->accepted += taken.accepted;
    client->held += taken.held;
    gong_counter_increase(&gong_stats()->points_received,
                          taken.accepted + taken.held);
    if (taken.held > 0 && client->reason == NULL) {
        client->reason = "disk_failed";
    }
    if (err != GONG_OK) {
        refuse(client, count - taken.accepted - taken.held,
               err == GONG_ERR_NO_SPACE ? "spool_full" : "spool_failed");
    }
}

/* Checks the whole lines of body and hands them over. */
static void
process(struct gong_socket_client *client, struct gong_socket_desk *desk,
        struct gong_str body, int64_t now_ns)
{
    const struct gong_lp_point *point = NULL;
    const struct gong_lp_error *error = NULL;
    enum gong_lp_result result;
    uint64_t count = 0;

    desk->lines.len = 0;
    gong_lp_reader_start(desk->reader, body);
    while ((result = gong_lines_next(desk->reader, &point, &error)) !=
           GONG_LP_END) {
        if (result == GONG_LP_REFUSED) {
            gong_counter_increase(&gong_stats()->points_refused, 1);
            refuse(client, 1, error->reason);
        } else if (encode(desk, point, now_ns) == GONG_OK) {
            count++;
        } else {
            refuse(client, 1, "memory");
        }
    }
    hand_over(client, desk, count);
}

static enum gong_err
answer(struct gong_socket_client *client, struct gong_buffer *answers)
{
    char text[GONG_SOCKET_ANSWER_SIZE];
    uint64_t dropped = gong_counter_get(&gong_stats()->dropped_points);
    int len =
        snprintf(text, sizeof text, "accepted=%" PRIu64 " refused=%" PRIu64,
                 client->accepted, client->refused);

    if (client->held > 0) {
        len += snprintf(text + len, sizeof text - (size_t)len, " held=%" PRIu64,
                        client->held);
    }
    len += snprintf(text + len, sizeof text - (size_t)len, " reason=%s",
                    client->reason == NULL ? "-" : client->reason);
    /* Points accepted earlier that a full spool has lost since it was made. */
    if (dropped > 0) {
        len += snprintf(text + len, sizeof text - (size_t)len,
                        " dropped=%" PRIu64, dropped);
    }
    len += snprintf(text + len, sizeof text - (size_t)len, "\n");
    client->accepted = 0;
    client->held = 0;
    client->refused = 0;
    client->reason = NULL;
    return gong_buffer_append(answers, text, (size_t)len);
}

static void
drop_front(struct gong_socket_client *client, size_t len)
{
    client->in.len -= len;
    memmove(client->in.data, client->in.data + len, client->in.len);
    client->scanned = 0;
}

static bool
is_blank(const char *line, size_t len)
{
    return len == 0 || (len == 1 && line[0] == '\r');
}

/* Moves over whole lines; true at a blank one, whose length is in *blank. */
static bool
find_blank(struct gong_socket_client *client, size_t *blank)
{
    while (client->scanned < client->in.len) {
        const char *line = client->in.data + client->scanned;
        const char *end = memchr(line, '\n', client->in.len - client->scanned);
        size_t len;

        if (end == NULL) {
            return false;
        }
        len = (size_t)(end - line);
        if (is_blank(line, len)) {
            *blank = len + 1;
            return true;
        }
        client->scanned += len + 1;
    }
    return false;
}

enum gong_err
gong_socket_client_feed(struct gong_socket_client *client,
                        struct gong_socket_desk *desk, struct gong_str bytes,
                        int64_t now_ns, struct gong_buffer *answers)
{
    enum gong_err err = gong_buffer_append(&client->in, bytes.data, bytes.len);
    size_t blank = 0;

    while (err == GONG_OK && find_blank(client, &blank)) {
        process(client, desk, gong_str_from(client->in.data, client->scanned),
                now_ns);
        drop_front(client, client->scanned + blank);
        err = answer(client, answers);
    }
    if (err == GONG_OK && client->scanned >= PIECE) {
        process(client, desk, gong_str_from(client->in.data, client->scanned),
                now_ns);
        drop_front(client, client->scanned);
    }
    if (err == GONG_OK && client->in.len - client->scanned > GONG_LP_LINE_MAX) {
        refuse(client, 1, "line_too_long");
        gong_counter_increase(&gong_stats()->points_refused, 1);
        err = answer(client, answers);
        return err == GONG_OK ? GONG_ERR_TOO_LARGE : err;
    }
    return err;
}

enum gong_err
gong_socket_client_end(struct gong_socket_client *client,
                       struct gong_socket_desk *desk, int64_t now_ns,
                       struct gong_buffer *answers)
{
    bool open = client->in.len > 0 || client->accepted > 0 ||
                client->held > 0 || client->refused > 0;

    if (!open) {
        return GONG_OK;
    }
    process(client, desk, gong_str_from(client->in.data, client->in.len),
            now_ns);
    client->in.len = 0;
    client->scanned = 0;
    return answer(client, answers);
}
