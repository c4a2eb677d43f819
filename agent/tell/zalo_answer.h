/*
 * zalo_answer: what Zalo's services answer, and what it means. All three say
 * errors inside HTTP 200:
 *
 *   OA, ZNS  {"error":-216,"message":"..","data":{"quota":{..}}}
 *   Bot      {"ok":false,"error_code":429,"description":".."}
 *
 * Which code means what is a table in the configuration, because the published
 * lists contradict each other; a code in none of its lists is permanent. Pure.
 */
#ifndef GONG_AGENT_TELL_ZALO_ANSWER_H
#define GONG_AGENT_TELL_ZALO_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/str.h"

#define GONG_ZALO_TEXT_SIZE 128

/* Plain data. */
struct gong_zalo_answer {
    int64_t code;                   /* 0: it is sent */
    int64_t remaining;              /* of the day's quota; -1: not said */
    char text[GONG_ZALO_TEXT_SIZE]; /* one line, clean */
};

/* gong_zalo_answer_read: false where it is of neither shape. */
bool gong_zalo_answer_read(struct gong_str body, struct gong_zalo_answer *out);

enum gong_zalo_meaning {
    GONG_ZALO_SENT,
    GONG_ZALO_RETRY,
    GONG_ZALO_EXHAUSTED, /* a quota of ours, or all of it is refused */
    GONG_ZALO_TOKEN,     /* the access token is no longer good */
    GONG_ZALO_REFUSE,
};

/* Codes as texts, "-216". */
struct gong_zalo_codes {
    struct gong_strings retry;
    struct gong_strings exhausted;
    struct gong_strings token;
};

enum gong_zalo_meaning gong_zalo_meaning(const struct gong_zalo_codes *codes,
                                         int64_t code);

/* gong_zalo_codes_valid: whether every entry is a number; else why. */
bool gong_zalo_codes_valid(const struct gong_zalo_codes *codes, char *why,
                           size_t why_size);

#endif
