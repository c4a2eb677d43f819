/* rule_file_city: from the city model to what the engine is told of it. Private
 * to rule_file. */
#ifndef GONG_RULES_RULE_FILE_CITY_H
#define GONG_RULES_RULE_FILE_CITY_H

#include "rules/engine/city.h"
#include "rules/model/model.h"

/* gong_rule_city_make: NULL in *out where the model is empty. False without
 * memory. */
bool gong_rule_city_make(const struct gong_model *model,
                         struct gong_city **out);

#endif
