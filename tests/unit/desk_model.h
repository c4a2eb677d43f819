/* desk_model: a small city for the desk's tests. */
#ifndef GONG_TESTS_DESK_MODEL_H
#define GONG_TESTS_DESK_MODEL_H

#include "rules/model/model.h"

struct gong_model *desk_model(void);
/* The same after 22020 was merged into 22018. */
struct gong_model *desk_model_merged(void);

#endif
