#include "rules/tool/rule_cases.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/batch.h"
#include "common/clock.h"
#include "common/log.h"
#include "rules/engine/engine.h"
#include "rules/tool/case_line.h"
#include "rules/query/number_text.h"
#include "rules/tool/rule_load.h"

#define START_MS INT64_C(1760000000000)
#define SITE     "22015"
#define DEVICE   "d-1"

struct rule_case {
    char *rule; /* in the line */
    bool fires;
    struct gong_case_span span;
    char *site;   /* in the line, or SITE */
    char *device; /* likewise */
    char *line;
};

/* What became of a case. */
struct outcome {
    const struct gong_rule *rule;
    size_t fired;
    uint64_t refused;     /* lines and statuses */
    const char *fault;    /* why it had no result, the first time; or NULL */
    char unrendered[256]; /* the first annotation that is, quoted */
};

/* What a template left: braces, or what it failed with. */
static bool
is_unrendered(const struct gong_label_view *annotation)
{
    char text[GONG_RULE_ANNOTATION_SIZE + 1];

    (void)snprintf(text, sizeof text, "%.*s", (int)annotation->value.len,
                   annotation->value.data);
    return strstr(text, "{{") != NULL ||
           strstr(text, "<error expanding") != NULL;
}

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct outcome *out = ctx;

    if (strcmp(effect->rule->id, out->rule->id) != 0) {
        return;
    }
    out->fired += effect->to == GONG_ALERT_FIRING;
    for (size_t i = 0; i < effect->annotation_count; i++) {
        const struct gong_label_view *a = &effect->annotations[i];

        if (out->unrendered[0] == '\0' && is_unrendered(a)) {
            (void)gong_log_quote(a->value, out->unrendered,
                                 sizeof out->unrendered);
        }
    }
}

static void
on_fault(void *ctx, const struct gong_rule_fault *fault)
{
    struct outcome *out = ctx;

    if (out->fault == NULL && strcmp(fault->rule->id, out->rule->id) == 0) {
        out->fault = fault->text;
    }
}

/* A message of a device as a record. */
static enum gong_err
send(struct gong_engine *engine, uint8_t type, const char *site,
     struct gong_str device, struct gong_str message, int64_t ms)
{
    char *payload = malloc(GONG_BATCH_PREFIX_SIZE + message.len);
    struct gong_record record = {
        .meta = {.type = type, .journal_ms = ms, .wall_ns = gong_ms_to_ns(ms)},
        .offset = (uint64_t)ms,
    };
    enum gong_err err;
    size_t len;

    if (payload == NULL) {
        return GONG_ERR_MEMORY;
    }
    len = gong_batch_prefix(gong_str_of(site), device, payload);
    memcpy(payload + len, message.data, message.len);
    record.payload = gong_str_from(payload, len + message.len);
    err = gong_engine_apply(engine, &record);
    free(payload);
    return err;
}

/* "DEVICE TEXT; DEVICE TEXT; ..." */
static enum gong_err
send_statuses(struct gong_engine *engine, const char *words, int64_t ms)
{
    enum gong_err err = GONG_OK;

    while (*words != '\0' && err == GONG_OK) {
        size_t device = strcspn(words, " ");
        const char *text = words + device + (words[device] == ' ');
        const char *end = strstr(text, "; ");
        size_t len = end == NULL ? strlen(text) : (size_t)(end - text);

        err = device > 64 ? GONG_ERR_INVALID
                          : send(engine, GONG_RECORD_PRESENCE, SITE,
                                 gong_str_from(words, device),
                                 gong_str_from(text, len), ms);
        words = text + len + (end == NULL ? 0 : 2);
    }
    return err;
}

static enum gong_err
send_samples(struct gong_engine *engine, const struct rule_case *c)
{
    enum gong_err err = GONG_OK;

    for (int64_t at = c->span.from; at <= c->span.to && err == GONG_OK;
         at += c->span.step) {
        int64_t ms = START_MS + at * 1000;
        char *lines = gong_case_lines(c->line, &c->span, at, gong_ms_to_ns(ms));

        err = lines == NULL
                  ? GONG_ERR_MEMORY
                  : send(engine, GONG_RECORD_DATA, c->site,
                         gong_str_of(c->device), gong_str_of(lines), ms);
        free(lines);
    }
    return err;
}

/* All that the case sends, and the second after it. */
static enum gong_err
send_case(struct gong_engine *engine, const struct rule_case *c)
{
    struct gong_record clock = {
        .meta = {.type = GONG_RECORD_CLOCK,
                 .journal_ms = START_MS + (c->span.to + 1) * 1000}};
    enum gong_err err =
        strncmp(c->line, "status ", 7) == 0
            ? send_statuses(engine, c->line + 7, START_MS + c->span.from * 1000)
            : send_samples(engine, c);

    return err == GONG_OK ? gong_engine_apply(engine, &clock) : err;
}

static enum gong_err
run_case(const struct gong_ruleset *set, const struct gong_rule *rule,
         const struct rule_case *c, struct outcome *out)
{
    struct gong_engine *engine = gong_engine_new(NULL, on_effect, out);
    struct gong_engine_stats stats = {0};
    enum gong_err err = GONG_ERR_MEMORY;

    *out = (struct outcome){.rule = rule};
    if (engine != NULL) {
        gong_engine_on_fault(engine, on_fault, out);
        err = gong_engine_set_rules(engine, set, 1, START_MS, NULL);
    }
    if (err == GONG_OK) {
        err = send_case(engine, c);
        gong_engine_stats(engine, &stats);
        out->refused = stats.lines_refused + stats.damaged;
    }
    gong_engine_free(engine);
    return err;
}

/* The next word, cut out of the line; empty at the end. */
static char *
next_word(char **at)
{
    char *word = *at + strspn(*at, " \t");
    size_t len = strcspn(word, " \t\n");

    *at = word + len + (word[len] != '\0');
    word[len] = '\0';
    return word;
}

static bool
read_seconds(char **at, int64_t *out)
{
    char *word = next_word(at);
    char *end = NULL;

    errno = 0;
    *out = strtoll(word, &end, 10);
    return errno == 0 && end != word && *end == '\0' && *out >= 0 &&
           *out <= 100000000;
}

/* "of SITE/DEVICE ", where the case is of a device of the city model. */
static bool
read_device(char **at, struct rule_case *c)
{
    static char site[] = SITE;
    static char device[] = DEVICE;
    char *word;
    char *slash;

    c->site = site;
    c->device = device;
    *at += strspn(*at, " ");
    if (strncmp(*at, "of ", 3) != 0) {
        return true;
    }
    *at += 3;
    word = next_word(at);
    slash = strchr(word, '/');
    if (slash == NULL || slash == word || slash[1] == '\0' ||
        strlen(word) > 64) {
        return false;
    }
    *slash = '\0';
    c->site = word;
    c->device = slash + 1;
    return true;
}

static bool
read_case(char *line, struct rule_case *c)
{
    char *at = line;
    char *verdict;

    c->rule = next_word(&at);
    verdict = next_word(&at);
    c->fires = strcmp(verdict, "fires") == 0;
    if ((!c->fires && strcmp(verdict, "quiet") != 0) ||
        !read_seconds(&at, &c->span.from) || !read_seconds(&at, &c->span.to) ||
        !read_seconds(&at, &c->span.step) || c->span.step == 0 ||
        c->span.to < c->span.from || !read_device(&at, c)) {
        return false;
    }
    c->line = at + strspn(at, " ");
    c->line[strcspn(c->line, "\n")] = '\0';
    return c->line[0] != '\0';
}

/* What was seen of each rule. */
struct seen {
    bool fires;
    bool quiet;
};

struct cases {
    const char *path;
    const struct gong_ruleset *set;
    FILE *out;
    struct seen *seen; /* by rule */
    size_t line;
    size_t count; /* that were read */
    size_t failed;
};

static void fail(struct cases *cases, const char *format, ...)
    GONG_PRINTF(2, 3);

static void
fail(struct cases *cases, const char *format, ...)
{
    va_list args;

    cases->failed++;
    (void)fprintf(cases->out, "  %s:%zu: ", cases->path, cases->line);
    va_start(args, format);
    (void)vfprintf(cases->out, format, args);
    va_end(args);
    (void)fputc('\n', cases->out);
}

static void
judge(struct cases *cases, const struct rule_case *c, const struct outcome *out)
{
    gong_text_clean(c->line, strlen(c->line));
    if (out->refused > 0) {
        fail(cases, "%s: the engine refuses: %s", c->rule, c->line);
    } else if (out->fault != NULL) {
        fail(cases, "%s: the rule has no result: %s: %s", c->rule, out->fault,
             c->line);
    } else if ((out->fired > 0) != c->fires) {
        fail(cases, "%s: expected %s, got %s: %s", c->rule,
             c->fires ? "fires" : "quiet", out->fired > 0 ? "fires" : "quiet",
             c->line);
    } else if (out->unrendered[0] != '\0') {
        fail(cases, "%s: an annotation is not rendered: %s", c->rule,
             out->unrendered);
    }
}

static void
take_line(struct cases *cases, char *line)
{
    struct rule_case c;
    struct outcome outcome;
    size_t rule = 0;
    size_t count;

    if (line[0] == '#' || line[strspn(line, " \t\r\n")] == '\0') {
        return;
    }
    if (!read_case(line, &c)) {
        fail(cases, "found no case, expected RULE fires|quiet FROM TO STEP "
                    "LINE");
        return;
    }
    count = gong_rule_find(cases->set, c.rule, &rule);
    if (count != 1) {
        gong_text_clean(c.rule, strlen(c.rule));
        fail(cases,
             count == 0 ? "%s: found no such rule"
                        : "%s: found several rules of this name, expected the "
                          "id of one",
             c.rule);
        return;
    }
    cases->count++;
    *(c.fires ? &cases->seen[rule].fires : &cases->seen[rule].quiet) = true;
    if (run_case(cases->set, &cases->set->rules[rule], &c, &outcome) !=
        GONG_OK) {
        fail(cases, "%s: cannot be run", c.rule);
        return;
    }
    judge(cases, &c, &outcome);
}

/* Whether all of the file was read, and it was one of cases. */
static void
check_end(struct cases *cases, FILE *file)
{
    if (!feof(file)) {
        fail(cases, "cannot be read any further: %s", strerror(errno));
    } else if (cases->count == 0 && cases->failed == 0) {
        fail(cases, "found no case at all, expected RULE fires|quiet FROM TO "
                    "STEP LINE");
    }
}

/* What a recording says is told by the rules that read it. */
static size_t
say_lacking(const struct cases *cases)
{
    size_t alerts = 0;
    size_t lacking = 0;

    for (size_t i = 0; i < cases->set->count; i++) {
        const struct gong_rule *rule = &cases->set->rules[i];
        const struct seen *seen = &cases->seen[i];

        alerts += rule->record == NULL;
        if (rule->record == NULL && (!seen->fires || !seen->quiet)) {
            lacking++;
            (void)fprintf(cases->out, "  NOTE: %s has no case%s\n", rule->id,
                          seen->fires   ? " that is quiet"
                          : seen->quiet ? " that fires"
                                        : "");
        }
    }
    if (lacking > 0) {
        (void)fprintf(cases->out,
                      "  NOTE: %zu of %zu alert%s lack%s a case that fires, or "
                      "one that is quiet\n",
                      lacking, alerts, gong_plural(alerts),
                      lacking == 1 ? "s" : "");
    }
    return lacking;
}

bool
gong_rule_cases_run(const char *path, const struct gong_ruleset *set, FILE *out,
                    size_t *lacking)
{
    struct cases cases = {.path = path, .set = set, .out = out};
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;

    *lacking = 0;
    cases.seen = calloc(set->count + 1, sizeof *cases.seen);
    if (file == NULL || cases.seen == NULL) {
        (void)fprintf(out, "  %s: cannot be read: %s\n", path, strerror(errno));
        cases.failed++;
    } else {
        while (getline(&line, &size, file) > 0) {
            cases.line++;
            take_line(&cases, line);
        }
        check_end(&cases, file);
        *lacking = say_lacking(&cases);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    free(line);
    free(cases.seen);
    return cases.failed == 0;
}
