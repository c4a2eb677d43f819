/*
 * Any bytes as a routing file, as matchers and as a group's state: reading
 * never crashes, it gives a configuration or messages but not both; canonical
 * matchers read as themselves; a desk that took a state goes on. With any one
 * allocation failing a desk says so, and loses nothing of its own.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "rules/desk/desk.h"
#include "tests/failing_memory.h"

static void
check_routes(const struct gong_desk_config *config)
{
    FUZZ_CHECK(config->route_count > 0);
    for (size_t i = 0; i < config->route_count; i++) {
        const struct gong_desk_route *route = &config->routes[i];

        FUZZ_CHECK(route->receiver < config->receiver_count);
        FUZZ_CHECK(route->identity != NULL);
        FUZZ_CHECK(route->group_interval.ns >= GONG_NS_PER_MS);
        FUZZ_CHECK(route->repeat_interval.ns >= GONG_NS_PER_MS);
        FUZZ_CHECK(route->group_wait.ns >= 0);
        FUZZ_CHECK(i == 0 ? route->parent == 0 : route->parent < i);
        FUZZ_CHECK(route->next == 0 || route->next > i);
        for (size_t k = 0; k < route->mute_count; k++) {
            FUZZ_CHECK(route->mute[k] < config->interval_count);
        }
    }
}

static enum gong_err
fire(struct gong_desk *desk, int64_t now)
{
    static const struct gong_label_view labels[] = {
        {{"a", 1}, {"1", 1}}, {{"severity", 8}, {"critical", 8}}};
    struct gong_desk_alert alert = {.rule = 1,
                                    .state = GONG_ALERT_FIRING,
                                    .rule_id = {"r", 1},
                                    .labels = labels,
                                    .label_count = 2};

    return gong_desk_alert(desk, &alert, now);
}

/* A day in the life of one alert. */
static void
live(const struct gong_desk_config *config, struct gong_str state)
{
    struct gong_desk_sink sink = {0};
    struct gong_desk *desk = gong_desk_new(config, NULL, &sink, 1000);
    enum gong_err err = GONG_OK;

    FUZZ_CHECK(desk != NULL);
    err = gong_desk_restore_group(desk, gong_str_of("key"), state);
    FUZZ_CHECK(err == GONG_OK || err == GONG_ERR_INVALID);
    FUZZ_CHECK(fire(desk, 1000) == GONG_OK);
    for (int i = 0; i < 50; i++) {
        int64_t next = gong_desk_next(desk);

        if (next > INT64_C(1000) * 86400) {
            break;
        }
        FUZZ_CHECK(gong_desk_run(desk, next) == GONG_OK);
        FUZZ_CHECK(gong_desk_next(desk) > next);
    }
    FUZZ_CHECK(gong_desk_reload(desk, config, NULL, 86400000) == GONG_OK);
    gong_desk_free(desk);
}

static enum gong_err
keep_group(void *ctx, struct gong_str key, const struct gong_str *state)
{
    (void)ctx;
    FUZZ_CHECK(key.len > 0 && (state == NULL || state->len > 0));
    return GONG_OK;
}

static enum gong_err
act(struct gong_desk *desk, enum gong_act_kind kind, const char *matchers,
    int64_t now)
{
    struct gong_desk_act act = {
        .kind = kind,
        .by = gong_str_of("lan"),
        .incident = matchers == NULL ? 1 : 0,
        .matchers = gong_str_of(matchers == NULL ? "" : matchers),
        .until_ms = now + 3600000,
    };
    enum gong_err err = gong_desk_act(desk, &act, now, NULL, NULL, 0);

    return err == GONG_ERR_INVALID ? GONG_OK : err;
}

/* Everything a desk does, once; stops at the first error. */
static enum gong_err
live_short(const struct gong_desk_config *config, struct gong_str state)
{
    struct gong_desk_sink sink = {.group = keep_group};
    struct gong_desk *desk = gong_desk_new(config, NULL, &sink, 1000);
    enum gong_err err = desk == NULL ? GONG_ERR_MEMORY : GONG_OK;

    if (err == GONG_OK) {
        err = gong_desk_restore_group(desk, gong_str_of("key"), state);
        err = err == GONG_ERR_INVALID ? GONG_OK : err;
    }
    if (err == GONG_OK) {
        err = fire(desk, 1000);
    }
    if (err == GONG_OK) {
        err = act(desk, GONG_ACT_SILENCE, "a=~\"1|2.+\"", 2000);
    }
    if (err == GONG_OK) {
        err = gong_desk_run(desk, 3700000);
    }
    if (err == GONG_OK) {
        err = act(desk, GONG_ACT_ACKNOWLEDGE, NULL, 3800000);
    }
    if (err == GONG_OK) {
        err = gong_desk_reload(desk, config, NULL, 9900000);
    }
    if (err == GONG_OK) {
        err = act(desk, GONG_ACT_RESOLVE, NULL, 9900000);
    }
    if (err == GONG_OK) {
        err = gong_desk_run(desk, 99000000);
    }
    gong_desk_free(desk);
    return err;
}

static void
live_short_of_memory(const struct gong_desk_config *config,
                     struct gong_str input)
{
    enum gong_err err = GONG_OK;
    uint64_t count = 0;

    failing_memory_begin(FAILING_MEMORY_NEVER);
    err = live_short(config, input);
    count = failing_memory_end();
    FUZZ_CHECK(err == GONG_OK);
    failing_memory_begin(
        failing_memory_choose((const uint8_t *)input.data, input.len, count));
    err = live_short(config, input);
    (void)failing_memory_end();
    FUZZ_CHECK(err == GONG_OK || err == GONG_ERR_MEMORY);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str input = gong_str_from((const char *)data, size);
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf = gong_conf_open_text("f.cfg", input, &errors);
    struct gong_desk_config *config =
        conf == NULL ? NULL : gong_desk_config_read(conf, NULL, &errors);
    struct gong_expr_error error = {0};
    struct gong_desk_matchers *m = gong_desk_matchers_read(input, &error);

    FUZZ_CHECK((config == NULL) == (errors.count > 0));
    if (config != NULL) {
        check_routes(config);
    } else {
        config = gong_desk_config_plain(NULL, 0);
        FUZZ_CHECK(config != NULL);
    }
    live(config, input);
    live_short_of_memory(config, input);
    if (m != NULL) {
        struct gong_desk_matchers *again = gong_desk_matchers_read(
            gong_str_of(gong_desk_matchers_text(m)), &error);

        FUZZ_CHECK(again != NULL);
        FUZZ_CHECK(strcmp(gong_desk_matchers_text(again),
                          gong_desk_matchers_text(m)) == 0);
        gong_desk_matchers_free(again);
    } else {
        FUZZ_CHECK(error.at <= size && error.message[0] != '\0');
    }
    gong_desk_matchers_free(m);
    gong_desk_config_free(config);
    gong_conf_close(conf);
    gong_conf_errors_fini(&errors);
    return 0;
}
