#include "firmware-sim/fault.h"

/* Steps since the fault began, or UINT64_MAX while it is not on. */
static uint64_t
steps_inside(const struct gong_fault *fault, uint64_t step)
{
    uint64_t since;

    if (step < fault->begin) {
        return UINT64_MAX;
    }
    since = step - fault->begin;
    if (fault->repeat > 0) {
        since %= fault->repeat;
    }
    return since < fault->length ? since : UINT64_MAX;
}

/* 0 at both ends, 1 in the middle. */
static double
tent(uint64_t since, uint64_t length)
{
    double at = length < 2 ? 0.5 : (double)since / (double)(length - 1);

    return at < 0.5 ? 2 * at : 2 - 2 * at;
}

bool
gong_fault_apply(const struct gong_fault *faults, size_t count, size_t device,
                 uint8_t sensor, uint64_t step, double *value)
{
    for (size_t i = 0; i < count; i++) {
        const struct gong_fault *fault = &faults[i];
        uint64_t since = steps_inside(fault, step);

        if (fault->device != device || fault->sensor != sensor ||
            since == UINT64_MAX) {
            continue;
        }
        switch (fault->type) {
        case GONG_FAULT_SET:
            *value = fault->amount;
            break;
        case GONG_FAULT_RAMP:
            *value += fault->amount * tent(since, fault->length);
            break;
        case GONG_FAULT_SILENT:
            return false;
        }
    }
    return true;
}
