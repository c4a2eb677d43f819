/*
 * model_read: what the readers of the model's files share. Private to model.
 *
 * Two passes: the first makes everything that has a name, the second finds what
 * names stand for, across files. What is wrong in one place stays known by its
 * name, so that nothing else is refused because of it.
 */
#ifndef GONG_RULES_MODEL_MODEL_READ_H
#define GONG_RULES_MODEL_MODEL_READ_H

#include "rules/model/model_private.h"

struct gong_model_reader {
    struct gong_model *model;
    struct gong_conf_errors *errors;
    bool failed;
    unsigned suggested; /* how many nearest names were looked for */
    /* Where each stands in its file. */
    const struct gong_conf_node **units;
    const struct gong_conf_node **aliases;
    const struct gong_conf_node **contacts;
    const struct gong_conf_node **duties;
    const struct gong_conf_node **devices;
};

/* gong_model_refuse: a message at byte `at` of the value of node's child key,
 * or at node if there is no such child or key is NULL. */
void gong_model_refuse(struct gong_model_reader *reader,
                       const struct gong_conf_node *node, const char *key,
                       size_t at, const char *format, ...) GONG_PRINTF(5, 6);
void gong_model_out_of_memory(struct gong_model_reader *reader);

/* gong_model_list: a child that is a list of at most GONG_MODEL_ENTRIES_MAX;
 * NULL if it is absent, or refused. */
const struct gong_conf_node *gong_model_list(struct gong_model_reader *reader,
                                             const struct gong_conf_node *node,
                                             const char *key);

/* gong_model_check_name: of a unit or device, as in topics. _check_text: words
 * for people; "" only where empty is true. text may be NULL: it was refused. */
void gong_model_check_name(struct gong_model_reader *reader,
                           const struct gong_conf_node *node, const char *key,
                           const char *text);
void gong_model_check_text(struct gong_model_reader *reader,
                           const struct gong_conf_node *node, const char *key,
                           const char *text, bool empty);

/* gong_model_read_valid: of the key `valid`: "2025-07-01..2026-06-30", either
 * end may be missing. */
void gong_model_read_valid(struct gong_model_reader *reader,
                           const struct gong_conf_node *node, const char *text,
                           struct gong_validity *out);

/* gong_model_check_place: both coordinates or none, which makes them NAN. */
void gong_model_check_place(struct gong_model_reader *reader,
                            const struct gong_conf_node *node, double *lon,
                            double *lat);

/* gong_model_refer: what text at node stands for; where nothing does, the
 * nearest key is told. what: "a unit's code". */
size_t gong_model_refer(struct gong_model_reader *reader,
                        const struct gong_conf_node *node, const char *text,
                        const struct gong_model_keys *keys, const char *what);

/* First pass, of one file's root; second pass. */
void gong_model_read_units(struct gong_model_reader *reader,
                           const struct gong_conf_node *root);
void gong_model_link_units(struct gong_model_reader *reader);
void gong_model_read_people(struct gong_model_reader *reader,
                            const struct gong_conf_node *root);
void gong_model_read_duty(struct gong_model_reader *reader,
                          const struct gong_conf_node *node);
void gong_model_link_duty(struct gong_model_reader *reader, size_t index);
void gong_model_link_people(struct gong_model_reader *reader);
void gong_model_link_roles(struct gong_model_reader *reader);
void gong_model_read_devices(struct gong_model_reader *reader,
                             const struct gong_conf_node *root);
void gong_model_link_devices(struct gong_model_reader *reader);

/* Their tables. */
extern const struct gong_option_table gong_model_unit_table;
extern const struct gong_option_table gong_model_alias_table;
extern const struct gong_option_table gong_model_contact_table;
extern const struct gong_option_table gong_model_reach_table;
extern const struct gong_option_table gong_model_duty_table;
extern const struct gong_option_table gong_model_shift_table;
extern const struct gong_option_table gong_model_device_table;

#endif
