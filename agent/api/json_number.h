/*
 * json_number: a double as the text that stands for it in our JSON, which has
 * no Inf and NaN: the shortest decimal one that reads back as the same value,
 * or NaN, +Inf, -Inf.
 */
#ifndef GONG_AGENT_API_JSON_NUMBER_H
#define GONG_AGENT_API_JSON_NUMBER_H

#define GONG_JSON_NUMBER_SIZE 40

void gong_json_number(double value, char out[GONG_JSON_NUMBER_SIZE]);
/* gong_json_number_of: back; NaN for what is none. */
double gong_json_number_of(const char *text);

#endif
