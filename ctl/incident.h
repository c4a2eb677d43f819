/* incident: what of an incident's JSON more than one command shows. */
#ifndef GONG_CTL_INCIDENT_H
#define GONG_CTL_INCIDENT_H

#include <stdint.h>

#include <jansson.h>

#define GONG_CTL_INCIDENTS "/api/gong/v1/incidents"

/* "" where there is none; borrowed. */
const char *gong_ctl_annotation(const json_t *incident, const char *name);
/* Its summary, else the rule. */
const char *gong_ctl_title(const json_t *incident);
/* When it ended, on the clock of its beginning; 0: it is open. */
int64_t gong_ctl_end_ms(const json_t *incident);
/* What holds messages back, or what is late, in one word. */
const char *gong_ctl_mark(const json_t *incident);

#endif
