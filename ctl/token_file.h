/*
 * token_file: the sessions of gongctl, one for each agent, as JSON in
 * $XDG_STATE_HOME/gong/sessions (else ~/.local/state/gong/sessions), mode 0600.
 */
#ifndef GONG_CTL_TOKEN_FILE_H
#define GONG_CTL_TOKEN_FILE_H

#include <stddef.h>

#include "common/err.h"

/* gong_ctl_token_load: heap; NULL: none. A file that others may read is not
 * used; why: "", or that it was not, and what to do. */
char *gong_ctl_token_load(const char *agent, char *why, size_t why_size);
/* gong_ctl_token_save: token NULL forgets it. why: the file and the reason. */
enum gong_err gong_ctl_token_save(const char *agent, const char *token,
                                  char *why, size_t why_size) GONG_MUST_CHECK;

#endif
