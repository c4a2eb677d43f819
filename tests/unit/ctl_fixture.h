/* ctl_fixture: gongctl and a real server for it to ask, over the local socket
 * and over TCP. */
#ifndef GONG_TESTS_CTL_FIXTURE_H
#define GONG_TESTS_CTL_FIXTURE_H

#include "agent/api/http_server.h"
#include "api_fixture.h"

struct ctl_world {
    struct api_world *api;
    struct gong_http_server *server;
    char socket[80];
    char agent[96]; /* unix: */
    char tcp[64];   /* http: */
    char password[96];
    char *out, *err;
};

int ctl_setup(void **state);
int ctl_teardown(void **state);

/* One run; words end with NULL. What it said is in the world until the next. */
int ctl_run_at(struct ctl_world *world, const char *agent,
               const char *const *words);
void ctl_holds(const char *text, const char *part);

#define RUN(world, ...)                                                        \
    ctl_run_at(world, (world)->agent, (const char *const[]){__VA_ARGS__, NULL})
#define RUN_TCP(world, ...)                                                    \
    ctl_run_at(world, (world)->tcp, (const char *const[]){__VA_ARGS__, NULL})

#endif
