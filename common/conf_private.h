/* conf_private: what the conf modules share beyond conf.h. Nobody else's. */
#ifndef GONG_COMMON_CONF_PRIVATE_H
#define GONG_COMMON_CONF_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include <libconfig.h>

#include "common/conf.h"
#include "common/conf_source.h"
#include "common/err.h"
#include "common/str.h"

/*
 * A setting and where it was written. The shape (conf_shape.h) makes them in
 * the order of the text, which is also the order of libconfig's tree walked
 * parents first; gong_conf_open joins the two.
 *
 *     port = 1883;             ( "a" "b", ... )
 *     ^name  ^value              ^name = value
 */
struct gong_conf_node {
    const struct gong_conf *conf;
    config_setting_t *setting; /* its hook leads back here */
    size_t name_at;            /* of the value where it has no name */
    size_t name_len;           /* 0: an element of a list, or the root */
    size_t value_at;
    size_t value_len; /* of the first token */
};

struct gong_conf_nodes {
    struct gong_conf_node *items;
    size_t count;
    size_t capacity;
};

struct gong_conf {
    struct gong_conf_source source;
    struct gong_conf_nodes nodes; /* items[0] is the root */
    config_t config;
};

/*
 * gong_conf_value_from_text: the value of an option into its place in out, from
 * the text of its default or, for types written as text, from a file. Texts are
 * copied. GONG_ERR_INVALID where it does not fit type, range or choices.
 */
enum gong_err gong_conf_value_from_text(const struct gong_option *option,
                                        struct gong_str text,
                                        void *out) GONG_MUST_CHECK;

/* gong_conf_value_in_range: whether value (durations in ms) is in min..max. */
bool gong_conf_value_in_range(const struct gong_option *option, double value);

/* gong_conf_value_expected: "an integer from 1 to 65535" and the like. */
void gong_conf_value_expected(const struct gong_option *option, FILE *out);
/* gong_conf_value_range: "1 to 65535", "at least 1s", "" if unbounded. */
void gong_conf_value_range(const struct gong_option *option, FILE *out);

/* gong_conf_value_field: the option's place in a filled struct. */
void *gong_conf_value_field(const struct gong_option *option, void *filled);
const void *gong_conf_value_field_const(const struct gong_option *option,
                                        const void *filled);

#define GONG_CONF_SIZE_TEXT 32
/* gong_conf_value_size_text: the shortest exact text, as "64MiB". */
void gong_conf_value_size_text(uint64_t bytes, char out[GONG_CONF_SIZE_TEXT]);

#endif
