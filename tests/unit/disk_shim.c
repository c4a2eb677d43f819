#include "disk_shim.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "disk_calls.h"

#define TRAILER 64

static struct {
    enum shim_fault fault;
    atomic_uint n;
    atomic_uint calls;
    atomic_bool struck;
    atomic_bool mended;
} shim;

const char *
shim_name(enum shim_fault fault)
{
    static const char *const names[SHIM_FAULTS] = {
        [SHIM_SHORT] = "short write",
        [SHIM_SHORT_END] = "short by its end, then EROFS for good",
        [SHIM_EINTR] = "EINTR",
        [SHIM_ENOSPC] = "ENOSPC",
        [SHIM_EIO] = "EIO",
        [SHIM_EIO_STAYS] = "EIO for good",
        [SHIM_EROFS_STAYS] = "EROFS for good",
    };

    return names[fault];
}

static int
error_of(enum shim_fault fault)
{
    switch (fault) {
    case SHIM_EINTR:
        return EINTR;
    case SHIM_ENOSPC:
        return ENOSPC;
    case SHIM_EIO:
    case SHIM_EIO_STAYS:
        return EIO;
    case SHIM_SHORT_END:
    case SHIM_EROFS_STAYS:
        return EROFS;
    case SHIM_SHORT:
    case SHIM_FAULTS:
        break;
    }
    return 0;
}

/* Names are not interrupted on a local file system. */
static bool
can_be_interrupted(enum disk_op op)
{
    return op == DISK_WRITE || op == DISK_ALLOCATE || op == DISK_TRUNCATE ||
           op == DISK_SYNC || op == DISK_DATA_SYNC;
}

static struct disk_order
strike(const struct disk_call *call)
{
    struct disk_order order = {0};

    if (shim.fault == SHIM_SHORT || shim.fault == SHIM_SHORT_END) {
        order.cut = call->op == DISK_WRITE;
        order.len = shim.fault == SHIM_SHORT ? call->len / 2
                    : call->len > TRAILER    ? call->len - TRAILER
                                             : call->len / 2;
        order.cut = order.cut && order.len > 0;
    } else if (shim.fault != SHIM_EINTR || can_be_interrupted(call->op)) {
        order.error = error_of(shim.fault);
    }
    return order;
}

static bool
stays(void)
{
    return shim.fault == SHIM_SHORT_END || shim.fault == SHIM_EIO_STAYS ||
           shim.fault == SHIM_EROFS_STAYS;
}

static struct disk_order
before(void *ctx, const struct disk_call *call)
{
    unsigned number = atomic_fetch_add(&shim.calls, 1) + 1;
    unsigned n = atomic_load(&shim.n);
    struct disk_order order = {0};

    (void)ctx;
    if (n != 0 && number == n) {
        atomic_store(&shim.struck, true);
        order = strike(call);
    } else if (n != 0 && number > n && stays() && !atomic_load(&shim.mended)) {
        order.error = error_of(shim.fault);
    }
    if (call->op == DISK_SYNC || call->op == DISK_DATA_SYNC) {
        order.pretend = order.error == 0;
    }
    return order;
}

void
shim_arm(enum shim_fault fault, unsigned n)
{
    struct disk_watch watch = {.before = before};

    shim.fault = fault;
    atomic_store(&shim.n, n);
    atomic_store(&shim.calls, 0);
    atomic_store(&shim.struck, false);
    atomic_store(&shim.mended, false);
    disk_watch(&watch);
}

void
shim_mend(void)
{
    atomic_store(&shim.mended, true);
}

void
shim_disarm(void)
{
    disk_watch(NULL);
}

bool
shim_struck(void)
{
    return atomic_load(&shim.struck);
}

unsigned
shim_calls(void)
{
    return atomic_load(&shim.calls);
}
