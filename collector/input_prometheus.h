#ifndef GONG_COLLECTOR_INPUT_PROMETHEUS_H
#define GONG_COLLECTOR_INPUT_PROMETHEUS_H

#include "collector/input.h"

extern const struct gong_input_kind gong_input_prometheus;

#endif
