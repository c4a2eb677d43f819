/* config_tables: the agent's own option tables; config.c reads by them. */
#ifndef GONG_AGENT_CONFIG_TABLES_H
#define GONG_AGENT_CONFIG_TABLES_H

#include "agent/config.h"

extern const struct gong_option_table gong_agent_root_table;

/* A group below the root and where it goes in struct gong_agent_config. */
struct gong_agent_section {
    const char *key;
    size_t offset;
    const struct gong_option_table *table;
};

#define GONG_AGENT_SECTIONS 7
extern const struct gong_agent_section gong_agent_sections[GONG_AGENT_SECTIONS];

/* What every receiver has, before the options of its kind. */
struct gong_agent_notify_head {
    _Alignas(max_align_t) char *name;
    char *type;
};
extern const struct gong_option_table gong_agent_notify_head_table;

#endif
