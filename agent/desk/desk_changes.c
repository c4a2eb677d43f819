#include "agent/desk/desk_changes.h"

#include <stdlib.h>

#define ROOM ((size_t)2 * GONG_DESK_CHANGES_MAX)

static int
compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

void
gong_desk_changes_clear(struct gong_desk_changes *changes)
{
    changes->count = 0;
    changes->too_many = false;
}

void
gong_desk_changes_note(struct gong_desk_changes *changes, uint64_t number)
{
    if (changes->too_many || (changes->count > 0 &&
                              changes->numbers[changes->count - 1] == number)) {
        return;
    }
    if (changes->count == ROOM) {
        /* Leaves half of the room free, or none is needed any more. */
        gong_desk_changes_settle(changes);
    }
    if (!changes->too_many) {
        changes->numbers[changes->count++] = number;
    }
}

void
gong_desk_changes_settle(struct gong_desk_changes *changes)
{
    size_t count = 0;

    qsort(changes->numbers, changes->count, sizeof changes->numbers[0],
          compare);
    for (size_t i = 0; i < changes->count; i++) {
        if (count == 0 || changes->numbers[count - 1] != changes->numbers[i]) {
            changes->numbers[count++] = changes->numbers[i];
        }
    }
    changes->too_many = changes->too_many || count > GONG_DESK_CHANGES_MAX;
    changes->count = changes->too_many ? 0 : count;
}
