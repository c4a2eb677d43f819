/*
 * chain: one incident from measured to closed, in the order of time: the
 * sample's stamps, the decision, who was told, what people did.
 *
 *   decisions --.
 *   deliveries --+--> [ {at, step, who, text}, ... ]
 *   history ----'
 */
#ifndef GONG_CTL_CHAIN_H
#define GONG_CTL_CHAIN_H

#include <stdio.h>

#include <jansson.h>

/* gong_ctl_chain: of the answer of /incidents/N: an array, the oldest first;
 * the caller's. Steps are words of the API, "captured", "published",
 * "received", "decided", "stored", "notified", "untold", or events. */
json_t *gong_ctl_chain(const json_t *answer);

/* gong_ctl_why: the decision that the incident stands on: the newest; NULL. */
const json_t *gong_ctl_why(const json_t *answer);

/* For people; width as gong_ctl_table_print. */
void gong_ctl_chain_print(const json_t *chain, size_t width, FILE *out);
void gong_ctl_chain_csv(const json_t *chain, FILE *out);
void gong_ctl_chain_html(const json_t *chain, FILE *out);

#endif
