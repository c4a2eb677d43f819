/*
 * users: who there is, in STATE/users.db (SQLite, WAL, synchronous=FULL, mode
 * 0600): users with argon2id passwords, their grants, sessions, API tokens,
 * and the audit log (audit.h). Every change is one transaction together with
 * its line in the audit log.
 *
 * Of session and API tokens only SHA-256 is kept. What goes out once:
 *
 *   gs_<43 characters>   a session; cookie or bearer, never both
 *   gt_<43 characters>   an API token
 *
 * At most two passwords are hashed at a time (64 MiB each), outside of the
 * lock. Any thread; one lock inside; calls may block on the disk.
 */
#ifndef GONG_AGENT_USERS_USERS_H
#define GONG_AGENT_USERS_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/users/grant.h"
#include "common/err.h"
#include "common/str.h"

#define GONG_USER_NAME_SIZE      65 /* with NUL: [a-z0-9._-] */
#define GONG_USER_FULL_NAME_SIZE 257
#define GONG_USER_ADDRESS_SIZE   64
#define GONG_USER_TOKEN_SIZE     48 /* of a session or API token */
#define GONG_USER_CSRF_SIZE      65
#define GONG_USER_PASSWORD_MIN   10 /* characters of a password: bytes */
#define GONG_USER_PASSWORD_MAX   256
#define GONG_USERS_MAX           10000
#define GONG_USER_SESSIONS_MAX   32 /* of one user; the oldest makes room */
#define GONG_USER_TOKENS_MAX     32
#define GONG_SESSION_IDLE_MS     INT64_C(3600000)  /* without a request */
#define GONG_SESSION_LIFE_MS     INT64_C(43200000) /* a shift */

struct gong_users;

/* Transparent: plain values. */
struct gong_user {
    char name[GONG_USER_NAME_SIZE];
    char full_name[GONG_USER_FULL_NAME_SIZE];
    bool disabled;
    int64_t created_ms;
    struct gong_grants grants;
};

/* Who does it, and from where: for the audit log. Borrowed. */
struct gong_audit_by {
    const char *who;
    const char *address;
    int64_t now_ms;
};

enum gong_principal_kind {
    GONG_PRINCIPAL_NOBODY,  /* no login */
    GONG_PRINCIPAL_COOKIE,  /* a session of a browser */
    GONG_PRINCIPAL_SESSION, /* a session that is sent as bearer */
    GONG_PRINCIPAL_TOKEN,   /* an API token */
    GONG_PRINCIPAL_LOCAL,   /* root or the agent's own user, at the socket */
};

/* Who asks. What may be done is what all grants allow, and limit too. */
struct gong_principal {
    enum gong_principal_kind kind;
    char name[GONG_USER_NAME_SIZE];
    char full_name[GONG_USER_FULL_NAME_SIZE];
    struct gong_grants grants;
    bool limited;     /* an API token */
    int64_t token_id; /* its id */
    struct gong_grants limit;
    char csrf[GONG_USER_CSRF_SIZE]; /* COOKIE */
    uint8_t session[32];            /* its hash */
    int64_t expires_ms;
};

struct gong_token {
    int64_t id;
    char user[GONG_USER_NAME_SIZE];
    char name[GONG_USER_NAME_SIZE];
    struct gong_grant grant;
    int64_t created_ms;
    int64_t expires_ms;
    int64_t used_ms; /* by the minute; 0: never */
};

/* gong_users_open: makes the file where there is none. What is wrong is in
 * why. */
enum gong_err gong_users_open(const char *path, struct gong_users **out,
                              char *why, size_t why_size) GONG_MUST_CHECK;
void gong_users_close(struct gong_users *users);

/* Another file in the place of this one, for a restore:
 *   prepare  the file at `with`, open nowhere: all its sessions end, and it
 *            alone is the database then
 *   hold     nobody reads or writes; the file is closed
 *   look     opens what has the name now, as at a start; shut closes it again
 *   release  on the thread that holds: all go on with what is open, or, if it
 *            may be opened, with what whoever comes next opens */
enum gong_err gong_users_prepare(const char *with, char *why,
                                 size_t why_size) GONG_MUST_CHECK;
void gong_users_hold(struct gong_users *users);
enum gong_err gong_users_look(struct gong_users *users, char *why,
                              size_t why_size) GONG_MUST_CHECK;
void gong_users_shut(struct gong_users *users);
void gong_users_release(struct gong_users *users, bool may_open);

/* gong_users_any: whether there is a user, or was one once: what a login
 * guards does not open when the last one goes. Does not block. */
bool gong_users_any(const struct gong_users *users);

bool gong_user_name_valid(struct gong_str name);
/* Reason why a password is none, in Vietnamese and English; NULL: it is one. */
const char *gong_user_password_wrong(struct gong_str password);

/* gong_users_add: INVALID if the name is taken, TOO_LARGE past the most. */
enum gong_err gong_users_add(struct gong_users *users,
                             const struct gong_user *user,
                             struct gong_str password,
                             const struct gong_audit_by *by) GONG_MUST_CHECK;
/* What of a user is to change; NULL members stay. */
struct gong_user_change {
    const char *full_name;
    /* Ends their sessions and removes their API tokens. */
    const struct gong_str *password;
    const struct gong_grants *grants;
    const bool *disabled;    /* true ends their sessions */
    int64_t *tokens_removed; /* given back where password is; may be NULL */
};
/* NOT_FOUND. INVALID, also of remove: nobody would be left who may do
 * everything (admin of "*"). */
enum gong_err gong_users_change(struct gong_users *users, const char *name,
                                const struct gong_user_change *change,
                                const struct gong_audit_by *by) GONG_MUST_CHECK;
enum gong_err gong_users_remove(struct gong_users *users, const char *name,
                                const struct gong_audit_by *by) GONG_MUST_CHECK;
enum gong_err gong_users_get(struct gong_users *users, const char *name,
                             struct gong_user *out) GONG_MUST_CHECK;
/* gong_users_each: by name. each must not call back here. */
enum gong_err gong_users_each(struct gong_users *users,
                              void (*each)(void *ctx,
                                           const struct gong_user *user),
                              void *ctx) GONG_MUST_CHECK;

/* gong_users_check: OK if it is the password of a user who is not disabled,
 * INVALID if not, another error if that cannot be known; takes as long for a
 * name that is none. Blocks for a hash. */
enum gong_err gong_users_check(struct gong_users *users, const char *name,
                               struct gong_str password) GONG_MUST_CHECK;

/* gong_session_open: of a user whose password was checked; the token is given
 * this once. */
enum gong_err
gong_session_open(struct gong_users *users, const char *user, bool cookie,
                  const struct gong_audit_by *by,
                  char token[GONG_USER_TOKEN_SIZE]) GONG_MUST_CHECK;
/* gong_session_close: by its hash. */
enum gong_err
gong_session_close(struct gong_users *users,
                   const struct gong_principal *principal,
                   const struct gong_audit_by *by) GONG_MUST_CHECK;

/* gong_token_add: INVALID for an expiry that is past, TOO_LARGE past the most.
 * The caller has checked the grant. */
enum gong_err gong_token_add(struct gong_users *users,
                             const struct gong_token *token,
                             const struct gong_audit_by *by, int64_t *id,
                             char text[GONG_USER_TOKEN_SIZE]) GONG_MUST_CHECK;
/* gong_token_remove: user NULL: anybody's. NOT_FOUND. */
enum gong_err gong_token_remove(struct gong_users *users, int64_t id,
                                const char *user,
                                const struct gong_audit_by *by) GONG_MUST_CHECK;
/* gong_tokens_each: user NULL: everybody's. */
enum gong_err gong_tokens_each(struct gong_users *users, const char *user,
                               void (*each)(void *ctx,
                                            const struct gong_token *token),
                               void *ctx) GONG_MUST_CHECK;

/* gong_users_find: who sent this token, as a cookie or as bearer. NOT_FOUND
 * for one that is unknown, expired, of the other kind or of a disabled user. */
enum gong_err gong_users_find(struct gong_users *users, struct gong_str token,
                              bool cookie, int64_t now_ms,
                              struct gong_principal *out) GONG_MUST_CHECK;

/* gong_principal_may: gong_grant_may of what all of its grants allow. */
bool gong_principal_may(const struct gong_principal *principal,
                        const struct gong_grant_tree *tree,
                        enum gong_action action, struct gong_str unit);
bool gong_principal_concerns(const struct gong_principal *principal,
                             const struct gong_grant_tree *tree,
                             enum gong_action action,
                             const struct gong_grant_place *place);
bool gong_principal_may_somewhere(const struct gong_principal *principal,
                                  enum gong_action action);
bool gong_principal_has(const struct gong_principal *principal,
                        const struct gong_grant_tree *tree,
                        const struct gong_grant *grant);

#endif
