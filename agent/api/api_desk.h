/*
 * api_desk: the desk as the API asks it: reads through a connection of its own
 * (desk_read.h), acts through the desk's thread (desk.h). Any thread: one lock
 * for the reading connection.
 */
#ifndef GONG_AGENT_API_API_DESK_H
#define GONG_AGENT_API_API_DESK_H

#include "agent/api/api.h"
#include "agent/desk/desk.h"

struct gong_api_desk_reader;

/* path: of the desk's database; desk is borrowed until close. */
enum gong_err gong_api_desk_open(const char *path,
                                 struct gong_desk_thread *desk,
                                 struct gong_api_desk_reader **out, char *why,
                                 size_t why_size) GONG_MUST_CHECK;
void gong_api_desk_close(struct gong_api_desk_reader *reader);

/* gong_api_desk_hold: whoever reads waits, and the file is closed, until the
 * same thread lets go; ctx is the reader. */
void gong_api_desk_hold(void *ctx, enum gong_backup_readers what);

/* gong_api_desk_of: for gong_api_options; borrowed. */
struct gong_api_desk gong_api_desk_of(struct gong_api_desk_reader *reader);

#endif
