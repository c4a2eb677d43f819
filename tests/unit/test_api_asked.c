/* What is asked for means something, or is refused with what would; an answer
 * that may lack something says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "api_fixture.h"

#define OURS "/api/gong/v1"
#define A10  "ạạạạạạạạạạ"

static void
holds(const struct api_world *world, const char *part)
{
    if (strstr(world->answer.body, part) == NULL) {
        fail_msg("\"%s\" is not in: %s", part, world->answer.body);
    }
}

static void
what_means_nothing_is_refused_with_what_does(void **state)
{
    static const struct {
        const char *path;
        unsigned status;
        const char *part;
    } cases[] = {
        {OURS "/incidents?unit=22051", 400, "22015 (Xã Sơn Hoà)"},
        {OURS "/incidents?unit=22051", 400, "Không có đơn vị này"},
        {OURS "/incidents?unit=Xã Sơn Hoà", 200, "\"number\":1,"},
        {OURS "/incidents?unit=gong", 200, "\"incidents\":[]"},
        {OURS "/incidents?unit=", 200, "\"number\":3,"},
        {OURS "/incidents?severity=criticl", 400, "info, warning, critical"},
        {OURS "/incidents?severity=info,", 400, "info, warning, critical"},
        {OURS "/incidents?severity=info,critical", 200, ""},
        {OURS "/incidents?open=yes", 400, "true or false"},
        {OURS "/incidents?limit=-1", 400, "a whole number"},
        {OURS "/incidents?since=9999999999999999999", 400, "a whole number"},
        {OURS "/incidents?unti=1", 400, "open, unit, severity"},
        {OURS "/session?a=b", 400, "none is known here"},
        /* Cut in the middle of a character. */
        {OURS "/incidents?x" A10 A10 A10 A10 A10 "=1", 400,
         "open, unit, severity"},
    };
    struct api_world *world = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned status = api_get(world, cases[i].path);

        if (status != cases[i].status) {
            fail_msg("%s: %u %s", cases[i].path, status, world->answer.body);
        }
        holds(world, cases[i].part);
    }
    assert_int_equal(
        api_ask(world,
                &(struct api_ask){
                    .method = "POST",
                    .path = OURS "/silences",
                    .body = "{\"matchers\":[{\"name\":\"unit\",\"value\":"
                            "\"22051\"}],\"until\":1760000001000}"}),
        400);
    holds(world, "22015 (Xã Sơn Hoà)");
    assert_int_equal(
        api_ask(world, &(struct api_ask){.method = "POST",
                                         .path = OURS "/incidents/1/outcome",
                                         .body = "{\"verdict\":\"maybe\"}"}),
        400);
    holds(world, "một trong | expected one of: none, real, false, late, test");
    assert_int_equal(world->acts, 0);
}

/* Labels have codes: by its name a unit would hold nothing. */
static void
a_unit_is_silenced_by_its_name(void **state)
{
    struct api_world *world = *state;

    assert_int_equal(
        api_ask(world,
                &(struct api_ask){
                    .method = "POST",
                    .path = OURS "/silences",
                    .body = "{\"matchers\":[{\"name\":\"unit\",\"value\":"
                            "\"Xã Sơn Hoà\"}],\"until\":1760000001000}"}),
        200);
    assert_non_null(strstr(world->act, "matchers=unit=\"22015\" "));
    /* What is longer than a code is none, however it begins. */
    assert_int_equal(api_get(world, OURS "/incidents?unit="
                                         "0123456789012345678901234567890123456"
                                         "789012345678901234567890123456789"),
                     400);
}

static void
an_owner_is_somebody(void **state)
{
    static const struct {
        const char *owner;
        unsigned status;
    } cases[] = {
        {"viewer.22015", 200}, {"duty-22015", 200}, {"minh", 400},
        {"local:0", 400},      {"VIEWER", 400},
    };
    static const char *const paths[] = {OURS "/incidents/1/assign",
                                        OURS "/incidents/1/acknowledge"};
    struct api_world *world = *state;
    char body[128];

    /* Before there is a user nobody can be known. */
    assert_int_equal(
        api_ask(world, &(struct api_ask){.method = "POST",
                                         .path = paths[0],
                                         .body = "{\"owner\":\"minh\"}"}),
        200);
    (void)api_add_user(world, "viewer", "22015");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t p = 0; p < 2; p++) {
            (void)snprintf(body, sizeof body, "{\"owner\":\"%s\"}",
                           cases[i].owner);
            assert_int_equal(api_ask(world, &(struct api_ask){.method = "POST",
                                                              .path = paths[p],
                                                              .body = body}),
                             cases[i].status);
        }
    }
}

static void
a_list_that_may_lack_alerts_says_so(void **state)
{
    struct api_world *world = *state;

    assert_int_equal(api_get(world, OURS "/incidents"), 200);
    assert_null(strstr(world->answer.body, "\"warning\""));
    world->desk_err = GONG_ERR_NO_SPACE;
    assert_int_equal(api_get(world, OURS "/incidents"), 200);
    holds(world, "\"warning\":\"Đĩa của máy chủ cảnh báo đã đầy");
    assert_int_equal(api_get(world, OURS "/incidents/1"), 200);
    holds(world, "\"warning\":\"Đĩa của máy chủ cảnh báo đã đầy");
    assert_int_equal(api_get(world, "/"), 200);
    holds(world, "Đĩa của máy chủ cảnh báo đã đầy");
    world->desk_err = GONG_ERR_IO;
    assert_int_equal(api_get(world, OURS "/incidents"), 200);
    holds(world, "không ghi được dữ liệu");
    world->act_err = GONG_ERR_NO_SPACE;
    assert_int_equal(
        api_ask(world,
                &(struct api_ask){.method = "POST",
                                  .path = OURS "/incidents/1/acknowledge",
                                  .body = "{}"}),
        503);
    holds(world, "Đĩa của máy chủ đã đầy");
    holds(world, "disk is full");
    /* Who says why is heard: another drill, say. */
    world->act_err = GONG_ERR_AGAIN;
    assert_int_equal(
        api_ask(world,
                &(struct api_ask){.method = "POST",
                                  .path = OURS "/incidents/1/acknowledge",
                                  .body = "{}"}),
        503);
    holds(world, "Máy chủ đang bận");
    holds(world, "\"detail\":\"it is over\"");
}

/* A page is empty only where there is nothing, or it says that there is more.
 */
static void
an_empty_page_goes_on(void **state)
{
    struct api_world *world = *state;

    world->rounds_empty = 3;
    assert_int_equal(api_get(world, OURS "/incidents"), 200);
    holds(world, "\"number\":3,");
    assert_int_equal(world->rounds, 4);
    world->rounds_empty = 50;
    assert_int_equal(api_get(world, "/"), 200);
    holds(world, "còn nữa");
    assert_null(strstr(world->answer.body, "Không có / none"));
}

static void
the_page_marks_what_is_not_plain(void **state)
{
    struct api_world *world = *state;

    assert_int_equal(api_get(world, "/"), 200);
    assert_null(strstr(world->answer.body, "tạm ngừng báo"));
    world->marked = true;
    assert_int_equal(api_get(world, "/"), 200);
    holds(world, "tạm ngừng báo / silenced");
    holds(world, "đang giữ thêm / keeping");
}

/* The form is this page's own; what keeps it from letting somebody in is told
 * as what it is. */
static void
a_form_of_another_site_logs_nobody_in(void **state)
{
    static const struct {
        const char *origin, *site;
        unsigned status;
    } cases[] = {
        {"https://evil.example", NULL, 403},
        {"null", NULL, 403},
        {NULL, "cross-site", 403},
        {"http://localhost:9470", "same-site", 403},
        {"http://localhost:9470", NULL, 303},
        {"null", "same-origin", 303},
        {NULL, NULL, 303},
    };
    struct api_world *world = *state;
    struct api_ask ask = {.method = "POST",
                          .path = "/",
                          .type = "application/x-www-form-urlencoded",
                          .body = "password=mot+mat+khau+dai&user=viewer.22015",
                          .peer = GONG_API_PEER_BEYOND};
    sqlite3 *db = NULL;

    (void)api_add_user(world, "viewer", "22015");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask.origin = cases[i].origin;
        ask.fetch_site = cases[i].site;
        if (api_ask(world, &ask) != cases[i].status) {
            fail_msg("row %zu: %u", i, world->answer.status);
        }
    }
    assert_int_equal(sqlite3_open(world->db, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "ALTER TABLE users RENAME TO away", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(api_ask(world, &ask), 503);
    holds(world, "không phải do nhập sai");
    assert_null(strstr(world->answer.body, "Sai tên"));
    assert_int_equal(
        sqlite3_exec(db, "ALTER TABLE away RENAME TO users", NULL, NULL, NULL),
        SQLITE_OK);
    (void)sqlite3_close(db);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, api_setup, api_teardown)
    const struct CMUnitTest tests[] = {
        T(what_means_nothing_is_refused_with_what_does),
        T(a_unit_is_silenced_by_its_name),
        T(an_owner_is_somebody),
        T(a_list_that_may_lack_alerts_says_so),
        T(an_empty_page_goes_on),
        T(the_page_marks_what_is_not_plain),
        T(a_form_of_another_site_logs_nobody_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
