/* api_schema_private: how the tables of bodies and answers are written. */
#ifndef GONG_AGENT_API_API_SCHEMA_PRIVATE_H
#define GONG_AGENT_API_API_SCHEMA_PRIVATE_H

#include "agent/api/api_schema.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SCHEMA(variable, title, rows)                                          \
    const struct gong_api_schema variable = {title, rows, COUNT(rows)}

#define YES true
#define NO  false

/* A role over a unit: in bodies and in answers. */
extern const struct gong_api_schema gong_api_grant_part;

#endif
