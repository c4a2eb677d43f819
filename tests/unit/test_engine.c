/*
 * The engine as its users see it: timelines in tests/rules/engine/NAME.txt.
 *
 *   rules MS          the lines up to a blank one are the new rule set:
 *     NAME [for D] [keep D] [interval D] [lookback D] [label N=V]
 *         [missing resolve|unknown] [as record] : EXPR
 *   file MS           likewise, as a rule file
 *   data MS SITE/DEVICE   the lines up to a blank one are the message; stamps
 *     are in ms. SITE/DEVICE "-" is a file.
 *   status MS SITE/DEVICE TEXT    TEXT: a status, to the end of the line
 *   clock MS
 *   resume MS BLIND SETTLE    in ms; BLIND -1: from here on
 *   deadline MS       what gong_engine_deadline must say
 *   > EFFECT          the effects of the command above, in order, all of them;
 *     a recorded sample is one too: NAME{labels} MS VALUE
 *   = NAME VALUE      a figure of gong_engine_stats
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>

#include <cmocka.h>

#include "common/clock.h"
#include "engine_fixture.h"
#include "rule_fixture.h"
#include "rules/engine/sample.h"
#include "snapshot_bytes.h"

#define FOLDER    GONG_SOURCE_DIR "/tests/rules/engine"
#define FILES_MAX 128
#define RULES_MAX 16
#define SETS_MAX  8

struct run {
    const char *file;
    size_t line;
    struct gong_engine *engine;
    struct gong_ruleset *sets[SETS_MAX];
    struct gong_rule_source *sources[SETS_MAX]; /* instead */
    size_t set_count;
    struct text lines; /* effects of the last command, one a line */
    size_t read;       /* how many bytes of them were expected */
    struct text all;   /* every byte of every effect */
    struct text payload;
    bool noise;   /* feed another device before each command */
    bool restart; /* save and restore before each command */
    const struct gong_engine_limits *limits;
    struct bytes snapshot;
    int64_t now;
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct run *run = ctx;

    for (size_t i = 0; i < effect->label_count; i++) {
        if (gong_str_is(effect->labels[i].value, "noise")) {
            return;
        }
    }
    effect_line(&run->lines, effect);
    text_add(&run->lines, "\n");
    if (run->noise) {
        effect_line(&run->all, effect);
        text_add(&run->all, "\n");
    } else {
        effect_bytes(&run->all, effect);
    }
}

static void
on_recorded(void *ctx, const struct gong_recorded *recorded)
{
    struct run *run = ctx;
    struct text line = {0};

    text_clear(&line);
    for (size_t i = 0; i < recorded->label_count; i++) {
        const struct gong_label_view *label = &recorded->labels[i];

        if (gong_str_is(label->value, "noise")) {
            text_free(&line);
            return;
        }
        text_add(&line, "%s%.*s=\"%.*s\"", i == 0 ? "" : ",",
                 (int)label->name.len, label->name.data, (int)label->value.len,
                 label->value.data);
    }
    text_add(&run->lines, "%s{%s} %" PRId64, recorded->rule->record, line.data,
             recorded->at_ms);
    if (gong_is_stale(recorded->value)) {
        text_add(&run->lines, " ends\n");
    } else {
        text_add(&run->lines, " %.17g\n", recorded->value);
    }
    text_free(&line);
}

static void
no_effects_left(struct run *run)
{
    if (run->read != run->lines.len) {
        fail_msg("%s:%zu: before this line, not expected: %s", run->file,
                 run->line, run->lines.data + run->read);
    }
    text_clear(&run->lines);
    run->read = 0;
}

/* The number after the command's name. */
static int64_t
number_after(const struct run *run, const char *line)
{
    const char *start = strchr(line, ' ');
    char *end = NULL;
    int64_t number = 0;

    if (start != NULL) {
        number = strtoll(start, &end, 10);
    }
    if (end == start) {
        fail_msg("%s:%zu: no number: %s", run->file, run->line, line);
    }
    return number;
}

static int64_t
duration(const char *text)
{
    gong_dur_t d = {0};

    assert_int_equal(gong_dur_parse(gong_str_of(text), &d), GONG_OK);
    return d.ns / GONG_NS_PER_MS;
}

/* "NAME [KEY VALUE]... : EXPR", cut apart in place. */
static struct rule_spec
parse_rule(char *line)
{
    struct rule_spec spec = {0};
    char *expr = strstr(line, " : ");
    char *rest = NULL;
    char *word = NULL;

    assert_non_null(expr);
    *expr = '\0';
    spec.expr = expr + 3;
    spec.alert = strtok_r(line, " ", &rest);
    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        const char *value = strtok_r(NULL, " ", &rest);

        assert_non_null(value);
        if (strcmp(word, "for") == 0) {
            spec.for_ms = duration(value);
        } else if (strcmp(word, "keep") == 0) {
            spec.keep_ms = duration(value);
        } else if (strcmp(word, "interval") == 0) {
            spec.interval_ms = duration(value);
        } else if (strcmp(word, "lookback") == 0) {
            spec.lookback_ms = duration(value);
        } else if (strcmp(word, "missing") == 0) {
            spec.on_missing = strcmp(value, "unknown") == 0
                                  ? GONG_ON_MISSING_UNKNOWN
                                  : GONG_ON_MISSING_RESOLVE;
        } else if (strcmp(word, "as") == 0) {
            spec.record = strcmp(value, "record") == 0;
        } else if (strcmp(word, "label") == 0) {
            spec.label = value;
        } else {
            fail_msg("unknown word %s", word);
        }
    }
    return spec;
}

static void
set_rules(struct run *run, int64_t ms, char *body)
{
    struct rule_spec specs[RULES_MAX];
    size_t count = 0;
    char *rest = NULL;

    for (char *line = strtok_r(body, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_true(count < RULES_MAX);
        specs[count++] = parse_rule(line);
    }
    assert_true(run->set_count < SETS_MAX);
    run->sets[run->set_count] = make_rules(specs, count);
    assert_int_equal(gong_engine_set_rules(run->engine,
                                           run->sets[run->set_count],
                                           (uint64_t)run->line, ms, NULL),
                     GONG_OK);
    run->set_count++;
}

static void
load_file(struct run *run, int64_t ms, const char *body)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source =
        rule_load(run->file, gong_str_of(body), &errors);

    if (source == NULL) {
        fail_msg("%s:%zu: %s", run->file, run->line, errors.items[0]);
    }
    assert_true(run->set_count < SETS_MAX);
    run->sources[run->set_count++] = source;
    assert_int_equal(gong_engine_set_rules(run->engine, source->set,
                                           (uint64_t)run->line, ms, NULL),
                     GONG_OK);
}

static void
apply(struct run *run, struct gong_record record)
{
    record.offset = run->line;
    assert_int_equal(gong_engine_apply(run->engine, &record), GONG_OK);
}

/* Another device that meets every rule, at the same journal time. */
static void
make_noise(struct run *run, int64_t ms)
{
    char points[128];

    snprintf(points, sizeof points,
             "m,k=noise a=99,b=1,c=99 %" PRId64 "\n"
             "m a=%d %" PRId64 "\n",
             ms, (int)(ms % 100), ms);
    apply(run, data_record(&run->payload, ms, "noise", "noise", points));
}

static void
send_data(struct run *run, const char *words, const char *body)
{
    int64_t ms = number_after(run, words);
    const char *names = strrchr(words, ' ') + 1;
    const char *slash = strchr(names, '/');
    char site[64] = "";

    if (strcmp(names, "-") == 0) {
        apply(run, data_record(&run->payload, ms, "", "", body));
        return;
    }
    assert_non_null(slash);
    assert_true((size_t)(slash - names) < sizeof site);
    memcpy(site, names, (size_t)(slash - names));
    apply(run, data_record(&run->payload, ms, site, slash + 1, body));
}

static void
send_resume(struct run *run, const char *line)
{
    long long ms = 0;
    long long blind = 0;
    long long settle = 0;

    /* A test's own file. NOLINTNEXTLINE(cert-err34-c) */
    assert_int_equal(
        sscanf(line, "resume %lld %lld %lld", &ms, &blind, &settle), 3);
    apply(run, resume_record(&run->payload, ms, blind, settle));
}

static void
send_status(struct run *run, const char *line)
{
    long long ms = 0;
    char site[64] = "";
    char device[64] = "";
    int at = 0;

    /* A test's own file. NOLINTNEXTLINE(cert-err34-c) */
    assert_int_equal(
        sscanf(line, "status %lld %63[^/]/%63s%n", &ms, site, device, &at), 3);
    apply(run, status_record(&run->payload, ms, site, device,
                             line + at + strspn(line + at, " ")));
}

static void
expect_effect(struct run *run, const char *line)
{
    const char *have = run->lines.data + run->read;
    size_t len = strcspn(have, "\n");

    if (run->read == run->lines.len || strlen(line) != len ||
        memcmp(have, line, len) != 0) {
        fail_msg("%s:%zu: expected\n  %s\nfound\n  %.*s", run->file, run->line,
                 line, (int)len, have);
    }
    run->read += len + 1;
}

static uint64_t
figure(const struct gong_engine *engine, const char *name)
{
    struct gong_engine_stats s;

    gong_engine_stats(engine, &s);
    if (strcmp(name, "late_samples") == 0) {
        return s.late_samples;
    }
    if (strcmp(name, "same_stamp") == 0) {
        return s.same_stamp;
    }
    if (strcmp(name, "backlog_points") == 0) {
        return s.backlog_points;
    }
    if (strcmp(name, "points") == 0) {
        return s.points;
    }
    if (strcmp(name, "samples") == 0) {
        return s.samples;
    }
    if (strcmp(name, "lines_refused") == 0) {
        return s.lines_refused;
    }
    if (strcmp(name, "rule_faults") == 0) {
        return s.rule_faults;
    }
    if (strcmp(name, "own_names") == 0) {
        return s.own_names;
    }
    if (strcmp(name, "evaluations") == 0) {
        return s.evaluations;
    }
    if (strcmp(name, "left_out") == 0) {
        return s.left_out;
    }
    if (strcmp(name, "damaged") == 0) {
        return s.damaged;
    }
    if (strcmp(name, "series") == 0) {
        return s.series;
    }
    if (strcmp(name, "rows") == 0) {
        return s.rows;
    }
    if (strcmp(name, "instances") == 0) {
        return s.instances;
    }
    if (strcmp(name, "pending") == 0) {
        return s.pending;
    }
    if (strcmp(name, "firing") == 0) {
        return s.firing;
    }
    if (strcmp(name, "unknown") == 0) {
        return s.unknown;
    }
    if (strcmp(name, "trial") == 0) {
        return s.trial;
    }
    if (strcmp(name, "up") == 0) {
        return s.devices_up;
    }
    if (strcmp(name, "dark") == 0) {
        return s.devices_dark;
    }
    fail_msg("unknown figure %s", name);
    return 0;
}

static void
expect_figure(struct run *run, const char *line)
{
    size_t len = strcspn(line + 2, " ");
    char name[32] = "";
    uint64_t value = (uint64_t)number_after(run, line + 2);

    if (run->noise) {
        return; /* it has figures of its own */
    }
    assert_true(len < sizeof name);
    memcpy(name, line + 2, len);
    if (figure(run->engine, name) != value) {
        fail_msg("%s:%zu: %s is %" PRIu64, run->file, run->line, name,
                 figure(run->engine, name));
    }
}

/* The lines of a command's body, without their indent. */
static void
read_body(struct run *run, FILE *file, struct text *body)
{
    char line[4096];

    text_clear(body);
    while (fgets(line, sizeof line, file) != NULL) {
        const char *start = line + strspn(line, " ");

        run->line++;
        if (*start == '\n') {
            break;
        }
        text_add(body, "%s", start);
    }
}

static void
command(struct run *run, FILE *file, const char *line)
{
    struct text body = {0};
    int64_t ms = number_after(run, line);

    no_effects_left(run);
    if (strncmp(line, "deadline ", 9) == 0) {
        if (!run->noise) {
            assert_int_equal(gong_engine_deadline(run->engine), ms);
        }
        return;
    }
    if (run->noise && strncmp(line, "resume ", 7) != 0) {
        make_noise(run, ms); /* timers that are due run here already */
    }
    if (strncmp(line, "resume ", 7) == 0) {
        send_resume(run, line);
        return;
    }
    if (strncmp(line, "status ", 7) == 0) {
        send_status(run, line);
        return;
    }
    if (strncmp(line, "clock ", 6) == 0) {
        apply(run, clock_record(ms));
        return;
    }
    read_body(run, file, &body);
    if (strncmp(line, "rules ", 6) == 0) {
        set_rules(run, ms, body.data);
    } else if (strncmp(line, "file ", 5) == 0) {
        load_file(run, ms, body.data);
    } else {
        send_data(run, line, body.data);
    }
    text_free(&body);
}

/* Goes on with an engine that was saved and read back. */
static void
restart(struct run *run)
{
    struct gong_snapshot_place place = {0};
    struct gong_snapshot_start start = {
        .limits = run->limits,
        .set = run->set_count == 0 ? NULL : run->sets[run->set_count - 1],
        .emit = on_effect,
        .ctx = run,
    };
    const char *why = NULL;
    struct gong_engine *next = NULL;

    if (start.set == NULL) {
        return;
    }
    assert_true(bytes_save(&run->snapshot, run->engine, &place));
    if (bytes_restore(&run->snapshot, &start, &next, &why) != GONG_OK) {
        fail_msg("%s:%zu: not restored: %s", run->file, run->line, why);
    }
    gong_engine_free(run->engine);
    run->engine = next;
    gong_engine_on_recorded(run->engine, on_recorded, run);
}

enum play_mode { PLAIN, NOISY, RESTARTING };

/* Plays a file; returns all effects' bytes. */
static struct text
play(const char *name, const struct gong_engine_limits *limits,
     enum play_mode mode)
{
    struct run run = {.file = name,
                      .noise = mode == NOISY,
                      .restart = mode == RESTARTING,
                      .limits = limits};
    char path[512];
    char line[4096];
    FILE *file = NULL;

    snprintf(path, sizeof path, "%s/%s", FOLDER, name);
    file = fopen(path, "r");
    assert_non_null(file);
    run.engine = gong_engine_new(limits, on_effect, &run);
    assert_non_null(run.engine);
    gong_engine_on_recorded(run.engine, on_recorded, &run);
    text_clear(&run.lines);
    text_clear(&run.all);
    while (fgets(line, sizeof line, file) != NULL) {
        run.line++;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '>') {
            expect_effect(&run, line + 2);
        } else if (line[0] == '=') {
            expect_figure(&run, line);
        } else if (line[0] != '#' && line[0] != '\0') {
            if (run.restart) {
                restart(&run);
            }
            command(&run, file, line);
        }
    }
    no_effects_left(&run);
    fclose(file);
    gong_engine_free(run.engine);
    for (size_t i = 0; i < run.set_count; i++) {
        gong_ruleset_free(run.sets[i]);
        gong_rule_source_free(run.sources[i]);
    }
    text_free(&run.lines);
    text_free(&run.payload);
    bytes_free(&run.snapshot);
    return run.all;
}

static void
test_timeline(void **state)
{
    const char *name = *state;
    struct gong_engine_limits other = {.hash_key = {7, 11}};
    struct text first = play(name, NULL, PLAIN);
    struct text second = play(name, NULL, PLAIN);
    struct text third = play(name, &other, PLAIN);
    struct text fourth = play(name, NULL, RESTARTING);
    struct text noisy = play(name, NULL, NOISY);

    assert_string_equal(first.data, second.data);
    assert_string_equal(first.data, third.data);
    assert_string_equal(first.data, fourth.data);
    text_free(&first);
    text_free(&second);
    text_free(&third);
    text_free(&fourth);
    text_free(&noisy);
}

int
main(void)
{
    static char names[FILES_MAX][256];
    struct CMUnitTest tests[FILES_MAX];
    size_t count = 0;
    DIR *folder = opendir(FOLDER);
    const struct dirent *entry = NULL;

    if (folder == NULL) {
        perror(FOLDER);
        return 1;
    }
    while ((entry = readdir(folder)) != NULL && count < FILES_MAX) {
        const char *dot = strrchr(entry->d_name, '.');

        if (dot != NULL && strcmp(dot, ".txt") == 0) {
            snprintf(names[count], sizeof names[count], "%s", entry->d_name);
            tests[count] = (struct CMUnitTest){names[count], test_timeline,
                                               NULL, NULL, names[count]};
            count++;
        }
    }
    closedir(folder);
    if (count == 0) {
        fprintf(stderr, "no timelines in %s\n", FOLDER);
        return 1;
    }
    return _cmocka_run_group_tests("engine", tests, count, NULL, NULL);
}
