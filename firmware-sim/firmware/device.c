#include "firmware-sim/firmware/device.h"

#include <string.h>

/* A bounded writer: once full it stays full. */
struct writer {
    char *out;
    size_t size;
    size_t used;
    bool full;
};

static void
put(struct writer *writer, const char *text, size_t len)
{
    if (writer->full || len > writer->size - writer->used) {
        writer->full = true;
        return;
    }
    memcpy(writer->out + writer->used, text, len);
    writer->used += len;
}

static void
put_text(struct writer *writer, const char *text)
{
    put(writer, text, strlen(text));
}

/* At least min_digits digits, so that a fraction keeps its leading zeros. */
static void
put_digits(struct writer *writer, uint64_t value, unsigned min_digits)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0 || sizeof digits - at < min_digits);
    put(writer, digits + at, sizeof digits - at);
}

static void
put_decimal(struct writer *writer, double value, unsigned decimals)
{
    uint64_t scale = 1;
    uint64_t scaled;

    for (unsigned i = 0; i < decimals; i++) {
        scale *= 10;
    }
    if (value < 0) {
        put_text(writer, "-");
        value = -value;
    }
    scaled = (uint64_t)(value * (double)scale + 0.5);
    put_digits(writer, scaled / scale, 1);
    if (decimals > 0) {
        put_text(writer, ".");
        put_digits(writer, scaled % scale, decimals);
    }
}

/* Whether the writers above can hold it: finite and far from uint64's end. */
static bool
writable(double value)
{
    return value > -1e12 && value < 1e12;
}

static void
put_reading(struct writer *writer, const struct gong_sensor *sensor,
            double value)
{
    put_text(writer, sensor->field);
    put_text(writer, "=");
    switch (sensor->type) {
    case GONG_SENSOR_DECIMAL:
        put_decimal(writer, value, sensor->decimals);
        break;
    case GONG_SENSOR_COUNT:
        put_decimal(writer, value, 0);
        put_text(writer, "i");
        break;
    case GONG_SENSOR_FLAG:
        put_text(writer, value != 0 ? "true" : "false");
        break;
    }
}

static bool
put_fields(struct writer *writer, struct gong_device *device)
{
    bool any = false;

    for (uint8_t i = 0; i < device->kind->sensor_count; i++) {
        double value;

        if (!device->hal.read(device->hal.ctx, i, &value) || !writable(value)) {
            continue;
        }
        put_text(writer, any ? "," : " ");
        put_reading(writer, &device->kind->sensors[i], value);
        any = true;
    }
    return any;
}

bool
gong_device_report(struct gong_device *device)
{
    struct writer writer = {device->line, sizeof device->line, 0, false};
    int64_t now_ns = device->hal.now_ns(device->hal.ctx);

    put_text(&writer, device->kind->measurement);
    put_text(&writer, ",");
    put_text(&writer, device->kind->tag);
    put_text(&writer, "=");
    put_text(&writer, device->tag_value);
    if (!put_fields(&writer, device)) {
        return false;
    }
    if (now_ns > 0) {
        put_text(&writer, " ");
        put_digits(&writer, (uint64_t)now_ns, 1);
    }
    return !writer.full &&
           device->hal.carry(device->hal.ctx, device->line, writer.used);
}
