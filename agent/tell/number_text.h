/*
 * number_text: numbers as people write them: with a decimal comma in
 * Vietnamese, with a point in English. Pure.
 */
#ifndef GONG_AGENT_TELL_NUMBER_TEXT_H
#define GONG_AGENT_TELL_NUMBER_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define GONG_NUMBER_TEXT_SIZE 48

/* gong_number_short: at most six significant digits. */
void gong_number_short(double value, char decimal_point,
                       char out[GONG_NUMBER_TEXT_SIZE]);

/* gong_number_fixed: with so many decimals, at most 9; short where that would
 * not fit. */
void gong_number_fixed(double value, unsigned decimals, char decimal_point,
                       char out[GONG_NUMBER_TEXT_SIZE]);

/* gong_number_grouped: 9900 as 9.900 or 9,900. */
void gong_number_grouped(uint64_t number, char separator,
                         char out[GONG_NUMBER_TEXT_SIZE]);

/* gong_number_put_commas: in len bytes of text, which a template made of value,
 * the value gets a decimal comma, however it was rounded; before % also a
 * hundred times the value, before k, M, Ki, m and their kin what humanize makes
 * of it. Other numbers with points (addresses, versions) stay. */
void gong_number_put_commas(double value, char *text, size_t len);

/* gong_number_put_all_commas: each number with one point gets a comma, where
 * the value that the text was made of is not known. */
void gong_number_put_all_commas(char *text, size_t len);

#endif
