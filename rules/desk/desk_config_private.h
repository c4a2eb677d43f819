/* desk_config_private: one routing file while it is read. Private to
 * desk_config. */
#ifndef GONG_RULES_DESK_DESK_CONFIG_PRIVATE_H
#define GONG_RULES_DESK_DESK_CONFIG_PRIVATE_H

#include "rules/desk/desk_config.h"

struct gong_desk_reader {
    struct gong_desk_config *config; /* grows */
    struct gong_conf_errors *errors; /* borrowed */
    bool failed;
};

/* gong_desk_reader_fail: "file:line:column: ..." about a node's value. */
void gong_desk_reader_fail(struct gong_desk_reader *reader,
                           const struct gong_conf_node *node,
                           const char *format, ...) GONG_PRINTF(3, 4);
void gong_desk_reader_no_memory(struct gong_desk_reader *reader);

/* gong_desk_reader_list: how many elements the list `key` of node has; 0 where
 * it is absent, and after a problem: it is none, or has more than max. */
size_t gong_desk_reader_list(struct gong_desk_reader *reader,
                             const struct gong_conf_node *node, const char *key,
                             size_t max);

/* gong_desk_reader_matchers: the list `key` as one set, NULL where it is absent
 * or empty, or after a problem. */
struct gong_desk_matchers *
gong_desk_reader_matchers(struct gong_desk_reader *reader,
                          const struct gong_conf_node *node, const char *key);

/* gong_desk_reader_receiver: the index of the receiver that the child `key`
 * names as text; 0 after a problem. */
size_t gong_desk_reader_receiver(struct gong_desk_reader *reader,
                                 const struct gong_conf_node *node,
                                 const char *key, const char *text);

/* gong_desk_reader_labels: refuses what is no label name, and one that occurs
 * twice; sorts. */
void gong_desk_reader_labels(struct gong_desk_reader *reader,
                             const struct gong_conf_node *node, const char *key,
                             struct gong_strings *labels);

void gong_desk_read_receivers(struct gong_desk_reader *reader,
                              const struct gong_conf_node *root);
void gong_desk_read_escalation(struct gong_desk_reader *reader,
                               const struct gong_conf_node *root);
/* Receivers and intervals must have been read. */
void gong_desk_read_routes(struct gong_desk_reader *reader,
                           const struct gong_conf_node *root);

#endif
