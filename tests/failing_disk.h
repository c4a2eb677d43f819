/* failing_disk: a disk that fails, or a process that dies, at one step of a
 * stretch of a test's code. A step is whatever changes the disk: what SQLite
 * writes, cuts, syncs and removes, and the calls of write, fsync, rename, link
 * and unlink that the linker sends here (gong_failing_disk in
 * tests/unit.cmake). Steps of all threads count. */
#ifndef GONG_TESTS_FAILING_DISK_H
#define GONG_TESTS_FAILING_DISK_H

#include <stdint.h>

#define FAILING_DISK_DIED 77 /* the exit code of whoever died */

enum failing_disk_way {
    FAILING_DISK_ONCE, /* that step alone does nothing: no space */
    FAILING_DISK_FULL, /* from there on nothing is written; the rest works */
    FAILING_DISK_DIES, /* the process ends there, as by kill -9 */
};

/* Once, before SQLite is used. */
void failing_disk_init(void);
/* failing_disk_begin: from here on the at-th step fails, from 0.
 * failing_disk_end: none any more; how many steps there were. */
void failing_disk_begin(enum failing_disk_way way, uint64_t at);
uint64_t failing_disk_end(void);
/* failing_disk_room: what statvfs says is free; -1: the truth. */
void failing_disk_room(int64_t bytes);

#endif
