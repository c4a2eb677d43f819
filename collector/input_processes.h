#ifndef GONG_COLLECTOR_INPUT_PROCESSES_H
#define GONG_COLLECTOR_INPUT_PROCESSES_H

#include "collector/input.h"

extern const struct gong_input_kind gong_input_processes;

#endif
