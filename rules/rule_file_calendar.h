/* rule_file_calendar: the calendars of rule files (engine/calendar.h). */
#ifndef GONG_RULES_RULE_FILE_CALENDAR_H
#define GONG_RULES_RULE_FILE_CALENDAR_H

#include "rules/rule_file_read.h"

/* gong_rule_read_calendars: adds those of one file to the set. */
void gong_rule_read_calendars(struct gong_rule_reader *reader,
                              const struct gong_conf_node *root);

/* gong_rule_find_calendars: gives each rule with `active` its calendar, when
 * all files have been read. */
void gong_rule_find_calendars(struct gong_rule_reader *reader);

#endif
