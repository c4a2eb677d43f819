/*
 * rule_file_text: a rule's labels and annotations.
 */
#ifndef GONG_RULES_RULE_FILE_TEXT_H
#define GONG_RULES_RULE_FILE_TEXT_H

#include "rules/rule_file_read.h"

/* gong_rule_read_texts: the rule's child `key` as an array of texts, which the
 * caller frees with them; NULL if it is absent or refused. */
struct gong_rule_text *gong_rule_read_texts(struct gong_rule_reader *reader,
                                            const struct gong_conf_node *rule,
                                            const char *key, size_t *count);

/* gong_rule_check_labels: what the whole rule allows its labels to say. */
void gong_rule_check_labels(struct gong_rule_reader *reader,
                            const struct gong_conf_node *node, bool interval,
                            const struct gong_rule *rule);

/* gong_rule_out_of_memory: says so; the reader has failed. */
void gong_rule_out_of_memory(struct gong_rule_reader *reader);

/* gong_rule_refuse: says what is wrong in the text that is node's value; the
 * reader has failed. */
void gong_rule_refuse(struct gong_rule_reader *reader,
                      const struct gong_conf_node *node,
                      const struct gong_expr_error *error);

#endif
