/* Unit tests of collector/manifest.c: what is accepted, as a store has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/manifest.h"

static char folder[64];
static char path[96];

static int
setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/gong-manifest-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/points", folder);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static struct gong_manifest *
open_manifest(const char *file)
{
    struct gong_manifest *manifest = NULL;
    char why[256] = "";

    assert_int_equal(gong_manifest_open(file, gong_str_of("22015"),
                                        gong_str_of("gw"), &manifest, why,
                                        sizeof why),
                     GONG_OK);
    return manifest;
}

static void
assert_file(const char *want)
{
    char text[1024] = "";
    FILE *file = fopen(path, "r");
    size_t len;

    assert_non_null(file);
    len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    (void)fclose(file);
    assert_string_equal(text, want);
}

static void
writes_site_and_device_among_the_tags(void **state)
{
    struct gong_manifest *manifest = open_manifest(path);

    (void)state;
    assert_int_equal(
        gong_manifest_add(manifest, gong_str_of("cpu,core=1 load=2.5 7\n"
                                                "up value=1i 8\n")),
        GONG_OK);
    assert_file("cpu,core=1,device=gw,site=22015 load=2.5 7\n"
                "up,device=gw,site=22015 value=1i 8\n");
    gong_manifest_close(manifest);
}

/* What a sender calls site or device is not the site and device. */
static void
the_topic_names_win(void **state)
{
    struct gong_manifest *manifest = open_manifest(path);
    char text[512] = "";
    FILE *file;

    (void)state;
    assert_int_equal(
        gong_manifest_add(manifest, gong_str_of("m,device=x,site=y v=1 7\n")),
        GONG_OK);
    gong_manifest_close(manifest);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    (void)fclose(file);
    assert_non_null(strstr(text, ",device=gw"));
    assert_non_null(strstr(text, ",site=22015"));
}

static void
goes_on_behind_what_is_there(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct gong_manifest *manifest = open_manifest(path);

        assert_int_equal(
            gong_manifest_add(manifest, gong_str_of("m s=\"a\nb\" 7\n")),
            GONG_OK);
        gong_manifest_close(manifest);
    }
    assert_file("m,device=gw,site=22015 s=\"a\nb\" 7\n"
                "m,device=gw,site=22015 s=\"a\nb\" 7\n");
}

static void
says_what_cannot_be_written(void **state)
{
    struct gong_manifest *manifest = NULL;
    char why[256] = "";

    (void)state;
    (void)snprintf(path, sizeof path, "%s/none/points", folder);
    assert_int_not_equal(gong_manifest_open(path, gong_str_of("s"),
                                            gong_str_of("d"), &manifest, why,
                                            sizeof why),
                         GONG_OK);
    assert_null(manifest);
    assert_non_null(strstr(why, path));
    gong_manifest_close(NULL);
    /* A device that is always full. */
    manifest = open_manifest("/dev/full");
    assert_int_equal(gong_manifest_add(manifest, gong_str_of("m v=1 7\n")),
                     GONG_ERR_NO_SPACE);
    gong_manifest_close(manifest);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_site_and_device_among_the_tags),
        TEST(the_topic_names_win),
        TEST(goes_on_behind_what_is_there),
        TEST(says_what_cannot_be_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
