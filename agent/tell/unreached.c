#include "agent/tell/unreached.h"

#include <stdio.h>
#include <string.h>

bool
gong_unreached_init(struct gong_unreached *unreached,
                    struct gong_counters *counters)
{
    memset(unreached, 0, sizeof *unreached);
    unreached->total = gong_counter_add(
        counters, GONG_GAUGE, "gong_desk_unreached",
        "Open incidents that somebody should have been told of, and nobody "
        "was.",
        "");
    for (size_t i = 0; i < GONG_UNREACHED_PLACES; i++) {
        char labels[32];

        (void)snprintf(labels, sizeof labels, "unreached=\"%zu\"", i);
        unreached->places[i].number = gong_counter_add(
            counters, GONG_GAUGE, "gong_desk_unreached_incident",
            "Number of an incident that nobody was told of, one in each place; "
            "0: none.",
            labels);
        if (unreached->places[i].number == NULL) {
            return false;
        }
    }
    return unreached->total != NULL;
}

void
gong_unreached_begin(struct gong_unreached *unreached)
{
    unreached->count = 0;
    unreached->found_count = 0;
    for (size_t i = 0; i < GONG_UNREACHED_PLACES; i++) {
        unreached->places[i].seen = false;
    }
}

void
gong_unreached_add(struct gong_unreached *unreached, int64_t incident)
{
    unreached->count++;
    for (size_t i = 0; i < GONG_UNREACHED_PLACES; i++) {
        if (unreached->places[i].incident == incident) {
            unreached->places[i].seen = true;
            return;
        }
    }
    if (unreached->found_count < GONG_UNREACHED_PLACES) {
        unreached->found[unreached->found_count++] = incident;
    }
}

static void
set_place(struct gong_unreached *unreached, size_t place, int64_t incident)
{
    unreached->places[place].incident = incident;
    gong_counter_set(unreached->places[place].number, incident);
}

static bool
is_free(const struct gong_unreached *unreached, size_t place, gong_mono_t now)
{
    return unreached->places[place].incident == 0 &&
           (!unreached->places[place].held ||
            now.ns >= unreached->places[place].free_at.ns);
}

static void
find_place(struct gong_unreached *unreached, int64_t incident, gong_mono_t now)
{
    size_t first = (size_t)((uint64_t)incident % GONG_UNREACHED_PLACES);

    for (size_t i = 0; i < GONG_UNREACHED_PLACES; i++) {
        size_t place = (first + i) % GONG_UNREACHED_PLACES;

        if (is_free(unreached, place, now)) {
            set_place(unreached, place, incident);
            return;
        }
    }
}

void
gong_unreached_end(struct gong_unreached *unreached, gong_mono_t now)
{
    for (size_t i = 0; i < GONG_UNREACHED_PLACES; i++) {
        if (unreached->places[i].incident != 0 && !unreached->places[i].seen) {
            set_place(unreached, i, 0);
            unreached->places[i].held = true;
            unreached->places[i].free_at =
                gong_mono_add(now, gong_dur_s(GONG_UNREACHED_HOLD_S));
        }
    }
    for (size_t i = 0; i < unreached->found_count; i++) {
        find_place(unreached, unreached->found[i], now);
    }
    gong_counter_set(unreached->total, (int64_t)unreached->count);
}
