#include "conf_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

const char *const conf_modes[] = {"fast", "careful", "off", NULL};
static const char *const children[] = {"inputs", "broker", NULL};

static const struct gong_option options[] = {
    {"enabled", GONG_OPTION_BOOL, CONF_FIELD(enabled), "true", 0, 0, NULL, "",
     "Whether it runs."},
    {"port", GONG_OPTION_INT, CONF_FIELD(port), "1883", 1, 65535, NULL, "",
     "TCP port."},
    {"wide", GONG_OPTION_INT, CONF_FIELD(wide), "0", 0, 0, NULL, "",
     "Any integer."},
    {"ratio", GONG_OPTION_NUMBER, CONF_FIELD(ratio), "0.5", -1e300, 1e300, NULL,
     "percent", "A | share."},
    {"interval", GONG_OPTION_DURATION, CONF_FIELD(interval), "10s", 1000,
     3600000, NULL, "", "Time between two."},
    {"size", GONG_OPTION_SIZE, CONF_FIELD(size), "64MiB", 4096, 0, NULL,
     "bytes", "Room on disk."},
    {"host", GONG_OPTION_STRING, CONF_FIELD(host), NULL, 0, 0, NULL, "",
     "Name of the host."},
    {"note", GONG_OPTION_STRING, CONF_FIELD(note), "", 0, 0, NULL, "",
     "Free text."},
    {"tags", GONG_OPTION_STRINGS, CONF_FIELD(tags), "a, b", 0, 0, NULL, "",
     "Tags to keep."},
    {"mode", GONG_OPTION_CHOICE, CONF_FIELD(mode), "careful", 0, 0, conf_modes,
     "", "How it works."},
};
const struct gong_option_table conf_table = {
    .name = "sample",
    .help = "All types once.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .children = children,
};

/* All messages, each with a line feed; caller frees. */
char *
conf_joined(const struct gong_conf_errors *errors)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    gong_conf_errors_print(errors, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

void
conf_expect(struct gong_conf_errors *errors, const char *expected)
{
    char *text = conf_joined(errors);

    assert_string_equal(text, expected);
    free(text);
    gong_conf_errors_fini(errors);
}

/* Parses text as "f" and reads the sample table; both may fail. */
void
conf_read(struct gong_str text, struct gong_conf_errors *errors)
{
    struct gong_conf *conf = gong_conf_open_text("f", text, errors);
    struct conf_sample sample = {0};
    bool ok;

    if (conf == NULL) {
        assert_true(errors->count > 0);
        return;
    }
    ok = gong_conf_read(gong_conf_root(conf), &conf_table, &sample, errors);
    assert_int_equal(ok, errors->count == 0);
    gong_conf_free(&conf_table, &sample);
    gong_conf_close(conf);
}

void
conf_goldens(const struct conf_golden *goldens, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct gong_conf_errors errors = {0};

        conf_read(gong_str_of(goldens[i].text), &errors);
        conf_expect(&errors, goldens[i].messages);
    }
}
