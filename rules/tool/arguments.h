/*
 * arguments: a command's words on the command line, by a table that is its
 * --help too: `--name VALUE`, `--name=VALUE`, `--flag`; `--` ends them.
 */
#ifndef GONG_RULES_TOOL_ARGUMENTS_H
#define GONG_RULES_TOOL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "rules/tool/precision.h"

#define GONG_TOOL_OK     0
#define GONG_TOOL_NO     1  /* an answer that is no: problems, failed tests */
#define GONG_TOOL_USAGE  64 /* sysexits.h has these numbers */
#define GONG_TOOL_DATA   65
#define GONG_TOOL_INPUT  66
#define GONG_TOOL_MEMORY 71
#define GONG_TOOL_WRITE  74

enum gong_argument_kind {
    GONG_ARGUMENT_TEXT,   /* const char * */
    GONG_ARGUMENT_TEXTS,  /* struct gong_argument_texts: may come again */
    GONG_ARGUMENT_TIME,   /* struct gong_argument_time */
    GONG_ARGUMENT_LENGTH, /* struct gong_argument_time */
    GONG_ARGUMENT_FLAG,   /* bool */
};

#define GONG_ARGUMENT_TEXTS_MAX 100

/* Borrowed from argv. */
struct gong_argument_texts {
    char *items[GONG_ARGUMENT_TEXTS_MAX];
    size_t count;
};

struct gong_argument_time {
    bool given;
    int64_t ms;
    const char *text; /* as it was given */
};

struct gong_argument {
    const char *name; /* without dashes */
    enum gong_argument_kind kind;
    void *out;
    const char *word; /* what stands for the value in --help; NULL: a flag */
    const char *vietnamese;
    const char *english;
};

struct gong_call;

/* What a command is; strings are static. */
struct gong_command {
    const char *name;
    const char *synopsis; /* behind "gong-rules NAME " */
    const char *vietnamese;
    const char *english;
    const char *more; /* paragraphs below the options; NULL for none */
    int (*run)(const struct gong_call *call);
};

/* What is left after the options; borrowed from argv. */
struct gong_words {
    char **items;
    size_t count;
};

/* One call of a command. */
struct gong_call {
    const struct gong_command *command;
    int argc;
    char **argv; /* argv[0] is the command's name */
    FILE *out;
    FILE *err;
};

/*
 * gong_arguments_read: true where the command shall go on; else *status is its
 * exit code: OK after --help, USAGE after a word that is not understood, or an
 * option that stands twice, which is named on err. At most 64 options.
 */
bool gong_arguments_read(const struct gong_call *call,
                         const struct gong_argument *table, size_t count,
                         struct gong_words *words, int *status);

/* gong_call_refuse: "found what, expected expected" on err; USAGE.
 * gong_call_refuse_value: the same of an option's value, gong_call_refuse_word
 * of a word that is none. */
int gong_call_refuse(const struct gong_call *call, const char *what,
                     const char *expected);
int gong_call_refuse_value(const struct gong_call *call, const char *option,
                           const char *value, const char *expected);
int gong_call_refuse_word(const struct gong_call *call, const char *word,
                          const char *expected);

/* gong_call_precision: what --precision says, NULL: nothing; lines: whether the
 * data is line protocol, without which it means nothing. OK, or USAGE. */
int gong_call_precision(const struct gong_call *call, const char *word,
                        bool lines, struct gong_precision *out);

/* gong_tool_status: the exit code of an error. */
int gong_tool_status(enum gong_err err);

void gong_command_help(const struct gong_command *command,
                       const struct gong_argument *table, size_t count,
                       FILE *out);

#endif
