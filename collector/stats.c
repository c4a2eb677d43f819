#include "collector/stats.h"

static struct gong_stats stats;

struct gong_stats *
gong_stats(void)
{
    return &stats;
}
