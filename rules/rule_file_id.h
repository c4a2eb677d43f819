/* rule_file_id: the names that rules have for good (semantics rule 18). */
#ifndef GONG_RULES_RULE_FILE_ID_H
#define GONG_RULES_RULE_FILE_ID_H

#include "rules/rule_file_read.h"

/* gong_rule_refuse_equal_ids: of all rules that were read. */
void gong_rule_refuse_equal_ids(struct gong_rule_reader *reader);

#endif
