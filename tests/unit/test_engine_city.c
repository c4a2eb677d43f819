/*
 * The city model in the engine: labels of units, parameters, names, `every`,
 * and what a change of the model keeps.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "rules/engine/sample.h"
#include "rules/rule_file.h"
#include "snapshot_bytes.h"

#define MINUTE INT64_C(60000)

static const char units[] =
    "units = ( { code = \"66\"; name = \"Tỉnh\"; kind = \"province\"; },\n"
    "{ code = \"1\"; name = \"Phường Một\"; name_en = \"Ward One\";\n"
    "  kind = \"ward\"; parent = \"66\"; aliases = ( { code = \"11\"; } ); },\n"
    "{ code = \"2\"; name = \"Xã Hai\"; kind = \"commune\"; parent = \"66\"; "
    "}\n"
    ");\n";
static const char renamed[] =
    "units = ( { code = \"66\"; name = \"Tỉnh\"; kind = \"province\"; },\n"
    "{ code = \"1\"; name = \"Phường Mới\"; kind = \"ward\"; parent = \"66\";\n"
    "  aliases = ( { code = \"11\"; } ); },\n"
    "{ code = \"2\"; name = \"Xã Hai\"; kind = \"commune\"; parent = \"66\"; "
    "}\n"
    ");\n";
static const char merged[] =
    "units = ( { code = \"66\"; name = \"Tỉnh\"; kind = \"province\"; },\n"
    "{ code = \"1\"; name = \"Phường Một\"; kind = \"ward\"; parent = \"66\";\n"
    "  aliases = ( { code = \"11\"; }, { code = \"2\"; } ); } );\n";
static const char gauges[] =
    "devices = (\n"
    "{ unit = \"1\"; name = \"g\"; every = \"10m\";\n"
    "  params = { top = 30; low = 10.5; }; },\n"
    "{ unit = \"2\"; name = \"g\"; params = { top = 4; }; } );\n";
static const char higher[] =
    "devices = ( { unit = \"1\"; name = \"g\"; params = { top = 50; }; } );\n";

#define RULE(name, expr)                                                       \
    "{ alert = \"" name "\"; expr = \"" expr                                   \
    "\"; labels = { }; annotations = "                                         \
    "{ }; }"
static const char hot[] = RULE("Hot", "m_a > 5");
static const char top[] =
    RULE("Top", "m_a >= on(site, device) group_left() param_top");
static const char dark[] = RULE("Dark", "device_dark == 1");

struct world {
    struct gong_rule_source *source;
    struct gong_engine *engine;
    struct text effects;
    struct text payload;
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct text *out = ctx;

    effect_line(out, effect);
    for (size_t i = 0; i < effect->annotation_count; i++) {
        const struct gong_label_view *a = &effect->annotations[i];

        text_add(out, " %.*s=%.*s", (int)a->name.len, a->name.data,
                 (int)a->value.len, a->value.data);
    }
    text_add(out, "\n");
}

static struct gong_rule_source *
load(const char *rules, const char *model, const char *devices,
     struct gong_conf_errors *errors)
{
    struct gong_rule_source *source = NULL;
    struct text bundle = {0};
    struct text files = {0};

    text_add(&files, "group = \"g\"; rules = ( %s );\n", rules);
    text_add(&bundle, "== a.cfg %zu\n%s", files.len, files.data);
    if (model != NULL) {
        text_clear(&files);
        text_add(&files, "model = \"m\";\n%s%s", model, devices);
        text_add(&bundle, "== b.cfg %zu\n%s", files.len, files.data);
    }
    source =
        gong_rule_bundle_load(gong_str_from(bundle.data, bundle.len), errors);
    text_free(&bundle);
    text_free(&files);
    return source;
}

/* Other rules or another model, at ms. */
static void
change(struct world *world, const char *rules, const char *model,
       const char *devices, int64_t ms)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = load(rules, model, devices, &errors);

    gong_conf_errors_print(&errors, stderr);
    assert_non_null(source);
    assert_int_equal(
        gong_engine_set_rules(world->engine, source->set, 0, ms, NULL),
        GONG_OK);
    gong_rule_source_free(world->source);
    world->source = source;
}

static void
begin(struct world *world, const char *rules, const char *model,
      const char *devices)
{
    *world = (struct world){0};
    text_clear(&world->effects);
    world->engine = gong_engine_new(NULL, on_effect, &world->effects);
    assert_non_null(world->engine);
    change(world, rules, model, devices, 0);
}

static void
end(struct world *world)
{
    gong_engine_free(world->engine);
    gong_rule_source_free(world->source);
    text_free(&world->effects);
    text_free(&world->payload);
}

static void
feed(struct world *world, int64_t ms, const char *site, const char *device,
     const char *point)
{
    char points[128];
    struct gong_record record;

    (void)snprintf(points, sizeof points, "%s %" PRId64 "\n", point, ms);
    record = data_record(&world->payload, ms, site, device, points);
    assert_int_equal(gong_engine_apply(world->engine, &record), GONG_OK);
}

static void
clock_at(struct world *world, int64_t ms)
{
    struct gong_record record = clock_record(ms);

    assert_int_equal(gong_engine_apply(world->engine, &record), GONG_OK);
}

static void
said(struct world *world, const char *expected)
{
    assert_string_equal(world->effects.data == NULL ? "" : world->effects.data,
                        expected);
    text_clear(&world->effects);
}

static void
series_have_the_unit_of_now_and_its_kind(void **state)
{
    struct world world;

    (void)state;
    begin(&world, hot, units, "");
    feed(&world, 1000, "1", "d", "m a=6");
    said(&world, "Hot{device=\"d\",kind=\"ward\",site=\"1\",unit=\"1\"} "
                 "inactive->firing condition at 1000 since 1000 value 6 "
                 "unit_name=Phường Một unit_name_en=Ward One\n");
    feed(&world, 1000, "11", "d", "m a=6");
    said(&world, "Hot{device=\"d\",kind=\"ward\",site=\"11\",unit=\"1\"} "
                 "inactive->firing condition at 1000 since 1000 value 6 "
                 "unit_name=Phường Một unit_name_en=Ward One\n");
    feed(&world, 1000, "2", "d", "m,kind=led,unit=9 a=6");
    said(&world, "Hot{device=\"d\",exported_kind=\"led\",exported_unit=\"9\","
                 "kind=\"commune\",site=\"2\",unit=\"2\"} inactive->firing "
                 "condition at 1000 since 1000 value 6 unit_name=Xã Hai\n");
    feed(&world, 1000, "3", "d", "m,kind=led a=6");
    said(&world, "Hot{device=\"d\",kind=\"led\",site=\"3\"} inactive->firing "
                 "condition at 1000 since 1000 value 6\n");
    end(&world);
}

static void
one_rule_serves_all_stations(void **state)
{
    struct world world;

    (void)state;
    begin(&world, top, units, gauges);
    feed(&world, 1000, "1", "g", "m a=29");
    feed(&world, 1000, "2", "g", "m a=3.9");
    feed(&world, 1000, "2", "other", "m a=1000");
    said(&world, "");
    feed(&world, 2000, "2", "g", "m a=4");
    said(&world, "Top{device=\"g\",kind=\"commune\",site=\"2\",unit=\"2\"} "
                 "inactive->firing condition at 2000 since 2000 value 4 "
                 "unit_name=Xã Hai\n");
    feed(&world, 3000, "1", "g", "m a=30");
    said(&world, "Top{device=\"g\",kind=\"ward\",site=\"1\",unit=\"1\"} "
                 "inactive->firing condition at 3000 since 3000 value 30 "
                 "unit_name=Phường Một unit_name_en=Ward One\n");
    end(&world);
}

/* The parameter counts for ever, the sample for its look-back. */
static void
parameters_are_never_too_old(void **state)
{
    struct world world;

    (void)state;
    begin(&world, top, units, gauges);
    clock_at(&world, 90 * 24 * 60 * MINUTE);
    feed(&world, 90 * 24 * 60 * MINUTE + 1, "2", "g", "m a=4");
    clock_at(&world, 90 * 24 * 60 * MINUTE + 2000);
    assert_non_null(strstr(world.effects.data, "inactive->firing"));
    end(&world);
}

static void
a_parameter_that_changes_counts_at_once(void **state)
{
    struct world world;

    (void)state;
    begin(&world, top, units, gauges);
    feed(&world, 1000, "1", "g", "m a=40");
    feed(&world, 1000, "2", "g", "m a=4");
    clock_at(&world, 2500);
    text_clear(&world.effects);
    change(&world, top, units, higher, 3000);
    clock_at(&world, 4500);
    text_sort_lines(&world.effects);
    said(&world, "Top{device=\"g\",kind=\"commune\",site=\"2\",unit=\"2\"} "
                 "firing->inactive condition at 3000 since 1000 value 4 "
                 "unit_name=Xã Hai\n"
                 "Top{device=\"g\",kind=\"ward\",site=\"1\",unit=\"1\"} "
                 "firing->inactive condition at 3000 since 1000 value 40 "
                 "unit_name=Phường Một unit_name_en=Ward One\n");
    change(&world, top, units, gauges, 5000);
    clock_at(&world, 6500);
    assert_non_null(strstr(world.effects.data, "inactive->firing"));
    end(&world);
}

/* What comes late and at once is decided at each sample, as if each had come by
 * itself; and nothing is missed between two that come within a second. */
static void
a_lump_is_looked_at_sample_by_sample(void **state)
{
    static const char level[] =
        "{ alert = \"Level\"; levels = (\n"
        "{ severity = \"info\"; expr = \"m_a >= on (site, device) group_left "
        "() param_low\"; resolve = \"m_a < on (site, device) group_left () "
        "param_low - 1\"; },\n"
        "{ severity = \"critical\"; expr = \"m_a >= on (site, device) "
        "group_left () param_top\"; } ); }";
    static const char points[] = "m a=9 60000\nm a=11 60100\nm a=31 60200\n"
                                 "m a=29 60300\nm a=10 60400\nm a=9 60500\n";
    struct world world;
    struct gong_record record;

    (void)state;
    begin(&world, level, units, gauges);
    record = data_record(&world.payload, 20 * MINUTE, "1", "g", points);
    assert_int_equal(gong_engine_apply(world.engine, &record), GONG_OK);
    said(&world,
         "Level{device=\"g\",kind=\"ward\",severity=\"info\",site=\"1\","
         "unit=\"1\"} inactive->firing condition at 60100 since 60100 value 11 "
         "level 0->1 "
         "unit_name=Phường Một unit_name_en=Ward One\n"
         "Level{device=\"g\",kind=\"ward\",severity=\"critical\",site=\"1\","
         "unit=\"1\"} firing->firing level at 60200 since 60100 value 31 level "
         "1->2 "
         "unit_name=Phường Một unit_name_en=Ward One\n"
         "Level{device=\"g\",kind=\"ward\",severity=\"info\",site=\"1\","
         "unit=\"1\"} firing->firing level at 60300 since 60100 value 29 level "
         "2->1 "
         "unit_name=Phường Một unit_name_en=Ward One\n"
         "Level{device=\"g\",kind=\"ward\",severity=\"info\",site=\"1\","
         "unit=\"1\"} firing->inactive resolve at 60500 since 60100 value 29 "
         "level 1->0 "
         "unit_name=Phường Một unit_name_en=Ward One\n");
    end(&world);
}

/* A file of the shipped rules; heap. */
static char *
city_file(const char *name)
{
    char path[256];
    char *text = calloc(1, 1 << 16);
    FILE *file = NULL;

    (void)snprintf(path, sizeof path, "%s/rules/city/%s", GONG_SOURCE_DIR,
                   name);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    (void)fclose(file);
    return text;
}

/* The model, as gauges are given their levels. */
static void
load_flood(struct world *world, const char *rules, const char *params,
           int64_t ms)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = NULL;
    struct text model = {0};
    struct text bundle = {0};

    text_add(&model,
             "model = \"m\";\n%sdevices = ( { unit = \"1\"; name = \"g\"; "
             "params = { %s }; }, { unit = \"2\"; name = \"g\"; params = { "
             "level1 = 1; level2 = 2; level3 = 3; }; } );\n",
             units, params);
    text_add(&bundle, "== a.cfg %zu\n%s== b.cfg %zu\n%s", strlen(rules), rules,
             model.len, model.data);
    source =
        gong_rule_bundle_load(gong_str_from(bundle.data, bundle.len), &errors);
    gong_conf_errors_print(&errors, stderr);
    assert_non_null(source);
    assert_int_equal(
        gong_engine_set_rules(world->engine, source->set, 0, ms, NULL),
        GONG_OK);
    gong_rule_source_free(world->source);
    world->source = source;
    text_free(&model);
    text_free(&bundle);
}

/* A level that the model has no more ends, at once; what is left of them goes
 * on. An alert of another station is none the wiser. */
static void
a_level_without_its_parameter_ends(void **state)
{
    char *rules = city_file("flood.cfg");
    struct world world = {0};

    (void)state;
    world.engine = gong_engine_new(NULL, on_effect, &world.effects);
    assert_non_null(world.engine);
    load_flood(&world, rules, "level1 = 10; level2 = 20; level3 = 30;", 0);
    feed(&world, 1000, "1", "g", "river level=31");
    feed(&world, 1000, "2", "g", "river level=2.5");
    text_clear(&world.effects);
    load_flood(&world, rules, "level1 = 10; level2 = 20;", 2000);
    assert_non_null(strstr(world.effects.data,
                           "severity=\"warning\",site=\"1\",unit=\"1\"} "
                           "firing->firing level at 2000 since 1000"));
    assert_null(strstr(world.effects.data, "firing->inactive"));
    text_clear(&world.effects);
    load_flood(&world, rules, "low = 1;", 3000);
    assert_non_null(strstr(world.effects.data,
                           "site=\"1\",unit=\"1\"} firing->inactive resolve "
                           "at 3000 since 1000"));
    assert_null(strstr(world.effects.data, "site=\"2\""));
    text_clear(&world.effects);
    feed(&world, 4000, "1", "g", "river level=99");
    assert_string_equal(world.effects.data, "");
    /* And begins again when it is back. */
    load_flood(&world, rules, "level2 = 20;", 5000);
    assert_non_null(strstr(world.effects.data,
                           "inactive->firing condition at 5000 since 5000"));
    free(rules);
    end(&world);
}

/* Without it in the model a parameter's name is any series': its rule is
 * evaluated as a whole, as it ever was. */
static void
a_parameter_that_no_device_has_is_a_series(void **state)
{
    struct world world;

    (void)state;
    begin(&world, top, units, "");
    feed(&world, 1000, "1", "g", "m a=29");
    feed(&world, 1000, "1", "g", "param top=20");
    clock_at(&world, 3000);
    assert_non_null(strstr(world.effects.data, "inactive->firing"));
    end(&world);
}

#define TREND                                                                  \
    "annotations = { summary = \"{{ $value }}[[, {trend:+2} m/h]]\"; }; }"

/* The line through the last hour, once a third of it is known. */
static void
an_alert_says_how_its_value_changes(void **state)
{
    static const char rules[] =
        "{ alert = \"Up\"; expr = \"m_a >= on (site, device) group_left () "
        "param_top\"; " TREND ",\n"
        "{ alert = \"Twice\"; expr = \"m_a * 2 > 60\"; " TREND ",\n"
        "{ alert = \"Plain\"; expr = \"m_a > 30\"; annotations = { }; }";
    struct world world;
    char point[32];

    (void)state;
    begin(&world, rules, units, gauges);
    feed(&world, 0, "1", "g", "m a=40");
    feed(&world, 10 * MINUTE, "1", "g", "m a=20");
    text_clear(&world.effects);
    for (int64_t i = 2; i <= 13; i++) {
        (void)snprintf(point, sizeof point, "m a=%" PRId64, 18 + i);
        feed(&world, i * 10 * MINUTE, "1", "g", point);
        if (i == 12) {
            assert_non_null(strstr(world.effects.data,
                                   "value 30 summary=30[[, {trend:+2} m/h]] "
                                   "unit_name=Phường Một "
                                   "unit_name_en=Ward One trend=6.000\n"));
            text_clear(&world.effects);
        }
    }
    assert_non_null(strstr(world.effects.data, "Plain{"));
    assert_non_null(strstr(world.effects.data, "Twice{"));
    assert_null(strstr(world.effects.data, "trend="));
    /* 20 minutes are enough, ten are not. */
    feed(&world, 0, "2", "g", "m a=1");
    text_clear(&world.effects);
    feed(&world, 10 * MINUTE, "2", "g", "m a=4");
    assert_non_null(strstr(world.effects.data, "inactive->firing"));
    assert_null(strstr(world.effects.data, "trend="));
    feed(&world, 20 * MINUTE, "2", "g", "m a=3.5");
    assert_non_null(strstr(world.effects.data, " trend=7.500\n"));
    end(&world);
}

#define CUTS 60

/* Record number i of a stream with gaps, samples that come late and silence. */
static void
feed_number(struct world *world, int64_t i)
{
    int64_t ms = i * 4 * MINUTE + (i > 35 ? 30 * MINUTE : 0);
    char point[32];

    if (i % 13 == 12) {
        clock_at(world, ms);
        return;
    }
    (void)snprintf(point, sizeof point, "m a=%" PRId64, 26 + i * i % 11);
    feed(world, i % 7 == 6 ? ms - 9 * MINUTE : ms, "1", "g", point);
    feed(world, ms, "2", "g", i % 3 == 0 ? "m a=1" : "m a=5,b=9");
}

/* Wherever a snapshot is taken, what goes on from it says the same trends. */
static void
a_trend_goes_on_from_any_record(void **state)
{
    static const char rules[] =
        "{ alert = \"Up\"; expr = \"m_a >= on (site, device) group_left () "
        "param_top\"; " TREND ",\n"
        "{ alert = \"Both\"; expr = \"m_a > 4 and m_b > 3\"; " TREND;
    static const struct gong_snapshot_place place = {
        .journal_id = {1}, .generation = 1, .position = 1, .rules = "r"};
    size_t trends = 0;

    (void)state;
    for (int64_t cut = 0; cut < CUTS; cut++) {
        struct world world;
        struct world other = {0};
        struct bytes bytes = {0};
        struct gong_snapshot_start start = {.emit = on_effect,
                                            .ctx = &other.effects};
        const char *why = "";

        begin(&world, rules, units, gauges);
        for (int64_t i = 0; i < cut; i++) {
            feed_number(&world, i);
        }
        assert_true(bytes_save(&bytes, world.engine, &place));
        start.set = world.source->set;
        text_clear(&world.effects);
        text_clear(&other.effects);
        assert_int_equal(bytes_restore(&bytes, &start, &other.engine, &why),
                         GONG_OK);
        for (int64_t i = cut; i < CUTS; i++) {
            feed_number(&world, i);
            feed_number(&other, i);
        }
        trends += strstr(other.effects.data, " trend=") != NULL;
        assert_string_equal(world.effects.data, other.effects.data);
        gong_engine_free(other.engine);
        text_free(&other.effects);
        text_free(&other.payload);
        bytes_free(&bytes);
        end(&world);
    }
    assert_true(trends > CUTS / 2);
}

static void
a_renamed_unit_keeps_its_alerts(void **state)
{
    struct world world;

    (void)state;
    begin(&world, hot, units, "");
    feed(&world, 1000, "1", "d", "m a=6");
    text_clear(&world.effects);
    change(&world, hot, renamed, "", 2000);
    said(&world, "");
    feed(&world, 3000, "1", "d", "m a=1");
    said(&world, "Hot{device=\"d\",kind=\"ward\",site=\"1\",unit=\"1\"} "
                 "firing->inactive condition at 3000 since 1000 value 6 "
                 "unit_name=Phường Mới\n");
    end(&world);
}

static void
only_a_merged_units_alerts_begin_anew(void **state)
{
    struct world world;

    (void)state;
    begin(&world, hot, units, "");
    feed(&world, 1000, "1", "d", "m a=6");
    feed(&world, 1000, "2", "d", "m a=7");
    feed(&world, 1000, "3", "d", "m a=8");
    text_clear(&world.effects);
    change(&world, hot, merged, "", 2000);
    said(&world, "Hot{device=\"d\",kind=\"commune\",site=\"2\",unit=\"2\"} "
                 "firing->inactive rule_removed at 2000 since 1000 value 7 "
                 "unit_name=Xã Hai\n");
    feed(&world, 3000, "2", "d", "m a=7");
    said(&world, "Hot{device=\"d\",kind=\"ward\",site=\"2\",unit=\"1\"} "
                 "inactive->firing condition at 3000 since 3000 value 7 "
                 "unit_name=Phường Một\n");
    feed(&world, 4000, "1", "d", "m a=6");
    feed(&world, 4000, "3", "d", "m a=8");
    said(&world, "");
    /* And back to no model at all. */
    change(&world, hot, NULL, "", 5000);
    text_sort_lines(&world.effects);
    said(&world, "Hot{device=\"d\",kind=\"ward\",site=\"1\",unit=\"1\"} "
                 "firing->inactive rule_removed at 5000 since 1000 value 6 "
                 "unit_name=Phường Một\n"
                 "Hot{device=\"d\",kind=\"ward\",site=\"2\",unit=\"1\"} "
                 "firing->inactive rule_removed at 5000 since 3000 value 7 "
                 "unit_name=Phường Một\n");
    feed(&world, 6000, "2", "d", "m a=7");
    said(&world, "Hot{device=\"d\",site=\"2\"} inactive->firing condition at "
                 "6000 since 6000 value 7\n");
    end(&world);
}

/* on_missing is "unknown": after the look-back the alert is not known. */
static void
every_makes_the_look_back_longer(void **state)
{
    struct world world;

    (void)state;
    begin(&world, hot, units, gauges);
    feed(&world, 0, "1", "g", "m a=6");
    feed(&world, 0, "2", "g", "m a=6");
    text_clear(&world.effects);
    clock_at(&world, 6 * MINUTE);
    said(
        &world,
        "Hot{device=\"g\",kind=\"commune\",site=\"2\",unit=\"2\"} "
        "firing->unknown missing at 300001 since 0 value 6 unit_name=Xã Hai\n");
    clock_at(&world, 25 * MINUTE);
    said(&world, "");
    clock_at(&world, 25 * MINUTE + 2);
    assert_non_null(strstr(world.effects.data, "unknown missing at 1500001"));
    end(&world);
}

static void
dark_devices_have_units_too(void **state)
{
    struct world world;
    struct gong_record record;

    (void)state;
    begin(&world, dark, units, "");
    feed(&world, 1000, "1", "d", "m a=6");
    record = status_record(&world.payload, 2000, "1", "d",
                           "{\"state\":\"offline\"}");
    assert_int_equal(gong_engine_apply(world.engine, &record), GONG_OK);
    said(&world, "Dark{device=\"d\",kind=\"ward\",site=\"1\",unit=\"1\"} "
                 "inactive->firing condition at 2000 since 2000 value 1 "
                 "unit_name=Phường Một unit_name_en=Ward One\n");
    change(&world, dark, renamed, "", 3000);
    said(&world, "");
    change(&world, dark, NULL, "", 4000);
    clock_at(&world, 4001);
    assert_non_null(
        strstr(world.effects.data, "firing->inactive rule_removed"));
    assert_non_null(strstr(world.effects.data,
                           "Dark{device=\"d\",site=\"1\"} inactive->firing"));
    end(&world);
}

static void
payloads_feed_no_parameter(void **state)
{
    struct world world;
    struct gong_engine_stats stats;

    (void)state;
    begin(&world, hot, units, gauges);
    change(&world, RULE("P", "param_top > 29"), units, gauges, 1000);
    clock_at(&world, 1001);
    text_sort_lines(&world.effects);
    said(&world, "P{device=\"g\",kind=\"ward\",site=\"1\",unit=\"1\"} "
                 "inactive->firing condition at 1000 since 1000 value 30 "
                 "unit_name=Phường Một unit_name_en=Ward One\n");
    feed(&world, 2000, "2", "x", "param top=99");
    said(&world, "");
    gong_engine_stats(world.engine, &stats);
    assert_int_equal(stats.own_names, 1);
    /* Without a model the name is one like others. */
    change(&world, RULE("P", "param_top > 29"), NULL, "", 3000);
    clock_at(&world, 3999);
    text_clear(&world.effects);
    feed(&world, 5000, "2", "x", "param top=99");
    said(&world, "P{device=\"x\",site=\"2\"} inactive->firing condition at "
                 "5000 since 5000 value 99\n");
    end(&world);
}

static void
a_parameter_has_no_past(void **state)
{
    struct gong_conf_errors errors = {0};

    (void)state;
    assert_null(load(RULE("P", "max_over_time(param_top[1h]) > 1"), units,
                     gauges, &errors));
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(errors.items[0], "found the past of a parameter"));
    gong_conf_errors_fini(&errors);
}

/* What people call it, in texts alone; without a model, or where it does not
 * say, the code and the device's name. */
static void
texts_name_units_and_devices(void **state)
{
    static const char named[] =
        "{ alert = \"N\"; expr = \"m_a > 5\"; labels = { x = \"{{ "
        "$labels.unit_name }}\"; }; annotations = { vi = \"{{ "
        "$labels.device_name }}, {{ $labels.unit_name }}\"; en = \"{{ "
        "$labels.device_name_en }}, {{ $labels.unit_name_en }}\"; all = \"{{ "
        "$labels }}\"; }; }";
    static const char labelled[] =
        "devices = ( { unit = \"1\"; name = \"g\"; label = \"Trạm Gò\"; } "
        ");\n";
    struct world world;

    (void)state;
    begin(&world, named, units, labelled);
    feed(&world, 1000, "1", "g", "m a=6");
    said(&world, "N{device=\"g\",kind=\"ward\",site=\"1\",unit=\"1\"} "
                 "inactive->firing condition at 1000 since 1000 value 6 "
                 "vi=Trạm Gò, Phường Một en=Trạm Gò, Ward One "
                 "all=map[__name__:m_a device:g kind:ward site:1 unit:1] "
                 "unit_name=Phường Một unit_name_en=Ward One\n");
    feed(&world, 1000, "2", "h", "m,unit_name=own a=6");
    assert_non_null(strstr(world.effects.data, " vi=h, own en=h, Xã Hai all="));
    text_clear(&world.effects);
    change(&world, named, NULL, "", 2000);
    text_clear(&world.effects);
    feed(&world, 3000, "1", "g", "m a=6");
    assert_non_null(strstr(world.effects.data, " vi=g, 1 en=g, 1 all="));
    end(&world);
}

#define DAY (24 * 60 * MINUTE)

/* From the day that the model names, after the rule's `for`, to the first sign
 * of life or the last day; whatever the zone, days begin there. */
static void
a_device_that_never_came_is_missed(void **state)
{
    static const char never[] =
        "{ alert = \"Never\"; for = \"1h\"; expr = \"count by (unit, kind) "
        "(param_expected unless on (site, device) up)\"; }";
    static const char expected[] =
        "devices = (\n"
        "{ unit = \"1\"; name = \"a\"; },\n"
        "{ unit = \"11\"; name = \"b\"; },\n"
        "{ unit = \"2\"; name = \"later\"; valid = \"1970-01-03..\"; },\n"
        "{ unit = \"2\"; name = \"gone\"; valid = \"..1970-01-01\"; } );\n";
    struct world world;

    (void)state;
    begin(&world, never, units, expected);
    clock_at(&world, 1000);
    clock_at(&world, 30 * MINUTE);
    assert_non_null(strstr(world.effects.data, "inactive->pending"));
    text_clear(&world.effects);
    clock_at(&world, 70 * MINUTE);
    text_sort_lines(&world.effects);
    said(&world,
         "Never{kind=\"commune\",unit=\"2\"} pending->firing for at 3601000 "
         "since 1000 value 1 unit_name=Xã Hai\n"
         "Never{kind=\"ward\",unit=\"1\"} pending->firing for at 3601000 since "
         "1000 value 2 unit_name=Phường Một unit_name_en=Ward One\n");
    /* One comes; the other is missed still. */
    feed(&world, 80 * MINUTE, "1", "a", "m a=1");
    clock_at(&world, 90 * MINUTE);
    said(&world, "");
    feed(&world, 100 * MINUTE, "11", "b", "m a=1");
    clock_at(&world, 110 * MINUTE);
    assert_non_null(strstr(world.effects.data, "unit=\"1\"} firing->inactive"));
    text_clear(&world.effects);
    /* The last day ends, and another device's first day comes. */
    clock_at(&world, 2 * DAY - 8 * 60 * MINUTE);
    assert_non_null(
        strstr(world.effects.data,
               "unit=\"2\"} firing->inactive condition at 61200000"));
    text_clear(&world.effects);
    clock_at(&world, 2 * DAY - 5 * 60 * MINUTE);
    assert_non_null(strstr(world.effects.data,
                           "unit=\"2\"} pending->firing for at 151200000"));
    text_clear(&world.effects);
    /* The model lets it go: the alert is over. */
    change(&world, never, units, "", 2 * DAY);
    clock_at(&world, 2 * DAY + 2000);
    assert_non_null(strstr(world.effects.data, "unit=\"2\"} firing->inactive"));
    end(&world);
}

/* Where a birth or a will alone is known the device has come. */
static void
what_was_heard_of_has_come(void **state)
{
    static const char never[] =
        "{ alert = \"Never\"; expr = \"param_expected unless on (site, "
        "device) up\"; }";
    static const char expected[] =
        "devices = ( { unit = \"1\"; name = \"a\"; } );\n";
    struct world world;
    struct gong_record record;

    (void)state;
    begin(&world, never, units, expected);
    record =
        status_record(&world.payload, 500, "1", "a", "{\"state\":\"online\"}");
    assert_int_equal(gong_engine_apply(world.engine, &record), GONG_OK);
    record = status_record(&world.payload, 2000, "1", "a",
                           "{\"state\":\"offline\"}");
    assert_int_equal(gong_engine_apply(world.engine, &record), GONG_OK);
    clock_at(&world, 5000);
    said(&world, "");
    end(&world);
}

static void
a_rules_own_annotation_stands(void **state)
{
    struct world world;

    (void)state;
    begin(&world,
          "{ alert = \"Hot\"; expr = \"m_a > 5\"; annotations = { unit_name = "
          "\"mine\"; }; }",
          units, "");
    feed(&world, 1000, "1", "d", "m a=6");
    assert_non_null(strstr(world.effects.data, " unit_name=mine "));
    assert_null(strstr(world.effects.data, "unit_name=Phường"));
    end(&world);
}

/* A restored engine has the labels and parameters of its model, and no other
 * model may be put under it. */
static void
a_snapshot_goes_on_with_its_model(void **state)
{
    static const struct gong_snapshot_place place = {
        .journal_id = {1}, .generation = 1, .position = 1, .rules = "r"};
    struct world world;
    struct world other;
    struct bytes bytes = {0};
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *another = load(top, units, higher, &errors);
    struct gong_snapshot_start start = {0};
    const char *why = "";

    (void)state;
    assert_non_null(another);
    begin(&world, top, units, gauges);
    feed(&world, 1000, "1", "g", "m a=29");
    assert_true(bytes_save(&bytes, world.engine, &place));
    other = world;
    other.effects = (struct text){0};
    other.payload = (struct text){0};
    text_clear(&other.effects);
    start.set = another->set;
    start.emit = on_effect;
    start.ctx = &other.effects;
    assert_int_equal(bytes_restore(&bytes, &start, &other.engine, &why),
                     GONG_ERR_INVALID);
    assert_string_equal(why, "its rules were others");
    start.set = world.source->set;
    bytes.read = 0;
    assert_int_equal(bytes_restore(&bytes, &start, &other.engine, &why),
                     GONG_OK);
    feed(&world, 2000, "1", "g", "m a=30");
    feed(&other, 2000, "1", "g", "m a=30");
    feed(&world, 2000, "2", "g", "m a=30");
    feed(&other, 2000, "2", "g", "m a=30");
    clock_at(&world, 4000);
    clock_at(&other, 4000);
    assert_non_null(strstr(world.effects.data, "unit=\"1\""));
    assert_non_null(strstr(world.effects.data, "unit=\"2\""));
    assert_string_equal(world.effects.data, other.effects.data);
    gong_engine_free(other.engine);
    text_free(&other.effects);
    text_free(&other.payload);
    gong_rule_source_free(another);
    bytes_free(&bytes);
    end(&world);
}

/* Which alerts fire, a line each; since when is each engine's own. */
static void
on_alert(void *ctx, const struct gong_effect *effect)
{
    if (effect->to != GONG_ALERT_FIRING) {
        return;
    }
    text_add(ctx, "%s", effect->rule->alert);
    for (size_t i = 0; i < effect->label_count; i++) {
        const struct gong_label_view *label = &effect->labels[i];

        text_add(ctx, " %.*s=%.*s", (int)label->name.len, label->name.data,
                 (int)label->value.len, label->value.data);
    }
    for (size_t i = 0; i < effect->annotation_count; i++) {
        text_add(ctx, " %.*s", (int)effect->annotations[i].value.len,
                 effect->annotations[i].value.data);
    }
    text_add(ctx, " %g\n", effect->value);
}

static void
firing(struct world *world, struct text *out)
{
    text_clear(out);
    gong_engine_alerts(world->engine, on_alert, out);
    text_sort_lines(out);
}

static void
feed_round(struct world *world, int64_t ms, uint32_t seed)
{
    static const char *const sites[] = {"1", "11", "2", "3"};

    for (uint32_t i = 0; i < 8; i++) {
        char point[64];

        seed = seed * 1664525u + 1013904223u;
        (void)snprintf(point, sizeof point, "m%s a=%" PRIu32 ",b=%" PRIu32,
                       i % 3 == 0 ? ",kind=x" : "", seed >> 28,
                       (seed >> 20) % 9);
        feed(world, ms, sites[i % 4], i < 4 ? "g" : "d", point);
    }
}

#define HOT  RULE("Hot", "m_a > 7")
#define BOTH RULE("Both", "m_a > 5 and m_b > 4")
#define SUM  RULE("Sum", "sum by (unit, kind) (m_a) > 20")
#define TOP  RULE("Top", "m_a >= on(site, device) param_top")
#define OWN  RULE("Own", "m_a >= on(site, device) group_left() param_top")
#define DARK RULE("Dark", "device_dark == 1")

/* After any changes of the model an engine that has heard of all devices again
 * says what one says that never knew another model. */
static void
what_was_before_a_change_leaves_nothing_behind(void **state)
{
    static const char rules[] = HOT "," BOTH "," SUM "," TOP "," OWN "," DARK;
    static const char *const models[] = {units, renamed, merged, NULL};
    struct world world;
    struct text is = {0};
    struct text should = {0};
    uint32_t seed = 7;
    size_t lines = 0;

    (void)state;
    begin(&world, rules, units, gauges);
    for (int64_t step = 1; step < 200; step++) {
        struct world fresh;
        const char *model = NULL;
        const char *devices = "";

        seed = seed * 1664525u + 1013904223u;
        model = models[(seed >> 16) % 4];
        if (model == units || model == renamed) {
            devices = (seed >> 24) % 2 == 0 ? gauges : higher;
        }
        change(&world, rules, model, devices, step * 10000);
        begin(&fresh, rules, model, devices);
        feed_round(&world, step * 10000 + 1000, seed);
        feed_round(&fresh, step * 10000 + 1000, seed);
        clock_at(&world, step * 10000 + 4000);
        clock_at(&fresh, step * 10000 + 4000);
        firing(&world, &is);
        firing(&fresh, &should);
        assert_string_equal(is.data == NULL ? "" : is.data,
                            should.data == NULL ? "" : should.data);
        lines += is.len;
        text_clear(&world.effects);
        end(&fresh);
    }
    assert_true(lines > 10000);
    text_free(&is);
    text_free(&should);
    end(&world);
}

/* What the engine tells of presence, with the ordinals that name it. */
static void
on_told(void *ctx, const struct gong_recorded *told)
{
    struct text *out = ctx;

    assert_null(told->rule);
    text_add(out, "%" PRIu32 " %s", told->ordinal, told->name);
    for (size_t i = 0; i < told->label_count; i++) {
        text_add(out, "%s%.*s", i == 0 ? " " : ",",
                 (int)told->labels[i].value.len, told->labels[i].value.data);
    }
    if (gong_is_stale(told->value)) {
        text_add(out, " ends");
    } else {
        text_add(out, " %g", told->value);
    }
    text_add(out, " at %" PRId64 "\n", told->at_ms);
}

/* Whatever rules read: each change once; the devices' own end while their unit
 * is dark; another city has other series. Effects count on as they did. */
static void
presence_is_told_at_each_change(void **state)
{
    struct world world;
    struct gong_record record;

    (void)state;
    begin(&world, hot, units, "");
    gong_engine_on_presence(world.engine, on_told, &world.effects);
    feed(&world, 1000, "1", "d", "m b=6");
    said(&world, "0 device_dark d,ward,1,1 0 at 1000\n"
                 "1 up d,ward,1,1 1 at 1000\n");
    feed(&world, 2000, "1", "d", "m b=6");
    said(&world, "");
    feed(&world, 3000, "1", "e", "m b=6");
    said(&world, "0 unit_up ward,1,1 1 at 3000\n"
                 "1 device_dark e,ward,1,1 0 at 3000\n"
                 "2 device_dark d,ward,1,1 0 at 3000\n"
                 "3 up e,ward,1,1 1 at 3000\n");
    record = status_record(&world.payload, 4000, "1", "d",
                           "{\"state\":\"offline\"}");
    assert_int_equal(gong_engine_apply(world.engine, &record), GONG_OK);
    said(&world, "0 device_dark d,ward,1,1 1 at 4000\n"
                 "1 up d,ward,1,1 0 at 4000\n");
    record = status_record(&world.payload, 5000, "1", "e",
                           "{\"state\":\"offline\"}");
    assert_int_equal(gong_engine_apply(world.engine, &record), GONG_OK);
    said(&world, "0 device_dark e,ward,1,1 ends at 5000\n"
                 "1 device_dark d,ward,1,1 ends at 5000\n"
                 "2 unit_up ward,1,1 0 at 5000\n"
                 "3 up e,ward,1,1 0 at 5000\n");
    change(&world, hot, renamed, "", 6000);
    said(&world, "");
    change(&world, hot, NULL, "", 7000);
    said(&world, "0 up d,ward,1,1 ends at 7000\n"
                 "1 up d,1 0 at 7000\n"
                 "2 up e,ward,1,1 ends at 7000\n"
                 "3 up e,1 0 at 7000\n"
                 "4 unit_up ward,1,1 ends at 7000\n"
                 "5 unit_up 1 0 at 7000\n");
    end(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series_have_the_unit_of_now_and_its_kind),
        cmocka_unit_test(one_rule_serves_all_stations),
        cmocka_unit_test(parameters_are_never_too_old),
        cmocka_unit_test(a_parameter_that_changes_counts_at_once),
        cmocka_unit_test(a_lump_is_looked_at_sample_by_sample),
        cmocka_unit_test(a_level_without_its_parameter_ends),
        cmocka_unit_test(a_parameter_that_no_device_has_is_a_series),
        cmocka_unit_test(an_alert_says_how_its_value_changes),
        cmocka_unit_test(a_trend_goes_on_from_any_record),
        cmocka_unit_test(a_renamed_unit_keeps_its_alerts),
        cmocka_unit_test(only_a_merged_units_alerts_begin_anew),
        cmocka_unit_test(every_makes_the_look_back_longer),
        cmocka_unit_test(dark_devices_have_units_too),
        cmocka_unit_test(presence_is_told_at_each_change),
        cmocka_unit_test(payloads_feed_no_parameter),
        cmocka_unit_test(a_parameter_has_no_past),
        cmocka_unit_test(texts_name_units_and_devices),
        cmocka_unit_test(a_device_that_never_came_is_missed),
        cmocka_unit_test(what_was_heard_of_has_come),
        cmocka_unit_test(a_rules_own_annotation_stands),
        cmocka_unit_test(a_snapshot_goes_on_with_its_model),
        cmocka_unit_test(what_was_before_a_change_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
