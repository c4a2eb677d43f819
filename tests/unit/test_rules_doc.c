/*
 * Every example in docs/RULES.md, by the words after its fence:
 *
 *   cfg              a rule file that loads
 *   timeline         what the rule file before it does: "TIME SITE/DEVICE LINE"
 *                    is a sample, "TIME fires|ends|unknown ALERT SITE DEVICE"
 *                    the next change that people see, at that time, and "TIME
 *                    records NAME SITE VALUE" a sample of a recording
 *   cfg refused      one that does not; the next text block is what is said
 *   promql           one expression a line, each evaluated
 *   promql refused   an expression, then, indented, how its message begins
 *
 * And the table of pairs: each has a timeline, in which both keys stand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/batch.h"
#include "common/conf.h"
#include "rules/engine/book.h"
#include "rules/engine/engine.h"
#include "rules/engine/promql.h"
#include "rules/rule_file.h"

#define PAGE       GONG_SOURCE_DIR "/docs/RULES.md"
#define FENCE      "```"
#define INDENT     "    "
#define BLOCKS_MAX 64

struct block {
    struct gong_str kind; /* what follows the opening fence */
    struct gong_str text;
    size_t line; /* of the fence */
};

static char *page;
static struct block blocks[BLOCKS_MAX];
static size_t block_count;

/* The line at *at without its newline; *at moves behind it. */
static struct gong_str
next_line(const char **at)
{
    const char *start = *at;
    const char *end = strchr(start, '\n');

    if (end == NULL) {
        *at = start + strlen(start);
        return gong_str_of(start);
    }
    *at = end + 1;
    return gong_str_from(start, (size_t)(end - start));
}

static bool
begins(struct gong_str text, const char *with)
{
    size_t len = strlen(with);

    return text.len >= len && memcmp(text.data, with, len) == 0;
}

static int
find_blocks(void **state)
{
    struct gong_conf_errors errors = {0};
    struct block *open = NULL;
    size_t len = 0;
    size_t line = 0;
    const char *at;

    (void)state;
    page = gong_conf_load_bytes(PAGE, &len, &errors);
    assert_non_null(page);
    at = page;
    while (*at != '\0') {
        struct gong_str text = next_line(&at);

        line++;
        if (!begins(text, FENCE)) {
            continue;
        }
        if (open != NULL) {
            open->text.len = (size_t)(text.data - open->text.data);
            open = NULL;
            continue;
        }
        assert_true(block_count < BLOCKS_MAX);
        open = &blocks[block_count++];
        open->kind = gong_str_from(text.data + 3, text.len - 3);
        open->text.data = at;
        open->line = line;
    }
    assert_null(open);
    return 0;
}

static int
free_page(void **state)
{
    (void)state;
    free(page);
    return 0;
}

/* The file as a bundle of one; its messages in *said, the caller's. */
static bool
load(const struct block *block, char **said)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source;
    char *bundle = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bundle, &size);
    bool loaded;

    assert_non_null(out);
    (void)fprintf(out, "== rules.cfg %zu\n%.*s", block->text.len,
                  (int)block->text.len, block->text.data);
    assert_int_equal(fclose(out), 0);
    source = gong_rule_bundle_load(gong_str_of(bundle), &errors);
    loaded = source != NULL;
    free(bundle);
    gong_rule_source_free(source);

    out = open_memstream(said, &size);
    assert_non_null(out);
    gong_conf_errors_print(&errors, out);
    assert_int_equal(fclose(out), 0);
    gong_conf_errors_fini(&errors);
    return loaded;
}

static void
rule_files_load(void **state)
{
    size_t loaded = 0;

    (void)state;
    for (size_t i = 0; i < block_count; i++) {
        char *said = NULL;

        if (!gong_str_is(blocks[i].kind, "cfg")) {
            continue;
        }
        if (!load(&blocks[i], &said)) {
            fail_msg("%s:%zu does not load:\n%s", PAGE, blocks[i].line, said);
        }
        free(said);
        loaded++;
    }
    assert_true(loaded >= 1);
}

static void
refused_files_say_what_the_page_says(void **state)
{
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i + 1 < block_count; i++) {
        const struct block *next = &blocks[i + 1];
        char *said = NULL;

        if (!gong_str_is(blocks[i].kind, "cfg refused")) {
            continue;
        }
        assert_true(gong_str_is(next->kind, "text"));
        assert_false(load(&blocks[i], &said));
        if (!gong_str_is(next->text, said)) {
            fail_msg("%s:%zu is said as:\n%s", PAGE, blocks[i].line, said);
        }
        free(said);
        refused++;
    }
    assert_true(refused >= 1);
}

#define START_MS  INT64_C(1760000000000)
#define SAID_MAX  64
#define SAID_SIZE 160

/* What the engine said and the page has not claimed yet. */
struct said {
    char text[SAID_MAX][SAID_SIZE]; /* "30 fires Hot 22015 lamp-1" */
    size_t count;
};

/* The page speaks in seconds; what is a millisecond past one is the next. */
static long long
seconds(int64_t at_ms)
{
    return (at_ms - START_MS + 999) / 1000;
}

static struct gong_str
label(const struct gong_label_view *labels, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(labels[i].name, name)) {
            return labels[i].value;
        }
    }
    return gong_str_of("");
}

static void
say(struct said *said, int64_t at_ms, const char *what, const char *name,
    struct gong_str first, struct gong_str second)
{
    assert_true(said->count < SAID_MAX);
    (void)snprintf(said->text[said->count++], SAID_SIZE,
                   "%lld %s %s%s%.*s%s%.*s", seconds(at_ms), what, name,
                   first.len > 0 ? " " : "", (int)first.len, first.data,
                   second.len > 0 ? " " : "", (int)second.len, second.data);
}

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    bool was_open = gong_alert_state_open(effect->from);
    const char *what = "fires";

    if (effect->to == GONG_ALERT_UNKNOWN) {
        what = "unknown";
    } else if (was_open && !gong_alert_state_open(effect->to)) {
        what = "ends";
    } else if (was_open || !gong_alert_state_open(effect->to)) {
        return;
    }
    say(ctx, effect->at_ms, what, effect->rule->alert,
        label(effect->labels, effect->label_count, "site"),
        label(effect->labels, effect->label_count, "device"));
}

static void
on_recorded(void *ctx, const struct gong_recorded *recorded)
{
    char value[32];

    (void)snprintf(value, sizeof value, "%g", recorded->value);
    say(ctx, recorded->at_ms, "records", recorded->rule->record,
        label(recorded->labels, recorded->label_count, "site"),
        gong_str_of(value));
}

/* "90s", "2m" or "1m30s". */
static int64_t
read_time(const char *text)
{
    int64_t s = 0;

    while (*text >= '0' && *text <= '9') {
        char *unit;
        long long n = strtoll(text, &unit, 10);

        s += *unit == 'm' ? n * 60 : n;
        text = unit + 1;
    }
    return START_MS + s * 1000;
}

static void
send(struct gong_engine *engine, int64_t at_ms, const char *place,
     const char *line)
{
    const char *slash = strchr(place, '/');
    char payload[1024];
    size_t len;
    struct gong_record record = {.meta = {.type = GONG_RECORD_CLOCK,
                                          .journal_ms = at_ms,
                                          .wall_ns = at_ms * 1000000}};

    if (slash != NULL) {
        len = gong_batch_prefix(gong_str_from(place, (size_t)(slash - place)),
                                gong_str_of(slash + 1), payload);
        len +=
            (size_t)snprintf(payload + len, sizeof payload - len, "%s\n", line);
        assert_true(len < sizeof payload);
        record.meta.type = GONG_RECORD_DATA;
        record.payload = gong_str_from(payload, len);
    }
    assert_int_equal(gong_engine_apply(engine, &record), GONG_OK);
}

/* Takes it from what was said; whether it was there, and no other change of an
 * alert before it. */
static bool
claim(struct said *said, const char *want, bool recording)
{
    size_t i = 0;

    while (i < said->count &&
           (recording ? strcmp(said->text[i], want) != 0
                      : strstr(said->text[i], " records ") != NULL)) {
        i++;
    }
    if (i == said->count || strcmp(said->text[i], want) != 0) {
        return false;
    }
    said->count--;
    memmove(said->text[i], said->text[i + 1], (said->count - i) * SAID_SIZE);
    return true;
}

static void
drop_records(struct said *said)
{
    size_t kept = 0;

    for (size_t i = 0; i < said->count; i++) {
        if (strstr(said->text[i], " records ") == NULL) {
            memmove(said->text[kept++], said->text[i], SAID_SIZE);
        }
    }
    said->count = kept;
}

static void
play_line(struct gong_engine *engine, struct said *said, struct gong_str line)
{
    char time[16];
    char word[64];
    char rest[256] = "";
    char text[512];
    char want[512];
    int64_t at_ms;

    (void)snprintf(text, sizeof text, "%.*s", (int)line.len, line.data);
    assert_true(sscanf(text, "%15s %63s %255[^\n]", time, word, rest) >= 2);
    at_ms = read_time(time);
    send(engine, at_ms, word, rest);
    if (strchr(word, '/') != NULL) {
        return;
    }
    (void)snprintf(want, sizeof want, "%lld %s%s%s", seconds(at_ms), word,
                   rest[0] == '\0' ? "" : " ", rest);
    if (!claim(said, want, strcmp(word, "records") == 0)) {
        drop_records(said);
        fail_msg("expected \"%s\", not next of:\n%s\n%s\n%s", want,
                 said->count > 0 ? said->text[0] : "nothing",
                 said->count > 1 ? said->text[1] : "",
                 said->count > 2 ? said->text[2] : "");
    }
}

static void
play(const struct block *rules, const struct block *timeline)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source;
    struct said said = {.count = 0};
    struct gong_engine *engine = gong_engine_new(NULL, on_effect, &said);
    const char *at = timeline->text.data;
    char *bundle = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bundle, &size);

    assert_non_null(out);
    (void)fprintf(out, "== rules.cfg %zu\n%.*s", rules->text.len,
                  (int)rules->text.len, rules->text.data);
    assert_int_equal(fclose(out), 0);
    source = gong_rule_bundle_load(gong_str_of(bundle), &errors);
    assert_non_null(source);
    gong_engine_on_recorded(engine, on_recorded, &said);
    assert_int_equal(
        gong_engine_set_rules(engine, source->set, 1, START_MS, NULL), GONG_OK);
    while (at < timeline->text.data + timeline->text.len) {
        struct gong_str line = next_line(&at);

        if (line.len > 0 && line.data[0] != '#') {
            play_line(engine, &said, line);
        }
    }
    drop_records(&said);
    if (said.count > 0) {
        fail_msg("%s:%zu does not say: %s", PAGE, timeline->line, said.text[0]);
    }
    gong_engine_free(engine);
    gong_rule_source_free(source);
    gong_conf_errors_fini(&errors);
    free(bundle);
}

static void
timelines_come_true(void **state)
{
    size_t played = 0;

    (void)state;
    for (size_t i = 1; i < block_count; i++) {
        if (gong_str_is(blocks[i].kind, "timeline")) {
            assert_true(gong_str_is(blocks[i - 1].kind, "cfg"));
            play(&blocks[i - 1], &blocks[i]);
            played++;
        }
    }
    assert_true(played >= 1);
}

/* Whether expression is evaluated today; error where it is not. */
static bool
is_evaluated(struct gong_str text, struct gong_expr_error *error)
{
    struct gong_expr *expr = gong_expr_parse(text, error);
    bool taken = expr != NULL && gong_book_check(expr, false, error);

    gong_expr_free(expr);
    return taken;
}

static void
check_evaluated(const struct block *block)
{
    const char *at = block->text.data;

    while (at < block->text.data + block->text.len) {
        struct gong_str line = next_line(&at);
        struct gong_expr_error error = {0};

        if (!is_evaluated(line, &error)) {
            fail_msg("%.*s\nis refused: %s", (int)line.len, line.data,
                     error.message);
        }
    }
}

static void
check_refused(const struct block *block)
{
    const char *at = block->text.data;

    while (at < block->text.data + block->text.len) {
        struct gong_str line = next_line(&at);
        struct gong_str said = next_line(&at);
        struct gong_expr_error error = {0};

        assert_true(begins(said, INDENT));
        said = gong_str_from(said.data + 4, said.len - 4);
        if (is_evaluated(line, &error)) {
            fail_msg("%.*s\nis evaluated", (int)line.len, line.data);
        }
        if (!gong_str_is(said, error.message)) {
            fail_msg("%.*s\nis refused as: %s", (int)line.len, line.data,
                     error.message);
        }
    }
}

static void
expressions_are_taken_and_refused_as_the_page_says(void **state)
{
    size_t evaluated = 0;
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i < block_count; i++) {
        if (gong_str_is(blocks[i].kind, "promql")) {
            check_evaluated(&blocks[i]);
            evaluated++;
        } else if (gong_str_is(blocks[i].kind, "promql refused")) {
            check_refused(&blocks[i]);
            refused++;
        }
    }
    assert_true(evaluated >= 1);
    assert_true(refused >= 1);
}

/* How each key of the table is found in a timeline, as a rule file or in the
 * short form. */
static const struct key {
    const char *name;
    const char *file;
    const char *brief;
} keys[] = {
    {"`for`", " for = ", " for "},
    {"`keep_firing_for`", "keep_firing_for = ", " keep "},
    {"`resolve`", "resolve = ", NULL},
    {"`levels`", "levels = ", NULL},
    {"`on_missing` unknown", "on_missing = \"unknown\"", "missing unknown"},
    {"`on_missing` resolve", "on_missing = \"resolve\"", NULL},
    {"`on_missing` fire", "on_missing = \"fire\"", NULL},
    {"`active`", "active = ", NULL},
    {"`trial`", "trial = true", NULL},
    {"template in `labels`", "= \"{{ $labels", NULL},
};
#define KEYS (sizeof keys / sizeof keys[0])

static bool
has_key(const char *text, const struct key *key)
{
    return strstr(text, key->file) != NULL ||
           (key->brief != NULL && strstr(text, key->brief) != NULL);
}

static void
check_pair(const struct key *first, const struct key *second,
           struct gong_str name)
{
    struct gong_conf_errors errors = {0};
    char path[512];
    char *text = NULL;
    size_t len = 0;

    (void)snprintf(path, sizeof path,
                   GONG_SOURCE_DIR "/tests/rules/engine/%.*s.txt",
                   (int)name.len, name.data);
    text = gong_conf_load_bytes(path, &len, &errors);
    if (text == NULL) {
        fail_msg("%s with %s: no timeline %s", first->name, second->name, path);
    }
    if (!has_key(text, first) || !has_key(text, second)) {
        fail_msg("%s with %s: not in %s", first->name, second->name, path);
    }
    free(text);
}

/* Cuts "| a | b |" at *at; false at the end of the line. */
static bool
next_cell(const char **at, struct gong_str *cell)
{
    const char *start = *at + 1;
    const char *end = start + strcspn(start, "|\n");

    if (**at != '|' || *end != '|') {
        return false;
    }
    *at = end;
    while (start < end && *start == ' ') {
        start++;
    }
    while (end > start && end[-1] == ' ') {
        end--;
    }
    *cell = gong_str_from(start, (size_t)(end - start));
    return true;
}

static void
every_pair_has_a_timeline(void **state)
{
    const char *line = strstr(page, "\n| | `for` |");
    struct gong_str cell;

    (void)state;
    assert_non_null(line);
    line++;
    for (size_t i = 0; next_cell(&line, &cell); i++) {
        assert_true(i == 0 || gong_str_is(cell, keys[i - 1].name));
    }
    line = strchr(strchr(line, '\n') + 1, '\n') + 1;
    for (size_t row = 1; row < KEYS; row++) {
        const char *at = line;

        assert_true(next_cell(&at, &cell));
        assert_true(gong_str_is(cell, keys[row].name));
        for (size_t column = 0; column < row; column++) {
            bool same = row >= 4 && row <= 6 && column >= 4;

            assert_true(next_cell(&at, &cell));
            if (!same) {
                check_pair(&keys[row], &keys[column], cell);
            }
        }
        line = strchr(line, '\n') + 1;
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_files_load),
        cmocka_unit_test(refused_files_say_what_the_page_says),
        cmocka_unit_test(timelines_come_true),
        cmocka_unit_test(expressions_are_taken_and_refused_as_the_page_says),
        cmocka_unit_test(every_pair_has_a_timeline),
    };

    return cmocka_run_group_tests_name("rules_doc", tests, find_blocks,
                                       free_page);
}
