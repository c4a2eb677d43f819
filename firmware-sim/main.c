/* gong-sim: a small city of simulated devices on real MQTT connections. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/topic.h"
#include "firmware-sim/city.h"
#include "firmware-sim/emit.h"

#define DRAIN_STEPS 100 /* of 100 ms: how long a stop waits for the broker */

struct options {
    const char *broker;
    const char *username;
    const char *password_file;
    const char *manifest;
    bool print; /* lines to standard output instead of a broker */
    uint64_t seed;
    int64_t start_ns; /* with print: stamp of the first step */
    gong_dur_t interval;
    gong_dur_t duration; /* 0: until stopped */
    size_t scale;        /* multiplies the number of devices of each kind */
};

struct simulated {
    struct gong_device device;
    const struct gong_city_kind *kind;
    size_t index;
    const char *site;
    char name[GONG_TOPIC_NAME_MAX];
    char tag[32];
    struct gong_emit *emit; /* NULL when printing */
    struct sim *sim;
};

struct sim {
    struct options options;
    struct simulated *devices;
    size_t count;
    FILE *manifest; /* NULL: none */
    uint64_t step;
    int64_t now_ns;
    uint64_t emitted;
    uint64_t refused;
};

static volatile sig_atomic_t stopping;

static void
on_signal(int number)
{
    (void)number;
    stopping = 1;
}

static bool
hal_read(void *ctx, uint8_t sensor, double *value)
{
    const struct simulated *device = ctx;

    return gong_city_read(device->kind, device->index, sensor,
                          device->sim->options.seed, device->sim->step, value);
}

static int64_t
hal_now(void *ctx)
{
    const struct simulated *device = ctx;

    return device->sim->now_ns;
}

/* The line with site and device as tags, as the store will have it. */
static void
write_manifest(FILE *out, const struct simulated *device, const char *line,
               size_t len)
{
    const char *tags_end = memchr(line, ' ', len);
    size_t head = (size_t)(tags_end - line);

    (void)fprintf(out, "%.*s,device=%s,site=%s%.*s\n", (int)head, line,
                  device->name, device->site, (int)(len - head), tags_end);
}

static bool
hal_carry(void *ctx, const char *line, size_t len)
{
    struct simulated *device = ctx;
    struct sim *sim = device->sim;

    if (device->emit == NULL) {
        write_manifest(stdout, device, line, len);
    } else if (gong_emit_put(device->emit, gong_str_from(line, len)) !=
               GONG_OK) {
        sim->refused++;
        return false;
    }
    if (sim->manifest != NULL) {
        write_manifest(sim->manifest, device, line, len);
    }
    sim->emitted++;
    return true;
}

static bool
add_device(struct sim *sim, const struct gong_city_kind *kind, size_t index)
{
    struct simulated *device = &sim->devices[sim->count];
    char why[256] = "";

    *device = (struct simulated){
        .kind = kind,
        .index = index,
        .site = kind->site != NULL
                    ? kind->site
                    : gong_city_sites[index % gong_city_site_count],
        .sim = sim,
    };
    (void)snprintf(device->name, sizeof device->name, "%s-%zu", kind->name,
                   index + 1);
    (void)snprintf(device->tag, sizeof device->tag, "%zu", index + 1);
    device->device = (struct gong_device){
        .kind = &kind->device,
        .tag_value = kind->place != NULL ? kind->place : device->tag,
        .hal = {device, hal_read, hal_now, hal_carry},
    };
    sim->count++;
    if (sim->options.print) {
        return true;
    }
    if (gong_emit_new(
            &(struct gong_emit_options){
                .broker = sim->options.broker,
                .username = sim->options.username,
                .password_file = sim->options.password_file,
                .site = device->site,
                .device = device->name,
            },
            &device->emit, why, sizeof why) != GONG_OK ||
        gong_emit_start(device->emit) != GONG_OK) {
        (void)fprintf(stderr, "gong-sim: %s: %s\n", sim->options.broker, why);
        return false;
    }
    return true;
}

static bool
build_city(struct sim *sim)
{
    size_t total = 0;

    for (size_t k = 0; k < gong_city_kind_count; k++) {
        total += gong_city_kinds[k].default_count * sim->options.scale;
    }
    /* One more than needed: calloc(0) may be NULL, which is no error. */
    sim->devices = calloc(total + 1, sizeof *sim->devices);
    if (sim->devices == NULL) {
        (void)fprintf(stderr, "gong-sim: out of memory\n");
        return false;
    }
    for (size_t k = 0; k < gong_city_kind_count; k++) {
        const struct gong_city_kind *kind = &gong_city_kinds[k];

        for (size_t i = 0; i < kind->default_count * sim->options.scale; i++) {
            if (!add_device(sim, kind, i)) {
                return false;
            }
        }
    }
    return true;
}

static void
report_all(struct sim *sim)
{
    for (size_t i = 0; i < sim->count; i++) {
        (void)gong_device_report(&sim->devices[i].device);
    }
    if (sim->manifest != NULL) {
        (void)fflush(sim->manifest);
    }
}

static void
run(struct sim *sim)
{
    gong_mono_t begin = gong_mono_now();
    gong_dur_t interval = sim->options.interval;
    gong_dur_t duration = sim->options.duration;

    while (!stopping) {
        gong_mono_t due = gong_mono_add(
            begin, (gong_dur_t){(int64_t)sim->step * interval.ns});

        if (duration.ns > 0 &&
            (int64_t)sim->step * interval.ns >= duration.ns) {
            return;
        }
        if (sim->options.print) {
            sim->now_ns =
                sim->options.start_ns + (int64_t)sim->step * interval.ns;
        } else {
            gong_clock_sleep(gong_mono_since(due, gong_mono_now()));
            sim->now_ns = gong_wall_now().ns;
        }
        report_all(sim);
        sim->step++;
    }
}

static size_t
waiting(const struct sim *sim)
{
    size_t sum = 0;

    for (size_t i = 0; i < sim->count; i++) {
        if (sim->devices[i].emit != NULL) {
            sum += gong_emit_waiting(sim->devices[i].emit);
        }
    }
    return sum;
}

static void
finish(struct sim *sim)
{
    size_t left;

    for (int i = 0; i < DRAIN_STEPS && waiting(sim) > 0; i++) {
        gong_clock_sleep(gong_dur_ms(100));
    }
    left = waiting(sim);
    for (size_t i = 0; i < sim->count; i++) {
        gong_emit_stop(sim->devices[i].emit);
        gong_emit_free(sim->devices[i].emit);
    }
    free(sim->devices);
    if (sim->manifest != NULL && fclose(sim->manifest) != 0) {
        gong_log(GONG_LOG_ERROR, "manifest_failed", "error=%s",
                 gong_err_text(gong_err_from_errno(errno)));
    }
    gong_log(GONG_LOG_INFO, "stopped",
             "points=%" PRIu64 " refused=%" PRIu64 " unacknowledged=%zu",
             sim->emitted, sim->refused, left);
}

static const struct option long_options[] = {
    {"broker", required_argument, NULL, 'b'},
    {"username", required_argument, NULL, 'u'},
    {"password-file", required_argument, NULL, 'p'},
    {"manifest", required_argument, NULL, 'm'},
    {"seed", required_argument, NULL, 's'},
    {"interval", required_argument, NULL, 'i'},
    {"duration", required_argument, NULL, 'd'},
    {"scale", required_argument, NULL, 'n'},
    {"print", required_argument, NULL, 'P'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void
usage(FILE *out)
{
    (void)fputs(
        "gong-sim: một thành phố nhỏ gồm thiết bị mô phỏng, để thử và trình "
        "diễn\n"
        "gong-sim: a small city of simulated devices, for tests and shows\n"
        "\n"
        "  gong-sim --broker mqtt://HOST:PORT [OPTIONS]\n"
        "  gong-sim --print START_MS --duration TIME [OPTIONS]\n"
        "\n"
        "Đèn đường, không khí, mực nước, UPS, quầy: mỗi thiết bị một kết nối\n"
        "MQTT, có sự cố để báo động nổi lên rồi hết. Cùng seed, cùng số liệu.\n"
        "Street lights, air quality, river gauges, UPS, kiosks, each on its "
        "own\n"
        "MQTT connection, with faults that make alerts fire and resolve. The\n"
        "same seed reads the same.\n"
        "\n"
        "  --broker URL          nối đến đâu | where to connect\n"
        "  --username NAME       mặc định | default: SITE/DEVICE\n"
        "  --password-file FILE  đăng nhập; dòng đầu là mật khẩu\n"
        "                        log in; the first line is the password\n"
        "  --seed N              mặc định | default: 1\n"
        "  --interval TIME       giữa hai lần gửi, mặc định 1s\n"
        "                        between reports, default 1s\n"
        "  --duration TIME       dừng sau TIME; mặc định 0s: chạy mãi\n"
        "                        stop after TIME; default 0s, until stopped\n"
        "  --scale N             gấp N lần số thiết bị, mặc định 1\n"
        "                        N times as many devices, default 1\n"
        "  --manifest FILE       ghi mọi điểm đã phát vào FILE\n"
        "                        write every emitted point to FILE\n"
        "  --print START_MS      chỉ in các điểm, tính giờ từ START_MS\n"
        "                        print the points instead, stamped from "
        "START_MS\n"
        "                        (milliseconds since 1970)\n",
        out);
}

static bool
parse_count(const char *text, uint64_t max, uint64_t *out)
{
    char *end = NULL;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-' &&
           *out <= max;
}

/* False: complained. */
static bool
take_number(struct options *options, int option, const char *text)
{
    uint64_t number = 0;

    if (!parse_count(text, option == 'n' ? 1000 : INT64_MAX / GONG_NS_PER_MS,
                     &number) ||
        (option == 'n' && number == 0)) {
        (void)fprintf(stderr, "gong-sim: found %s, expected a number\n", text);
        return false;
    }
    if (option == 's') {
        options->seed = number;
    } else if (option == 'n') {
        options->scale = (size_t)number;
    } else {
        options->print = true;
        options->start_ns = (int64_t)number * GONG_NS_PER_MS;
    }
    return true;
}

static bool
take_duration(gong_dur_t *out, const char *text, bool zero)
{
    if (gong_dur_parse(gong_str_of(text), out) != GONG_OK ||
        (out->ns == 0 && !zero)) {
        (void)fprintf(stderr,
                      "gong-sim: found %s, expected a duration such as 1s\n",
                      text);
        return false;
    }
    return true;
}

/* The exit code, or -1 to go on. */
static int
take_option(struct options *options, int option)
{
    switch (option) {
    case 'b':
        options->broker = optarg;
        return -1;
    case 'u':
        options->username = optarg;
        return -1;
    case 'p':
        options->password_file = optarg;
        return -1;
    case 'm':
        options->manifest = optarg;
        return -1;
    case 's':
    case 'n':
    case 'P':
        return take_number(options, option, optarg) ? -1 : EX_USAGE;
    case 'i':
        return take_duration(&options->interval, optarg, false) ? -1 : EX_USAGE;
    case 'd':
        return take_duration(&options->duration, optarg, true) ? -1 : EX_USAGE;
    case 'V':
        (void)puts("gong-sim " GONG_VERSION);
        return EX_OK;
    case 'h':
        usage(stdout);
        return EX_OK;
    default:
        usage(stderr);
        return EX_USAGE;
    }
}

static int
parse_options(struct options *options, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        int code = take_option(options, option);

        if (code >= 0) {
            return code;
        }
    }
    if (optind < argc || (options->broker == NULL && !options->print) ||
        (options->print && options->duration.ns == 0)) {
        usage(stderr);
        return EX_USAGE;
    }
    return -1;
}

int
main(int argc, char **argv)
{
    struct sim sim = {
        .options = {.seed = 1, .interval = gong_dur_s(1), .scale = 1}};
    struct sigaction action = {.sa_handler = on_signal};
    int code = parse_options(&sim.options, argc, argv);

    if (code >= 0) {
        return code;
    }
    gong_log_init("gong-sim", GONG_LOG_INFO);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    if (sim.options.manifest != NULL) {
        sim.manifest = fopen(sim.options.manifest, "we");
        if (sim.manifest == NULL) {
            (void)fprintf(stderr, "gong-sim: %s: cannot be written: %s\n",
                          sim.options.manifest,
                          gong_err_text(gong_err_from_errno(errno)));
            return EX_CANTCREAT;
        }
    }
    code = EX_UNAVAILABLE;
    if (build_city(&sim)) {
        run(&sim);
        code = EX_OK;
    }
    finish(&sim);
    return code;
}
