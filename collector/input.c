#include "collector/input.h"

#include <string.h>

#include "collector/input_cpu.h"
#include "collector/input_disk.h"
#include "collector/input_diskio.h"
#include "collector/input_dns_query.h"
#include "collector/input_exec.h"
#include "collector/input_http_response.h"
#include "collector/input_internal.h"
#include "collector/input_mem.h"
#include "collector/input_net.h"
#include "collector/input_net_response.h"
#include "collector/input_processes.h"
#include "collector/input_prometheus.h"
#include "collector/input_system.h"
#include "collector/input_temp.h"

const struct gong_input_kind *const gong_input_kinds[] = {
    /* this machine */
    &gong_input_cpu,
    &gong_input_mem,
    &gong_input_system,
    &gong_input_disk,
    &gong_input_diskio,
    &gong_input_net,
    &gong_input_temp,
    &gong_input_processes,
    &gong_input_internal,
    /* checks and other programs */
    &gong_input_http_response,
    &gong_input_net_response,
    &gong_input_dns_query,
    &gong_input_prometheus,
    &gong_input_exec,
    NULL,
};

const struct gong_input_kind *
gong_input_find(const char *type)
{
    for (size_t i = 0; gong_input_kinds[i] != NULL; i++) {
        if (strcmp(gong_input_kinds[i]->type, type) == 0) {
            return gong_input_kinds[i];
        }
    }
    return NULL;
}
