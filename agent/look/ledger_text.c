#include "agent/look/ledger_text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "common/clock.h"

#define TIME_SIZE 32

static uint64_t
number(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));

    return value > 0 ? (uint64_t)value : 0;
}

static const char *
text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value == NULL ? "" : value;
}

/* Names, epochs and reasons are made of these; anything else is not shown. */
static const char *
plain(const json_t *object, const char *key)
{
    const char *value = text(object, key);
    size_t len = strlen(value);

    return len > 0 && strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_-") ==
                          len
               ? value
               : "?";
}

static void
format_time(uint64_t ms, char out[TIME_SIZE])
{
    struct tm local;

    if (ms > INT64_MAX ||
        !gong_clock_staff((int64_t)ms, GONG_STAFF_ZONE_MS, &local) ||
        strftime(out, TIME_SIZE, "%Y-%m-%d %H:%M:%S", &local) == 0) {
        (void)snprintf(out, TIME_SIZE, "?");
    }
}

static void
write_until(const json_t *epoch, FILE *out)
{
    uint64_t until = number(epoch, "complete_until");
    char at[TIME_SIZE];

    if (until == 0) {
        (void)fputs("  chưa rõ gì | nothing known\n", out);
        return;
    }
    format_time(until, at);
    if (json_is_true(json_object_get(epoch, "goodbye")) &&
        number(epoch, "outstanding") == 0) {
        (void)fprintf(out,
                      "  đủ đến %s, sau đó đã dừng | complete until %s, "
                      "stopped after\n",
                      at, at);
        return;
    }
    (void)fprintf(out,
                  "  đủ đến %s, sau đó chưa rõ | complete until %s, unknown "
                  "after\n",
                  at, at);
}

static void
write_row(const char *label, uint64_t value, const char *unit, FILE *out)
{
    if (value > 0) {
        (void)fprintf(out, "  %s: %" PRIu64 "%s\n", label, value, unit);
    }
}

static void
write_lost(const json_t *epoch, FILE *out)
{
    const json_t *missing = json_object_get(epoch, "missing_ranges");
    const json_t *lost = json_object_get(epoch, "lost_ranges");

    for (size_t i = 0; i < json_array_size(missing); i++) {
        const json_t *pair = json_array_get(missing, i);

        (void)fprintf(out,
                      "    lô | batches %" JSON_INTEGER_FORMAT
                      "-%" JSON_INTEGER_FORMAT ": không rõ lý do | no reason "
                      "given\n",
                      json_integer_value(json_array_get(pair, 0)),
                      json_integer_value(json_array_get(pair, 1)));
    }
    for (size_t i = 0; i < json_array_size(lost); i++) {
        const json_t *run = json_array_get(lost, i);

        (void)fprintf(out,
                      "    lô | batches %" PRIu64 "-%" PRIu64 ": %s, %" PRIu64
                      " điểm | points\n",
                      number(run, "first"), number(run, "last"),
                      plain(run, "reason"), number(run, "points"));
    }
}

static bool
write_epoch(const json_t *epoch, FILE *out)
{
    const char *state = text(epoch, "state");
    bool cut = strcmp(state, "cut") == 0;
    uint64_t lost = number(epoch, "missing") + number(epoch, "dropped") +
                    number(epoch, "damaged");

    (void)fprintf(out, "  epoch %s\n", plain(epoch, "epoch"));
    write_until(epoch, out);
    (void)fprintf(out,
                  "  nhận | received: %" PRIu64 " lô | batches, %" PRIu64
                  " điểm | points, %" PRIu64 " mẫu | samples\n",
                  number(epoch, "received"), number(epoch, "points"),
                  number(epoch, "samples"));
    write_row("lặp | duplicate", number(epoch, "duplicate"), "", out);
    write_row("bù sau | backlog", number(epoch, "back"), "", out);
    write_row("giờ ước đoán | dated by guess", number(epoch, "placed"), "",
              out);
    write_row("để riêng | set aside", number(epoch, "set_aside"), "", out);
    write_row("đang chờ | outstanding", number(epoch, "outstanding"), "", out);
    write_row("mất | lost", lost, " lô | batches", out);
    write_lost(epoch, out);
    if (cut) {
        (void)fprintf(out,
                      "  bị ngắt sau lô %" PRIu64 " | cut off after batch "
                      "%" PRIu64 "\n",
                      number(epoch, "expected"), number(epoch, "expected"));
    }
    return cut || lost > 0;
}

static void
write_device(const json_t *device, FILE *out, struct gong_ledger_text *told)
{
    const json_t *epochs = json_object_get(device, "epochs");

    (void)fprintf(out, "%s/%s\n", plain(device, "site"),
                  plain(device, "device"));
    told->devices++;
    if (json_array_size(epochs) == 0) {
        (void)fputs("  không có tiêu đề: broker đưa gì nhận nấy, không rõ đủ "
                    "thiếu | no headers: as the broker gives, nothing known\n",
                    out);
    }
    for (size_t i = 0; i < json_array_size(epochs); i++) {
        told->lost = write_epoch(json_array_get(epochs, i), out) || told->lost;
    }
}

enum gong_err
gong_ledger_text_write(struct gong_str json, FILE *out,
                       struct gong_ledger_text *told)
{
    json_t *root = json_loadb(json.data, json.len, 0, NULL);
    const json_t *devices = json_object_get(root, "devices");

    if (!json_is_array(devices)) {
        json_decref(root);
        return GONG_ERR_INVALID;
    }
    for (size_t i = 0; i < json_array_size(devices); i++) {
        write_device(json_array_get(devices, i), out, told);
    }
    (void)snprintf(told->next, sizeof told->next, "%s", text(root, "next"));
    json_decref(root);
    return GONG_OK;
}
