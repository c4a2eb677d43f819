/* every_rule: a rule set with a rule of every form, for the targets that drive
 * the engine. */
#ifndef GONG_TESTS_EVERY_RULE_H
#define GONG_TESTS_EVERY_RULE_H

#include "rules/rule_file.h"

#define EVERY_RULE_FOREIGN 7 /* the first ones are as Prometheus has them */

/* every_rule_load: its series are m, m_a and m_b with the tag k; caller frees
 * it with gong_rule_source_free. */
struct gong_rule_source *every_rule_load(void);

/* every_rule_load_slow: likewise, and none of them is looked at more often than
 * hourly by time alone: days may pass. */
struct gong_rule_source *every_rule_load_slow(void);

#endif
