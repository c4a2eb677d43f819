/* Receivers, and whom an incident that nobody acknowledges is told next. */
#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_config_private.h"

#define LONGEST_MS 315360000000.0 /* ten years */

#define FIELD(member) offsetof(struct gong_desk_receiver, member)
static const struct gong_option receiver_options[] = {
    {"name", GONG_OPTION_STRING, FIELD(name), NULL, 0, 0, NULL, "",
     "What routes call it."},
    {"channels", GONG_OPTION_STRINGS, FIELD(channels), "", 0, 0, NULL, "",
     "Channels of the agent's configuration that get each message."},
    {"role", GONG_OPTION_STRING, FIELD(role), "", 0, 0, NULL, "",
     "People of the city model, by their role: duty, head."},
    {"of", GONG_OPTION_STRING, FIELD(of), "", 0, 0, NULL, "",
     "Whose people: \"unit\" for the alert's own, or a unit's code."},
    {"affects", GONG_OPTION_BOOL, FIELD(affects), "false", 0, 0, NULL, "",
     "Also those of the units that the alert's device affects."},
    {"send_resolved", GONG_OPTION_BOOL, FIELD(send_resolved), "true", 0, 0,
     NULL, "", "Whether it is told what is over."},
};
#undef FIELD
static const struct gong_option_table receiver_table = {
    .name = "receiver",
    .help = "One element of receivers.",
    .options = receiver_options,
    .option_count = sizeof receiver_options / sizeof receiver_options[0],
};

static void
check_receiver(struct gong_desk_reader *reader,
               const struct gong_conf_node *node, size_t index)
{
    const struct gong_desk_receiver *all = reader->config->receivers;
    const struct gong_desk_receiver *one = &all[index];
    bool people = one->role[0] != '\0';

    for (size_t i = 0; i < index; i++) {
        if (strcmp(all[i].name, one->name) == 0) {
            gong_desk_reader_fail(reader, gong_conf_child(node, "name"),
                                  "found a second receiver of this name, "
                                  "expected another name");
        }
    }
    if (one->name[0] == '\0') {
        gong_desk_reader_fail(reader, gong_conf_child(node, "name"),
                              "found no name, expected one");
    }
    if (people == (one->channels.count > 0)) {
        gong_desk_reader_fail(reader, node,
                              "found %s, expected either channels or a role",
                              people ? "both" : "neither channels nor a role");
    } else if (people != (one->of[0] != '\0')) {
        gong_desk_reader_fail(reader, node,
                              people ? "found a role without `of`, expected "
                                       "of = \"unit\" or a unit's code"
                                     : "found `of` without a role, expected "
                                       "a role or no `of`");
    } else if (one->affects && strcmp(one->of, "unit") != 0) {
        gong_desk_reader_fail(reader, gong_conf_child(node, "affects"),
                              "found `affects`, expected it only with "
                              "of = \"unit\"");
    }
}

void
gong_desk_read_receivers(struct gong_desk_reader *reader,
                         const struct gong_conf_node *root)
{
    const struct gong_conf_node *list = gong_conf_child(root, "receivers");
    size_t count = gong_desk_reader_list(reader, root, "receivers",
                                         GONG_DESK_RECEIVERS_MAX);
    struct gong_desk_config *config = reader->config;

    config->receivers = calloc(count + 1, sizeof *config->receivers);
    if (config->receivers == NULL) {
        gong_desk_reader_no_memory(reader);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct gong_desk_receiver one = {0};

        if (!gong_conf_read(gong_conf_at(list, i), &receiver_table, &one,
                            reader->errors)) {
            gong_conf_free(&receiver_table, &one);
            reader->failed = true;
            continue;
        }
        config->receivers[config->receiver_count++] = one;
        check_receiver(reader, gong_conf_at(list, i),
                       config->receiver_count - 1);
    }
}

size_t
gong_desk_reader_receiver(struct gong_desk_reader *reader,
                          const struct gong_conf_node *node, const char *key,
                          const char *text)
{
    const struct gong_desk_config *config = reader->config;
    const struct gong_conf_node *child = gong_conf_child(node, key);

    for (size_t i = 0; i < config->receiver_count; i++) {
        if (strcmp(config->receivers[i].name, text) == 0) {
            return i;
        }
    }
    gong_desk_reader_fail(reader, child == NULL ? node : child,
                          "found \"%s\", expected the name of a receiver",
                          text);
    return 0;
}

struct step {
    gong_dur_t after;
    char *receiver;
};

#define FIELD(member) offsetof(struct step, member)
static const struct gong_option step_options[] = {
    {"after", GONG_OPTION_DURATION, FIELD(after), NULL, 1, LONGEST_MS, NULL, "",
     "Since the incident was opened, without an acknowledgement."},
    {"receiver", GONG_OPTION_STRING, FIELD(receiver), NULL, 0, 0, NULL, "",
     "Who is told then."},
};
#undef FIELD
static const struct gong_option_table step_table = {
    .name = "step",
    .help = "One element of steps.",
    .options = step_options,
    .option_count = sizeof step_options / sizeof step_options[0],
};

#define FIELD(member) offsetof(struct gong_desk_escalation, member)
static const struct gong_option escalation_options[] = {
    {"acknowledge", GONG_OPTION_DURATION, FIELD(acknowledge), "0s", 0,
     LONGEST_MS, NULL, "", "Until when somebody should have; 0s: no deadline."},
    {"resolve", GONG_OPTION_DURATION, FIELD(resolve), "0s", 0, LONGEST_MS, NULL,
     "", "Until when it should be over; 0s: no deadline."},
};
#undef FIELD
static const char *const escalation_children[] = {"matchers", "steps", NULL};
static const struct gong_option_table escalation_table = {
    .name = "escalation",
    .help = "One element of escalation.",
    .options = escalation_options,
    .option_count = sizeof escalation_options / sizeof escalation_options[0],
    .children = escalation_children,
};

static void
read_step(struct gong_desk_reader *reader, const struct gong_conf_node *node,
          struct gong_desk_escalation *escalation)
{
    struct step words = {0};
    struct gong_desk_step *step = &escalation->steps[escalation->step_count];

    if (!gong_conf_read(node, &step_table, &words, reader->errors)) {
        reader->failed = true;
    } else {
        step->after = words.after;
        step->receiver =
            gong_desk_reader_receiver(reader, node, "receiver", words.receiver);
        if (escalation->step_count > 0 && step->after.ns <= step[-1].after.ns) {
            gong_desk_reader_fail(reader, gong_conf_child(node, "after"),
                                  "found a time that is not later than the "
                                  "step before, expected a later one");
        }
        escalation->step_count++;
    }
    free(words.receiver);
}

static void
read_one(struct gong_desk_reader *reader, const struct gong_conf_node *node)
{
    struct gong_desk_escalation *escalation =
        &reader->config->escalations[reader->config->escalation_count++];
    const struct gong_conf_node *steps = gong_conf_child(node, "steps");
    size_t count = 0;

    if (!gong_conf_read(node, &escalation_table, escalation, reader->errors)) {
        reader->failed = true;
        return;
    }
    escalation->matchers = gong_desk_reader_matchers(reader, node, "matchers");
    count = gong_desk_reader_list(reader, node, "steps", GONG_DESK_STEPS_MAX);
    for (size_t i = 0; i < count; i++) {
        read_step(reader, gong_conf_at(steps, i), escalation);
    }
}

void
gong_desk_read_escalation(struct gong_desk_reader *reader,
                          const struct gong_conf_node *root)
{
    const struct gong_conf_node *list = gong_conf_child(root, "escalation");
    size_t count =
        gong_desk_reader_list(reader, root, "escalation", GONG_DESK_RULES_MAX);

    reader->config->escalations =
        calloc(count + 1, sizeof *reader->config->escalations);
    if (reader->config->escalations == NULL) {
        gong_desk_reader_no_memory(reader);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        read_one(reader, gong_conf_at(list, i));
    }
}
