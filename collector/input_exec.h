#ifndef GONG_COLLECTOR_INPUT_EXEC_H
#define GONG_COLLECTOR_INPUT_EXEC_H

#include "collector/input.h"

extern const struct gong_input_kind gong_input_exec;

#endif
