/*
 * What label_replace() and label_join() make of a label set depends on nothing
 * else: it is made once a set.
 *
 *   memo[0]     set -> set
 *   scratch[0]  the text that is being made
 */
#include "rules/engine/eval_private.h"
#include "common/ascii.h"
#include "rules/engine/eval_space.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "rules/engine/match_pattern.h"
#include "rules/engine/promql_error.h"
#include "rules/engine/promql_regex.h"

#define VALUE_MAX 65536 /* bytes of a label's value that is made */

/* As of matchers: what needs more has run away. */
#define STEPS_MAX 1000000
#define HEAP_KIB  1024

struct pattern {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_code *word; /* a name after "$" */
    pcre2_match_data *word_match;
    pcre2_match_context *limits;
};

void
gong_eval_pattern_free(void *pattern)
{
    struct pattern *p = pattern;

    if (p != NULL) {
        pcre2_match_data_free(p->match);
        pcre2_match_data_free(p->word_match);
        pcre2_match_context_free(p->limits);
        pcre2_code_free(p->code);
        pcre2_code_free(p->word);
        free(p);
    }
}

bool
gong_eval_is_label(struct gong_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        if (i == 0 ? !gong_ascii_begins_name(c) : !gong_ascii_is_name(c)) {
            return false;
        }
    }
    return name.len > 0;
}

/* Argument i's text. */
static struct gong_str
text_of(const struct gong_eval *eval, uint32_t index, size_t i)
{
    uint32_t arg = eval->states[index].expr->args[i];

    return gong_str_of(eval->states[eval->states[arg].inner].expr->text);
}

static bool
check_label(struct gong_eval *eval, uint32_t index, size_t i)
{
    struct gong_str name = text_of(eval, index, i);
    char word[GONG_EXPR_WORD_SIZE];

    return gong_eval_is_label(name) ||
           gong_eval_fail(eval, index, GONG_EVAL_PARAMETER,
                          "found %s as argument %zu of %s(), expected a "
                          "label's name",
                          gong_expr_word(name, word), i + 1,
                          eval->states[index].expr->text);
}

static pcre2_code *
compile(const char *text, size_t len, uint32_t options)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_code *code = NULL;
    PCRE2_SIZE at = 0;
    int why = 0;

    if (context != NULL) {
        (void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        code = pcre2_compile((PCRE2_SPTR)text, len,
                             options | PCRE2_UTF | PCRE2_ANCHORED |
                                 PCRE2_NEVER_BACKSLASH_C,
                             &why, &at, context);
    }
    pcre2_compile_context_free(context);
    return code;
}

static struct pattern *
new_pattern(struct gong_str text)
{
    static const char word[] = "[\\p{L}\\p{Nd}_]+";
    struct pattern *p = calloc(1, sizeof *p);
    size_t len = 0;
    char *pcre = gong_pattern_pcre(text, &len);

    if (p != NULL && pcre != NULL) {
        p->code = compile(pcre, len,
                          PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY |
                              PCRE2_ALT_CIRCUMFLEX);
        p->word = compile(word, sizeof word - 1, 0);
        p->limits = pcre2_match_context_create(NULL);
    }
    free(pcre);
    if (p != NULL && p->code != NULL && p->word != NULL && p->limits != NULL) {
        p->match = pcre2_match_data_create_from_pattern(p->code, NULL);
        p->word_match = pcre2_match_data_create_from_pattern(p->word, NULL);
        (void)pcre2_set_match_limit(p->limits, STEPS_MAX);
        (void)pcre2_set_heap_limit(p->limits, HEAP_KIB);
    }
    if (p != NULL && (p->match == NULL || p->word_match == NULL)) {
        gong_eval_pattern_free(p);
        return NULL;
    }
    return p;
}

static bool
prepare_pattern(struct gong_eval *eval, uint32_t index)
{
    struct gong_eval_state *state = &eval->states[index];
    struct gong_str text = text_of(eval, index, 4);
    struct gong_expr_error error = {0};
    bool matches_empty = false;
    char word[GONG_EXPR_WORD_SIZE];

    if (state->pattern != NULL) {
        return true;
    }
    if (gong_promql_check_regex(text, &matches_empty, &error)) {
        state->pattern = new_pattern(text);
    }
    return state->pattern != NULL ||
           gong_eval_fail(eval, index, GONG_EVAL_PARAMETER,
                          "found %s as label_replace()'s pattern, expected a "
                          "regular expression",
                          gong_expr_word(text, word));
}

static bool
append(struct gong_eval *eval, uint32_t index, struct gong_str text)
{
    struct gong_eval_state *state = &eval->states[index];
    size_t used = state->scratch_count;
    char *out = NULL;

    if (text.len > VALUE_MAX - used) {
        return gong_eval_fail(eval, index, GONG_EVAL_LABELS,
                              "found a label of more than %d bytes, expected a "
                              "shorter one",
                              VALUE_MAX);
    }
    if (!gong_eval_grow(eval, &state->scratch[0], used + text.len, 1)) {
        return gong_eval_no_memory(eval, index);
    }
    out = state->scratch[0].data;
    if (text.len != 0) {
        memcpy(out + used, text.data, text.len);
    }
    state->scratch_count += text.len;
    return true;
}

/* What "$" in a replacement refers to. */
struct reference {
    struct gong_str name;
    size_t len; /* of all after the "$", braces among it */
};

/* False where what follows "$" is no reference: then it is a "$". */
static bool
read_reference(struct pattern *p, struct gong_str rest, struct reference *out)
{
    size_t brace = rest.len > 0 && rest.data[0] == '{' ? 1 : 0;
    const PCRE2_SIZE *ends = NULL;

    if (rest.len <= brace ||
        pcre2_match(p->word, (PCRE2_SPTR)rest.data, rest.len, brace, 0,
                    p->word_match, NULL) <= 0) {
        return false;
    }
    ends = pcre2_get_ovector_pointer(p->word_match);
    if (brace != 0 && (ends[1] >= rest.len || rest.data[ends[1]] != '}')) {
        return false;
    }
    out->name = gong_str_from(rest.data + brace, ends[1] - brace);
    out->len = ends[1] + brace;
    return true;
}

/* A group's number: digits without a zero in front; -1: it is a name. */
static int
group_number(struct gong_str name)
{
    int number = 0;

    if (name.len > 8 || (name.len > 1 && name.data[0] == '0')) {
        return -1;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] < '0' || name.data[i] > '9') {
            return -1;
        }
        number = number * 10 + (name.data[i] - '0');
    }
    return number;
}

static int
named_group(const struct pattern *p, struct gong_str name)
{
    char text[GONG_EXPR_WORD_SIZE];

    if (name.len >= sizeof text) {
        return -1;
    }
    memcpy(text, name.data, name.len);
    text[name.len] = '\0';
    return pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)text);
}

static bool
append_group(struct gong_eval *eval, uint32_t index, struct gong_str name,
             struct gong_str source)
{
    const struct pattern *p = eval->states[index].pattern;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(p->match);
    int group = group_number(name);

    if (group < 0) {
        group = named_group(p, name);
    }
    if (group < 0 || (uint32_t)group >= pcre2_get_ovector_count(p->match)) {
        return true;
    }
    ends += 2 * (size_t)group;
    return ends[0] == PCRE2_UNSET ||
           append(eval, index,
                  gong_str_from(source.data + ends[0], ends[1] - ends[0]));
}

/* The replacement with "$1", "${1}", "$name", "${name}" and "$$" replaced. */
static bool
expand(struct gong_eval *eval, uint32_t index, struct gong_str rest,
       struct gong_str source)
{
    struct pattern *p = eval->states[index].pattern;

    while (rest.len > 0) {
        const char *dollar = memchr(rest.data, '$', rest.len);
        size_t plain = dollar == NULL ? rest.len : (size_t)(dollar - rest.data);
        struct reference reference = {{NULL, 0}, 0};

        if (!append(eval, index, gong_str_from(rest.data, plain))) {
            return false;
        }
        if (dollar == NULL) {
            return true;
        }
        rest = gong_str_from(dollar + 1, rest.len - plain - 1);
        if (read_reference(p, rest, &reference)) {
            if (!append_group(eval, index, reference.name, source)) {
                return false;
            }
        } else {
            reference.len = rest.len > 0 && rest.data[0] == '$' ? 1 : 0;
            if (!append(eval, index, gong_str_of("$"))) {
                return false;
            }
        }
        rest =
            gong_str_from(rest.data + reference.len, rest.len - reference.len);
    }
    return true;
}

/* set with the label dst set to the text made. */
static uint32_t
relabel(struct gong_eval *eval, uint32_t index, uint32_t set)
{
    const struct gong_eval_state *state = &eval->states[index];
    struct gong_label_pair pairs[GONG_LABELSET_MAX];
    struct gong_label_pair label = {0, 0};
    size_t count = gong_eval_pairs(eval, set, pairs);

    label.name = gong_eval_symbol(eval, index, text_of(eval, index, 1));
    if (label.name == 0) {
        return 0;
    }
    if (state->scratch_count > 0) {
        label.value = gong_eval_symbol(
            eval, index,
            gong_str_from(state->scratch[0].data, state->scratch_count));
        if (label.value == 0) {
            return 0;
        }
    }
    return gong_eval_set_label(eval, index, pairs, &count, label)
               ? gong_eval_intern(eval, index, pairs, count)
               : 0;
}

static uint32_t
replace(struct gong_eval *eval, uint32_t index, uint32_t set)
{
    struct gong_eval_state *state = &eval->states[index];
    struct pattern *p = state->pattern;
    struct gong_str source =
        gong_labelset_get(&eval->sets, set, text_of(eval, index, 3));
    int found = pcre2_match(p->code, (PCRE2_SPTR)source.data, source.len, 0, 0,
                            p->match, p->limits);

    state->scratch_count = 0;
    if (found == PCRE2_ERROR_NOMATCH) {
        return set;
    }
    if (found < 0) {
        (void)gong_eval_fail(eval, index, GONG_EVAL_PATTERN,
                             "found a label that label_replace()'s pattern "
                             "cannot be tried on, expected a verdict");
        return 0;
    }
    return expand(eval, index, text_of(eval, index, 2), source)
               ? relabel(eval, index, set)
               : 0;
}

static uint32_t
join(struct gong_eval *eval, uint32_t index, uint32_t set)
{
    struct gong_eval_state *state = &eval->states[index];

    state->scratch_count = 0;
    for (size_t i = 3; i < state->expr->arg_count; i++) {
        struct gong_str value =
            gong_labelset_get(&eval->sets, set, text_of(eval, index, i));

        if ((i > 3 && !append(eval, index, text_of(eval, index, 2))) ||
            !append(eval, index, value)) {
            return 0;
        }
    }
    return relabel(eval, index, set);
}

static bool
map(struct gong_eval *eval, uint32_t index, const struct gong_eval_state *arg,
    uint32_t (*make)(struct gong_eval *eval, uint32_t index, uint32_t set))
{
    struct gong_eval_state *state = &eval->states[index];
    struct gong_eval_marks *memo = gong_eval_memo(eval, index, &state->memo[0]);
    const struct gong_eval_sample *items = gong_eval_items(&arg->vector);

    if (memo == NULL || !gong_eval_clear(eval, index, arg->vector.count)) {
        return false;
    }
    for (size_t i = 0; i < arg->vector.count; i++) {
        uint32_t set = gong_eval_marked(memo, items[i].set);

        if (set == 0) {
            set = make(eval, index, items[i].set);
            if (set == 0 ||
                !gong_eval_mark(eval, index, memo, items[i].set, set)) {
                return false;
            }
        }
        gong_eval_put(state, set, items[i].value);
    }
    return gong_eval_check_distinct(eval, index);
}

bool
gong_eval_label_replace(struct gong_eval *eval, uint32_t index, int64_t t)
{
    const struct gong_eval_state *arg = gong_eval_arg(eval, index, 0, t);

    return arg != NULL && prepare_pattern(eval, index) &&
           check_label(eval, index, 1) && map(eval, index, arg, replace);
}

bool
gong_eval_label_join(struct gong_eval *eval, uint32_t index, int64_t t)
{
    const struct gong_eval_state *arg = gong_eval_arg(eval, index, 0, t);

    if (arg == NULL || !check_label(eval, index, 1)) {
        return false;
    }
    for (size_t i = 3; i < eval->states[index].expr->arg_count; i++) {
        if (!check_label(eval, index, i)) {
            return false;
        }
    }
    return map(eval, index, arg, join);
}
