#include "agent/tell/stored_marks.h"

static size_t
place_of(size_t number)
{
    return number % GONG_STORED_MARKS;
}

void
gong_stored_marks_note(struct gong_stored_marks *marks, int64_t upto,
                       int64_t at_ms)
{
    if (marks->next > 0 &&
        upto <= marks->marks[place_of(marks->next - 1)].upto) {
        return;
    }
    marks->marks[place_of(marks->next)].upto = upto;
    marks->marks[place_of(marks->next)].at_ms = at_ms;
    marks->next++;
}

/* From the newest back to the one before the row: the one after that. */
int64_t
gong_stored_marks_find(const struct gong_stored_marks *marks, int64_t row)
{
    size_t oldest =
        marks->next > GONG_STORED_MARKS ? marks->next - GONG_STORED_MARKS : 0;
    int64_t found = 0;

    for (size_t i = marks->next; i > oldest; i--) {
        if (marks->marks[place_of(i - 1)].upto < row) {
            return found;
        }
        found = marks->marks[place_of(i - 1)].at_ms;
    }
    /* The oldest one holds for rows of which the mark is forgotten, too. */
    return oldest == 0 ? found : 0;
}
