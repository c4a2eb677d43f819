#ifndef GONG_COLLECTOR_INPUT_NET_RESPONSE_H
#define GONG_COLLECTOR_INPUT_NET_RESPONSE_H

#include "collector/input.h"

extern const struct gong_input_kind gong_input_net_response;

#endif
