#include "rules/tool/replay_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "rules/engine/arena.h"
#include "rules/engine/hash.h"
#include "rules/engine/labelset.h"
#include "rules/engine/symbol.h"
#include "rules/query/instant.h"
#include "rules/query/json_text.h"
#include "rules/query/number_text.h"

/* One alert: a rule's label set. */
struct member {
    uint64_t fingerprint;
    uint32_t rule;
    uint32_t fired;
    int64_t open_since; /* INT64_MIN: it is not open */
};

/* How often a rule fired at a site. */
struct site {
    uint32_t rule;
    uint32_t name; /* a symbol */
    uint64_t fired;
};

struct tally {
    uint64_t fired;
    uint64_t flaps;   /* firings of an alert that had fired before */
    uint64_t members; /* label sets that fired */
    uint64_t open;
    int64_t longest_ms;
    uint64_t faults;   /* instants without a result */
    int64_t fault_ms;  /* the first */
    const char *fault; /* what it was */
};

struct gong_replay_report {
    const struct gong_ruleset *set;
    enum gong_replay_format format;
    bool pending;
    bool failed;
    FILE *out;
    uint64_t transitions;
    struct tally *tallies; /* by rule */
    struct gong_budget budget;
    struct gong_hash_key key;
    struct gong_arena members;
    struct gong_index by_member;
    struct gong_arena sites;
    struct gong_index by_site;
    struct gong_symbols symbols;
};

struct gong_replay_report *
gong_replay_report_new(const struct gong_ruleset *set,
                       enum gong_replay_format format, bool pending, FILE *out)
{
    struct gong_replay_report *report = calloc(1, sizeof *report);

    if (report == NULL) {
        return NULL;
    }
    report->set = set;
    report->format = format;
    report->pending = pending;
    report->out = out;
    report->tallies = calloc(set->count + 1, sizeof *report->tallies);
    gong_arena_init(&report->members, &report->budget, sizeof(struct member));
    gong_arena_init(&report->sites, &report->budget, sizeof(struct site));
    gong_index_init(&report->by_member, &report->budget);
    gong_index_init(&report->by_site, &report->budget);
    gong_symbols_init(&report->symbols, &report->budget, &report->key);
    if (report->tallies == NULL) {
        gong_replay_report_free(report);
        return NULL;
    }
    if (format == GONG_REPLAY_CSV) {
        (void)fputs("time,at_ms,rule,alert,from,state,reason,since_ms,value,"
                    "labels\n",
                    out);
    }
    return report;
}

void
gong_replay_report_free(struct gong_replay_report *report)
{
    if (report == NULL) {
        return;
    }
    gong_arena_fini(&report->members);
    gong_arena_fini(&report->sites);
    gong_index_fini(&report->by_member);
    gong_index_fini(&report->by_site);
    gong_symbols_fini(&report->symbols);
    free(report->tallies);
    free(report);
}

/* The labels but alertname, which stands in front. */
static void
put_alert(FILE *out, const struct gong_effect *effect)
{
    struct gong_label_view labels[GONG_LABELSET_MAX + GONG_RULE_LABELS_MAX + 2];
    size_t count = 0;

    for (size_t i = 0;
         i < effect->label_count && count < sizeof labels / sizeof labels[0];
         i++) {
        labels[count] = effect->labels[i];
        if (gong_str_is(labels[count].name, "alertname")) {
            labels[count].name = gong_str_of("__name__");
        }
        count++;
    }
    gong_label_text_put(out, labels, count);
}

static void
put_row(FILE *out, const struct gong_effect *effect)
{
    char instant[GONG_INSTANT_SIZE];
    const char *state =
        effect->to == GONG_ALERT_INACTIVE && gong_alert_state_open(effect->from)
            ? "resolved"
            : gong_alert_state_text(effect->to);

    (void)gong_instant_text(effect->at_ms, instant);
    (void)fprintf(out, "%-24s %-8s ", instant, state);
    put_alert(out, effect);
    (void)fputc(' ', out);
    gong_number_put(out, effect->value);
    (void)fprintf(out, " (%s)\n", gong_effect_reason_text(effect->reason));
}

/* In quotes, each quote twice. */
static void
put_csv_text(FILE *out, const char *text, size_t len)
{
    (void)fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"') {
            (void)fputc('"', out);
        }
        (void)fputc(text[i], out);
    }
    (void)fputc('"', out);
}

static void
put_csv(FILE *out, const struct gong_effect *effect)
{
    char instant[GONG_INSTANT_SIZE];
    char *labels = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&labels, &len);

    if (memory == NULL) {
        return;
    }
    put_alert(memory, effect);
    (void)fclose(memory);
    (void)gong_instant_text(effect->at_ms, instant);
    (void)fprintf(out, "%s,%" PRId64 ",", instant, effect->at_ms);
    put_csv_text(out, effect->rule->id, strlen(effect->rule->id));
    (void)fputc(',', out);
    put_csv_text(out, effect->rule->alert, strlen(effect->rule->alert));
    (void)fprintf(out, ",%s,%s,%s,%" PRId64 ",",
                  gong_alert_state_text(effect->from),
                  gong_alert_state_text(effect->to),
                  gong_effect_reason_text(effect->reason), effect->since_ms);
    gong_number_put(out, effect->value);
    (void)fputc(',', out);
    put_csv_text(out, labels, labels == NULL ? 0 : len);
    (void)fputc('\n', out);
    free(labels);
}

static void
put_json(FILE *out, const struct gong_effect *effect)
{
    char instant[GONG_INSTANT_SIZE];

    (void)gong_instant_text(effect->at_ms, instant);
    (void)fprintf(out,
                  "{\"event\":\"transition\",\"time\":\"%s\",\"at_ms\":%" PRId64
                  ",\"rule\":",
                  instant, effect->at_ms);
    gong_json_put_text(out, gong_str_of(effect->rule->id));
    (void)fputs(",\"alert\":", out);
    gong_json_put_text(out, gong_str_of(effect->rule->alert));
    (void)fprintf(out,
                  ",\"from\":\"%s\",\"state\":\"%s\",\"reason\":\"%s\","
                  "\"since_ms\":%" PRId64 ",\"value\":\"",
                  gong_alert_state_text(effect->from),
                  gong_alert_state_text(effect->to),
                  gong_effect_reason_text(effect->reason), effect->since_ms);
    gong_number_put(out, effect->value);
    (void)fputs("\",\"labels\":", out);
    gong_json_put_labels(out, effect->labels, effect->label_count);
    (void)fputs("}\n", out);
}

static struct member *
find_member(struct gong_replay_report *report, uint32_t rule,
            uint64_t fingerprint)
{
    uint64_t hash = fingerprint ^ (rule * UINT64_C(0x9e3779b97f4a7c15));
    struct gong_probe probe = gong_probe_start(&report->by_member, hash);
    struct member *member;
    uint32_t i;

    while ((i = gong_probe_next(&report->by_member, &probe)) != 0) {
        member = gong_arena_at(&report->members, i);
        if (member->rule == rule && member->fingerprint == fingerprint) {
            return member;
        }
    }
    i = gong_arena_add(&report->members, 1);
    if (i == 0 || !gong_index_put(&report->by_member, hash, i)) {
        report->failed = true;
        return NULL;
    }
    member = gong_arena_at(&report->members, i);
    *member = (struct member){fingerprint, rule, 0, INT64_MIN};
    return member;
}

static void
count_site(struct gong_replay_report *report, uint32_t rule,
           const struct gong_effect *effect)
{
    struct gong_str name = gong_str_of("");
    struct site *site;
    struct gong_probe probe;
    uint32_t symbol;
    uint32_t i;

    for (size_t k = 0; k < effect->label_count; k++) {
        if (gong_str_is(effect->labels[k].name, "site")) {
            name = effect->labels[k].value;
        }
    }
    symbol = gong_symbol_intern(&report->symbols, name);
    probe = gong_probe_start(&report->by_site, symbol * 31u + rule);
    while ((i = gong_probe_next(&report->by_site, &probe)) != 0) {
        site = gong_arena_at(&report->sites, i);
        if (site->rule == rule && site->name == symbol) {
            site->fired++;
            return;
        }
    }
    i = gong_arena_add(&report->sites, 1);
    if (symbol == 0 || i == 0 ||
        !gong_index_put(&report->by_site, symbol * 31u + rule, i)) {
        report->failed = true;
        return;
    }
    site = gong_arena_at(&report->sites, i);
    *site = (struct site){rule, symbol, 1};
}

static void
close_member(struct tally *tally, struct member *member, int64_t at_ms)
{
    int64_t length = at_ms - member->open_since;

    tally->longest_ms = length > tally->longest_ms ? length : tally->longest_ms;
    member->open_since = INT64_MIN;
}

static void
count_effect(struct gong_replay_report *report,
             const struct gong_effect *effect)
{
    uint32_t rule = (uint32_t)(effect->rule - report->set->rules);
    struct tally *tally = &report->tallies[rule];
    bool opens = gong_alert_state_open(effect->to);
    struct member *member;

    if (opens == gong_alert_state_open(effect->from)) {
        return;
    }
    member = find_member(report, rule, effect->fingerprint);
    if (member == NULL) {
        return;
    }
    if (!opens) {
        close_member(tally, member, effect->at_ms);
        return;
    }
    tally->fired++;
    tally->members += member->fired == 0;
    tally->flaps += member->fired != 0;
    member->fired++;
    member->open_since = effect->at_ms;
    count_site(report, rule, effect);
}

void
gong_replay_report_effect(void *ctx, const struct gong_effect *effect)
{
    struct gong_replay_report *report = ctx;

    report->transitions++;
    switch (report->format) {
    case GONG_REPLAY_TABLE:
        if (report->pending || gong_alert_state_open(effect->from) ||
            gong_alert_state_open(effect->to)) {
            put_row(report->out, effect);
        }
        break;
    case GONG_REPLAY_JSON:
        put_json(report->out, effect);
        break;
    case GONG_REPLAY_CSV:
        put_csv(report->out, effect);
        break;
    }
    count_effect(report, effect);
}

void
gong_replay_report_fault(void *ctx, const struct gong_rule_fault *fault)
{
    struct gong_replay_report *report = ctx;
    struct tally *tally = &report->tallies[fault->rule - report->set->rules];

    if (fault->text == NULL) {
        return; /* it is over */
    }
    if (tally->faults++ == 0) {
        tally->fault_ms = fault->at_ms;
        tally->fault = fault->text;
    }
}

void
gong_replay_report_faults(const struct gong_replay_report *report, FILE *err)
{
    for (size_t i = 0; i < report->set->count; i++) {
        const struct gong_rule *rule = &report->set->rules[i];
        const struct tally *tally = &report->tallies[i];
        char instant[GONG_INSTANT_SIZE];

        if (tally->faults == 0) {
            continue;
        }
        (void)gong_instant_text(tally->fault_ms, instant);
        (void)fprintf(err,
                      "%s:%d: warning: %s: %" PRIu64
                      " fault%s without a result, the first at %s: %s\n",
                      rule->file, rule->line, rule->id, tally->faults,
                      gong_plural(tally->faults), instant, tally->fault);
    }
}

/* What is open at the end has lasted until then. */
static void
close_all(struct gong_replay_report *report, int64_t to_ms)
{
    for (uint32_t i = 1; i < report->members.count; i++) {
        struct member *member = gong_arena_at(&report->members, i);

        if (member->open_since != INT64_MIN) {
            report->tallies[member->rule].open++;
            close_member(&report->tallies[member->rule], member, to_ms);
        }
    }
}

/* "SITE":COUNT, ... of a rule. */
static void
put_sites(struct gong_replay_report *report, uint32_t rule, bool json)
{
    FILE *out = report->out;
    bool first = true;

    for (uint32_t i = 1; i < report->sites.count; i++) {
        const struct site *site = gong_arena_at(&report->sites, i);
        struct gong_str name;

        if (site->rule != rule) {
            continue;
        }
        name = gong_symbol_text(&report->symbols, site->name);
        if (json) {
            (void)fputs(first ? "" : ",", out);
            gong_json_put_text(out, name);
            (void)fprintf(out, ":%" PRIu64, site->fired);
        } else if (name.len > 0) {
            (void)fprintf(out, "%s%.*s %" PRIu64, first ? "" : ", ",
                          (int)name.len, name.data, site->fired);
        }
        first = false;
    }
}

static void
put_json_summary(struct gong_replay_report *report,
                 const struct gong_engine_stats *stats, int64_t from_ms,
                 int64_t to_ms)
{
    FILE *out = report->out;

    (void)fprintf(
        out,
        "{\"event\":\"summary\",\"from_ms\":%" PRId64 ",\"to_ms\":%" PRId64
        ",\"points\":%" PRIu64 ",\"samples\":%" PRIu64
        ",\"lines_refused\":%" PRIu64 ",\"transitions\":%" PRIu64
        ",\"left_out\":%" PRIu64 ",\"faults\":%" PRIu64 ",\"rules\":[",
        from_ms, to_ms, stats->points, stats->samples, stats->lines_refused,
        report->transitions, stats->left_out, stats->rule_faults);
    for (uint32_t i = 0; i < report->set->count; i++) {
        const struct tally *tally = &report->tallies[i];
        char longest[GONG_NUMBER_PLAIN_SIZE];

        (void)gong_number_seconds(tally->longest_ms, longest);
        (void)fputs(i == 0 ? "{\"rule\":" : ",{\"rule\":", out);
        gong_json_put_text(out, gong_str_of(report->set->rules[i].id));
        (void)fprintf(out,
                      ",\"fired\":%" PRIu64 ",\"alerts\":%" PRIu64
                      ",\"open\":%" PRIu64 ",\"flaps\":%" PRIu64
                      ",\"faults\":%" PRIu64
                      ",\"longest_seconds\":%s,\"sites\":{",
                      tally->fired, tally->members, tally->open, tally->flaps,
                      tally->faults, longest);
        put_sites(report, i, true);
        (void)fputs("}}", out);
    }
    (void)fputs("]}\n", out);
}

static void
put_table_summary(struct gong_replay_report *report,
                  const struct gong_engine_stats *stats, int64_t from_ms,
                  int64_t to_ms)
{
    FILE *out = report->out;
    char from[GONG_INSTANT_SIZE];
    char to[GONG_INSTANT_SIZE];

    (void)gong_instant_text(from_ms, from);
    (void)gong_instant_text(to_ms, to);
    (void)fprintf(out,
                  "\n%s .. %s: %" PRIu64 " point%s, %" PRIu64
                  " sample%s, %" PRIu64 " line%s refused\n",
                  from, to, stats->points, gong_plural(stats->points),
                  stats->samples, gong_plural(stats->samples),
                  stats->lines_refused, gong_plural(stats->lines_refused));
    if (stats->left_out > 0) {
        (void)fprintf(out,
                      "%" PRIu64 " instant%s by time alone left out, after a "
                      "day without samples each\n",
                      stats->left_out, gong_plural(stats->left_out));
    }
    (void)fprintf(out, "\n%7s %7s %7s %7s %12s  %s\n", "fired", "alerts",
                  "open", "flaps", "longest", "rule: sites");
    for (uint32_t i = 0; i < report->set->count; i++) {
        const struct tally *tally = &report->tallies[i];
        char longest[GONG_DUR_TEXT_SIZE] = "-";

        if (tally->fired > 0) {
            gong_dur_format(gong_dur_ms(tally->longest_ms), longest);
        }
        (void)fprintf(
            out, "%7" PRIu64 " %7" PRIu64 " %7" PRIu64 " %7" PRIu64 " %12s  %s",
            tally->fired, tally->members, tally->open, tally->flaps, longest,
            report->set->rules[i].id);
        (void)fputs(tally->fired > 0 ? ": " : "", out);
        put_sites(report, i, false);
        (void)fputc('\n', out);
    }
}

enum gong_err
gong_replay_report_end(struct gong_replay_report *report,
                       const struct gong_engine_stats *stats, int64_t from_ms,
                       int64_t to_ms)
{
    if (report->failed) {
        return GONG_ERR_MEMORY;
    }
    close_all(report, to_ms);
    switch (report->format) {
    case GONG_REPLAY_TABLE:
        put_table_summary(report, stats, from_ms, to_ms);
        break;
    case GONG_REPLAY_JSON:
        put_json_summary(report, stats, from_ms, to_ms);
        break;
    case GONG_REPLAY_CSV:
        break;
    }
    return GONG_OK;
}
