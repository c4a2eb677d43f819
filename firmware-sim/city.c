#include "firmware-sim/city.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A step is one reporting interval. The scenario repeats, so that a demo of a
 * minute sees alerts fire and resolve, and so does one that runs all day. */
#define ROUND 60

const char *const gong_city_sites[] = {
    "22015", /* phường Tuy Hoà */
    "22165", /* xã Sơn Hoà */
    "22240", /* phường Phú Yên */
    "24133", /* phường Buôn Ma Thuột */
    "22045", /* phường Bình Kiến */
    "22051", /* phường Sông Cầu */
};
const size_t gong_city_site_count = COUNT(gong_city_sites);

static const struct gong_sensor lamp_sensors[] = {
    {"temp", GONG_SENSOR_DECIMAL, 1},   {"volt", GONG_SENSOR_DECIMAL, 1},
    {"load", GONG_SENSOR_DECIMAL, 2},   {"on", GONG_SENSOR_FLAG, 0},
    {"door_open", GONG_SENSOR_FLAG, 0},
};
static const struct gong_fault lamp_faults[] = {
    {0, GONG_FAULT_SET, 2, 4, 40, ROUND, 78.5}, /* overheats */
    {1, GONG_FAULT_SET, 4, 12, 14, ROUND, 171}, /* undervoltage */
    {4, GONG_FAULT_SET, 5, 15, 8, ROUND, 1},    /* cabinet door open */
};

static const struct gong_sensor air_sensors[] = {
    {"pm25", GONG_SENSOR_DECIMAL, 1},
    {"pm10", GONG_SENSOR_DECIMAL, 1},
    {"vn_aqi", GONG_SENSOR_COUNT, 0},
    {"humidity", GONG_SENSOR_DECIMAL, 1},
};
static const struct gong_fault air_faults[] = {
    {2, GONG_FAULT_RAMP, 1, 4, 36, ROUND, 190},
    {0, GONG_FAULT_RAMP, 1, 4, 36, ROUND, 110},
};

static const struct gong_sensor river_sensors[] = {
    {"level", GONG_SENSOR_DECIMAL, 2}, /* m above the station's zero */
    {"rain", GONG_SENSOR_DECIMAL, 1},  /* mm in the last hour */
    {"battery", GONG_SENSOR_DECIMAL, 2},
};
/* River Ba: flood alarm levels I, II, III lie below each peak. */
static const struct gong_fault cung_son_faults[] = {
    {0, GONG_FAULT_RAMP, 0, 5, 40, ROUND, 7.5},
    {1, GONG_FAULT_RAMP, 0, 3, 30, ROUND, 62},
};
static const struct gong_fault phu_lam_faults[] = {
    {0, GONG_FAULT_RAMP, 0, 12, 40, ROUND, 2.6},
};

static const struct gong_sensor ups_sensors[] = {
    {"charge", GONG_SENSOR_DECIMAL, 1}, /* percent */
    {"on_battery", GONG_SENSOR_FLAG, 0},
    {"input_volt", GONG_SENSOR_DECIMAL, 1},
    {"runtime", GONG_SENSOR_COUNT, 0}, /* minutes */
};
static const struct gong_fault ups_faults[] = {
    {1, GONG_FAULT_SET, 1, 9, 24, ROUND, 1},
    {2, GONG_FAULT_SET, 1, 9, 24, ROUND, 0},
    {0, GONG_FAULT_RAMP, 1, 9, 30, ROUND, -76},
};

static const struct gong_sensor kiosk_sensors[] = {
    {"online", GONG_SENSOR_FLAG, 0},   {"response_ms", GONG_SENSOR_DECIMAL, 0},
    {"waiting", GONG_SENSOR_COUNT, 0}, /* people in the queue */
    {"paper", GONG_SENSOR_DECIMAL, 0}, /* percent */
    {"tamper", GONG_SENSOR_FLAG, 0},
};
static const struct gong_fault kiosk_faults[] = {
    {0, GONG_FAULT_SET, 3, 10, 18, ROUND, 0},
    {1, GONG_FAULT_RAMP, 0, 14, 26, ROUND, 5200},
    {2, GONG_FAULT_RAMP, 2, 8, 30, ROUND, 34},
    {4, GONG_FAULT_SET, 5, 26, 6, ROUND, 1},
};

const struct gong_city_kind gong_city_kinds[] = {
    {.name = "lamp",
     .device = {"streetlight", "lamp", lamp_sensors, COUNT(lamp_sensors)},
     .signals = {{38, 4, 40, 0.6, -20, 120},
                 {221, 3, 25, 1.2, 0, 260},
                 {0.62, 0.05, 30, 0.02, 0, 5},
                 {1, 0, 0, 0, 0, 1},
                 {0, 0, 0, 0, 0, 1}},
     .faults = lamp_faults,
     .fault_count = COUNT(lamp_faults),
     .default_count = 8},
    {.name = "air",
     .device = {"air", "station", air_sensors, COUNT(air_sensors)},
     .signals = {{24, 6, 50, 1.5, 0, 999},
                 {41, 9, 50, 2.5, 0, 999},
                 {58, 12, 50, 3, 0, 500},
                 {71, 8, 45, 1, 0, 100}},
     .faults = air_faults,
     .fault_count = COUNT(air_faults),
     .default_count = 4},
    {.name = "cung-son",
     .site = "22165",
     .place = "cung-son",
     .device = {"river", "station", river_sensors, COUNT(river_sensors)},
     .signals = {{28.4, 0.1, 30, 0.03, 0, 60},
                 {3, 2, 35, 1, 0, 200},
                 {12.6, 0.2, 60, 0.05, 0, 15}},
     .faults = cung_son_faults,
     .fault_count = COUNT(cung_son_faults),
     .default_count = 1},
    {.name = "phu-lam",
     .site = "22240",
     .place = "phu-lam",
     .device = {"river", "station", river_sensors, COUNT(river_sensors)},
     .signals = {{1.4, 0.1, 30, 0.03, 0, 60},
                 {3, 2, 35, 1, 0, 200},
                 {12.6, 0.2, 60, 0.05, 0, 15}},
     .faults = phu_lam_faults,
     .fault_count = COUNT(phu_lam_faults),
     .default_count = 1},
    {.name = "ups",
     .device = {"ups", "ups", ups_sensors, COUNT(ups_sensors)},
     .signals = {{97, 2, 40, 0.4, 0, 100},
                 {0, 0, 0, 0, 0, 1},
                 {223, 3, 30, 1, 0, 260},
                 {85, 3, 40, 1, 0, 600}},
     .faults = ups_faults,
     .fault_count = COUNT(ups_faults),
     .default_count = 4},
    {.name = "kiosk",
     .device = {"kiosk", "kiosk", kiosk_sensors, COUNT(kiosk_sensors)},
     .signals = {{1, 0, 0, 0, 0, 1},
                 {340, 90, 20, 60, 0, 60000},
                 {6, 4, 30, 2, 0, 500},
                 {74, 6, 80, 1, 0, 100},
                 {0, 0, 0, 0, 0, 1}},
     .faults = kiosk_faults,
     .fault_count = COUNT(kiosk_faults),
     .default_count = 6},
};
const size_t gong_city_kind_count = COUNT(gong_city_kinds);

bool
gong_city_read(const struct gong_city_kind *kind, size_t index, uint8_t sensor,
               uint64_t seed, uint64_t step, double *value)
{
    /* Kind, device and sensor make the stream: no two read alike. */
    uint64_t stream = (uint64_t)(kind - gong_city_kinds) << 32 |
                      (uint64_t)index << 8 | sensor;

    *value = gong_signal_read(&kind->signals[sensor], seed, stream, step);
    return gong_fault_apply(kind->faults, kind->fault_count, index, sensor,
                            step, value);
}
