#include "desk_life.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const char desk_life_routes[] =
    "route = { receiver = \"unit-duty\"; group_by = (\"...\");\n"
    "  group_wait = \"0s\"; group_interval = \"1ms\";\n"
    "  repeat_interval = \"1d\"; };\n"
    "receivers = (\n"
    "  { name = \"unit-duty\"; role = \"duty\"; of = \"unit\"; },\n"
    "  { name = \"unit-head\"; role = \"head\"; of = \"unit\"; },\n"
    "  { name = \"province\"; role = \"duty\"; of = \"66\"; } );\n"
    "escalation = ( { matchers = (\"severity=\\\"critical\\\"\");\n"
    "  acknowledge = \"300ms\"; resolve = \"1h\";\n"
    "  steps = ( { after = \"300ms\"; receiver = \"unit-head\"; },\n"
    "            { after = \"600ms\"; receiver = \"province\"; } ); } );\n";

static const char city[] =
    "model = \"m\";\n"
    "units = (\n"
    "  { code = \"66\"; name = \"Tỉnh\"; kind = \"province\";\n"
    "    roles = { duty = [\"p\"]; }; },\n"
    "  { code = \"22015\"; name = \"Phường Tuy Hoà\"; kind = \"ward\";\n"
    "    parent = \"66\"; roles = { duty = [\"u\"]; head = [\"h\"]; }; } );\n"
    "contacts = (\n"
    "  { id = \"p\"; name = \"Trực tỉnh\"; reaches = (\n"
    "      { channel = \"one\"; address = \"p1\"; },\n"
    "      { channel = \"two\"; address = \"p2\"; } ); },\n"
    "  { id = \"u\"; name = \"Trực\"; reaches = (\n"
    "      { channel = \"one\"; address = \"u1\"; } ); },\n"
    "  { id = \"h\"; name = \"Lãnh đạo\"; reaches = (\n"
    "      { channel = \"two\"; address = \"h2\"; } ); } );\n";

static void
fail_errors(const struct gong_conf_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        print_error("%s\n", errors->items[i]);
    }
    fail();
}

struct gong_desk_config *
desk_life_config(const char *text)
{
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("routes", gong_str_of(text), &errors);
    struct gong_desk_config *config =
        conf == NULL ? NULL : gong_desk_config_read(conf, NULL, &errors);

    if (config == NULL) {
        fail_errors(&errors);
    }
    gong_conf_close(conf);
    return config;
}

static struct gong_model *
read_city(void)
{
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("city", gong_str_of(city), &errors);
    const struct gong_conf *files[] = {conf};
    struct gong_model *model =
        conf == NULL ? NULL : gong_model_read(files, 1, &errors);

    if (model == NULL) {
        fail_errors(&errors);
    }
    gong_conf_close(conf);
    return model;
}

void
desk_life_init(struct desk_life *life, const struct gong_channel_kind *kind,
               const void *kind_config)
{
    struct desk_files files;

    desk_files_init(&files);
    desk_life_init_in(life, files.dir, kind, kind_config);
    life->files = files;
}

void
desk_life_init_in(struct desk_life *life, const char *dir,
                  const struct gong_channel_kind *kind, const void *kind_config)
{
    memset(life, 0, sizeof *life);
    (void)snprintf(life->files.dir, sizeof life->files.dir, "%s", dir);
    (void)snprintf(life->files.path, sizeof life->files.path, "%s/desk.db",
                   dir);
    (void)snprintf(life->effects_dir, sizeof life->effects_dir, "%s/effects",
                   life->files.dir);
    life->config = desk_life_config(desk_life_routes);
    life->model = read_city();
    life->kind = kind;
    life->kind_config = kind_config;
    life->position = 1000;
}

void
desk_life_open(struct desk_life *life)
{
    const struct gong_spool_options log = {
        .dir = life->effects_dir,
        .segment_size = 65536,
        .segments_max = 1000,
        .policy = GONG_SPOOL_DROP_OLDEST,
    };
    static const uint8_t journal_id[16] = {7};
    char why[256] = "";

    life->counters = gong_counters_new();
    assert_non_null(life->counters);
    if (gong_effects_open(&log, life->counters, &life->effects, why,
                          sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    assert_int_equal(
        gong_effects_bind(life->effects, journal_id, UINT64_C(1) << 40),
        GONG_OK);
}

static void
start_outbox(struct desk_life *life)
{
    const struct gong_outbox_channel channels[] = {
        {"one", life->kind, life->kind_config, 0, 0},
        {"two", life->kind, life->kind_config, 0, 0},
    };
    const struct gong_outbox_options options = {
        .path = life->files.path,
        .channels = channels,
        .channel_count = 2,
        .expire = gong_dur_s(86400),
        .retry_min = gong_dur_ms(1),
        .retry_max = gong_dur_ms(5),
        .counters = life->counters,
    };
    char why[256] = "";

    if (gong_outbox_start(&options, &life->outbox, why, sizeof why) !=
        GONG_OK) {
        fail_msg("%s", why);
    }
}

void
desk_life_start(struct desk_life *life)
{
    struct gong_desk_options options;
    char why[256] = "";

    start_outbox(life);
    options = (struct gong_desk_options){
        .path = life->files.path,
        .config = life->config,
        .model = life->model,
        .link = "https://gong.example.vn",
        .effects = life->effects,
        .outbox = life->outbox,
        .counters = life->counters,
        .trust = life->trust,
    };
    if (gong_desk_start(&options, &life->desk, why, sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
}

void
desk_life_stop(struct desk_life *life)
{
    gong_effects_stop(life->effects);
    gong_desk_stop(life->desk);
    gong_outbox_stop(life->outbox);
    gong_effects_close(life->effects);
    gong_counters_free(life->counters);
    life->desk = NULL;
    life->outbox = NULL;
    life->effects = NULL;
}

void
desk_life_forget_log(struct desk_life *life)
{
    DIR *dir = opendir(life->effects_dir);

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[400];

        (void)snprintf(path, sizeof path, "%s/%s", life->effects_dir,
                       entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(dir);
    (void)rmdir(life->effects_dir);
}

void
desk_life_fini(struct desk_life *life)
{
    desk_life_forget_log(life);
    gong_desk_config_free(life->config);
    gong_model_free(life->model);
    desk_files_fini(&life->files);
}

static struct gong_label_view
view(const char *name, const char *value)
{
    return (struct gong_label_view){gong_str_of(name), gong_str_of(value)};
}

static void
put(struct desk_life *life, const char *device, enum gong_alert_state from,
    enum gong_alert_state to, bool held)
{
    char id[] = "g/A";
    char group[] = "g";
    char name[] = "A";
    const struct gong_rule rule = {.id = id, .group = group, .alert = name};
    const struct gong_label_view labels[] = {
        view("alertname", name), view("device", device),
        view("severity", "critical"), view("site", "22015"),
        view("unit", "22015")};
    const struct gong_label_view annotations[] = {view("summary", "Nước dâng"),
                                                  view("action", "Sơ tán")};
    const int64_t decided_ms = gong_floor_ms(gong_wall_now().ns);
    const struct gong_effect effect = {
        .position = life->position,
        .rule = &rule,
        .from = from,
        .to = to,
        .at_ms = 1000,
        .since_ms = 1000,
        .value = 1.5,
        .labels = labels,
        .label_count = 5,
        .annotations = annotations,
        .annotation_count = 2,
        .fingerprint = gong_incident_rule(device),
        .captured_ms = decided_ms - 3,
        .published_ms = decided_ms - 2,
        .received_ms = decided_ms - 1,
    };

    if (held) {
        gong_effects_held(life->effects, &effect, decided_ms);
        return;
    }
    life->position += 8;
    assert_int_equal(gong_effects_put(life->effects, &effect, decided_ms),
                     GONG_OK);
}

void
desk_life_put(struct desk_life *life, const char *device,
              enum gong_alert_state from, enum gong_alert_state to)
{
    put(life, device, from, to, false);
}

void
desk_life_fire(struct desk_life *life, const char *device)
{
    put(life, device, GONG_ALERT_INACTIVE, GONG_ALERT_FIRING, false);
}

int64_t
desk_life_tomorrow(void)
{
    return gong_floor_ms(gong_wall_now().ns) + INT64_C(86400000);
}

void
desk_life_over(struct desk_life *life, const char *device)
{
    put(life, device, GONG_ALERT_FIRING, GONG_ALERT_INACTIVE, false);
}

void
desk_life_probe(struct desk_life *life, const char *rule_id, double number,
                const char *label, const char *value)
{
    char id[32], group[] = "gong-probes", name[] = "GongDrill";
    const struct gong_rule rule = {.id = id, .group = group, .alert = name};
    const struct gong_label_view labels[] = {
        view("alertname", name), view(label, value),
        view("severity", "critical"), view("site", rule_id)};
    struct gong_effect effect = {
        .position = life->position,
        .rule = &rule,
        .from = GONG_ALERT_INACTIVE,
        .to = GONG_ALERT_FIRING,
        .at_ms = 1000,
        .since_ms = 1000,
        .value = number,
        .labels = labels,
        .label_count = sizeof labels / sizeof labels[0],
        .fingerprint = life->position,
    };

    (void)snprintf(id, sizeof id, "%s", rule_id);
    life->position += 8;
    assert_int_equal(gong_effects_put(life->effects, &effect, 1000), GONG_OK);
}

void
desk_life_reconcile(struct desk_life *life, const char *device)
{
    const struct gong_effect place = {.position = life->position};

    gong_effects_reconcile(life->effects);
    if (device != NULL) {
        put(life, device, GONG_ALERT_FIRING, GONG_ALERT_FIRING, true);
    }
    gong_effects_reconciled(life->effects, &place, 1000);
    life->position += 8;
}

uint64_t
desk_life_count(struct desk_life *life, enum gong_counter_type type,
                const char *name, const char *labels)
{
    return gong_counter_get(
        gong_counter_add(life->counters, type, name, "", labels));
}
