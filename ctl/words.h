/* words: what staff read: glossary, instants and lengths of time, in
 * Vietnamese; and what they type. */
#ifndef GONG_CTL_WORDS_H
#define GONG_CTL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GONG_CTL_TIME_SIZE 48

/* "22/11 08:15" in Vietnam's time; "" for 0. */
const char *gong_ctl_instant(int64_t ms, char out[GONG_CTL_TIME_SIZE]);
/* With the year: "22/11/2026 08:15". */
const char *gong_ctl_day(int64_t ms, char out[GONG_CTL_TIME_SIZE]);
/* With the milliseconds: "22/11/2026 08:15:03,412". */
const char *gong_ctl_stamp(int64_t ms, char out[GONG_CTL_TIME_SIZE]);
/* "2 giờ 5 phút", "dưới 1 giây"; "" for less than 0. */
const char *gong_ctl_length(int64_t ms, char out[GONG_CTL_TIME_SIZE]);
/* A number of the API, "18.5", as one writes it in Vietnamese: "18,5"; other
 * texts ("NaN") as they are. */
const char *gong_ctl_decimal(const char *text, char out[GONG_CTL_TIME_SIZE]);
/* The glossary's word; the same text where there is none. */
const char *gong_ctl_word(const char *english);

/* gong_ctl_read_instant: "2h" from now on, "2026-11-22", "2026-11-22 18:00",
 * "22/11/2026 18:00" as it is shown (Vietnam's time), or ms since 1970. */
bool gong_ctl_read_instant(const char *text, int64_t now_ms, int64_t *out);
/* gong_ctl_read_length: "90d". */
bool gong_ctl_read_length(const char *text, int64_t *out_ms);
/* gong_ctl_read_month: "2026-11": its first instant and that of the next. */
bool gong_ctl_read_month(const char *text, int64_t *from, int64_t *until);

#endif
