#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char name_main[] = "main";
static char database[] = "city one";
static char nothing[] = "";

static int64_t
heard(const struct store_fixture *f)
{
    return (int64_t)gong_counter_get(gong_counter_add(
        f->sinks->counters, GONG_COUNTER, "gong_agent_store_requests_total", "",
        "store=\"main\",outcome=\"stored\""));
}

void
store_fixture_start(struct store_fixture *f, struct sinks *sinks)
{
    f->sinks = sinks;
    f->unheard = script_store_accepted(&f->server) - heard(f);
    assert_int_equal(gong_store_start(&f->config, sinks->dir, sinks->journal,
                                      sinks->effects, sinks->counters,
                                      &f->store),
                     GONG_OK);
}

struct store_fixture *
store_fixture_begin(int type, const char *plan)
{
    struct store_fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->server.type = type;
    f->server.plan = plan;
    f->script = script_start(0, script_store_decide, &f->server);
    (void)snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u/",
                   script_port(f->script));
    f->config = (struct gong_store_config){
        .name = name_main,
        .type = type,
        .url = f->url,
        .database = database,
        .organization = database,
        .bucket = name_main,
        .username = nothing,
        .password_file = nothing,
        .token_file = nothing,
        .ca_file = nothing,
        .dead_letter_file = nothing,
        .batch_lines = 5000,
        .batch_bytes = 1 << 20,
        .batch_delay = gong_dur_ms(1),
        .timeout = gong_dur_ms(200),
        .retry_min = gong_dur_ms(4),
        .retry_max = gong_dur_ms(20),
        .keeps_undecodable = true,
    };
    return f;
}

void
store_fixture_wait_heard(struct store_fixture *f)
{
    for (int i = 0; i < 4000; i++) {
        if (f->unheard + heard(f) >= script_store_accepted(&f->server)) {
            return;
        }
        gong_clock_sleep(gong_dur_ms(5));
    }
    fail_msg("the store did not hear of what was accepted");
}

void
store_fixture_end(struct store_fixture *f)
{
    gong_store_stop(f->store);
    script_stop(f->script);
    free(f);
}

void
store_fixture_put_ten(struct sinks *sinks, bool with_bad)
{
    char lines[2048];
    size_t used = 0;

    for (int i = 1; i <= 10; i++) {
        used += (size_t)snprintf(lines + used, sizeof lines - used,
                                 "m,n=%d,k=%s v=1 %d\n", i,
                                 with_bad && i % 4 == 0 ? "bad" : "fine", i);
    }
    (void)sinks_put_data(sinks, "22015", "lamp-1", lines);
}

const char *
store_fixture_stored(struct store_fixture *f)
{
    script_store_copy(&f->server, f->stored, sizeof f->stored);
    return f->stored;
}

int
store_fixture_occurrences(const char *text, int n)
{
    char mark[32];
    int count = 0;

    (void)snprintf(mark, sizeof mark, ",n=%d,", n);
    for (const char *at = strstr(text, mark); at != NULL;
         at = strstr(at + 1, mark)) {
        count++;
    }
    return count;
}
