/*
 * The shipped packs, through the real loader and the real engine: every rule
 * fires where tests/rules/city.cases says so and keeps quiet where it says so,
 * and no rule is without both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/batch.h"
#include "rules/engine/engine.h"
#include "rules/rule_file.h"

#define CASES    GONG_SOURCE_DIR "/tests/rules/city.cases"
#define CITY     GONG_SOURCE_DIR "/rules/city"
#define START_MS INT64_C(1760000000000)

struct watch {
    const char *rule;
    size_t fired;
    char summary[GONG_RULE_ANNOTATION_SIZE];
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct watch *watch = ctx;

    if (effect->to != GONG_ALERT_FIRING ||
        strcmp(effect->rule->id, watch->rule) != 0) {
        return;
    }
    watch->fired++;
    assert_true(effect->annotation_count > 0);
    (void)snprintf(watch->summary, sizeof watch->summary, "%.*s",
                   (int)effect->annotations[0].value.len,
                   effect->annotations[0].value.data);
}

static void
send(struct gong_engine *engine, const char *line, int64_t at_ms)
{
    char payload[1024];
    size_t len =
        gong_batch_prefix(gong_str_of("22015"), gong_str_of("d-1"), payload);
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_DATA,
                 .journal_ms = at_ms,
                 .wall_ns = at_ms * 1000000},
        .offset = (uint64_t)at_ms,
    };

    len += (size_t)snprintf(payload + len, sizeof payload - len, "%s %lld\n",
                            line, (long long)at_ms * 1000000);
    assert_true(len < sizeof payload);
    record.payload = gong_str_from(payload, len);
    assert_int_equal(gong_engine_apply(engine, &record), GONG_OK);
}

static void
tick(struct gong_engine *engine, int64_t at_ms)
{
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_CLOCK, .journal_ms = at_ms}};

    assert_int_equal(gong_engine_apply(engine, &record), GONG_OK);
}

struct city_case {
    char rule[64];
    char verdict[16];
    int from;
    int to;
    int step;
    char line[512];
};

/* "DEVICE TEXT; DEVICE TEXT; ..." */
static void
send_statuses(struct gong_engine *engine, const char *words, int64_t at_ms)
{
    while (*words != '\0') {
        size_t device_len = strcspn(words, " ");
        const char *text = words + device_len + 1;
        const char *end = strstr(text, "; ");
        size_t text_len = end == NULL ? strlen(text) : (size_t)(end - text);
        char payload[1024];
        size_t len = gong_batch_prefix(
            gong_str_of("22015"), gong_str_from(words, device_len), payload);
        struct gong_record record = {
            .meta = {.type = GONG_RECORD_PRESENCE, .journal_ms = at_ms},
            .offset = (uint64_t)at_ms,
        };

        assert_true(len + text_len < sizeof payload);
        memcpy(payload + len, text, text_len);
        record.payload = gong_str_from(payload, len + text_len);
        assert_int_equal(gong_engine_apply(engine, &record), GONG_OK);
        words = text + text_len + (end == NULL ? 0 : 2);
    }
}

/* {A..B}: what lies on the way from A to B; {A|B|C}: the one whose turn it
 * is. Returns how long the braces are. */
static size_t
put_moving(const char *text, const struct city_case *c, int at, FILE *out)
{
    size_t len = strcspn(text, "}");
    const char *dots = strstr(text, "..");
    int turn = (at - c->from) / c->step;
    size_t from = 1;

    assert_int_equal(text[len], '}');
    if (dots != NULL && dots < text + len) {
        double a = strtod(text + 1, NULL);
        double b = strtod(dots + 2, NULL);

        (void)fprintf(out, "%.17g",
                      a + (b - a) * (at - c->from) / (c->to - c->from));
        return len + 1;
    }
    for (; turn > 0; turn--) {
        from += strcspn(text + from, "|}");
        from = text[from] == '}' ? 1 : from + 1;
    }
    (void)fprintf(out, "%.*s", (int)strcspn(text + from, "|}"), text + from);
    return len + 1;
}

/* The case's line as it is at an instant. */
static void
send_lines(struct gong_engine *engine, const struct city_case *c, int at)
{
    int64_t at_ms = START_MS + at * INT64_C(1000);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    for (const char *p = c->line; *p != '\0';) {
        if (*p == '{') {
            p += put_moving(p, c, at, out);
        } else if (strncmp(p, " & ", 3) == 0) {
            (void)fprintf(out, " %lld\n", (long long)at_ms * 1000000);
            p += 3;
        } else {
            (void)fputc(*p++, out);
        }
    }
    assert_int_equal(fclose(out), 0);
    send(engine, text, at_ms);
    free(text);
}

/* All that a case sends. */
static void
send_case(struct gong_engine *engine, const struct city_case *c)
{
    if (strncmp(c->line, "status ", 7) == 0) {
        send_statuses(engine, c->line + 7, START_MS + c->from * INT64_C(1000));
        return;
    }
    for (int at = c->from; at <= c->to; at += c->step) {
        send_lines(engine, c, at);
    }
}

static size_t
run_case(const struct gong_ruleset *set, const struct city_case *c,
         struct watch *watch)
{
    struct gong_engine *engine;

    *watch = (struct watch){.rule = c->rule};
    engine = gong_engine_new(NULL, on_effect, watch);
    assert_non_null(engine);
    assert_int_equal(gong_engine_set_rules(engine, set, 1, START_MS, NULL),
                     GONG_OK);
    send_case(engine, c);
    tick(engine, START_MS + (c->to + 1) * INT64_C(1000));
    gong_engine_free(engine);
    return watch->fired;
}

static struct gong_rule_source *
load_city(void)
{
    char path[] = CITY;
    char *paths[] = {path};
    struct gong_strings list = {paths, 1};
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = gong_rule_files_load(&list, &errors);

    gong_conf_errors_print(&errors, stderr);
    assert_non_null(source);
    gong_conf_errors_fini(&errors);
    return source;
}

/* The rule's index; fails the test where there is no such rule. */
static size_t
rule_index(const struct gong_ruleset *set, const char *id)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->rules[i].id, id) == 0) {
            return i;
        }
    }
    fail_msg("city.cases names an unknown rule: %s", id);
    return 0;
}

static bool
read_case(FILE *file, struct city_case *c)
{
    char text[640];

    while (fgets(text, sizeof text, file) != NULL) {
        if (text[0] == '#' || text[0] == '\n') {
            continue;
        }
        assert_int_equal(sscanf(text, "%63s %15s %d %d %d %511[^\n]", c->rule,
                                c->verdict, &c->from, &c->to, &c->step,
                                c->line),
                         6);
        return true;
    }
    return false;
}

static void
every_rule_fires_and_just_does_not(void **state)
{
    struct gong_rule_source *source = load_city();
    const struct gong_ruleset *set = source->set;
    size_t *fires = calloc(set->count, sizeof *fires);
    size_t *quiets = calloc(set->count, sizeof *quiets);
    FILE *file = fopen(CASES, "r");
    struct city_case c;

    (void)state;
    assert_non_null(file);
    assert_non_null(fires);
    assert_non_null(quiets);
    while (read_case(file, &c)) {
        struct watch watch;
        bool want = strcmp(c.verdict, "fires") == 0;
        size_t index = rule_index(set, c.rule);

        assert_true(want || strcmp(c.verdict, "quiet") == 0);
        if ((run_case(set, &c, &watch) > 0) != want) {
            fail_msg("%s: expected %s with: %s", c.rule, c.verdict, c.line);
        }
        if (want && strstr(watch.summary, "{{") != NULL) {
            fail_msg("%s: summary is not rendered: %s", c.rule, watch.summary);
        }
        *(want ? &fires[index] : &quiets[index]) += 1;
    }
    for (size_t i = 0; i < set->count; i++) {
        /* What a recording says is told by the rules that read it. */
        if (set->rules[i].record == NULL && (fires[i] == 0 || quiets[i] == 0)) {
            fail_msg("%s has no case that %s", set->rules[i].id,
                     fires[i] == 0 ? "fires" : "is quiet");
        }
    }
    (void)fclose(file);
    free(fires);
    free(quiets);
    gong_rule_source_free(source);
}

static void
has(const struct gong_rule *rule, const struct gong_rule_text *texts,
    size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i].name, name) == 0 && texts[i].text[0] != '\0') {
            return;
        }
    }
    fail_msg("%s has no %s", rule->id, name);
}

static void
every_rule_says_what_and_what_to_do_in_both_languages(void **state)
{
    struct gong_rule_source *source = load_city();

    (void)state;
    for (size_t i = 0; i < source->set->count; i++) {
        const struct gong_rule *rule = &source->set->rules[i];

        if (rule->record != NULL) {
            continue;
        }
        has(rule, rule->labels, rule->label_count, "severity");
        has(rule, rule->labels, rule->label_count, "service");
        has(rule, rule->annotations, rule->annotation_count, "summary");
        has(rule, rule->annotations, rule->annotation_count, "summary_en");
        has(rule, rule->annotations, rule->annotation_count, "action");
        has(rule, rule->annotations, rule->annotation_count, "action_en");
    }
    gong_rule_source_free(source);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_fires_and_just_does_not),
        cmocka_unit_test(every_rule_says_what_and_what_to_do_in_both_languages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
