#include "input_fixture.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/conf.h"

static void *
read_config(const struct gong_input_kind *kind, const char *text)
{
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("test", gong_str_of(text), &errors);
    void *config = calloc(1, kind->config_size + 1);

    assert_non_null(config);
    if (conf == NULL ||
        !gong_conf_read(gong_conf_root(conf), kind->options, config, &errors)) {
        gong_conf_errors_print(&errors, stderr);
        fail();
    }
    gong_conf_errors_fini(&errors);
    gong_conf_close(conf);
    return config;
}

static void
free_config(const struct gong_input_kind *kind, void *config)
{
    gong_conf_free(kind->options, config);
    free(config);
}

struct probe *
probe_open(const struct gong_input_kind *kind, const char *format, ...)
{
    struct probe *probe = calloc(1, sizeof *probe);
    char text[1024];
    va_list list;

    assert_non_null(probe);
    va_start(list, format);
    /* The analyzer does not see va_start. NOLINTNEXTLINE(clang-analyzer-*) */
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    probe->kind = kind;
    probe->config = read_config(kind, text);
    gong_points_init(&probe->points, PROBE_TIME_NS);
    if (kind->open(probe->config, "/", &probe->state, probe->why,
                   sizeof probe->why) != GONG_OK) {
        fail_msg("open: %s", probe->why);
    }
    return probe;
}

void
probe_refused(const struct gong_input_kind *kind, const char *config,
              enum gong_err err, const char *text)
{
    void *filled = read_config(kind, config);
    void *state = NULL;
    char why[256] = "";

    assert_int_equal(kind->open(filled, "/", &state, why, sizeof why), err);
    if (strstr(why, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, why);
    }
    free_config(kind, filled);
}

void
probe_close(struct probe *probe)
{
    probe->kind->close(probe->state);
    free_config(probe->kind, probe->config);
    gong_points_fini(&probe->points);
    free(probe);
}

enum gong_err
probe_gather(struct probe *probe, gong_dur_t timeout)
{
    struct gong_points *points = &probe->points;
    enum gong_err err;

    gong_points_reset(points, PROBE_TIME_NS);
    probe->why[0] = '\0';
    err = probe->kind->gather(probe->state, points, timeout, probe->why,
                              sizeof probe->why);
    assert_int_equal(points->err, GONG_OK);
    assert_true(points->lines.len < sizeof probe->lines);
    if (points->lines.len > 0) {
        memcpy(probe->lines, points->lines.data, points->lines.len);
    }
    probe->lines[points->lines.len] = '\0';
    return err;
}

/* Behind the '=' of the field, or NULL. */
static const char *
find_field(const struct probe *probe, const char *field)
{
    size_t len = strlen(field);
    const char *at = probe->lines;

    while ((at = strstr(at, field)) != NULL) {
        if (at > probe->lines && (at[-1] == ' ' || at[-1] == ',') &&
            at[len] == '=') {
            return at + len + 1;
        }
        at += len;
    }
    return NULL;
}

void
probe_expect(const struct probe *probe, const char *field, const char *text)
{
    const char *at = find_field(probe, field);
    size_t len = strlen(text);

    if (at == NULL || strncmp(at, text, len) != 0 ||
        strchr(", ", at[len]) == NULL) {
        fail_msg("%s=%s is not in: %s", field, text, probe->lines);
    }
}

void
probe_expect_none(const struct probe *probe, const char *field)
{
    if (find_field(probe, field) != NULL) {
        fail_msg("%s is in: %s", field, probe->lines);
    }
}

double
probe_number(const struct probe *probe, const char *field)
{
    const char *at = find_field(probe, field);
    char *end = NULL;
    double number;

    if (at == NULL) {
        fail_msg("%s is not in: %s", field, probe->lines);
        return 0;
    }
    number = strtod(at, &end);
    assert_true(end > at);
    return number;
}

int
tcp_listen(int backlog, unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)(const void *)&address, len), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&address, &len),
                     0);
    *port = ntohs(address.sin_port);
    return fd;
}

unsigned
tcp_closed_port(void)
{
    unsigned port = 0;
    int fd = tcp_listen(1, &port);

    (void)close(fd);
    return port;
}
