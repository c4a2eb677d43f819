/*
 * conf_fixture: a table with an option of each type, and texts read through it.
 */
#ifndef GONG_TESTS_CONF_FIXTURE_H
#define GONG_TESTS_CONF_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/conf.h"

struct conf_sample {
    bool enabled;
    int64_t port;
    int64_t wide;
    double ratio;
    gong_dur_t interval;
    uint64_t size;
    char *host;
    char *note;
    struct gong_strings tags;
    int mode;
};

#define CONF_FIELD(member) offsetof(struct conf_sample, member)

/* Of the option mode; NULL-terminated. */
extern const char *const conf_modes[];
extern const struct gong_option_table conf_table;

/* All messages, each with a line feed; the caller frees. */
char *conf_joined(const struct gong_conf_errors *errors);
/* Fails unless these are the messages; they are gone then. */
void conf_expect(struct gong_conf_errors *errors, const char *expected);
/* Parses text as "f" and reads the sample table; both may fail. */
void conf_read(struct gong_str text, struct gong_conf_errors *errors);

struct conf_golden {
    const char *text;
    const char *messages;
};

void conf_goldens(const struct conf_golden *goldens, size_t count);
#define CONF_RUN(goldens)                                                      \
    conf_goldens(goldens, sizeof(goldens) / sizeof(goldens)[0])

#endif
