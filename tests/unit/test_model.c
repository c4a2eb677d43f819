/*
 * The city model: what a good file means, every mistake with its place, and the
 * shipped model of Dak Lak.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "conf_fixture.h"
#include "rules/model/model.h"

#define DAKLAK GONG_SOURCE_DIR "/rules/city/daklak.cfg"
#define PAGE   GONG_SOURCE_DIR "/docs/CITY.md"
#define DAY_MS INT64_C(86400000)

static const char units[] =
    "model = \"m\";\n"
    "units = (\n"
    "  { code = \"66\"; name = \"Tỉnh\"; kind = \"province\";\n"
    "    roles = { duty = [\"shifts\"]; head = [\"boss\", \"shifts\"]; }; },\n"
    "  { code = \"22015\"; name = \"Phường Tuy Hoà\"; kind = \"ward\";\n"
    "    parent = \"66\"; lon = 109.288132; lat = 13;\n"
    "    aliases = ( { code = \"22018\"; name = \"Phường 1\";\n"
    "                  valid = \"..2025-06-30\"; } );\n"
    "    roles = { duty = [\"ward\"]; }; },\n"
    "  { code = \"22165\"; name = \"Xã Sơn Hoà\"; name_en = \"Son Hoa\";\n"
    "    kind = \"commune\"; parent = \"66\"; valid = \"2025-07-01..\"; } );\n";
static const char people[] =
    "model = \"m\";\n"
    "contacts = (\n"
    "  { id = \"boss\"; name = \"Lãnh đạo\";\n"
    "    reaches = ( { channel = \"mail\"; address = \"a@example.vn\"; },\n"
    "                { channel = \"sms\"; address = \"0\"; } ); },\n"
    "  { id = \"ward\"; name = \"Trực\";\n"
    "    reaches = ( { channel = \"mail\"; address = \"b@example.vn\"; } ); "
    "},\n"
    "  { id = \"one\"; name = \"Kíp 1\";\n"
    "    reaches = ( { channel = \"mail\"; address = \"c@example.vn\"; } ); "
    "},\n"
    "  { id = \"two\"; name = \"Kíp 2\";\n"
    "    reaches = ( { channel = \"mail\"; address = \"d@example.vn\"; } ); }\n"
    ");\n"
    "duties = (\n"
    "  { id = \"shifts\"; shifts = (\n"
    "      { contacts = [\"one\", \"two\"]; hours = [\"mon-sun "
    "06:00-22:00\"];\n"
    "        weekly_from = \"2025-07-07\"; },\n"
    "      { contacts = [\"boss\"]; hours = [\"mon-sun 22:00-06:00\"];\n"
    "        except = [\"2025-09-02\"]; } ); } );\n";
static const char devices[] =
    "model = \"m\";\n"
    "devices = (\n"
    "  { unit = \"22165\"; name = \"gauge\"; label = \"Trạm\"; every = "
    "\"10m\";\n"
    "    lon = 108.9; lat = 13.1; affects = [\"22018\", \"22165\"];\n"
    "    params = { level2 = 32; level1 = 29.5; }; },\n"
    "  { unit = \"22018\"; name = \"old\"; valid = "
    "\"2024-01-01..2025-06-30\";\n"
    "    replaced_by = \"22015/new\"; },\n"
    "  { unit = \"22015\"; name = \"new\"; valid = \"2025-07-01..\"; },\n"
    "  { unit = \"22018\"; name = \"same\"; },\n"
    "  { unit = \"22015\"; name = \"same\"; valid = \"..2025-06-30\";\n"
    "    moved_to = \"22165/gauge\"; },\n"
    "  { unit = \"22165\"; name = \"gone\"; valid = \"..2025-06-30\"; } );\n";

#define FILES_MAX 3

static struct gong_model *
load(const char *const *texts, size_t count, struct gong_conf_errors *errors)
{
    static const char *const names[FILES_MAX] = {"f", "g", "h"};
    struct gong_conf *confs[FILES_MAX] = {NULL};
    const struct gong_conf *files[FILES_MAX] = {NULL};
    struct gong_model *model = NULL;

    for (size_t i = 0; i < count; i++) {
        confs[i] = gong_conf_open_text(names[i], gong_str_of(texts[i]), errors);
        assert_non_null(confs[i]);
        files[i] = confs[i];
    }
    model = gong_model_read(files, count, errors);
    for (size_t i = 0; i < count; i++) {
        gong_conf_close(confs[i]);
    }
    return model;
}

static struct gong_model *
load_city(void)
{
    const char *texts[] = {devices, units, people}; /* any order */
    struct gong_conf_errors errors = {0};
    struct gong_model *model = load(texts, 3, &errors);

    gong_conf_errors_print(&errors, stderr);
    assert_non_null(model);
    assert_int_equal(errors.count, 0);
    return model;
}

static const struct gong_unit *
unit(const struct gong_model *model, const char *code)
{
    const struct gong_unit *found = gong_model_unit(model, gong_str_of(code));

    assert_non_null(found);
    return found;
}

/* Of a local date and time; 2025-07-07 is day 20276. */
static int64_t
at(int64_t days, int hour, int minute)
{
    return (20276 + days) * DAY_MS + (hour * 60 + minute) * INT64_C(60000) -
           7 * INT64_C(3600000);
}

static void
units_form_a_tree_and_keep_their_old_codes(void **state)
{
    struct gong_model *model = load_city();
    const struct gong_unit *province = unit(model, "66");
    const struct gong_unit *ward = unit(model, "22015");

    (void)state;
    assert_int_equal(gong_model_unit_count(model), 3);
    assert_ptr_equal(unit(model, "22018"), ward);
    assert_null(gong_model_unit(model, gong_str_of("2201")));
    assert_null(gong_model_unit(model, gong_str_of("22019")));
    assert_string_equal(ward->name, "Phường Tuy Hoà");
    assert_string_equal(gong_unit_kind_text(ward->kind), "ward");
    assert_string_equal(ward->name_en, "");
    assert_true(ward->lat == 13 && ward->lon == 109.288132);
    assert_true(isnan(province->lon) && isnan(province->lat));
    assert_int_equal(ward->parent, gong_model_unit_index(model, province));
    assert_true(gong_model_under(model, ward, province));
    assert_true(gong_model_under(model, ward, ward));
    assert_false(gong_model_under(model, province, ward));
    assert_false(gong_model_under(model, ward, unit(model, "22165")));
    assert_int_equal(gong_model_alias_count(model), 1);
    assert_string_equal(gong_model_alias_at(model, 0)->name, "Phường 1");
    assert_int_equal(gong_model_alias_at(model, 0)->valid.until, 20269);
    assert_int_equal(unit(model, "22165")->valid.from, 20270);
    assert_int_equal(gong_model_zone_ms(model), 7 * 3600000);
    gong_model_free(model);
}

static void
devices_are_found_by_their_topics(void **state)
{
    struct gong_model *model = load_city();
    const struct gong_model_device *gauge =
        gong_model_device(model, gong_str_of("22165"), gong_str_of("gauge"));
    const struct gong_model_device *old =
        gong_model_device(model, gong_str_of("22018"), gong_str_of("old"));

    (void)state;
    assert_non_null(gauge);
    assert_int_equal(gauge->every_ms, 600000);
    assert_int_equal(gauge->param_count, 2);
    assert_string_equal(gauge->params[0].name, "level1");
    assert_true(gauge->params[0].value == 29.5 && gauge->params[1].value == 32);
    assert_int_equal(gauge->affects_count, 2);
    assert_int_equal(gauge->affects[0],
                     gong_model_unit_index(model, unit(model, "22015")));
    /* Under the new code too, as long as only one has the name. */
    assert_non_null(old);
    assert_ptr_equal(
        gong_model_device(model, gong_str_of("22015"), gong_str_of("old")),
        old);
    assert_ptr_not_equal(
        gong_model_device(model, gong_str_of("22015"), gong_str_of("same")),
        gong_model_device(model, gong_str_of("22018"), gong_str_of("same")));
    assert_null(
        gong_model_device(model, gong_str_of("66"), gong_str_of("gauge")));
    assert_null(
        gong_model_device(model, gong_str_of("xx"), gong_str_of("gauge")));
    gong_model_free(model);
}

static void
a_device_is_expected_planned_retired_replaced_or_moved(void **state)
{
    static const struct {
        const char *site;
        const char *name;
        const char *before; /* on 30 June 2025 */
        const char *after;  /* on 1 July 2025 */
    } cases[] = {
        {"22165", "gauge", "expected", "expected"},
        {"22018", "old", "expected", "replaced"},
        {"22015", "new", "planned", "expected"},
        {"22015", "same", "expected", "moved"},
        {"22165", "gone", "expected", "retired"},
    };
    struct gong_model *model = load_city();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gong_model_device *device = gong_model_device(
            model, gong_str_of(cases[i].site), gong_str_of(cases[i].name));

        assert_non_null(device);
        assert_string_equal(gong_device_standing_text(gong_model_standing(
                                model, device, at(-7, 23, 59))),
                            cases[i].before);
        assert_string_equal(gong_device_standing_text(gong_model_standing(
                                model, device, at(-6, 0, 0))),
                            cases[i].after);
    }
    gong_model_free(model);
}

static void
on_duty(const struct gong_model *model, const char *code, const char *role,
        int64_t ms, const char *expected)
{
    const struct gong_contact *found[4] = {NULL};
    size_t count = gong_model_on_duty(model, unit(model, code),
                                      gong_str_of(role), ms, found, 4);
    char text[64] = "";
    size_t used = 0;

    assert_true(count <= 4);
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                 i == 0 ? "" : " ", found[i]->id);
    }
    assert_string_equal(text, expected);
}

static void
shifts_say_who_is_on_duty(void **state)
{
    struct gong_model *model = load_city();
    const struct gong_contact *one = NULL;

    (void)state;
    on_duty(model, "66", "duty", at(0, 6, 0), "one");
    on_duty(model, "66", "duty", at(6, 21, 59), "one");
    on_duty(model, "66", "duty", at(7, 6, 0), "two");
    on_duty(model, "66", "duty", at(14, 6, 0), "one");
    on_duty(model, "66", "duty", at(-1, 6, 0), "two");
    on_duty(model, "66", "duty", at(0, 22, 0), "boss");
    on_duty(model, "66", "duty", at(1, 5, 59), "boss");
    on_duty(model, "66", "head", at(0, 6, 0), "boss one");
    on_duty(model, "66", "head", at(0, 23, 0), "boss"); /* once */
    on_duty(model, "22015", "duty", at(0, 6, 0), "ward");
    on_duty(model, "22018", "head", at(0, 23, 0), "boss"); /* the parent's */
    on_duty(model, "22165", "duty", at(57, 23, 0), "");    /* 2 September */
    on_duty(model, "22165", "none", at(0, 0, 0), "");
    on_duty(model, "66", "duty", INT64_MAX, "boss");
    assert_int_equal(gong_model_on_duty(model, unit(model, "66"),
                                        gong_str_of("head"), at(0, 6, 0), &one,
                                        1),
                     2);
    assert_string_equal(one->id, "boss");
    assert_string_equal(one->reaches[1].channel, "sms");
    assert_true(gong_model_role_known(model, gong_str_of("head")));
    assert_false(gong_model_role_known(model, gong_str_of("hea")));
    assert_ptr_equal(gong_model_contact(model, gong_str_of("boss")), one);
    assert_null(gong_model_contact(model, gong_str_of("shifts")));
    gong_model_free(model);
}

static void
no_file_is_an_empty_model(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_model *model = gong_model_read(NULL, 0, &errors);

    (void)state;
    assert_non_null(model);
    assert_int_equal(gong_model_unit_count(model), 0);
    assert_int_equal(gong_model_device_count(model), 0);
    assert_null(gong_model_unit(model, gong_str_of("66")));
    assert_null(gong_model_device(model, gong_str_of("66"), gong_str_of("x")));
    gong_model_free(model);
    gong_model_free(NULL);
}

#define HEAD   "model = \"m\"; units = ( "
#define ROOT   "{ code = \"66\"; name = \"T\"; kind = \"province\"; }"
#define DEVICE HEAD ROOT " );\ndevices = ( { unit = \"66\"; name = \"d\"; "

static const struct conf_golden refused[] = {
    {"units = ( );", "f:1:1: found no model, expected model = text in "
                     "\"quotes\"\n"},
    {"model = \"\";",
     "f:1:10: found no text, expected one line of UTF-8, up to "
     "200 bytes, for model\n"},
    {"model = \"m\"; unit = ( );",
     "f:1:14: found unknown key \"unit\", expected one of model, zone, units, "
     "contacts, duties, devices; did you mean \"units\"?\n"},
    {"model = \"m\"; units = 5;",
     "f:1:22: found no list, expected units = ( { ... }, ... );\n"},
    {"model = \"m\"; zone = \"7\";",
     "f:1:22: found \"7\", expected an offset such as +07:00\n"},
    {HEAD ROOT ", { code = \"66\"; name = \"U\"; kind = \"ward\"; parent = "
               "\"66\"; } );",
     "f:1:83: found the code \"66\" a second time, expected one that no other "
     "unit or alias has\n"},
    {HEAD ROOT ",\n{ code = \"1\"; name = \"U\"; kind = \"wad\"; parent = "
               "\"67\"; } );",
     "f:2:34: found \"wad\", expected one of \"province\", \"commune\", "
     "\"ward\", \"department\", \"service\" for unit.kind; did you mean "
     "\"ward\"?\n"
     "f:2:51: found \"67\", expected the code of a unit; did you mean "
     "\"66\"?\n"},
    {HEAD ROOT ",\n{ code = \"1\"; name = \"U\"; kind = \"ward\"; } );",
     "f:2:1: found a second unit without parent, expected parent = \"66\" or "
     "another code\n"},
    {HEAD "{ code = \"1\"; name = \"U\"; kind = \"ward\"; parent = \"2\"; },\n"
          "{ code = \"2\"; name = \"U\"; kind = \"ward\"; parent = \"1\"; } );",
     "f:1:75: found a circle, or more than 16 levels above the unit, expected "
     "a way to the unit without parent\n"
     "f:2:52: found a circle, or more than 16 levels above the unit, expected "
     "a way to the unit without parent\n"},
    {HEAD "{ code = \"A b\"; name = \"U\\nV\"; kind = \"ward\"; lon = 1; } );",
     "f:1:34: found \"A b\", expected 1 to 64 of a-z, 0-9, _ and - for code\n"
     "f:1:48: found other text, expected one line of UTF-8, up to 200 bytes, "
     "for name\n"
     "f:1:76: found one coordinate, expected lon and lat\n"},
    {HEAD "{ code = \"1\"; name = \"U\"; kind = \"ward\"; lon = 181; lat = 0;\n"
          "valid = \"2025-07-01\"; } );",
     "f:1:71: found 181, expected a number, -180 to 180 for unit.lon\n"
     "f:2:10: found no .., expected the first and the last day such as "
     "2025-07-01..2026-06-30, either may be missing\n"},
    {HEAD "{ code = \"1\"; name = \"U\"; kind = \"ward\";\n"
          "valid = \"2025-07-01..2025-06-31\"; aliases = (\n"
          "{ code = \"1\"; valid = \"2025-07-02..2025-07-01\"; } ); } );",
     "f:2:22: found \"2025-06-31\", expected a date such as 2026-04-30\n"
     "f:3:11: found the code \"1\" a second time, expected one that no other "
     "unit or alias has\n"
     "f:3:24: found the later day first, expected the earlier\n"},
    {HEAD "{ code = \"1\"; name = \"U\"; kind = \"ward\";\n"
          "roles = { duty = \"a\"; head = [\"sift\"]; }; } );\n"
          "contacts = ( { id = \"x\"; name = \"X\"; },\n"
          "{ id = \"shift\"; name = \"S\";\n"
          "reaches = ( { channel = \"\"; addres = \"a\"; } ); } );",
     "f:2:19: found no list of 1 to 1000, expected duty = [\"id of a contact "
     "or duty list\", ...];\n"
     "f:2:32: found \"sift\", expected the id of a contact or duty list; did "
     "you mean \"shift\"?\n"
     "f:3:14: found no way to reach x, expected reaches = ( { channel = "
     "\"...\"; address = \"...\"; } );\n"
     "f:5:13: found no reach.address, expected address = text in \"quotes\"\n"
     "f:5:26: found no text, expected one line of UTF-8, up to 200 bytes, for "
     "channel\n"
     "f:5:29: found unknown key \"addres\", expected one of channel, address; "
     "did you mean \"address\"?\n"},
    {"model = \"m\"; duties = ( { id = \"a\"; }, { id = \"a\"; shifts = (\n"
     "{ contacts = [\"a\"]; hours = [\"mon 07:00\"]; weekly_from = \"x\"; },\n"
     "{ contacts = []; } ); } );",
     "f:1:25: found no shifts, expected shifts = ( { contacts = [\"...\"]; "
     "hours = [\"...\"]; } );\n"
     "f:1:48: found the id \"a\" a second time, expected one that no other "
     "contact or duty list has\n"
     "f:2:16: found the duty list \"a\", expected the id of a contact\n"
     "f:2:31: found the end of the text, expected - and the time at which it "
     "ends\n"
     "f:2:59: found \"x\", expected a date such as 2026-04-30\n"
     "f:3:14: found no list of 1 to 1000, expected contacts = [\"id of a "
     "contact\", ...];\n"},
    {DEVICE "params = { A = 1; b = \"x\"; }; } );",
     "f:2:55: found another name, expected up to 64 of a-z, 0-9 and _\n"},
    {DEVICE "params = { expected = 1; }; } );",
     "f:2:62: found \"expected\", expected another name: that one says whether "
     "the device is expected\n"},
    {DEVICE "params = { b = \"x\"; }; } );",
     "f:2:55: found \"x\", expected a number for params.b\n"},
    {DEVICE "affects = [\"66\", \"66\", \"67\"]; } );",
     "f:2:58: found the unit \"66\" a second time, expected each once\n"
     "f:2:64: found \"67\", expected the code of a unit; did you mean "
     "\"66\"?\n"},
    {DEVICE "every = \"400d\"; },\n{ unit = \"66\"; name = \"d\"; } );",
     "f:2:48: found \"400d\", expected a duration such as \"10s\", 0s to 1y "
     "for device.every\n"
     "f:3:24: found the device 66/d a second time, expected each once\n"},
    {DEVICE "replaced_by = \"66/e\"; moved_to = \"66/d\"; } );",
     "f:2:74: found moved_to beside replaced_by, expected one of them\n"
     "f:2:74: found the device itself, expected UNIT/NAME of another device of "
     "the model\n"},
    {DEVICE "valid = \"..2025-01-01\"; replaced_by = \"66/e\"; } );",
     "f:2:79: found no such device, expected UNIT/NAME of another device of "
     "the model\n"},
    {DEVICE "moved_to = \"66/d\"; } );",
     "f:2:52: found no last day, expected valid = \"..DATE\" where a device "
     "was replaced or moved\n"
     "f:2:52: found the device itself, expected UNIT/NAME of another device of "
     "the model\n"},
};

static void
every_mistake_is_named_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct gong_conf_errors errors = {0};

        assert_null(load(&refused[i].text, 1, &errors));
        conf_expect(&errors, refused[i].messages);
    }
}

static void
files_agree_on_the_zone(void **state)
{
    const char *texts[] = {"model = \"m\";",
                           "model = \"n\"; zone = \"+08:00\";"};
    struct gong_conf_errors errors = {0};

    (void)state;
    assert_null(load(texts, 2, &errors));
    conf_expect(&errors, "g:1:22: found another zone than in the first file, "
                         "expected the same in all\n");
}

static struct gong_model *
load_daklak(void)
{
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf = gong_conf_open(DAKLAK, &errors);
    const struct gong_conf *files[] = {conf};
    struct gong_model *model = NULL;

    assert_non_null(conf);
    assert_true(gong_model_says(conf));
    model = gong_model_read(files, 1, &errors);
    gong_conf_errors_print(&errors, stderr);
    assert_non_null(model);
    gong_conf_close(conf);
    return model;
}

static void
dak_lak_has_88_communes_and_14_wards(void **state)
{
    struct gong_model *model = load_daklak();
    size_t kinds[5] = {0};

    (void)state;
    for (size_t i = 0; i < gong_model_unit_count(model); i++) {
        const struct gong_unit *u = gong_model_unit_at(model, i);

        kinds[u->kind]++;
        assert_true(gong_model_under(model, u, unit(model, "66")));
        if (u->kind != GONG_UNIT_COMMUNE && u->kind != GONG_UNIT_WARD) {
            continue;
        }
        assert_int_equal(strlen(u->code), 5);
        assert_true(u->lon > 107.482 && u->lon < 109.457);
        assert_true(u->lat > 12.162 && u->lat < 13.696);
        assert_int_equal(strncmp(u->name,
                                 u->kind == GONG_UNIT_WARD ? "Phường " : "Xã ",
                                 u->kind == GONG_UNIT_WARD ? 9 : 4),
                         0);
        assert_true(strlen(u->name_en) > 0);
    }
    assert_int_equal(kinds[GONG_UNIT_PROVINCE], 1);
    assert_int_equal(kinds[GONG_UNIT_COMMUNE], 88);
    assert_int_equal(kinds[GONG_UNIT_WARD], 14);
    assert_int_equal(kinds[GONG_UNIT_SERVICE], 11); /* 1022 and its ten */
    gong_model_free(model);
}

/* Somebody answers for every unit at every hour of a week. */
static void
dak_lak_has_somebody_on_duty_everywhere(void **state)
{
    struct gong_model *model = load_daklak();

    (void)state;
    for (size_t i = 0; i < gong_model_unit_count(model); i++) {
        for (int hour = 0; hour < 168; hour++) {
            const struct gong_contact *found = NULL;

            assert_true(gong_model_on_duty(model, gong_model_unit_at(model, i),
                                           gong_str_of("duty"), at(0, hour, 0),
                                           &found, 1) > 0);
            assert_non_null(strstr(found->reaches[0].address, "@example.vn"));
        }
        assert_true(gong_model_on_duty(model, gong_model_unit_at(model, i),
                                       gong_str_of("head"), at(0, 0, 0), NULL,
                                       0) > 0);
    }
    gong_model_free(model);
}

static void
dak_lak_knows_the_gauges_of_the_ba(void **state)
{
    static const char *const sites[] = {"22165", "22240"};
    static const char *const names[] = {"cung-son-1", "phu-lam-1"};
    struct gong_model *model = load_daklak();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct gong_model_device *gauge = gong_model_device(
            model, gong_str_of(sites[i]), gong_str_of(names[i]));

        assert_non_null(gauge);
        assert_int_equal(gauge->param_count, 3);
        assert_true(gauge->params[0].value < gauge->params[1].value);
        assert_true(gauge->params[1].value < gauge->params[2].value);
        assert_string_equal(gauge->params[2].name, "level3");
        assert_true(gauge->affects_count > 2);
        assert_int_equal(gauge->every_ms, 600000);
    }
    gong_model_free(model);
}

static char *
read_page(void)
{
    size_t len = 0;
    struct gong_conf_errors errors = {0};
    char *page = gong_conf_load_bytes(PAGE, &len, &errors);

    assert_non_null(page);
    return page;
}

/* Each key has a line "`key`" in the page, in the section of its table. */
static void
the_page_names_every_key(void **state)
{
    char *page = read_page();
    const struct gong_option_table *table = NULL;

    (void)state;
    for (size_t t = 0; (table = gong_model_table(t)) != NULL; t++) {
        for (size_t i = 0; i < table->option_count; i++) {
            char row[80];

            (void)snprintf(row, sizeof row, "| `%s` |", table->options[i].name);
            if (strstr(page, row) == NULL ||
                strstr(page, table->options[i].help) == NULL) {
                fail_msg("docs/CITY.md has not: %s %s", row,
                         table->options[i].help);
            }
        }
    }
    free(page);
}

/* The first block of the page is a model; it is what the page says it is. */
static void
the_pages_example_is_read(void **state)
{
    char *page = read_page();
    char *start = strstr(page, "```cfg\n");
    char *end = NULL;
    struct gong_conf_errors errors = {0};
    struct gong_model *model = NULL;
    const char *text = NULL;

    (void)state;
    assert_non_null(start);
    text = start + strlen("```cfg\n");
    end = strstr(text, "```");
    assert_non_null(end);
    *end = '\0';
    model = load(&text, 1, &errors);
    gong_conf_errors_print(&errors, stderr);
    assert_non_null(model);
    assert_ptr_equal(unit(model, "22018"), unit(model, "22015"));
    on_duty(model, "22015", "duty", at(0, 12, 0), "duty-22015");
    on_duty(model, "22015", "duty", at(0, 2, 0), "team-1");
    on_duty(model, "22015", "duty", at(7, 2, 0), "team-2");
    gong_model_free(model);
    free(page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_form_a_tree_and_keep_their_old_codes),
        cmocka_unit_test(devices_are_found_by_their_topics),
        cmocka_unit_test(
            a_device_is_expected_planned_retired_replaced_or_moved),
        cmocka_unit_test(shifts_say_who_is_on_duty),
        cmocka_unit_test(no_file_is_an_empty_model),
        cmocka_unit_test(every_mistake_is_named_with_its_place),
        cmocka_unit_test(files_agree_on_the_zone),
        cmocka_unit_test(dak_lak_has_88_communes_and_14_wards),
        cmocka_unit_test(dak_lak_has_somebody_on_duty_everywhere),
        cmocka_unit_test(dak_lak_knows_the_gauges_of_the_ba),
        cmocka_unit_test(the_page_names_every_key),
        cmocka_unit_test(the_pages_example_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
