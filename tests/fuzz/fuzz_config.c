/*
 * Any bytes as a configuration file: reading never crashes, libconfig agrees
 * with the scanner on what is a file, and what was read comes back from its
 * dump.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/clock.h"
#include "common/conf.h"

struct sample {
    bool enabled;
    int64_t port;
    double ratio;
    gong_dur_t interval;
    uint64_t size;
    char *host;
    struct gong_strings tags;
    int mode;
};

static const char *const modes[] = {"fast", "off", NULL};
static const char *const children[] = {"inputs", "broker", NULL};

#define FIELD(member) offsetof(struct sample, member)
static const struct gong_option options[] = {
    {"enabled", GONG_OPTION_BOOL, FIELD(enabled), "true", 0, 0, NULL, "", ""},
    {"port", GONG_OPTION_INT, FIELD(port), "1883", 0, 0, NULL, "", ""},
    {"ratio", GONG_OPTION_NUMBER, FIELD(ratio), "0.5", 0, 0, NULL, "", ""},
    {"interval", GONG_OPTION_DURATION, FIELD(interval), "1s", 0, 0, NULL, "",
     ""},
    {"size", GONG_OPTION_SIZE, FIELD(size), "1MiB", 0, 0, NULL, "", ""},
    {"host", GONG_OPTION_STRING, FIELD(host), "", 0, 0, NULL, "", ""},
    {"tags", GONG_OPTION_STRINGS, FIELD(tags), "", 0, 0, NULL, "", ""},
    {"mode", GONG_OPTION_CHOICE, FIELD(mode), "off", 0, 0, modes, "", ""},
};
static const struct gong_option_table table = {
    .name = "sample",
    .help = "",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .children = children,
};

static char *
dump(const struct sample *sample)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    FUZZ_CHECK(out != NULL);
    gong_conf_dump(&table, sample, 0, out);
    FUZZ_CHECK(fclose(out) == 0);
    return text;
}

static void
check_round_trip(const struct sample *sample)
{
    struct gong_conf_errors errors = {0};
    struct sample second = {0};
    char *text = dump(sample);
    struct gong_conf *conf =
        gong_conf_open_text("f", gong_str_of(text), &errors);
    char *again;

    FUZZ_CHECK(conf != NULL);
    FUZZ_CHECK(gong_conf_read(gong_conf_root(conf), &table, &second, &errors));
    again = dump(&second);
    FUZZ_CHECK(strcmp(text, again) == 0);
    free(text);
    free(again);
    gong_conf_free(&table, &second);
    gong_conf_close(conf);
}

/* Every node can be asked everything; places inside texts exist. */
static void
walk(const struct gong_conf_node *node, struct gong_conf_errors *errors)
{
    const char *text = gong_conf_string(node);

    FUZZ_CHECK(gong_conf_line(node) > 0);
    if (text != NULL) {
        gong_conf_error_in(node, strlen(text) / 2, errors, "half");
        gong_conf_error_in(node, strlen(text), errors, "end");
    }
    gong_conf_error(node, errors, "%s", gong_conf_name(node));
    for (size_t i = 0; i < gong_conf_count(node); i++) {
        const struct gong_conf_node *child = gong_conf_at(node, i);

        FUZZ_CHECK(child != NULL);
        walk(child, errors);
    }
}

/* "f: libconfig ..." or "f:12: libconfig ...": never, whatever the input says
 * in the rest of a message. */
static bool
is_disagreement(const char *message)
{
    size_t place = strspn(message, "f:0123456789");

    return strncmp(message + place, " libconfig", 10) == 0;
}

static bool
is_clean(const char *message)
{
    for (const char *c = message; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            return false;
        }
    }
    return true;
}

static void
check_messages(const struct gong_conf_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        FUZZ_CHECK(errors->items[i] != NULL);
        FUZZ_CHECK(!is_disagreement(errors->items[i]));
        FUZZ_CHECK(is_clean(errors->items[i]));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_conf_errors errors = {0};
    struct sample sample = {0};
    struct gong_conf *conf = gong_conf_open_text(
        "f", gong_str_from((const char *)data, size), &errors);

    FUZZ_CHECK((conf == NULL) == (errors.count > 0));
    check_messages(&errors);
    if (conf != NULL) {
        if (gong_conf_read(gong_conf_root(conf), &table, &sample, &errors)) {
            check_round_trip(&sample);
        }
        gong_conf_free(&table, &sample);
        check_messages(&errors);
        gong_conf_errors_fini(&errors);
        walk(gong_conf_root(conf), &errors);
    }
    gong_conf_close(conf);
    gong_conf_errors_fini(&errors);
    return 0;
}
