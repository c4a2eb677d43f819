/*
 * notify_log: an alert as lines for people, Vietnamese first:
 *
 *   21/11 07:05:09 [KHẨN CẤP] đang diễn ra: <summary> | đơn vị 22015 thiết bị
 *       lamp-1 | giá trị 71,5 | việc cần làm: <action>
 *                  [CRITICAL] firing: <summary_en> | unit 22015 device lamp-1 |
 *       value 71.5 | what to do: <action_en>
 *
 * (two lines, wrapped here). Local time, decimal comma in Vietnamese. Parts for
 * which the alert has nothing are left out.
 */
#ifndef GONG_AGENT_TELL_NOTIFY_LOG_H
#define GONG_AGENT_TELL_NOTIFY_LOG_H

#include <stddef.h>

#include <jansson.h>

#define GONG_NOTIFY_LOG_SIZE 8192

/* gong_notify_log_format: both lines with their newlines, NUL-terminated,
 * free of control characters; returns the length. The effect is news. */
size_t gong_notify_log_format(const json_t *effect,
                              char out[GONG_NOTIFY_LOG_SIZE]);

struct gong_notify_log_config {
    char *file; /* "": standard error */
};

#endif
