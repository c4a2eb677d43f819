/*
 * message_files: the templates of messages from a folder: vi.tmpl, en.tmpl; one
 * that is not there is the built-in one.
 */
#ifndef GONG_AGENT_TELL_MESSAGE_FILES_H
#define GONG_AGENT_TELL_MESSAGE_FILES_H

#include "agent/tell/message_text.h"
#include "common/conf.h"

/* gong_message_files_load: folder "" or NULL: only what is built in. languages:
 * "vi", "en", in the order they are written in. NULL with why:
 * "FILE:LINE:COLUMN: found ..., expected ...". */
struct gong_message_texts *
gong_message_files_load(const char *folder,
                        const struct gong_strings *languages, char *why,
                        size_t why_size);
/* gong_message_files_check: whether that would load. */
bool gong_message_files_check(const char *folder,
                              const struct gong_strings *languages, char *why,
                              size_t why_size);

/* gong_message_files_language: the first one; Vietnamese where there is none.
 */
enum gong_message_language
gong_message_files_language(const struct gong_strings *languages);

#endif
