/*
 * disk_shim: the n-th call that changes the disk fails.
 *
 *   for n = 1, 2, 3, ...: shim_arm(fault, n); session(); shim_disarm()
 *   until a session ends with shim_struck() false: it passed untouched
 *
 * Syncs never reach the disk: what they promise cannot be seen from one
 * process anyway.
 */
#ifndef GONG_TESTS_DISK_SHIM_H
#define GONG_TESTS_DISK_SHIM_H

#include <stdbool.h>

enum shim_fault {
    SHIM_SHORT,       /* half of a write */
    SHIM_SHORT_END,   /* all of a write but its last 64 bytes, then EROFS */
    SHIM_EINTR,       /* interrupted once */
    SHIM_ENOSPC,      /* full once */
    SHIM_EIO,         /* broken once */
    SHIM_EIO_STAYS,   /* broken from then on */
    SHIM_EROFS_STAYS, /* read-only from then on */
    SHIM_FAULTS,
};

const char *shim_name(enum shim_fault fault);

/* n counts from 1; 0: nothing ever fails. */
void shim_arm(enum shim_fault fault, unsigned n);
/* The disk works again. */
void shim_mend(void);
/* Ends it; calls are left alone. */
void shim_disarm(void);
/* Whether the n-th call came, and how many calls there were. */
bool shim_struck(void);
unsigned shim_calls(void);

#endif
