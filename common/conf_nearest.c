#include "common/conf.h"

#include <string.h>

#define NAME_MAX_LEN 64

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * Letters to insert, delete, replace or swap with their neighbour to turn a
 * into b; case does not count. Three rows of the usual table are enough:
 *
 *              b[0] b[1] ...
 *   before   .    .    .        the row two letters up, for swaps
 *   above    .    .    .
 *   row      .    .    ?   = min(above + 1, left + 1, diagonal + cost)
 */
static size_t
edit_distance(struct gong_str a, struct gong_str b)
{
    size_t rows[3][NAME_MAX_LEN + 1] = {0};

    for (size_t j = 0; j <= b.len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        const size_t *before = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char x = lower(a.data[i - 1]);
            char y = lower(b.data[j - 1]);
            size_t cost = x == y ? 0 : 1;

            row[j] =
                smaller(smaller(above[j], row[j - 1]) + 1, above[j - 1] + cost);
            if (i > 1 && j > 1 && x == lower(b.data[j - 2]) &&
                lower(a.data[i - 2]) == y) {
                row[j] = smaller(row[j], before[j - 2] + 1);
            }
        }
    }
    return rows[a.len % 3][b.len];
}

const char *
gong_conf_nearest(const char *name, const char *const *known,
                  size_t known_count)
{
    struct gong_str wanted = gong_str_of(name);
    size_t limit = wanted.len < 3 ? 1 : wanted.len / 3;
    size_t best_distance = limit + 1;
    const char *best = NULL;

    if (wanted.len == 0 || wanted.len > NAME_MAX_LEN) {
        return NULL;
    }
    for (size_t i = 0; i < known_count; i++) {
        struct gong_str candidate = gong_str_of(known[i]);
        size_t distance;

        if (candidate.len > NAME_MAX_LEN) {
            continue;
        }
        distance = edit_distance(wanted, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = known[i];
        }
    }
    return best;
}
