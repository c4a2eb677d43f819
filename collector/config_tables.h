/* config_tables: the collector's own option tables; config.c reads by them. */
#ifndef GONG_COLLECTOR_CONFIG_TABLES_H
#define GONG_COLLECTOR_CONFIG_TABLES_H

#include "collector/config.h"

extern const struct gong_option_table gong_collector_root_table;

/* A group below the root and where it goes in struct gong_config. */
struct gong_collector_section {
    const struct gong_option_table *table;
    size_t offset;
};

#define GONG_COLLECTOR_SECTIONS 4
extern const struct gong_collector_section
    gong_collector_sections[GONG_COLLECTOR_SECTIONS];

#endif
