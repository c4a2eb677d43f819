#include "agent/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MINIMAL                                                                \
    "rules = ( \"r\" );\nbroker = { url = \"mqtt://127.0.0.1:1883\"; };\n"

static struct gong_agent_config *
read_text(const char *text, struct gong_conf_errors *errors)
{
    struct gong_conf *conf =
        gong_conf_open_text("a.cfg", gong_str_of(text), errors);
    struct gong_agent_config *config;

    if (conf == NULL) {
        return NULL;
    }
    config = gong_agent_config_read(conf, errors);
    gong_conf_close(conf);
    return config;
}

static struct gong_agent_config *
read_good(const char *text)
{
    struct gong_conf_errors errors = {0};
    struct gong_agent_config *config = read_text(text, &errors);

    if (config == NULL) {
        fail_msg("%s", errors.count > 0 ? errors.items[0] : "no config");
    }
    assert_int_equal(errors.count, 0);
    return config;
}

static char *
dump(const struct gong_agent_config *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    gong_agent_config_dump(config, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void
little_is_required(void **state)
{
    struct gong_agent_config *config = read_good(MINIMAL);

    (void)state;
    assert_string_equal(config->agent, "agent-1");
    assert_string_equal(config->http.listen, "127.0.0.1:9470");
    assert_int_equal(config->journal.size, UINT64_C(1) << 30);
    assert_int_equal(config->journal.policy, GONG_SPOOL_DROP_OLDEST);
    assert_int_equal(config->ingest.message_max, 1 << 20);
    assert_true(config->ingest.ack_interval.ns == gong_dur_s(10).ns);
    assert_int_equal(config->store_count, 0);
    assert_int_equal(config->notifier_count, 0);
    gong_agent_config_free(config);
}

/* Whoever says nothing of it sees alerts all the same. */
static void
a_desk_tells_the_log_by_default(void **state)
{
    static const struct {
        const char *text;
        const char *channel; /* NULL: none */
        bool desk;
    } cases[] = {
        {MINIMAL, "log", true},
        {MINIMAL "desk = { link = \"https://h\"; };\n", "log", true},
        {MINIMAL "channels = ( { type = \"log\"; name = \"room\"; } );\n",
         "room", true},
        {MINIMAL "channels = ( );\n", NULL, true},
        {MINIMAL "notify = ( { type = \"log\"; } );\n", NULL, false},
        {MINIMAL "notify = ( ); desk = { };\n", NULL, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_agent_config *config = read_good(cases[i].text);
        char *first = dump(config);
        char *second;

        assert_int_equal(config->desk_on, cases[i].desk);
        assert_int_equal(config->channels.count, cases[i].channel != NULL);
        if (cases[i].channel != NULL) {
            assert_string_equal(config->channels.channels[0].name,
                                cases[i].channel);
        }
        gong_agent_config_free(config);
        config = read_good(first);
        assert_int_equal(config->desk_on, cases[i].desk);
        second = dump(config);
        assert_string_equal(first, second);
        gong_agent_config_free(config);
        free(first);
        free(second);
    }
}

static char *
warnings(const struct gong_agent_config *config, size_t *count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    *count = gong_agent_config_warn(config, "a.cfg", out);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* What is said to be written instead can be written so. */
static void
notify_is_deprecated_with_what_to_write(void **state)
{
    struct gong_agent_config *config = read_good(
        MINIMAL "notify = ( { type = \"log\"; file = \"/tmp/a \\\"b\\\"\"; },\n"
                "  { type = \"null\"; },\n"
                "  { type = \"webhook\"; name = \"duty\"; timeout = \"3s\";\n"
                "    receiver = \"r\"; url = \"http://h:3/x\"; } );\n");
    size_t count = 0;
    char *said = warnings(config, &count);
    const char *instead = strstr(said, "\nchannels = (");
    char text[4096];

    (void)state;
    assert_int_equal(count, 1);
    assert_memory_equal(said, "a.cfg: warning: `notify` is deprecated", 38);
    assert_non_null(instead);
    (void)snprintf(text, sizeof text, "%s%s", MINIMAL, instead);
    gong_agent_config_free(config);
    config = read_good(text);
    assert_true(config->desk_on);
    assert_int_equal(config->notifier_count, 0);
    assert_int_equal(config->channels.count, 2);
    assert_string_equal(config->channels.channels[0].name, "log");
    assert_string_equal(*(char *const *)config->channels.channels[0].config,
                        "/tmp/a \"b\"");
    assert_string_equal(config->channels.channels[1].name, "duty");
    assert_string_equal(*(char *const *)config->channels.channels[1].config,
                        "http://h:3/x");
    free(said);
    said = warnings(config, &count);
    assert_int_equal(count, 0);
    assert_string_equal(said, "");
    free(said);
    gong_agent_config_free(config);
}

static void
stores_and_receivers_are_read(void **state)
{
    struct gong_agent_config *config = read_good(
        MINIMAL
        "store = ( { type = \"victoriametrics\"; url = \"http://h:1\"; },\n"
        "  { name = \"old\"; type = \"influxdb1\"; url = \"http://h:2\";\n"
        "    database = \"gong\"; } );\n"
        "notify = ( { type = \"log\"; },\n"
        "  { type = \"webhook\"; name = \"duty\"; url = \"http://h:3/x\";\n"
        "    timeout = \"3s\"; } );\n");

    (void)state;
    assert_int_equal(config->store_count, 2);
    assert_string_equal(config->stores[0].name, "victoriametrics");
    assert_string_equal(config->stores[1].name, "old");
    assert_true(config->stores[0].keeps_undecodable);
    assert_false(config->stores[1].keeps_undecodable);
    assert_int_equal(config->notifier_count, 2);
    assert_string_equal(config->notifiers[0].name, "log");
    assert_string_equal(config->notifiers[1].name, "duty");
    assert_ptr_equal(config->notifiers[1].kind, &gong_notify_webhook);
    gong_agent_config_free(config);
}

static void
a_dump_reads_back_to_the_same(void **state)
{
    struct gong_agent_config *config = read_good(
        MINIMAL "agent = \"a1\"; state = \"/tmp/x \\\"y\\\"\";\n"
                "store = ( { type = \"influxdb1\"; url = \"http://h:2\";\n"
                "    database = \"gong\"; gzip = false; } );\n"
                "notify = ( { type = \"webhook\"; url = \"http://h:3/x\"; },\n"
                "  { type = \"null\"; } );\n"
                "ingest = { device_rate = 12.5; };\n"
                "journal = { size = \"1MiB\"; segment_size = \"64KiB\";\n"
                "  policy = \"block\"; };\n");
    char *first = dump(config);
    char *second;

    (void)state;
    gong_agent_config_free(config);
    config = read_good(first);
    second = dump(config);
    assert_string_equal(first, second);
    assert_int_equal(config->journal.policy, GONG_SPOOL_BLOCK);
    assert_true(config->ingest.device_rate == 12.5);
    gong_agent_config_free(config);
    free(first);
    free(second);
}

/* Each text and one message it must give; the first part is the place. */
static const struct {
    const char *text;
    const char *place;
    const char *message;
} refused[] = {
    {"rules = ( );\n", "", "broker"},
    {"broker = { url = \"mqtt://h\"; };\n", "a.cfg:", "rules"},
    {MINIMAL "agnet = \"x\";\n", "a.cfg:3:1: ", "\"agent\""},
    {MINIMAL "agent = \"A b\";\n", "a.cfg:3:1: ", "agent name"},
    {MINIMAL "agent = 5;\n", "a.cfg:3:", "found 5, expected text"},
    {MINIMAL "state = \"\";\n", "a.cfg:3:1: ", "empty path"},
    {MINIMAL "http = { listen = \"0.0.0.0:80\"; };\n",
     "a.cfg:3:10: ", "beyond loopback"},
    {MINIMAL "http = { listen = \"here\"; };\n",
     "a.cfg:3:10: ", "127.0.0.1:PORT"},
    {MINIMAL "journal = { segment_size = 70000; };\n",
     "a.cfg:3:13: ", "multiple of 4096"},
    {MINIMAL "journal = { size = \"1MiB\"; segment_size = \"1MiB\"; };\n",
     "a.cfg:3:13: ", "twice"},
    {MINIMAL "journal = { policy = \"dorp\"; };\n",
     "a.cfg:3:22: ", "drop_oldest"},
    {MINIMAL "effects = { policy = \"block\"; };\n",
     "a.cfg:3:13: ", "unknown key \"policy\""},
    {MINIMAL "ingest = { ack_interval = \"1ms\"; };\n",
     "a.cfg:3:", "ack_interval"},
    {MINIMAL "store = 5;\n", "a.cfg:3:1: ", "a list"},
    {MINIMAL "store = ( 5 );\n", "a.cfg:3:11: ", "a group"},
    {MINIMAL "store = ( { type = \"influxdb1\"; url = \"http://h\"; } );\n",
     "a.cfg:3:", "database"},
    {MINIMAL "store = ( { type = \"victoriametrics\"; url = \"h\"; } );\n",
     "a.cfg:3:", "http://"},
    {MINIMAL
     "store = ( { type = \"victoriametrics\"; url = \"http://h\"; },\n"
     "          { type = \"victoriametrics\"; url = \"http://i\"; } );\n",
     "a.cfg:4:", "each name once"},
    {MINIMAL "notify = ( { url = \"http://h\"; } );\n",
     "a.cfg:3:", "expected one of log, webhook, null"},
    {MINIMAL "notify = ( { type = \"sms\"; } );\n",
     "a.cfg:3:14: ", "expected one of log, webhook, null"},
    {MINIMAL "notify = ( { type = \"webhook\"; } );\n", "a.cfg:3:", "url"},
    {MINIMAL "notify = ( { type = \"log\"; nmae = \"x\"; } );\n",
     "a.cfg:3:28: ", "\"name\""},
    {MINIMAL "notify = ( { type = \"log\"; name = \"../x\"; } );\n",
     "a.cfg:3:28: ", "receiver name"},
    {MINIMAL
     "notify = ( { type = \"log\"; name = \"as-long-as-this-is\"; } );\n",
     "a.cfg:3:28: ", "expected 1 to 17"},
    {MINIMAL "store = ( { type = \"victoriametrics\"; url = \"http://h\";\n"
             "            name = \"even-longer-than-it\"; } );\n",
     "a.cfg:3:", "1 to 18"},
    {MINIMAL "notify = ( { type = \"log\"; }, { type = \"log\"; } );\n",
     "a.cfg:3:", "each name once"},
    {"rules = ( \"r\" );\nbroker = { url = \"http://h\"; };\n",
     "a.cfg:2:12: ", "mqtt"},
};

static void
mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct gong_conf_errors errors = {0};
        bool found = false;

        assert_null(read_text(refused[i].text, &errors));
        for (size_t e = 0; e < errors.count; e++) {
            found =
                found || (strncmp(errors.items[e], refused[i].place,
                                  strlen(refused[i].place)) == 0 &&
                          strstr(errors.items[e], refused[i].message) != NULL);
        }
        if (!found) {
            fail_msg("%s gave \"%s\", expected \"%s ... %s\"", refused[i].text,
                     errors.count > 0 ? errors.items[0] : "nothing",
                     refused[i].place, refused[i].message);
        }
        gong_conf_errors_fini(&errors);
    }
}

static void
all_mistakes_are_named(void **state)
{
    struct gong_conf_errors errors = {0};

    (void)state;
    assert_null(read_text("agent = 5;\n"
                          "journal = { sise = 1; };\n"
                          "store = ( { type = \"x\"; } );\n"
                          "notify = ( { type = \"y\"; } );\n",
                          &errors));
    assert_true(errors.count >= 6);
    gong_conf_errors_fini(&errors);
}

/* What no table can say is said beside what tables say; sizes are compared only
 * where both could be read. */
static void
no_mistake_hides_another(void **state)
{
    static const char *const told[] = {
        "a.cfg:1:1: found unknown key \"colour\"",
        "a.cfg:2:1: found an agent name",
        "a.cfg:3:1: found an empty path",
        "a.cfg:4:12: found no scheme",
        "a.cfg:5:10: found an address",
        "a.cfg:6:20: found \"1\"",
        "a.cfg:7:13: found room for fewer"};
    struct gong_conf_errors errors = {0};

    (void)state;
    assert_null(read_text("colour = 3; rules = ( \"r\" );\n"
                          "agent = \"A B\";\n"
                          "state = \"\";\n"
                          "broker = { url = \"nowhere\"; };\n"
                          "http = { listen = \"nowhere\"; };\n"
                          "journal = { size = \"1\"; };\n"
                          "effects = { size = \"1MiB\"; };\n",
                          &errors));
    for (size_t i = 0; i < errors.count && i < 7; i++) {
        assert_memory_equal(errors.items[i], told[i], strlen(told[i]));
    }
    assert_int_equal(errors.count, 7);
    gong_conf_errors_fini(&errors);
}

/* So that the mistakes of rules can be told with those of the file. */
static void
a_bad_file_still_names_its_rules(void **state)
{
    char path[] = "/tmp/gong-config-XXXXXX";
    static const char text[] = "colour = 3; rules = ( \"x.cfg\" );\n";
    struct gong_conf_errors errors = {0};
    struct gong_agent_config *config;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(close(fd), 0);
    assert_null(gong_agent_config_load(path, &errors));
    gong_conf_errors_fini(&errors);
    config = gong_agent_config_root(path);
    assert_non_null(config);
    assert_int_equal(config->rules.count, 1);
    gong_agent_config_free(config);
    assert_int_equal(unlink(path), 0);
    config = gong_agent_config_root(path);
    assert_non_null(config);
    assert_int_equal(config->rules.count, 0);
    gong_agent_config_free(config);
}

/* Lists are read after groups, values are checked after all: people read the
 * file from top to bottom. */
static void
mistakes_come_in_the_order_of_lines(void **state)
{
    static const char *const places[] = {
        "a.cfg:1:", "a.cfg:2:", "a.cfg:3:", "a.cfg:4:", "a.cfg:5:"};
    struct gong_conf_errors errors = {0};

    (void)state;
    assert_null(read_text("notify = ( { type = \"y\"; } );\n"
                          "store = ( { type = \"x\"; url = \"http://h\"; } );\n"
                          "journal = { sise = 1; };\n"
                          "broker = { url = 5; };\n"
                          "agent = 5; rules = ( \"r\" );\n",
                          &errors));
    assert_int_equal(errors.count, 5);
    for (size_t i = 0; i < errors.count; i++) {
        assert_memory_equal(errors.items[i], places[i], strlen(places[i]));
    }
    gong_conf_errors_fini(&errors);
}

static void
a_missing_file_is_named(void **state)
{
    struct gong_conf_errors errors = {0};

    (void)state;
    assert_null(gong_agent_config_load("/no/such.cfg", &errors));
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(errors.items[0], "/no/such.cfg"));
    gong_conf_errors_fini(&errors);
}

static void
the_example_is_valid_and_says_the_defaults(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_agent_config *example = gong_agent_config_load(
        GONG_SOURCE_DIR "/deploy/gong-agent.cfg", &errors);
    struct gong_agent_config *bare = read_good(MINIMAL);

    (void)state;
    assert_non_null(example);
    assert_string_equal(example->agent, bare->agent);
    assert_string_equal(example->state, bare->state);
    assert_string_equal(example->http.listen, bare->http.listen);
    assert_int_equal(example->journal.size, bare->journal.size);
    assert_int_equal(example->effects.size, bare->effects.size);
    assert_true(example->ingest.device_rate == bare->ingest.device_rate);
    gong_agent_config_free(example);
    gong_agent_config_free(bare);
}

/* The example with every line that is only offered ("#   key = ..."; "# desk =
 * {") taken in: what somebody gets who takes the marks away. */
static char *
read_offered(void)
{
    FILE *file = fopen(GONG_SOURCE_DIR "/deploy/gong-agent.cfg", "r");
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    char line[512];
    bool block = false;

    assert_non_null(file);
    assert_non_null(out);
    while (fgets(line, sizeof line, file) != NULL) {
        block = line[0] == '#' && (block || strncmp(line, "# model", 7) == 0);
        (void)fputs(block || strncmp(line, "#   ", 4) == 0 ? line + 1 : line,
                    out);
    }
    (void)fclose(file);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void
what_the_example_offers_is_valid(void **state)
{
    char *text = read_offered();
    struct gong_agent_config *config = read_good(text);

    (void)state;
    assert_true(config->desk_on);
    assert_int_equal(config->channels.count, 3);
    assert_int_equal(config->store_count, 2);
    assert_int_equal(config->notifier_count, 0);
    assert_string_equal(config->broker.username, "agent-1");
    assert_string_equal(config->desk.routes, "/etc/gong/routes.cfg");
    gong_agent_config_free(config);
    free(text);
}

static void
the_manual_has_every_key_once(void **state)
{
    static const char *const keys[] = {
        "| `agent` |",           "| `self_metrics` |", "| `keepalive` |",
        "| `policy` |",          "| `device_burst` |", "| `rows_per_device` |",
        "| `dead_letter_file` |"};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(out);
    gong_agent_config_manual(out);
    assert_int_equal(fclose(out), 0);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *first = strstr(text, keys[i]);

        assert_non_null(first);
        assert_null(strstr(first + 1, keys[i]));
    }
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_is_required),
        cmocka_unit_test(a_desk_tells_the_log_by_default),
        cmocka_unit_test(notify_is_deprecated_with_what_to_write),
        cmocka_unit_test(stores_and_receivers_are_read),
        cmocka_unit_test(a_dump_reads_back_to_the_same),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(all_mistakes_are_named),
        cmocka_unit_test(no_mistake_hides_another),
        cmocka_unit_test(a_bad_file_still_names_its_rules),
        cmocka_unit_test(mistakes_come_in_the_order_of_lines),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(the_example_is_valid_and_says_the_defaults),
        cmocka_unit_test(what_the_example_offers_is_valid),
        cmocka_unit_test(the_manual_has_every_key_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
