/*
 * Any bytes as lines of a desk's case: what is read goes to a desk, as
 * gong-rules test does it. Whatever comes in, in whatever order, each message
 * lists what is there, nothing stays due, and only acts are refused.
 */
#include <string.h>

#include "rules/tool/desk_case_line.h"
#include "tests/fuzz/fuzz.h"

#define ZERO_MS  INT64_C(1767546000000)
#define SPAN_MS  (INT64_C(400) * 24 * 3600 * 1000)
#define LINE_MAX 1024
#define WHY_SIZE 200

static const char routes[] =
    "receivers = ({ name = \"hook\"; channels = (\"h\"); },"
    " { name = \"duty\"; role = \"duty\"; of = \"unit\"; affects = true; });"
    "time_intervals = ({ name = \"night\"; hours = (\"mon-sun 22:00-06:00\"); "
    "});"
    "inhibit_rules = ({ source_matchers = (\"alertname=\\\"A\\\"\");"
    " target_matchers = (\"alertname=~\\\"B|C\\\"\"); equal = (\"unit\"); });"
    "escalation = ({ matchers = (\"severity=\\\"critical\\\"\");"
    " acknowledge = \"10m\"; resolve = \"4h\";"
    " steps = ({ after = \"10m\"; receiver = \"duty\"; },"
    " { after = \"20m\"; receiver = \"hook\"; }); });"
    "route = { receiver = \"hook\"; group_by = (\"alertname\");"
    " group_wait = \"30s\"; group_interval = \"5m\"; routes = ("
    " { matchers = (\"severity=\\\"info\\\"\");"
    " mute_time_intervals = (\"night\"); },"
    " { matchers = (\"unit=~\\\"22.*\\\"\"); receiver = \"duty\";"
    " group_by = (\"...\"); continue = true; }); };";

struct world {
    struct gong_desk *desk;
    int64_t now_ms;
};

static enum gong_err
on_message(void *ctx, const struct gong_desk_message *message)
{
    const struct world *world = ctx;

    FUZZ_CHECK(message->at_ms <= world->now_ms);
    FUZZ_CHECK(message->item_count > 0);
    for (size_t i = 0; i < message->item_count; i++) {
        const struct gong_desk_incident *one = message->items[i].incident;

        FUZZ_CHECK(one->number > 0 && !one->trial);
        FUZZ_CHECK(one->ended_ms == 0 || one->ended_ms >= one->opened_ms);
        for (size_t k = 0; k < i; k++) {
            FUZZ_CHECK(message->items[k].incident->number != one->number);
        }
    }
    return GONG_OK;
}

static struct gong_desk_config *
config(void)
{
    static struct gong_desk_config *read;

    if (read == NULL) {
        struct gong_conf_errors errors = {0};
        struct gong_conf *conf =
            gong_conf_open_text("routes", gong_str_of(routes), &errors);

        FUZZ_CHECK(conf != NULL);
        read = gong_desk_config_read(conf, NULL, &errors);
        FUZZ_CHECK(read != NULL);
        gong_conf_close(conf);
    }
    return read;
}

static void
take(struct world *world, char *text, uint64_t position)
{
    struct gong_desk_case line = {.zero_ms = ZERO_MS, .position = position};
    char why[WHY_SIZE] = "";
    enum gong_err err = GONG_OK;

    if (!gong_desk_case_read(text, &line, why, sizeof why)) {
        FUZZ_CHECK(why[0] != '\0');
        return;
    }
    if (line.at_ms < world->now_ms || line.at_ms > ZERO_MS + SPAN_MS) {
        return;
    }
    world->now_ms = line.at_ms;
    FUZZ_CHECK(gong_desk_run(world->desk, world->now_ms) == GONG_OK);
    FUZZ_CHECK(gong_desk_next(world->desk) > world->now_ms);
    switch (line.kind) {
    case GONG_DESK_CASE_ALERT:
        err = gong_desk_alert(world->desk, &line.alert, world->now_ms);
        FUZZ_CHECK(err == GONG_OK);
        break;
    case GONG_DESK_CASE_ACT:
        err = gong_desk_act(world->desk, &line.act, world->now_ms, NULL, why,
                            sizeof why);
        FUZZ_CHECK(err == GONG_OK ||
                   (err == GONG_ERR_INVALID && why[0] != '\0'));
        break;
    case GONG_DESK_CASE_TOLD:
    case GONG_DESK_CASE_END:
        break;
    }
    FUZZ_CHECK(gong_desk_next(world->desk) > world->now_ms);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world = {.now_ms = ZERO_MS};
    struct gong_desk_sink sink = {.ctx = &world, .message = on_message};
    const uint8_t *end = data + size;
    uint64_t position = 1;

    world.desk = gong_desk_new(config(), NULL, &sink, ZERO_MS);
    FUZZ_CHECK(world.desk != NULL);
    while (data < end) {
        const uint8_t *stop = memchr(data, '\n', (size_t)(end - data));
        size_t len = (size_t)((stop == NULL ? end : stop) - data);
        char text[LINE_MAX];

        if (len < sizeof text) {
            memcpy(text, data, len);
            text[len] = '\0';
            take(&world, text, position++);
        }
        data = stop == NULL ? end : stop + 1;
    }
    world.now_ms = ZERO_MS + 2 * SPAN_MS;
    FUZZ_CHECK(gong_desk_run(world.desk, world.now_ms) == GONG_OK);
    gong_desk_free(world.desk);
    return 0;
}
