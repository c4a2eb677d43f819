/*
 * message_text: a message of the desk (agent/tell/desk_message_json.h) as
 * people read it, from templates in files, deploy/messages/vi.tmpl and en.tmpl,
 * which are also built in.
 *
 *   message JSON -> variables -> template -> tidy text -> fits its channel
 *                                   ^                         |
 *                                   '---- fewer items <-------'
 *
 * Where a text must not be longer than a channel takes, items at the end are
 * left out and counted with what the message omits; a single one is shortened.
 * Pure but for memory.
 */
#ifndef GONG_AGENT_TELL_MESSAGE_TEXT_H
#define GONG_AGENT_TELL_MESSAGE_TEXT_H

#include <stddef.h>

#include "agent/tell/message_vars.h"
#include "common/err.h"
#include "common/str.h"

enum gong_message_part {
    GONG_MESSAGE_SUBJECT, /* one line, first language */
    GONG_MESSAGE_MAIL,    /* all languages */
    GONG_MESSAGE_HTML,    /* all languages, a whole page */
    GONG_MESSAGE_CHAT,    /* all languages */
    GONG_MESSAGE_SMS,     /* first language, no empty lines */
};

/* "vi", "en"; NULL-terminated, by number. */
extern const char *const gong_message_languages[];

/* Templates of one or two languages, in the order they are written in. */
struct gong_message_texts;

/* NULL without memory. */
struct gong_message_texts *gong_message_texts_new(void);
void gong_message_texts_free(struct gong_message_texts *texts);

/* gong_message_texts_add: source of its templates; data NULL: those built in.
 * INVALID with error filled: at is a byte of source (past it: a block that must
 * be there is missing), or the language is there already. */
enum gong_err gong_message_texts_add(
    struct gong_message_texts *texts, enum gong_message_language language,
    struct gong_str source, struct gong_expr_error *error) GONG_MUST_CHECK;

/* gong_message_builtin: the source that is built in. */
struct gong_str gong_message_builtin(enum gong_message_language language);

/* gong_message_text: NUL-terminated, the caller frees; NULL without memory.
 * units_max: UTF-16 units, 0: as long as it is. Where a template of a file
 * fails, the one that is built in speaks. */
char *gong_message_text(const struct gong_message_texts *texts,
                        const struct gong_message_view *view,
                        enum gong_message_part part, size_t units_max);

#endif
