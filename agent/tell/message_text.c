#include "agent/tell/message_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/tell/message_builtin.h"
#include "agent/tell/utf16.h"
#include "common/lp_encode.h"
#include "rules/engine/promql_error.h"

#define PARTS         5
#define LANGUAGES     2
#define RENDER_SIZE   (512u << 10)
#define TEXT_MAX      500 /* UTF-16 units of a summary or an action */
#define TEXT_SHORT    150
#define TEXT_SHORTER  60
#define TEXT_SHORTEST 20
#define BETWEEN_TEXT  "\n\n---\n\n"
#define BETWEEN_HTML  "\n<hr>\n"
#define HTML_HEAD                                                              \
    "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n"           \
    "<body style=\"font-family:sans-serif\">\n"
#define HTML_TAIL "\n</body></html>\n"

static const char *const part_names[PARTS] = {"subject", "mail", "html", "chat",
                                              "sms"};

const char *const gong_message_languages[] = {"vi", "en", NULL};

struct language {
    enum gong_message_language language;
    struct gong_template *parts[PARTS];
    struct gong_template *builtin[PARTS];
};

struct gong_message_texts {
    struct language languages[LANGUAGES];
    size_t count;
};

/* What one text is made of. */
struct composition {
    const struct gong_message_texts *texts;
    const struct gong_message_view *view;
    enum gong_message_part part;
    size_t languages; /* how many of them are written */
    struct gong_message_vars *vars[LANGUAGES];
    char *room;  /* RENDER_SIZE */
    bool failed; /* it is more than one render may take */
};

struct gong_str
gong_message_builtin(enum gong_message_language language)
{
    return language == GONG_MESSAGE_ENGLISH
               ? gong_str_from((const char *)gong_message_en,
                               gong_message_en_size)
               : gong_str_from((const char *)gong_message_vi,
                               gong_message_vi_size);
}

struct gong_message_texts *
gong_message_texts_new(void)
{
    return calloc(1, sizeof(struct gong_message_texts));
}

void
gong_message_texts_free(struct gong_message_texts *texts)
{
    if (texts == NULL) {
        return;
    }
    for (size_t i = 0; i < LANGUAGES; i++) {
        for (size_t p = 0; p < PARTS; p++) {
            gong_template_free(texts->languages[i].parts[p]);
            gong_template_free(texts->languages[i].builtin[p]);
        }
    }
    free(texts);
}

/* The blocks of source with one of them called behind it. */
static bool
parse_parts(struct gong_str source, struct gong_template *out[PARTS],
            struct gong_expr_error *error)
{
    size_t size = source.len + 64;
    char *text = malloc(size);
    bool ok = text != NULL;

    if (!ok) {
        (void)gong_expr_fail(error, 0, "no memory left");
        return false;
    }
    memcpy(text, source.data, source.len);
    for (size_t p = 0; ok && p < PARTS; p++) {
        int len = snprintf(text + source.len, size - source.len,
                           "{{ template \"%s\" . }}", part_names[p]);

        out[p] = gong_template_parse_query(
            gong_str_from(text, source.len + (size_t)len), error);
        ok = out[p] != NULL;
    }
    free(text);
    return ok;
}

enum gong_err
gong_message_texts_add(struct gong_message_texts *texts,
                       enum gong_message_language language,
                       struct gong_str source, struct gong_expr_error *error)
{
    struct language *added = &texts->languages[texts->count];
    bool own = source.data != NULL;

    if (texts->count == LANGUAGES ||
        (texts->count == 1 && texts->languages[0].language == language)) {
        (void)gong_expr_fail(error, 0, "found a language twice");
        return GONG_ERR_INVALID;
    }
    added->language = language;
    if (!parse_parts(gong_message_builtin(language), added->builtin, error) ||
        (own && !parse_parts(source, added->parts, error))) {
        for (size_t p = 0; p < PARTS; p++) {
            gong_template_free(added->parts[p]);
            gong_template_free(added->builtin[p]);
        }
        memset(added, 0, sizeof *added);
        return GONG_ERR_INVALID;
    }
    texts->count++;
    return GONG_OK;
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* What stands between two words, of a run of spaces with so many line ends. */
static size_t
put_gap(char *out, size_t spaces, size_t ends, bool one_line, size_t empty)
{
    bool lines = !one_line && ends > 0;
    size_t len = one_line ? 1 : spaces;

    if (lines) {
        len = ends < empty + 1 ? ends : empty + 1;
    }
    memset(out, lines ? '\n' : ' ', len);
    return len;
}

/* Takes away the spaces that templates leave: at the edges, at ends of lines,
 * empty lines but `empty` between two others; in one line, all but one space.
 */
static size_t
tidy(char *text, size_t len, bool one_line, size_t empty)
{
    size_t used = 0;
    size_t at = 0;

    while (at < len) {
        size_t start = at;
        size_t ends = 0;

        while (at < len && is_space(text[at])) {
            ends += text[at] == '\n' ? 1 : 0;
            at++;
        }
        if (at == len) {
            break;
        }
        if (used > 0) {
            used += put_gap(text + used, at - start, ends, one_line, empty);
        }
        while (at < len && !is_space(text[at])) {
            text[used++] = text[at++];
        }
    }
    text[used] = '\0';
    return used;
}

static size_t
render(struct composition *made, size_t index)
{
    const struct language *language = &made->texts->languages[index];
    struct gong_template_context context;
    size_t len = 0;
    bool ok = false;

    gong_message_vars_context(made->vars[index], &context);
    if (language->parts[made->part] != NULL) {
        ok = gong_template_expand(language->parts[made->part], &context,
                                  made->room, RENDER_SIZE, &len);
    }
    if (!ok) {
        ok = gong_template_expand(language->builtin[made->part], &context,
                                  made->room, RENDER_SIZE, &len);
    }
    made->failed = made->failed || !ok;
    return tidy(made->room, len, made->part == GONG_MESSAGE_SUBJECT,
                made->part == GONG_MESSAGE_SMS ? 0 : 1);
}

static bool
append(struct gong_buffer *out, const char *text)
{
    return gong_buffer_append(out, text, strlen(text)) == GONG_OK;
}

/* All languages with the first `shown` items. */
static bool
compose(struct composition *made, size_t shown, struct gong_buffer *out)
{
    bool html = made->part == GONG_MESSAGE_HTML;
    bool ok = !html || append(out, HTML_HEAD);

    for (size_t i = 0; ok && i < made->languages; i++) {
        size_t len;

        gong_message_vars_show(made->vars[i], shown);
        len = render(made, i);
        ok = (i == 0 || append(out, html ? BETWEEN_HTML : BETWEEN_TEXT)) &&
             gong_buffer_append(out, made->room, len) == GONG_OK;
    }
    return ok && (!html || append(out, HTML_TAIL)) &&
           gong_buffer_append(out, "", 1) == GONG_OK;
}

/* NULL without memory; *fits: it is no longer than units_max. */
static char *
compose_text(struct composition *made, size_t shown, size_t units_max,
             bool *fits)
{
    struct gong_buffer out = {0};

    made->failed = false;
    if (!compose(made, shown, &out)) {
        gong_buffer_fini(&out);
        return NULL;
    }
    *fits = !made->failed &&
            (units_max == 0 ||
             gong_utf16_units(gong_str_from((const char *)out.data,
                                            out.len - 1)) <= units_max);
    return (char *)out.data;
}

/* The text with as many items as fit; at least one, which may not fit. */
static char *
compose_most(struct composition *made, size_t units_max, bool *fits)
{
    size_t most = gong_message_vars_items(made->vars[0]);
    size_t low = 1;
    size_t high = most;
    char *best = compose_text(made, most, units_max, fits);

    if (best == NULL || *fits || most <= 1) {
        return best;
    }
    free(best);
    best = compose_text(made, 1, units_max, fits);
    while (best != NULL && *fits && high - low > 1) {
        size_t middle = low + (high - low) / 2;
        bool more_fits = false;
        char *more = compose_text(made, middle, units_max, &more_fits);

        if (more != NULL && more_fits) {
            free(best);
            best = more;
            low = middle;
        } else {
            free(more);
            high = middle;
        }
    }
    return best;
}

static void
free_vars(struct composition *made)
{
    for (size_t i = 0; i < LANGUAGES; i++) {
        gong_message_vars_free(made->vars[i]);
        made->vars[i] = NULL;
    }
}

static bool
make_vars(struct composition *made, size_t text_max)
{
    struct gong_message_vars_options options = {
        .html = made->part == GONG_MESSAGE_HTML, .text_max = text_max};

    free_vars(made);
    for (size_t i = 0; i < made->languages && i < LANGUAGES; i++) {
        options.language = made->texts->languages[i].language;
        made->vars[i] = gong_message_vars_new(made->view, &options);
        if (made->vars[i] == NULL) {
            return false;
        }
    }
    return true;
}

static void
cut(char *text, size_t units_max)
{
    static const char ellipsis[] = "…";
    size_t len =
        gong_utf16_cut(gong_str_of(text), units_max > 0 ? units_max - 1 : 0);

    /* What is cut away was at least as long in bytes, or there was no text. */
    if (strlen(text) - len >= sizeof ellipsis - 1) {
        memcpy(text + len, ellipsis, sizeof ellipsis);
    } else {
        text[len] = '\0';
    }
}

char *
gong_message_text(const struct gong_message_texts *texts,
                  const struct gong_message_view *view,
                  enum gong_message_part part, size_t units_max)
{
    static const size_t lengths[] = {TEXT_MAX, TEXT_SHORT, TEXT_SHORTER,
                                     TEXT_SHORTEST};
    bool one = part == GONG_MESSAGE_SUBJECT || part == GONG_MESSAGE_SMS;
    struct composition made = {
        .texts = texts,
        .view = view,
        .part = part,
        .languages = one && texts->count > 1 ? 1 : texts->count,
        .room = malloc(RENDER_SIZE),
    };
    char *text = NULL;
    bool fits = false;

    for (size_t i = 0; made.room != NULL && made.languages > 0 && !fits &&
                       i < sizeof lengths / sizeof lengths[0];
         i++) {
        free(text);
        text = make_vars(&made, lengths[i])
                   ? compose_most(&made, units_max, &fits)
                   : NULL;
    }
    if (text != NULL && !fits && units_max > 0) {
        cut(text, units_max);
    }
    free_vars(&made);
    free(made.room);
    return text;
}
