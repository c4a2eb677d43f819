/*
 * grant: who may do what where. A grant is a role over a unit and all that
 * lies below it; "*" is everything, also what belongs to no unit. This is the
 * one place where it is decided, for the API, its events and gongctl.
 *
 *   viewer    reads
 *   operator  + acknowledges, comments, silences, plans maintenance
 *   engineer  + changes rules
 *   admin     + users and the audit log
 *
 * Pure.
 */
#ifndef GONG_AGENT_USERS_GRANT_H
#define GONG_AGENT_USERS_GRANT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

enum gong_role {
    GONG_ROLE_NONE,
    GONG_ROLE_VIEWER,
    GONG_ROLE_OPERATOR,
    GONG_ROLE_ENGINEER,
    GONG_ROLE_ADMIN,
};

enum gong_action {
    GONG_ACTION_OPEN, /* anybody, without a login */
    GONG_ACTION_SELF, /* whoever is logged in, about themselves */
    GONG_ACTION_READ,
    GONG_ACTION_ACT,
    GONG_ACTION_RULES,
    GONG_ACTION_USERS,
    GONG_ACTION_AUDIT,
};

#define GONG_GRANT_UNIT_SIZE 65 /* with NUL; a unit's code */
#define GONG_GRANTS_MAX      64 /* of one user */
#define GONG_GRANT_ALL       "*"

/* Transparent: plain values. */
struct gong_grant {
    enum gong_role role;
    char unit[GONG_GRANT_UNIT_SIZE]; /* code, or "*" */
};

struct gong_grants {
    struct gong_grant items[GONG_GRANTS_MAX];
    size_t count;
};

/* Where units lie. under: whether unit is root or below it; both are codes or
 * aliases. affects: whether a device affects root or a unit below it; NULL:
 * none does. ctx is borrowed. */
struct gong_grant_tree {
    bool (*under)(void *ctx, struct gong_str unit, struct gong_str root);
    void *ctx;
    bool (*affects)(void *ctx, struct gong_str site, struct gong_str device,
                    struct gong_str root);
};

/* Where an incident lies, and the device that it is of; any may be empty. */
struct gong_grant_place {
    struct gong_str unit;
    struct gong_str site, device;
};

const char *gong_role_text(enum gong_role role);
/* GONG_ROLE_NONE for another word. */
enum gong_role gong_role_of(struct gong_str text);
const char *gong_action_text(enum gong_action action);

/* gong_grant_may: unit is a code, or empty for what belongs to no unit and for
 * everything at once: then only a grant over "*" counts. */
bool gong_grant_may(const struct gong_grants *grants,
                    const struct gong_grant_tree *tree, enum gong_action action,
                    struct gong_str unit);
/* gong_grant_concerns: gong_grant_may in the place's unit, or in one that its
 * device affects: who is told of an incident may see it. */
bool gong_grant_concerns(const struct gong_grants *grants,
                         const struct gong_grant_tree *tree,
                         enum gong_action action,
                         const struct gong_grant_place *place);
/* gong_grant_may_somewhere: in at least one unit. */
bool gong_grant_may_somewhere(const struct gong_grants *grants,
                              enum gong_action action);
/* gong_grant_within: whether grants hold at least this role over all of its
 * unit: so that nobody gives what they do not have. */
bool gong_grant_within(const struct gong_grants *grants,
                       const struct gong_grant_tree *tree,
                       const struct gong_grant *grant);
/* gong_grant_unit_valid: [a-z0-9_-]+ or "*". */
bool gong_grant_unit_valid(struct gong_str unit);

#endif
