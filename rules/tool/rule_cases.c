#include "rules/tool/rule_cases.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/batch.h"
#include "common/clock.h"
#include "rules/engine/engine.h"

#define START_MS INT64_C(1760000000000)
#define SITE     "22015"
#define DEVICE   "d-1"

struct rule_case {
    char *rule; /* in the line */
    bool fires;
    int64_t from;
    int64_t to;
    int64_t step;
    char *line;
};

struct watch {
    const char *rule;
    size_t fired;
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct watch *watch = ctx;

    watch->fired += effect->to == GONG_ALERT_FIRING &&
                    strcmp(effect->rule->id, watch->rule) == 0;
}

/* A message of a device as a record. */
static enum gong_err
send(struct gong_engine *engine, uint8_t type, struct gong_str device,
     struct gong_str message, int64_t ms)
{
    char *payload = malloc(GONG_BATCH_PREFIX_SIZE + message.len);
    struct gong_record record = {
        .meta = {.type = type,
                 .journal_ms = ms,
                 .wall_ns = ms * GONG_NS_PER_MS},
        .offset = (uint64_t)ms,
    };
    enum gong_err err;
    size_t len;

    if (payload == NULL) {
        return GONG_ERR_MEMORY;
    }
    len = gong_batch_prefix(gong_str_of(SITE), device, payload);
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
                          : send(engine, GONG_RECORD_PRESENCE,
                                 gong_str_from(words, device),
                                 gong_str_from(text, len), ms);
        words = text + len + (end == NULL ? 0 : 2);
    }
    return err;
}

static enum gong_err
send_samples(struct gong_engine *engine, const struct rule_case *c)
{
    size_t size = strlen(c->line) + 32;
    char *message = malloc(size);
    enum gong_err err = message == NULL ? GONG_ERR_MEMORY : GONG_OK;

    for (int64_t at = c->from; at <= c->to && err == GONG_OK; at += c->step) {
        int64_t ms = START_MS + at * 1000;
        int len = snprintf(message, size, "%s %" PRId64 "\n", c->line,
                           ms * GONG_NS_PER_MS);

        err = send(engine, GONG_RECORD_DATA, gong_str_of(DEVICE),
                   gong_str_from(message, (size_t)len), ms);
    }
    free(message);
    return err;
}

static enum gong_err
run_case(const struct gong_ruleset *set, const struct rule_case *c,
         size_t *fired)
{
    struct watch watch = {c->rule, 0};
    struct gong_engine *engine = gong_engine_new(NULL, on_effect, &watch);
    struct gong_record clock = {
        .meta = {.type = GONG_RECORD_CLOCK,
                 .journal_ms = START_MS + (c->to + 1) * 1000}};
    enum gong_err err = GONG_ERR_MEMORY;

    if (engine != NULL) {
        err = gong_engine_set_rules(engine, set, 1, START_MS, NULL);
    }
    if (err == GONG_OK) {
        err =
            strncmp(c->line, "status ", 7) == 0
                ? send_statuses(engine, c->line + 7, START_MS + c->from * 1000)
                : send_samples(engine, c);
    }
    if (err == GONG_OK) {
        err = gong_engine_apply(engine, &clock);
    }
    gong_engine_free(engine);
    *fired = watch.fired;
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

static bool
read_case(char *line, struct rule_case *c)
{
    char *at = line;
    char *verdict;

    c->rule = next_word(&at);
    verdict = next_word(&at);
    c->fires = strcmp(verdict, "fires") == 0;
    if ((!c->fires && strcmp(verdict, "quiet") != 0) ||
        !read_seconds(&at, &c->from) || !read_seconds(&at, &c->to) ||
        !read_seconds(&at, &c->step) || c->step == 0) {
        return false;
    }
    c->line = at + strspn(at, " ");
    c->line[strcspn(c->line, "\n")] = '\0';
    return c->line[0] != '\0';
}

static size_t
find_rule(const struct gong_ruleset *set, const char *id)
{
    size_t i = 0;

    while (i < set->count && strcmp(set->rules[i].id, id) != 0) {
        i++;
    }
    return i;
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
    size_t failed;
};

static void
take_line(struct cases *cases, char *line)
{
    struct rule_case c;
    size_t fired = 0;
    size_t rule;

    if (line[0] == '#' || line[strspn(line, " \t\r\n")] == '\0') {
        return;
    }
    if (!read_case(line, &c)) {
        cases->failed++;
        (void)fprintf(cases->out,
                      "  %s:%zu: found no case, expected RULE fires|quiet "
                      "FROM TO STEP LINE\n",
                      cases->path, cases->line);
        return;
    }
    rule = find_rule(cases->set, c.rule);
    if (rule == cases->set->count ||
        run_case(cases->set, &c, &fired) != GONG_OK) {
        cases->failed++;
        (void)fprintf(
            cases->out, "  %s:%zu: %s: %s\n", cases->path, cases->line, c.rule,
            rule == cases->set->count ? "found no such rule" : "cannot be run");
        return;
    }
    *(c.fires ? &cases->seen[rule].fires : &cases->seen[rule].quiet) = true;
    if ((fired > 0) != c.fires) {
        cases->failed++;
        (void)fprintf(cases->out, "  %s:%zu: %s: expected %s, got %s: %s\n",
                      cases->path, cases->line, c.rule,
                      c.fires ? "fires" : "quiet",
                      fired > 0 ? "fires" : "quiet", c.line);
    }
}

static void
say_unseen(const struct cases *cases)
{
    for (size_t i = 0; i < cases->set->count; i++) {
        const struct seen *seen = &cases->seen[i];

        if (!seen->fires || !seen->quiet) {
            (void)fprintf(cases->out, "  NOTE: %s has no case that %s\n",
                          cases->set->rules[i].id,
                          seen->fires ? "is quiet" : "fires");
        }
    }
}

bool
gong_rule_cases_run(const char *path, const struct gong_ruleset *set, FILE *out)
{
    struct cases cases = {.path = path, .set = set, .out = out};
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;

    cases.seen = calloc(set->count + 1, sizeof *cases.seen);
    if (file == NULL || cases.seen == NULL) {
        (void)fprintf(out, "  %s: cannot be read: %s\n", path, strerror(errno));
        cases.failed++;
    } else {
        while (getline(&line, &size, file) > 0) {
            cases.line++;
            take_line(&cases, line);
        }
        say_unseen(&cases);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    free(line);
    free(cases.seen);
    return cases.failed == 0;
}
