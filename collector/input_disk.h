#ifndef GONG_COLLECTOR_INPUT_DISK_H
#define GONG_COLLECTOR_INPUT_DISK_H

#include "collector/input.h"

extern const struct gong_input_kind gong_input_disk;

#endif
