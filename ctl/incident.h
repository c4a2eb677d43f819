/* incident: what of an incident's JSON more than one command shows. */
#ifndef GONG_CTL_INCIDENT_H
#define GONG_CTL_INCIDENT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define GONG_CTL_INCIDENTS "/api/gong/v1/incidents"

/* "" where there is none; borrowed. */
const char *gong_ctl_annotation(const json_t *incident, const char *name);
/* Its summary, else the rule. */
const char *gong_ctl_title(const json_t *incident);
/* When it ended, on the clock of its beginning; 0: it is open. */
int64_t gong_ctl_end_ms(const json_t *incident);
#define GONG_CTL_MARKS_MAX  8
#define GONG_CTL_MARKS_SIZE 256

/* gong_ctl_marks: what is late, what holds messages back, and whether anything
 * is still known of it: English names for gong_ctl_word; how many. */
size_t gong_ctl_marks(const json_t *incident,
                      const char *names[GONG_CTL_MARKS_MAX]);
/* In Vietnamese: "tạm ngừng báo, quá hạn"; "" for none. */
const char *gong_ctl_marks_text(const json_t *incident,
                                char out[GONG_CTL_MARKS_SIZE]);

#endif
