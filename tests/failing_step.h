/* failing_step: a disk that fails, or a process that dies, at one step of a
 * stretch of a test's code. A step is whatever changes the disk: what SQLite
 * writes, cuts, syncs and removes, and the calls of write, fsync, rename, link
 * and unlink that the linker sends here (gong_failing_step in
 * tests/unit.cmake). Steps of all threads count. */
#ifndef GONG_TESTS_FAILING_STEP_H
#define GONG_TESTS_FAILING_STEP_H

#include <stdint.h>

#define FAILING_STEP_DIED 77 /* the exit code of whoever died */

enum failing_step_way {
    FAILING_STEP_ONCE, /* that step alone does nothing: no space */
    FAILING_STEP_FULL, /* from there on nothing is written; the rest works */
    FAILING_STEP_DEAD, /* from there on nothing works */
    FAILING_STEP_DIES, /* the process ends there, as by kill -9 */
};

/* Once, before SQLite is used. */
void failing_step_init(void);
/* failing_step_begin: from here on the at-th step fails, from 0.
 * failing_step_end: none any more; how many steps there were. */
void failing_step_begin(enum failing_step_way way, uint64_t at);
uint64_t failing_step_end(void);
/* failing_step_room: what statvfs says is free; -1: the truth. */
void failing_step_room(int64_t bytes);

#endif
