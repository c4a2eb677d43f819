/*
 * probe: samples by which the agent tries its own chain out, and the rules that
 * carry them. Two kinds, each with a site of its own, its device is the agent:
 *
 *   gong/v1/gong-proof/<agent>/data   gong_proof value=0 / value=<number>
 *   gong/v1/gong-drill/<agent>/data   gong_drill,<tags> value=0 /
 * value=<number>
 *
 * The value is the probe's number: whoever meets it further on knows which one
 * it is. The line with 0 ends the alert of the one before, so each fires anew.
 *
 *   sent -> received -> decided -> at the desk -> told
 *   broker  ingest      rules      desk.db        outbox, channel
 *
 * Probes are no history: they are in no ledger, store, list or report, nor in
 * the series ALERTS, have no incident, and receivers without a desk do not hear
 * of them. Pure.
 */
#ifndef GONG_AGENT_TRUST_PROBE_H
#define GONG_AGENT_TRUST_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"
#include "rules/rule_file.h"

#define GONG_PROOF_NAME  "gong-proof"  /* site, rule, receiver, channel */
#define GONG_DRILL_NAME  "gong-drill"  /* site, rule */
#define GONG_PROBE_RULES GONG_RULE_OWN /* the file's name in a bundle */
/* Tags of a drill, labels of its alert. */
#define GONG_DRILL_RECEIVER "drill_receiver"
#define GONG_DRILL_CONTACT  "drill_contact"
#define GONG_DRILL_UNIT     "drill_unit"
#define GONG_DRILL_WORD_MAX 128

enum gong_probe_kind {
    GONG_PROBE_NONE,
    GONG_PROBE_PROOF,
    GONG_PROBE_DRILL,
};

/* gong_probe_of: what the name of a site, or the id of a rule, stands for. */
enum gong_probe_kind gong_probe_of(struct gong_str name);
/* gong_probe_of_key: of a rule's hash (agent/decide/incidents.h). */
enum gong_probe_kind gong_probe_of_key(uint64_t rule);
/* gong_probe_rules: the rules, as a rule file. */
const char *gong_probe_rules(void);

/* How far one came: instants on the wall clock in ms, 0: not yet. */
struct gong_trust_probe {
    uint64_t number; /* 0: there was none yet */
    int64_t begun_ms;
    int64_t sent_ms;
    int64_t received_ms;
    int64_t decided_ms;
    int64_t desk_ms;
    int64_t told_ms;       /* proofs only; of drills the outbox knows */
    size_t messages;       /* that the desk made of it */
    int64_t first_message; /* their numbers in desk.db */
    int64_t last_message;
    char why[160]; /* why it went no further */
};

/* Where it stands: the hop that it did not pass. */
enum gong_probe_hop {
    GONG_HOP_NONE, /* it passed them all */
    GONG_HOP_BROKER,
    GONG_HOP_RECEIVE,
    GONG_HOP_RULES,
    GONG_HOP_DESK,
    GONG_HOP_OUTBOX,
};

enum gong_probe_hop gong_probe_hop(const struct gong_trust_probe *probe);
/* "broker", "receive", "rules", "desk", "outbox"; "" for none. */
const char *gong_probe_hop_text(enum gong_probe_hop hop);

/* What a drill is to look like; NULL or "" where it does not matter. */
struct gong_drill {
    const char *receiver; /* instead of the routes */
    const char *contact;  /* instead of the routes: a post of the city model */
    const char *unit;
    const char *severity;
    const char *service;
};

/* gong_drill_check: false with the reason: words are [A-Za-z0-9_.-], no more
 * than one of receiver and contact. */
bool gong_drill_check(const struct gong_drill *drill, const char **why);

#define GONG_PROBE_LINES_MAX 2048
/* gong_probe_lines: what is published; drill is NULL for a proof. */
size_t gong_probe_lines(const struct gong_drill *drill, uint64_t number,
                        int64_t now_ns, char out[GONG_PROBE_LINES_MAX]);
/* gong_probe_is_in: whether a message is the one of that number. */
bool gong_probe_is_in(struct gong_str message, uint64_t number);

#endif
