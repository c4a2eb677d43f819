/* bench_points [rounds]: writes what points.h says to standard output. */
#include <stdio.h>
#include <stdlib.h>

#include "points.h"

int
main(int argc, char **argv)
{
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : POINTS_ROUNDS;
    char line[POINTS_LINE_SIZE];

    for (uint32_t round = 0; round < (uint32_t)rounds; round++) {
        for (uint32_t device = 0; device < POINTS_DEVICES; device++) {
            size_t len = points_line(device, round, true, line);

            if (fwrite(line, 1, len, stdout) != len) {
                perror("bench_points");
                return 1;
            }
        }
    }
    if (fflush(stdout) != 0) {
        perror("bench_points");
        return 1;
    }
    return 0;
}
