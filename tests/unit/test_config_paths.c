/* Files and programs that a configuration names: from where a relative path is
 * meant, and what --check says of those that are not as they have to be. */
#include "agent/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/conf_path.h"

#define HEAD                                                                   \
    "rules = ( \"r\" );\nbroker = { url = \"mqtt://127.0.0.1:1883\"; };\n"

struct folder {
    char dir[64];
    char config[96];
};

static void
name_in(const struct folder *folder, const char *name, char out[160])
{
    (void)snprintf(out, 160, "%s/%s", folder->dir, name);
}

static void
put(const struct folder *folder, const char *name, const char *text,
    mode_t mode)
{
    char path[160];
    FILE *file;

    name_in(folder, name, path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static const char *const names[] = {"secret", "open",    "empty", "blank",
                                    "siren",  "vi.tmpl", "cert",  "gong.cfg"};

static int
setup(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);

    assert_non_null(folder);
    (void)snprintf(folder->dir, sizeof folder->dir, "/tmp/gong-paths-XXXXXX");
    assert_non_null(mkdtemp(folder->dir));
    put(folder, "secret", "tiger\n", 0600);
    put(folder, "open", "tiger\n", 0644);
    put(folder, "empty", "", 0600);
    put(folder, "blank", " \t\nsecond\n", 0600);
    put(folder, "siren", "#!/bin/sh\n", 0644);
    put(folder, "cert", "pem\n", 0644);
    (void)snprintf(folder->config, sizeof folder->config, "%s/gong.cfg",
                   folder->dir);
    *state = folder;
    return 0;
}

static int
teardown(void **state)
{
    struct folder *folder = *state;
    char path[160];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        name_in(folder, names[i], path);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(folder->dir), 0);
    free(folder);
    return 0;
}

static struct gong_agent_config *
load(const struct folder *folder, const char *text, bool files,
     struct gong_conf_errors *errors)
{
    put(folder, "gong.cfg", text, 0600);
    *errors = (struct gong_conf_errors){.files = files};
    return gong_agent_config_load(folder->config, errors);
}

static void
a_path_is_meant_from_its_file(void **state)
{
    static const struct {
        const char *file, *text, *joined;
    } rows[] = {
        {"/etc/gong/gong-agent.cfg", "", ""},
        {"/etc/gong/gong-agent.cfg", "/srv/a", "/srv/a"},
        {"/etc/gong/gong-agent.cfg", "a", "/etc/gong/a"},
        {"/etc/gong/gong-agent.cfg", "rules/a.cfg", "/etc/gong/rules/a.cfg"},
        {"/gong-agent.cfg", "../a", "/../a"},
    };
    char here[4096], expected[4200];
    char *joined;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        joined = gong_conf_path_join(rows[i].file, rows[i].text);
        assert_string_equal(joined, rows[i].joined);
        free(joined);
    }
    assert_non_null(getcwd(here, sizeof here));
    joined = gong_conf_path_join("gong-agent.cfg", "a");
    (void)snprintf(expected, sizeof expected, "%s/a", here);
    assert_string_equal(joined, expected);
    free(joined);
    joined = gong_conf_path_join("sub/gong-agent.cfg", "a");
    (void)snprintf(expected, sizeof expected, "%s/sub/a", here);
    assert_string_equal(joined, expected);
    free(joined);
}

/* All of a configuration's, whatever folder the program is started in. */
static void
every_key_has_the_same_rule(void **state)
{
    const struct folder *folder = *state;
    struct gong_conf_errors errors;
    struct gong_agent_config *config = load(
        folder,
        "state = \"s\"; rules = ( \"r.cfg\", \"/r\" ); model = ( \"m\" );\n"
        "broker = { url = \"mqtt://127.0.0.1:1883\"; ca_file = \"ca\"; };\n"
        "http = { socket = \"k\"; };\n"
        "store = ( { type = \"victoriametrics\"; url = "
        "\"http://127.0.0.1:1\"; dead_letter_file = \"d\"; } );\n"
        "notify = ( { type = \"log\"; file = \"n\"; } );\n"
        "desk = { routes = \"routes.cfg\"; };\n"
        "channels = ( { type = \"log\"; file = \"c\"; } );\n",
        false, &errors);
    char *text = NULL, *at, from[80];
    size_t size = 0, count = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(config);
    gong_agent_config_dump(config, out);
    assert_int_equal(fclose(out), 0);
    (void)snprintf(from, sizeof from, "\"%s/", folder->dir);
    for (at = text; (at = strstr(at, from)) != NULL; at++) {
        count++;
    }
    assert_int_equal(count, 9);
    assert_string_equal(config->rules.items[1], "/r");
    free(text);
    gong_agent_config_free(config);
    gong_conf_errors_fini(&errors);
}

/* A file's name is no mere text: --check has to look at it. */
static void
no_file_is_mere_text(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(out);
    gong_agent_config_manual(out);
    assert_int_equal(fclose(out), 0);
    for (char *line = strtok(text, "\n"); line != NULL;
         line = strtok(NULL, "\n")) {
        const char *end = strchr(line + (line[0] == '|' ? 1 : 0), '|');
        bool names_file =
            end != NULL && (strstr(line, "_file` |") != NULL ||
                            strstr(line, "| `file` |") != NULL ||
                            strstr(line, "| `command` |") != NULL ||
                            strstr(line, "PEM file") != NULL);

        if (names_file && strncmp(end, "| text", 6) == 0) {
            fail_msg("%s", line);
        }
    }
    free(text);
}

static void
check_opens_what_is_named(void **state)
{
    static const struct {
        const char *channel; /* at line 3 */
        const char *says;    /* NULL: nothing */
    } rows[] = {
        {"type=\"webhook\"; url=\"https://h/\"; token_file=\"secret\";", NULL},
        {"type=\"webhook\"; url=\"https://h/\"; token_file=\"nowhere\";",
         "/nowhere\": No such file or directory, expected a file to read"},
        {"type=\"webhook\"; url=\"https://h/\"; token_file=\"empty\";",
         "/empty\": its first line is empty, expected the password or token "
         "there"},
        {"type=\"webhook\"; url=\"https://h/\"; token_file=\"blank\";",
         "/blank\": its first line is empty"},
        {"type=\"webhook\"; url=\"https://h/\"; token_file=\"open\";",
         "/open\": everybody on this machine can read it, expected a secret "
         "that its owner alone can: chmod 600"},
        {"type=\"webhook\"; url=\"https://h/\"; token_file=\".\";",
         "/.\": a folder, expected a file to read"},
        {"type=\"webhook\"; url=\"https://h/\"; ca_file=\"cert\";", NULL},
        {"type=\"webhook\"; url=\"https://h/\"; ca_file=\"nowhere\";",
         "found channels.ca_file = \""},
        {"type=\"exec\"; command=(\"/bin/sh\", \"-c\", \"true\");", NULL},
        {"type=\"exec\"; command=(\"siren\");",
         "found channels.command = \"siren\": no absolute path, expected "
         "a program"},
        {"type=\"exec\"; command=(\"/nowhere/siren\");",
         "No such file or directory, expected a program"},
        {"type=\"exec\"; command=(\"/etc\");", "no file, expected a program"},
        {"type=\"exec\"; command=(\"/etc/passwd\");",
         "a file that cannot be run, expected a program: chmod +x"},
        {"type=\"log\"; file=\"new\";", NULL},
        {"type=\"log\"; file=\"nowhere/new\";",
         "/nowhere/new\": No such file or directory, expected a file in a "
         "folder that is there"},
        {"type=\"email\"; url=\"smtp://h\"; from=\"a@b.vn\"; "
         "templates=\"nowhere\";",
         "/nowhere\": No such file or directory, expected a folder to read"},
        {"type=\"email\"; url=\"smtp://h\"; from=\"a@b.vn\"; "
         "templates=\"cert\";",
         "/cert\": no folder, expected a folder to read"},
        {"type=\"email\"; url=\"smtp://h\"; from=\"a@b.vn\"; templates=\".\";",
         "/vi.tmpl:2:"},
    };
    const struct folder *folder = *state;

    put(folder, "vi.tmpl", "\n[[", 0644);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_conf_errors errors;
        struct gong_agent_config *config;
        char text[600], place[128];

        (void)snprintf(text, sizeof text, HEAD "channels = ( { %s } );\n",
                       rows[i].channel);
        config = load(folder, text, true, &errors);
        if ((config != NULL) != (rows[i].says == NULL) ||
            errors.count != (rows[i].says == NULL ? 0 : 1)) {
            fail_msg("%s: %s", rows[i].channel,
                     errors.count == 0 ? "fine" : errors.items[0]);
        }
        (void)snprintf(place, sizeof place, "%s:3:", folder->config);
        if (rows[i].says != NULL &&
            (strstr(errors.items[0], rows[i].says) == NULL ||
             strncmp(errors.items[0], place, strlen(place)) != 0)) {
            fail_msg("%s: %s", rows[i].channel, errors.items[0]);
        }
        gong_agent_config_free(config);
        gong_conf_errors_fini(&errors);
        /* A start does not: what is missing then is the channel's own. */
        config = load(folder, text, false, &errors);
        assert_non_null(config);
        gong_agent_config_free(config);
        gong_conf_errors_fini(&errors);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_meant_from_its_file),
        cmocka_unit_test(no_file_is_mere_text),
        cmocka_unit_test_setup_teardown(every_key_has_the_same_rule, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(check_opens_what_is_named, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
