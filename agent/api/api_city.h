/*
 * api_city: the city model as the API asks it. Another model from the next
 * question on: any thread, one lock, a leaf.
 */
#ifndef GONG_AGENT_API_API_CITY_H
#define GONG_AGENT_API_API_CITY_H

#include "agent/api/api.h"
#include "rules/model/model.h"

struct gong_api_city_model;

/* model is borrowed until renew or close. NULL without memory. */
struct gong_api_city_model *gong_api_city_open(const struct gong_model *model);
void gong_api_city_close(struct gong_api_city_model *city);
/* gong_api_city_renew: waits until nobody asks the old one. */
void gong_api_city_renew(struct gong_api_city_model *city,
                         const struct gong_model *model);

/* gong_api_city_of: for gong_api_options; borrowed. */
struct gong_api_city gong_api_city_of(struct gong_api_city_model *city);

#endif
