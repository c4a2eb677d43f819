#include "agent/decide/snapshot_memory.h"

#include <errno.h>
#include <sys/mman.h>

#define HUGE_PAGE ((uintptr_t)2 << 20)

#ifndef MADV_COLLAPSE
/* Linux 6.1; some libraries do not name it yet. */
#define MADV_COLLAPSE 25
#endif

void
gong_snapshot_memory_of(const struct gong_engine *engine,
                        struct gong_snapshot_memory *out)
{
    out->count = gong_engine_blocks(engine, out->blocks);
}

/* One huge page a call, so that no one holds up the engine's page faults for
 * long. That memory is short or gone is no refusal. */
static bool
gather(const struct gong_snapshot_block *block)
{
    uintptr_t at = ((uintptr_t)block->data + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
    uintptr_t end = (uintptr_t)block->data + block->size;

    for (; at < end && end - at >= HUGE_PAGE; at += HUGE_PAGE) {
        if (madvise((void *)at, HUGE_PAGE, MADV_COLLAPSE) != 0 &&
            errno == EINVAL) {
            return false;
        }
    }
    return true;
}

bool
gong_snapshot_memory_gather(const struct gong_snapshot_memory *memory)
{
    for (size_t i = 0; i < memory->count; i++) {
        if (!gather(&memory->blocks[i])) {
            return false;
        }
    }
    return true;
}
