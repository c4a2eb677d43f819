#include "collector/dating.h"

#include <string.h>

/* Below it a difference is reading two clocks one after the other, or a clock
 * that is led gently. */
#define STEP_NS GONG_NS_PER_S

static bool
is_set(int64_t wall_ns)
{
    return wall_ns >= GONG_DATING_FLOOR_NS;
}

void
gong_dating_learn(struct gong_dating *dating, const struct gong_spooled *batch)
{
    struct gong_dating_boot *boot =
        dating->count == 0 ? NULL : &dating->boots[dating->count - 1];

    if (boot == NULL ||
        memcmp(boot->id, batch->boot_id, sizeof boot->id) != 0) {
        if (dating->count == GONG_DATING_BOOTS) {
            dating->count--;
            memmove(dating->boots, dating->boots + 1,
                    dating->count * sizeof dating->boots[0]);
        }
        boot = &dating->boots[dating->count++];
        memcpy(boot->id, batch->boot_id, sizeof boot->id);
        boot->mono_ns = batch->mono_ns;
        boot->wall_ns = batch->wall_ns;
    }
    if (batch->mono_ns >= boot->mono_ns) {
        boot->mono_ns = batch->mono_ns;
        boot->wall_ns = batch->wall_ns;
    }
}

void
gong_dating_now(struct gong_dating *dating, gong_wall_t wall, gong_mono_t mono,
                const int64_t *offset_ms)
{
    dating->wall = wall;
    dating->mono = mono;
    dating->has_offset = offset_ms != NULL;
    dating->offset_ms = offset_ms == NULL ? 0 : *offset_ms;
}

bool
gong_dating_known(const struct gong_dating *dating)
{
    return is_set(dating->wall.ns) || dating->has_offset;
}

static bool
is_this_boot(const struct gong_dating *dating, const uint8_t id[16])
{
    static const uint8_t none[16];

    return memcmp(id, dating->boot, 16) == 0 && memcmp(id, none, 16) != 0;
}

/* Sums of times that a disk may have made up. */
static int64_t
add(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum)) {
        return a < 0 ? INT64_MIN / 2 : INT64_MAX / 2;
    }
    return sum;
}

static int64_t
subtract(int64_t a, int64_t b)
{
    return b == INT64_MIN ? add(a, INT64_MAX) : add(a, -b);
}

/* When this boot began, by today's own clock. */
static int64_t
this_start(const struct gong_dating *dating)
{
    return subtract(dating->wall.ns, dating->mono.ns);
}

/* A batch of an earlier boot without a date. From the newest boot back, each
 * ends where the one after it began. */
static int64_t
place(const struct gong_dating *dating, const struct gong_spooled *batch)
{
    int64_t end = this_start(dating);

    for (size_t i = dating->count; i > 0; i--) {
        const struct gong_dating_boot *boot = &dating->boots[i - 1];

        if (is_this_boot(dating, boot->id)) {
            continue;
        }
        if (memcmp(boot->id, batch->boot_id, sizeof boot->id) == 0) {
            int64_t before = subtract(boot->mono_ns, batch->mono_ns);

            return before > 0 ? subtract(end, before) : end;
        }
        end = is_set(boot->wall_ns) ? subtract(boot->wall_ns, boot->mono_ns)
                                    : subtract(end, boot->mono_ns);
    }
    return end;
}

gong_wall_t
gong_dating_wall(const struct gong_dating *dating,
                 const struct gong_spooled *batch, bool *placed)
{
    int64_t wall = batch->wall_ns;

    *placed = false;
    if (is_this_boot(dating, batch->boot_id)) {
        int64_t now = add(this_start(dating), batch->mono_ns);
        int64_t step = subtract(wall, now);

        wall = step > STEP_NS || step < -STEP_NS ? now : wall;
    } else if (!is_set(wall) && gong_dating_known(dating)) {
        wall = place(dating, batch);
        *placed = true;
    }
    return (gong_wall_t){wall};
}

int64_t
gong_dating_off_ms(const struct gong_dating *dating,
                   const struct gong_spooled *batch, bool *placed)
{
    gong_wall_t wall = gong_dating_wall(dating, batch, placed);

    return subtract(batch->wall_ns, wall.ns) / GONG_NS_PER_MS +
           dating->offset_ms;
}
