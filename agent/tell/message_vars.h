/*
 * message_vars: what the templates of messages see (docs/CHANNELS.md lists it):
 * the variables of a message (agent/tell/desk_message_json.h) and, as what
 * `query "items"` gives, those of each incident in it, as text in one language:
 *
 *   message  kind, receiver, unit_name, waited_h, omitted_firing ...
 *   items    number, news, summary, action, value, since, link ...
 *
 * Control characters never pass; for HTML everything is escaped. Pure.
 */
#ifndef GONG_AGENT_TELL_MESSAGE_VARS_H
#define GONG_AGENT_TELL_MESSAGE_VARS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "agent/tell/link_sign.h"
#include "agent/tell/message_fill.h"
#include "rules/engine/template.h"

/* One message for one person. Plain data; everything is borrowed. */
struct gong_message_view {
    const json_t *message;
    const char *contact; /* id, NULL or "" for none: no links then */
    const struct gong_link_signer *signer; /* NULL: no links */
};

struct gong_message_vars_options {
    enum gong_message_language language;
    bool html;
    size_t text_max; /* UTF-16 units of a summary, an action, a name */
};

struct gong_message_vars;

/* NULL without memory. view is borrowed until free. */
struct gong_message_vars *
gong_message_vars_new(const struct gong_message_view *view,
                      const struct gong_message_vars_options *options);
void gong_message_vars_free(struct gong_message_vars *vars);

size_t gong_message_vars_items(const struct gong_message_vars *vars);

/* gong_message_vars_show: only the first count items from now on; the others
 * are in the counts of what is omitted. */
void gong_message_vars_show(struct gong_message_vars *vars, size_t count);

/* gong_message_vars_context: for gong_template_expand; valid until the next
 * show. */
void gong_message_vars_context(struct gong_message_vars *vars,
                               struct gong_template_context *out);

/* gong_message_vars_find: a variable of the first item, else of the message;
 * "" if there is none. Borrowed from vars. */
const char *gong_message_vars_find(const struct gong_message_vars *vars,
                                   const char *name);

#endif
