/* rule_fixture: rules from the text of one file. */
#ifndef GONG_TESTS_RULE_FIXTURE_H
#define GONG_TESTS_RULE_FIXTURE_H

#include "conf_fixture.h"
#include "rules/rule_file.h"

/* rule_load: the bundle that holds this file alone, read; NULL with errors
 * filled. The caller frees. */
struct gong_rule_source *rule_load(const char *file, struct gong_str text,
                                   struct gong_conf_errors *errors);

/* rule_refused: fails unless each text, as the file f, is refused with its
 * messages. */
void rule_refused(const struct conf_golden *goldens, size_t count);
#define RULE_REFUSED(goldens)                                                  \
    rule_refused(goldens, sizeof(goldens) / sizeof(goldens)[0])

#endif
