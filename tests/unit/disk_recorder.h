/*
 * disk_recorder: writes down every call that changes a folder, and builds the
 * folders that a power cut at any moment could legally leave behind.
 *
 *   events:   create a | write a | write b | sync a | rename a c | write c |
 *                                      ^ a's pages are safe      cut ^
 *
 * At a cut
 * - what was synced is there;
 * - of each page (4 KiB) written since, any version since then may be there;
 * - a file's length may be the old or the new one; new bytes are zero;
 * - of creates, renames and removals since the folder was synced, any first
 *   few have happened: metadata is journaled in order.
 *
 * Syncs do not reach the disk. One folder without folders below; one thread.
 */
#ifndef GONG_TESTS_DISK_RECORDER_H
#define GONG_TESTS_DISK_RECORDER_H

#include <stddef.h>
#include <stdint.h>

/* Starts with an empty folder: dir is its path. */
void recorder_start(const char *dir);
/* Stops watching; events stay. */
void recorder_stop(void);
void recorder_fini(void);

size_t recorder_events(void);

enum recorder_cut {
    CUT_ALL,     /* everything up to the cut is there */
    CUT_NOTHING, /* only what was synced */
    CUT_LENGTHS, /* new lengths, but no byte that was not synced */
    CUT_PREFIX,  /* all calls up to some moment before */
    CUT_PAGES,   /* any version of each page, any length, some names */
};

/* recorder_build: what a cut after the first count events could leave, as files
 * of the folder into, which must be empty. seed chooses among the many. */
void recorder_build(size_t count, enum recorder_cut cut, uint64_t seed,
                    const char *into);

#endif
