#include "ctl/incident.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/words.h"

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

int64_t
gong_ctl_end_ms(const json_t *incident)
{
    int64_t over = gong_ctl_int(incident, "over");

    return over != 0 ? over : gong_ctl_int(incident, "ended");
}

/* What is true of an incident beside its state, worst first. */
static const struct {
    const char *flag;
    const char *name; /* for gong_ctl_word */
} marks[] = {
    {"ack_overdue", "overdue"},      {"resolve_overdue", "overdue"},
    {"lost", "no longer evaluated"}, {"in_maintenance", "maintenance"},
    {"silenced", "silenced"},        {"inhibited", "inhibited"},
    {"trial", "on trial"},
};

static size_t
add_mark(const char *names[GONG_CTL_MARKS_MAX], size_t count, const char *name)
{
    bool there = count > 0 && strcmp(names[count - 1], name) == 0;

    if (!there && count < GONG_CTL_MARKS_MAX) {
        names[count++] = name;
    }
    return count;
}

size_t
gong_ctl_marks(const json_t *incident, const char *names[GONG_CTL_MARKS_MAX])
{
    size_t count = 0;

    if (strcmp(gong_ctl_text(incident, "alert"), "unknown") == 0) {
        count = add_mark(names, count, "unknown");
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (json_is_true(json_object_get(incident, marks[i].flag))) {
            count = add_mark(names, count, marks[i].name);
        }
    }
    return count;
}

const char *
gong_ctl_marks_text(const json_t *incident, char out[GONG_CTL_MARKS_SIZE])
{
    const char *names[GONG_CTL_MARKS_MAX];
    size_t count = gong_ctl_marks(incident, names), used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count && used < GONG_CTL_MARKS_SIZE; i++) {
        used += (size_t)snprintf(out + used, GONG_CTL_MARKS_SIZE - used, "%s%s",
                                 i == 0 ? "" : ", ", gong_ctl_word(names[i]));
    }
    return out;
}
