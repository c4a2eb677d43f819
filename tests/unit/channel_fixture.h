/*
 * channel_fixture: one channel with options from a text, and tries driven as
 * the outbox drives those that have no transfer.
 */
#ifndef GONG_TESTS_CHANNEL_FIXTURE_H
#define GONG_TESTS_CHANNEL_FIXTURE_H

#include "agent/tell/channel.h"

struct channel_case {
    const struct gong_channel_kind *kind;
    void *config;
    void *state;
    struct gong_channel_try attempt;
    char why[256];
};

/* Two alerts, one critical and firing, one over; more are counted. */
extern const char channel_message[];

/* What open says; options: libconfig text. */
enum gong_err channel_open(struct channel_case *test,
                           const struct gong_channel_kind *kind,
                           const char *options);
void channel_close(struct channel_case *test);

/* Begins a try of a message (JSON text) to an address. */
void channel_begin(struct channel_case *test, const char *message,
                   const char *address);
/* Likewise, of JSON, which is taken; with a signer to the contact cs-duty-1. */
void channel_begin_to(struct channel_case *test, json_t *json,
                      const char *address,
                      const struct gong_link_signer *signer);
/* Until it is over, or code says how it ends at once; frees the try but for
 * why and answer. */
enum gong_channel_outcome channel_end(struct channel_case *test, CURLcode code);

#endif
