/* try_fixture: one try of a channel as the outbox makes it, on this thread.
 */
#ifndef GONG_TESTS_TRY_FIXTURE_H
#define GONG_TESTS_TRY_FIXTURE_H

#include <stdbool.h>

#include "agent/tell/channel.h"

struct channel_result {
    enum gong_channel_outcome outcome;
    bool at_once;
    bool asked; /* there was a transfer */
    char why[256];
};

/* channel_read_config: a group of keys as in a file; fails the test where it is
 * refused. channel_free_config frees it. */
void *channel_read_config(const struct gong_channel_kind *kind,
                          const char *text);
void channel_free_config(const struct gong_channel_kind *kind, void *config);

/* channel_open: fails the test where it is refused. */
void *channel_open(const struct gong_channel_kind *kind, const void *config);
/* channel_refused: what open says; fails the test where it is content. */
void channel_refused(const struct gong_channel_kind *kind, const char *text,
                     const char *part);

struct channel_result channel_try(const struct gong_channel_kind *kind,
                                  void *state,
                                  const struct gong_channel_send *send);
/* channel_send: tries on while it is told to at once, at most ten times. */
struct channel_result channel_send(const struct gong_channel_kind *kind,
                                   void *state,
                                   const struct gong_channel_send *send);

#endif
