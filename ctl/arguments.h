/*
 * arguments: a command's words and options, from a table that also gives the
 * usage and the completion. "--name value", "--name=value", "--flag"; "--" ends
 * the options.
 */
#ifndef GONG_CTL_ARGUMENTS_H
#define GONG_CTL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define GONG_CTL_WORDS_MAX   16
#define GONG_CTL_OPTIONS_MAX 32

struct gong_ctl_option {
    const char *name;    /* without dashes; NULL ends the table */
    const char *value;   /* what it takes, for the usage; NULL: a flag */
    const char *choices; /* "table json" for the completion; NULL: any */
    const char *help;    /* Vietnamese | English */
};

/* Everything is borrowed from argv. */
struct gong_ctl_arguments {
    const char *words[GONG_CTL_WORDS_MAX];
    size_t word_count;
    struct {
        const char *name, *value;
    } options[GONG_CTL_OPTIONS_MAX];
    size_t option_count;
};

/* gong_ctl_arguments_read: options of either table (own may be NULL); false
 * after saying on err what is wrong. */
bool gong_ctl_arguments_read(int argc, char **argv,
                             const struct gong_ctl_option *common,
                             const struct gong_ctl_option *own,
                             struct gong_ctl_arguments *out, FILE *err);
/* gong_ctl_arguments_lead: how many of the first ones are such options, with
 * their values. */
int gong_ctl_arguments_lead(int argc, char **argv,
                            const struct gong_ctl_option *common,
                            const struct gong_ctl_option *own);
/* gong_ctl_arguments_fit: whether there are at most so many words; false after
 * naming the first that is too many. */
bool gong_ctl_arguments_fit(const struct gong_ctl_arguments *arguments,
                            size_t most, FILE *err);
/* The last value of an option; NULL: it is not there. A flag's is "". */
const char *gong_ctl_option(const struct gong_ctl_arguments *arguments,
                            const char *name);
bool gong_ctl_flag(const struct gong_ctl_arguments *arguments,
                   const char *name);

#endif
