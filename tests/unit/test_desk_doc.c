/* docs/DESK.md: its routing file can be read, and its cases are true. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/tool/desk_cases.h"

#define DOCUMENT GONG_SOURCE_DIR "/docs/DESK.md"
#define MODEL    GONG_SOURCE_DIR "/rules/city/daklak.cfg"

static char folder[] = "/tmp/gong-desk-doc-XXXXXX";

/* All blocks of a language, in one file of the folder. */
static size_t
extract(const char *language, const char *name, char path[static 128])
{
    FILE *in = fopen(DOCUMENT, "r");
    FILE *out = NULL;
    char line[4096];
    char fence[32];
    size_t lines = 0;
    int inside = 0;

    (void)snprintf(path, 128, "%s/%s", folder, name);
    (void)snprintf(fence, sizeof fence, "```%s\n", language);
    out = fopen(path, "w");
    assert_true(in != NULL && out != NULL);
    while (fgets(line, sizeof line, in) != NULL) {
        if (strncmp(line, "```", 3) == 0) {
            inside = !inside && strcmp(line, fence) == 0;
        } else if (inside) {
            (void)fputs(line, out);
            lines++;
        }
    }
    (void)fclose(in);
    (void)fclose(out);
    return lines;
}

static void
the_cases_of_the_document_are_true(void **state)
{
    char routes[128];
    char cases[128];

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_true(extract("cfg", "routes.cfg", routes) > 20);
    assert_true(extract("desk", "doc.desk", cases) > 20);
    assert_true(gong_desk_cases_run(cases, routes, (char[]){MODEL}, stdout));
    assert_int_equal(unlink(routes), 0);
    assert_int_equal(unlink(cases), 0);
    assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cases_of_the_document_are_true),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
