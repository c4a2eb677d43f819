#ifndef GONG_COLLECTOR_INPUT_DNS_QUERY_H
#define GONG_COLLECTOR_INPUT_DNS_QUERY_H

#include "collector/input.h"

extern const struct gong_input_kind gong_input_dns_query;

#endif
