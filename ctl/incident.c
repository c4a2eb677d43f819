#include "ctl/incident.h"

#include "ctl/commands.h"

const char *
gong_ctl_annotation(const json_t *incident, const char *name)
{
    return gong_ctl_text(json_object_get(incident, "annotations"), name);
}

const char *
gong_ctl_title(const json_t *incident)
{
    const char *summary = gong_ctl_text(incident, "summary");

    if (summary[0] == '\0') { /* of an older agent */
        summary = gong_ctl_annotation(incident, "summary");
    }

    return summary[0] != '\0' ? summary : gong_ctl_text(incident, "rule");
}

const char *
gong_ctl_mark(const json_t *incident)
{
    if (json_is_true(json_object_get(incident, "ack_overdue")) ||
        json_is_true(json_object_get(incident, "resolve_overdue"))) {
        return "quá hạn";
    }
    if (json_is_true(json_object_get(incident, "in_maintenance"))) {
        return "bảo trì";
    }
    if (json_is_true(json_object_get(incident, "silenced"))) {
        return "tạm ngừng";
    }
    if (json_is_true(json_object_get(incident, "trial"))) {
        return "thử nghiệm";
    }
    return "";
}
