/*
 * commands: what gongctl can do. Each command is a row of a table, from which
 * come the dispatch, the usage and the completion.
 */
#ifndef GONG_CTL_COMMANDS_H
#define GONG_CTL_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "ctl/arguments.h"
#include "ctl/client.h"

/* Exit codes, as in sysexits.h. */
enum gong_ctl_exit {
    GONG_CTL_OK = 0,
    /* audit verify: the log was changed; watch, drill: alerts do not get
     * through; alerts, show ..: the desk cannot keep what is new */
    GONG_CTL_BROKEN = 1,
    GONG_CTL_USAGE = 64,
    GONG_CTL_REFUSED = 65, /* the agent says that it makes no sense */
    GONG_CTL_NOT_FOUND = 66,
    GONG_CTL_UNAVAILABLE = 69, /* no agent there, or it cannot now */
    GONG_CTL_SOFTWARE = 70,    /* an answer of another shape, no memory */
    GONG_CTL_IO = 74,          /* a file, or the output, was not written */
    GONG_CTL_NO_PERMISSION = 77,
};

/* One run. */
struct gong_ctl {
    struct gong_ctl_client *client;
    const char *agent;
    struct gong_ctl_arguments arguments;
    bool json;   /* --format json */
    bool warned; /* an answer came with a warning, which was shown */
    int64_t now_ms;
    FILE *out;
    FILE *err;
};

struct gong_ctl_command {
    const char *name;
    const char *words; /* after the name, for the usage */
    size_t words_max;  /* more are refused */
    const struct gong_ctl_option *options;
    int (*run)(struct gong_ctl *ctl);
    const char *help; /* Vietnamese | English */
};

extern const struct gong_ctl_command gong_ctl_commands[];
extern const size_t gong_ctl_command_count;
extern const struct gong_ctl_option gong_ctl_common_options[];

/* gong_ctl_run: the whole program. */
int gong_ctl_run(int argc, char **argv, FILE *out, FILE *err);

/* --- for commands --- */

/* gong_ctl_do: asks; body is taken, NULL for none. Where the agent refuses,
 * says so and gives an exit code. json: the answer, owned by the caller; where
 * json is NULL it is let go. */
int gong_ctl_do(struct gong_ctl *ctl, const char *method, const char *path,
                json_t *body, json_t **json);
/* gong_ctl_wrong: complains about the usage; GONG_CTL_USAGE. */
int gong_ctl_wrong(struct gong_ctl *ctl, const char *what);
/* The n-th word after the command; NULL if there are fewer. */
const char *gong_ctl_arg(const struct gong_ctl *ctl, size_t n);
/* A whole number above 0; 0: it is none. */
uint64_t gong_ctl_number(const char *text);
/* gong_ctl_print_json: for --format json; takes value. GONG_CTL_OK. */
int gong_ctl_print_json(struct gong_ctl *ctl, json_t *value);
/* gong_ctl_done: "Đã ..." or JSON; takes answer. */
int gong_ctl_done(struct gong_ctl *ctl, json_t *answer, const char *what);
/* Members of an answer: "" and 0 where they are not there. */
const char *gong_ctl_text(const json_t *object, const char *name);
int64_t gong_ctl_int(const json_t *object, const char *name);
/* A text that may be hostile, with control characters made '?'. */
void gong_ctl_put(FILE *out, const char *text);
/* gong_ctl_pages: all pages of a list: path gets ?before= or &before=, array is
 * its member; each page's items go to one array. */
int gong_ctl_pages(struct gong_ctl *ctl, const char *path, const char *member,
                   size_t max, json_t **out);

/* A line from the file, or from the terminal without echo. Heap; NULL after
 * saying why. */
char *gong_ctl_secret(struct gong_ctl *ctl, const char *prompt,
                      const char *path);

int gong_ctl_login(struct gong_ctl *ctl);
int gong_ctl_logout(struct gong_ctl *ctl);
int gong_ctl_whoami(struct gong_ctl *ctl);
int gong_ctl_passwd(struct gong_ctl *ctl);
int gong_ctl_alerts(struct gong_ctl *ctl);
int gong_ctl_show(struct gong_ctl *ctl);
int gong_ctl_ack(struct gong_ctl *ctl);
int gong_ctl_unack(struct gong_ctl *ctl);
int gong_ctl_assign(struct gong_ctl *ctl);
int gong_ctl_comment(struct gong_ctl *ctl);
int gong_ctl_resolve(struct gong_ctl *ctl);
int gong_ctl_outcome(struct gong_ctl *ctl);
int gong_ctl_silence(struct gong_ctl *ctl);
int gong_ctl_silences(struct gong_ctl *ctl);
int gong_ctl_unsilence(struct gong_ctl *ctl);
int gong_ctl_maintenance(struct gong_ctl *ctl);
int gong_ctl_units(struct gong_ctl *ctl);
int gong_ctl_devices(struct gong_ctl *ctl);
int gong_ctl_ledger(struct gong_ctl *ctl);
int gong_ctl_rules(struct gong_ctl *ctl);
int gong_ctl_users(struct gong_ctl *ctl);
int gong_ctl_tokens(struct gong_ctl *ctl);
int gong_ctl_audit(struct gong_ctl *ctl);
int gong_ctl_handover(struct gong_ctl *ctl);
int gong_ctl_report(struct gong_ctl *ctl);
int gong_ctl_backup(struct gong_ctl *ctl);
int gong_ctl_restore(struct gong_ctl *ctl);
int gong_ctl_watch(struct gong_ctl *ctl);
int gong_ctl_drill(struct gong_ctl *ctl);
int gong_ctl_completion(struct gong_ctl *ctl);

#endif
