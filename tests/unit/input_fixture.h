/*
 * input_fixture: one input, opened from the text of a configuration as the
 * collector would, gathered by hand.
 */
#ifndef GONG_TESTS_INPUT_FIXTURE_H
#define GONG_TESTS_INPUT_FIXTURE_H

#include "collector/input.h"

#define PROBE_LINES_SIZE 65536
#define PROBE_TIME_NS    INT64_C(1760000000000000000)

struct probe {
    const struct gong_input_kind *kind;
    void *config;
    void *state;
    struct gong_points points;
    char why[256];
    char lines[PROBE_LINES_SIZE]; /* what the last gathering wrote */
};

/* text: options such as `url = "http://...";`. Fails the test on an error. */
struct probe *probe_open(const struct gong_input_kind *kind, const char *format,
                         ...) GONG_PRINTF(2, 3);
/* Opening must fail with err and why must contain text. */
void probe_refused(const struct gong_input_kind *kind, const char *config,
                   enum gong_err err, const char *text);
void probe_close(struct probe *probe);
enum gong_err probe_gather(struct probe *probe, gong_dur_t timeout);

/* The value of the first field of that name is exactly text. */
void probe_expect(const struct probe *probe, const char *field,
                  const char *text);
/* No field of that name. */
void probe_expect_none(const struct probe *probe, const char *field);
/* Fails the test where there is no such number. */
double probe_number(const struct probe *probe, const char *field);

/* A TCP socket on 127.0.0.1 that listens; *port is its own. */
int tcp_listen(int backlog, unsigned *port);
/* A port on 127.0.0.1 where nobody listens. */
unsigned tcp_closed_port(void);

#endif
