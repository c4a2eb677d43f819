#include "ctl_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/commands.h"

int
ctl_setup(void **state)
{
    struct ctl_world *world = calloc(1, sizeof *world);
    struct gong_http_address address;
    void *api = NULL;
    char why[256] = "";
    FILE *file;

    assert_non_null(world);
    assert_int_equal(api_setup(&api), 0);
    world->api = api;
    (void)snprintf(world->socket, sizeof world->socket, "%s/gong.sock",
                   world->api->dir);
    (void)snprintf(world->agent, sizeof world->agent, "unix:%s", world->socket);
    (void)snprintf(world->password, sizeof world->password, "%s/password",
                   world->api->dir);
    file = fopen(world->password, "w");
    assert_non_null(file);
    (void)fputs(API_PASSWORD "\n", file);
    (void)fclose(file);
    assert_int_equal(
        gong_http_address_parse("127.0.0.1:0", &address, why, sizeof why),
        GONG_OK);
    assert_int_equal(gong_http_server_start(
                         &(struct gong_http_server_options){
                             .address = &address,
                             .socket = world->socket,
                             .service = gong_api_service(world->api->api),
                             .events = world->api->events},
                         &world->server, why, sizeof why),
                     GONG_OK);
    (void)snprintf(world->tcp, sizeof world->tcp, "http://127.0.0.1:%u",
                   (unsigned)gong_http_server_port(world->server));
    assert_int_equal(setenv("XDG_STATE_HOME", world->api->dir, 1), 0);
    *state = world;
    return 0;
}

int
ctl_teardown(void **state)
{
    struct ctl_world *world = *state;
    void *api = world->api;
    char path[160];

    gong_http_server_stop(world->server);
    (void)unlink(world->password);
    (void)snprintf(path, sizeof path, "%s/gong/sessions", world->api->dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/gong", world->api->dir);
    (void)rmdir(path);
    free(world->out);
    free(world->err);
    free(world);
    return api_teardown(&api);
}

int
ctl_run_at(struct ctl_world *world, const char *agent, const char *const *words)
{
    char *argv[24];
    char name[] = "gongctl", option[] = "--agent";
    char copies[20][300];
    int argc = 0, code;
    size_t len;
    FILE *out, *err;

    free(world->out);
    free(world->err);
    world->out = world->err = NULL;
    argv[argc++] = name;
    for (size_t i = 0; words[i] != NULL; i++) {
        (void)snprintf(copies[i], sizeof copies[i], "%s", words[i]);
        argv[argc++] = copies[i];
    }
    argv[argc++] = option;
    (void)snprintf(copies[19], sizeof copies[19], "%s", agent);
    argv[argc++] = copies[19];
    out = open_memstream(&world->out, &len);
    err = open_memstream(&world->err, &len);
    assert_non_null(out);
    assert_non_null(err);
    code = gong_ctl_run(argc, argv, out, err);
    (void)fclose(out);
    (void)fclose(err);
    return code;
}

void
ctl_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is not in: %s", part, text);
    }
}
