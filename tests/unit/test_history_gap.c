/* Gap jobs of the history: what a device sends later is in ALERTS as it was,
 * also over a stop in the midst, and once. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/gap/gap_table.h"
#include "common/batch.h"
#include "common/clock.h"
#include "common/crc32c.h"
#include "history_logs_fixture.h"

#define T0         (SINK_ARRIVAL_MS / 60000 * 60000)
#define MINUTE     INT64_C(60000)
#define OUTAGE     60
#define OUTAGE_END 180
#define STEPS      240

static const char rules[] =
    "{ alert = \"Hot\"; expr = \"m_a > 70\"; for = \"30s\";"
    " labels = { severity = \"critical\"; }; },"
    "{ alert = \"Trial\"; expr = \"m_a > 70\"; trial = true; }";

static const char alerts[] =
    "ALERTS{alertname=\"Hot\",alertstate=\"firing\",device=\"d0\","
    "severity=\"critical\",site=\"1\"}";
static const char since[] = "ALERTS_FOR_STATE{alertname=\"Hot\",device=\"d0\","
                            "severity=\"critical\",site=\"1\"}";

/* Hot from step 90 on, until step 120. */
static double
value_at(int step)
{
    return step >= 90 && step < 120 ? 80 : 60;
}

static void
put_batch(struct sinks *sinks, int step, int64_t ms, enum gong_lane lane,
          uint64_t low)
{
    struct gong_batch_header header = {.epoch = 7,
                                       .seq = (uint64_t)step + 1,
                                       .low = low,
                                       .lane = lane,
                                       .points = 1};
    char line[GONG_BATCH_HEADER_SIZE];
    char body[128];
    char message[GONG_BATCH_HEADER_SIZE + 128];

    (void)snprintf(body, sizeof body, "m a=%g %" PRId64 "000000\n",
                   value_at(step), T0 + step * 10000);
    header.crc = gong_crc32c(0, body, strlen(body));
    line[gong_batch_header_format(&header, line)] = '\0';
    (void)snprintf(message, sizeof message, "%s%s", line, body);
    (void)logs_data(sinks, ms, "1", "d0", message);
}

/* The link is away from OUTAGE to OUTAGE_END; then ten old batches come with
 * each new one. */
static void
put_steps(struct sinks *sinks, int from, int to)
{
    for (int step = from; step < to; step++) {
        int64_t ms = T0 + step * 10000;
        int sent = OUTAGE + (step - OUTAGE_END) * 10;

        if (step < OUTAGE || step >= OUTAGE_END) {
            uint64_t low = step < OUTAGE       ? (uint64_t)step + 1
                           : sent < OUTAGE_END ? (uint64_t)sent + 1
                                               : OUTAGE_END + 1;

            put_batch(sinks, step, ms, GONG_LANE_LIVE, low);
            for (int i = sent; i < sent + 10 && i < OUTAGE_END && i >= OUTAGE;
                 i++) {
                put_batch(sinks, i, ms + 1, GONG_LANE_BACK, low);
            }
        }
        (void)logs_put(sinks, GONG_RECORD_CLOCK, ms + 5000, "", 0);
    }
    logs_sync(sinks);
}

/* Reads and commits until the job was done, or so many times. */
static const char *
run_history(struct sinks *sinks, unsigned tries)
{
    struct gong_history_config config = logs_config();
    struct gong_history *history = logs_start(sinks, "a", &config);

    for (unsigned i = 0; i < tries; i++) {
        gong_clock_sleep(gong_dur_ms(2));
        assert_int_equal(gong_history_commit(history, gong_dur_s(60)), GONG_OK);
        if (logs_sketch(logs_path(sinks, "a"), alerts, T0)[0] != '\0') {
            break;
        }
    }
    gong_history_stop(history);
    return logs_path(sinks, "a");
}

/* Fired 30 s after step 90, ended at step 120. */
static void
is_true_interval(const char *path)
{
    assert_string_equal(logs_sketch(path, alerts, T0),
                        "930000=1 960000=1 1020000=1 1080000=1 1140000=1 "
                        "1200000=ends");
    assert_non_null(strstr(logs_sketch(path, since, T0), "930000="));
}

static void
known_late(void **state)
{
    struct sinks *sinks = *state;
    const char *path = NULL;

    (void)logs_rules(sinks, T0 - 1, rules, NULL);
    put_steps(sinks, 0, STEPS);
    path = run_history(sinks, 2000);
    is_true_interval(path);
    assert_string_equal(
        logs_sketch(path,
                    "ALERTS{alertname=\"Trial\",alertstate=\"firing\","
                    "device=\"d0\",site=\"1\"}",
                    T0),
        "");
    /* Once. */
    path = run_history(sinks, 3);
    is_true_interval(path);
}

/* Stopped while the backlog comes: its first half is not read again. */
static void
known_late_over_a_stop(void **state)
{
    struct sinks *sinks = *state;

    (void)logs_rules(sinks, T0 - 1, rules, NULL);
    put_steps(sinks, 0, OUTAGE_END + 6);
    (void)run_history(sinks, 1);
    assert_string_equal(logs_sketch(logs_path(sinks, "a"), alerts, T0), "");
    sinks_reopen(sinks);
    put_steps(sinks, OUTAGE_END + 6, STEPS);
    is_true_interval(run_history(sinks, 2000));
}

int
main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(name, sinks_setup, sinks_teardown)
    const struct CMUnitTest tests[] = {
        T(known_late),
        T(known_late_over_a_stop),
    };

    return cmocka_run_group_tests_name("history_gap", tests, NULL, NULL);
}
