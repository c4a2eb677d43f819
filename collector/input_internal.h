/* input_internal: the collector's own counters (collector/stats.h). */
#ifndef GONG_COLLECTOR_INPUT_INTERNAL_H
#define GONG_COLLECTOR_INPUT_INTERNAL_H

#include "collector/input.h"

extern const struct gong_input_kind gong_input_internal;

#endif
