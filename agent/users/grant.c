#include "agent/users/grant.h"

#include <string.h>

static const char *const roles[] = {
    [GONG_ROLE_NONE] = "none",         [GONG_ROLE_VIEWER] = "viewer",
    [GONG_ROLE_OPERATOR] = "operator", [GONG_ROLE_ENGINEER] = "engineer",
    [GONG_ROLE_ADMIN] = "admin",
};

const char *
gong_role_text(enum gong_role role)
{
    return roles[role];
}

enum gong_role
gong_role_of(struct gong_str text)
{
    for (int i = GONG_ROLE_VIEWER; i <= GONG_ROLE_ADMIN; i++) {
        if (gong_str_is(text, roles[i])) {
            return (enum gong_role)i;
        }
    }
    return GONG_ROLE_NONE;
}

const char *
gong_action_text(enum gong_action action)
{
    switch (action) {
    case GONG_ACTION_OPEN:
        return "open";
    case GONG_ACTION_SELF:
        return "self";
    case GONG_ACTION_READ:
        return "read";
    case GONG_ACTION_ACT:
        return "act";
    case GONG_ACTION_RULES:
        return "rules";
    case GONG_ACTION_USERS:
        return "users";
    case GONG_ACTION_AUDIT:
        return "audit";
    }
    return "unknown";
}

/* The least role that may. */
static enum gong_role
needs(enum gong_action action)
{
    switch (action) {
    case GONG_ACTION_OPEN:
    case GONG_ACTION_SELF:
        return GONG_ROLE_NONE;
    case GONG_ACTION_READ:
        return GONG_ROLE_VIEWER;
    case GONG_ACTION_ACT:
        return GONG_ROLE_OPERATOR;
    case GONG_ACTION_RULES:
        return GONG_ROLE_ENGINEER;
    case GONG_ACTION_USERS:
    case GONG_ACTION_AUDIT:
        return GONG_ROLE_ADMIN;
    }
    return GONG_ROLE_ADMIN;
}

static bool
covers(const struct gong_grant *grant, const struct gong_grant_tree *tree,
       struct gong_str unit)
{
    struct gong_str root = gong_str_of(grant->unit);

    if (gong_str_is(root, GONG_GRANT_ALL)) {
        return true;
    }
    if (unit.len == 0 || gong_str_is(unit, GONG_GRANT_ALL)) {
        return false;
    }
    return gong_str_equal(unit, root) || tree->under(tree->ctx, unit, root);
}

static bool
holds(const struct gong_grants *grants, const struct gong_grant_tree *tree,
      enum gong_role role, struct gong_str unit)
{
    for (size_t i = 0; i < grants->count; i++) {
        if (grants->items[i].role >= role &&
            covers(&grants->items[i], tree, unit)) {
            return true;
        }
    }
    return false;
}

bool
gong_grant_may(const struct gong_grants *grants,
               const struct gong_grant_tree *tree, enum gong_action action,
               struct gong_str unit)
{
    enum gong_role role = needs(action);

    return role == GONG_ROLE_NONE || holds(grants, tree, role, unit);
}

static bool
affects(const struct gong_grants *grants, const struct gong_grant_tree *tree,
        enum gong_role role, const struct gong_grant_place *place)
{
    for (size_t i = 0; i < grants->count; i++) {
        if (grants->items[i].role >= role &&
            tree->affects(tree->ctx, place->site, place->device,
                          gong_str_of(grants->items[i].unit))) {
            return true;
        }
    }
    return false;
}

bool
gong_grant_concerns(const struct gong_grants *grants,
                    const struct gong_grant_tree *tree, enum gong_action action,
                    const struct gong_grant_place *place)
{
    return gong_grant_may(grants, tree, action, place->unit) ||
           (tree->affects != NULL && place->device.len > 0 &&
            affects(grants, tree, needs(action), place));
}

bool
gong_grant_may_somewhere(const struct gong_grants *grants,
                         enum gong_action action)
{
    enum gong_role role = needs(action);

    for (size_t i = 0; role != GONG_ROLE_NONE && i < grants->count; i++) {
        if (grants->items[i].role >= role) {
            return true;
        }
    }
    return role == GONG_ROLE_NONE;
}

bool
gong_grant_within(const struct gong_grants *grants,
                  const struct gong_grant_tree *tree,
                  const struct gong_grant *grant)
{
    return holds(grants, tree, grant->role, gong_str_of(grant->unit));
}

bool
gong_grant_unit_valid(struct gong_str unit)
{
    if (gong_str_is(unit, GONG_GRANT_ALL)) {
        return true;
    }
    if (unit.len == 0 || unit.len >= GONG_GRANT_UNIT_SIZE) {
        return false;
    }
    for (size_t i = 0; i < unit.len; i++) {
        char c = unit.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
              c == '-')) {
            return false;
        }
    }
    return true;
}
