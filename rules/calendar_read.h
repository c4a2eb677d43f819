/* calendar_read: a calendar (engine/calendar.h) as files write it: an element
 * of `calendars` in rule files, of `time_intervals` in routing files. */
#ifndef GONG_RULES_CALENDAR_READ_H
#define GONG_RULES_CALENDAR_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"
#include "rules/engine/calendar.h"

/* gong_calendar_read: into out, zeroed by the caller, whose it is even where
 * this says false, after problems, all of which are in errors. Its name must
 * not be one of the others. */
bool gong_calendar_read(const struct gong_conf_node *node,
                        const struct gong_calendar *others, size_t count,
                        struct gong_calendar *out,
                        struct gong_conf_errors *errors);

/* gong_calendar_find: by name; NULL if there is none. */
const struct gong_calendar *gong_calendar_find(const struct gong_calendar *list,
                                               size_t count, const char *name);

#endif
