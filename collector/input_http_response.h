#ifndef GONG_COLLECTOR_INPUT_HTTP_RESPONSE_H
#define GONG_COLLECTOR_INPUT_HTTP_RESPONSE_H

#include "collector/input.h"

extern const struct gong_input_kind gong_input_http_response;

#endif
